//! The status of an order item.

use crate::wire::open::open_enum;

open_enum! {
    /// The status of an order item.
    ///
    /// The guide lists five of these, the reference six, so the list is open.
    /// Unknown statuses become [`OrderItemStatus::Other`], with their text. `Display`
    /// writes a status as Musement does.
    ///
    /// Source: Musement partner API, "Order status" and "Update order item".
    ///
    /// ```
    /// use order_webhooks::musement::OrderItemStatus;
    ///
    /// assert_eq!(OrderItemStatus::from("OK"), OrderItemStatus::Ok);
    /// assert_eq!(OrderItemStatus::from("NEW").as_str(), "NEW");
    /// ```
    pub enum OrderItemStatus {
        /// Payment and confirmation are in progress.
        Pending = "PENDING",
        /// The item is valid.
        Ok = "OK",
        /// The item could not be finalised.
        Ko = "KO",
        /// A refund has begun. Temporary: it becomes [`Self::Refunded`]. The newer
        /// guide does not name it among the changes that are notified, so it may be
        /// seen only by polling.
        RefundStarted = "REFUND_STARTED",
        /// Cancelled, and partly or fully refunded.
        Refunded = "REFUNDED",
        /// A cancellation failed. Temporary: it becomes [`Self::Ok`] or
        /// [`Self::Refunded`].
        CancellationError = "CANCELLATION_ERROR",
    }
}
