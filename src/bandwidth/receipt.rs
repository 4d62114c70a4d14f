//! What a handler tells Bandwidth of a notification.

use http::StatusCode;

use crate::answer::Answer;

/// What a handler tells Bandwidth of a notification.
///
/// There is one thing to tell: Bandwidth does not send a notification again,
/// whatever it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Receipt {
    /// Received: 200.
    Accepted,
}

impl From<Receipt> for Answer {
    fn from(receipt: Receipt) -> Self {
        Self::empty(match receipt {
            Receipt::Accepted => StatusCode::OK,
        })
    }
}
