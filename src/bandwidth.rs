//! Bandwidth: telephone number orders, events and port-outs.
//!
//! Bandwidth shows its Basic credentials only after a 401 with a challenge. Its
//! order and event notifications are XML, count as delivered with a 200, and
//! **are never sent again**. A port-out that is not answered is approved.
//!
//! Source: Bandwidth numbers documentation, "Webhooks", "Order Webhook", "Event
//! Webhook", "Portout Validation Webhook" and "Subscriptions".

pub(crate) mod document;
mod notification;
mod order;
mod port_out;
mod telephone_number;
mod v2;
mod webhook;

pub use notification::{EventNotification, NoteNotification, Notification, OrderNotification};
pub use order::{EventType, OrderStatus, OrderType};
#[cfg(feature = "body")]
pub use port_out::PortOutFailure;
#[cfg(feature = "body")]
pub(crate) use port_out::guard;
pub use port_out::{
    AcceptableValues, Denial, DenialReason, IntoPortOutAnswer, InvalidDeadline, PortOutAnswer,
    PortOutValidationRequest, PortOutWebhook, RecordConflict, Subscriber, Subscribers,
};
pub use telephone_number::TelephoneNumber;
pub use v2::{Json, V2Webhook};
pub use webhook::NotificationWebhook;

pub use crate::wire::time::Timestamp;
