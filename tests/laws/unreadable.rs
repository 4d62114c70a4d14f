//! What is refused is what cannot be read at all, or not without a guess; and the
//! error says what and where, and nothing of the body.

use super::json::{PROVIDERS, Provider, fields, in_one_line, musement, porterbuddy};
use super::xml::{END, MESSAGE_AT, START, event, refused_at, with};
use fixtures::law::{Cases, Law, row, shown};
use fixtures::samples::{ORDER_ITEM, ORDER_STATUS_AS_PRINTED};

const TABLE: &str = "CONFORMANCE, JSON";
const MISSING: &str = "400 *field*: missing, at the end of the object";
const NOT_TEXT: &str = "400 *field*: not text, at its place";
const NO_ID: &str = "400 orderId: not text of at least one character, at its place";
const NOT_UUID: &str = "400 *field*: not a UUID, at its place";
const TWICE: &str = "400 *field*: given twice, at the second";
const SURROGATE: &str = "400 *field*: not text without lone surrogates, at its place";
const FIELD_NOT_JSON: &str = "400 *field*: not JSON";
const ENCODING: &str = "400 encoding is not UTF-8, at the first such byte";
const NO_OBJECT: &str = "400 not an object, at its place";
const AFTER: &str = "400 text after the document, at its place";
const NOT_JSON: &str = "400 not JSON, at its place";
const CUT: &str = "400 unexpected end of the document, at the end";
const COMMA: &str = "400 trailing comma, at the bracket after it";

