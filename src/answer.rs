//! A complete response to a sender, and what a handler tells one.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

/// A complete response to a sender: status, media type and body.
///
/// It is cheap to clone, so a webhook can hold one ready. A handler whose provider
/// expects another status than those of [`Receipt`](crate::Receipt) returns one:
///
/// ```
/// use http::StatusCode;
/// use order_webhooks::webhook::Answer;
///
/// assert_eq!(Answer::empty(StatusCode::ACCEPTED).to_response().status(), 202);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    status: StatusCode,
    media_type: Option<&'static str>,
    body: Bytes,
}

impl Answer {
    /// An answer without a body.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Self { status, media_type: None, body: Bytes::new() }
    }

    /// An answer with a body of this media type.
    #[must_use]
    pub fn with_body(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, media_type: Some(media_type), body: body.into() }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The body's bytes.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The answer as a response of the `http` crate. The body is shared, not
    /// copied.
    #[must_use]
    pub fn to_response(&self) -> Response<Bytes> {
        let mut response = Response::new(self.body.clone());
        *response.status_mut() = self.status;
        if let Some(Ok(media_type)) = self.media_type.map(HeaderValue::from_str) {
            response.headers_mut().insert(CONTENT_TYPE, media_type);
        }
        response
    }
}

impl From<Answer> for Response<Bytes> {
    fn from(answer: Answer) -> Self {
        answer.to_response()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_becomes_its_response() {
        let answer = Answer::with_body(StatusCode::ACCEPTED, "text/plain", "later");
        let response = Response::from(answer);
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/plain");
        assert_eq!(response.headers().len(), 1);
        assert_eq!(*response.body(), "later");
    }
}
