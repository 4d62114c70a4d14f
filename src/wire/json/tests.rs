#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test are small")]
#![allow(clippy::single_match_else, reason = "the arms are the cases")]

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::*;
use crate::error::ParseErrorKind;
use crate::wire::lenient;

/// An event, as the providers' are declared.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(deserialize_with = "id")]
    order_id: String,
    #[serde(default, deserialize_with = "lenient::optional_text")]
    reference: Option<String>,
}

fn id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    lenient::required(deserializer, "text", |text| Some(text.to_owned()))
}

/// A type of a user.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Request {
    origin: Option<Party>,
    #[serde(default)]
    parcels: Vec<Event>,
    even: Option<Even>,
    by_name: Option<std::collections::BTreeMap<String, u8>>,
    #[serde(flatten)]
    other: serde_json::Map<String, Value>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Party {
    postal_code: String,
    window: Option<Box<Party>>,
}

/// A type whose author tells all.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
struct Even;

impl TryFrom<String> for Even {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "even" { Ok(Self) } else { Err(format!("{text}, expected {text}")) }
    }
}

fn shown<T: std::fmt::Debug>(read: Result<T, ParseError>) -> String {
    read.map_or_else(|error| error.to_string(), |value| format!("{value:?}"))
}

#[test]
fn an_event_is_read_whatever_is_around_its_fields() {
    // Miri takes minutes for a tenth of it.
    let depth = if cfg!(miri) { 1_000 } else { 100_000 };
    let deep = "[".repeat(depth) + &"]".repeat(depth);
    for body in [
        r#"{"orderId":"1"}"#,
        r#"{"orderId":1}"#,
        "\u{feff}\u{feff}{\"orderId\":1}",
        "{\"orderId\":1}\0\0\0",
        "{\"orderId\":1}\r\n\u{1a}",
        "{\"orderId\":1}\u{b}\u{c}\u{85}\u{a0}\u{2028}\u{3000}\u{feff}",
        "\u{b}\u{c}\u{85}\u{a0}\u{2028}\u{3000}{\"orderId\":1}",
        "\u{feff} {\t\"order\\u0049d\" :\r\n\"\\u0031\" } \n",
        r#"{"orderId":"1","reference":null}"#,
        r#"{"orderId":"1","reference":[{"reference":1},[]]}"#,
        r#"{"orderId":"1","reference":{"a":"\ud800"}}"#,
        r#"{"orderId":"1","reference":true}"#,
        r#"{"x":1,"x":2,"":3,"":4,"orderId":"1"}"#,
        r#"{"x":1e999999,"y":["\ud800"],"orderId":"1"}"#,
        r#"{"\ud800":0,"reference":false,"orderId":"1"}"#,
        &format!(r#"{{"x":{deep},"orderId":"1"}}"#),
    ] {
        let name = body.get(..60).unwrap_or(body);
        let event = Event { order_id: "1".into(), reference: None };
        assert_eq!(super::event(body.as_bytes()), Ok(event), "{name}");
    }
    for (written, kept) in [
        ("12345678901234567890", "12345678901234567890"),
        ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890"),
        ("-1", "-1"),
        ("-0", "-0"),
        ("1.50", "1.50"),
        ("1e999999", "1e999999"),
        (r#""0012""#, "0012"),
        (r#""\u00e5\"\\\/\n""#, "å\"\\/\n"),
        (r#""\ud83d\ude9a""#, "🚚"),
    ] {
        let body = format!(r#"{{"reference":{written},"orderId":{written}}}"#);
        let event = Event { order_id: kept.into(), reference: Some(kept.into()) };
        assert_eq!(super::event(body.as_bytes()), Ok(event), "{written}");
    }
}

/// In text that is optional a lone surrogate is U+FFFD; two halves of a pair are
/// one character.
#[test]
fn a_lone_surrogate_in_optional_text_is_replaced() {
    for (written, kept) in [
        (r#""\ud800""#, "\u{fffd}"),
        (r#""\uDFFF""#, "\u{fffd}"),
        (r#""a\ud800b\udc00c""#, "a\u{fffd}b\u{fffd}c"),
        (r#""\ud800\u0041""#, "\u{fffd}A"),
        (r#""\ud83d\ud83d\ude9a""#, "\u{fffd}🚚"),
        (r#""\ud83d\ude9a\ude9a""#, "🚚\u{fffd}"),
        (r#""\ud800\ufffd\ud800é\n""#, "\u{fffd}\u{fffd}\u{fffd}é\n"),
    ] {
        let body = format!(r#"{{"reference":{written},"orderId":1.50}}"#);
        let event = Event { order_id: "1.50".into(), reference: Some(kept.into()) };
        assert_eq!(super::event(body.as_bytes()), Ok(event), "{written}");
    }
}

#[test]
fn what_is_wrong_with_an_event_is_named() {
    let printed = "{\n\"orderId\": \"394326\",\n\"orderStatus\": \"canceled\",\n}";
    for (body, expected) in [
        // Not there, or there twice, or no text.
        ("{}", "orderId: missing at line 1 column 2"),
        ("{\n\"orderid\":\"1\"\n}\n", "orderId: missing at line 3 column 1"),
        (r#"{"orderId":"1", "orderId":"1"}"#, "orderId: given twice at line 1 column 27"),
        (r#"{"orderId":"1","\u006frderId" : 2}"#, "orderId: given twice at line 1 column 33"),
        (
            r#"{"reference":null,"reference":[],"orderId":1}"#,
            "reference: given twice at line 1 column 31",
        ),
        (r#"{"orderId":null}"#, "orderId: not text at line 1 column 12"),
        (r#"{"orderId":true}"#, "orderId: not text at line 1 column 12"),
        (r#"{"orderId":["x"]}"#, "orderId: not text at line 1 column 12"),
        ("{\n\"orderId\":\n {\"a\":\"x\"}}", "orderId: not text at line 3 column 2"),
        (
            r#"{"orderId":"\ud800"}"#,
            "orderId: not text without lone surrogates at line 1 column 12",
        ),
        (
            r#"{"orderId":"\ud800\u0041"}"#,
            "orderId: not text without lone surrogates at line 1 column 12",
        ),
        (r#"{"reference":"\udc00"}"#, "orderId: missing at line 1 column 22"),
        // Another document.
        ("null", "not an object at line 1 column 1"),
        (" []", "not an object at line 1 column 2"),
        (r#"["1","2"]"#, "not an object at line 1 column 1"),
        (r#""x""#, "not an object at line 1 column 1"),
        ("\u{feff}\n 12", "not an object at line 2 column 2"),
        // No JSON.
        ("", "unexpected end of the document at line 1 column 1"),
        ("\u{feff}", "unexpected end of the document at line 1 column 1"),
        ("{", "unexpected end of the document at line 1 column 2"),
        (r#"{"orderId":"1"#, "unexpected end of the document at line 1 column 14"),
        (r#"{"orderId":"1\u00"#, "unexpected end of the document at line 1 column 18"),
        (r#"{"orderId":"1",}"#, "trailing comma at line 1 column 16"),
        (printed, "trailing comma at line 4 column 1"),
        (r#"{"x":[1,2 , ]}"#, "x: trailing comma at line 1 column 13"),
        (r#"{"orderId":"1"}x"#, "text after the document at line 1 column 16"),
        ("{\"orderId\":\"1\"}\n{}", "text after the document at line 2 column 1"),
        (r#"{"orderId" "1"}"#, "orderId: not JSON at line 1 column 12"),
        (r#"{"orderId":}"#, "orderId: not JSON at line 1 column 12"),
        (r#"{"orderId":'1'}"#, "orderId: not JSON at line 1 column 12"),
        (r"{orderId:1}", "not JSON at line 1 column 2"),
        (r#"{"x":01}"#, "x: not JSON at line 1 column 7"),
        (r#"{"orderId":"\x"}"#, "orderId: not JSON at line 1 column 14"),
        ("{\"orderId\":\"a\nb\"}", "orderId: not JSON at line 1 column 13"),
        ("{\"orderId\":\"a\0b\"}", "orderId: not JSON at line 1 column 13"),
        (r#"{"name@example.org":[1,tru]}"#, "*: not JSON at line 1 column 27"),
    ] {
        assert_eq!(shown(event::<Event>(body.as_bytes())), expected, "{body}");
    }
}

/// A type that is not ours can put anything into its messages.
#[test]
fn what_is_wrong_with_another_value_is_placed_and_not_told() {
    for (body, expected) in [
        (r#"{"origin":"John"}"#, "origin: not what is expected at line 1 column 16"),
        (r#"{"origin":{"a":"John"}}"#, "origin: not what is expected at line 1 column 22"),
        (
            "{\"origin\":\n {\"postalCode\":165}}",
            "origin.postalCode: not what is expected at line 2 column 18",
        ),
        (
            r#"{"parcels":[{"orderId":1},{"orderId":[]}]}"#,
            "parcels[1].orderId: not what is expected at line 1 column 40",
        ),
        (r#"{"even":"John"}"#, "even: not what is expected at line 1 column 15"),
        (r#"{"byName":{"Jane Doe":"x"}}"#, "byName.*: not what is expected at line 1 column 25"),
        (
            r#"{"origin":{"postalCode":"\ud800"}}"#,
            "origin.postalCode: lone surrogate at line 1 column 32",
        ),
        (r#"{"x":{"y":01}}"#, "x.y: not JSON at line 1 column 12"),
        (r#"{"x":1,}"#, "trailing comma at line 1 column 8"),
        (r#"{"x":1} {}"#, "text after the document at line 1 column 9"),
        ("7\0", "not what is expected at line 1 column 1"),
        ("[]\0 ", "not what is expected at line 1 column 1"),
        ("\u{feff}\u{feff}\n {\"x\" 1}", "not JSON at line 2 column 7"),
    ] {
        assert_eq!(shown(value::<Request>(body.as_bytes())), expected, "{body}");
    }
    assert_eq!(value::<Value>(b"\xef\xbb\xbf [1,null] "), Ok(serde_json::json!([1, null])));
    assert_eq!(value::<String>(br#""a\u0062""#), Ok("ab".into()));
}

/// With `arbitrary_precision` a number keeps its digits, and with `preserve_order` an
/// object its order.
#[cfg(all(feature = "client", feature = "musement"))]
#[test]
fn a_value_is_the_same_with_every_feature_of_serde_json() {
    for (written, expected) in [
        ("1.50", "1.5"),
        ("1e2", "100.0"),
        ("-0", "-0.0"),
        ("-7", "-7"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "1.8446744073709552e+19"),
        (r#"[{"b":[1.50],"a":{"d":null,"c":0.0}}]"#, r#"[{"a":{"c":0.0,"d":null},"b":[1.5]}]"#),
    ] {
        let mut value: Value = serde_json::from_str(written).unwrap();
        normalize(&mut value);
        assert_eq!(value.to_string(), expected, "{written}");
    }
}

#[test]
fn other_encodings_are_named() {
    let text = r#"{"orderId":"1"}"#;
    let wide = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<_>>();
    for (body, column) in [
        (b"{\"orderId\":\"caf\xe9\"}".to_vec(), 16),
        (b"{\"x\":\"\xff\",\"orderId\":\"1\"}".to_vec(), 7),
        // A surrogate as UTF-8 would write it, and an overlong slash.
        (b"{\"x\":\"\xed\xa0\x80\",\"orderId\":\"1\"}".to_vec(), 7),
        (b"{\"x\":\"\xc0\xaf\",\"orderId\":\"1\"}".to_vec(), 7),
        (wide(u16::to_le_bytes), 2),
        (wide(u16::to_be_bytes), 1),
        ([b"\xff\xfe".to_vec(), wide(u16::to_le_bytes)].concat(), 1),
        ([b"\xfe\xff".to_vec(), wide(u16::to_be_bytes)].concat(), 1),
        (text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(), 2),
        (b"\0\0\0{".to_vec(), 1),
        (b"\0{\"orderId\":\"1\"}".to_vec(), 1),
        (b"\xef\xbb{}".to_vec(), 1),
    ] {
        let expected = format!("encoding is not UTF-8 at line 1 column {column}");
        assert_eq!(shown(event::<Event>(&body)), expected);
        assert_eq!(shown(value::<Value>(&body)), expected);
    }
}

#[test]
fn depth_is_limited_where_it_is_read() {
    let nested = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let path = format!("x{}…", "[0]".repeat(15));
    assert!(value::<Value>(nested(126).as_bytes()).is_ok());
    for depth in [127, 128, 100_000] {
        let expected = format!("{path}: nested too deeply at line 1 column 132");
        assert_eq!(shown(value::<Value>(nested(depth).as_bytes())), expected, "{depth}");
    }
    let endless = vec![b'['; 500_000];
    let end = "unexpected end of the document at line 1 column 500001";
    assert_eq!(shown(event::<Event>(&endless)), end);
    assert_eq!(*value::<Value>(&endless).unwrap_err().kind(), ParseErrorKind::TooDeep);
}

#[test]
fn a_path_is_cut_after_16_steps() {
    for (lists, cut) in [(15, ""), (16, "…")] {
        let (open, close) = ("[".repeat(lists), "]".repeat(lists));
        let body = format!("{{\"x\":{open}01{close}}}");
        let shown = shown(value::<Value>(body.as_bytes()));
        let path = format!("x{}{cut}: not JSON", "[0]".repeat(15));
        assert!(shown.starts_with(&path), "{shown}");
    }
}

/// What else is a key can be data of a customer, and is not shown.
#[test]
fn a_key_is_shown_if_it_looks_like_a_name() {
    let longest = "n".repeat(40);
    for (key, is_name) in [
        ("orderStatus", true),
        ("_links", true),
        ("order-status_2", true),
        (&longest, true),
        (&format!("{longest}n"), false),
        ("", false),
        ("2nd", false),
        ("-", false),
        ("a@example.com", false),
        ("Ane B", false),
        ("ñ", false),
    ] {
        assert_eq!(explain::shown_key(key), if is_name { key } else { "*" });
    }
}

/// JSON, or nearly.
fn any_body() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["orderId", "reference", "x", "order\\u0049d", ""]);
    let value = prop_oneof![
        4 => "\"[ -!#-\\[\\]-~é🚚\u{7f}\u{80}]{0,20}\"",
        2 => "\"[a-z]{0,9}(\\\\[\"\\\\/bfnrtu]|[\u{0}-\u{1f}\"]|\\\\ud800|\\\\u00e9)[a-z]{0,9}\"",
        2 => "-?(0|[1-9][0-9]{0,25})([.][0-9]{1,4})?(e[0-9]{1,4})?",
        2 => prop::sample::select(vec![
            "null", "true", "01", "[]", "{}", "[\"a\",{\"orderId\":\"\\n\"}]", "[1,]", "\"",
            "{\"a\":[", "nul", "",
        ])
        .prop_map(str::to_owned),
    ];
    let space = prop_oneof![4 => Just(""), 1 => prop::sample::select(vec![" ", "\n\t\r", "\u{b}", "\u{a0}"])];
    let entry = (name, value, space.clone(), space);
    let entry = entry.prop_map(|(name, value, a, b)| format!("{a}\"{name}\"{b}:{a}{value}{b}"));
    let ends = prop::sample::select(vec![
        ("{", "}"),
        ("{", "}"),
        ("{\"orderId\":1,", "}"),
        ("\u{feff}{", "} "),
        ("{", ",}"),
        ("{", "}}"),
        ("", ""),
        (" {", ""),
    ]);
    (prop::collection::vec(entry, 0..5), ends)
        .prop_map(|(entries, (open, close))| format!("{open}{}{close}", entries.join(",")))
}

/// What JSON says, by `RawValue`, of an object whose fields are text.
fn expected(body: &str) -> Option<Event> {
    let mut entries = Vec::new();
    let body = body.strip_prefix('\u{feff}').unwrap_or(body);
    let mut reader = serde_json::Deserializer::from_str(body);
    let pairs = serde::de::Deserializer::deserialize_map(&mut reader, Pairs(&mut entries));
    pairs.and_then(|()| reader.end()).ok()?;
    let field = |name| {
        let mut values = entries.iter().filter(|(key, _)| key == name).map(|(_, value)| *value);
        let value = values.next();
        if values.next().is_some() {
            return Err(());
        }
        match value.map(RawValue::get) {
            Some(text) if text.starts_with('"') => {
                serde_json::from_str::<String>(text).map(Some).or_else(|_| match name {
                    "orderId" => Err(()),
                    // There is one escape at most, and it is that of a lone surrogate.
                    _ => {
                        let at = text.find("\\ud").unwrap();
                        let text = text.replace(&text[at..at + 6], "\\ufffd");
                        Ok(serde_json::from_str(&text).ok())
                    }
                })
            }
            Some(text) if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                Ok(Some(text.to_owned()))
            }
            _ => Ok(None),
        }
    };
    Some(Event { order_id: field("orderId").ok()??, reference: field("reference").ok()? })
}

struct Pairs<'a, 'de>(&'a mut Vec<(String, &'de RawValue)>);

impl<'de> serde::de::Visitor<'de> for Pairs<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(entry) = map.next_entry()? {
            self.0.push(entry);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn an_event_is_what_the_json_says(body in any_body()) {
        prop_assert_eq!(event::<Event>(body.as_bytes()).ok(), expected(&body));
    }

    /// Any text has an outcome, and no error a place outside of it.
    #[test]
    fn no_body_panics(
        body in prop_oneof![any_body(), "\\PC{0,40}", "[\\[\\]{}\",:\\\\ a0\u{0}\n-]{0,40}"],
        bytes in prop::collection::vec(any::<u8>(), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = &body.as_bytes()[..cut.index(body.len() + 1)];
        for body in [body.as_bytes(), &bytes, cut] {
            let errors = [
                event::<Event>(body).err(),
                value::<Request>(body).err(),
                value::<Value>(body).err(),
                value::<Vec<Even>>(body).err(),
            ];
            for error in errors.into_iter().flatten() {
                let place = error.position().unwrap();
                let line = body.split(|byte| *byte == b'\n').nth(place.line - 1).unwrap();
                prop_assert!(place.column >= 1 && place.column <= line.len() + 1, "{}", error);
            }
        }
    }
}
