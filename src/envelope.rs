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
//! use order_webhooks::{WebhookExt, Secret, porterbuddy::OrderWebhook};
//! use time::OffsetDateTime;
//!
//! # let webhook = OrderWebhook::new(&Secret::new("porterbuddy-api-key")?);
//! # let body = r#"{"orderId":"394326","orderStatus":"ready"}"#;
//! # let request = http::Request::post("/porterbuddy")
//! #     .header("x-porterbuddy-hmac-SHA256", webhook.signature().sign(body.as_bytes()))
//! #     .body(body)?;
//! // In the server:
//! let delivery = webhook.verify(request)?;
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
//! | `bandwidth.v2` | `V2` |
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
use time::OffsetDateTime;

#[cfg(feature = "bandwidth")]
use crate::bandwidth::{
    Notification, NotificationWebhook, PortOutValidationRequest, PortOutWebhook, V2Webhook,
};
use crate::error::ParseError;
#[cfg(feature = "musement")]
use crate::musement::{OrderItemUpdate, OrderItemWebhook};
#[cfg(feature = "porterbuddy")]
use crate::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use crate::rejection::Rejection;
use crate::webhook::{Verified, Webhook};
use crate::wire::{text::printable, time::Timestamp};

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
    ///
    /// A time outside of the years 0 to 9999 in UTC, which RFC 3339 cannot write,
    /// becomes the nearest one in them: no delivery is lost to a wrong clock.
    #[must_use]
    pub fn new(webhook: &str, body: impl Into<Bytes>, verified_at: OffsetDateTime) -> Self {
        // In nanoseconds since 1970.
        const FIRST: i128 = -62_167_219_200_000_000_000;
        const LAST: i128 = 253_402_300_799_999_999_999;
        let nearest = verified_at.unix_timestamp_nanos().clamp(FIRST, LAST);
        let verified_at = OffsetDateTime::from_unix_timestamp_nanos(nearest)
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
            <V2Webhook>::NAME => Ok(Event::V2(crate::wire::json::value(body)?)),
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
    /// Of [`bandwidth::V2Webhook`](crate::bandwidth::V2Webhook).
    #[cfg(feature = "bandwidth")]
    V2(<V2Webhook as Webhook>::Event),
    /// Of a webhook of your own.
    Own(Own),
}

/// Why an envelope could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// No webhook has this name. A feature may be switched off, or a newer
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
    verified_at: Timestamp,
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
            verified_at: Timestamp::rfc3339(self.verified_at),
            body: text.ok().map(Into::into),
            body_base64: text.is_err().then(|| STANDARD.encode(&self.body).into()),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line = Line::deserialize(deserializer)?;
        let at = line
            .verified_at
            .to_offset_date_time()
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
mod tests;
