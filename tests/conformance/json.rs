//! JSON, through the webhooks of Musement, whose fields are all required
//! strings, and of Porterbuddy, which has optional ones.

use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use order_webhooks::{BasicAuth, Secret};

use crate::outcome;

const MUSEMENT: &str = include_str!("../data/musement/order-item.json");

fn musement(body: &[u8]) -> Result<String, String> {
    let webhook = OrderItemWebhook::new(BasicAuth::new("u", "p").unwrap());
    let event = outcome(&webhook, &[("authorization", b"Basic dTpw")], body)?;
    Ok(serde_json::to_string(&event).unwrap())
}

fn porterbuddy(body: &[u8]) -> Result<OrderStatusUpdate, String> {
    let webhook = OrderWebhook::new(&Secret::new("key").unwrap());
    let signature = webhook.signature().sign(body);
    outcome(&webhook, &[("x-porterbuddy-hmac-sha256", signature.as_bytes())], body)
}

#[track_caller]
fn musement_refuses(body: impl AsRef<[u8]>, why: &str) {
    let refused = musement(body.as_ref()).unwrap_err();
    assert_eq!(refused, format!("400 the body does not parse: {why}"));
}

#[track_caller]
fn porterbuddy_refuses(body: impl AsRef<[u8]>, why: &str) {
    let refused = porterbuddy(body.as_ref()).unwrap_err();
    assert_eq!(refused, format!("400 the body does not parse: {why}"));
}

/// The sample in one line: `{"order_id":"13459345",…}`.
fn sample() -> String {
    MUSEMENT.replace("\": \"", "\":\"").replace("\n  ", "").replace('\n', "")
}

/// The sample with this text in the place of the value of a field, and the byte
/// at which the text stands.
#[track_caller]
fn with(field: &str, value: &str) -> (String, usize) {
    let sample = sample();
    let at = sample.find(&format!("\"{field}\":")).unwrap() + field.len() + 3;
    let end = at + 1 + sample[at + 1..].find('"').unwrap() + 1;
    (format!("{}{value}{}", &sample[..at], &sample[end..]), at)
}

