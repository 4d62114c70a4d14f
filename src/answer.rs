//! A complete response to a sender, and what a handler tells one.

use std::error::Error;
use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

/// A complete response to a sender: status, media type and body.
///
/// It is cheap to clone, so a webhook can hold one ready. A provider of your own
/// that expects another status than those of [`Receipt`](crate::Receipt) has it
/// for the [`Receipt`](crate::Webhook::Receipt) of its webhook:
///
/// ```
/// use http::StatusCode;
/// use order_webhooks::webhook::Answer;
///
/// assert_eq!(Answer::empty(StatusCode::ACCEPTED).to_response().status(), 202);
/// let media_type = http::HeaderValue::from_static("text/plain");
/// let answer = Answer::with_body(StatusCode::OK, media_type, "received");
/// assert_eq!(answer.to_response().headers()["content-type"], "text/plain");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    status: StatusCode,
    media_type: Option<HeaderValue>,
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
    pub fn with_body(status: StatusCode, media_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        Self { status, media_type: Some(media_type), body: body.into() }
    }

    /// What the sender of a delivery gets whose handler failed: 503.
    pub(crate) fn not_accepted() -> Self {
        Self::empty(StatusCode::SERVICE_UNAVAILABLE)
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
        if let Some(media_type) = &self.media_type {
            response.headers_mut().insert(CONTENT_TYPE, media_type.clone());
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

/// What a handler tells a provider that sends a delivery again if it failed.
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
        match receipt {
            Receipt::Accepted => Accepted.into(),
            Receipt::TryAgain => Self::not_accepted(),
        }
    }
}

/// What a handler tells a provider that never sends a delivery again: received,
/// 200. There is nothing else to tell it.
///
/// It becomes every other receipt, so generic code can accept the deliveries of
/// any webhook: `W::Receipt::from(Accepted)`.
///
/// ```
/// use order_webhooks::{Accepted, Receipt, webhook::Answer};
///
/// assert_eq!(Answer::from(Accepted).status(), 200);
/// assert_eq!(Receipt::from(Accepted), Receipt::Accepted);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Accepted;

impl From<Accepted> for Receipt {
    fn from(Accepted: Accepted) -> Self {
        Self::Accepted
    }
}

impl From<Accepted> for Answer {
    fn from(Accepted: Accepted) -> Self {
        Self::empty(StatusCode::OK)
    }
}

/// What the handler at a route may return: the webhook's receipt `R`, or a
/// `Result` with it.
///
/// An error of the handler's is logged, and its sender is answered that the
/// delivery is not accepted, with a 503.
///
/// ```
/// # #[cfg(all(feature = "axum", feature = "musement"))] {
/// use order_webhooks::{Receipt, axum::{Verified, receive}, musement::OrderItemWebhook};
///
/// async fn on_update(update: Verified<OrderItemWebhook>) -> std::io::Result<Receipt> {
///     std::fs::write("update.json", update.body())?;
///     Ok(Receipt::Accepted)
/// }
///
/// fn route(webhook: OrderItemWebhook) -> axum::routing::MethodRouter {
///     receive(webhook, on_update)
/// }
/// # }
/// ```
///
/// Nothing else compiles. To Musement a 201 is a failed delivery:
///
/// ```compile_fail,E0277
/// use http::StatusCode;
/// use order_webhooks::{axum::{Verified, receive}, musement::OrderItemWebhook};
///
/// async fn on_update(update: Verified<OrderItemWebhook>) -> std::io::Result<StatusCode> {
///     std::fs::write("update.json", update.body())?;
///     Ok(StatusCode::CREATED)
/// }
///
/// fn route(webhook: OrderItemWebhook) -> axum::routing::MethodRouter {
///     receive(webhook, on_update)
/// }
/// ```
///
/// And Bandwidth never sends a notification again:
///
/// ```compile_fail,E0277
/// use order_webhooks::{Receipt, axum::{Verified, receive}, bandwidth::NotificationWebhook};
///
/// async fn on_notification(_: Verified<NotificationWebhook>) -> Receipt {
///     Receipt::TryAgain
/// }
///
/// fn route(webhook: NotificationWebhook) -> axum::routing::MethodRouter {
///     receive(webhook, on_notification)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler of this webhook cannot return `{Self}`",
    label = "this handler returns `{Self}`",
    note = "it returns `{R}`, or `Result<{R}, E>` with an error `E` that becomes a `Box<dyn Error + Send + Sync>`"
)]
pub trait IntoReceipt<R> {
    /// # Errors
    ///
    /// The handler's error.
    #[doc(hidden)]
    fn into_receipt(self) -> Result<R, Box<dyn Error + Send + Sync>>;
}

impl<R> IntoReceipt<R> for R {
    fn into_receipt(self) -> Result<R, Box<dyn Error + Send + Sync>> {
        Ok(self)
    }
}

impl<R, E: Into<Box<dyn Error + Send + Sync>>> IntoReceipt<R> for Result<R, E> {
    fn into_receipt(self) -> Result<R, Box<dyn Error + Send + Sync>> {
        self.map_err(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_becomes_its_response() {
        let answer = Answer::with_body(
            StatusCode::ACCEPTED,
            HeaderValue::from_static("text/plain"),
            "later",
        );
        let response = Response::from(answer);
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/plain");
        assert_eq!(response.headers().len(), 1);
        assert_eq!(*response.body(), "later");
    }
}
