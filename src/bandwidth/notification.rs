//! The body of the notification webhook.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;

use crate::bandwidth::element::{self, Slot, numbers};
use crate::bandwidth::{EventType, OrderStatus, OrderType, TelephoneNumber};
use crate::error::ParseError;
use crate::tracking::{Fields, Key, Revision, Tracked};
use crate::wire::serialize;
use crate::wire::xml::Reader;

/// What a v1 subscription tells: an order that changed, a note on an order, or
/// an event that happened to numbers.
///
/// On the wire it is a `<Notification>` whose elements come in any order; other
/// elements are ignored, and an empty element counts as absent. An `EventType`
/// makes it an event, and otherwise a `Note` makes it a note. As JSON it
/// serialises under the names of the elements, with the numbers as a list.
///
/// Source: Bandwidth numbers documentation, "Order Webhook" and "Event Webhook".
///
/// ```
/// use order_webhooks::bandwidth::{Notification, OrderStatus, OrderType};
///
/// let body = br#"<?xml version="1.0"?><Notification><SubscriptionId>s-1</SubscriptionId>
///   <OrderType>orders</OrderType><Status>COMPLETE</Status><CompletedTelephoneNumbers>
///   <TelephoneNumber> 2223331000 </TelephoneNumber></CompletedTelephoneNumbers></Notification>"#;
/// let Notification::Order(order) = Notification::parse_unverified(body)? else { panic!() };
/// assert_eq!(order.order_type, Some(OrderType::Orders));
/// assert_eq!(order.status, Some(OrderStatus::Complete));
/// assert_eq!(order.completed_telephone_numbers[0].as_str(), "2223331000");
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Notification {
    /// An order changed its state.
    Order(OrderNotification),
    /// An order got a note.
    Note(NoteNotification),
    /// Something happened to numbers.
    Event(EventNotification),
}

/// An order that changed its state; see [`Notification::Order`].
///
/// `Debug` does not show the message and the numbers.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct OrderNotification {
    /// The subscription that caused the notification.
    pub subscription_id: String,
    /// The type of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_type: Option<OrderType>,
    /// Bandwidth's id of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// The customer's own id of the order, if it was given one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_order_id: Option<String>,
    /// Where the order stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<OrderStatus>,
    /// A message for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The numbers that are done. On the wire they are `TelephoneNumber`
    /// elements in `CompletedTelephoneNumbers`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub completed_telephone_numbers: Vec<TelephoneNumber>,
    /// When the order was last changed: `2023-09-12T15:11:31.705Z`.
    #[serde(serialize_with = "serialize::rfc3339", skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<OffsetDateTime>,
    /// When the other carrier hands the numbers over; only for port-ins that
    /// have reached [`OrderStatus::Foc`].
    #[serde(serialize_with = "serialize::rfc3339", skip_serializing_if = "Option::is_none")]
    pub actual_foc_date: Option<OffsetDateTime>,
}

/// A note on an order; see [`Notification::Note`]. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct NoteNotification {
    /// The text of the note.
    pub note: String,
    /// The order, as far as the notification tells.
    #[serde(flatten)]
    pub order: OrderNotification,
}

/// Something that happened to numbers; see [`Notification::Event`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct EventNotification {
    /// The subscription that caused the notification.
    pub subscription_id: String,
    /// What happened.
    pub event_type: EventType,
    /// The numbers to which it happened. On the wire they are `TelephoneNumber`
    /// elements in `ImpactedTelephoneNumbers`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub impacted_telephone_numbers: Vec<TelephoneNumber>,
}

impl Notification {
    /// Reads a body that nobody has verified, such as one out of a store of
    /// verified ones.
    ///
    /// # Errors
    ///
    /// For anything but a well-formed `<Notification>` in UTF-8 without a
    /// document type declaration, without a `SubscriptionId`, with an element
    /// that is known and given twice, or with a date that is not RFC 3339.
    pub fn parse_unverified(body: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::open(body, "Notification")?;
        let mut subscription_id = Slot::default();
        let mut order_type = Slot::default();
        let mut order_id = Slot::default();
        let mut customer_order_id = Slot::default();
        let mut status = Slot::default();
        let mut message = Slot::default();
        let mut note = Slot::default();
        let mut event_type = Slot::default();
        let mut last_modified_date = Slot::default();
        let mut actual_foc_date = Slot::default();
        let mut completed = Slot::default();
        let mut impacted = Slot::default();
        while let Some(name) = reader.child()? {
            match name {
                "SubscriptionId" => subscription_id.fill(&mut reader, name, element::text)?,
                "OrderType" => order_type.fill(&mut reader, name, element::word)?,
                "OrderId" => order_id.fill(&mut reader, name, element::text)?,
                "CustomerOrderId" => customer_order_id.fill(&mut reader, name, element::text)?,
                "Status" => status.fill(&mut reader, name, element::word)?,
                "Message" => message.fill(&mut reader, name, element::text)?,
                "Note" => note.fill(&mut reader, name, element::text)?,
                "EventType" => event_type.fill(&mut reader, name, element::word)?,
                "LastModifiedDate" => last_modified_date.fill(&mut reader, name, element::date)?,
                "ActualFocDate" => actual_foc_date.fill(&mut reader, name, element::date)?,
                "CompletedTelephoneNumbers" => completed.fill(&mut reader, name, numbers)?,
                "ImpactedTelephoneNumbers" => impacted.fill(&mut reader, name, numbers)?,
                _ => reader.skip()?,
            }
        }
        let end = reader.at();
        reader.finish()?;
        let subscription_id = subscription_id.required("SubscriptionId", end)?;
        if let Some(event_type) = event_type.optional() {
            let impacted_telephone_numbers = impacted.optional().unwrap_or_default();
            return Ok(Self::Event(EventNotification {
                subscription_id,
                event_type,
                impacted_telephone_numbers,
            }));
        }
        let order = OrderNotification {
            subscription_id,
            order_type: order_type.optional(),
            order_id: order_id.optional(),
            customer_order_id: customer_order_id.optional(),
            status: status.optional(),
            message: message.optional(),
            completed_telephone_numbers: completed.optional().unwrap_or_default(),
            last_modified_date: last_modified_date.optional(),
            actual_foc_date: actual_foc_date.optional(),
        };
        Ok(match note.optional() {
            Some(note) => Self::Note(NoteNotification { note, order }),
            None => Self::Order(order),
        })
    }

