//! Porterbuddy: the order webhook.
//!
//! Porterbuddy sends an [`OrderStatusUpdate`] as JSON whenever the status or the
//! pickup date of an order changes, to the `statusWebhookUrl` of the order
//! request. The header `x-porterbuddy-hmac-SHA256` holds the base64 of the
//! HMAC-SHA256 of the body, keyed with the API key. Any status from 200 to 299
//! counts as delivered; after another, or 10 s, it tries twice more.
//!
//! No time and no delivery id is signed, so a captured delivery can be replayed
//! for ever; [`OrderStatusUpdate::status_updated_at`] shows that it is old.
//!
//! Source: Porterbuddy developer documentation, "Order webhook" and "Fetch order
//! status".

mod order_status_update;
mod webhook;

pub use order_status_update::{OrderStatus, OrderStatusUpdate};
pub use webhook::OrderWebhook;
