//! The body of the notification webhook.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;

use crate::bandwidth::element::{self, Slot, numbers};
use crate::bandwidth::{EventType, OrderStatus, OrderType, TelephoneNumber};
use crate::error::ParseError;
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
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn parse(body: &str) -> Result<Notification, String> {
        Notification::parse_unverified(body.as_bytes()).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn json(body: &str) -> serde_json::Value {
        serde_json::to_value(parse(body).unwrap()).unwrap()
    }

    const ORDER: &str = "<?xml version=\"1.0\"?><Notification><SubscriptionId>s-1</SubscriptionId>\
        <OrderType>portins</OrderType><OrderId>o-1</OrderId><CustomerOrderId>c-1</CustomerOrderId>\
        <Status>FOC</Status><Message>Done &amp; dusted</Message><CompletedTelephoneNumbers>\
        <TelephoneNumber> 2223331000 </TelephoneNumber><TelephoneNumber>2223331001\
        </TelephoneNumber></CompletedTelephoneNumbers>\
        <LastModifiedDate>2023-09-12T15:11:31.705Z</LastModifiedDate>\
        <ActualFocDate>2023-09-12T00:00:00Z</ActualFocDate></Notification>";

    #[test]
    fn an_order_with_everything_in_it() {
        let Notification::Order(order) = parse(ORDER).unwrap() else { panic!("not an order") };
        let time = |text| timestamp_of(text);
        let expected = OrderNotification {
            subscription_id: "s-1".into(),
            order_type: Some(OrderType::PortIns),
            order_id: Some("o-1".into()),
            customer_order_id: Some("c-1".into()),
            status: Some(OrderStatus::Foc),
            message: Some("Done & dusted".into()),
            completed_telephone_numbers: vec!["2223331000".into(), "2223331001".into()],
            last_modified_date: time("2023-09-12T15:11:31.705Z"),
            actual_foc_date: time("2023-09-12T00:00:00Z"),
        };
        assert_eq!(order, expected);
    }

    fn timestamp_of(text: &str) -> Option<OffsetDateTime> {
        crate::wire::time::parse(text)
    }

    #[test]
    fn it_serialises_under_the_names_of_the_elements() {
        let expected = json!({
            "SubscriptionId": "s-1",
            "OrderType": "portins",
            "OrderId": "o-1",
            "CustomerOrderId": "c-1",
            "Status": "FOC",
            "Message": "Done & dusted",
            "CompletedTelephoneNumbers": ["2223331000", "2223331001"],
            "LastModifiedDate": "2023-09-12T15:11:31.705Z",
            "ActualFocDate": "2023-09-12T00:00:00Z",
        });
        assert_eq!(json(ORDER), expected);
    }

    #[test]
    fn a_note_and_an_event() {
        let note = "<Notification><SubscriptionId>s-1</SubscriptionId><Note>Call back</Note>\
                    <OrderId>o-1</OrderId><OrderType>portins</OrderType></Notification>";
        let expected = json!({
            "Note": "Call back", "SubscriptionId": "s-1", "OrderId": "o-1", "OrderType": "portins",
        });
        assert_eq!(json(note), expected);
        assert!(matches!(parse(note), Ok(Notification::Note(_))));

        let event = "<Notification><EventType>MESSAGING_LOST</EventType><SubscriptionId>s-1\
                     </SubscriptionId><ImpactedTelephoneNumbers><TelephoneNumber>2223331000\
                     </TelephoneNumber></ImpactedTelephoneNumbers></Notification>";
        let expected = EventNotification {
            subscription_id: "s-1".into(),
            event_type: EventType::MessagingLost,
            impacted_telephone_numbers: vec!["2223331000".into()],
        };
        assert_eq!(parse(event), Ok(Notification::Event(expected)));
    }

    #[test]
    fn lists_and_padding_and_unknown_elements_do_not_matter() {
        let spread = ORDER
            .replace("<Status>", "\r\n\t<New><Status>x</Status></New>\r\n<Status>\r\n\t ")
            .replace(
                "</TelephoneNumber><TelephoneNumber>",
                "</TelephoneNumber><!-- and --><Other/><TelephoneNumber>",
            );
        assert_ne!(spread, ORDER);
        assert_eq!(parse(&spread), parse(ORDER));
    }

    #[test]
    fn a_word_of_tomorrow_keeps_its_text() {
        let body = ORDER.replace("FOC<", "FOC_LATER<").replace("portins", "portins2");
        let Ok(Notification::Order(order)) = parse(&body) else { panic!("not an order") };
        assert_eq!(order.status, Some(OrderStatus::Other("FOC_LATER".into())));
        assert_eq!(order.order_type, Some(OrderType::Other("portins2".into())));
    }

    #[test]
    fn what_is_not_a_notification() {
        for (body, message) in [
            ("<Notification/>", "SubscriptionId: missing at byte 0"),
            (
                "<Notification><SubscriptionId/></Notification>",
                "SubscriptionId: missing at byte 31",
            ),
            (
                "<Notification><Status/><Status>FOC</Status></Notification>",
                "Status: given twice at byte 23",
            ),
            ("<Notification><Status><b/></Status></Notification>", "Status: not text at byte 22"),
            (
                "<Notification><LastModifiedDate>yesterday</LastModifiedDate></Notification>",
                "LastModifiedDate: not a timestamp with an offset at byte 14",
            ),
            ("<Notifications/>", "the root element is <Notifications> at byte 0"),
        ] {
            assert_eq!(parse(body), Err(message.to_owned()));
        }
    }

    #[test]
    fn debug_shows_no_customer_data() {
        let note = ORDER.replace("</Notification>", "<Note>PIN 1111</Note></Notification>");
        let shown = format!("{:?}", parse(&note).unwrap());
        for hidden in ["1111", "2223331000", "dusted"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert!(shown.starts_with("Note(NoteNotification { order: OrderNotification {"), "{shown}");
    }
}
