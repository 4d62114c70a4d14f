//! The body of the order item webhook.

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::ParseError;
use crate::musement::OrderItemStatus;
use crate::tracking::{Key, Revision, Tracked};
use crate::wire::{json, serialize, time as timestamp};

/// An order item whose status has changed.
///
/// On the wire it is a JSON object of ten strings, all required. It serialises
/// back to the same object.
///
/// Source: Musement partner API, "Order item webhook".
///
/// ```
/// use order_webhooks::musement::{OrderItemStatus, OrderItemUpdate};
///
/// let body = br#"{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00",
///   "order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000",
///   "order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd",
///   "order_item_created":"2018-12-10T13:12:40+0000",
///   "order_item_updated":"2018-12-10T13:12:40+0000",
///   "order_item_version":"22","order_item_status":"OK"}"#;
/// let update = OrderItemUpdate::parse_unverified(body)?;
/// assert_eq!(update.order_item_version, 22);
/// assert_eq!(update.order_item_status, OrderItemStatus::Ok);
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OrderItemUpdate {
    /// The number of the order: decimal digits on the wire, at most
    /// 18,446,744,073,709,551,615.
    #[serde(serialize_with = "as_text")]
    pub order_id: u64,
    /// The order, as the partner API's paths name it.
    #[serde(serialize_with = "as_text")]
    pub order_uuid: Uuid,
    /// When the order was made: ISO 8601 with a basic offset,
    /// `2018-12-10T13:12:40+0000`.
    #[serde(serialize_with = "serialize::basic")]
    pub order_created: OffsetDateTime,
    /// When the order was last changed.
    #[serde(serialize_with = "serialize::basic")]
    pub order_updated: OffsetDateTime,
    /// How many times the order was changed.
    #[serde(serialize_with = "as_text")]
    pub order_version: u64,
    /// The order item.
    #[serde(serialize_with = "as_text")]
    pub order_item_uuid: Uuid,
    /// When the item was made.
    #[serde(serialize_with = "serialize::basic")]
    pub order_item_created: OffsetDateTime,
    /// When the item was last changed.
    #[serde(serialize_with = "serialize::basic")]
    pub order_item_updated: OffsetDateTime,
    /// How many times the item was changed: the greater of two is the newer.
    #[serde(serialize_with = "as_text")]
    pub order_item_version: u64,
    /// Where the item stands now.
    pub order_item_status: OrderItemStatus,
}

impl OrderItemUpdate {
    /// Reads a body that nobody has verified, such as one out of a store of
    /// verified ones.
    ///
    /// # Errors
    ///
    /// For anything but a JSON object in UTF-8, a missing or repeated field
    /// (`order_uuid: missing`), a field that is not a string, an id or version
    /// that is not digits or too great (`"-1"`), and a time without its offset
    /// (`"2018-12-10T13:12:40"`).
    pub fn parse_unverified(body: &[u8]) -> Result<Self, ParseError> {
        let (fields, []) = json::text_fields(body, &FIELDS, &[])?;
        let [
            order_id,
            order_uuid,
            order_created,
            order_updated,
            order_version,
            order_item_uuid,
            order_item_created,
            order_item_updated,
            order_item_version,
            order_item_status,
        ] = fields;
        Ok(Self {
            order_id: order_id.convert("order_id", NUMBER, digits)?,
            order_uuid: order_uuid.convert("order_uuid", ID, uuid)?,
            order_created: order_created.convert("order_created", TIME, timestamp::parse)?,
            order_updated: order_updated.convert("order_updated", TIME, timestamp::parse)?,
            order_version: order_version.convert("order_version", NUMBER, digits)?,
            order_item_uuid: order_item_uuid.convert("order_item_uuid", ID, uuid)?,
            order_item_created: order_item_created.convert(
                "order_item_created",
                TIME,
                timestamp::parse,
            )?,
            order_item_updated: order_item_updated.convert(
                "order_item_updated",
                TIME,
                timestamp::parse,
            )?,
            order_item_version: order_item_version.convert("order_item_version", NUMBER, digits)?,
            order_item_status: OrderItemStatus::from(&*order_item_status.value),
        })
    }
}

/// The thing is the order item, `musement.item:` and its uuid. The revision is
/// `order_item_version`, which counts the updates of the item, so that any two
/// updates of one item can be told: two of one version are the same.
impl Tracked for OrderItemUpdate {
    fn key(&self) -> Key {
        Key::new(KIND, &self.order_item_uuid.to_string())
    }

