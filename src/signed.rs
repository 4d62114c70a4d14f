//! Webhooks of other providers that sign a body of JSON: Shopify, GitHub, Stripe,
//! Standard Webhooks.
//!
//! You say how the provider signs and what its event is, and get everything that the
//! webhooks of this crate have: the extractors and routes, the limits, the answers,
//! the log, the senders for tests. The [guide](crate::guide::provider) has the settings
//! of these four.
//!
//! GitHub:
//!
//! ```
//! use order_webhooks::auth::{BodySignature, SignatureEncoding};
//! use order_webhooks::signed::{SignedEvent, SignedWebhook};
//! use order_webhooks::{Secret, WebhookExt};
//!
//! #[derive(serde::Deserialize)]
//! struct Push {
//!     after: String,
//! }
//!
//! impl SignedEvent for Push {
//!     const NAME: &'static str = "github.push";
//! }
//!
//! let key = Secret::new("It's a Secret to Everybody")?;
//! let header = "X-Hub-Signature-256".parse()?;
//! let signature = BodySignature::new(header, SignatureEncoding::Hex, &key).with_prefix("sha256=");
//! let webhook = SignedWebhook::<Push>::new(signature);
//!
//! let body = r#"{"after":"1481a2de"}"#;
//! let request = http::Request::post("/github")
//!     .header("X-Hub-Signature-256", webhook.signature().sign(body.as_bytes()))
//!     .body(body)?;
//! assert_eq!(webhook.verify(request)?.after, "1481a2de");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::answer::Receipt;
use crate::auth::{BodySignature, Senders, Signature};
use crate::error::ParseError;
use crate::head::Head;
use crate::limits::Limits;
use crate::rejection::Reason;
use crate::webhook::{self, Webhook};

/// What a [`SignedWebhook`] receives: a type of yours that serde reads from JSON.
///
/// The [module](self) has an example.
pub trait SignedEvent: DeserializeOwned + Send + 'static {
    /// The name of its webhook, in logs and in envelopes: provider and event,
    /// `github.push`.
    const NAME: &'static str;
}

/// Receives a webhook whose body is JSON and is proven by a signature.
///
/// The signature is in a header; a [`BodySignature`] says in which one, and what is
/// signed. Reply with a [`Receipt`]: 200 if you accept the event, 503
/// if the provider shall send it again. The [module](self) has an example.
///
/// A body that is not the JSON of a `T` is refused with a 400 whose log says where:
/// `commits[0].id: not what is expected at line 1 column 27`.
pub struct SignedWebhook<T> {
    signature: Arc<BodySignature>,
    senders: Option<Senders>,
    limits: Limits,
    event: PhantomData<fn() -> T>,
}

impl<T> SignedWebhook<T> {
    /// Accepts deliveries with this signature.
    #[must_use]
    pub fn new(signature: BodySignature) -> Self {
        Self {
            signature: Arc::new(signature),
            senders: None,
            limits: Limits::default(),
            event: PhantomData,
        }
    }

    /// Accepts deliveries only if they are of these senders as well: a
    /// [`BasicAuth`](crate::BasicAuth), an [`Allowlist`](crate::Allowlist), or both.
    #[must_use]
    pub fn with_senders(mut self, senders: impl Into<Senders>) -> Self {
        self.senders = Some(senders.into());
        self
    }

    /// Reads bodies within these bounds. The default is 1 MiB; GitHub sends up to
    /// 25 MB.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The signature that is checked.
    #[must_use]
    pub fn signature(&self) -> &BodySignature {
        &self.signature
    }
}

impl<T> Clone for SignedWebhook<T> {
    fn clone(&self) -> Self {
        Self {
            signature: Arc::clone(&self.signature),
            senders: self.senders.clone(),
            limits: self.limits,
            event: PhantomData,
        }
    }
}

impl<T> fmt::Debug for SignedWebhook<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedWebhook")
            .field("signature", &self.signature)
            .field("senders", &self.senders)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl<T: SignedEvent> Webhook for SignedWebhook<T> {
    const NAME: &'static str = T::NAME;
    type Event = T;
    type Proof = Signature;
    type Receipt = Receipt;

    fn check_head(&self, head: &Head<'_>) -> Result<Signature, Reason> {
        if let Some(senders) = &self.senders {
            senders.authenticate(head)?;
        }
        self.signature.read(head)
    }

    fn check_body(&self, signature: &Signature, body: &[u8]) -> Result<(), Reason> {
        self.signature.verify(signature, body)
    }

    fn parse(&self, body: &[u8]) -> Result<T, ParseError> {
        webhook::json(body)
    }

    fn limits(&self) -> Limits {
        self.limits
    }
}
