//! A handler's answer to a provider that sends again.

use http::StatusCode;

use crate::answer::Answer;

/// A handler's answer to a provider that sends a delivery again if it failed.
///
/// ```
/// use order_webhooks::{Receipt, webhook::Answer};
///
/// assert_eq!(Answer::from(Receipt::Accepted).status(), 200);
/// assert_eq!(Answer::from(Receipt::TryAgain).status(), 503);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Receipt {
    /// The event is safe; the sender need not send it again: 200.
    Accepted,
    /// The event could not be kept; the sender should send it again: 503.
    TryAgain,
}

impl From<Receipt> for Answer {
    fn from(receipt: Receipt) -> Self {
        Self::empty(match receipt {
            Receipt::Accepted => StatusCode::OK,
            Receipt::TryAgain => StatusCode::SERVICE_UNAVAILABLE,
        })
    }
}
