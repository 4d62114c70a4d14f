//! A verified delivery on its way through a queue.
//!
//! A server that takes a delivery and the worker that handles it are often two
//! programs. An [`Envelope`] is what goes between them: the webhook's name, the
//! body as it came, and when it was verified. It serialises to one line of JSON
//! and opens as one enum over the events of this crate and your own.
//!
//! ```
//! # #[cfg(feature = "porterbuddy")] {
//! use order_webhooks::envelope::{Envelope, Event};
//! use order_webhooks::{Receive, Secret, porterbuddy::OrderWebhook};
//! use time::OffsetDateTime;
//!
//! # let webhook = OrderWebhook::new(&Secret::new("porterbuddy-api-key")?);
//! # let body = r#"{"orderId":"394326","orderStatus":"ready"}"#;
//! # let request = http::Request::post("/porterbuddy")
//! #     .header("x-porterbuddy-hmac-SHA256", webhook.signature().sign(body.as_bytes()))
//! #     .body(body)?;
//! // In the server:
//! let delivery = webhook.receive(request)?;
//! let line = serde_json::to_string(&Envelope::of(&delivery, OffsetDateTime::now_utc()))?;
//!
//! // In the worker:
//! let envelope: Envelope = serde_json::from_str(&line)?;
//! if let Event::Order(update) = envelope.open()? {
//!     assert_eq!(update.order_id, "394326");
//! }
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What stays the same
//!
//! Lines that one version of this crate has written are read by every later one.
//! The names of the webhooks never change:
//!
//! | name | variant of [`Event`] |
//! |---|---|
//! | `musement.order_item` | `OrderItem` |
//! | `porterbuddy.order` | `Order` |
//! | `bandwidth.notification` | `Notification` |
//! | `bandwidth.port_out` | `PortOut` |
//! | `bandwidth.v2` | `Subscription` |
//!
//! # What it does not prove
//!
//! An envelope is plain data. Whoever can write to the queue can write one that
//! no provider has sent, so the queue needs the protection that the bodies need:
//! they are customer data.

use std::convert::Infallible;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{OffsetDateTime, UtcOffset};

#[cfg(feature = "bandwidth")]
use crate::bandwidth::{
    Notification, NotificationWebhook, PortOutValidationRequest, PortOutWebhook,
    SubscriptionWebhook,
};
use crate::error::ParseError;
#[cfg(feature = "musement")]
use crate::musement::{OrderItemUpdate, OrderItemWebhook};
#[cfg(feature = "porterbuddy")]
use crate::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use crate::rejection::Rejection;
use crate::webhook::{Verified, Webhook};
use crate::wire::{open::printable, time as timestamp};

/// A webhook's name, a body as it came, and when it was verified.
///
/// As JSON it is one line without line breaks:
///
/// ```json
/// {"webhook":"porterbuddy.order","verified_at":"2021-06-08T12:16:41Z","body":"{\"orderId\":…}"}
/// ```
///
/// A body that is not UTF-8 is written as `body_base64` instead (RFC 4648,
/// section 4). The time is in UTC (RFC 3339), to the nanosecond. Fields that are
/// not known are ignored when a line is read. `Debug` does not show the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    webhook: Box<str>,
    body: Bytes,
    verified_at: OffsetDateTime,
}

impl Envelope {
    /// The envelope of a verified delivery. The crate reads no clock, so you
    /// say when it was verified.
    #[must_use]
    pub fn of<W, B>(delivery: &Verified<W, B>, verified_at: OffsetDateTime) -> Self
    where
        W: Webhook,
        B: Clone + Into<Bytes>,
    {
        Self::new(W::NAME, delivery.body().clone(), verified_at)
    }

    /// A delivery whose sender is proven and whose body does not parse. Keep it
    /// all the same: it may never come again. `None` for every other rejection.
    #[must_use]
    pub fn of_rejected<W: Webhook>(
        rejection: &Rejection,
        verified_at: OffsetDateTime,
    ) -> Option<Self> {
        Some(Self::new(W::NAME, rejection.verified_body()?.clone(), verified_at))
    }

