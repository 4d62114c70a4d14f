//! XML, through Bandwidth's notification webhook.

use std::time::{Duration, Instant};

use order_webhooks::BasicAuth;
use order_webhooks::bandwidth::NotificationWebhook;
use serde_json::{Value, json};

use crate::outcome;

fn webhook() -> NotificationWebhook {
    NotificationWebhook::new(BasicAuth::new("u", "p").unwrap())
}

/// The event as JSON, or the refusal without what all of them begin with.
#[track_caller]
fn event(body: impl AsRef<[u8]>) -> Result<Value, String> {
    match outcome(&webhook(), &[("authorization", b"Basic dTpw")], body.as_ref()) {
        Ok(event) => Ok(serde_json::to_value(event).unwrap()),
        Err(refused) => Err(refused
            .strip_prefix("400 the body does not parse: ")
            .unwrap_or_else(|| panic!("{refused}"))
            .to_owned()),
    }
}

#[track_caller]
fn refused(body: impl AsRef<[u8]>, why: &str) {
    assert_eq!(event(&body), Err(why.to_owned()), "{}", body.as_ref().escape_ascii());
}

const START: &str = "<Notification><SubscriptionId>s</SubscriptionId>";
const END: &str = "</Notification>";

/// A notification with these elements after its `SubscriptionId`.
fn with(elements: &str) -> String {
    format!("{START}{elements}{END}")
}

/// The event with this content in its `Message`.
#[track_caller]
fn message(content: &str) -> Value {
    event(with(&format!("<Message>{content}</Message>"))).unwrap()["Message"].clone()
}

/// The place of this byte of a body without line feeds.
fn at(byte: usize) -> String {
    format!("at line 1 column {}", byte + 1)
}

#[test]
fn document_types() {
    let internal = "<!DOCTYPE a [<!ENTITY e \"x\">]>";
    let laughs = "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>";
    for doctype in [
        "<!DOCTYPE Notification>",
        "<!DOCTYPE Notification SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE Notification SYSTEM \"http://127.0.0.1:1/x.dtd\">",
        "<!DOCTYPE Notification PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" \"x.dtd\">",
        "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM \"x\"> %p;]>",
        "<!doctype a>",
        internal,
        laughs,
        "<!DOCTYPE",
    ] {
        let why = |place: &str| format!("document type declarations are refused {place}");
        refused(format!("{doctype}{START}<Status>&e;</Status>{END}"), &why(&at(0)));
        let declared = format!("<?xml version=\"1.0\"?>\n<!--c-->{doctype}{}", with(""));
        refused(declared, &why("at line 2 column 9"));
        refused(with(doctype), &why(&at(START.len())));
        refused(with("") + doctype, &why(&at(with("").len())));
    }
}

#[test]
fn entities() {
    for entity in ["&e;", "&nbsp;", "&Amp;", "&a.b;", "&xxe;"] {
        let why = format!(
            "Message: an entity that is not predefined {}",
            at(START.len() + "<Message>".len())
        );
        refused(with(&format!("<Message>{entity}</Message>")), &why);
        // What is not read is not judged.
        for ignored in ["<Ignored>&e;</Ignored>", "<Ignored a='&e;'/>", "<!--&e;-->", "<?p &e;?>"] {
            let ignored = ignored.replace("&e;", entity);
            assert_eq!(event(with(&ignored)), event(with("")), "{ignored}");
        }
    }
}

