#![allow(clippy::arithmetic_side_effects)]

mod documents;
mod suite;

use std::borrow::Cow;

use proptest::prelude::*;

use self::documents::{Even, Order};
use super::fields::{Fields, careful_text_fields};
use super::*;

const REQUIRED: [&str; 2] = ["orderId", "orderStatus"];
const OPTIONAL: [&str; 2] = ["pickupTime", "orderReference"];

type Found<'a> = ([Text<'a>; 2], [Option<Text<'a>>; 2]);

fn read(body: &[u8]) -> Result<Found<'_>, ParseError> {
    text_fields(body, &REQUIRED, &OPTIONAL)
}

/// The same without the short way.
fn read_carefully(body: &[u8]) -> Result<Found<'_>, ParseError> {
    let fields = Fields { required: &REQUIRED, optional: &OPTIONAL };
    careful_text_fields(Source::new(body)?, fields)?.finish(fields)
}

fn read_plainly(body: &[u8]) -> Option<Found<'_>> {
    let fields = Fields { required: &REQUIRED, optional: &OPTIONAL };
    let source = Source::new(body).ok()?;
    flat::text_fields(source.text, source.base, fields)?.finish(fields).ok()
}

/// What is found, as `orderId@11=1`, joined by blanks, or the error.
fn shown(found: Result<Found<'_>, ParseError>) -> String {
    let (required, optional) = match found {
        Ok(found) => found,
        Err(error) => return error.to_string(),
    };
    let texts = required.into_iter().map(Some).chain(optional);
    let names = REQUIRED.iter().chain(&OPTIONAL);
    let shown = names.zip(texts).filter_map(|(name, text)| {
        let text = text?;
        Some(format!("{name}@{}={}", text.at.unwrap(), text.value))
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn assert_read(body: &[u8], expected: &str) {
    let name = String::from_utf8_lossy(body);
    let name = name.get(..100).unwrap_or(&name);
    assert_eq!(shown(read(body)), expected, "{name}");
    assert_eq!(shown(read_carefully(body)), expected, "carefully: {name}");
}

#[test]
fn objects_are_read() {
    for (body, expected) in [
        (r#"{"orderId":"1","orderStatus":"ready"}"#, "orderId@11=1 orderStatus@29=ready"),
        (r#"{"orderStatus":"","orderId":"1"}"#, "orderId@28=1 orderStatus@15="),
        (
            " {\t\"orderId\" :\r\n\"1\" , \"orderStatus\": \"ready\" } \n",
            "orderId@16=1 orderStatus@37=ready",
        ),
        (
            "\u{feff}{\"orderId\":\"1\",\"orderStatus\":\"ready\"}",
            "orderId@14=1 orderStatus@32=ready",
        ),
        (
            "\u{feff}{\"orderId\":\"1\",\"orderStatus\":\"\\u0072eady\"}",
            "orderId@14=1 orderStatus@32=ready",
        ),
        (
            r#"{"orderId":"1","orderStatus":"ready","orderReference":"å\"\\\/\n","pickupTime":null}"#,
            "orderId@11=1 orderStatus@29=ready orderReference@54=å\"\\/\n",
        ),
        (
            r#"{"x":{"orderId":"2","y":["\"",{}]},"orderId":"\ud83d\ude9a","z":[],"order\u0053tatus":"ready"}"#,
            "orderId@45=🚚 orderStatus@86=ready",
        ),
        (
            r#"{"orderId":"1","orderStatus":"ready","a":1e308,"b":[null,true,-0.5],"":"","c":{"a":1,"a":2},"a":""}"#,
            "orderId@11=1 orderStatus@29=ready",
        ),
        (
            r#"{"orderId":"12345678901234567890","orderStatus":"ready"}"#,
            "orderId@11=12345678901234567890 orderStatus@48=ready",
        ),
    ] {
        assert_read(body.as_bytes(), expected);
    }
}

#[test]
fn the_plain_case_is_borrowed() {
    let plain = br#"{"orderId":"1","orderStatus":"ready","pickupTime":"x","z":"q"}"#;
    let nested = br#"{"orderId":"1","orderStatus":"ready","pickupTime":"x","z":[1]}"#;
    assert!(read_plainly(plain).is_some());
    assert!(read_plainly(nested).is_none());
    for (required, optional) in [read(plain).unwrap(), read(nested).unwrap()] {
        let mut texts = required.iter().chain(optional.iter().flatten());
        assert!(texts.all(|text| matches!(text.value, Cow::Borrowed(_))));
    }
}

/// `{"x":<value>,"orderId":"1","orderStatus":"ready"}`
fn with_ignored(value: &[u8]) -> Vec<u8> {
    [br#"{"x":"#, value, br#","orderId":"1","orderStatus":"ready"}"#].concat()
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
        assert_eq!(super::place::is_name(key), is_name, "{key}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let printed = "{\n\"orderId\": \"394326\",\n\"orderStatus\": \"canceled\",\n\"pickupTime\": \
                   \"2023-02-13T15:00:00+02:00\",\n}";
    for (body, expected) in [
        // Not there, or there twice.
        ("{}", "orderId: missing"),
        (r#"{"orderId":"1"}"#, "orderStatus: missing"),
        (r#"{"orderid":"1","orderStatus":"ready"}"#, "orderId: missing"),
        (r#"{"orderId":"1", "orderId":"1"}"#, "orderId: given twice at byte 16"),
        (
            r#"{"orderId":"1","orderStatus":"","\u006frderId" : 2}"#,
            "orderId: given twice at byte 32",
        ),
        (r#"{"pickupTime":null,"pickupTime":"x"}"#, "pickupTime: given twice at byte 19"),
        (r#"{"pickupTime":"x","pickupTime":null}"#, "pickupTime: given twice at byte 18"),
        // Another type.
        (r#"{"orderId":1}"#, "orderId: not a string at byte 11"),
        (r#"{"orderId": -1.5e3 }"#, "orderId: not a string at byte 12"),
        (r#"{"orderId":null}"#, "orderId: not a string at byte 11"),
        (r#"{"orderId":true}"#, "orderId: not a string at byte 11"),
        (r#"{"orderId":["x"]}"#, "orderId: not a string at byte 11"),
        ("{\n\"orderId\":\n{\"a\":\"x\"}}", "orderId: not a string at byte 13"),
        (r#"{"orderId":"1","pickupTime":0}"#, "pickupTime: not a string at byte 28"),
        (r#"{"orderId":"1","pickupTime":{}}"#, "pickupTime: not a string at byte 28"),
        (r#"{"orderId":12345678901234567890123}"#, "orderId: not a string at byte 11"),
        (r#"{"orderId":1e999999}"#, "orderId: number out of range at byte 11"),
        ("null", "not an object at byte 0"),
        (" []", "not an object at byte 1"),
        (r#"[{"orderId":"1"}]"#, "not an object at byte 0"),
        (r#""x""#, "not an object at byte 0"),
        ("\u{feff}  12", "not an object at byte 5"),
        // Not JSON.
        ("", "unexpected end of the document at byte 0"),
        ("\u{feff}", "unexpected end of the document at byte 3"),
        ("{", "unexpected end of the document at byte 1"),
        (r#"{"orderId":"1"#, "unexpected end of the document at byte 13"),
        (r#"{"orderId":"1\u00"#, "unexpected end of the document at byte 17"),
        (r#"{"orderId":"1","orderStatus":"ready""#, "unexpected end of the document at byte 36"),
        (r#"{"orderId":"1",}"#, "trailing comma at byte 14"),
        (printed, "trailing comma at byte 91"),
        (r#"{"x":[1,2 , ]}"#, "x[2]: trailing comma at byte 10"),
        (r#"{"orderId":"1","orderStatus":"ready"}x"#, "text after the document at byte 37"),
        (r#"{"orderId":"1","orderStatus":"ready"} {}"#, "text after the document at byte 38"),
        (r#"{"orderId":"1" "orderStatus":""}"#, "orderId: expected `,` or `}` at byte 15"),
        (r#"{"orderId" "1"}"#, "expected `:` at byte 11"),
        (r#"{"orderId":}"#, "orderId: expected a value at byte 11"),
        (r#"{"orderId":nul}"#, "orderId: expected a value at byte 14"),
        (r#"{"orderId":'1'}"#, "orderId: expected a value at byte 11"),
        (r"{orderId:1}", "key must be a string at byte 1"),
        (r#"{"x":01}"#, "x: invalid number at byte 6"),
        (r#"{"orderId":"\x"}"#, "orderId: invalid escape at byte 13"),
        ("{\"orderId\":\"a\u{1}\"}", "orderId: control character in a string at byte 13"),
        ("{\"orderId\":\"a\nb\"}", "orderId: control character in a string at byte 13"),
        (r#"{"orderId":"\ud800"}"#, "orderId: lone surrogate at byte 18"),
        (r#"{"orderId":"\ud800\u0041"}"#, "orderId: lone surrogate at byte 23"),
        (r#"{"orderId":"\udc00"}"#, "orderId: lone surrogate at byte 17"),
        // The same where nobody looks.
        (r#"{"x":{"y":["\ud800"]}}"#, "x.y[0]: lone surrogate at byte 18"),
        (r#"{"x":{"\ud800":0}}"#, "x: lone surrogate at byte 13"),
        (r#"{"\ud800":0}"#, "lone surrogate at byte 8"),
        (r#"{"x":[0,1e999999]}"#, "x[1]: number out of range at byte 8"),
        (r#"{"name@example.org":[1,tru]}"#, "*[1]: expected a value at byte 26"),
    ] {
        assert_read(body.as_bytes(), expected);
    }
}

#[test]
fn other_encodings_are_named() {
    let text = r#"{"orderId":"1","orderStatus":"ready"}"#;
    let wide = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<_>>();
    for (body, at) in [
        (b"{\"orderId\":\"caf\xe9\"}".to_vec(), 15),
        (with_ignored(b"\"caf\xe9\""), 9),
        (with_ignored(b"\"\xff\""), 6),
        // A surrogate as UTF-8 would write it, and an overlong slash.
        (with_ignored(b"\"\xed\xa0\x80\""), 6),
        (with_ignored(b"\"\xc0\xaf\""), 6),
        (wide(u16::to_le_bytes), 1),
        (wide(u16::to_be_bytes), 0),
        ([b"\xff\xfe".to_vec(), wide(u16::to_le_bytes)].concat(), 0),
        ([b"\xfe\xff".to_vec(), wide(u16::to_be_bytes)].concat(), 0),
        (b"{\0\0\0".to_vec(), 1),
        (b"\0\0\0{".to_vec(), 0),
        (b"\xef\xbb{}".to_vec(), 0),
    ] {
        assert_read(&body, &format!("encoding is not UTF-8 at byte {at}"));
        assert_eq!(
            document::<serde_json::Value>(&body).unwrap_err().to_string(),
            format!("encoding is not UTF-8 at byte {at}")
        );
    }
}

#[test]
fn depth_is_limited_in_linear_time() {
    let nested = |depth: usize| with_ignored(&[vec![b'['; depth], vec![b']'; depth]].concat());
    // serde_json counts the object as well, and stops at the 128th.
    assert!(read(&nested(126)).is_ok());
    assert_read(
        &nested(127),
        "x[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]…: nested too deeply at byte 131",
    );
    let endless = vec![b'['; 500_000];
    assert_read(&endless, "not an object at byte 0");
    let error = document::<serde_json::Value>(&endless).unwrap_err();
    assert_eq!(*error.kind(), ParseErrorKind::TooDeep);
    let error = document::<Order>(&with_ignored(&endless)).unwrap_err();
    assert_eq!(*error.kind(), ParseErrorKind::TooDeep);
}

/// JSON, or nearly.
fn any_body() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "orderId",
        "orderStatus",
        "pickupTime",
        "orderReference",
        "x",
        "order\\u0049d",
        "",
    ]);
    let value = prop_oneof![
        8 => "\"[ -!#-\\[\\]-~é🚚\u{7f}\u{80}]{0,20}\"",
        1 => "\"[a-z]{0,9}(\\\\[\"\\\\/bfnrtu]|[\u{0}-\u{1f}\"]|\\\\ud800|\\\\u00e9)[a-z]{0,9}\"",
        1 => prop::sample::select(vec![
            "null", "true", "-1", "1e999", "01", "[]", "{}", "[\"a\",{\"orderId\":\"\\n\"}]", "[1,]",
            "\"", "{\"a\":[", "nul", "",
        ])
        .prop_map(str::to_owned),
    ];
    let space = prop_oneof![4 => Just(""), 1 => prop::sample::select(vec![" ", "\n\t\r", "\u{b}", "\u{a0}"])];
    let entry = (name, value, space.clone(), space.clone());
    let entry = entry.prop_map(|(name, value, a, b)| format!("{a}\"{name}\"{b}:{a}{value}{b}"));
    let required = Just(vec![r#""orderId":"1""#.to_owned(), r#""orderStatus":"\"""#.to_owned()]);
    let entries = prop_oneof![
        Just(Vec::new()),
        Just(vec![r#""orderId":"1""#.to_owned()]),
        Just(vec![r#""orderStatus":"ready""#.to_owned(), r#" "orderId" : "1""#.to_owned()]),
        required,
    ];
    let ends = prop::sample::select(vec![
        ("{", "}"),
        ("{", "}"),
        ("\u{feff}{", "} "),
        ("{", ",}"),
        ("{", "}}"),
        ("", ""),
        (" {", ""),
    ]);
    (entries, prop::collection::vec(entry, 0..5), ends, space).prop_map(
        |(mut entries, more, (open, close), space)| {
            entries.extend(more);
            format!("{open}{}{space}{close}", entries.join(","))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_short_way_finds_what_serde_finds(body in any_body()) {
        let careful = read_carefully(body.as_bytes());
        if let Some(plain) = read_plainly(body.as_bytes()) {
            prop_assert_eq!(Ok(plain), careful.clone());
        }
        prop_assert_eq!(read(body.as_bytes()), careful);
    }

    #[test]
    fn the_short_way_takes_every_plain_object(
        values in prop::collection::vec("[ -!#-\\[\\]-~é🚚\u{7f}]{0,40}", 4),
        order in Just(vec![0, 1, 2, 3]).prop_shuffle(),
    ) {
        let names: Vec<_> = REQUIRED.iter().chain(&OPTIONAL).collect();
        let entry = |n: &usize| format!("\"{}\" : \"{}\"", names[*n], values[*n]);
        let body = format!("{{{}}}", order.iter().map(entry).collect::<Vec<_>>().join(" ,\n"));
        let (required, optional) = read_plainly(body.as_bytes()).unwrap();
        let found = required.into_iter().chain(optional.into_iter().flatten());
        prop_assert_eq!(found.map(|text| text.value.into_owned()).collect::<Vec<_>>(), values);
    }

    /// Every place is one where the body has the value.
    #[test]
    fn places_are_right(body in any_body()) {
        let Ok((required, optional)) = read(body.as_bytes()) else { return Ok(()) };
        for text in required.into_iter().chain(optional.into_iter().flatten()) {
            let rest = &body[text.at.unwrap()..];
            let value = serde_json::Deserializer::from_str(rest).into_iter::<String>().next();
            prop_assert_eq!(value.unwrap().unwrap(), text.value);
        }
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
                read(body).err(),
                document::<serde_json::Value>(body).err(),
                document::<Order>(body).err(),
                document::<Vec<Even>>(body).err(),
            ];
            for error in errors.into_iter().flatten() {
                prop_assert!(error.at().is_none_or(|at| at <= body.len()), "{}", error);
            }
        }
    }
}
