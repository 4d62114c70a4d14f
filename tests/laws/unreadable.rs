//! What is refused is what cannot be read at all, or not without a guess; and the
//! error says what and where, and nothing of the body.

use super::json::{PROVIDERS, Provider, fields, in_one_line, musement, porterbuddy};
use super::xml::{END, MESSAGE_AT, START, event, refused, with};
use fixtures::samples::{ORDER_ITEM, ORDER_STATUS_AS_PRINTED};

/// By this provider.
#[track_caller]
fn refuses(provider: &Provider, body: &str, why: &str) {
    let refused = (provider.read)(body.as_bytes()).unwrap_err();
    assert_eq!(refused, format!("400 the body does not parse: {why}"), "{body}");
}

/// By both providers.
#[track_caller]
fn both_refuse(body: impl AsRef<[u8]>, why: &str) {
    let body = body.as_ref();
    let expected = format!("400 the body does not parse: {why}");
    assert_eq!(musement(body).unwrap_err(), expected, "{:.200}", body.escape_ascii());
    assert_eq!(porterbuddy(body).unwrap_err(), expected, "{:.200}", body.escape_ascii());
}

#[test]
fn a_required_field_is_missing() {
    for provider in PROVIDERS {
        for name in provider.names(true) {
            let body = provider.without(&name);
            refuses(&provider, &body, &format!("{name}: missing at line 1 column {}", body.len()));
        }
    }
}

/// Two orders would be one if an id may be empty.
#[test]
fn a_required_field_is_of_another_type() {
    const OTHERS: [&str; 6] = ["true", "null", "[]", "{}", "[\"x\"]", "{\"a\":\"x\"}"];
    const NO_UUIDS: [&str; 3] =
        ["\"\"", "\"13459345\"", "\"8e9e5c6e-ea7d-4934-8753-f00954f30d0g\""];
    const EMPTY: [&str; 3] = ["\"\"", "\" \"", "\"\\t\\u00a0\\u3000\""];
    for provider in PROVIDERS {
        for name in provider.names(true) {
            let (what, more) = match &*name {
                "orderId" => ("text of at least one character", &EMPTY[..]),
                "order_uuid" | "order_item_uuid" => ("a UUID", &NO_UUIDS[..]),
                _ => ("text", &[][..]),
            };
            for value in OTHERS.iter().chain(more) {
                let (body, column) = provider.with(&name, value);
                let why = format!("{name}: not {what} at line 1 column {column}");
                refuses(&provider, &body, &why);
            }
        }
    }
}

