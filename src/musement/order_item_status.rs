//! The status of an order item.

use crate::wire::open::open_enum;

open_enum! {
    /// The status of an order item.
    ///
    /// The list is open: a status of tomorrow is [`OrderItemStatus::Other`] and
    /// keeps its text. `Display` writes it as Musement does.
    ///
    /// Source: Musement partner API, "Order status".
    pub enum OrderItemStatus {
        /// Payment and confirmation are in progress.
        Pending = "PENDING",
        /// The item is valid.
        Ok = "OK",
        /// The item could not be finalised.
        Ko = "KO",
        /// A refund has begun. Temporary: it becomes [`Self::Refunded`].
        RefundStarted = "REFUND_STARTED",
        /// Cancelled, and partly or fully refunded.
        Refunded = "REFUNDED",
        /// A cancellation failed. Temporary: it becomes [`Self::Ok`] or
        /// [`Self::Refunded`].
        CancellationError = "CANCELLATION_ERROR",
    }
}
