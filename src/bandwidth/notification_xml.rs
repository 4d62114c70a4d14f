//! How a notification is written.

use time::OffsetDateTime;

use crate::bandwidth::element::numbers_into;
use crate::bandwidth::{EventNotification, Notification, OrderNotification};
use crate::wire::escape::element_into;
use crate::wire::time as timestamp;

impl Notification {
    /// The `<Notification>` document, as Bandwidth would send it.
    ///
    /// Elements stand in the order of Bandwidth's samples. An empty text or list
    /// is left out, which is what an empty element means.
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
        let mut xml = String::from("<?xml version=\"1.0\"?><Notification>");
        match self {
            Self::Order(order) => order_into(&mut xml, order, None),
            Self::Note(note) => order_into(&mut xml, &note.order, Some(&note.note)),
            Self::Event(event) => event_into(&mut xml, event),
        }
        xml.push_str("</Notification>");
        xml
    }
}

fn order_into(xml: &mut String, order: &OrderNotification, note: Option<&str>) {
    text_into(xml, "SubscriptionId", Some(&order.subscription_id));
    text_into(xml, "OrderType", order.order_type.as_ref().map(super::OrderType::as_str));
    text_into(xml, "OrderId", order.order_id.as_deref());
    text_into(xml, "CustomerOrderId", order.customer_order_id.as_deref());
    text_into(xml, "Status", order.status.as_ref().map(super::OrderStatus::as_str));
    text_into(xml, "Message", order.message.as_deref());
    text_into(xml, "Note", note);
    numbers_into(xml, "CompletedTelephoneNumbers", &order.completed_telephone_numbers);
    date_into(xml, "LastModifiedDate", order.last_modified_date);
    date_into(xml, "ActualFocDate", order.actual_foc_date);
}

fn event_into(xml: &mut String, event: &EventNotification) {
    text_into(xml, "SubscriptionId", Some(&event.subscription_id));
    text_into(xml, "EventType", Some(event.event_type.as_str()));
    numbers_into(xml, "ImpactedTelephoneNumbers", &event.impacted_telephone_numbers);
}

fn text_into(xml: &mut String, name: &str, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        element_into(xml, name, text);
    }
}

fn date_into(xml: &mut String, name: &str, date: Option<OffsetDateTime>) {
    if let Some(date) = date {
        element_into(xml, name, &timestamp::rfc3339(date));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::bandwidth::{EventType, NoteNotification, OrderStatus, OrderType, TelephoneNumber};

    /// Text that a document gives back: no white space at its ends, no character
    /// that XML cannot hold, not empty.
    fn text() -> impl Strategy<Value = String> {
        "[!-~é\u{1F600}][ -~\t\n\ré]{0,12}[!-~]"
    }

    fn numbers() -> impl Strategy<Value = Vec<TelephoneNumber>> {
        prop::collection::vec("[0-9]{10}".prop_map(|number| TelephoneNumber::from(&*number)), 0..4)
    }

    fn date() -> impl Strategy<Value = OffsetDateTime> {
        (0_i64..4_000_000_000, 0_i64..1000).prop_map(|(second, millisecond)| {
            let time = OffsetDateTime::from_unix_timestamp(second).unwrap();
            time.saturating_add(time::Duration::milliseconds(millisecond))
        })
    }

    prop_compose! {
        fn order()(
            subscription_id in text(),
            order_type in prop::option::of(text().prop_map(|word| OrderType::from(&*word))),
            order_id in prop::option::of(text()),
            customer_order_id in prop::option::of(text()),
            status in prop::option::of(prop::sample::select(OrderStatus::KNOWN)),
            message in prop::option::of(text()),
            completed_telephone_numbers in numbers(),
            last_modified_date in prop::option::of(date()),
            actual_foc_date in prop::option::of(date()),
        ) -> OrderNotification {
            OrderNotification {
                subscription_id,
                order_type,
                order_id,
                customer_order_id,
                status,
                message,
                completed_telephone_numbers,
                last_modified_date,
                actual_foc_date,
            }
        }
    }

    fn notification() -> impl Strategy<Value = Notification> {
        prop_oneof![
            order().prop_map(Notification::Order),
            (text(), order())
                .prop_map(|(note, order)| Notification::Note(NoteNotification { note, order })),
            (text(), text(), numbers()).prop_map(
                |(subscription_id, event_type, impacted_telephone_numbers)| {
                    Notification::Event(EventNotification {
                        subscription_id,
                        event_type: EventType::from(&*event_type),
                        impacted_telephone_numbers,
                    })
                }
            ),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(notification in notification()) {
            let xml = notification.to_xml();
            prop_assert_eq!(Notification::parse_unverified(xml.as_bytes()), Ok(notification));
            prop_assert!(roxmltree::Document::parse(&xml).is_ok(), "{}", xml);
        }
    }
}