    /// The subscription that caused the notification.
    #[must_use]
    pub fn subscription_id(&self) -> &str {
        match self {
            Self::Order(order) => &order.subscription_id,
            Self::Note(note) => &note.order.subscription_id,
            Self::Event(event) => &event.subscription_id,
        }
    }
}

/// Each as the notification that it holds.
impl Tracked for Notification {
    fn key(&self) -> Key {
        match self {
            Self::Order(order) => order.key(),
            Self::Note(note) => note.key(),
            Self::Event(event) => event.key(),
        }
    }

    fn revision(&self) -> Revision {
        match self {
            Self::Order(order) => order.revision(),
            Self::Note(note) => note.revision(),
            Self::Event(event) => event.revision(),
        }
    }
}

/// The thing is the order, `bandwidth.order:` and its `OrderId`. The revision is
/// `LastModifiedDate`; two notifications of one date are the same if they say
/// the same, whatever the subscriptions that caused them, and else cannot be
/// told, so that of two statuses of one millisecond neither hides the other.
/// Without `LastModifiedDate` nothing can be told.
///
/// Without an `OrderId`, which is optional, the notification is a thing of its
/// own, `bandwidth.notification:` and a digest of it: the customer's own order
/// id need not be of one order only.
impl Tracked for OrderNotification {
    fn key(&self) -> Key {
        match &self.order_id {
            Some(id) => Key::new("bandwidth.order", id),
            None => Key::of_digest("bandwidth.notification", &self.dated_content().digest()),
        }
    }

    fn revision(&self) -> Revision {
        Revision::perhaps_dated(self.last_modified_date, self.content().digest())
    }
}

impl OrderNotification {
    /// All that it says about the order at its date.
    fn content(&self) -> Fields {
        Fields::new()
            .with(self.order_type.as_ref().map(OrderType::as_str))
            .with(self.customer_order_id.as_deref())
            .with(self.status.as_ref().map(OrderStatus::as_str))
            .with(self.message.as_deref())
            .with_each(self.completed_telephone_numbers.iter().map(TelephoneNumber::as_str))
            .with_time(self.actual_foc_date)
    }

    /// All that it says about the order.
    fn dated_content(&self) -> Fields {
        self.content().with(self.order_id.as_deref()).with_time(self.last_modified_date)
    }
}

/// The thing is the note, `bandwidth.note:` and a digest of its text and of what
/// comes with it: a note is added to others and replaces none, so two notes,
/// even of one order, cannot be told, and none is ever too old. The revision is
/// that of the notification's [`order`](Self::order), which has a key of its
/// own: what a note's notification says about the order can be compared with
/// what others say.
impl Tracked for NoteNotification {
    fn key(&self) -> Key {
        let content = self.order.dated_content().with(Some(&self.note)).digest();
        Key::of_digest("bandwidth.note", &content)
    }

    fn revision(&self) -> Revision {
        self.order.revision()
    }
}

/// The thing is what happened, `bandwidth.event:` and a digest of subscription,
/// type and numbers. An event has no id and no date, and the same can happen to
/// a number again: nothing can be told, even of two that say the same.
impl Tracked for EventNotification {
    fn key(&self) -> Key {
        Key::of_digest("bandwidth.event", &self.content().digest())
    }

    fn revision(&self) -> Revision {
        Revision::untold(self.content().digest())
    }
}

impl EventNotification {
    fn content(&self) -> Fields {
        Fields::new()
            .with(Some(&self.subscription_id))
            .with(Some(self.event_type.as_str()))
            .with_each(self.impacted_telephone_numbers.iter().map(TelephoneNumber::as_str))
    }
}

impl fmt::Debug for OrderNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrderNotification")
            .field("subscription_id", &self.subscription_id)
            .field("order_type", &self.order_type)
            .field("order_id", &self.order_id)
            .field("customer_order_id", &self.customer_order_id)
            .field("status", &self.status)
            .field("completed_telephone_numbers", &self.completed_telephone_numbers.len())
            .field("last_modified_date", &self.last_modified_date)
            .field("actual_foc_date", &self.actual_foc_date)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NoteNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteNotification").field("order", &self.order).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
