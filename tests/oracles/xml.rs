//! Bodies in XML, judged by roxmltree.

use order_webhooks::bandwidth::{Notification, PortOutValidationRequest, TelephoneNumber};
use order_webhooks::{ParseError, webhook::ParseErrorKind};
use roxmltree::{Document, Node};

pub fn notification(body: &[u8]) {
    let read = Notification::parse_unverified(body);
    let Some((notification, root)) = judge(read, body, "Notification") else { return };
    let document = Document::parse(&root).unwrap();
    let root = document.root_element();
    assert_eq!(Some(notification.subscription_id()), text(root, "SubscriptionId").as_deref());
    let json = serde_json::to_value(&notification).unwrap();
    let is_event = text(root, "EventType").is_some();
    assert_eq!(matches!(notification, Notification::Event(_)), is_event);
    let texts: &[&str] = if is_event {
        &["EventType"]
    } else {
        &["OrderType", "OrderId", "CustomerOrderId", "Status", "Message", "Note"]
    };
    for name in texts {
        assert_eq!(json.get(name).and_then(|value| value.as_str()), text(root, name).as_deref());
    }
    let list = if is_event { "ImpactedTelephoneNumbers" } else { "CompletedTelephoneNumbers" };
    let given: Vec<_> =
        json.get(list).and_then(|list| list.as_array()).cloned().unwrap_or_default();
    assert_eq!(given, numbers(root, list));
}

pub fn port_out(body: &[u8]) {
    let read = PortOutValidationRequest::parse_unverified(body);
    let Some((request, root)) = judge(read, body, "PortOutValidationRequest") else { return };
    let document = Document::parse(&root).unwrap();
    let root = document.root_element();
    for (name, given) in [
        ("PON", request.pon()),
        ("Pin", request.pin()),
        ("AccountNumber", request.account_number()),
        ("ZipCode", request.zip_code()),
        ("SubscriberName", request.subscriber_name()),
    ] {
        assert_eq!(given, text(root, name).as_deref(), "{name}");
    }
    let given = request.telephone_numbers().iter().map(TelephoneNumber::as_str);
    let given: Vec<_> = given.collect();
    assert_eq!(given, numbers(root, "TelephoneNumbers"));
    let again = PortOutValidationRequest::parse_unverified(request.to_xml().as_bytes());
    assert_eq!(again.unwrap(), request);
}

/// The text of an element, without white space around it; `None` if it is empty
/// or not there.
fn text(parent: Node<'_, '_>, name: &str) -> Option<String> {
    let mut named = parent.children().filter(|child| child.has_tag_name(name));
    let element = named.next();
    assert!(named.next().is_none(), "{name} twice");
    element.and_then(own_text)
}

fn own_text(element: Node<'_, '_>) -> Option<String> {
    let pieces = element.children().filter(Node::is_text).filter_map(|piece| piece.text());
    let text: String = pieces.collect();
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    (!text.is_empty()).then(|| text.to_owned())
}

fn numbers(parent: Node<'_, '_>, name: &str) -> Vec<String> {
    let list = parent.children().filter(|child| child.has_tag_name(name));
    let children = list.flat_map(|list| list.children());
    children.filter(|child| child.has_tag_name("TelephoneNumber")).filter_map(own_text).collect()
}

/// roxmltree processes namespaces, and the crate does not.
fn has_namespaces(text: &str) -> bool {
    text.contains(':') || text.contains("xmlns")
}

/// What is read is a document for roxmltree too; what is refused is none, or is
/// one of the documents that the crate refuses on purpose.
fn judge<T>(read: Result<T, ParseError>, body: &[u8], root: &str) -> Option<(T, String)> {
    let text = str::from_utf8(body).ok();
    let bare = text.map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
    let other = bare.filter(|text| !has_namespaces(text)).map(Document::parse);
    match (read, other) {
        (Ok(event), Some(document)) => {
            let document = document.unwrap();
            assert!(document.root_element().has_tag_name(root));
            Some((event, bare.unwrap().to_owned()))
        }
        (Ok(_), None) => {
            assert!(text.is_some());
            None
        }
        (Err(error), document) => {
            assert!(error.at().is_none_or(|at| at <= body.len()), "{error}");
            let message = error.to_string();
            assert!(!message.contains(char::is_control) && message.len() < 500, "{message}");
            if let Some(Ok(document)) = document {
                refused(&error, &document, bare.unwrap(), root);
            }
            None
        }
    }
}

fn refused(error: &ParseError, document: &Document<'_>, text: &str, root: &str) {
    use ParseErrorKind as Kind;
    let element = document.root_element();
    match error.kind() {
        Kind::WrongRoot(_) => assert!(!element.has_tag_name(root), "{error}"),
        Kind::Missing | Kind::Repeated | Kind::Invalid(_) => {
            assert!(element.has_tag_name(root), "{error}");
        }
        Kind::TooDeep => {
            let depth = |node: Node<'_, '_>| node.ancestors().count();
            assert!(document.descendants().any(|node| depth(node) > 128), "{error}");
        }
        Kind::Encoding => assert!(text.contains("encoding"), "{error}"),
        Kind::Syntax(how) if how == "more than 64 attributes" => {
            let most = document.descendants().map(|node| node.attributes().count()).max();
            assert!(most > Some(64), "{error}");
        }
        // What roxmltree lets through.
        Kind::Syntax(how) => {
            assert!(is_lenient(how, error.at().unwrap(), text), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

/// Mistakes that roxmltree does not mind: it hardly looks at the declaration and
/// at processing instructions.
fn is_lenient(how: &str, at: usize, text: &str) -> bool {
    let declaration = text.starts_with("<?xml").then(|| text.find("?>")).flatten();
    if declaration.is_some_and(|end| at <= end + '\u{feff}'.len_utf8() + "?>".len()) {
        return true;
    }
    let instructions = [
        "a processing instruction without white space after its name",
        "an XML declaration in the wrong place",
    ];
    instructions.contains(&how) && text.contains("<?")
}
