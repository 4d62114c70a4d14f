//! The body of the order webhook.

use serde::Serialize;
use time::{Date, OffsetDateTime};

use crate::error::ParseError;
use crate::porterbuddy::OrderStatus;
use crate::tracking::{Fields, Key, Revision, Tracked};
use crate::wire::{json, serialize, time as timestamp};

/// An order whose status or pickup time has changed.
///
/// On the wire it is the JSON object that the order status endpoint returns
/// too. Only `orderId` and `orderStatus` can be relied on; other fields may come
/// and are ignored. It serialises back under the same names.
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderStatusUpdate {
    /// Porterbuddy's id of the order: text, though it looks like a number.
    pub order_id: String,
    /// Where the order stands.
    pub order_status: OrderStatus,
    /// The day of the pickup, `2023-02-13`, without a time zone. Deprecated by
    /// the provider in favour of `pickupTime`.
    #[serde(serialize_with = "serialize::date", skip_serializing_if = "Option::is_none")]
    pub pickup_date: Option<Date>,
    /// The time of the pickup, RFC 3339: `2023-02-13T15:00:00+02:00`.
    #[serde(serialize_with = "serialize::rfc3339", skip_serializing_if = "Option::is_none")]
    pub pickup_time: Option<OffsetDateTime>,
    /// When the status changed, RFC 3339: `2021-06-08T12:16:40.32538Z`. Of two
    /// updates of one order, the later is the newer. Digits beyond the
    /// nanosecond are cut.
    #[serde(serialize_with = "serialize::rfc3339", skip_serializing_if = "Option::is_none")]
    pub status_updated_at: Option<OffsetDateTime>,
    /// The shop's own reference of the order, from the order request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_reference: Option<String>,
}

impl OrderStatusUpdate {
    /// Reads a body that nobody has verified, such as one out of a store of
    /// verified ones.
    ///
    /// # Errors
    ///
    /// For anything but a JSON object in UTF-8 (the documentation's own example
    /// has a trailing comma and is refused), without `orderId` or `orderStatus`,
    /// with a known field twice or not a string, or with a time without its
    /// offset (`"2023-02-13T15:00:00"`). An optional field may be `null`.
    pub fn parse_unverified(body: &[u8]) -> Result<Self, ParseError> {
        let ([order_id, order_status], optional) = json::text_fields(body, &REQUIRED, &OPTIONAL)?;
        let [pickup_date, pickup_time, status_updated_at, order_reference] = optional;
        let date = |text: json::Text<'_>, field| text.convert(field, DATE, timestamp::parse_date);
        let time = |text: json::Text<'_>, field| text.convert(field, TIME, timestamp::parse);
        Ok(Self {
            order_id: order_id.value.into_owned(),
            order_status: OrderStatus::from(&*order_status.value),
            pickup_date: pickup_date.map(|text| date(text, "pickupDate")).transpose()?,
            pickup_time: pickup_time.map(|text| time(text, "pickupTime")).transpose()?,
            status_updated_at: status_updated_at
                .map(|text| time(text, "statusUpdatedAt"))
                .transpose()?,
            order_reference: order_reference.map(|text| text.value.into_owned()),
        })
    }
}

/// The thing is the order, `porterbuddy.order:` and its id. The revision is
/// `statusUpdatedAt`, which is when the *status* changed: a new pickup time need
/// not move it, so two updates of one time are the same only if all the rest of
/// them is, and else cannot be told. Without `statusUpdatedAt`, which is
/// optional, nothing can be told.
impl Tracked for OrderStatusUpdate {
    fn key(&self) -> Key {
        Key::new("porterbuddy.order", &self.order_id)
    }

    fn revision(&self) -> Revision {
        let pickup_date = self.pickup_date.map(|date| timestamp::date(date).to_string());
        let content = Fields::new()
            .with(Some(self.order_status.as_str()))
            .with(pickup_date.as_deref())
            .with_time(self.pickup_time)
            .with(self.order_reference.as_deref())
            .digest();
        Revision::perhaps_dated(self.status_updated_at, content)
    }
}

const REQUIRED: [&str; 2] = ["orderId", "orderStatus"];
const OPTIONAL: [&str; 4] = ["pickupDate", "pickupTime", "statusUpdatedAt", "orderReference"];

const DATE: &str = "a date";
const TIME: &str = "a timestamp with an offset";

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    const SAMPLE: &str = r#"{"orderId":"394326","orderStatus":"cancelled","pickupDate":"2023-02-13","pickupTime":"2023-02-13T15:00:00+02:00","statusUpdatedAt":"2021-06-08T12:16:40.32538Z","orderReference":"order-12345"}"#;

    #[track_caller]
    fn parse(body: &str) -> Result<OrderStatusUpdate, String> {
        OrderStatusUpdate::parse_unverified(body.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_field_is_read_and_written_back() {
        let expected = OrderStatusUpdate {
            order_id: "394326".into(),
            order_status: OrderStatus::Cancelled,
            pickup_date: Some(date!(2023 - 02 - 13)),
            pickup_time: Some(datetime!(2023-02-13 15:00 +2)),
            status_updated_at: Some(datetime!(2021-06-08 12:16:40.32538 UTC)),
            order_reference: Some("order-12345".into()),
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
        };
        let text = r#"{"orderId":"1","orderStatus":"lost"}"#;
        assert_eq!(parse(text), Ok(least.clone()));
        assert_eq!(serde_json::to_string(&least).unwrap(), text);
        let null = r#"{"orderId":"1","orderStatus":"lost","pickupTime":null,"new":{"a":[1]}}"#;
        assert_eq!(parse(null), Ok(least));
        for (body, message) in [
            (r#"{"orderId":"1"}"#, "orderStatus: missing"),
            (r#"{"orderStatus":"ready"}"#, "orderId: missing"),
            (r#"{"orderId":null,"orderStatus":"ready"}"#, "orderId: not a string at byte 11"),
            (r#"{"orderId":394326,"orderStatus":"ready"}"#, "orderId: not a string at byte 11"),
        ] {
            assert_eq!(parse(body), Err(message.to_owned()));
        }
    }

    #[test]
    fn what_a_field_does_not_take() {
        for (from, to, message) in [
            ("2023-02-13\"", "2023-02-30\"", "pickupDate: not a date at byte 59"),
            (
                "T15:00:00+02:00",
                "T15:00:00",
                "pickupTime: not a timestamp with an offset at byte 85",
            ),
            (
                "2021-06-08T",
                "2021-06-08 ",
                "statusUpdatedAt: not a timestamp with an offset at byte 131",
            ),
            ("}", ",}", "trailing comma at byte 190"),
        ] {
            let body = SAMPLE.replacen(from, to, 1);
            assert_ne!(body, SAMPLE);
            assert_eq!(parse(&body), Err(message.to_owned()), "{to}");
        }
    }
}
