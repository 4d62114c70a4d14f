//! JSON, through the webhooks of Musement and of Porterbuddy: the table of what a
//! body can be, and what each field of an event makes of it.
//!
//! What the providers document and do is in the docs of the fields; where a case
//! was printed or seen, it says so.

use order_webhooks::musement::{OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use order_webhooks::{BasicAuth, Secret};
use serde_json::{Value, json};

use crate::outcome;

const MUSEMENT: &str = include_str!("../data/musement/order-item.json");
const PORTERBUDDY: &str = include_str!("../data/porterbuddy/order-status.json");

fn musement(body: &[u8]) -> Result<OrderItemUpdate, String> {
    let webhook = OrderItemWebhook::new(BasicAuth::new("u", "p").unwrap());
    outcome(&webhook, &[("authorization", b"Basic dTpw")], body)
}

fn porterbuddy(body: &[u8]) -> Result<OrderStatusUpdate, String> {
    let webhook = OrderWebhook::new(&Secret::new("key").unwrap());
    let signature = webhook.signature().sign(body);
    outcome(&webhook, &[("x-porterbuddy-hmac-sha256", signature.as_bytes())], body)
}

/// Both refuse it for the same reason.
#[track_caller]
fn refused(body: impl AsRef<[u8]>, why: &str) {
    let why = format!("400 the body does not parse: {why}");
    let body = body.as_ref();
    assert_eq!(musement(body).unwrap_err(), why);
    assert_eq!(porterbuddy(body).unwrap_err(), why);
}

/// The sample of each in one line, its required fields, and its event as JSON.
type Read = fn(&[u8]) -> Result<Value, String>;
const PROVIDERS: [(&str, &[&str], Read); 2] = [
    (MUSEMENT, &["order_uuid", "order_item_uuid", "order_item_status"], |body| {
        musement(body).map(|event| serde_json::to_value(event).unwrap())
    }),
    (PORTERBUDDY, &["orderId", "orderStatus"], |body| {
        porterbuddy(body).map(|event| serde_json::to_value(event).unwrap())
    }),
];

fn in_one_line(sample: &str) -> String {
    sample.replace("\": \"", "\":\"").replace("\n  ", "").replace('\n', "")
}

/// The fields of a sample, as `"order_id":"13459345"`, and their names.
fn fields(sample: &str) -> Vec<(String, String)> {
    let line = in_one_line(sample);
    let fields = line[1..line.len() - 1].split(",\"").map(|field| field.trim_start_matches('"'));
    fields.map(|field| (field.split('"').next().unwrap().into(), format!("\"{field}"))).collect()
}

fn object<'f>(fields: impl IntoIterator<Item = &'f str>) -> String {
    format!("{{{}}}", fields.into_iter().collect::<Vec<_>>().join(","))
}

/// The sample with this text in the place of the value of a field, and the column
/// at which the text stands.
fn with(sample: &str, field: &str, value: &str) -> (String, usize) {
    let line = in_one_line(sample);
    let at = line.find(&format!("\"{field}\":")).unwrap() + field.len() + 3;
    let end = at + 1 + line[at + 1..].find('"').unwrap() + 1;
    (format!("{}{value}{}", &line[..at], &line[end..]), at + 1)
}