    /// An envelope from its parts: from the columns of a table, for example, or
    /// from the answer of a provider's API.
    #[must_use]
    pub fn new(webhook: &str, body: impl Into<Bytes>, verified_at: OffsetDateTime) -> Self {
        // A time that cannot be written in four digits of year is nobody's clock.
        let verified_at = verified_at
            .checked_to_offset(UtcOffset::UTC)
            .filter(|time| (0..=9999).contains(&time.year()))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Self { webhook: webhook.into(), body: body.into(), verified_at }
    }

    /// [`Webhook::NAME`] of the webhook that verified the body.
    #[must_use]
    pub fn webhook(&self) -> &str {
        &self.webhook
    }

    /// The body as it came.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// When the body was verified, in UTC.
    #[must_use]
    pub fn verified_at(&self) -> OffsetDateTime {
        self.verified_at
    }

    /// Reads the body as what its webhook receives.
    ///
    /// # Errors
    ///
    /// If no webhook of this crate (with the features that are switched on) has
    /// this name, or if the body cannot be read.
    pub fn open(&self) -> Result<Event, OpenError> {
        self.open_with(|_, _| None)
    }

    /// Reads the body as what its webhook receives, with webhooks of your own:
    /// the function gets name and body first, and gives `None` for what is not
    /// its own.
    ///
    /// ```
    /// use order_webhooks::envelope::{Envelope, Event};
    /// use order_webhooks::{ParseError, webhook::ParseErrorKind};
    ///
    /// enum Own {
    ///     Stock(u32),
    /// }
    ///
    /// fn stock(body: &[u8]) -> Result<Own, ParseError> {
    ///     let level = std::str::from_utf8(body).ok().and_then(|text| text.parse().ok());
    ///     level.map(Own::Stock).ok_or(ParseError::new(ParseErrorKind::Invalid("a stock level".into())))
    /// }
    ///
    /// let envelope = Envelope::new("acme.stock", "7", time::OffsetDateTime::UNIX_EPOCH);
    /// let event = envelope.open_with(|webhook, body| match webhook {
    ///     "acme.stock" => Some(stock(body)),
    ///     _ => None,
    /// })?;
    /// assert!(matches!(event, Event::Own(Own::Stock(7))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with<Own>(
        &self,
        own: impl FnOnce(&str, &[u8]) -> Option<Result<Own, ParseError>>,
    ) -> Result<Event<Own>, OpenError> {
        let body = &*self.body;
        if let Some(event) = own(&self.webhook, body) {
            return Ok(Event::Own(event?));
        }
        match &*self.webhook {
            #[cfg(feature = "musement")]
            OrderItemWebhook::NAME => {
                Ok(Event::OrderItem(OrderItemUpdate::parse_unverified(body)?))
            }
            #[cfg(feature = "porterbuddy")]
            OrderWebhook::NAME => Ok(Event::Order(OrderStatusUpdate::parse_unverified(body)?)),
            #[cfg(feature = "bandwidth")]
            NotificationWebhook::NAME => {
                Ok(Event::Notification(Notification::parse_unverified(body)?))
            }
            #[cfg(feature = "bandwidth")]
            PortOutWebhook::NAME => {
                Ok(Event::PortOut(PortOutValidationRequest::parse_unverified(body)?))
            }
            #[cfg(feature = "bandwidth")]
            <SubscriptionWebhook>::NAME => {
                Ok(Event::Subscription(crate::wire::json::document(body)?))
            }
            other => Err(OpenError::UnknownWebhook(printable(other).into())),
        }
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("webhook", &self.webhook)
            .field("verified_at", &self.verified_at)
            .finish_non_exhaustive()
    }
}

