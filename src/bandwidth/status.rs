//! The status of an order.

use crate::wire::open::open_enum;

open_enum! {
    /// The status of an order, of whatever type; [`OrderType::statuses`] says
    /// which go with which.
    ///
    /// The list is open: unknown statuses become [`OrderStatus::Other`], with their
    /// text. Mind that most orders end as `COMPLETE` and bulk port-ins as
    /// `COMPLETED`: two statuses, written as Bandwidth does.
    ///
    /// Source: Bandwidth numbers documentation, "Order Webhook".
    ///
    /// [`OrderType::statuses`]: crate::bandwidth::OrderType::statuses
    ///
    /// ```
    /// use order_webhooks::bandwidth::OrderStatus;
    ///
    /// assert_eq!(OrderStatus::from("COMPLETE"), OrderStatus::Complete);
    /// assert_eq!(OrderStatus::from("NEW").as_str(), "NEW");
    /// ```
    pub enum OrderStatus {
        /// The order waits for something from the customer.
        ActionRequired = "ACTION_REQUIRED",
        /// Complete, with changes to what was ordered.
        AdjustedComplete = "ADJUSTED_COMPLETE",
        /// Complete in part, with changes to what was ordered.
        AdjustedPartial = "ADJUSTED_PARTIAL",
        /// Waits for numbers to become available.
        Backordered = "BACKORDERED",
        /// Cancelled.
        Cancelled = "CANCELLED",
        /// Done.
        Complete = "COMPLETE",
        /// Done, of a bulk port-in.
        Completed = "COMPLETED",
        /// Not yet submitted.
        Draft = "DRAFT",
        /// Refused by the other carrier, or not possible as it is.
        Exception = "EXCEPTION",
        /// Failed.
        Failed = "FAILED",
        /// The other carrier has agreed to a date, the firm order commitment.
        Foc = "FOC",
        /// Being worked on.
        InProgress = "IN_PROGRESS",
        /// A port-out is to be changed. Seen outside the documented table.
        Modify = "MODIFY",
        /// Some of it needs the customer's attention.
        NeedsAttention = "NEEDS_ATTENTION",
        /// A port-out was asked for. Seen outside the documented table.
        New = "NEW",
        /// Done in part.
        Partial = "PARTIAL",
        /// Waits for the other carrier.
        Pending = "PENDING",
        /// Waits for documents.
        PendingDocuments = "PENDING_DOCUMENTS",
        /// Being worked on.
        Processing = "PROCESSING",
        /// Received.
        Received = "RECEIVED",
        /// A cancellation has been asked for.
        RequestedCancel = "REQUESTED_CANCEL",
        /// A change has been asked for.
        RequestedSupp = "REQUESTED_SUPP",
        /// The numbers of a port-in go back to the carrier that they came from. Seen
        /// outside the documented table.
        Snapback = "SNAPBACK",
        /// A port-out waits for the service order activation. Seen outside the
        /// documented table.
        SoaPending = "SOA_PENDING",
        /// Submitted to the other carrier.
        Submitted = "SUBMITTED",
        /// A draft of a bulk port-in whose numbers are valid. In a printed
        /// notification, and not in the documented table.
        ValidDraftTns = "VALID_DRAFT_TNS",
    }
}
