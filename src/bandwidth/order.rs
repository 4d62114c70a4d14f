//! What a notification is about, and how an order stands.

use crate::wire::words::open_enum;

open_enum! {
    /// The type of an order.
    ///
    /// The list is open: unknown types become [`OrderType::Other`], with their
    /// text. `Display` writes it as Bandwidth does.
    ///
    /// Source: Bandwidth numbers documentation, "Order Webhook".
    ///
    /// ```
    /// use order_webhooks::bandwidth::OrderType;
    ///
    /// assert_eq!(OrderType::from("portins"), OrderType::PortIns);
    /// assert_eq!(OrderType::from("NEW").as_str(), "NEW");
    /// ```
    pub enum OrderType {
        /// Numbers ported in.
        PortIns = "portins",
        /// New numbers.
        Orders = "orders",
        /// Numbers ported out.
        PortOuts = "portouts",
        /// Numbers given up.
        Disconnects = "disconnects",
        /// Directory listings.
        Dldas = "dldas",
        /// Local service requests.
        LsrOrders = "lsrorders",
        /// Emergency addresses.
        E911s = "e911s",
        /// Options of numbers.
        TnOptions = "tnoptions",
        /// Numbers of another carrier.
        ExternalTns = "externalTns",
        /// Entries of the line information database.
        Lidb = "lidb",
        /// Port-ins of many numbers.
        BulkPortIns = "bulkPortins",
        /// Numbers imported for messaging.
        ImportTnOrders = "importtnorders",
        /// Imported numbers removed.
        RemoveImportedTnOrders = "removeImportedTnOrders",
        /// Numbers imported for voice.
        ImportVoiceTnOrders = "importVoiceTnOrders",
        /// Numbers imported for voice removed.
        RemoveImportedVoiceTnOrders = "removeImportedVoiceTnOrders",
        /// Customer service records.
        Csrs = "csrs",
        /// Emergency notification groups.
        EmergencyNotificationGroup = "emergencyNotificationGroup",
        /// Emergency endpoint groups.
        EmergencyEndpointGroup = "emergencyEndpointGroup",
        /// Validations of toll-free port-ins.
        TollfreePortingValidations = "tollfreePortingValidations",
    }
}

open_enum! {
    /// The type of an event that happened to a number.
    ///
    /// The list is open: unknown types become [`EventType::Other`], with their text.
    ///
    /// Source: Bandwidth numbers documentation, "Event Webhook".
    ///
    /// ```
    /// use order_webhooks::bandwidth::EventType;
    ///
    /// assert_eq!(EventType::from("MESSAGING_LOST"), EventType::MessagingLost);
    /// assert_eq!(EventType::from("NEW").as_str(), "NEW");
    /// ```
    pub enum EventType {
        /// Another provider has taken over the messaging of the number.
        MessagingLost = "MESSAGING_LOST",
    }
}

/// An empty word, which is no type.
impl Default for EventType {
    fn default() -> Self {
        Self::Other("".into())
    }
}

