//! What every receiver of this workspace has, whatever its server: the webhooks,
//! and what is done with an event. It prints them; a real one stores them first.

use order_webhooks::bandwidth::V2Webhook;
use order_webhooks::bandwidth::{DenialReason, Notification, NotificationWebhook};
use order_webhooks::bandwidth::{Json, PortOutAnswer, PortOutValidationRequest, PortOutWebhook};
use order_webhooks::musement::{OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use order_webhooks::{Accepted, BasicAuth, ConfigError, Receipt, Secret};

/// The webhooks, built once at start-up and cheap to clone.
#[derive(Debug, Clone)]
pub struct Webhooks {
    pub musement: OrderItemWebhook,
    pub porterbuddy: OrderWebhook,
    pub notifications: NotificationWebhook,
    pub subscriptions: V2Webhook,
    pub port_outs: PortOutWebhook,
}

impl Webhooks {
    /// With sample secrets. Yours come from the environment or a vault.
    pub fn new() -> Result<Self, ConfigError> {
        let bandwidth = BasicAuth::new("bandwidth-user", "bandwidth-password")?;
        Ok(Self {
            musement: OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?),
            porterbuddy: OrderWebhook::new(&Secret::new("porterbuddy-api-key")?),
            notifications: NotificationWebhook::new(bandwidth.clone()),
            subscriptions: V2Webhook::new(&Secret::new("bandwidth-secret")?),
            port_outs: PortOutWebhook::new(bandwidth, DenialReason::InvalidRequest.into()),
        })
    }
}

pub fn on_order_item(update: &OrderItemUpdate) -> Receipt {
    println!("{} is now {}", update.order_item_uuid, update.order_item_status);
    Receipt::Accepted
}

pub fn on_order(update: &OrderStatusUpdate) -> Receipt {
    println!("{} is now {}", update.order_id, update.order_status);
    Receipt::Accepted
}

pub fn on_notification(notification: &Notification) -> Accepted {
    println!("news of subscription {}", notification.subscription_id().unwrap_or("unknown"));
    Accepted
}

pub fn on_update(update: &Json) -> Accepted {
    println!("an update of {} bytes", update.as_str().len());
    Accepted
}

/// Answers a port-out. A request with the PON `panic` makes it panic, so that the
/// tests see what its sender gets.
pub fn judge(request: &PortOutValidationRequest) -> PortOutAnswer {
    assert_ne!(request.pon.as_deref(), Some("panic"), "on purpose");
    match request.pin.as_deref() {
        Some("1111") => PortOutAnswer::Allow,
        Some(_) => DenialReason::PinInvalid.into(),
        None => DenialReason::PinMissing.into(),
    }
}