pub(crate) const JSON: Law = Law {
    title: "Law 7, what cannot be read: JSON",
    rows: &[
        row("a required field that is missing", MISSING, TABLE, |cases| {
            for provider in PROVIDERS {
                for name in provider.names(true) {
                    let body = provider.without(&name);
                    let why = format!("{name}: missing at line 1 column {}", body.len());
                    cases.of(&body, of_one(&provider, &body, &why, MISSING));
                }
            }
        }),
        row(
            "a required text that is null, a boolean, a list, an object",
            NOT_TEXT,
            TABLE,
            |cases| {
                in_required(
                    cases,
                    false,
                    &["true", "null", "[]", "{}", "[\"x\"]", "{\"a\":\"x\"}"],
                );
            },
        ),
        row("a required UUID that is one of these, or is none", NOT_UUID, TABLE, |cases| {
            in_required(cases, true, &["true", "null", "[]", "{}", "[\"x\"]", "{\"a\":\"x\"}"]);
            let texts = ["\"\"", "\"13459345\"", "\"8e9e5c6e-ea7d-4934-8753-f00954f30d0g\""];
            in_required(cases, true, &texts);
        }),
        row("a field that is read, twice, in whatever spelling", TWICE, TABLE, |cases| {
            for provider in PROVIDERS {
                for (name, field) in fields(provider.sample) {
                    for again in
                        [field.clone(), format!("\"{name}\":null"), format!("\"{name}\":1e999")]
                    {
                        let again = again.replacen("\"o", r#""\u006f"#, 1);
                        let line = in_one_line(provider.sample);
                        let body = format!("{},{again}}}", line.trim_end_matches('}'));
                        let column = body.len() - again.split_once(':').unwrap().1.len();
                        let why = format!("{name}: given twice at line 1 column {column}");
                        cases.of(&body, of_one(&provider, &body, &why, TWICE));
                    }
                }
            }
        }),
        row("an id that is empty or white space", NO_ID, "two orders would be one", |cases| {
            for id in ["\"\"", "\" \"", "\"\\t\\u00a0\\u3000\""] {
                let provider = &PROVIDERS[1];
                let (body, column) = provider.with("orderId", id);
                let why = format!(
                    "orderId: not text of at least one character at line 1 column {column}"
                );
                cases.of(&body, of_one(provider, &body, &why, NO_ID));
            }
        }),
        row("a lone `\\ud800` in a field that identifies", SURROGATE, "RFC 8259, 8.2", |cases| {
            let values = [
                r#""\ud800""#,
                r#""\ud800x""#,
                r#""\ud800\u0041""#,
                r#""\udc00""#,
                r#""\ud83d\ud83d""#,
            ];
            for value in values {
                for provider in PROVIDERS {
                    for name in provider.names(true).iter().filter(|name| !name.ends_with("tatus"))
                    {
                        let (body, column) = provider.with(name, value);
                        let why = format!(
                            "{name}: not text without lone surrogates at line 1 column {column}"
                        );
                        cases.of(&body, of_one(&provider, &body, &why, SURROGATE));
                    }
                }
            }
        }),
        row(
            "`\"\\x\"`, a raw control character, `'a'`, `nul`, `01`, in any field",
            FIELD_NOT_JSON,
            "RFC 8259",
            |cases| {
                let values = [
                    r#""\x""#,
                    r#""\u12g4""#,
                    "\"a\nb\"",
                    "\"a\0b\"",
                    "\"a\x1fb\"",
                    "'a'",
                    "nul",
                    "01",
                ];
                for value in values {
                    for provider in PROVIDERS {
                        for name in ["ignored", &fields(provider.sample)[0].0] {
                            let body = format!("{{\"{name}\":{value}}}");
                            let refused = (provider.read)(body.as_bytes()).unwrap_err();
                            let why = format!(
                                "400 the body does not parse: {name}: not JSON at line 1 column "
                            );
                            let so =
                                if refused.starts_with(&why) { FIELD_NOT_JSON } else { &refused };
                            cases.of(body.escape_debug(), so);
                        }
                    }
                }
            },
        ),
        row(
            "`\\xff` anywhere, Latin-1, an overlong slash, a surrogate in UTF-8",
            ENCODING,
            "RFC 8259, 8.1",
            |cases| {
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
                        let why = format!("encoding is not UTF-8 at line 1 column {column}");
                        cases.of(shown(&body), of_both(&body, &why, ENCODING));
                    }
                }
            },
        ),
        row("UTF-16 and UTF-32, with and without a BOM", ENCODING, "RFC 8259, 8.1", |cases| {
            let sample = in_one_line(ORDER_ITEM);
            let wide: Vec<u16> = sample.encode_utf16().collect();
            let le: Vec<u8> = wide.iter().copied().flat_map(u16::to_le_bytes).collect();
            let be: Vec<u8> = wide.iter().copied().flat_map(u16::to_be_bytes).collect();
            let utf_32: Vec<u8> = sample.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
            for (name, body, column) in [
                ("UTF-16LE", le.clone(), 2),
                ("UTF-16BE", be.clone(), 1),
                ("UTF-16LE, BOM", [b"\xff\xfe".to_vec(), le].concat(), 1),
                ("UTF-16BE, BOM", [b"\xfe\xff".to_vec(), be].concat(), 1),
                ("UTF-32LE", utf_32, 2),
            ] {
                let why = format!("encoding is not UTF-8 at line 1 column {column}");
                cases.of(name, of_both(&body, &why, ENCODING));
            }
        }),
        row("`null`, `[]`, `\"x\"`, `1` as the document", NO_OBJECT, TABLE, |cases| {
            let list = format!("[{}]", in_one_line(ORDER_ITEM));
            for body in ["null", "\"x\"", "1", "[]", &list] {
                cases.of(body, of_both(body, "not an object at line 1 column 1", NO_OBJECT));
            }
            cases.of("[]", of_both("\n []", "not an object at line 2 column 2", NO_OBJECT));
        }),
        row("text after the document, two documents", AFTER, TABLE, |cases| {
            let sample = in_one_line(ORDER_ITEM);
            let end = sample.len();
            for (more, column) in [("x", 1), (",", 1), ("}", 1), ("\0x", 1), (" //", 2)] {
                let body = format!("{sample}{more}");
                let why = format!("text after the document at line 1 column {}", end + column);
                cases.of(more.escape_debug(), of_both(&body, &why, AFTER));
            }
            let two = format!("{sample}\n{sample}");
            let why = "text after the document at line 2 column 1";
            cases.of("two", of_both(&two, why, AFTER));
        }),
        row("an object that is cut short anywhere; an empty body, a BOM", CUT, TABLE, |cases| {
            let sample = in_one_line(ORDER_ITEM);
            for end in 0..sample.len() {
                let why = format!("unexpected end of the document at line 1 column {}", end + 1);
                cases.of(end, of_both(&sample[..end], &why, CUT));
            }
            let why = "unexpected end of the document at line 1 column 1";
            cases.of("BOM", of_both("\u{feff}", why, CUT));
        }),
        row(
            "a trailing comma, as Porterbuddy's page prints it",
            COMMA,
            "Porterbuddy, \"Order webhook\"",
            |cases| {
                let sample = in_one_line(ORDER_ITEM);
                let body = format!("{},}}", &sample[..sample.len() - 1]);
                let why = format!("trailing comma at line 1 column {}", sample.len() + 1);
                cases.of(&body, of_both(&body, &why, COMMA));
                assert_eq!(ORDER_STATUS_AS_PRINTED.lines().nth(7), Some("}"));
                let why = "trailing comma at line 8 column 1";
                cases.of("as printed", of_both(ORDER_STATUS_AS_PRINTED, why, COMMA));
            },
        ),
        row("other text before or in it, a comment, `'`", NOT_JSON, "RFC 8259", |cases| {
            let sample = in_one_line(ORDER_ITEM);
            for (body, column) in [
                (format!("{{,{}", &sample[1..]), 2),
                (format!("x{sample}"), 1),
                (format!("/**/{sample}"), 1),
                (sample.replace('"', "'"), 2),
            ] {
                let why = format!("not JSON at line 1 column {column}");
                cases.of(&body, of_both(&body, &why, NOT_JSON));
            }
        }),
    ],
};

