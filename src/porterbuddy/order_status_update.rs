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
