//! The order webhook: who may send it.

use http::HeaderName;
use std::sync::Arc;

use crate::answer::Receipt;
use crate::auth::{BodySignature, Senders, Signature, SignatureEncoding};
use crate::error::ParseError;
use crate::head::Head;
use crate::limits::Limits;
use crate::porterbuddy::OrderStatusUpdate;
use crate::rejection::Reason;
use crate::secret::Secret;
use crate::webhook::{Webhook, limits_and_instance};

const HEADER: HeaderName = HeaderName::from_static("x-porterbuddy-hmac-sha256");

/// Receives Porterbuddy's order webhook.
///
/// On the wire it is a POST of JSON, an
/// [`OrderStatusUpdate`](crate::porterbuddy::OrderStatusUpdate), signed in the header
/// `x-porterbuddy-hmac-SHA256`. A delivery without a signature is refused without a
/// challenge, because the endpoint "must be reachable without authentication". Reply
/// with a [`Receipt`].
///
/// Source: Porterbuddy developer documentation, "Order webhook".
///
/// ```
/// use order_webhooks::{WebhookExt, Secret, porterbuddy::OrderWebhook};
///
/// let webhook = OrderWebhook::new(&Secret::new("porterbuddy-api-key")?);
/// let body = r#"{"orderId":"394326","orderStatus":"delivered"}"#;
/// let request = http::Request::post("/porterbuddy")
///     .header("x-porterbuddy-hmac-SHA256", webhook.signature().sign(body.as_bytes()))
///     .body(body)?;
/// let update = webhook.verify(request)?;
/// assert_eq!(update.order_id, "394326");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct OrderWebhook {
    signature: Arc<BodySignature>,
    senders: Option<Senders>,
    limits: Limits,
    instance: Option<Arc<str>>,
}

impl OrderWebhook {
    /// Accepts deliveries that are signed with this API key.
    #[must_use]
    pub fn new(api_key: &Secret) -> Self {
        let signature = BodySignature::new(HEADER, SignatureEncoding::Base64, api_key);
        Self {
            signature: Arc::new(signature),
            senders: None,
            limits: Limits::default(),
            instance: None,
        }
    }

    /// Accepts deliveries that are signed with this API key as well, while the
    /// key is changed.
    #[must_use]
    pub fn or(self, api_key: &Secret) -> Self {
        let signature = Arc::unwrap_or_clone(self.signature).or(api_key);
        Self { signature: Arc::new(signature), ..self }
    }

    /// Accepts deliveries only if they are of these senders as well, such as an
    /// [`Allowlist`](crate::Allowlist). Porterbuddy documents no addresses, and
    /// has no credentials to show.
    #[must_use]
    pub fn with_senders(mut self, senders: impl Into<Senders>) -> Self {
        self.senders = Some(senders.into());
        self
    }

    limits_and_instance!();

    /// The signature that is checked.
    #[must_use]
    pub fn signature(&self) -> &BodySignature {
        &self.signature
    }
}

impl Webhook for OrderWebhook {
    const NAME: &'static str = "porterbuddy.order";
    type Event = OrderStatusUpdate;
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

    fn parse(&self, body: &[u8]) -> Result<OrderStatusUpdate, ParseError> {
        OrderStatusUpdate::parse_unverified(body)
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }
}
