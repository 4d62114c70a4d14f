//! The body of the notification webhook.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::bandwidth::document::{self, Element, document};
use crate::bandwidth::{EventType, OrderStatus, OrderType, TelephoneNumber};
use crate::error::ParseError;
use crate::tracking::{ContentDigest, Key, Revision, Timestamp, Tracked};
use crate::wire::lenient;
use crate::wire::xml::{Reader, element_into};

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

/// Something that happened to numbers; see [`Notification::Event`]. `Debug` does not
/// show the numbers.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct EventNotification {
    /// The subscription that caused the notification.
    #[serde(default, skip_serializing_if = "Element::is_absent")]
    pub subscription_id: Option<String>,
    /// What happened. It is what makes a notification an event, so it is required.
    #[serde(deserialize_with = "lenient::id")]
    pub event_type: EventType,
    /// The numbers to which it happened. Newer pages print them in
    /// `ImpactedTelephoneNumbers`, older ones in `CompletedTelephoneNumbers`: they are
    /// read from both, in their order and none twice.
    #[serde(rename = "ImpactedTelephoneNumbers", alias = "CompletedTelephoneNumbers")]
    #[serde(default, skip_serializing_if = "Element::is_absent")]
    pub telephone_numbers: Vec<TelephoneNumber>,
}

/// All elements of a notification, before it is known what it is.
#[derive(Default, Deserialize)]
struct Elements {
    #[serde(flatten)]
    order: OrderNotification,
    #[serde(rename = "Note")]
    note: Option<String>,
    #[serde(rename = "EventType")]
    event_type: Option<EventType>,
}

impl From<Elements> for Notification {
    fn from(Elements { order, note, event_type }: Elements) -> Self {
        // An empty element is none, and so is an empty text in JSON.
        let event_type = event_type.filter(|event_type| !event_type.as_str().is_empty());
        match (event_type, note.filter(|note| !note.is_empty())) {
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
        while let Some(name) = reader.child()? {
            match name {
                "Note" => elements.note.read("Note", &mut reader)?,
                "EventType" => elements.event_type.read("EventType", &mut reader)?,
                _ if elements.order.read_field(name, &mut reader)? => {}
                _ => reader.skip()?,
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
            Self::Order(order) => order.write_fields(xml),
            Self::Note(note) => {
                note.order.write_fields(xml);
                element_into(xml, "Note", &note.note);
            }
            Self::Event(event) => {
                event.subscription_id.write(xml, "SubscriptionId");
                element_into(xml, "EventType", event.event_type.as_str());
                event.telephone_numbers.write(xml, "ImpactedTelephoneNumbers");
            }
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

/// The thing is the order, `bandwidth.order:` and its `OrderId`. The revision
/// is `LastModifiedDate`; two notifications of one date are the same if they
/// say the same, whichever subscriptions caused them. Otherwise they cannot be
/// put in order, so that of two statuses in one millisecond neither hides the
/// other. Without `LastModifiedDate` nothing can be put in order.
///
/// Without an `OrderId`, which is optional, the notification is a thing of its
/// own, `bandwidth.notification:` and a digest of it: the customer's own order
/// id may stand for several orders.
impl Tracked for OrderNotification {
    fn key(&self) -> Key {
        match self.order_id.as_deref() {
            Some(id) if !id.trim().is_empty() => Key::new("bandwidth.order", id),
            _ => {
                Key::of_digest("bandwidth.notification", &ContentDigest::of_event(&self.content()))
            }
        }
    }

    fn revision(&self) -> Revision {
        let date = self.last_modified_date.as_ref().and_then(Timestamp::to_offset_date_time);
        Revision::dated(date, ContentDigest::of_event(&self.content()))
    }
}

impl OrderNotification {
    /// The same for all notifications that say the same, whichever subscriptions caused
    /// them: without the subscription, and with each moment and number in one form.
    fn content(&self) -> Self {
        let mut same = Self { subscription_id: None, ..self.clone() };
        same.telephone_numbers.iter_mut().for_each(|number| *number = number.normal());
        for date in [&mut same.last_modified_date, &mut same.actual_foc_date] {
            *date = date.as_ref().map(Timestamp::normal);
        }
        same
    }
}

/// The thing is the note, `bandwidth.note:` and a digest of its text and of
/// what comes with it: a note is added to others and replaces none, so two
/// notes, even of one order, cannot be put in order, and none is ever too old.
/// The revision is that of the notification's [`order`](Self::order), which has
/// a key of its own: what a note's notification says about the order can be
/// compared with what others say.
impl Tracked for NoteNotification {
    fn key(&self) -> Key {
        let same = Self { note: self.note.clone(), order: self.order.content() };
        Key::of_digest("bandwidth.note", &ContentDigest::of_event(&same))
    }

    fn revision(&self) -> Revision {
        self.order.revision()
    }
}

/// The thing is what happened, `bandwidth.event:` and a digest of type and numbers,
/// whichever subscription told of it. An event has no id and no date, and the same can
/// happen to a number again: not even two that say the same are known to be the same.
impl Tracked for EventNotification {
    fn key(&self) -> Key {
        Key::of_digest("bandwidth.event", &self.content())
    }

    fn revision(&self) -> Revision {
        Revision::unordered(self.content())
    }
}

impl EventNotification {
    fn content(&self) -> ContentDigest {
        let mut same = Self { subscription_id: None, ..self.clone() };
        same.telephone_numbers.iter_mut().for_each(|number| *number = number.normal());
        ContentDigest::of_event(&same)
    }
}

impl fmt::Debug for NoteNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteNotification").field("order", &self.order).finish_non_exhaustive()
    }
}

impl fmt::Debug for EventNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventNotification")
            .field("subscription_id", &self.subscription_id)
            .field("event_type", &self.event_type)
            .field("telephone_numbers", &self.telephone_numbers.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
