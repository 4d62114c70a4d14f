//! Why a delivery was refused, and the response that says so to the sender.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::answer::Answer;
use crate::error::ParseError;

/// Why a delivery was refused. [`Rejection`] has an example.
///
/// `Display` is for the receiver's log. It shows nothing secret, and of what the
/// sender sent only the names of fields and of a root element, from a body whose
/// sender is proven. The sender gets a status and, with a 401, the challenge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Another method than POST.
    #[error("the method is not POST")]
    Method,
    /// No credentials yet. For a sender that waits to be asked this is a normal
    /// step, not an error.
    #[error("asked for credentials")]
    Challenged(
        /// The value of `WWW-Authenticate`.
        HeaderValue,
    ),
    /// Credentials of another scheme than Basic: `Bearer x`.
    #[error("credentials refused: another scheme than Basic")]
    CredentialsScheme(
        /// The value of `WWW-Authenticate`.
        HeaderValue,
    ),
    /// Not the base64 of a username, a colon and a password: `Basic dQ==`.
    #[error("credentials refused: malformed")]
    CredentialsMalformed(
        /// The value of `WWW-Authenticate`.
        HeaderValue,
    ),
    /// Credentials that are well formed, and not the expected ones.
    #[error("credentials refused: not the expected ones")]
    CredentialsMismatch(
        /// The value of `WWW-Authenticate`.
        HeaderValue,
    ),
    /// A header that can be given once came more often.
    #[error("header {0} given more than once")]
    RepeatedHeader(HeaderName),
    /// The signature header is missing.
    #[error("no signature")]
    SignatureMissing,
    /// The signature header does not hold a signature of the expected form.
    #[error("the signature is malformed")]
    SignatureMalformed,
    /// The signature is not that of this body with any of the keys.
    #[error("the signature does not match the body")]
    SignatureMismatch,
    /// The time that is signed with the body is too far from the receiver's clock: the
    /// delivery is an old one sent again, or one of the two clocks is wrong.
    #[error("the signature has expired")]
    Expired,
    /// The webhook checks the sender's address, and the server gives none. Nobody is
    /// let in before that is mended.
    #[error("the server does not give the sender's address")]
    AddressUnknown,
    /// The webhook checks the sender's address, and the header in which the proxies
    /// write it is missing or too short, or has no address there: the address is
    /// [`PeerAddress::UNKNOWN`](crate::PeerAddress::UNKNOWN).
    #[error("no proxy has written the sender's address")]
    AddressMissing,
    /// The sender's address is not in the allowlist.
    #[error("the sender's address is not allowed")]
    AddressRefused(
        /// The address.
        IpAddr,
    ),
    /// The body has a content encoding, such as gzip; it is never inflated.
    #[error("the body is encoded")]
    Encoded,
    /// The body is longer than the limit.
    #[error("the body is longer than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The body was not complete in time.
    #[error("the body did not come within {limit:?}")]
    TooSlow {
        /// The time that a body may take.
        limit: Duration,
    },
    /// The connection ended before the body did.
    #[error("the body is incomplete")]
    Incomplete,
    /// The sender is proven, but the body is not an event.
    #[error("the body does not parse: {0}")]
    Unparsable(ParseError),
    /// The server has no webhook configured for this handler.
    #[error("no webhook is configured for this handler")]
    Unconfigured,
}

impl Reason {
    /// A word for logs and metrics that stays the same from version to version,
    /// and has nothing of the delivery in it: `signature_mismatch`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Challenged(_) => "challenged",
            Self::CredentialsScheme(_) => "credentials_scheme",
            Self::CredentialsMalformed(_) => "credentials_malformed",
            Self::CredentialsMismatch(_) => "credentials_mismatch",
            Self::RepeatedHeader(_) => "repeated_header",
            Self::SignatureMissing => "signature_missing",
            Self::SignatureMalformed => "signature_malformed",
            Self::SignatureMismatch => "signature_mismatch",
            Self::Expired => "expired",
            Self::AddressUnknown => "address_unknown",
            Self::AddressMissing => "address_missing",
            Self::AddressRefused(_) => "address_refused",
            Self::Encoded => "encoded",
            Self::TooLarge { .. } => "too_large",
            Self::TooSlow { .. } => "too_slow",
            Self::Incomplete => "incomplete",
            Self::Unparsable(_) => "unparsable",
            Self::Unconfigured => "unconfigured",
        }
    }

    /// The status of the response: the one table of this crate.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Challenged(_)
            | Self::CredentialsScheme(_)
            | Self::CredentialsMalformed(_)
            | Self::CredentialsMismatch(_) => StatusCode::UNAUTHORIZED,
            Self::SignatureMissing
            | Self::SignatureMalformed
            | Self::SignatureMismatch
            | Self::Expired
            | Self::AddressUnknown
            | Self::AddressMissing
            | Self::AddressRefused(_) => StatusCode::FORBIDDEN,
            Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::RepeatedHeader(_) | Self::Incomplete | Self::Unparsable(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::Unconfigured => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The challenge that goes with a 401.
    #[must_use]
    pub fn challenge(&self) -> Option<&HeaderValue> {
        match self {
            Self::Challenged(challenge)
            | Self::CredentialsScheme(challenge)
            | Self::CredentialsMalformed(challenge)
            | Self::CredentialsMismatch(challenge) => Some(challenge),
            _ => None,
        }
    }
}

