//! What a handler tells a sender that tries again.

use http::StatusCode;

use crate::answer::Answer;

/// What a handler tells a sender that tries again.
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
