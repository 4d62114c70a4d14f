//! Musement: the order item webhook.
//!
//! Musement sends an [`OrderItemUpdate`] as JSON whenever the status of an
//! order item changes. It sends Basic credentials of your choice with the first
//! request. Where that is not possible, you can check its addresses. **Only a
//! 200 confirms a delivery**: after a 201, 202 or 204 it sends the same one
//! again, on a schedule that it does not document.
//!
//! Source: Musement partner API, "Order item webhook", "Update order item" and
//! "Order status".

mod order_id;
mod order_item_update;
mod webhook;

pub use order_id::OrderId;
#[cfg(feature = "client")]
pub(crate) use order_item_update::{KIND, as_uuid};
pub use order_item_update::{OrderItemStatus, OrderItemUpdate};
pub use webhook::OrderItemWebhook;
