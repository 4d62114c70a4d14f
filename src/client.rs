//! Requests to the providers' APIs, and their answers.
//!
//! This module needs the feature `client`. It sends nothing: it makes requests
//! for the HTTP client of your choice, and reads what the client returns. With it
//! you subscribe to the webhooks of Bandwidth and Porterbuddy, and ask Musement
//! and Porterbuddy for deliveries that were lost.
//!
//! No provider promises that every delivery arrives, and some changes are never
//! sent.
//!
//! Poll for these, which no webhook sends:
//!
//! - Musement: changes of gifts and other special products, since only standard
//!   activity products are notified; and `REFUND_STARTED`, which the newer
//!   guide does not list as a trigger (partner API, "Order item webhook");
//! - Porterbuddy: what happened while its three tries failed (developer
//!   documentation, "Order webhook").

#[cfg(feature = "bandwidth")]
pub mod bandwidth;
#[cfg(feature = "musement")]
pub mod musement;
#[cfg(feature = "porterbuddy")]
pub mod porterbuddy;
#[cfg(any(feature = "musement", feature = "porterbuddy"))]
mod request;

use std::fmt;

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::error::ParseError;

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
}

impl<B> ResponseError<B> {
    /// Why the answer cannot be used.
    #[must_use]
    pub fn kind(&self) -> &ResponseErrorKind {
        &self.0.0
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
            .field("status", &self.response().status())
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

/// Why requests to an API cannot be made.
///
/// These are mistakes in the configuration. They come up at start-up.
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
}

/// Reads the answer if its status is as it should be.
#[cfg(any(feature = "musement", feature = "porterbuddy"))]
pub(crate) fn read<T, B: AsRef<[u8]>>(
    response: Response<B>,
    is_answer: impl FnOnce(StatusCode) -> bool,
    parse: impl FnOnce(&[u8]) -> Result<T, ParseError>,
) -> Result<T, ResponseError<B>> {
    let status = response.status();
    let kind = if is_answer(status) {
        match parse(response.body().as_ref()) {
            Ok(answer) => return Ok(answer),
            Err(error) => ResponseErrorKind::Unparsable(error),
        }
    } else {
        ResponseErrorKind::Status(status)
    };
    Err(ResponseError(Box::new((kind, response))))
}
