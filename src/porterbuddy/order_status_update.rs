//! The body of the order webhook.

use serde::{Deserialize, Serialize};

use crate::error::ParseError;
use crate::tracking::{ContentDigest, Key, Revision, Timestamp, Tracked};
use crate::wire::words::open_enum;
use crate::wire::{json, lenient};

/// An order whose status or pickup time has changed.
///
/// On the wire it is the JSON object that the order status endpoint returns
/// too. "Not exhaustive, other optional values may be returned": only `orderId`
/// and `orderStatus` can be relied on and are required. A number is taken for
/// text. An optional field that is missing, null or of another kind is `None`;
/// a time that cannot be read, or has no offset, keeps its text. A lone surrogate
/// in a text becomes U+FFFD. Other fields are ignored.
///
/// It serialises to and deserialises from the same names, so it can go through
/// a queue.
///
/// Source: Porterbuddy developer documentation, "Fetch order status".
///
/// ```
/// use order_webhooks::porterbuddy::{OrderStatus, OrderStatusUpdate};
///
/// let body = br#"{"orderId":"394326","orderStatus":"canceled","pickupDate":"2023-02-13",
///   "pickupTime":"2023-02-13T15:00:00+02:00",
///   "statusUpdatedAt":"2021-06-08T12:16:40.32538Z","orderReference":"order-12345"}"#;
/// let update = OrderStatusUpdate::parse_unverified(body)?;
/// assert_eq!(update.order_id, "394326");
/// assert_eq!(update.order_status, OrderStatus::Cancelled);
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderStatusUpdate {
    /// Porterbuddy's id of the order: text, though it looks like a number. A number
    /// of any length is kept as its digits. Required, and not empty.
    #[serde(deserialize_with = "lenient::id")]
    pub order_id: String,
    /// Where the order stands. Required.
    pub order_status: OrderStatus,
    /// The day of the pickup, `2023-02-13`, without a time zone:
    /// [`Timestamp::to_date`] reads it. Deprecated by the provider in favour of
    /// `pickupTime`.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pickup_date: Option<Timestamp>,
    /// The time of the pickup, RFC 3339: `2023-02-13T15:00:00+02:00`.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pickup_time: Option<Timestamp>,
    /// When the status changed, RFC 3339: `2021-06-08T12:16:40.32538Z`. Of two
    /// updates of one order, the later is the newer.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_updated_at: Option<Timestamp>,
    /// The shop's own reference of the order, from the order request.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_reference: Option<String>,
    /// The reference of the shop's transport management system (TMS), from the order
    /// request. Porterbuddy returns it since March 2022.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tms_reference: Option<String>,
}

impl OrderStatusUpdate {
    /// Reads a body without verifying it, such as one that was verified before
    /// it was stored.
    ///
    /// # Errors
    ///
    /// For anything but a JSON object in UTF-8 (the documentation's own example
    /// has a trailing comma and is refused); without `orderId` or `orderStatus`
    /// (`orderStatus: missing at line 1 column 15`), or with a null, a list or an
    /// object there; for an `orderId` that is empty or white space, or has a lone
    /// surrogate, `"39\ud8004326"`: two unrelated orders would be one; and for a
    /// field of this type that is there twice.
    pub fn parse_unverified(body: &[u8]) -> Result<Self, ParseError> {
        json::event(body)
    }
}

/// The thing is the order, `porterbuddy.order:` and its id. The revision is
/// `statusUpdatedAt`, which is when the *status* changed. A new pickup time
/// need not change it, so two updates of one time are the same only if all the
/// rest is, and otherwise cannot be put in order. Neither can one without
/// `statusUpdatedAt`, or with one that has no offset.
impl Tracked for OrderStatusUpdate {
    fn key(&self) -> Key {
        Key::new("porterbuddy.order", &self.order_id)
    }

    fn revision(&self) -> Revision {
        let mut same = self.clone();
        for time in [&mut same.pickup_date, &mut same.pickup_time, &mut same.status_updated_at] {
            *time = time.as_ref().map(Timestamp::normal);
        }
        let changed = self.status_updated_at.as_ref().and_then(Timestamp::to_offset_date_time);
        Revision::dated(changed, ContentDigest::of_event(&same))
    }
}