    fn revision(&self) -> Revision {
        Revision::counted(self.order_item_version)
    }
}

/// The kind of an order item's key.
pub(super) const KIND: &str = "musement.item";

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

const NUMBER: &str = "a number of digits up to 18446744073709551615";
const ID: &str = "a UUID";
const TIME: &str = "a timestamp with an offset";

/// `^[0-9]+$` and nothing else; the standard parser would take a plus sign.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok()
}

fn as_text<S: Serializer>(value: &impl ToString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;
    use uuid::uuid;

    const SAMPLE: &str = r#"{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-11T13:12:40+0000","order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_created":"2018-12-12T13:12:40+0100","order_item_updated":"2018-12-13T13:12:40+0000","order_item_version":"22","order_item_status":"OK"}"#;

    #[track_caller]
    fn parse(body: &str) -> Result<OrderItemUpdate, String> {
        OrderItemUpdate::parse_unverified(body.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_field_is_read_and_written_back() {
        let expected = OrderItemUpdate {
            order_id: 13_459_345,
            order_uuid: uuid!("8e9e5c6e-ea7d-4934-8753-f00954f30d00"),
            order_created: datetime!(2018-12-10 13:12:40 UTC),
            order_updated: datetime!(2018-12-11 13:12:40 UTC),
            order_version: 16,
            order_item_uuid: uuid!("11045e18-e3ca-42e1-acb4-0d5be75036fd"),
            order_item_created: datetime!(2018-12-12 13:12:40 +1),
            order_item_updated: datetime!(2018-12-13 13:12:40 UTC),
            order_item_version: 22,
            order_item_status: OrderItemStatus::Ok,
        };
        assert_eq!(parse(SAMPLE), Ok(expected.clone()));
        assert_eq!(serde_json::to_string(&expected).unwrap(), SAMPLE);
    }

    #[test]
    fn every_documented_status_and_one_of_tomorrow() {
        for status in OrderItemStatus::KNOWN {
            let body = SAMPLE.replace("\"OK\"", &format!("\"{status}\""));
            assert_eq!(parse(&body).unwrap().order_item_status, *status);
        }
        let body = SAMPLE.replace("\"OK\"", "\"TOMORROW\"");
        let tomorrow = parse(&body).unwrap().order_item_status;
        assert_eq!(tomorrow, OrderItemStatus::Other("TOMORROW".into()));
    }

    #[test]
    fn every_field_is_required() {
        for field in FIELDS {
            let body = SAMPLE.replace(&format!("\"{field}\""), "\"other\"");
            assert_eq!(parse(&body), Err(format!("{field}: missing")));
        }
    }

    #[test]
    fn what_a_field_does_not_take() {
        let number = "not a number of digits up to 18446744073709551615";
        let time = "not a timestamp with an offset";
        for (from, to, message) in [
            ("\"13459345\"", "\"\"", format!("order_id: {number} at byte 12")),
            ("\"13459345\"", "\"+1\"", format!("order_id: {number} at byte 12")),
            ("\"13459345\"", "\"-1\"", format!("order_id: {number} at byte 12")),
            ("\"13459345\"", "\"18446744073709551616\"", format!("order_id: {number} at byte 12")),
            ("\"13459345\"", "13459345", "order_id: not a string at byte 12".into()),
            ("8e9e5c6e-", "8e9e5c6-", "order_uuid: not a UUID at byte 36".into()),
            (
                "2018-12-10T13:12:40+0000",
                "2018-12-10T13:12:40",
                format!("order_created: {time} at byte 91"),
            ),
            (
                "2018-12-10T13:12:40+0000",
                "2018-12-32T13:12:40Z",
                format!("order_created: {time} at byte 91"),
            ),
            ("\"OK\"", "null", "order_item_status: not a string at byte 381".into()),
        ] {
            let body = SAMPLE.replacen(from, to, 1);
            assert_ne!(body, SAMPLE);
            assert_eq!(parse(&body), Err(message), "{to}");
        }
        let greatest = SAMPLE.replace("13459345", "18446744073709551615");
        assert_eq!(parse(&greatest).unwrap().order_id, u64::MAX);
        let exact = SAMPLE.replace("13459345", "12345678901234567890");
        assert_eq!(parse(&exact).unwrap().order_id, 12_345_678_901_234_567_890);
    }
}
