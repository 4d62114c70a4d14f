//! The body of the order item webhook.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::error::ParseError;
use crate::musement::OrderId;
use crate::tracking::{ContentDigest, Key, Revision, Timestamp, Tracked};
use crate::wire::words::open_enum;
use crate::wire::{json, lenient};

/// An order item whose status has changed.
///
/// On the wire it is a JSON object. The documentation has ten fields, all
/// required and all text. Here only three are required, which say which item it
/// is and what happened to it: Musement sends until it gets a 200, so an update
/// that is refused over a date would come again and again and never get in. A
/// number is taken for text, and text for a number. A field that is missing,
/// null, or not what it should be is `None`; a date that cannot be read keeps
/// its text. A lone surrogate in a text becomes U+FFFD. Other fields are ignored.
///
/// It serialises to an object of the documented form, and deserialises from
/// that, so it can go through a queue.
///
/// Source: Musement partner API 3.4.0 and 3.5.0, "Order item webhook" and "Update
/// order item".
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
/// assert_eq!(update.order_item_version, Some(22));
/// assert_eq!(update.order_item_status, OrderItemStatus::Ok);
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderItemUpdate {
    /// The number of the order: decimal digits, `13459345`, of any length.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The order, as the partner API's paths name it. Required.
    #[serde(deserialize_with = "uuid")]
    pub order_uuid: Uuid,
    /// When the order was made: ISO 8601 with a basic offset,
    /// `2018-12-10T13:12:40+0000`.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_created: Option<Timestamp>,
    /// When the order was last changed.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_updated: Option<Timestamp>,
    /// How many times the order was changed: decimal digits on the wire, up to
    /// 18,446,744,073,709,551,615.
    #[serde(default, deserialize_with = "count", serialize_with = "as_text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_version: Option<u64>,
    /// The order item. Required.
    #[serde(deserialize_with = "uuid")]
    pub order_item_uuid: Uuid,
    /// When the item was made.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_item_created: Option<Timestamp>,
    /// When the item was last changed.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_item_updated: Option<Timestamp>,
    /// How many times the item was changed: the greater of two is the newer. As
    /// `order_version` on the wire.
    #[serde(default, deserialize_with = "count", serialize_with = "as_text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_item_version: Option<u64>,
    /// Where the item stands now. Required.
    pub order_item_status: OrderItemStatus,
}

impl OrderItemUpdate {
    /// Reads a body without verifying it, such as one that was verified before
    /// it was stored.
    ///
    /// # Errors
    ///
    /// For anything but a JSON object in UTF-8; for one of the three required
    /// fields that is missing (`order_uuid: missing at line 1 column 36`), null or
    /// of another kind (`"order_uuid": "13459345"`, `"order_item_status": []`); and
    /// for a field of this type that is there twice.
    pub fn parse_unverified(body: &[u8]) -> Result<Self, ParseError> {
        json::event(body)
    }
}

/// The thing is the order item, `musement.item:` and its uuid. The revision is
/// `order_item_version`, which counts the updates of the item, so any two
/// updates of one item can be compared: two of one version are the same.
/// Without it the revision cannot be put in order.
impl Tracked for OrderItemUpdate {
    fn key(&self) -> Key {
        Key::new(KIND, &self.order_item_uuid.to_string())
    }

    fn revision(&self) -> Revision {
        match self.order_item_version {
            Some(version) => Revision::counted(version),
            None => Revision::unordered(ContentDigest::of_event(self)),
        }
    }
}

/// The kind of an order item's key.
pub(crate) const KIND: &str = "musement.item";

fn uuid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    lenient::required(deserializer, "a UUID", as_uuid)
}

pub(crate) fn as_uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok()
}

/// `^[0-9]+$` and nothing else; the standard parser would take a plus sign.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    lenient::optional(deserializer, |text| {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
    })
}

#[allow(clippy::ref_option, reason = "serde calls this with a reference to the field")]
fn as_text<S: Serializer>(count: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match count {
        Some(count) => serializer.collect_str(count),
        None => serializer.serialize_none(),
    }
}