/// What an envelope held: one of the crate's events, or one of your own.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "it is taken apart where it is opened")]
pub enum Event<Own = Infallible> {
    /// Of [`musement::OrderItemWebhook`](crate::musement::OrderItemWebhook).
    #[cfg(feature = "musement")]
    OrderItem(OrderItemUpdate),
    /// Of [`porterbuddy::OrderWebhook`](crate::porterbuddy::OrderWebhook).
    #[cfg(feature = "porterbuddy")]
    Order(OrderStatusUpdate),
    /// Of [`bandwidth::NotificationWebhook`](crate::bandwidth::NotificationWebhook).
    #[cfg(feature = "bandwidth")]
    Notification(Notification),
    /// Of [`bandwidth::PortOutWebhook`](crate::bandwidth::PortOutWebhook). A
    /// port-out is answered while its sender waits, so this is for records only.
    #[cfg(feature = "bandwidth")]
    PortOut(PortOutValidationRequest),
    /// Of [`bandwidth::SubscriptionWebhook`](crate::bandwidth::SubscriptionWebhook).
    #[cfg(feature = "bandwidth")]
    Subscription(<SubscriptionWebhook as Webhook>::Event),
    /// Of a webhook of your own.
    Own(Own),
}

/// Why an envelope could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// No webhook has this name. Perhaps a feature is switched off, or a newer
    /// version of the crate has written the envelope.
    #[error("no webhook is called {0}")]
    UnknownWebhook(Box<str>),
    /// The body cannot be read.
    #[error("{0}")]
    Unparsable(ParseError),
}

impl From<ParseError> for OpenError {
    fn from(error: ParseError) -> Self {
        Self::Unparsable(error)
    }
}

