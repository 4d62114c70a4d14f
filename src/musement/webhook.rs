//! The order item webhook: who may send it.

use std::sync::Arc;

use crate::answer::Receipt;
use crate::auth::Senders;
use crate::error::ParseError;
use crate::head::Head;
use crate::limits::Limits;
use crate::musement::OrderItemUpdate;
use crate::rejection::Reason;
use crate::webhook::{Webhook, limits_and_instance};

/// Receives Musement's order item webhook.
///
/// On the wire it is a POST of JSON, an
/// [`OrderItemUpdate`](crate::musement::OrderItemUpdate). The sender proves itself by
/// Basic credentials, by its address, or by both. Reply with a
/// [`Receipt`]: Musement sends again until it gets a 200.
///
/// Source: Musement partner API, "Order item webhook".
///
/// ```
/// use order_webhooks::musement::{OrderItemStatus, OrderItemWebhook};
/// use order_webhooks::{BasicAuth, Head, WebhookExt};
///
/// let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?);
/// let headers = [("Authorization", "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==")];
/// let pending = webhook.authenticate(&Head::new("POST", &headers))?;
/// let update = pending.verify(
///     br#"{"order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_item_status":"OK",
///     "order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd"}"#,
/// )?;
/// assert_eq!(update.order_item_status, OrderItemStatus::Ok);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct OrderItemWebhook {
    senders: Senders,
    limits: Limits,
    instance: Option<Arc<str>>,
}

impl OrderItemWebhook {
    /// Accepts deliveries of these senders: a [`BasicAuth`](crate::BasicAuth), an
    /// [`Allowlist`](crate::Allowlist), or both.
    #[must_use]
    pub fn new(senders: impl Into<Senders>) -> Self {
        Self { senders: senders.into(), limits: Limits::default(), instance: None }
    }

    limits_and_instance!();
}

impl Webhook for OrderItemWebhook {
    const NAME: &'static str = "musement.order_item";
    type Event = OrderItemUpdate;
    type Proof = ();
    type Receipt = Receipt;

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

    fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }
}
