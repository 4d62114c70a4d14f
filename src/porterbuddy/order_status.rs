//! The status of an order.

use crate::wire::open::open_enum;

open_enum! {
    /// The status of an order.
    ///
    /// The documentation says that its list changes: a status of tomorrow is
    /// [`OrderStatus::Other`] and keeps its text. `Display` writes it as
    /// Porterbuddy does.
    ///
    /// Source: Porterbuddy developer documentation, "Order status".
    pub enum OrderStatus {
        /// The order has been received.
        Received = "received",
        /// Ready to be picked up.
        Ready = "ready",
        /// On its way.
        InDelivery = "in_delivery",
        /// Delivered.
        Delivered = "delivered",
        /// Cancelled. The documentation has both spellings; it is written with
        /// two l.
        Cancelled = "cancelled" | "canceled",
    }
}
