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
        internal,
        laughs,
        "<!DOCTYPE",
        "<!DOCTYPE>",
    ] {
        let why = |at| format!("document type declarations are refused at byte {at}");
        refused(format!("{doctype}{START}<Status>&e;</Status>{END}"), &why(0));
        let declared = format!("<?xml version=\"1.0\"?>\n<!--c-->{doctype}{}", with(""));
        refused(declared, &why(30));
        refused(with(doctype), &why(START.len()));
        refused(with("") + doctype, &why(with("").len()));
    }
    // No comment, no CDATA section, no document type.
    refused(
        format!("<!doctype a>{}", with("")),
        "`<!` without a comment or a CDATA section at byte 0",
    );
}

#[test]
fn entities() {
    let at = START.len() + "<Message>".len();
    for entity in ["&e;", "&nbsp;", "&Amp;", "&a.b;", "&xxe;"] {
        let why = format!("an entity that is not predefined at byte {at}");
        refused(with(&format!("<Message>{entity}</Message>")), &format!("Message: {why}"));
        // In an element that we ignore, too, and in an attribute.
        refused(with(&format!("<Ignored>{entity}</Ignored>")), &why);
        let at = START.len() + "<Ignored a='".len();
        let why = format!("an entity that is not predefined at byte {at}");
        refused(with(&format!("<Ignored a='{entity}'/>")), &why);
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

#[test]
fn characters_and_references_that_xml_does_not_have() {
    let at = START.len() + "<Message>".len();
    for reference in
        ["&#0;", "&#1;", "&#xB;", "&#xD800;", "&#xDFFF;", "&#xFFFE;", "&#x110000;", "&#;", "&#x;"]
    {
        let why = format!("Message: a reference to no character at byte {at}");
        refused(with(&format!("<Message>{reference}</Message>")), &why);
    }
    for reference in ["&#99999999999999999999;", "&#x1000000000;"] {
        let why = format!("Message: a reference to no character at byte {at}");
        refused(with(&format!("<Message>{reference}</Message>")), &why);
    }
    for raw in ["\x0c", "\0", "\x01", "\x1b[2J", "\u{ffff}"] {
        let why = format!("a character that XML does not allow at byte {at}");
        refused(with(&format!("<Message>{raw}</Message>")), &why);
        let at = START.len() + "<!--".len();
        let why = format!("a character that XML does not allow at byte {at}");
        refused(with(&format!("<!--{raw}-->")), &why);
    }
    for (content, why, past) in [
        ("a & b", "`&` without a reference", 3),
        ("&amp", "a reference without its `;`", 4),
        ("&#33", "a reference without its `;`", 4),
        ("&;", "`&` without a reference", 1),
        ("]]>", "`]]>` in text", 0),
    ] {
        let why = format!("Message: {why} at byte {}", at + past);
        refused(with(&format!("<Message>{content}</Message>")), &why);
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
        "the root element is <n:Notification> at byte 0",
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
        let at = body.iter().position(|byte| *byte == 0xe9).unwrap();
        refused(&body, &format!("encoding is not UTF-8 at byte {at}"));
    }
    for label in ["ISO-8859-1", "latin1", "windows-1252", "UTF-16", "utf8", ""] {
        let body = format!("<?xml version='1.0' encoding='{label}'?>{}", with(""));
        refused(body, "encoding is not UTF-8 at byte 19");
    }
    for label in ["UTF-8", "utf-8", "US-ASCII"] {
        let body = format!("<?xml version='1.0' encoding='{label}'?>{}", with(""));
        assert_eq!(event(body), event(with("")));
    }
    assert_eq!(event(format!("\u{feff}{}", with(""))), event(with("")));
    for wide in [
        with("").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
        with("").encode_utf16().flat_map(u16::to_be_bytes).collect(),
        format!("\u{feff}{}", with("")).encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ] {
        refused(wide, "encoding is not UTF-8 at byte 0");
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
    assert_eq!(event.unwrap()["ImpactedTelephoneNumbers"], json!(["1"]));
}

#[test]
fn documents_that_are_not_well_formed() {
    let whole = with("");
    let end = whole.len();
    for (body, why) in [
        (with("<a></b>"), format!("an end tag of another element at byte {}", START.len() + 3)),
        (with("<a>"), format!("an end tag of another element at byte {}", START.len() + 3)),
        (with("</a>"), format!("an end tag of another element at byte {}", START.len())),
        (format!("{whole}{whole}"), format!("a second root element at byte {end}")),
        (format!("{whole}<b/>"), format!("a second root element at byte {end}")),
        (format!("{whole}x"), format!("text outside the root element at byte {end}")),
        (format!("x{whole}"), "text outside the root element at byte 0".to_owned()),
        (format!("{whole}\0"), format!("a character that XML does not allow at byte {end}")),
        (format!("{whole}&#32;"), format!("text outside the root element at byte {end}")),
        (with("<a b='1' b='2'/>"), format!("an attribute given twice at byte {}", START.len() + 9)),
        (
            with("<a b=1/>"),
            format!("an attribute value without quotes at byte {}", START.len() + 5),
        ),
        (with("<a b/>"), format!("an attribute without `=` at byte {}", START.len() + 4)),
        (with("<a b='<'/>"), format!("`<` in an attribute value at byte {}", START.len() + 6)),
        (with("<!-- -- -->"), format!("`--` in a comment at byte {}", START.len() + 7)),
        (with("< a/>"), format!("`<` without a name at byte {}", START.len() + 1)),
        (with("<1/>"), format!("`<` without a name at byte {}", START.len() + 1)),
        (String::new(), "unexpected end of the document at byte 0".to_owned()),
        (" \n".to_owned(), "unexpected end of the document at byte 2".to_owned()),
        ("{}".to_owned(), "text outside the root element at byte 0".to_owned()),
    ] {
        refused(body, &why);
    }
    // Inside of an element that is read, the error names it.
    let read = "<Notification><SubscriptionId>".len()..START.len();
    for cut in 0..end {
        let field = if read.contains(&cut) { "SubscriptionId: " } else { "" };
        refused(&whole[..cut], &format!("{field}unexpected end of the document at byte {cut}"));
    }
}

#[test]
fn an_element_is_missing_or_there_twice() {
    refused("<Notification/>", "SubscriptionId: missing at byte 0");
    refused("<Notification></Notification>", "SubscriptionId: missing at byte 14");
    refused("<Notification><SubscriptionId/></Notification>", "SubscriptionId: missing at byte 31");
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
        "CompletedTelephoneNumbers",
        "ImpactedTelephoneNumbers",
    ] {
        for twice in [
            format!("<{name}></{name}><{name}></{name}>"),
            format!("<{name}/><x/><{name}/>"),
            format!("<{name}/><{name} a=''/>"),
        ] {
            let place = if name == "SubscriptionId" {
                START.len() + twice.find('<').unwrap()
            } else {
                START.len() + twice.rfind(&format!("<{name}")).unwrap()
            };
            refused(with(&twice), &format!("{name}: given twice at byte {place}"));
        }
    }
}

#[test]
fn an_element_where_text_is_and_text_that_is_no_date() {
    let at = START.len() + "<Status>".len();
    refused(with("<Status><a/></Status>"), &format!("Status: not text at byte {at}"));
    for date in ["never", "2023-09-12", "2023-09-12T15:11:31", "2023-02-30T00:00:00Z"] {
        refused(
            with(&format!("<LastModifiedDate>{date}</LastModifiedDate>")),
            &format!("LastModifiedDate: not a timestamp with an offset at byte {}", START.len()),
        );
    }
}

#[test]
fn another_root() {
    for (body, shown, at) in [
        ("<Order/>", "Order", 0),
        ("<?xml version='1.0'?>\n<notification></notification>", "notification", 22),
        (
            "<PortOutValidationRequest><PON/></PortOutValidationRequest>",
            "PortOutValidationRequest",
            0,
        ),
        ("<html><body>502</body></html>", "html", 0),
    ] {
        refused(body, &format!("the root element is <{shown}> at byte {at}"));
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
        let why = quick(&attributes(prefix)).unwrap_err();
        let length = format!(" {prefix}0=''").len() * 10 + format!(" {prefix}10=''").len() * 54;
        let at = START.len() + "<a".len() + length + 1;
        assert_eq!(why, format!("more than 64 attributes at byte {at}"));
    }
    let deep = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
    let at = START.len() + 127 * 3;
    assert_eq!(quick(&with(&deep)), Err(format!("nested too deeply at byte {at}")));
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
