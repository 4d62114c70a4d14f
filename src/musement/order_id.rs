//! The number of an order.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::lenient;
use crate::wire::text::{ShortText, printable};

/// The number of an order: `13459345`.
///
/// On the wire it is text of decimal digits (`^[0-9]+$`), or a number. Here it
/// is text, kept as it came, so that no digit and no leading zero is lost. To
/// name an order to the partner API, take its `order_uuid`.
///
/// `Display` writes it with control characters escaped, `Serialize` as it came.
///
/// Source: Musement partner API, "Order item webhook".
///
/// ```
/// use order_webhooks::musement::OrderId;
///
/// let id = OrderId::from("13459345");
/// assert_eq!(id.as_str(), "13459345");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OrderId(ShortText<23>);

impl OrderId {
    /// The text, as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<&str> for OrderId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&printable(self.as_str()))
    }
}

impl fmt::Debug for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl Serialize for OrderId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// From text, or from a whole number, which is kept as its digits.
impl<'de> Deserialize<'de> for OrderId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::text(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_with_control_characters_escaped() {
        let id = OrderId::from("13\n45");
        assert_eq!(
            (format!("{id:8}|"), format!("{id:?}")),
            ("13\\n45  |".into(), "\"13\\n45\"".into())
        );
    }
}
