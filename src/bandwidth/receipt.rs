//! A handler's answer to a notification of Bandwidth's.

use http::StatusCode;

use crate::answer::Answer;

/// A handler's answer to a notification of Bandwidth's.
///
/// There is only one: Bandwidth never sends a notification again, whatever the
/// answer is.
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
