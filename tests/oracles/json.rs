//! Bodies in JSON, judged by `serde_json::Value` and `RawValue`.

use order_webhooks::bandwidth::SubscriptionWebhook;
use order_webhooks::client::porterbuddy::OrderRequest;
use order_webhooks::musement::{OrderId, OrderItemUpdate, Timestamp};
use order_webhooks::porterbuddy::{OrderStatus, OrderStatusUpdate};
use order_webhooks::webhook::ParseErrorKind;
use order_webhooks::{ParseError, Secret, Webhook};
use serde::Serialize;
use serde::de::{DeserializeOwned, Deserializer as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

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
    let fields = fields(body, &MUSEMENT);
    let uuid = |text: &Option<String>| Uuid::try_parse(text.as_deref()?).ok();
    let count = |text: &Option<String>| {
        let text = text.as_deref().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        text.parse::<u64>().ok()
    };
    match (read, fields) {
        (Ok(update), Some([id, order, created, updated, version, item, of_item @ .., status])) => {
            let [item_created, item_updated, item_version] = of_item;
            assert_eq!(update.order_id.as_ref().map(OrderId::as_str), id.as_deref());
            assert_eq!(
                (Some(update.order_uuid), Some(update.order_item_uuid)),
                (uuid(&order), uuid(&item))
            );
            for (time, text) in [
                (&update.order_created, created),
                (&update.order_updated, updated),
                (&update.order_item_created, item_created),
                (&update.order_item_updated, item_updated),
            ] {
                assert_eq!(time.as_ref().map(Timestamp::as_str), text.as_deref());
                let _ = time.as_ref().map(|time| (time.to_offset_date_time(), time.to_date()));
            }
            assert_eq!(update.order_version, count(&version));
            assert_eq!(update.order_item_version, count(&item_version));
            assert_eq!(Some(update.order_item_status.as_str()), status.as_deref());
            comes_back(&update, OrderItemUpdate::parse_unverified);
        }
        (Err(error), Some([_, order, _, _, _, item, .., status])) => {
            sound(&error, body);
            assert!(is_about_values(&error), "{error}");
            assert!(uuid(&order).is_none() || uuid(&item).is_none() || status.is_none(), "{error}");
        }
        (Err(error), None) => sound(&error, body),
        (Ok(update), None) => panic!("{update:?}"),
    }
}

pub fn porterbuddy(body: &[u8]) {
    let read = OrderStatusUpdate::parse_unverified(body);
    match (read, fields(body, &PORTERBUDDY)) {
        (Ok(update), Some([id, status, date, time, updated, reference])) => {
            assert_eq!(Some(&update.order_id), id.as_ref());
            let spelled = status.map(|status| status.replace("canceled", "cancelled"));
            if spelled.as_deref() != Some(update.order_status.as_str()) {
                assert!(matches!(update.order_status, OrderStatus::Other(_)));
            }
            for (read, text) in [
                (&update.pickup_date, date),
                (&update.pickup_time, time),
                (&update.status_updated_at, updated),
            ] {
                assert_eq!(read.as_ref().map(Timestamp::as_str), text.as_deref());
            }
            assert_eq!(update.order_reference, reference);
            comes_back(&update, OrderStatusUpdate::parse_unverified);
        }
        (Err(error), Some([id, status, ..])) => {
            sound(&error, body);
            assert!(is_about_values(&error), "{error}");
            assert!(id.is_none() || status.is_none(), "{error}");
        }
        (Err(error), None) => sound(&error, body),
        (Ok(update), None) => panic!("{update:?}"),
    }
}

/// What is written is read as the same, as a body and from a queue.
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    event: &T,
    parse: impl Fn(&[u8]) -> Result<T, ParseError>,
) {
    let written = serde_json::to_vec(event).unwrap();
    assert_eq!(parse(&written).as_ref(), Ok(event));
    assert_eq!(serde_json::from_slice::<T>(&written).as_ref().ok(), Some(event));
    let value = serde_json::to_value(event).unwrap();
    assert_eq!(serde_json::from_value::<T>(value).as_ref().ok(), Some(event));
}

pub fn order_request(body: &[u8]) {
    match OrderRequest::parse_unverified(body) {
        Ok(request) => {
            assert!(value(body).is_ok());
            let written = request.to_json();
            assert_eq!(OrderRequest::parse_unverified(written.as_bytes()).unwrap(), request);
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
    let place = error.position().unwrap();
    let line = body.split(|byte| *byte == b'\n').nth(place.line - 1);
    let columns = line.map_or(0, |line| line.len() + 1);
    assert!(place.column >= 1 && place.column <= columns, "{error}");
    let message = error.to_string();
    assert!(!message.contains(char::is_control) && message.len() < 1_000, "{message}");
}

/// Whether an error says that the body is JSON, but not the right one.
fn is_about_values(error: &ParseError) -> bool {
    let kind = error.kind();
    matches!(kind, ParseErrorKind::Missing | ParseErrorKind::Repeated | ParseErrorKind::Invalid(_))
}

/// The text of each field, or the digits of its number, as `RawValue` gives them.
/// None if the body is no JSON object, or has one of the fields twice, or a lone
/// surrogate in one.
fn fields<const N: usize>(body: &[u8], names: &[&str; N]) -> Option<[Option<String>; N]> {
    let body = std::str::from_utf8(without_mark(body)).ok()?;
    let mut reader = serde_json::Deserializer::from_str(body);
    let entries = reader.deserialize_map(Entries).ok()?;
    reader.end().ok()?;
    let mut fields = [const { None }; N];
    for (name, field) in names.iter().zip(&mut fields) {
        let mut values = entries.iter().filter(|(known, _)| known == name);
        let value = values.next().map_or("null", |(_, value)| value.get());
        if values.next().is_some() {
            return None;
        }
        *field = match value.as_bytes()[0] {
            b'"' => Some(serde_json::from_str(value).ok()?),
            b'-' | b'0'..=b'9' => Some(value.to_owned()),
            _ => None,
        };
    }
    Some(fields)
}

/// The fields of an object, those that come twice too.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            let name = serde_json::from_str(key.get()).unwrap_or_else(|_| key.get().to_owned());
            entries.push((name, value));
        }
        Ok(entries)
    }
}