/// `so`, if this provider refuses it for this reason.
fn of_one(provider: &Provider, body: &str, why: &str, so: &str) -> String {
    let refused =
        (provider.read)(body.as_bytes()).map_or_else(|why| why, |event| event.to_string());
    if refused == format!("400 the body does not parse: {why}") { so.to_owned() } else { refused }
}

/// `so`, if both providers do.
fn of_both(body: impl AsRef<[u8]>, why: &str, so: &str) -> String {
    let body = body.as_ref();
    let expected = format!("400 the body does not parse: {why}");
    let refusals = [musement(body).err(), porterbuddy(body).err()];
    if refusals.iter().all(|refusal| refusal.as_ref() == Some(&expected)) {
        so.to_owned()
    } else {
        format!("{refusals:?}")
    }
}

/// These values in the place of the required fields that are UUIDs, or of the others.
fn in_required(cases: &mut Cases, uuids: bool, values: &[&str]) {
    let so = if uuids { NOT_UUID } else { NOT_TEXT };
    for provider in PROVIDERS {
        for name in provider.names(true).iter().filter(|name| name.ends_with("uuid") == uuids) {
            let what = match &**name {
                "orderId" => "text of at least one character",
                _ if uuids => "a UUID",
                _ => "text",
            };
            for value in values {
                let (body, column) = provider.with(name, value);
                let why = format!("{name}: not {what} at line 1 column {column}");
                cases.of(&body, of_one(&provider, &body, &why, so));
            }
        }
    }
}

#[test]
fn json_that_cannot_be_read_is_refused() {
    JSON.holds();
}

const XML_TABLE: &str = "CONFORMANCE, XML";
const DOCTYPE: &str = "400 document type declarations are refused";
const NO_ENTITY: &str = "400 Message: an entity that is not predefined";
const LONE_AND: &str = "400 Message: `&` without a reference";
const END_TAG: &str = "400 an end tag of another element";
const STRAY: &str = "400 text outside the root element";
const XML_CUT: &str = "400 unexpected end of the document";
const NOT_UTF_8: &str = "400 encoding is not UTF-8";