/// The sample with this as the value of a field that we ignore.
fn ignoring(value: &[u8]) -> Vec<u8> {
    [br#"{"ignored":"#, value, b",", &sample().as_bytes()[1..]].concat()
}

#[test]
fn the_sample_however_it_is_laid_out() {
    let event = musement(MUSEMENT.as_bytes()).unwrap();
    assert_eq!(event, sample());
    let crlf = MUSEMENT.replace('\n', "\r\n");
    let tabs = MUSEMENT.replace("  ", "\t\t");
    let backwards: Vec<_> = sample()[1..sample().len() - 1].split(',').map(str::to_owned).collect();
    let backwards: Vec<_> = backwards.into_iter().rev().collect();
    let escaped = sample().replace("\"order_id\"", r#""\u006frder_id""#).replace("OK", r"\u004fK");
    for body in [
        sample(),
        crlf,
        tabs,
        format!("{{{}}}", backwards.join(",")),
        escaped,
        format!("\n\t {} \r\n", sample()),
        // A byte order mark is part of what is verified, and dropped after that.
        format!("\u{feff}{MUSEMENT}"),
    ] {
        assert_eq!(musement(body.as_bytes()).unwrap(), event, "{body}");
    }
}

#[test]
fn what_follows_the_document_or_is_not_there() {
    let sample = sample();
    let end = sample.len();
    for (body, why) in [
        (String::new(), "unexpected end of the document at byte 0".to_owned()),
        ("\u{feff}".to_owned(), "unexpected end of the document at byte 3".to_owned()),
        (format!("{sample}x"), format!("text after the document at byte {end}")),
        (format!("{sample},"), format!("text after the document at byte {end}")),
        (format!("{sample}}}"), format!("text after the document at byte {end}")),
        (format!("{sample}\0"), format!("text after the document at byte {end}")),
        (format!("{sample}\n{sample}"), format!("text after the document at byte {}", end + 1)),
        (format!("{sample} //"), format!("text after the document at byte {}", end + 1)),
        (format!("{},}}", &sample[..end - 1]), format!("trailing comma at byte {}", end - 1)),
        (format!("{{,{}", &sample[1..]), "key must be a string at byte 1".to_owned()),
        (format!("x{sample}"), "expected a value at byte 0".to_owned()),
        (format!("\u{feff}\u{feff}{sample}"), "expected a value at byte 3".to_owned()),
        (format!("/**/{sample}"), "expected a value at byte 0".to_owned()),
        (format!("[{sample}]"), "not an object at byte 0".to_owned()),
        ("null".to_owned(), "not an object at byte 0".to_owned()),
        ("\"x\"".to_owned(), "not an object at byte 0".to_owned()),
        ("[]".to_owned(), "not an object at byte 0".to_owned()),
        ("1".to_owned(), "not an object at byte 0".to_owned()),
        ("{}".to_owned(), "order_id: missing".to_owned()),
        (sample.replace('"', "'"), "key must be a string at byte 1".to_owned()),
    ] {
        musement_refuses(body, &why);
    }
}

#[test]
fn a_document_cut_short_anywhere() {
    let sample = sample();
    for end in 0..sample.len() {
        let why = format!("unexpected end of the document at byte {end}");
        musement_refuses(&sample[..end], &why);
    }
}

#[test]
fn a_field_is_missing_or_there_twice() {
    let fields: Vec<_> = sample()[1..sample().len() - 1].split(',').map(str::to_owned).collect();
    assert_eq!(fields.len(), 10);
    for (number, field) in fields.iter().enumerate() {
        let name = field.split('"').nth(1).unwrap();
        let mut others = fields.clone();
        others.remove(number);
        musement_refuses(format!("{{{}}}", others.join(",")), &format!("{name}: missing"));

        let twice = format!("{{{},{field}}}", fields.join(","));
        let at = twice.len() - field.len() - 1;
        musement_refuses(twice, &format!("{name}: given twice at byte {at}"));
    }
    // Also when both are equal, null, or spelled with an escape.
    let (required, at) = (r#"{"orderId":"1","orderStatus":"ready""#, 36 + 1);
    for (first, second) in [
        (r#""pickupTime":null"#, r#""pickupTime":null"#),
        (r#""orderReference":"a""#, r#""orderReference":"a""#),
        (r#""pickupDate":null"#, r#""pickup\u0044ate":"2023-02-13""#),
    ] {
        let body = format!("{required},{first},{second}}}");
        let name = first.split('"').nth(1).unwrap();
        let at = at + first.len() + 1;
        porterbuddy_refuses(body, &format!("{name}: given twice at byte {at}"));
    }
    // What we ignore may come as often as it likes.
    let body = format!("{required},\"x\":1,\"x\":2,\"\":3,\"\":4}}");
    assert_eq!(porterbuddy(body.as_bytes()).unwrap().order_id, "1");
    // Names differ in their case.
    porterbuddy_refuses(r#"{"orderid":"1","orderStatus":"ready"}"#, "orderId: missing");
}

#[test]
fn another_type_where_text_is() {
    const FIELDS: [&str; 10] = [
        "order_id",
        "order_uuid",
        "order_created",
        "order_updated",
        "order_version",
        "order_item_uuid",
        "order_item_created",
        "order_item_updated",
        "order_item_version",
        "order_item_status",
    ];
    for field in FIELDS {
        for value in ["1", "-0.5e1", "true", "null", "[]", "{}", "[\"x\"]", "{\"a\":\"x\"}"] {
            let (body, at) = with(field, value);
            musement_refuses(body, &format!("{field}: not a string at byte {at}"));
        }
        let (body, at) = with(field, "1e999999");
        musement_refuses(body, &format!("{field}: number out of range at byte {at}"));
        let (body, at) = with(field, "[1e999999]");
        musement_refuses(body, &format!("{field}: not a string at byte {at}"));
    }
}

#[test]
fn text_that_is_not_the_value_of_its_field() {
    let number = "not a number of digits up to 18446744073709551615";
    let (uuid, time) = ("not a UUID", "not a timestamp with an offset");
    for (field, value, why) in [
        ("order_id", "", number),
        ("order_id", "x", number),
        ("order_id", "-1", number),
        ("order_id", "+1", number),
        ("order_id", " 1", number),
        ("order_id", "1.0", number),
        ("order_id", "1e3", number),
        ("order_id", "0x10", number),
        ("order_id", "\u{663}", number),
        ("order_id", "18446744073709551616", number),
        ("order_version", "99999999999999999999999", number),
        ("order_item_version", "v1", number),
        ("order_uuid", "", uuid),
        ("order_uuid", "8e9e5c6e-ea7d-4934-8753-f00954f30d0", uuid),
        ("order_item_uuid", "8e9e5c6e-ea7d-4934-8753-f00954f30d0g", uuid),
        ("order_created", "", time),
        ("order_created", "2018-12-10T13:12:40", time),
        ("order_updated", "2018-12-10", time),
        ("order_item_created", "2018-02-30T13:12:40+0000", time),
        ("order_item_updated", "1544447560", time),
    ] {
        let (body, at) = with(field, &format!("\"{value}\""));
        musement_refuses(body, &format!("{field}: {why} at byte {at}"));
    }
}

/// Never rounded: as text it is kept, as a number it is refused.
#[test]
fn a_long_order_id() {
    let (body, at) = with("order_id", "\"12345678901234567890\"");
    assert!(
        musement(body.as_bytes()).unwrap().starts_with(r#"{"order_id":"12345678901234567890","#)
    );
    for number in ["12345678901234567890", "12345678901234567891234567890"] {
        let (body, _) = with("order_id", number);
        musement_refuses(body, &format!("order_id: not a string at byte {at}"));
        let body = format!(r#"{{"orderId":{number},"orderStatus":"ready"}}"#);
        porterbuddy_refuses(body, "orderId: not a string at byte 11");
    }
    for text in ["12345678901234567890", "0012", "1e3", ""] {
        let body = format!(r#"{{"orderId":"{text}","orderStatus":"ready"}}"#);
        assert_eq!(porterbuddy(body.as_bytes()).unwrap().order_id, text);
    }
}

#[test]
fn optional_fields() {
    let body = |more: &str| format!(r#"{{"orderId":"1","orderStatus":"ready"{more}}}"#);
    let bare = porterbuddy(body("").as_bytes()).unwrap();
    for more in [
        r#","pickupDate":null,"pickupTime":null,"statusUpdatedAt":null,"orderReference":null"#,
        r#","x":1e308,"y":{"a":[1,{"b":null}],"a":2},"":[],"z":-0,"u":"\ud83d\ude00""#,
    ] {
        assert_eq!(porterbuddy(body(more).as_bytes()).unwrap(), bare, "{more}");
    }
    for (field, value, why) in [
        ("pickupDate", "1", "not a string"),
        ("pickupDate", "\"\"", "not a date"),
        ("pickupDate", "\"2023-02-29\"", "not a date"),
        ("pickupTime", "[]", "not a string"),
        ("pickupTime", "\"2023-02-13T15:00:00\"", "not a timestamp with an offset"),
        ("statusUpdatedAt", "{}", "not a string"),
        ("statusUpdatedAt", "\"never\"", "not a timestamp with an offset"),
        ("orderReference", "false", "not a string"),
    ] {
        let body = body(&format!(",\"{field}\":{value}"));
        let at = body.len() - value.len() - 1;
        porterbuddy_refuses(body, &format!("{field}: {why} at byte {at}"));
    }
}

#[test]
fn depth() {
    let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    assert!(musement(&ignoring(&nested(126))).is_ok());
    // Past 15 steps a place is shown cut.
    let path = format!("ignored{}…", "[0]".repeat(15));
    for depth in [127, 128, 129, 100_000] {
        let body = ignoring(&nested(depth));
        musement_refuses(body, &format!("{path}: nested too deeply at byte 137"));
    }
    let endless = vec![b'['; 500_000];
    musement_refuses(&endless, "not an object at byte 0");
    musement_refuses(ignoring(&endless), &format!("{path}: nested too deeply at byte 137"));
    let objects = br#"{"":"#.repeat(100_000);
    musement_refuses(
        ignoring(&objects),
        &format!("ignored{}…: nested too deeply at byte 515", ".*".repeat(15)),
    );
}

/// In a field that we read and in one that we ignore.
#[test]
fn text_that_is_no_text() {
    for (value, why, offset) in [
        (&br#""\ud800""#[..], "lone surrogate", 7),
        (br#""\ud800x""#, "lone surrogate", 7),
        (br#""\ud800\u0041""#, "lone surrogate", 12),
        (br#""\udc00""#, "lone surrogate", 6),
        (br#""\ud83d\ud83d""#, "lone surrogate", 12),
        (br#""\x""#, "invalid escape", 2),
        (br#""\u12g4""#, "invalid escape", 6),
        (b"\"a\nb\"", "control character in a string", 2),
        (b"\"a\0b\"", "control character in a string", 2),
        (b"\"a\x1fb\"", "control character in a string", 2),
    ] {
        let shown = value.escape_ascii();
        let at = r#"{"ignored":"#.len();
        let why_ignored = format!("ignored: {why} at byte {}", at + offset);
        println!("{shown}");
        musement_refuses(ignoring(value), &why_ignored);

        let (body, at) = with("order_item_status", str::from_utf8(value).unwrap());
        musement_refuses(body, &format!("order_item_status: {why} at byte {}", at + offset));
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
        let at = r#"{"ignored":"#.len() + offset;
        musement_refuses(ignoring(value), &format!("encoding is not UTF-8 at byte {at}"));
        let body = [br#"{"orderId":"#, value, br#","orderStatus":"ready"}"#].concat();
        let at = r#"{"orderId":"#.len() + offset;
        porterbuddy_refuses(body, &format!("encoding is not UTF-8 at byte {at}"));
    }
    let wide: Vec<u16> = MUSEMENT.encode_utf16().collect();
    let le: Vec<u8> = wide.iter().copied().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = wide.iter().copied().flat_map(u16::to_be_bytes).collect();
    let utf32: Vec<u8> = MUSEMENT.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    for (body, at) in [
        (le.clone(), 1),
        (be.clone(), 0),
        ([b"\xff\xfe".to_vec(), le].concat(), 0),
        ([b"\xfe\xff".to_vec(), be].concat(), 0),
        (utf32, 1),
    ] {
        musement_refuses(body, &format!("encoding is not UTF-8 at byte {at}"));
    }
}