/// A refused delivery: the reason, the response to send, and the body if the
/// sender was verified.
///
/// ```
/// # #[cfg(feature = "porterbuddy")] {
/// use order_webhooks::{Reason, Secret, WebhookExt, porterbuddy::OrderWebhook};
///
/// let webhook = OrderWebhook::new(&Secret::new("porterbuddy-api-key")?);
/// let body = r#"{"orderId":"394326"}"#;
/// let request = http::Request::post("/porterbuddy")
///     .header("x-porterbuddy-hmac-SHA256", webhook.signature().sign(body.as_bytes()))
///     .body(body)?;
/// let rejection = webhook.verify(request).unwrap_err();
/// assert!(matches!(rejection.reason(), Reason::Unparsable(_)));
/// assert_eq!(rejection.verified_body().unwrap(), body);
/// assert_eq!(rejection.to_response().status(), 400);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Rejection {
    reason: Reason,
    answer: Option<Box<Answer>>,
    verified_body: Option<Bytes>,
}

impl Rejection {
    /// A rejection for this reason, answered by the table of [`Reason::status`].
    #[must_use]
    pub fn new(reason: Reason) -> Self {
        Self { reason, answer: None, verified_body: None }
    }

    pub(crate) fn answered(mut self, answer: Option<Answer>) -> Self {
        self.answer = answer.map(Box::new);
        self
    }

    pub(crate) fn keeping(mut self, verified_body: &[u8]) -> Self {
        self.verified_body = Some(Bytes::copy_from_slice(verified_body));
        self
    }

    /// Why the delivery was refused.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer.as_ref().map_or_else(|| self.reason.status(), |answer| answer.status())
    }

    /// Whether this is the 401 that a sender waits for before it shows its
    /// credentials.
    #[must_use]
    pub fn is_challenge(&self) -> bool {
        matches!(self.reason, Reason::Challenged(_))
    }

    /// The body of a delivery whose sender is proven and which does not parse.
    ///
    /// It may never come again: store it. `None` when nothing was proven.
    #[must_use]
    pub fn verified_body(&self) -> Option<&Bytes> {
        self.verified_body.as_ref()
    }

    /// The same as [`verified_body`](Self::verified_body), by value.
    #[must_use]
    pub fn into_verified_body(self) -> Option<Bytes> {
        self.verified_body
    }

    /// The complete response to the sender: the status, the challenge of a 401,
    /// the `Allow` of a 405.
    ///
    /// It does not say why, unless the receiver itself is set up wrongly and refuses
    /// everybody: then the body says so as text, and `curl -i` shows it.
    #[must_use]
    pub fn to_response(&self) -> Response<Bytes> {
        if let Some(answer) = &self.answer {
            return answer.to_response();
        }
        let status = self.reason.status();
        if matches!(
            self.reason,
            Reason::AddressUnknown | Reason::AddressMissing | Reason::Unconfigured
        ) {
            return Answer::with_body(
                status,
                HeaderValue::from_static("text/plain"),
                format!("{}\n", self.reason),
            )
            .to_response();
        }
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        if let Some(challenge) = self.reason.challenge() {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge.clone());
        }
        if self.reason == Reason::Method {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

impl From<Rejection> for Response<Bytes> {
    fn from(rejection: Rejection) -> Self {
        rejection.to_response()
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("status", &self.status())
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)
    }
}

/// The message is whole, so there is no `source()` to print after it.
impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_becomes_its_response() {
        let response = Response::from(Rejection::new(Reason::Method));
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[ALLOW], "POST");
        assert_eq!(response.headers().len(), 1);
        assert_eq!(*response.body(), "");
    }
}