/// In whatever spelling. The error is at the second value.
#[test]
fn a_field_is_given_twice() {
    for provider in PROVIDERS {
        for (name, field) in fields(provider.sample) {
            for again in [field.clone(), format!("\"{name}\":null"), format!("\"{name}\":1e999")] {
                let again = again.replacen("\"o", r#""\u006f"#, 1);
                let line = in_one_line(provider.sample);
                let body = format!("{},{again}}}", line.trim_end_matches('}'));
                let column = body.len() - again.split_once(':').unwrap().1.len();
                let why = format!("{name}: given twice at line 1 column {column}");
                refuses(&provider, &body, &why);
            }
        }
    }
}

/// RFC 8259, section 8.2: what it would stand for is not known.
#[test]
fn half_a_character_identifies_nothing() {
    for value in
        [r#""\ud800""#, r#""\ud800x""#, r#""\ud800\u0041""#, r#""\udc00""#, r#""\ud83d\ud83d""#]
    {
        for provider in PROVIDERS {
            for name in provider.names(true).iter().filter(|name| !name.ends_with("tatus")) {
                let (body, column) = provider.with(name, value);
                let why =
                    format!("{name}: not text without lone surrogates at line 1 column {column}");
                refuses(&provider, &body, &why);
            }
        }
    }
}

#[test]
fn a_value_is_not_json() {
    for value in
        [r#""\x""#, r#""\u12g4""#, "\"a\nb\"", "\"a\0b\"", "\"a\x1fb\"", "'a'", "nul", "01"]
    {
        for provider in PROVIDERS {
            for name in ["ignored", &fields(provider.sample)[0].0] {
                let body = format!("{{\"{name}\":{value}}}");
                let refused = (provider.read)(body.as_bytes()).unwrap_err();
                let why = format!("400 the body does not parse: {name}: not JSON at line ");
                assert!(refused.starts_with(&why), "{refused}");
            }
        }
    }
}

/// RFC 8259, section 8.1. The error is at the first byte that is not UTF-8: Latin-1, an
/// overlong slash, a surrogate, a character beyond the last, half a character.
#[test]
fn json_is_not_utf_8() {
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
            both_refuse(body, &format!("encoding is not UTF-8 at line 1 column {column}"));
        }
    }
    let sample = in_one_line(ORDER_ITEM);
    let wide: Vec<u16> = sample.encode_utf16().collect();
    let le: Vec<u8> = wide.iter().copied().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = wide.iter().copied().flat_map(u16::to_be_bytes).collect();
    let utf_32: Vec<u8> = sample.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    for (body, column) in [
        (le.clone(), 2),
        (be.clone(), 1),
        ([b"\xff\xfe".to_vec(), le].concat(), 1),
        ([b"\xfe\xff".to_vec(), be].concat(), 1),
        (utf_32, 2),
    ] {
        both_refuse(body, &format!("encoding is not UTF-8 at line 1 column {column}"));
    }
}

#[test]
fn json_is_not_one_object() {
    let sample = &in_one_line(ORDER_ITEM);
    let end = sample.len();
    for (body, why, line, column) in [
        ("null".to_owned(), "not an object", 1, 1),
        ("\"x\"".to_owned(), "not an object", 1, 1),
        ("1".to_owned(), "not an object", 1, 1),
        ("[]".to_owned(), "not an object", 1, 1),
        (format!("[{sample}]"), "not an object", 1, 1),
        ("\n []".to_owned(), "not an object", 2, 2),
        (format!("{sample}x"), "text after the document", 1, end + 1),
        (format!("{sample},"), "text after the document", 1, end + 1),
        (format!("{sample}}}"), "text after the document", 1, end + 1),
        (format!("{sample}\0x"), "text after the document", 1, end + 1),
        (format!("{sample} //"), "text after the document", 1, end + 2),
        (format!("{sample}\n{sample}"), "text after the document", 2, 1),
        ("\u{feff}".to_owned(), "unexpected end of the document", 1, 1),
        // As Porterbuddy's page prints it.
        (format!("{},}}", &sample[..end - 1]), "trailing comma", 1, end + 1),
        (ORDER_STATUS_AS_PRINTED.to_owned(), "trailing comma", 8, 1),
        (format!("{{,{}", &sample[1..]), "not JSON", 1, 2),
        (format!("x{sample}"), "not JSON", 1, 1),
        (format!("/**/{sample}"), "not JSON", 1, 1),
        (sample.replace('"', "'"), "not JSON", 1, 2),
    ] {
        both_refuse(body, &format!("{why} at line {line} column {column}"));
    }
    for cut in 0..end {
        let why = format!("unexpected end of the document at line 1 column {}", cut + 1);
        both_refuse(&sample[..cut], &why);
    }
}

/// Before, behind and inside the root, and behind a declaration. Nothing is opened and
/// nothing is expanded.
#[test]
fn a_document_type_is_refused() {
    const DOCTYPE: &str = "document type declarations are refused";
    for doctype in [
        "<!DOCTYPE Notification>",
        // CVE-2016-10127, pysaml2: external entities were fetched.
        "<!DOCTYPE Notification SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE Notification SYSTEM \"http://127.0.0.1:1/x.dtd\">",
        "<!DOCTYPE Notification PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" \"x.dtd\">",
        "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM \"x\"> %p;]>",
        "<!doctype a>",
        "<!DOCTYPE a [<!ENTITY e \"x\">]>",
        "<!DOCTYPE",
        // CVE-2024-41946, REXML: entities were expanded without an end.
        "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>",
        "<!DOCTYPE a [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;\"><!ENTITY c \"&b;&b;\">]>",
        // CVE-2023-34104, fast-xml-parser: a name was used as a pattern.
        "<!DOCTYPE a [<!ENTITY (a+)+$ \"x\">]>",
    ] {
        let before = format!("{doctype}{START}<Status>{}</Status>{END}", "&e;&c;".repeat(500));
        assert_eq!(event(&before), refused(DOCTYPE, 0), "{doctype}");
        assert_eq!(event(with(doctype)), refused(DOCTYPE, START.len()), "{doctype}");
        let whole = with("");
        assert_eq!(event(format!("{whole}{doctype}")), refused(DOCTYPE, whole.len()), "{doctype}");
        let declared = format!("<?xml version=\"1.0\"?>\n<!--c-->{doctype}{whole}");
        assert_eq!(event(declared), Err(format!("{DOCTYPE} at line 2 column 9")), "{doctype}");
    }
}

/// In text that is read.
#[test]
fn a_reference_that_cannot_be_resolved_is_refused() {
    const NO_ENTITY: &str = "Message: an entity that is not predefined";
    const LONE: &str = "Message: `&` without a reference";
    for (content, why, byte) in [
        ("&e;", NO_ENTITY, 0),
        ("&nbsp;", NO_ENTITY, 0),
        ("&Amp;", NO_ENTITY, 0),
        ("&a.b;", NO_ENTITY, 0),
        ("&xxe;", NO_ENTITY, 0),
        ("a & b", LONE, 2),
        ("&amp", LONE, 0),
        ("&#33", LONE, 0),
        ("1&", LONE, 1),
    ] {
        let body = with(&format!("<Message>{content}</Message>"));
        assert_eq!(event(body), refused(why, MESSAGE_AT + byte), "{content}");
    }
}

/// CVE-2022-39353, xmldom: two roots were one document.
#[test]
fn elements_do_not_match_or_there_is_more_than_one_root() {
    const END_TAG: &str = "an end tag of another element";
    const SECOND: &str = "a second root element";
    const STRAY: &str = "text outside the root element";
    let whole = &with("");
    let end = whole.len();
    for (body, why, byte) in [
        (with("<a></b>"), END_TAG, START.len() + 3),
        (with("<a>"), END_TAG, START.len() + 3),
        (with("</a>"), END_TAG, START.len()),
        (format!("{whole}{whole}"), SECOND, end),
        (format!("{whole}<b/>"), SECOND, end),
        (format!("{whole}<PortOutValidationRequest/>"), SECOND, end),
        (format!("{whole}</a>"), "an end tag without its start tag", end),
        (format!("{whole}x"), STRAY, end),
        (format!("{whole}\0x"), STRAY, end),
        (format!("{whole}&#32;"), STRAY, end),
        (format!("{whole}\u{200b}"), STRAY, end),
        (format!("x{whole}"), STRAY, 0),
        ("{}".to_owned(), STRAY, 0),
        (" ".to_owned(), "unexpected end of the document", 1),
    ] {
        assert_eq!(event(&body), refused(why, byte), "{}", body.escape_debug());
    }
    // Inside of an element that is read, the error names it.
    let read = "<Notification><SubscriptionId>".len()..START.len();
    for cut in 0..end {
        let field = if read.contains(&cut) { "SubscriptionId: " } else { "" };
        let why = format!("{field}unexpected end of the document");
        assert_eq!(event(&whole[..cut]), refused(&why, cut), "{cut}");
    }
}

/// What other encodings mean is not guessed.
#[test]
fn xml_is_not_utf_8() {
    const ENCODING: &str = "encoding is not UTF-8";
    for label in ["ISO-8859-1", "UTF-8"] {
        let head = format!("<?xml version=\"1.0\" encoding=\"{label}\"?>{START}<Message>caf");
        let body = [head.as_bytes(), b"\xe9</Message></Notification>"].concat();
        assert_eq!(event(&body), refused(ENCODING, head.len()), "{label}");
    }
    for label in ["ISO-8859-1", "latin1", "windows-1252", "UTF-16", "utf-7", ""] {
        let body = with("<Message>é</Message>");
        let body = format!("<?xml version='1.0' encoding='{label}'?>{body}");
        assert_eq!(event(body), refused(ENCODING, 0), "{label}");
    }
    let marked = format!("\u{feff}{}", with(""));
    for wide in [
        with("").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
        with("").encode_utf16().flat_map(u16::to_be_bytes).collect(),
        marked.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ] {
        assert_eq!(event(wide), refused(ENCODING, 0));
    }
}

#[test]
fn another_root_element_is_named() {
    for (body, root, line) in [
        ("<Order/>", "Order", 1),
        ("<Notifications/>", "Notifications", 1),
        ("<?xml version='1.0'?>\n<notification></notification>", "notification", 2),
        (
            "<PortOutValidationRequest><PON/></PortOutValidationRequest>",
            "PortOutValidationRequest",
            1,
        ),
        ("<html><body>502</body></html>", "html", 1),
        ("<n:Notification xmlns:n='urn:n'></n:Notification>", "n:Notification", 1),
    ] {
        let why = format!("the root element is <{root}> at line {line} column 1");
        assert_eq!(event(body), Err(why));
    }
}