impl OrderType {
    /// The statuses that are documented for orders of this type, followed by
    /// those that were seen and are not documented. Empty for a type whose
    /// statuses are not documented. Others can come.
    #[must_use]
    pub fn statuses(&self) -> &'static [OrderStatus] {
        use OrderStatus as S;
        match self {
            Self::PortIns => &[
                S::PendingDocuments,
                S::Submitted,
                S::Foc,
                S::RequestedSupp,
                S::Complete,
                S::Cancelled,
                S::Exception,
                S::RequestedCancel,
                S::Snapback,
            ],
            Self::Orders => &[S::Complete, S::Partial, S::Backordered, S::Failed],
            Self::PortOuts => {
                &[S::Complete, S::New, S::Modify, S::Cancelled, S::Exception, S::SoaPending]
            }
            Self::Disconnects | Self::ExternalTns => &[S::Complete, S::Partial, S::Failed],
            Self::Dldas | Self::TnOptions => {
                &[S::Received, S::Processing, S::Complete, S::Partial, S::Failed]
            }
            Self::LsrOrders => &[
                S::Pending,
                S::Foc,
                S::Exception,
                S::Complete,
                S::Cancelled,
                S::Partial,
                S::Failed,
            ],
            Self::E911s => &[
                S::Received,
                S::Processing,
                S::Complete,
                S::AdjustedComplete,
                S::Partial,
                S::AdjustedPartial,
                S::Failed,
            ],
            Self::Lidb | Self::RemoveImportedTnOrders | Self::RemoveImportedVoiceTnOrders => {
                &[S::Processing, S::Complete, S::Partial, S::Failed]
            }
            Self::BulkPortIns => &[
                S::Draft,
                S::InProgress,
                S::NeedsAttention,
                S::Partial,
                S::Completed,
                S::Cancelled,
                S::ValidDraftTns,
            ],
            Self::ImportTnOrders | Self::ImportVoiceTnOrders => {
                &[S::Complete, S::Partial, S::Failed, S::Exception]
            }
            Self::Csrs => &[S::Complete, S::Failed, S::ActionRequired],
            Self::EmergencyNotificationGroup | Self::EmergencyEndpointGroup => {
                &[S::Complete, S::Failed]
            }
            Self::TollfreePortingValidations | Self::Other(_) => &[],
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// "Order Webhook", the table of order types and statuses, with what was seen
    /// outside of it at the end of a line: `VALID_DRAFT_TNS` in a printed
    /// notification, the others in the API's other pages.
    const DOCUMENTED: &str = "\
        portins PENDING_DOCUMENTS SUBMITTED FOC REQUESTED_SUPP COMPLETE CANCELLED EXCEPTION REQUESTED_CANCEL SNAPBACK
        orders COMPLETE PARTIAL BACKORDERED FAILED
        portouts COMPLETE NEW MODIFY CANCELLED EXCEPTION SOA_PENDING
        disconnects COMPLETE PARTIAL FAILED
        dldas RECEIVED PROCESSING COMPLETE PARTIAL FAILED
        lsrorders PENDING FOC EXCEPTION COMPLETE CANCELLED PARTIAL FAILED
        e911s RECEIVED PROCESSING COMPLETE ADJUSTED_COMPLETE PARTIAL ADJUSTED_PARTIAL FAILED
        tnoptions RECEIVED PROCESSING COMPLETE PARTIAL FAILED
        externalTns COMPLETE PARTIAL FAILED
        lidb PROCESSING COMPLETE PARTIAL FAILED
        bulkPortins DRAFT IN_PROGRESS NEEDS_ATTENTION PARTIAL COMPLETED CANCELLED VALID_DRAFT_TNS
        importtnorders COMPLETE PARTIAL FAILED EXCEPTION
        removeImportedTnOrders PROCESSING COMPLETE PARTIAL FAILED
        importVoiceTnOrders COMPLETE PARTIAL FAILED EXCEPTION
        removeImportedVoiceTnOrders PROCESSING COMPLETE PARTIAL FAILED
        csrs COMPLETE FAILED ACTION_REQUIRED
        emergencyNotificationGroup COMPLETE FAILED
        emergencyEndpointGroup COMPLETE FAILED
        tollfreePortingValidations";

    #[test]
    fn every_documented_type_has_its_documented_statuses() {
        let documented: Vec<(OrderType, Vec<OrderStatus>)> = DOCUMENTED
            .lines()
            .map(|line| {
                let mut words = line.split_whitespace();
                let order_type = OrderType::from(words.next().unwrap());
                (order_type, words.map(OrderStatus::from).collect())
            })
            .collect();
        let known: Vec<_> = OrderType::KNOWN
            .iter()
            .map(|known| (known.clone(), known.statuses().to_vec()))
            .collect();
        assert_eq!(known, documented);
        assert_eq!(known.len(), 19);
    }

    #[test]
    fn every_status_goes_with_some_type() {
        for status in OrderStatus::KNOWN {
            let used = OrderType::KNOWN.iter().any(|known| known.statuses().contains(status));
            assert!(used, "{status}");
        }
    }
}