open_enum! {
    /// The status of an order item.
    ///
    /// The guide lists five of these, the reference six, so the list is open.
    /// Unknown statuses become [`OrderItemStatus::Other`], with their text. `Display`
    /// writes a status as Musement does.
    ///
    /// Source: Musement partner API, "Order status" and "Update order item".
    ///
    /// ```
    /// use order_webhooks::musement::OrderItemStatus;
    ///
    /// assert_eq!(OrderItemStatus::from("OK"), OrderItemStatus::Ok);
    /// assert_eq!(OrderItemStatus::from("NEW").as_str(), "NEW");
    /// ```
    pub enum OrderItemStatus {
        /// Payment and confirmation are in progress.
        Pending = "PENDING",
        /// The item is valid.
        Ok = "OK",
        /// The item could not be finalised.
        Ko = "KO",
        /// A refund has begun. Temporary: it becomes [`Self::Refunded`]. The newer
        /// guide does not name it among the changes that are notified, so it may be
        /// seen only by polling.
        RefundStarted = "REFUND_STARTED",
        /// Cancelled, and partly or fully refunded.
        Refunded = "REFUNDED",
        /// A cancellation failed. Temporary: it becomes [`Self::Ok`] or
        /// [`Self::Refunded`].
        CancellationError = "CANCELLATION_ERROR",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::uuid;

    const SAMPLE: &str = r#"{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-11T13:12:40+0000","order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_created":"2018-12-12T13:12:40+0100","order_item_updated":"2018-12-13T13:12:40+0000","order_item_version":"22","order_item_status":"OK"}"#;

    #[track_caller]
    fn parse(body: &str) -> Result<OrderItemUpdate, String> {
        OrderItemUpdate::parse_unverified(body.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_field_is_read_and_written_back() {
        let expected = OrderItemUpdate {
            order_id: Some("13459345".into()),
            order_uuid: uuid!("8e9e5c6e-ea7d-4934-8753-f00954f30d00"),
            order_created: Some("2018-12-10T13:12:40+0000".into()),
            order_updated: Some("2018-12-11T13:12:40+0000".into()),
            order_version: Some(16),
            order_item_uuid: uuid!("11045e18-e3ca-42e1-acb4-0d5be75036fd"),
            order_item_created: Some("2018-12-12T13:12:40+0100".into()),
            order_item_updated: Some("2018-12-13T13:12:40+0000".into()),
            order_item_version: Some(22),
            order_item_status: OrderItemStatus::Ok,
        };
        assert_eq!(parse(SAMPLE), Ok(expected.clone()));
        assert_eq!(serde_json::to_string(&expected).unwrap(), SAMPLE);
        assert_eq!(serde_json::from_str::<OrderItemUpdate>(SAMPLE).unwrap(), expected);
        let value: serde_json::Value = serde_json::from_str(SAMPLE).unwrap();
        assert_eq!(serde_json::from_value::<OrderItemUpdate>(value).unwrap(), expected);
    }

    #[test]
    fn every_documented_status_and_an_unknown_one() {
        for status in OrderItemStatus::KNOWN {
            let body = SAMPLE.replace("\"OK\"", &format!("\"{status}\""));
            assert_eq!(parse(&body).unwrap().order_item_status, *status);
        }
        let body = SAMPLE.replace("\"OK\"", "\"NEW\"");
        assert_eq!(parse(&body).unwrap().order_item_status, OrderItemStatus::Other("NEW".into()));
    }

    /// One public handler types the versions as numbers and names an
    /// `order_status`.
    #[test]
    fn what_identifies_the_item_is_enough() {
        let least = r#"{"order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_status":"OK"}"#;
        let update = parse(least).unwrap();
        assert_eq!(serde_json::to_string(&update).unwrap(), least);
        assert!(!update.revision().can_be_ordered());
        assert_eq!(update.key(), parse(SAMPLE).unwrap().key());
        let newer = r#"{"order_status":"OK","order_item_version":22,"order_version":16,"#;
        let newer = parse(&least.replacen('{', newer, 1)).unwrap();
        assert_eq!((newer.order_version, newer.order_item_version), (Some(16), Some(22)));
        assert_eq!(newer.compare(&update), crate::tracking::Standing::Unknown);
    }

    #[test]
    fn two_updates_without_a_version_differ_by_what_they_say() {
        let without = SAMPLE.replace("\"order_item_version\"", "\"x\"");
        let update = parse(&without).unwrap();
        for (from, to) in [
            ("\"OK\"", "\"KO\""),
            ("2018-12-13", "2018-12-14"),
            ("2018-12-11", "2018-12-14"),
            ("\"16\"", "\"17\""),
        ] {
            assert_ne!(parse(&without.replace(from, to)).unwrap().revision(), update.revision());
        }
        assert_eq!(parse(&without).unwrap().revision(), update.revision());
    }
}
