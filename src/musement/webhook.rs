//! The order item webhook: who may send it.

use crate::auth::Senders;
use crate::error::ParseError;
use crate::head::Head;
use crate::limits::Limits;
use crate::musement::OrderItemUpdate;
use crate::rejection::Reason;
use crate::webhook::{Extract, Webhook};

/// Receives Musement's order item webhook.
///
/// The sender proves itself by Basic credentials, by its address, or by both.
/// Reply with a [`Receipt`](crate::musement::Receipt); only its 200 ends the
/// deliveries.
///
/// ```
/// use order_webhooks::{BasicAuth, Head, Receive, musement::OrderItemWebhook};
///
/// let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?);
/// let headers = [("Authorization", "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==")];
/// assert!(webhook.authenticate(&Head::new("POST", &headers)).is_ok());
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct OrderItemWebhook {
    senders: Senders,
    limits: Limits,
}

impl OrderItemWebhook {
    /// Accepts deliveries of these senders: a [`BasicAuth`](crate::BasicAuth), an
    /// [`Allowlist`](crate::Allowlist), or both.
    #[must_use]
    pub fn new(senders: impl Into<Senders>) -> Self {
        Self { senders: senders.into(), limits: Limits::default() }
    }

    /// Reads bodies within these bounds.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

impl Webhook for OrderItemWebhook {
    const NAME: &'static str = "musement.order_item";
    type Event = OrderItemUpdate;
    type Proof = ();

    fn check_head(&self, head: &Head<'_>) -> Result<(), Reason> {
        self.senders.authenticate(head)
    }

    fn check_body(&self, (): &(), _body: &[u8]) -> Result<(), Reason> {
        Ok(())
    }

    fn parse(&self, body: &[u8]) -> Result<OrderItemUpdate, ParseError> {
        OrderItemUpdate::parse_unverified(body)
    }

    fn limits(&self) -> Limits {
        self.limits
    }
}

impl Extract for OrderItemWebhook {}
