//! Bodies in XML, judged by roxmltree.

use order_webhooks::bandwidth::{Notification, PortOutValidationRequest, TelephoneNumber};
use order_webhooks::{ParseError, webhook::ParseErrorKind};
use roxmltree::{Document, Node};

pub fn notification(body: &[u8]) {
    let read = Notification::parse_unverified(body);
    let Some((notification, root)) = judge(read, body, "Notification") else { return };
    let document = Document::parse(&root).unwrap();
    let root = document.root_element();
    assert_eq!(notification.subscription_id(), first(root, "SubscriptionId").as_deref());
    let json = serde_json::to_value(&notification).unwrap();
    let is_event = first(root, "EventType").is_some();
    assert_eq!(matches!(notification, Notification::Event(_)), is_event);
    let texts: &[&str] = if is_event {
        &["EventType"]
    } else {
        &[
            "OrderType",
            "OrderId",
            "CustomerOrderId",
            "Status",
            "Message",
            "Note",
            "LastModifiedDate",
            "ActualFocDate",
        ]
    };
    for name in texts {
        assert_eq!(json.get(name).and_then(|value| value.as_str()), first(root, name).as_deref());
    }
    let list = if is_event { "ImpactedTelephoneNumbers" } else { "CompletedTelephoneNumbers" };
    let given: Vec<TelephoneNumber> = json
        .get(list)
        .map(|list| serde_json::from_value(list.clone()).unwrap())
        .unwrap_or_default();
    let mut listed = numbers(root, &["CompletedTelephoneNumbers", "ImpactedTelephoneNumbers"]);
    if is_event {
        let mut seen = Vec::new();
        listed.retain(|number| {
            let is_new = !seen.contains(number);
            seen.push(number.clone());
            is_new
        });
    }
    assert_eq!(as_written(&given), as_written(&listed));
    let again = Notification::parse_unverified(notification.to_xml().as_bytes());
    assert_eq!(again.as_ref(), Ok(&notification));
    assert_eq!(serde_json::from_value::<Notification>(json).unwrap(), notification);
}

pub fn port_out(body: &[u8]) {
    let read = PortOutValidationRequest::parse_unverified(body);
    let Some((request, root)) = judge(read, body, "PortOutValidationRequest") else { return };
    let document = Document::parse(&root).unwrap();
    let root = document.root_element();
    for (name, given) in [
        ("PON", request.pon.as_deref()),
        ("Pin", request.pin.as_deref()),
        ("AccountNumber", request.account_number.as_deref()),
        ("ZipCode", request.zip_code.as_deref()),
        ("SubscriberName", request.subscriber_name.as_deref()),
    ] {
        assert!(root.children().filter(|child| child.has_tag_name(name)).count() < 2, "{name}");
        assert_eq!(given, first(root, name).as_deref(), "{name}");
    }
    let listed = numbers(root, &["TelephoneNumbers"]);
    assert_eq!(as_written(&request.telephone_numbers), as_written(&listed));
    let again = PortOutValidationRequest::parse_unverified(request.to_xml().as_bytes());
    assert_eq!(again.unwrap(), request);
}

fn as_written(numbers: &[TelephoneNumber]) -> Vec<&str> {
    numbers.iter().map(TelephoneNumber::as_str).collect()
}

/// The text of the first element of this name that has one, without white space
/// around it. One with an element in it has none.
fn first(parent: Node<'_, '_>, name: &str) -> Option<String> {
    parent.children().filter(|child| child.has_tag_name(name)).find_map(own_text)
}

fn own_text(element: Node<'_, '_>) -> Option<String> {
    if element.children().any(|child| child.is_element()) {
        return None;
    }
    let pieces = element.children().filter(Node::is_text).filter_map(|piece| piece.text());
    let text: String = pieces.collect();
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    (!text.is_empty()).then(|| text.to_owned())
}

fn numbers(parent: Node<'_, '_>, names: &[&str]) -> Vec<TelephoneNumber> {
    let is_list = |child: &Node<'_, '_>| names.iter().any(|name| child.has_tag_name(*name));
    let items = parent.children().filter(is_list).flat_map(|list| list.children());
    let texts = items.filter(|child| child.has_tag_name("TelephoneNumber")).filter_map(own_text);
    texts.map(|text| TelephoneNumber::from(&*text)).collect()
}

/// roxmltree processes namespaces, and the crate does not.
fn has_namespaces(text: &str) -> bool {
    text.contains(':') || text.contains("xmlns")
}

/// What roxmltree reads is read here too, or refused on purpose. The other way
/// round does not hold: the crate does not judge what it does not read.
fn judge<T>(read: Result<T, ParseError>, body: &[u8], root: &str) -> Option<(T, String)> {
    let text = str::from_utf8(body).ok();
    let bare = text.map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
    // It reads a `?>` in the quotes of the declaration over, where it ends.
    let declaration = bare.and_then(|text| text.split("?>").next());
    let is_odd =
        |start: &str| start.starts_with("<?xml") && start.matches(['\'', '"']).count() % 2 == 1;
    if declaration.is_some_and(is_odd) {
        return None;
    }
    // It keeps a carriage return before a reference.
    let lines = bare.map(|text| text.replace("\r\n", "\n").replace('\r', "\n"));
    let other = lines.as_deref().filter(|text| !has_namespaces(text)).map(Document::parse);
    match (read, other) {
        (Ok(event), Some(Ok(document))) => {
            assert!(document.root_element().has_tag_name(root));
            Some((event, lines.clone().unwrap()))
        }
        (Ok(_), _) => {
            assert!(text.is_some());
            None
        }
        (Err(error), document) => {
            let position = error.position().unwrap();
            let lines = body.split(|byte| *byte == b'\n').collect::<Vec<_>>();
            let line = lines[position.line - 1];
            assert!((1..=line.len() + 1).contains(&position.column), "{error}");
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
            assert_eq!(root, "PortOutValidationRequest", "{error}");
        }
        Kind::TooDeep => {
            let depth = |node: Node<'_, '_>| node.ancestors().count();
            assert!(document.descendants().any(|node| depth(node) > 128), "{error}");
        }
        Kind::Encoding => assert!(text.contains("encoding"), "{error}"),
        other => panic!("{other:?}"),
    }
}
