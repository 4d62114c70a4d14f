use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::debug_only;
use crate::error::{ParseError, ParseErrorKind};
use crate::wire;

const TIMESTAMP: &str = "a timestamp";

/// A time, and how it is written: Porterbuddy has both
/// `2023-02-13T10:00+02:00` and `2023-02-13T17:30:00+01:00`.
///
/// It is equal to another only if that is written the same; compare
/// [`time`](Self::time) for the moment.
///
/// ```
/// use order_webhooks::porterbuddy::order_request::WindowTime;
///
/// let short: WindowTime = "2023-02-13T10:00+02:00".parse()?;
/// assert_eq!(short.to_string(), "2023-02-13T10:00+02:00");
/// assert_eq!(WindowTime::from(short.time()).to_string(), "2023-02-13T10:00:00+02:00");
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct WindowTime {
    time: OffsetDateTime,
    text: Box<str>,
}

impl WindowTime {
    /// The moment, with the offset that was given.
    #[must_use]
    pub fn time(&self) -> OffsetDateTime {
        self.time
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// In RFC 3339, with seconds.
impl From<OffsetDateTime> for WindowTime {
    fn from(time: OffsetDateTime) -> Self {
        Self { time, text: wire::time::rfc3339(time).to_string().into() }
    }
}

impl FromStr for WindowTime {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match wire::time::parse(text) {
            Some(time) => Ok(Self { time, text: text.into() }),
            None => Err(ParseError::new(ParseErrorKind::Invalid(TIMESTAMP.into()))),
        }
    }
}

impl fmt::Display for WindowTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for WindowTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for WindowTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for WindowTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = WindowTime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(TIMESTAMP)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<WindowTime, E> {
                text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// When the parcels can be picked up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[non_exhaustive]
pub struct PickupWindow {
    /// The first moment.
    pub start: WindowTime,
    /// The last moment.
    pub end: WindowTime,
    /// The fields that are not typed here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

debug_only!(PickupWindow: start, end);

impl PickupWindow {
    /// A window.
    #[must_use]
    pub fn new(start: WindowTime, end: WindowTime) -> Self {
        Self { start, end, other: Map::new() }
    }
}

/// When the parcels are to be delivered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[non_exhaustive]
pub struct DeliveryWindow {
    /// The first moment.
    pub start: WindowTime,
    /// The last moment.
    pub end: WindowTime,
    /// What Porterbuddy's availability check gave for this window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The fields that are not typed here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

debug_only!(DeliveryWindow: start, end);

impl DeliveryWindow {
    /// A window with its token.
    #[must_use]
    pub fn new(start: WindowTime, end: WindowTime, token: impl Into<String>) -> Self {
        Self { start, end, token: Some(token.into()), other: Map::new() }
    }
}