#[test]
fn a_sample_however_it_is_laid_out() {
    for (sample, _, read) in PROVIDERS {
        let line = in_one_line(sample);
        let event = read(line.as_bytes()).unwrap();
        let mut backwards = fields(sample);
        backwards.reverse();
        for body in [
            sample.to_owned(),
            sample.replace('\n', "\r\n"),
            sample.replace("  ", "\t\t"),
            object(backwards.iter().map(|(_, field)| field.as_str())),
            line.replace("\"order", r#""\u006frder"#).replace("12", r"\u00312"),
            format!("\n\t {line} \r\n"),
            // A byte order mark is part of what is verified, and dropped after that.
            format!("\u{feff}{sample}"),
        ] {
            assert_eq!(read(body.as_bytes()).unwrap(), event, "{body}");
        }
    }
}

#[test]
fn what_follows_the_document_or_is_no_document() {
    let sample = in_one_line(MUSEMENT);
    let end = sample.len();
    let after = |column: usize| format!("text after the document at line 1 column {column}");
    for (body, why) in [
        (String::new(), "unexpected end of the document at line 1 column 1".to_owned()),
        ("\u{feff}".to_owned(), "unexpected end of the document at line 1 column 1".to_owned()),
        (format!("{sample}x"), after(end + 1)),
        (format!("{sample},"), after(end + 1)),
        (format!("{sample}}}"), after(end + 1)),
        (format!("{sample}\0"), after(end + 1)),
        (format!("{sample}\n{sample}"), "text after the document at line 2 column 1".to_owned()),
        (format!("{sample} //"), after(end + 2)),
        (
            format!("{},}}", &sample[..end - 1]),
            format!("trailing comma at line 1 column {}", end + 1),
        ),
        (format!("{{,{}", &sample[1..]), "not JSON at line 1 column 2".to_owned()),
        (format!("x{sample}"), "not JSON at line 1 column 1".to_owned()),
        (format!("\u{feff}\u{feff}{sample}"), "not JSON at line 1 column 1".to_owned()),
        (format!("/**/{sample}"), "not JSON at line 1 column 1".to_owned()),
        (format!("[{sample}]"), "not an object at line 1 column 1".to_owned()),
        ("null".to_owned(), "not an object at line 1 column 1".to_owned()),
        ("\"x\"".to_owned(), "not an object at line 1 column 1".to_owned()),
        ("\n []".to_owned(), "not an object at line 2 column 2".to_owned()),
        ("1".to_owned(), "not an object at line 1 column 1".to_owned()),
        (sample.replace('"', "'"), "not JSON at line 1 column 2".to_owned()),
    ] {
        refused(body, &why);
    }
    for end in 0..end {
        let why = format!("unexpected end of the document at line 1 column {}", end + 1);
        refused(&sample[..end], &why);
    }
}

#[test]
fn a_required_field_names_itself_and_its_place() {
    for (sample, required, read) in PROVIDERS {
        for (name, _) in fields(sample).iter().filter(|(name, _)| required.contains(&&**name)) {
            let others: Vec<_> = fields(sample).into_iter().filter(|(n, _)| n != name).collect();
            let body = object(others.iter().map(|(_, field)| field.as_str()));
            let missing = format!("{name}: missing at line 1 column {}", body.len());
            let refused = read(body.as_bytes()).unwrap_err();
            assert_eq!(refused, format!("400 the body does not parse: {missing}"));

            let what = if name.ends_with("uuid") { "a UUID" } else { "text" };
            for value in ["true", "null", "[]", "{}", "[\"x\"]", "{\"a\":\"x\"}"] {
                let (body, column) = with(sample, name, value);
                let not = format!("{name}: not {what} at line 1 column {column}");
                let refused = read(body.as_bytes()).unwrap_err();
                assert_eq!(refused, format!("400 the body does not parse: {not}"), "{value}");
            }
        }
    }
    for uuid in ["", "13459345", "8e9e5c6e-ea7d-4934-8753-f00954f30d0g"] {
        let (body, column) = with(MUSEMENT, "order_uuid", &format!("\"{uuid}\""));
        let not = format!("order_uuid: not a UUID at line 1 column {column}");
        let refused = musement(body.as_bytes()).unwrap_err();
        assert_eq!(refused, format!("400 the body does not parse: {not}"));
    }
}

/// A provider that sends one again could do nothing about it, and one that does not
/// has sent it for the last time.
#[test]
fn an_optional_field_is_no_reason_to_refuse() {
    for (sample, required, read) in PROVIDERS {
        let whole = read(in_one_line(sample).as_bytes()).unwrap();
        for (name, _) in fields(sample).iter().filter(|(name, _)| !required.contains(&&**name)) {
            let mut without = whole.clone();
            without.as_object_mut().unwrap().remove(name);
            for value in ["null", "true", "[]", "{}", "[1e999,\"\\ud800\"]", "{\"a\":[{}]}"] {
                let (body, _) = with(sample, name, value);
                assert_eq!(read(body.as_bytes()), Ok(without.clone()), "{name}: {value}");
            }
            let others: Vec<_> = fields(sample).into_iter().filter(|(n, _)| n != name).collect();
            let body = object(others.iter().map(|(_, field)| field.as_str()));
            assert_eq!(read(body.as_bytes()), Ok(without.clone()), "{name}");

            // Text is kept as it came, except for a count, which is none.
            for text in ["", "soon", "2018-12-10", "2018-12-10T13:12:40", "-1", "v1", "\u{663}"] {
                let (body, _) = with(sample, name, &format!("\"{text}\""));
                let mut kept = without.clone();
                if !name.ends_with("version") {
                    kept[name] = json!(text);
                }
                assert_eq!(read(body.as_bytes()), Ok(kept), "{name}: {text}");
            }
        }
    }
}

/// All fields are documented as text, yet a public handler types the versions of
/// Musement as numbers, and Porterbuddy's order request mixes both.
#[test]
fn a_number_for_text_and_text_for_a_number() {
    const LONG: &str = "12345678901234567890123456789012345678901234567890";
    for (sample, _, read) in PROVIDERS {
        let names = fields(sample).into_iter().map(|(name, _)| name);
        for name in names.filter(|name| !name.ends_with("uuid")) {
            let numbers = ["0", "22", "12345678901234567890", LONG, "-7", "1.50", "-0", "1e999999"];
            for number in numbers {
                let [as_number, as_text] = [number.to_owned(), format!("\"{number}\"")]
                    .map(|value| read(with(sample, &name, &value).0.as_bytes()).unwrap());
                assert_eq!(as_number, as_text, "{name}: {number}");
                let is_kept = !name.ends_with("version") || number.parse::<u64>().is_ok();
                let kept = if is_kept { json!(number) } else { Value::Null };
                assert_eq!(as_number.get(&name).unwrap_or(&Value::Null), &kept, "{name}");
            }
        }
    }
    // A leading zero is a part of an id, and not of a count.
    let (body, _) = with(MUSEMENT, "order_id", "\"0012\"");
    assert_eq!(musement(body.as_bytes()).unwrap().order_id.unwrap().as_str(), "0012");
    let (body, _) = with(MUSEMENT, "order_version", "\"0012\"");
    assert_eq!(musement(body.as_bytes()).unwrap().order_version, Some(12));
}

#[test]
fn a_field_twice() {
    for (sample, _, read) in PROVIDERS {
        for (name, field) in fields(sample) {
            for again in [field.clone(), format!("\"{name}\":null"), format!("\"{name}\":1e999")] {
                let again = again.replacen("\"o", r#""\u006f"#, 1);
                let body = format!("{},{again}}}", in_one_line(sample).trim_end_matches('}'));
                let column = body.len() - again.split_once(':').unwrap().1.len();
                let refused = read(body.as_bytes()).unwrap_err();
                let twice = format!("{name}: given twice at line 1 column {column}");
                assert_eq!(refused, format!("400 the body does not parse: {twice}"));
            }
        }
        // What is not read can come as often as it likes. Names differ in their case.
        let more = r#","x":1,"x":2,"":3,"":4,"ORDER_ID":5,"orderid":6,"ORDER_ID":7}"#;
        let body = in_one_line(sample).trim_end_matches('}').to_owned() + more;
        assert_eq!(read(body.as_bytes()), read(sample.as_bytes()));
    }
}

/// Anything that is JSON in a field that is not read.
#[test]
fn what_is_not_read_does_not_matter() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let objects = "{\"\":".repeat(100_000) + "0" + &"}".repeat(100_000);
    for (sample, _, read) in PROVIDERS {
        for value in [
            "1e999999",
            "-0",
            r#""\ud800""#,
            r#"{"\udc00":[{"a":1,"a":2}]}"#,
            r#""\u0000""#,
            &deep,
            &objects,
        ] {
            let body = in_one_line(sample).replacen('{', &format!(r#"{{"ignored":{value},"#), 1);
            assert_eq!(read(body.as_bytes()), read(sample.as_bytes()), "{value:.40}");
        }
        let endless = format!(r#"{{"ignored":{}"#, "[".repeat(500_000));
        let end = "unexpected end of the document at line 1 column 500012";
        let refused = read(endless.as_bytes()).unwrap_err();
        assert_eq!(refused, format!("400 the body does not parse: {end}"));
    }
    refused("[".repeat(500_000), "unexpected end of the document at line 1 column 500001");
}

/// In a field that is read, and in one that is not.
#[test]
fn text_that_is_no_text() {
    for (value, why) in [
        (r#""\ud800""#, "lone surrogate"),
        (r#""\ud800x""#, "lone surrogate"),
        (r#""\ud800\u0041""#, "lone surrogate"),
        (r#""\udc00""#, "lone surrogate"),
        (r#""\ud83d\ud83d""#, "lone surrogate"),
    ] {
        for (sample, _, read) in PROVIDERS {
            for (name, _) in fields(sample) {
                let (body, column) = with(sample, &name, value);
                let refused = read(body.as_bytes()).unwrap_err();
                let why = format!("{name}: {why} at line 1 column {column}");
                assert_eq!(refused, format!("400 the body does not parse: {why}"));
            }
        }
    }
    for value in
        [r#""\x""#, r#""\u12g4""#, "\"a\nb\"", "\"a\0b\"", "\"a\x1fb\"", "'a'", "nul", "01"]
    {
        for (sample, _, read) in PROVIDERS {
            for name in ["ignored", &fields(sample)[0].0] {
                let body = format!("{{\"{name}\":{value}}}");
                let refused = read(body.as_bytes()).unwrap_err();
                let why =
                    format!("400 the body does not parse: {name}: not JSON at line 1 column ");
                assert!(refused.starts_with(&why), "{value}: {refused}");
            }
        }
    }
}

#[test]
fn other_encodings() {
    for (value, offset) in [
        (&b"\"\xff\""[..], 1),
        (b"\"caf\xe9\"", 4),
        (b"\"\xc0\xaf\"", 1),
        (b"\"\xed\xa0\x80\"", 1),
        (b"\"\xf4\x90\x80\x80\"", 1),
        (b"\"\xe2\x82\"", 1),
    ] {
        for name in ["ignored", "orderId", "order_item_status"] {
            let body = [format!("{{\"{name}\":").as_bytes(), value, b"}"].concat();
            let column = name.len() + 4 + offset + 1;
            refused(body, &format!("encoding is not UTF-8 at line 1 column {column}"));
        }
    }
    let sample = in_one_line(MUSEMENT);
    let wide: Vec<u16> = sample.encode_utf16().collect();
    let le: Vec<u8> = wide.iter().copied().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = wide.iter().copied().flat_map(u16::to_be_bytes).collect();
    let utf32: Vec<u8> = sample.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    for (body, column) in [
        (le.clone(), 2),
        (be.clone(), 1),
        ([b"\xff\xfe".to_vec(), le].concat(), 1),
        ([b"\xfe\xff".to_vec(), be].concat(), 1),
        (utf32, 2),
    ] {
        refused(body, &format!("encoding is not UTF-8 at line 1 column {column}"));
    }
}