#[test]
fn text_comes_in_one_piece() {
    for (content, text) in [
        ("a&amp;b", "a&b"),
        ("&#33;", "!"),
        ("&#x21;&#X21;".get(..6).unwrap(), "!"),
        ("12<!--c--><![CDATA[34]]>", "1234"),
        ("<![CDATA[12]]><![CDATA[34]]>", "1234"),
        ("1<?pi ?>2<!-- & < -->3", "123"),
        ("<![CDATA[a&amp;b<c>]]>", "a&amp;b<c>"),
        ("&lt;&gt;&amp;&apos;&quot;", "<>&'\""),
        ("&amp;amp;", "&amp;"),
        ("&#38;#33;", "&#33;"),
        ("a]]b", "a]]b"),
        ("é&#233;&#xE9;", "ééé"),
        ("&#x10FFFF;", "\u{10ffff}"),
        ("  padded\t\r\n", "padded"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a&#13;b", "a\rb"),
        ("007", "007"),
    ] {
        assert_eq!(message(content), text, "{content}");
    }
}

/// The policy: they are read as U+FFFD, however they are written.
#[test]
fn characters_that_xml_does_not_have() {
    for reference in [
        "&#0;",
        "&#1;",
        "&#xB;",
        "&#xD800;",
        "&#xDFFF;",
        "&#xFFFE;",
        "&#x110000;",
        "&#;",
        "&#x;",
        "&#99999999999999999999;",
        "&#x1000000000;",
        "\x0c",
        "\0",
        "\x01",
        "\u{ffff}",
    ] {
        assert_eq!(message(&format!("a{reference}b")), "a\u{fffd}b", "{reference:?}");
    }
    assert_eq!(message("\x1b[2J"), "\u{fffd}[2J");
    assert_eq!(event(with("<!--\0\x0c-->")), event(with("")));
    let start = START.len() + "<Message>".len();
    for (content, past) in [("a & b", 2), ("&amp", 0), ("&#33", 0), ("1&", 1)] {
        let why = format!("Message: `&` without a reference {}", at(start + past));
        refused(with(&format!("<Message>{content}</Message>")), &why);
        assert_eq!(event(with(&format!("<X>{content}</X>"))), event(with("")), "{content}");
    }
}

/// The policy: names are compared as they are written. An element with a
/// prefix is another one, and a default namespace changes no name.
#[test]
fn namespaces() {
    let bare = event(with("")).unwrap();
    for elements in [
        "<n:Status xmlns:n=\"urn:x\">COMPLETE</n:Status>",
        "<n:Status>COMPLETE</n:Status>",
        "<status>COMPLETE</status>",
        "<Status.>COMPLETE</Status.>",
    ] {
        assert_eq!(event(with(elements)).unwrap(), bare, "{elements}");
    }
    let status = event(with("<Status xmlns=\"urn:x\">COMPLETE</Status>")).unwrap();
    assert_eq!(status["Status"], "COMPLETE");
    let default = format!("<Notification xmlns='urn:x'>{}", with("").split_once('>').unwrap().1);
    assert_eq!(event(default).unwrap(), bare);
    refused(
        "<n:Notification xmlns:n='urn:x'></n:Notification>",
        "the root element is <n:Notification> at line 1 column 1",
    );
}

#[test]
fn encodings() {
    let latin1 = |label: &str| {
        let head = format!("<?xml version=\"1.0\" encoding=\"{label}\"?>{START}<Message>caf");
        [head.as_bytes(), b"\xe9</Message></Notification>"].concat()
    };
    for label in ["ISO-8859-1", "UTF-8"] {
        let body = latin1(label);
        let place = body.iter().position(|byte| *byte == 0xe9).unwrap();
        refused(&body, &format!("encoding is not UTF-8 {}", at(place)));
    }
    for label in ["ISO-8859-1", "latin1", "windows-1252", "UTF-16", "utf8", "", "UTF-8", "utf-8"] {
        let declared =
            |elements| format!("<?xml version='1.0' encoding='{label}'?>{}", with(elements));
        assert_eq!(event(declared("")), event(with("")), "{label}: ASCII is the same in all");
        let is_utf_8 = label.eq_ignore_ascii_case("utf-8");
        match event(declared("<Message>é</Message>")) {
            Ok(event) => assert!(is_utf_8 && event["Message"] == "é", "{label}"),
            Err(why) => assert!(!is_utf_8 && why == format!("encoding is not UTF-8 {}", at(0))),
        }
    }
    assert_eq!(event(format!("\u{feff}{}", with(""))), event(with("")));
    for wide in [
        with("").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
        with("").encode_utf16().flat_map(u16::to_be_bytes).collect(),
        format!("\u{feff}{}", with("")).encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ] {
        refused(wide, "encoding is not UTF-8 at line 1 column 1");
    }
}

/// However the same values are laid out, they are the same.
#[test]
fn layout() {
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
    let padded = lines.concat().replace('>', "> ").replace("</", "\t\r\n</");
    let padded = padded.replace("> <", "><");
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
        assert_eq!(event(with(&elements)).as_ref(), Ok(&expected), "{elements}");
    }
}

