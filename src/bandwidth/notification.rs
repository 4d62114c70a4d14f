//! The body of the notification webhook.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::bandwidth::document::{self, Document, Given, Value, document};
use crate::bandwidth::{EventType, OrderStatus, OrderType, TelephoneNumber, Timestamp};
use crate::error::ParseError;
use crate::tracking::Fields;
use crate::wire::escape::element_into;
use crate::wire::xml::Reader;

const ROOT: &str = "Notification";

/// What a v1 subscription sends: an order that changed, a note on an order, or
/// an event that happened to numbers.
///
/// On the wire it is a `<Notification>` whose elements come in any order. With
/// an `EventType` it is an event, and otherwise with a `Note` it is a note. As
/// JSON it serialises under the names of the elements, with the numbers as a
/// list, and deserialises from that.
///
/// **Nothing is required**, because a notification that is refused never comes
/// again. Unknown elements are ignored, an empty element counts as absent, of
/// an element that comes twice the first is taken, and a date that cannot be
/// read keeps its text.
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
/// assert_eq!(order.telephone_numbers[0].as_str(), "2223331000");
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, from = "Elements")]
#[non_exhaustive]
pub enum Notification {
    /// An order changed its state.
    Order(OrderNotification),
    /// An order got a note.
    Note(NoteNotification),
    /// Something happened to numbers.
    Event(EventNotification),
}

document! {
    /// An order that changed its state; see [`Notification::Order`].
    ///
    /// `Debug` does not show the message and the numbers.
    #[non_exhaustive]
    pub struct OrderNotification {
        /// The subscription that caused the notification.
        pub subscription_id: Option<String> = "SubscriptionId", shown;
        /// The type of the order.
        pub order_type: Option<OrderType> = "OrderType", shown;
        /// Bandwidth's id of the order.
        pub order_id: Option<String> = "OrderId", shown;
        /// The customer's own id of the order, if it was given one.
        pub customer_order_id: Option<String> = "CustomerOrderId", shown;
        /// Where the order stands.
        pub status: Option<OrderStatus> = "Status", shown;
        /// A message for people.
        pub message: Option<String> = "Message", hidden;
        /// The numbers that were **attempted**. Their element is called
        /// `CompletedTelephoneNumbers`, but a notification of a `FAILED` order
        /// lists its numbers there, too: the status says what became of them.
        /// See
        /// [`completed_telephone_numbers`](Self::completed_telephone_numbers).
        pub telephone_numbers: Vec<TelephoneNumber> =
            "CompletedTelephoneNumbers" | "ImpactedTelephoneNumbers", counted;
        /// When the order was last changed: `2023-09-12T15:11:31.705Z`.
        pub last_modified_date: Option<Timestamp> = "LastModifiedDate", shown;
        /// When the other carrier hands the numbers over; only for port-ins that
        /// have reached [`OrderStatus::Foc`].
        pub actual_foc_date: Option<Timestamp> = "ActualFocDate", shown;
    }
}

/// A note on an order; see [`Notification::Note`]. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct NoteNotification {
    /// The text of the note.
    pub note: String,
    /// The order, as far as the notification says.
    #[serde(flatten)]
    pub order: OrderNotification,
}

document! {
    /// Something that happened to numbers; see [`Notification::Event`].
    #[non_exhaustive]
    pub struct EventNotification {
        /// The subscription that caused the notification.
        pub subscription_id: Option<String> = "SubscriptionId", shown;
        /// What happened.
        pub event_type: EventType = "EventType", shown;
        /// The numbers to which it happened. Newer pages print them in
        /// `ImpactedTelephoneNumbers`, older ones in `CompletedTelephoneNumbers`:
        /// they are read from both, in their order and none twice.
        pub telephone_numbers: Vec<TelephoneNumber> =
            "ImpactedTelephoneNumbers" | "CompletedTelephoneNumbers", counted;
    }
}

document! {
    /// What makes a notification a note or an event.
    struct Kind {
        note: Option<String> = "Note", hidden;
        event_type: Option<EventType> = "EventType", shown;
    }
}

/// All elements of a notification, before it is known what it is.
#[derive(Default, Deserialize)]
struct Elements {
    #[serde(flatten)]
    order: OrderNotification,
    #[serde(flatten)]
    kind: Kind,
}

impl From<Elements> for Notification {
    fn from(Elements { order, kind }: Elements) -> Self {
        match (kind.event_type, kind.note) {
            (Some(event_type), _) => Self::Event(EventNotification {
                subscription_id: order.subscription_id,
                event_type,
                telephone_numbers: each_once(order.telephone_numbers),
            }),
            (None, Some(note)) => Self::Note(NoteNotification { note, order }),
            (None, None) => Self::Order(order),
        }
    }
}

fn each_once(mut numbers: Vec<TelephoneNumber>) -> Vec<TelephoneNumber> {
    let mut seen = HashSet::new();
    numbers.retain(|number| seen.insert(number.clone()));
    numbers
}

