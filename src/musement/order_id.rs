//! The number of an order.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wire::text::ShortText;

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
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
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
        self.0.fmt(f)
    }
}

impl fmt::Debug for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
