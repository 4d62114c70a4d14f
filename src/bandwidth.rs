//! Bandwidth: telephone number orders, events and port-outs.
//!
//! Bandwidth shows its Basic credentials only after a 401 with a challenge. Its
//! order and event notifications are XML, count as delivered with a 200, and
//! **are never sent again**.
//!
//! Source: Bandwidth numbers documentation, "Webhooks", "Order Webhook", "Event
//! Webhook" and "Subscriptions".

mod element;
mod notification;
mod order_type;
mod receipt;
mod status;
mod telephone_number;
mod webhook;

pub use notification::{EventNotification, NoteNotification, Notification, OrderNotification};
pub use order_type::{EventType, OrderType};
pub use receipt::Receipt;
pub use status::OrderStatus;
pub use telephone_number::TelephoneNumber;
pub use webhook::NotificationWebhook;