impl Notification {
    /// Reads a body without verifying it, such as one that was verified before
    /// it was stored.
    ///
    /// # Errors
    ///
    /// For what cannot be read at all: another root element than
    /// `<Notification>`, tags that do not match, a document that is cut short, text
    /// outside of the root, an encoding other than UTF-8, a document type
    /// declaration, more than 128 elements in each other, and an entity that is not
    /// predefined in a text that is read.
    pub fn parse_unverified(body: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::open(body, ROOT)?.lenient();
        let mut elements = Elements::default();
        let (mut of_order, mut of_kind) = (Given::default(), Given::default());
        while let Some(name) = reader.child()? {
            if !elements.order.read_field(name, &mut of_order, &mut reader)?
                && !elements.kind.read_field(name, &mut of_kind, &mut reader)?
            {
                reader.skip()?;
            }
        }
        reader.finish()?;
        Ok(elements.into())
    }

    /// The `<Notification>` document, as Bandwidth would send it.
    ///
    /// Elements stand in the order of Bandwidth's samples. An empty text or list
    /// is left out, which is what an empty element means. A character that XML
    /// cannot hold becomes U+FFFD.
    ///
    /// ```
    /// use order_webhooks::bandwidth::Notification;
    ///
    /// let body = br#"<?xml version="1.0"?><Notification><SubscriptionId>s-1</SubscriptionId><EventType>MESSAGING_LOST</EventType></Notification>"#;
    /// let notification = Notification::parse_unverified(body)?;
    /// assert_eq!(notification.to_xml().as_bytes(), body);
    /// # Ok::<(), order_webhooks::ParseError>(())
    /// ```
    #[must_use]
    pub fn to_xml(&self) -> String {
        document::to_xml(ROOT, |xml| match self {
            Self::Order(order) => order.write_into(xml),
            Self::Note(note) => {
                note.order.write_into(xml);
                element_into(xml, "Note", &note.note);
            }
            Self::Event(event) => event.write_into(xml),
        })
    }

    /// The subscription that caused the notification.
    #[must_use]
    pub fn subscription_id(&self) -> Option<&str> {
        match self {
            Self::Order(order) => order.subscription_id.as_deref(),
            Self::Note(note) => note.order.subscription_id.as_deref(),
            Self::Event(event) => event.subscription_id.as_deref(),
        }
    }

    /// The order that it is about, whether its state changed or it got a note;
    /// `None` for an event.
    #[must_use]
    pub fn order(&self) -> Option<&OrderNotification> {
        match self {
            Self::Order(order) => Some(order),
            Self::Note(note) => Some(&note.order),
            Self::Event(_) => None,
        }
    }
}

impl OrderNotification {
    /// The numbers for which the order was carried out, by its status. `None`
    /// where the notification does not say: ask Bandwidth's API for the order
    /// then.
    ///
    /// | status | the numbers |
    /// |---|---|
    /// | `COMPLETE`, `COMPLETED`, `ADJUSTED_COMPLETE` | all of [`telephone_numbers`](Self::telephone_numbers) |
    /// | `FAILED`, `CANCELLED` | none |
    /// | `PARTIAL`, `ADJUSTED_PARTIAL` | some: it is not said which |
    /// | any other | not known, or not yet |
    ///
    /// ```
    /// use order_webhooks::bandwidth::Notification;
    ///
    /// let body = b"<Notification><Status>FAILED</Status><CompletedTelephoneNumbers>\
    ///   <TelephoneNumber>2223331000</TelephoneNumber></CompletedTelephoneNumbers></Notification>";
    /// let notification = Notification::parse_unverified(body)?;
    /// let order = notification.order().ok_or("no order")?;
    /// assert_eq!(order.telephone_numbers.len(), 1);
    /// assert_eq!(order.completed_telephone_numbers(), Some(&[][..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn completed_telephone_numbers(&self) -> Option<&[TelephoneNumber]> {
        use OrderStatus as S;
        match self.status.as_ref()? {
            S::Complete | S::Completed | S::AdjustedComplete => Some(&self.telephone_numbers),
            S::Failed | S::Cancelled => Some(&[]),
            _ => None,
        }
    }
}

impl fmt::Debug for NoteNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteNotification").field("order", &self.order).finish_non_exhaustive()
    }
}

/// An event has a type, or it is none.
impl Value for EventType {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ParseError> {
        *self = Self::from(&*reader.text()?);
        Ok(())
    }

    fn is_absent(&self) -> bool {
        self.as_str().is_empty()
    }

    fn write(&self, xml: &mut String, name: &str) {
        element_into(xml, name, self.as_str());
    }

    fn digest(&self, content: Fields) -> Fields {
        content.with(Some(self.as_str()))
    }
}

#[cfg(test)]
mod tests;