open_enum! {
    /// The status of an order.
    ///
    /// The documentation says that its list changes. Unknown statuses become
    /// [`OrderStatus::Other`], with their text. `Display` writes a status as
    /// Porterbuddy does.
    ///
    /// Source: Porterbuddy developer documentation, "Order status".
    ///
    /// ```
    /// use order_webhooks::porterbuddy::OrderStatus;
    ///
    /// assert_eq!(OrderStatus::from("delivered"), OrderStatus::Delivered);
    /// assert_eq!(OrderStatus::from("NEW").as_str(), "NEW");
    /// ```
    pub enum OrderStatus {
        /// The order has been received.
        Received = "received",
        /// Ready to be picked up.
        Ready = "ready",
        /// On its way.
        InDelivery = "in_delivery",
        /// Delivered.
        Delivered = "delivered",
        /// Cancelled. The documentation has both spellings; it is written with
        /// two l.
        Cancelled = "cancelled" | "canceled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"{"orderId":"394326","orderStatus":"cancelled","pickupDate":"2023-02-13","pickupTime":"2023-02-13T15:00:00+02:00","statusUpdatedAt":"2021-06-08T12:16:40.32538Z","orderReference":"order-12345","tmsReference":"TMS-4711"}"#;

    #[track_caller]
    fn parse(body: &str) -> Result<OrderStatusUpdate, String> {
        OrderStatusUpdate::parse_unverified(body.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_field_is_read_and_written_back() {
        let expected = OrderStatusUpdate {
            order_id: "394326".into(),
            order_status: OrderStatus::Cancelled,
            pickup_date: Some("2023-02-13".into()),
            pickup_time: Some("2023-02-13T15:00:00+02:00".into()),
            status_updated_at: Some("2021-06-08T12:16:40.32538Z".into()),
            order_reference: Some("order-12345".into()),
            tms_reference: Some("TMS-4711".into()),
        };
        assert_eq!(parse(SAMPLE), Ok(expected.clone()));
        assert_eq!(serde_json::to_string(&expected).unwrap(), SAMPLE);
        let american = SAMPLE.replace("cancelled", "canceled");
        assert_eq!(parse(&american), Ok(expected));
    }

    #[test]
    fn only_id_and_status_are_required() {
        let least = OrderStatusUpdate {
            order_id: "1".into(),
            order_status: OrderStatus::Other("lost".into()),
            pickup_date: None,
            pickup_time: None,
            status_updated_at: None,
            order_reference: None,
            tms_reference: None,
        };
        let text = r#"{"orderId":"1","orderStatus":"lost"}"#;
        assert_eq!(parse(text), Ok(least.clone()));
        assert_eq!(serde_json::to_string(&least).unwrap(), text);
        let null = r#"{"orderId":"1","orderStatus":"lost","pickupTime":null,"new":{"a":[1]}}"#;
        assert_eq!(parse(null), Ok(least));
        for (body, message) in [
            (r#"{"orderId":"1"}"#, "orderStatus: missing at line 1 column 15"),
            (r#"{"orderStatus":"ready"}"#, "orderId: missing at line 1 column 23"),
            (r#"{"orderStatus":[],"orderId":"1"}"#, "orderStatus: not text at line 1 column 16"),
        ] {
            assert_eq!(parse(body), Err(message.to_owned()));
        }
    }

    /// Two unrelated orders would be one.
    #[test]
    fn an_id_that_identifies_nothing_is_refused() {
        let expected = "orderId: not text of at least one character at line 1 column 12";
        for id in [r#""""#, r#"" ""#, r#""\t\u00a0""#, "null", "[]"] {
            let body = format!(r#"{{"orderId":{id},"orderStatus":"ready"}}"#);
            assert_eq!(parse(&body), Err(expected.to_owned()), "{id}");
            assert!(serde_json::from_str::<OrderStatusUpdate>(&body).is_err(), "{id}");
        }
        for id in [r#""\ud800""#, r#""39\udc004326""#] {
            let body = format!(r#"{{"orderId":{id},"orderStatus":"ready"}}"#);
            let expected = "orderId: not text without lone surrogates at line 1 column 12";
            assert_eq!(parse(&body), Err(expected.to_owned()), "{id}");
        }
        let status = parse(r#"{"orderId":"1","orderStatus":"re\ud800dy"}"#).unwrap().order_status;
        assert_eq!(status.as_str(), "re\u{fffd}dy");
    }

    #[test]
    fn an_id_is_kept_exactly() {
        let numbers =
            ["394326", "12345678901234567890", "123456789012345678901", "-1", "1.50", "-0"];
        for id in numbers.into_iter().chain(["1e999999"]) {
            for written in [id.to_owned(), format!("\"{id}\"")] {
                let body = format!(r#"{{"orderId":{written},"orderStatus":"ready"}}"#);
                assert_eq!(parse(&body).unwrap().order_id, id);
            }
        }
        assert_eq!(parse(r#"{"orderId":"0012","orderStatus":"ready"}"#).unwrap().order_id, "0012");
    }

    #[test]
    fn a_time_without_an_offset_keeps_its_text_and_puts_nothing_in_order() {
        let body = SAMPLE.replace("T15:00:00+02:00", "T15:00:00").replace("32538Z", "32538");
        let update = parse(&body).unwrap();
        assert_eq!(update.pickup_time.as_ref().unwrap().as_str(), "2023-02-13T15:00:00");
        assert_eq!(serde_json::to_string(&update).unwrap(), body);
        assert!(!update.revision().can_be_ordered());
        assert!(parse(SAMPLE).unwrap().revision().can_be_ordered());
    }
}
