//! A proven sender is heard: what is missing, odd or unknown is no reason to lose
//! what was sent. What the providers document and do is in the docs of the fields.

use order_webhooks::musement::OrderItemStatus;
use order_webhooks::porterbuddy::OrderStatus;
use serde_json::{Value, json};

use super::json::{PROVIDERS, Provider, fields, in_one_line, musement, object, porterbuddy};
use super::xml::{bare, event, message, with};
use fixtures::samples::ORDER_ITEM;

const AFTER_A_DOCUMENT: [&str; 5] =
    ["\0", "\0\0\0", "\r\n\u{1a}", "\u{a0}", "\u{b}\u{c}\u{2028}\u{3000}"];

/// Line ends, tabs, another order, escapes, byte order marks (RFC 8259, section 8.1),
/// names that are not known.
#[test]
fn json_in_any_layout_is_the_same_event() {
    for provider in PROVIDERS {
        let sample = provider.sample;
        let line = in_one_line(sample);
        let mut backwards = fields(sample);
        backwards.reverse();
        let unknown = r#","x":1,"x":2,"":3,"":4,"ORDER_ID":5,"orderid":6,"ORDER_ID":7}"#;
        let mut bodies = vec![
            line.clone(),
            sample.replace('\n', "\r\n"),
            sample.replace("  ", "\t\t"),
            object(backwards.iter().map(|(_, field)| field.as_str())),
            line.replace("\"order", r#""\u006frder"#).replace("12", r"\u00312"),
            format!("\n\t {line} \r\n"),
            format!("\u{feff}{sample}"),
            format!("\u{feff}\u{feff}{sample}"),
            line.trim_end_matches('}').to_owned() + unknown,
        ];
        bodies.extend(AFTER_A_DOCUMENT.map(|after| format!("{sample}{after}")));
        for body in bodies {
            assert_eq!((provider.read)(body.as_bytes()), Ok(provider.event()), "{body}");
        }
    }
}

/// Whatever is JSON: large numbers, 100,000 levels, lone surrogates, names given twice.
#[test]
fn json_that_is_not_read_does_not_matter() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let objects = "{\"\":".repeat(100_000) + "0" + &"}".repeat(100_000);
    for value in [
        "1e999999",
        "-0",
        &deep,
        &objects,
        r#""\ud800""#,
        r#"{"\udc00":[{"a":1,"a":2}]}"#,
        r#""\u0000""#,
    ] {
        for provider in PROVIDERS {
            let line = in_one_line(provider.sample);
            let body = line.replacen('{', &format!(r#"{{"ignored":{value},"#), 1);
            assert_eq!((provider.read)(body.as_bytes()), Ok(provider.event()), "{value:.40}");
        }
    }
}

/// Each optional field, and the event without it.
fn optional() -> Vec<(Provider, String, Value)> {
    let mut all = Vec::new();
    for provider in PROVIDERS {
        for name in provider.names(false) {
            let mut without = provider.event();
            without.as_object_mut().unwrap().remove(&name);
            all.push((provider, name, without));
        }
    }
    all
}

#[test]
fn an_optional_field_of_another_type_is_left_out() {
    for (provider, name, without) in optional() {
        for value in ["null", "true", "[]", "{}", "[1e999,\"\\ud800\"]", "{\"a\":[{}]}"] {
            let (body, _) = provider.with(&name, value);
            assert_eq!((provider.read)(body.as_bytes()), Ok(without.clone()), "{body}");
        }
        let body = provider.without(&name);
        assert_eq!((provider.read)(body.as_bytes()), Ok(without), "{body}");
    }
}

/// A date that is none stays text, and half a character becomes U+FFFD. A version that is
/// no number is left out.
#[test]
fn odd_text_in_an_optional_field_is_kept() {
    for (provider, name, without) in optional() {
        for (text, read) in [
            ("", ""),
            ("soon", "soon"),
            ("2018-12-10", "2018-12-10"),
            ("2018-12-10T13:12:40", "2018-12-10T13:12:40"),
            ("-1", "-1"),
            ("v1", "v1"),
            ("\u{663}", "\u{663}"),
            (r"2018\ud800", "2018\u{fffd}"),
        ] {
            let mut expected = without.clone();
            if !name.ends_with("version") {
                expected[&name] = json!(read);
            }
            let (body, _) = provider.with(&name, &format!("\"{text}\""));
            assert_eq!((provider.read)(body.as_bytes()), Ok(expected), "{body}");
        }
    }
}

/// A number may stand for text, and text for a number; it is kept exactly.
#[test]
fn numbers_and_text_are_the_same() {
    const LONG: &str = "12345678901234567890123456789012345678901234567890";
    for provider in PROVIDERS {
        let names = fields(provider.sample).into_iter().map(|(name, _)| name);
        for name in names.filter(|name| !name.ends_with("uuid")) {
            for number in ["0", "22", "12345678901234567890", LONG, "-7", "1.50", "-0", "1e999999"]
            {
                let read = |value: &str| {
                    (provider.read)(provider.with(&name, value).0.as_bytes()).unwrap()
                };
                let event = read(number);
                assert_eq!(event, read(&format!("\"{number}\"")), "{name}: {number}");
                let is_kept = !name.ends_with("version") || number.parse::<u64>().is_ok();
                let kept = is_kept.then(|| json!(number));
                assert_eq!(event.get(&name), kept.as_ref(), "{name}: {number}");
            }
        }
    }
}

#[test]
fn a_status_that_is_not_documented_keeps_its_text() {
    let body = in_one_line(ORDER_ITEM).replace("\"OK\"", "\"SOMETHING_NEW\"");
    let status = musement(body.as_bytes()).unwrap().order_item_status;
    assert!(matches!(&status, OrderItemStatus::Other(_)) && status.as_str() == "SOMETHING_NEW");
    let body = br#"{"orderId":"1","orderStatus":"SOMETHING_NEW"}"#;
    let status = porterbuddy(body).unwrap().order_status;
    assert!(matches!(&status, OrderStatus::Other(_)) && status.as_str() == "SOMETHING_NEW");
}

#[rustfmt::skip]
const NAMES: [&str; 10] = [
    "SubscriptionId", "OrderType", "OrderId", "CustomerOrderId", "Status", "Message", "Note",
    "EventType", "LastModifiedDate", "ActualFocDate",
];

fn number(number: &str) -> String {
    format!("<TelephoneNumber>{number}</TelephoneNumber>")
}

fn completed(numbers: &[String]) -> String {
    format!("<CompletedTelephoneNumbers>{}</CompletedTelephoneNumbers>", numbers.concat())
}

/// Nothing is required but the root element.
#[test]
fn an_empty_notification_is_an_event() {
    let empty = NAMES.map(|name| format!("<Notification><{name}/></Notification>"));
    for body in [
        "<Notification/>",
        "<Notification></Notification>",
        "<Notification><SubscriptionId/><Status></Status><LastModifiedDate/></Notification>",
        "<Notification><Status><b/></Status><CompletedTelephoneNumbers/></Notification>",
        "<Notification><CompletedTelephoneNumbers>2223331000</CompletedTelephoneNumbers>\
         </Notification>",
    ]
    .into_iter()
    .chain(empty.iter().map(String::as_str))
    {
        assert_eq!(event(body), Ok(json!({})), "{body}");
    }
}

#[test]
fn the_first_of_two_elements_is_taken() {
    for name in NAMES {
        let once = event(format!("<Notification><{name}>1</{name}></Notification>")).unwrap();
        assert_eq!(once[name], "1");
        for twice in [
            format!("<{name}>1</{name}><{name}>2</{name}>"),
            format!("<{name}>1</{name}><x/><{name}/>"),
            format!("<{name}/><{name} a=''> </{name}><{name}>1</{name}>"),
            format!("<{name}><a>0</a></{name}><{name}>1</{name}>"),
        ] {
            let body = format!("<Notification>{twice}</Notification>");
            assert_eq!(event(&body), Ok(once.clone()), "{body}");
        }
    }
}

/// Bandwidth prints all of these dates.
#[test]
fn a_date_or_a_number_in_any_form_is_kept() {
    #[rustfmt::skip]
    let dates = [
        "never", "yesterday", "2023-09-12", "2023-09-12T15:11:31", "2023-02-30T00:00:00Z",
        "2014-03-25 12:55:11.0", "2015-02-25 00:00:00", "2021-06-30Z", "12/09/2023", "1694531491",
    ];
    for date in dates {
        for name in ["LastModifiedDate", "ActualFocDate"] {
            let mut expected = bare();
            expected[name] = json!(date);
            assert_eq!(event(with(&format!("<{name}>{date}</{name}>"))), Ok(expected), "{date}");
        }
    }
    let numbers = ["2223331000", "+12223331000", "222-333-1000", "none"];
    let mut expected = bare();
    expected["CompletedTelephoneNumbers"] = json!(numbers);
    assert_eq!(event(with(&completed(&numbers.map(number)))), Ok(expected));
}

#[test]
fn xml_in_any_layout_is_the_same_event() {
    let expected = json!({
        "SubscriptionId": "s",
        "OrderType": "orders",
        "Status": "COMPLETE",
        "Message": "m n",
        "CompletedTelephoneNumbers": ["2223331000", "2223331001"],
        "LastModifiedDate": "2023-09-12T15:11:31.705Z",
    });
    let lines = [
        "<OrderType>orders</OrderType>",
        "<Status>COMPLETE</Status>",
        "<Message>m n</Message>",
        "<CompletedTelephoneNumbers>",
        "<TelephoneNumber>2223331000</TelephoneNumber>",
        "<TelephoneNumber>2223331001</TelephoneNumber>",
        "</CompletedTelephoneNumbers>",
        "<LastModifiedDate>2023-09-12T15:11:31.705Z</LastModifiedDate>",
    ];
    let padded = lines.concat().replace('>', "> ").replace("</", "\t\r\n</").replace("> <", "><");
    let attributes = lines.concat().replace("Status>", "Status  >").replacen(
        "Status  >",
        "Status a='>' b=\"'\">",
        1,
    );
    let split = lines.concat().replace("2223331000", "222<!-- -->333<![CDATA[1000]]>");
    for elements in [
        lines.concat(),
        lines.join("\n"),
        lines.join("\r\n\t "),
        padded,
        attributes,
        split,
        lines.join("<!-- c --><?p i?>"),
        lines.join("<Unknown><Status>no</Status></Unknown>"),
        lines.join("stray &amp; text"),
    ] {
        assert_eq!(event(with(&elements)), Ok(expected.clone()), "{elements}");
    }
}

#[test]
fn a_list_of_numbers_is_read_in_every_form() {
    const COMPLETED: &str = "CompletedTelephoneNumbers";
    const IMPACTED: &str = "ImpactedTelephoneNumbers";
    for (elements, name, numbers) in [
        (
            "<CompletedTelephoneNumbers><TelephoneNumbers>1</TelephoneNumbers><TelephoneNumbers>2\
             </TelephoneNumbers></CompletedTelephoneNumbers>",
            COMPLETED,
            &["1", "2"][..],
        ),
        (
            "<CompletedTelephoneNumbers><TelephoneNumbers><TelephoneNumber>1</TelephoneNumber>\
             <TelephoneNumber>2</TelephoneNumber></TelephoneNumbers></CompletedTelephoneNumbers>",
            COMPLETED,
            &["1", "2"],
        ),
        // Among other elements, and in two lists.
        (
            "<Z/><CompletedTelephoneNumbers><TelephoneNumber>1</TelephoneNumber><X/>\
             <TelephoneNumber>2</TelephoneNumber><Y><TelephoneNumber>no</TelephoneNumber></Y>\
             <TelephoneNumber>3</TelephoneNumber></CompletedTelephoneNumbers>\
             <Status>COMPLETE</Status>",
            COMPLETED,
            &["1", "2", "3"],
        ),
        (
            "<ImpactedTelephoneNumbers><TelephoneNumber>1</TelephoneNumber>\
             </ImpactedTelephoneNumbers><EventType>MESSAGING_LOST</EventType>\
             <CompletedTelephoneNumbers><TelephoneNumber>2</TelephoneNumber>\
             </CompletedTelephoneNumbers>",
            IMPACTED,
            &["1", "2"],
        ),
    ] {
        assert_eq!(event(with(elements)).unwrap()[name], json!(numbers), "{elements}");
    }
}

/// Attributes, comments, instructions and names of any shape; references where nothing is
/// read; names that only look alike.
#[test]
fn xml_that_is_not_read_does_not_matter() {
    let mut all: Vec<String> = [
        "<a b='1' b='2'/>",
        "<a b=1 c d='<' e='&x;'/>",
        "<a b='1'c='2'></a>",
        "<!-- -- --->",
        "<!--\0\x0c-->",
        "<1/><-/>",
        "<?p'?><?xml version='1.0'?><?XML?>",
        "]]>",
        "<X>a & b</X>",
        "<X>&amp</X>",
        "<X>&#33</X>",
        "<X>1&</X>",
        "<n:Status xmlns:n=\"urn:x\">COMPLETE</n:Status>",
        "<n:Status>COMPLETE</n:Status>",
        "<status>COMPLETE</status>",
        "<Status.>COMPLETE</Status.>",
    ]
    .map(str::to_owned)
    .into();
    for entity in ["&e;", "&nbsp;", "&Amp;", "&a.b;", "&xxe;"] {
        for place in ["<Ignored>&e;</Ignored>", "<Ignored a='&e;'/>", "<!--&e;-->", "<?p &e;?>"] {
            all.push(place.replace("&e;", entity));
        }
    }
    for elements in all {
        assert_eq!(event(with(&elements)), Ok(bare()), "{elements}");
    }
}

#[test]
fn a_default_namespace_changes_no_name() {
    let status = event(with("<Status xmlns=\"urn:x\">COMPLETE</Status>")).unwrap();
    assert_eq!(status["Status"], "COMPLETE");
    let body = with("").replacen("<Notification>", "<Notification xmlns='urn:x'>", 1);
    assert_eq!(event(body), Ok(bare()));
}

/// In one piece: CVE-2017-11427, python-saml, text ended at a comment. Line ends are as in
/// XML 1.0, section 2.11, and what XML cannot hold (section 2.2) becomes U+FFFD.
#[test]
fn text_is_read_whole_and_resolved() {
    for (content, text) in [
        ("a&amp;b", "a&b"),
        ("&#33;", "!"),
        ("&#x21;", "!"),
        ("&lt;&gt;&amp;&apos;&quot;", "<>&'\""),
        ("&amp;amp;", "&amp;"),
        ("&#38;#33;", "&#33;"),
        ("a]]b", "a]]b"),
        ("é&#233;&#xE9;", "ééé"),
        ("&#x10FFFF;", "\u{10ffff}"),
        ("a&#13;b", "a\rb"),
        ("12<!--c--><![CDATA[34]]>", "1234"),
        ("<![CDATA[12]]><![CDATA[34]]>", "1234"),
        ("1<?pi ?>2<!-- & < -->3", "123"),
        ("<![CDATA[a&amp;b<c>]]>", "a&amp;b<c>"),
        ("  padded\t\r\n", "padded"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        // The two halves of a character beyond U+FFFF.
        ("&#55357;&#56877;", "\u{1f62d}"),
        ("&#xD83D;&#xDE2D;", "\u{1f62d}"),
        ("&#xd83d;&#56877;", "\u{1f62d}"),
        ("a&#0;b", "a\u{fffd}b"),
        ("a&#1;b", "a\u{fffd}b"),
        ("a&#xB;b", "a\u{fffd}b"),
        ("a&#xD800;b", "a\u{fffd}b"),
        ("a&#xDFFF;b", "a\u{fffd}b"),
        ("a&#xFFFE;b", "a\u{fffd}b"),
        ("a&#x110000;b", "a\u{fffd}b"),
        ("a&#;b", "a\u{fffd}b"),
        ("a&#x;b", "a\u{fffd}b"),
        ("a&#99999999999999999999;b", "a\u{fffd}b"),
        ("a&#x1000000000;b", "a\u{fffd}b"),
        ("a\x0cb", "a\u{fffd}b"),
        ("a\0b", "a\u{fffd}b"),
        ("a\x01b", "a\u{fffd}b"),
        ("a\u{ffff}b", "a\u{fffd}b"),
        ("a\x1bb", "a\u{fffd}b"),
    ] {
        assert_eq!(message(content), text, "{}", content.escape_debug());
    }
}

/// ASCII is the same in every encoding, and UTF-8 has many labels (WHATWG Encoding,
/// section 4.2).
#[test]
fn an_encoding_is_no_reason_to_refuse_what_is_utf_8() {
    #[rustfmt::skip]
    const OF_UTF_8: [&str; 8] = [
        "UTF-8", "utf-8", "utf8", "UTF8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8",
        "x-unicode20utf8",
    ];
    assert_eq!(event(format!("\u{feff}{}", with(""))), Ok(bare()));
    for label in ["ISO-8859-1", "latin1", "windows-1252", "UTF-16", "utf8", "", "UTF-8", "utf-8"] {
        let body = format!("<?xml version='1.0' encoding='{label}'?>{}", with(""));
        assert_eq!(event(body), Ok(bare()), "{label}");
    }
    for label in OF_UTF_8 {
        let body = with("<Message>é</Message>");
        let body = format!("<?xml version='1.0' encoding='{label}'?>{body}");
        assert_eq!(event(body).unwrap()["Message"], "é", "{label}");
    }
}

#[test]
fn what_comes_after_the_root_element_does_not_matter() {
    for after in AFTER_A_DOCUMENT {
        assert_eq!(event(with("") + after), Ok(bare()), "{}", after.escape_debug());
    }
}