/// Elements of a list with others in between, and lists with other elements in
/// between: all of both are there.
#[test]
fn lists_interleaved_with_other_elements() {
    let elements = "<CompletedTelephoneNumbers><TelephoneNumber>1</TelephoneNumber><X/>\
                    <TelephoneNumber>2</TelephoneNumber><Y><TelephoneNumber>no</TelephoneNumber></Y>\
                    <TelephoneNumber>3</TelephoneNumber></CompletedTelephoneNumbers>";
    let order = event(with(&format!("<Z/>{elements}<Status>COMPLETE</Status>"))).unwrap();
    assert_eq!(order["CompletedTelephoneNumbers"], json!(["1", "2", "3"]));
    let event = event(with(
        "<ImpactedTelephoneNumbers><TelephoneNumber>1</TelephoneNumber></ImpactedTelephoneNumbers>\
         <EventType>MESSAGING_LOST</EventType>\
         <CompletedTelephoneNumbers><TelephoneNumber>2</TelephoneNumber></CompletedTelephoneNumbers>",
    ));
    assert_eq!(event.unwrap()["ImpactedTelephoneNumbers"], json!(["1", "2"]));
}

#[test]
fn structure() {
    let whole = with("");
    let end = whole.len();
    for (body, why, place) in [
        (with("<a></b>"), "an end tag of another element", START.len() + 3),
        (with("<a>"), "an end tag of another element", START.len() + 3),
        (with("</a>"), "an end tag of another element", START.len()),
        (format!("{whole}{whole}"), "a second root element", end),
        (format!("{whole}<b/>"), "a second root element", end),
        (format!("{whole}</a>"), "an end tag without its start tag", end),
        (format!("{whole}x"), "text outside the root element", end),
        (format!("x{whole}"), "text outside the root element", 0),
        (format!("{whole}\0"), "text outside the root element", end),
        (format!("{whole}&#32;"), "text outside the root element", end),
        (String::new(), "unexpected end of the document", 0),
        (" ".to_owned(), "unexpected end of the document", 1),
        ("{}".to_owned(), "text outside the root element", 0),
    ] {
        refused(body, &format!("{why} {}", at(place)));
    }
    // Inside of an element that is read, the error names it.
    let read = "<Notification><SubscriptionId>".len()..START.len();
    for cut in 0..end {
        let field = if read.contains(&cut) { "SubscriptionId: " } else { "" };
        refused(&whole[..cut], &format!("{field}unexpected end of the document {}", at(cut)));
    }
}

/// Attributes, comments and instructions of any shape are stepped over.
#[test]
fn what_is_not_judged() {
    for elements in [
        "<a b='1' b='2'/>",
        "<a b=1 c d='<' e='&x;'/>",
        "<a b='1'c='2'></a>",
        "<!-- -- --->",
        "<1/><-/>",
        "<?p'?><?xml version='1.0'?><?XML?>",
        "]]>",
    ] {
        assert_eq!(event(with(elements)), event(with("")), "{elements}");
    }
}

/// A notification is sent once: nothing is required, and of an element that is
/// given twice the first is taken.
#[test]
fn an_element_is_missing_empty_or_there_twice() {
    for body in ["<Notification/>", "<Notification></Notification>"] {
        assert_eq!(event(body), Ok(json!({})), "{body}");
    }
    for name in [
        "SubscriptionId",
        "OrderType",
        "OrderId",
        "CustomerOrderId",
        "Status",
        "Message",
        "Note",
        "EventType",
        "LastModifiedDate",
        "ActualFocDate",
    ] {
        let event = |elements: &str| event(format!("<Notification>{elements}</Notification>"));
        let once = event(&format!("<{name}>1</{name}>"));
        assert_eq!(once.as_ref().unwrap()[name], "1");
        for twice in [
            format!("<{name}>1</{name}><{name}>2</{name}>"),
            format!("<{name}>1</{name}><x/><{name}/>"),
            format!("<{name}/><{name} a=''> </{name}><{name}>1</{name}>"),
            format!("<{name}><a>0</a></{name}><{name}>1</{name}>"),
        ] {
            assert_eq!(event(&twice), once, "{twice}");
        }
        assert_eq!(event(&format!("<{name}/>")), Ok(json!({})));
    }
}

