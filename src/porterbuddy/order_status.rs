//! The status of an order.

use crate::wire::open::open_enum;

open_enum! {
    /// The status of an order.
    ///
    /// The documentation says that its list changes. Unknown statuses become
    /// [`OrderStatus::Other`], with their text. `Display` writes a status as
    /// Porterbuddy does.
    ///
    /// Source: Porterbuddy developer documentation, "Order status".
    ///
    /// ```
    /// use order_webhooks::porterbuddy::OrderStatus;
    ///
    /// assert_eq!(OrderStatus::from("delivered"), OrderStatus::Delivered);
    /// assert_eq!(OrderStatus::from("NEW").as_str(), "NEW");
    /// ```
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
