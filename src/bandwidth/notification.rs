//! The body of the notification webhook.

use std::fmt;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use crate::bandwidth::{EventType, OrderStatus, OrderType, TelephoneNumber};
use crate::error::{ParseError, ParseErrorKind};
use crate::wire::time as timestamp;
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
    #[serde(serialize_with = "as_timestamp", skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<OffsetDateTime>,
    /// When the other carrier hands the numbers over; only for port-ins that
    /// have reached [`OrderStatus::Foc`].
    #[serde(serialize_with = "as_timestamp", skip_serializing_if = "Option::is_none")]
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
        let mut order = OrderNotification::default();
        let (mut subscription_id, mut note, mut event_type, mut impacted) =
            (None, None, None, None);
        let mut completed = None;
        while let Some(name) = reader.child()? {
            match name {
                "SubscriptionId" => once(&mut reader, &mut subscription_id, name, text)?,
                "OrderType" => once(&mut reader, &mut order.order_type, name, word)?,
                "OrderId" => once(&mut reader, &mut order.order_id, name, text)?,
                "CustomerOrderId" => once(&mut reader, &mut order.customer_order_id, name, text)?,
                "Status" => once(&mut reader, &mut order.status, name, word)?,
                "Message" => once(&mut reader, &mut order.message, name, text)?,
                "Note" => once(&mut reader, &mut note, name, text)?,
                "EventType" => once(&mut reader, &mut event_type, name, word)?,
                "LastModifiedDate" => {
                    once(&mut reader, &mut order.last_modified_date, name, date)?;
                }
                "ActualFocDate" => once(&mut reader, &mut order.actual_foc_date, name, date)?,
                "CompletedTelephoneNumbers" => once(&mut reader, &mut completed, name, numbers)?,
                "ImpactedTelephoneNumbers" => once(&mut reader, &mut impacted, name, numbers)?,
                _ => reader.skip()?,
            }
        }
        let end = reader.at();
        reader.finish()?;
        let subscription_id = subscription_id.ok_or_else(|| {
            ParseError::new(ParseErrorKind::Missing).in_field("SubscriptionId").at_byte(end)
        })?;
        if let Some(event_type) = event_type {
            let impacted_telephone_numbers = impacted.unwrap_or_default();
            return Ok(Self::Event(EventNotification {
                subscription_id,
                event_type,
                impacted_telephone_numbers,
            }));
        }
        order.subscription_id = subscription_id;
        order.completed_telephone_numbers = completed.unwrap_or_default();
        Ok(match note {
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