#[test]
fn a_date_that_is_none_and_a_number_in_any_form() {
    for date in [
        "never",
        "2023-09-12",
        "2023-09-12T15:11:31",
        "2023-02-30T00:00:00Z",
        "2014-03-25 12:55:11.0",
    ] {
        for name in ["LastModifiedDate", "ActualFocDate"] {
            let dated = event(with(&format!("<{name}>{date}</{name}>"))).unwrap();
            assert_eq!(dated[name], date);
        }
    }
    let numbers = ["2223331000", "+12223331000", "222-333-1000", "none"];
    let list: Vec<_> =
        numbers.iter().map(|n| format!("<TelephoneNumber>{n}</TelephoneNumber>")).collect();
    let list = format!("<CompletedTelephoneNumbers>{}</CompletedTelephoneNumbers>", list.concat());
    assert_eq!(event(with(&list)).unwrap()["CompletedTelephoneNumbers"], json!(numbers));
}

#[test]
fn another_root() {
    for (body, shown, place) in [
        ("<Order/>", "Order", "line 1 column 1"),
        ("<?xml version='1.0'?>\n<notification></notification>", "notification", "line 2 column 1"),
        (
            "<PortOutValidationRequest><PON/></PortOutValidationRequest>",
            "PortOutValidationRequest",
            "line 1 column 1",
        ),
        ("<html><body>502</body></html>", "html", "line 1 column 1"),
    ] {
        refused(body, &format!("the root element is <{shown}> at {place}"));
    }
}

/// 500 KB, in far less than 50 ms when it is built as it is shipped; a debug
/// build on a busy machine gets twenty times as much.
#[track_caller]
fn quick(body: &str) -> Result<Value, String> {
    let start = Instant::now();
    let event = event(body);
    let time = start.elapsed();
    let allowed = if cfg!(debug_assertions) { 1_000 } else { 50 };
    assert!(time < Duration::from_millis(allowed), "{time:?}");
    event
}

#[test]
fn sizes() {
    let attributes = |prefix: &str| {
        let all: Vec<_> = (0..50_000).map(|n| format!(" {prefix}{n}=''")).collect();
        with(&format!("<a{}/>", all.concat()))
    };
    for prefix in ["a", "xmlns:n"] {
        assert_eq!(quick(&attributes(prefix)), event(with("")));
    }
    let deep = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
    let place = at(START.len() + 127 * 3);
    assert_eq!(quick(&with(&deep)), Err(format!("nested too deeply {place}")));
    let below = "<a>".repeat(127) + &"</a>".repeat(127);
    assert_eq!(event(with(&below)), event(with("")));

    // Long but right.
    let numbers = "<TelephoneNumber>2223331000</TelephoneNumber>".repeat(10_000);
    let list = format!("<CompletedTelephoneNumbers>{numbers}</CompletedTelephoneNumbers>");
    let event_of_list = quick(&with(&list)).unwrap();
    assert_eq!(event_of_list["CompletedTelephoneNumbers"].as_array().unwrap().len(), 10_000);
    assert_eq!(quick(&with(&"<!---->".repeat(70_000))), event(with("")));
    assert_eq!(quick(&with(&"<a/>".repeat(120_000))), event(with("")));
    let references = "&amp;".repeat(100_000);
    let long = quick(&with(&format!("<Message>{references}</Message>"))).unwrap();
    assert_eq!(long["Message"].as_str().unwrap().len(), 100_000);
    // Nearly ends, over and over.
    let brackets = "]".repeat(500_000);
    assert!(quick(&with(&format!("<Message>{brackets}</Message>"))).is_ok());
    assert!(quick(&with(&format!("<Message><![CDATA[{brackets}]]></Message>"))).is_ok());
    let name = "n".repeat(250_000);
    assert_eq!(quick(&with(&format!("<{name}></{name}>"))), event(with("")));
}
