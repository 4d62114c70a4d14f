//! A provider that sends to one endpoint.

use std::fmt;
use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::auth::{BodySignature, Credentials};
use crate::testing::policy::DeliveryPolicy;

/// A provider that sends to one endpoint: how it proves who it is, and how it
/// delivers.
///
/// There is one for every webhook of this crate. Put one together for a
/// provider of your own:
///
/// ```
/// use http::HeaderValue;
/// use order_webhooks::testing::{DeliveryPolicy, Sender};
/// use order_webhooks::{Secret, auth::{BodySignature, SignatureEncoding}};
///
/// let key = Secret::new("acme-key")?;
/// let signature = BodySignature::new("X-Acme-Signature".parse()?, SignatureEncoding::Hex, &key)
///     .with_prefix("sha256=");
/// let acme = Sender::new("/acme".parse()?, DeliveryPolicy::UNDOCUMENTED)
///     .with_media_type(HeaderValue::from_static("text/plain"))
///     .signing(signature);
/// let request = acme.delivery("4").request().expect("a delivery starts with a request");
/// assert_eq!(request.uri(), "/acme");
/// assert!(request.headers().contains_key("x-acme-signature"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Sender {
    pub(super) url: Uri,
    pub(super) policy: DeliveryPolicy,
    pub(super) media_type: HeaderValue,
    pub(super) credentials: Option<HeaderValue>,
    pub(super) waits_to_be_asked: bool,
    pub(super) bare_body: bool,
    pub(super) signature: Option<BodySignature>,
    pub(super) headers: HeaderMap,
    pub(super) address: Option<IpAddr>,
}

impl Sender {
    /// A sender of JSON to this URL, which can be a path alone, that proves
    /// nothing yet.
    pub fn new(url: Uri, policy: DeliveryPolicy) -> Self {
        Self {
            url,
            policy,
            media_type: HeaderValue::from_static("application/json"),
            credentials: None,
            waits_to_be_asked: false,
            bare_body: true,
            signature: None,
            headers: HeaderMap::new(),
            address: None,
        }
    }

    /// Sends bodies of this media type.
    pub fn with_media_type(mut self, media_type: HeaderValue) -> Self {
        self.media_type = media_type;
        self
    }

    /// Shows these Basic credentials with every request.
    pub fn with_credentials(mut self, credentials: &Credentials) -> Self {
        self.credentials = Some(credentials.authorization());
        self.waits_to_be_asked = false;
        self
    }

    /// Shows these Basic credentials only after a 401 with a challenge: every
    /// try begins with a request without them.
    pub fn with_credentials_when_asked(mut self, credentials: &Credentials) -> Self {
        self.credentials = Some(credentials.authorization());
        self.waits_to_be_asked = true;
        self
    }

    /// Leaves the body out of the requests without credentials. Most senders
    /// send it; a receiver has to take both.
    pub fn without_bare_body(mut self) -> Self {
        self.bare_body = false;
        self
    }

    /// Signs every body. What else is signed has to be there: give an id with
    /// [`with_header`](Self::with_header); the time is that of the signature's clock.
    pub fn signing(mut self, signature: BodySignature) -> Self {
        self.signature = Some(signature);
        self
    }

    /// Sends this header with every request, beside those that it sends anyway.
    ///
    /// ```
    /// # #[cfg(feature = "musement")] {
    /// use order_webhooks::testing::{Sender, musement};
    ///
    /// let proxied = Sender::new("/musement".parse()?, musement::POLICY)
    ///     .with_header("x-forwarded-for", "203.0.113.7")?
    ///     .from_address("127.0.0.1".parse()?);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The name or the value is not that of a header.
    pub fn with_header<N, V>(mut self, name: N, value: V) -> Result<Self, http::Error>
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let name = name.try_into().map_err(Into::into)?;
        self.headers.append(name, value.try_into().map_err(Into::into)?);
        Ok(self)
    }

    /// Sends over a connection from this address: axum finds it as `ConnectInfo`,
    /// actix-web as the peer's address.
    ///
    /// It is never the [`PeerAddress`](crate::PeerAddress) that your own middleware
    /// works out: behind a proxy this is the proxy, and the sender stands in the
    /// header that the proxy sets; see [`with_header`](Self::with_header). So a
    /// test passes only if the middleware is there. A service that is neither of
    /// axum nor of actix-web has no connection in memory, and over a network the
    /// address is that of the real one.
    pub fn from_address(mut self, address: IpAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// How it delivers.
    #[must_use]
    pub fn policy(&self) -> DeliveryPolicy {
        self.policy
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("url", &self.url)
            .field("policy", &self.policy)
            .field("credentials", &self.credentials.is_some())
            .field("waits_to_be_asked", &self.waits_to_be_asked)
            .field("signature", &self.signature)
            .finish_non_exhaustive()
    }
}
