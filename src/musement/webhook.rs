//! The order item webhook: who may send it.

use std::sync::Arc;

use crate::auth::{Allowlist, BasicAuth};
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
/// use order_webhooks::{BasicAuth, Head, Webhook, musement::OrderItemWebhook};
///
/// let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?);
/// let headers = [("Authorization", "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==")];
/// assert!(webhook.head(&Head::new("POST", &headers)).is_ok());
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct OrderItemWebhook {
    senders: Arc<Senders>,
    limits: Limits,
}

#[derive(Debug)]
enum Senders {
    WithCredentials(BasicAuth),
    FromAddresses(Allowlist),
    Both(Allowlist, BasicAuth),
}

impl OrderItemWebhook {
    /// Accepts deliveries with these credentials.
    #[must_use]
    pub fn new(auth: BasicAuth) -> Self {
        Self::from(Senders::WithCredentials(auth))
    }

    /// Accepts deliveries from these addresses, whatever their credentials. The
    /// server has to give the sender's address: see [`Head::with_peer`].
    #[must_use]
    pub fn from_addresses(addresses: Allowlist) -> Self {
        Self::from(Senders::FromAddresses(addresses))
    }

    /// Accepts deliveries that come from these addresses and have these
    /// credentials.
    #[must_use]
    pub fn from_addresses_with(addresses: Allowlist, auth: BasicAuth) -> Self {
        Self::from(Senders::Both(addresses, auth))
    }

    /// Reads bodies within these bounds.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

impl From<Senders> for OrderItemWebhook {
    fn from(senders: Senders) -> Self {
        Self { senders: Arc::new(senders), limits: Limits::default() }
    }
}

impl Webhook for OrderItemWebhook {
    const NAME: &'static str = "musement.order_item";
    type Event = OrderItemUpdate;
    type Proof = ();

    fn check_head(&self, head: &Head<'_>) -> Result<(), Reason> {
        match &*self.senders {
            Senders::WithCredentials(auth) => auth.authenticate(head),
            Senders::FromAddresses(addresses) => addresses.authenticate(head),
            Senders::Both(addresses, auth) => {
                addresses.authenticate(head)?;
                auth.authenticate(head)
            }
        }
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
