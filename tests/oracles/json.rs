//! Bodies in JSON, judged by `serde_json::Value`.

use order_webhooks::bandwidth::SubscriptionWebhook;
use order_webhooks::musement::OrderItemUpdate;
use order_webhooks::porterbuddy::{OrderRequest, OrderStatusUpdate};
use order_webhooks::{ParseError, Secret, Webhook, webhook::ParseErrorKind};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::Value;

const MUSEMENT: [&str; 10] = [
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
const PORTERBUDDY: [&str; 6] =
    ["orderId", "orderStatus", "pickupDate", "pickupTime", "statusUpdatedAt", "orderReference"];

pub fn musement(body: &[u8]) {
    let read = OrderItemUpdate::parse_unverified(body);
    if let Some(update) = judge(read, body, &MUSEMENT, 10) {
        let written = serde_json::to_vec(&update).unwrap();
        assert_eq!(OrderItemUpdate::parse_unverified(&written).unwrap(), update);
        let fields = entries(body).unwrap();
        let status = &fields.iter().find(|(name, _)| name == "order_item_status").unwrap().1;
        assert_eq!(update.order_item_status.as_str(), status);
        let id = &fields.iter().find(|(name, _)| name == "order_id").unwrap().1;
        let digits = id.as_str().unwrap().trim_start_matches('0');
        let expected = if digits.is_empty() { "0" } else { digits };
        assert_eq!(update.order_id.to_string(), expected);
    }
}

pub fn porterbuddy(body: &[u8]) {
    let read = OrderStatusUpdate::parse_unverified(body);
    if let Some(update) = judge(read, body, &PORTERBUDDY, 2) {
        let written = serde_json::to_vec(&update).unwrap();
        assert_eq!(OrderStatusUpdate::parse_unverified(&written).unwrap(), update);
        let fields = entries(body).unwrap();
        let id = &fields.iter().find(|(name, _)| name == "orderId").unwrap().1;
        assert_eq!(update.order_id.as_str(), id);
        let reference = fields.iter().find(|(name, _)| name == "orderReference");
        let reference = reference.and_then(|(_, value)| value.as_str());
        assert_eq!(update.order_reference.as_deref(), reference);
    }
}

pub fn order_request(body: &[u8]) {
    match OrderRequest::parse(body) {
        Ok(request) => {
            assert!(value(body).is_ok());
            let written = request.to_json();
            assert_eq!(OrderRequest::parse(written.as_bytes()).unwrap(), request);
        }
        Err(error) => {
            sound(&error, body);
            assert!(value(body).is_err() || is_about_values(&error), "{error}");
        }
    }
}

/// Read as `Value`, both say the same of every body.
pub fn subscription(body: &[u8]) {
    let webhook = SubscriptionWebhook::<Value>::new(&Secret::new("key").unwrap());
    match (webhook.parse(body), value(body)) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs),
        (Err(error), Err(_)) => sound(&error, body),
        (ours, theirs) => panic!("{ours:?} {theirs:?}"),
    }
}

fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

fn value(body: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(without_mark(body))
}

/// A place inside of the body, and a message of one line.
fn sound(error: &ParseError, body: &[u8]) {
    assert!(error.at().is_none_or(|at| at <= body.len()), "{error}");
    let message = error.to_string();
    assert!(!message.contains(char::is_control) && message.len() < 1_000, "{message}");
}

/// Whether an error says that the body is JSON, but not the right one.
fn is_about_values(error: &ParseError) -> bool {
    let kind = error.kind();
    matches!(kind, ParseErrorKind::Missing | ParseErrorKind::Repeated | ParseErrorKind::Invalid(_))
}

/// What is read is JSON with each known field once and of the right type; what
/// is refused is no JSON, or has what the error says.
fn judge<T>(
    read: Result<T, ParseError>,
    body: &[u8],
    names: &[&str],
    required: usize,
) -> Option<T> {
    let json = value(body);
    match read {
        Ok(event) => {
            assert!(json.unwrap().is_object());
            let entries = entries(body).unwrap();
            for (number, name) in names.iter().enumerate() {
                let values: Vec<_> = entries.iter().filter(|(known, _)| known == name).collect();
                match &values[..] {
                    [(_, Value::String(_))] => {}
                    [(_, Value::Null)] | [] if number >= required => {}
                    other => panic!("{name}: {other:?}"),
                }
            }
            Some(event)
        }
        Err(error) => {
            sound(&error, body);
            if let Ok(json) = json {
                assert!(is_about_values(&error), "{error}");
                refused(&error, &json, body);
            }
            None
        }
    }
}

fn refused(error: &ParseError, json: &Value, body: &[u8]) {
    let Some(field) = error.field() else {
        assert!(!json.is_object(), "{error}");
        return;
    };
    let entries = entries(body).unwrap();
    let values: Vec<_> = entries.iter().filter(|(name, _)| name == field).collect();
    match error.kind() {
        ParseErrorKind::Missing => assert!(values.is_empty(), "{error}"),
        ParseErrorKind::Repeated => assert!(values.len() > 1, "{error}"),
        ParseErrorKind::Invalid(what) if what == "a string" => {
            assert!(values.iter().any(|(_, value)| !value.is_string()), "{error}");
        }
        _ => assert!(!values.is_empty(), "{error}"),
    }
}

/// The fields of an object, those that come twice too.
fn entries(body: &[u8]) -> serde_json::Result<Vec<(String, Value)>> {
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(String, Value)>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }
    serde_json::Deserializer::from_slice(without_mark(body)).deserialize_map(Entries)
}