/// The line of JSON.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    webhook: Box<str>,
    verified_at: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<std::borrow::Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<Box<str>>,
}

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(&self.body);
        Line {
            webhook: self.webhook.clone(),
            verified_at: timestamp::rfc3339(self.verified_at).into(),
            body: text.ok().map(Into::into),
            body_base64: text.is_err().then(|| STANDARD.encode(&self.body).into()),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line = Line::deserialize(deserializer)?;
        let at = timestamp::parse(&line.verified_at)
            .ok_or_else(|| de::Error::custom("verified_at is not a timestamp"))?;
        let body = match (line.body, line.body_base64) {
            (Some(text), None) => Bytes::from(text.into_owned()),
            (None, Some(base64)) => STANDARD
                .decode(&*base64)
                .map_err(|_| de::Error::custom("body_base64 is not base64"))?
                .into(),
            _ => return Err(de::Error::custom("there is not one body")),
        };
        Ok(Self::new(&line.webhook, body, at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(webhook: &str, body: &[u8]) -> Envelope {
        let at = timestamp::parse("2021-06-08T14:16:41.5+02:00").unwrap();
        Envelope::new(webhook, body.to_vec(), at)
    }

    #[test]
    #[cfg(feature = "musement")]
    fn the_line_is_stable_and_comes_back() {
        for (body, line) in [
            (
                b"{\"orderId\":\n\"1\"}".as_slice(),
                r#"{"webhook":"a.b","verified_at":"2021-06-08T12:16:41.5Z","body":"{\"orderId\":\n\"1\"}"}"#,
            ),
            (b"", r#"{"webhook":"a.b","verified_at":"2021-06-08T12:16:41.5Z","body":""}"#),
            (
                b"\xff\x00",
                r#"{"webhook":"a.b","verified_at":"2021-06-08T12:16:41.5Z","body_base64":"/wA="}"#,
            ),
        ] {
            let envelope = envelope("a.b", body);
            assert_eq!(serde_json::to_string(&envelope).unwrap(), line);
            assert_eq!(serde_json::from_str::<Envelope>(line).unwrap(), envelope);
        }
    }

    #[test]
    #[cfg(feature = "musement")]
    fn a_line_with_more_fields_is_read_and_one_with_less_is_not() {
        let read = |line: &str| serde_json::from_str::<Envelope>(line);
        let at = r#""webhook":"a.b","verified_at":"2021-06-08T12:16:41Z""#;
        assert!(read(&format!(r#"{{{at},"body":"","of_a_later_version":1}}"#)).is_ok());
        for (line, message) in [
            (format!("{{{at}}}"), "there is not one body"),
            (format!(r#"{{{at},"body":"","body_base64":""}}"#), "there is not one body"),
            (format!(r#"{{{at},"body_base64":"wA"}}"#), "body_base64 is not base64"),
            (
                r#"{"webhook":"a.b","verified_at":"soon","body":""}"#.to_owned(),
                "verified_at is not a timestamp",
            ),
        ] {
            let error = read(&line).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    #[cfg(all(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
    fn the_names_of_the_webhooks_are_stable() {
        let open = |webhook, body: &str| envelope(webhook, body.as_bytes()).open().unwrap();
        let item = r#"{"order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_status":"OK","order_id":"1","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000","order_version":"16","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"22"}"#;
        assert!(matches!(open("musement.order_item", item), Event::OrderItem(_)));
        let order = r#"{"orderId":"394326","orderStatus":"ready"}"#;
        assert!(matches!(open("porterbuddy.order", order), Event::Order(_)));
        let notification =
            "<Notification><SubscriptionId>s</SubscriptionId><OrderId>o</OrderId></Notification>";
        assert!(matches!(open("bandwidth.notification", notification), Event::Notification(_)));
        let port_out = "<PortOutValidationRequest><TelephoneNumbers><TelephoneNumber>2223331000</TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>";
        assert!(matches!(open("bandwidth.port_out", port_out), Event::PortOut(_)));
        assert!(matches!(open("bandwidth.v2", "{}"), Event::Subscription(_)));
    }

    #[test]
    #[cfg(feature = "porterbuddy")]
    fn what_cannot_be_opened_says_why() {
        let message =
            |webhook, body: &[u8]| envelope(webhook, body).open().unwrap_err().to_string();
        assert_eq!(message("acme.stock\n", b"7"), "no webhook is called acme.stock\\n");
        assert!(message("porterbuddy.order", b"{}").starts_with("orderId: missing"));
    }

    #[test]
    fn your_own_comes_first_and_the_body_does_not_show() {
        let envelope = envelope("acme.stock", b"secret");
        let event = envelope.open_with(|name, body| Some(Ok((name.len(), body.len()))));
        assert!(matches!(event, Ok(Event::Own((10, 6)))));
        let shown = format!("{envelope:?}");
        let at = "2021-06-08 12:16:41.5 +00:00:00";
        assert_eq!(shown, format!("Envelope {{ webhook: \"acme.stock\", verified_at: {at}, .. }}"));
    }

    #[test]
    #[cfg(feature = "porterbuddy")]
    fn a_proven_body_that_cannot_be_read_is_kept_and_no_other_is() {
        use crate::Receive as _;

        let webhook = OrderWebhook::new(&crate::Secret::new("key").unwrap());
        let signature = webhook.signature().sign(b"{}");
        let at = OffsetDateTime::UNIX_EPOCH;
        let rejected = |signature: &str| {
            let request = http::Request::post("/").header("x-porterbuddy-hmac-sha256", signature);
            let rejection = webhook.receive(request.body(Bytes::from("{}")).unwrap()).unwrap_err();
            Envelope::of_rejected::<OrderWebhook>(&rejection, at)
        };
        assert_eq!(rejected(&signature), Some(Envelope::new("porterbuddy.order", "{}", at)));
        assert_eq!(rejected("forged"), None);
    }

    #[test]
    fn a_time_that_has_no_text_is_the_epoch() {
        let at = OffsetDateTime::UNIX_EPOCH.replace_year(-1).unwrap();
        assert_eq!(Envelope::new("a", "", at).verified_at(), OffsetDateTime::UNIX_EPOCH);
    }
}
