//! Requests to the providers' APIs, and their answers.
//!
//! This module needs the feature `client`. It sends nothing: it makes requests for
//! the HTTP client of your choice, and reads what that client returns.
//!
//! | you want to | go to |
//! |---|---|
//! | subscribe to notifications of Bandwidth | [`bandwidth::Dashboard`] |
//! | place an order with Porterbuddy, which subscribes to its webhook | [`porterbuddy::OrderRequest`] |
//! | ask for the status of an order at Porterbuddy | [`porterbuddy::Api`] |
//! | ask for an order at Musement, or for a delivery to be sent again | [`musement::Api`] |
//!
//! # Poll for what no webhook sends
//!
//! No provider promises that every delivery arrives, and some changes are never
//! sent. Ask about orders that have been silent for too long, and about these:
//!
//! - Musement: orders with gifts and other special products, because only standard
//!   activity products are notified; and `REFUND_STARTED`, which the newer guide
//!   does not list as a trigger (partner API, "Order item webhook");
//! - Porterbuddy: orders that changed while its three tries failed (developer
//!   documentation, "Order webhook");
//! - Bandwidth: orders placed before their subscription existed, because no
//!   notification is ever sent again.
//!
//! # Set the HTTP client up
//!
//! - Follow no redirects: many clients would take the key or the token along.
//! - Bound the time and the length of an answer.
//! - The headers that hold a secret are marked
//!   [sensitive](http::HeaderValue::is_sensitive), so `Debug` of a request does not
//!   show them. Its body can hold a password; do not log it.

#[cfg(feature = "bandwidth")]
pub mod bandwidth;
#[cfg(feature = "musement")]
pub mod musement;
#[cfg(feature = "porterbuddy")]
pub mod porterbuddy;
#[cfg_attr(
    not(all(feature = "porterbuddy", feature = "bandwidth")),
    allow(dead_code, reason = "each provider needs a part of it")
)]
mod request;

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};

use crate::error::ParseError;
use crate::secret::Secret;

/// Why a request cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The base URL is not `https` (or `http` to a loopback address), has a query, a
    /// fragment or a username, or is longer than 2,000 bytes.
    #[error("the base URL must be an https URL without query, fragment and username")]
    BaseUrl,
    /// A token, key or name for a header is empty or holds a control character,
    /// such as a line break.
    #[error("a token, key or name is empty or contains a control character")]
    HeaderValue,
    /// An id that could lead to another resource: `""`, `".."`, `"a/b"`, one with a
    /// backslash or a control character in it or with white space at an end, or
    /// one of more than 255 bytes.
    #[error(
        "an id must be 1 to 255 bytes without slashes, control characters and white space \
         around it, and not `.` or `..`"
    )]
    Id,
}

/// The value of an `Authorization` header with a bearer token: `Bearer …`, marked
/// sensitive.
///
/// # Errors
///
/// [`RequestError::HeaderValue`] for a token with a control character.
///
/// ```
/// use order_webhooks::{Secret, client};
///
/// let value = client::bearer(&Secret::new("token")?)?;
/// assert_eq!(value, "Bearer token");
/// assert!(value.is_sensitive());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn bearer(token: &Secret) -> Result<HeaderValue, RequestError> {
    request::secret_value("Bearer ", token)
}

/// An answer of a provider's API that cannot be used: why, and the whole
/// answer.
///
/// Neither `Debug` nor `Display` shows the answer's headers and body. `B` is
/// the type in which the client keeps bodies.
///
/// ```
/// # #[cfg(feature = "porterbuddy")] {
/// use order_webhooks::client::porterbuddy::Api;
///
/// let answer = http::Response::builder().status(429).header("retry-after", "30").body("")?;
/// let error = Api::read_order_status(answer).unwrap_err();
/// assert_eq!(error.to_string(), "the answer has the status 429");
/// assert_eq!(error.response().headers()["retry-after"], "30");
/// # }
/// # Ok::<(), http::Error>(())
/// ```
pub struct ResponseError<B = Bytes>(Box<(ResponseErrorKind, Response<B>)>);

/// Why an answer cannot be used; see [`ResponseError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseErrorKind {
    /// A status that says that there is no answer, such as 404 for an order that
    /// is not known, 401 for a token that has run out, or 503.
    #[error("the answer has the status {}", .0.as_u16())]
    Status(StatusCode),
    /// The status is right and the body is something else.
    #[error("the answer does not parse: {0}")]
    Unparsable(ParseError),
    /// Something was created, and the `Location` does not say its id.
    #[error("the answer names no id")]
    NoId,
}

impl<B> ResponseError<B> {
    #[cfg(any(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
    fn new(kind: ResponseErrorKind, response: Response<B>) -> Self {
        Self(Box::new((kind, response)))
    }

    /// Why the answer cannot be used.
    #[must_use]
    pub fn kind(&self) -> &ResponseErrorKind {
        &self.0.0
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.response().status()
    }

    /// The answer.
    #[must_use]
    pub fn response(&self) -> &Response<B> {
        &self.0.1
    }

    /// The answer, by value.
    #[must_use]
    pub fn into_response(self) -> Response<B> {
        self.0.1
    }
}

impl<B> fmt::Debug for ResponseError<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseError")
            .field("kind", self.kind())
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl<B> fmt::Display for ResponseError<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
    }
}

/// The message is whole, so there is no `source()` to print after it.
impl<B> std::error::Error for ResponseError<B> {}

/// Reads the body of an answer with a status that is right.
#[cfg(any(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
fn read<T, B: AsRef<[u8]>>(
    response: Response<B>,
    is_answer: impl FnOnce(StatusCode) -> bool,
    parse: impl FnOnce(&[u8]) -> Result<T, ParseError>,
) -> Result<T, ResponseError<B>> {
    if !is_answer(response.status()) {
        let status = response.status();
        return Err(ResponseError::new(ResponseErrorKind::Status(status), response));
    }
    match parse(response.body().as_ref()) {
        Ok(answer) => Ok(answer),
        Err(error) => Err(ResponseError::new(ResponseErrorKind::Unparsable(error), response)),
    }
}
