//! The notification webhook: who may send it, and what it is answered.

use std::sync::Arc;

use crate::answer::Accepted;
use crate::auth::Senders;
use crate::bandwidth::Notification;
use crate::error::ParseError;
use crate::head::Head;
use crate::limits::Limits;
use crate::rejection::Reason;
use crate::webhook::{Webhook, limits_and_instance};

/// Receives the notifications of Bandwidth's v1 subscriptions.
///
/// On the wire it is a POST of XML, a [`Notification`]. The first request comes
/// without credentials and gets a 401 with a challenge. Bandwidth repeats it
/// with the credentials of the subscription. The body of the first one is never
/// looked at. Its handler returns [`Accepted`].
///
/// Source: Bandwidth numbers documentation, "Webhooks", "Order Webhook" and
/// "Event Webhook".
///
/// ```
/// use order_webhooks::{BasicAuth, Head, WebhookExt, bandwidth::NotificationWebhook};
///
/// let auth = BasicAuth::new("bandwidth-user", "bandwidth-password")?;
/// let webhook = NotificationWebhook::new(auth);
/// let first: [(&str, &str); 0] = [];
/// let challenge = webhook.authenticate(&Head::new("POST", &first)).unwrap_err();
/// assert_eq!(challenge.to_response().status(), 401);
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct NotificationWebhook {
    senders: Senders,
    limits: Limits,
    instance: Option<Arc<str>>,
}

impl NotificationWebhook {
    /// Accepts deliveries of these senders: a [`BasicAuth`](crate::BasicAuth)
    /// with the credentials that the subscription was made with, an
    /// [`Allowlist`](crate::Allowlist), or both.
    #[must_use]
    pub fn new(senders: impl Into<Senders>) -> Self {
        Self { senders: senders.into(), limits: Limits::default(), instance: None }
    }

    limits_and_instance!();
}

impl Webhook for NotificationWebhook {
    const NAME: &'static str = "bandwidth.notification";
    type Event = Notification;
    type Proof = ();
    type Receipt = Accepted;

    const SENT_ONCE: bool = true;

    fn check_head(&self, head: &Head<'_>) -> Result<(), Reason> {
        self.senders.authenticate(head)
    }

    fn check_body(&self, (): &(), _body: &[u8]) -> Result<(), Reason> {
        Ok(())
    }

    fn parse(&self, body: &[u8]) -> Result<Notification, ParseError> {
        Notification::parse_unverified(body)
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }
}