pub(crate) const XML: Law = Law {
    title: "Law 7, what cannot be read: XML",
    rows: &[
        row(
            "any DOCTYPE, an internal subset, `SYSTEM \"file:///etc/passwd\"`: nothing is opened",
            DOCTYPE,
            "CVE-2016-10127, pysaml2: external entities were fetched",
            |cases| {
                for doctype in [
                    "<!DOCTYPE Notification>",
                    "<!DOCTYPE Notification SYSTEM \"file:///etc/passwd\">",
                    "<!DOCTYPE Notification SYSTEM \"http://127.0.0.1:1/x.dtd\">",
                    "<!DOCTYPE Notification PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" \"x.dtd\">",
                    "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
                    "<!DOCTYPE a [<!ENTITY % p SYSTEM \"x\"> %p;]>",
                    "<!doctype a>",
                    "<!DOCTYPE a [<!ENTITY e \"x\">]>",
                    "<!DOCTYPE",
                ] {
                    doctypes(cases, doctype);
                }
            },
        ),
        row(
            "an entity that expands to others",
            DOCTYPE,
            "CVE-2024-41946, REXML: they were expanded without an end",
            |cases| {
                doctypes(cases, "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>");
                let bomb =
                    r#"<!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>"#;
                let document = bomb.to_owned() + &with(&"&c;".repeat(1_000));
                cases.of("expanded", refused_at(document, 0));
            },
        ),
        row(
            "an entity whose name is a pattern",
            DOCTYPE,
            "CVE-2023-34104, fast-xml-parser: it was used as one",
            |cases| {
                doctypes(cases, r#"<!DOCTYPE a [<!ENTITY (a+)+$ "x">]>"#);
            },
        ),
        row("`&e;` that is not predefined, in text that is read", NO_ENTITY, XML_TABLE, |cases| {
            for entity in ["&e;", "&nbsp;", "&Amp;", "&a.b;", "&xxe;"] {
                let body = with(&format!("<Message>{entity}</Message>"));
                cases.of(entity, refused_at(body, MESSAGE_AT));
            }
        }),
        row("`&` without a reference, in text that is read", LONE_AND, XML_TABLE, |cases| {
            for (content, past) in [("a & b", 2), ("&amp", 0), ("&#33", 0), ("1&", 1)] {
                let body = with(&format!("<Message>{content}</Message>"));
                cases.of(content, refused_at(body, MESSAGE_AT + past));
            }
        }),
        row("`<a></b>`, an end tag too many inside", END_TAG, XML_TABLE, |cases| {
            for (elements, at) in [("<a></b>", 3), ("<a>", 3), ("</a>", 0)] {
                cases.of(elements, refused_at(with(elements), START.len() + at));
            }
        }),
        row(
            "`<a/><b/>`: two roots",
            "400 a second root element",
            "CVE-2022-39353, xmldom: they were one document",
            |cases| {
                let whole = with("");
                for second in [&whole, "<b/>", "<PortOutValidationRequest/>"] {
                    cases.of(second, refused_at(format!("{whole}{second}"), whole.len()));
                }
            },
        ),
        row(
            "an end tag after the end",
            "400 an end tag without its start tag",
            XML_TABLE,
            |cases| {
                let whole = with("");
                cases.of("</a>", refused_at(format!("{whole}</a>"), whole.len()));
            },
        ),
        row("text outside the root, another format", STRAY, XML_TABLE, |cases| {
            let whole = with("");
            for more in ["x", "\0x", "&#32;", "\u{200b}"] {
                cases.of(more.escape_debug(), refused_at(format!("{whole}{more}"), whole.len()));
            }
            cases.of("x before", refused_at(format!("x{whole}"), 0));
            cases.of("{}", refused_at("{}", 0));
        }),
        row("cut short anywhere, empty, white space", XML_CUT, XML_TABLE, |cases| {
            let whole = with("");
            // Inside of an element that is read, the error names it.
            let read = "<Notification><SubscriptionId>".len()..START.len();
            for cut in 0..whole.len() {
                let refused = refused_at(&whole[..cut], cut);
                let field = if read.contains(&cut) { "SubscriptionId: " } else { "" };
                assert!(refused.starts_with(&format!("400 {field}")), "{refused}");
                cases.of(cut, refused.replacen(field, "", 1));
            }
            cases.of("white space", refused_at(" ", 1));
        }),
        row(
            "`encoding=\"ISO-8859-1\"`, or any, with a byte 0xE9: at the byte",
            NOT_UTF_8,
            XML_TABLE,
            |cases| {
                for label in ["ISO-8859-1", "UTF-8"] {
                    let head =
                        format!("<?xml version=\"1.0\" encoding=\"{label}\"?>{START}<Message>caf");
                    let body = [head.as_bytes(), b"\xe9</Message></Notification>"].concat();
                    cases.of(label, refused_at(&body, head.len()));
                }
            },
        ),
        row(
            "another `encoding=` over text that is not ASCII",
            NOT_UTF_8,
            "what it means is a guess",
            |cases| {
                for label in ["ISO-8859-1", "latin1", "windows-1252", "UTF-16", "utf-7", ""] {
                    let body = with("<Message>é</Message>");
                    let body = format!("<?xml version='1.0' encoding='{label}'?>{body}");
                    cases.of(label, refused_at(body, 0));
                }
            },
        ),
        row("UTF-16, with and without a BOM", NOT_UTF_8, XML_TABLE, |cases| {
            for wide in [
                with("").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
                with("").encode_utf16().flat_map(u16::to_be_bytes).collect(),
                format!("\u{feff}{}", with("")).encode_utf16().flat_map(u16::to_le_bytes).collect(),
            ] {
                cases.of("UTF-16", refused_at(wide, 0));
            }
        }),
        row("another root element", "400 the error names it, and its place", XML_TABLE, |cases| {
            for (body, shown, place) in [
                ("<Order/>", "Order", "line 1 column 1"),
                ("<Notifications/>", "Notifications", "line 1 column 1"),
                (
                    "<?xml version='1.0'?>\n<notification></notification>",
                    "notification",
                    "line 2 column 1",
                ),
                (
                    "<PortOutValidationRequest><PON/></PortOutValidationRequest>",
                    "PortOutValidationRequest",
                    "line 1 column 1",
                ),
                ("<html><body>502</body></html>", "html", "line 1 column 1"),
                (
                    "<n:Notification xmlns:n='urn:n'></n:Notification>",
                    "n:Notification",
                    "line 1 column 1",
                ),
            ] {
                let refused = event(body).unwrap_err();
                let named = refused == format!("the root element is <{shown}> at {place}");
                let so = if named { "400 the error names it, and its place" } else { &refused };
                cases.of(body, so);
            }
        }),
    ],
};

/// Before, behind and inside the root, and behind a declaration.
fn doctypes(cases: &mut Cases, doctype: &str) {
    let before = format!("{doctype}{START}<Status>&e;</Status>{END}");
    cases.of(&before, refused_at(&before, 0));
    let declared = format!("<?xml version=\"1.0\"?>\n<!--c-->{doctype}{}", with(""));
    let refused = event(&declared).unwrap_err();
    let why = refused.strip_suffix(" at line 2 column 9").unwrap_or(&refused);
    cases.of(&declared, format!("400 {why}"));
    cases.of("inside", refused_at(with(doctype), START.len()));
    cases.of("behind", refused_at(with("") + doctype, with("").len()));
}

#[test]
fn xml_that_cannot_be_read_is_refused() {
    XML.holds();
}
