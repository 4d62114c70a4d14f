//! What the providers' APIs have in common: requests to be sent by whatever
//! client there is, and answers that are not what was asked for.

#[cfg(any(feature = "musement", feature = "porterbuddy"))]
pub(crate) mod request;

use std::fmt;

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::error::ParseError;

/// An answer of a provider's API that is not what was asked for: why, and the
/// whole answer.
///
/// Neither `Debug` nor `Display` shows the answer's headers and body. `B` is
/// whatever the client keeps bodies in.
///
/// ```
/// # #[cfg(feature = "porterbuddy")] {
/// use order_webhooks::porterbuddy::Fallback;
///
/// let answer = http::Response::builder().status(429).header("retry-after", "30").body("")?;
/// let error = Fallback::read_order_status(answer).unwrap_err();
/// assert_eq!(error.to_string(), "the answer has the status 429");
/// assert_eq!(error.response().headers()["retry-after"], "30");
/// # }
/// # Ok::<(), http::Error>(())
/// ```
pub struct FallbackError<B = Bytes>(Box<(FallbackErrorKind, Response<B>)>);

/// Why an answer is not what was asked for; see [`FallbackError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FallbackErrorKind {
    /// A status that says that there is no answer, such as 404 for an order that
    /// is not known, 401 for a token that has run out, or 503.
    #[error("the answer has the status {}", .0.as_u16())]
    Status(StatusCode),
    /// The status is right and the body is something else.
    #[error("the answer does not parse: {0}")]
    Unparsable(ParseError),
}

impl<B> FallbackError<B> {
    /// Why it is not what was asked for.
    #[must_use]
    pub fn kind(&self) -> &FallbackErrorKind {
        &self.0.0
    }

    /// The answer.
    #[must_use]
    pub fn response(&self) -> &Response<B> {
        &self.0.1
    }

    /// The answer, handed over.
    #[must_use]
    pub fn into_response(self) -> Response<B> {
        self.0.1
    }
}

impl<B> fmt::Debug for FallbackError<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallbackError")
            .field("kind", self.kind())
            .field("status", &self.response().status())
            .finish_non_exhaustive()
    }
}

impl<B> fmt::Display for FallbackError<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
    }
}

/// The message is whole, so there is no `source()` to print after it.
impl<B> std::error::Error for FallbackError<B> {}

/// Reads the answer if its status is as it should be.
#[cfg(any(feature = "musement", feature = "porterbuddy"))]
pub(crate) fn read<T, B: AsRef<[u8]>>(
    response: Response<B>,
    is_answer: impl FnOnce(StatusCode) -> bool,
    parse: impl FnOnce(&[u8]) -> Result<T, ParseError>,
) -> Result<T, FallbackError<B>> {
    let status = response.status();
    let kind = if is_answer(status) {
        match parse(response.body().as_ref()) {
            Ok(answer) => return Ok(answer),
            Err(error) => FallbackErrorKind::Unparsable(error),
        }
    } else {
        FallbackErrorKind::Status(status)
    };
    Err(FallbackError(Box::new((kind, response))))
}
