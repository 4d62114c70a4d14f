//! Bandwidth's senders and their events.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};

use crate::auth::{BodySignature, Credentials, SignatureEncoding};
use crate::bandwidth::{
    EventNotification, EventType, NoteNotification, Notification, OrderNotification, OrderStatus,
    OrderType, PortOutValidationRequest, TelephoneNumber,
};
use crate::secret::Secret;
use crate::testing::policy::{Delivered, DeliveryPolicy, Retries};
use crate::testing::sender::Sender;
use crate::tracking::Timestamp;

const XML: HeaderValue = HeaderValue::from_static("application/xml");

/// How Bandwidth delivers a notification: 200 and nothing else confirms, and one
/// that fails never comes again.
///
/// Source: Bandwidth numbers documentation, "Webhooks".
pub const NOTIFICATION_POLICY: DeliveryPolicy =
    DeliveryPolicy::new(Delivered::Exactly200, None, Retries::Never);

/// How Bandwidth asks about a port-out: it waits 30 s for a 200 with a valid answer.
/// Without an answer it asks eight times more, once every 5 minutes, and then
/// approves; with another one it approves at once.
///
/// Source: Bandwidth numbers documentation, "Portout Validation Webhook".
pub const PORT_OUT_POLICY: DeliveryPolicy = DeliveryPolicy::new(
    Delivered::ValidAnswer,
    Some(Duration::from_secs(30)),
    Retries::Every { times: 8, interval: Duration::from_secs(5 * 60) },
);

impl Sender {
    /// Bandwidth's v1 subscriptions: XML, with the credentials after a challenge.
    pub fn notifications(url: Uri, credentials: &Credentials) -> Self {
        Self::new(url, NOTIFICATION_POLICY)
            .with_media_type(XML)
            .with_credentials_when_asked(credentials)
    }

    /// Bandwidth's port-out validation: XML, with the credentials after a
    /// challenge. The answer is read, and decides the verdict.
    pub fn port_out(url: Uri, credentials: &Credentials) -> Self {
        Self::new(url, PORT_OUT_POLICY)
            .with_media_type(XML)
            .with_credentials_when_asked(credentials)
    }

    /// Bandwidth's v2 subscriptions: JSON, signed with the subscription's secret.
    /// Where it has credentials too, add
    /// [`with_credentials_when_asked`](Self::with_credentials_when_asked).
    pub fn subscription_v2(url: Uri, secret: &Secret) -> Self {
        let header = HeaderName::from_static("x-bandwidth-signature-sha-256");
        let signature = BodySignature::new(header, SignatureEncoding::Base64, secret);
        Self::new(url, DeliveryPolicy::UNDOCUMENTED).signing(signature)
    }
}

const SUBSCRIPTION: &str = "b7d4f4f8-1f3c-4a8e-9a5c-6c7b0f0e2d11";

/// An order of new numbers that is complete.
///
/// ```
/// use order_webhooks::bandwidth::{Notification, OrderStatus};
/// use order_webhooks::testing::bandwidth;
///
/// let Notification::Order(mut order) = bandwidth::order_notification() else { panic!() };
/// order.status = Some(OrderStatus::Partial);
/// let notification = Notification::Order(order);
/// ```
#[must_use]
pub fn order_notification() -> Notification {
    order_notification_of(OrderType::Orders, OrderStatus::Complete)
}

/// An order of this type with this status. Numbers are complete where the status
/// says so, and a port-in that has reached `FOC` has its date.
#[must_use]
pub fn order_notification_of(order_type: OrderType, status: OrderStatus) -> Notification {
    let complete = matches!(
        status,
        OrderStatus::Complete | OrderStatus::Completed | OrderStatus::AdjustedComplete
    );
    let agreed = order_type == OrderType::PortIns
        && matches!(status, OrderStatus::Foc | OrderStatus::Complete);
    Notification::Order(OrderNotification {
        telephone_numbers: if complete { numbers() } else { Vec::new() },
        actual_foc_date: agreed.then(|| Timestamp::from("2023-09-12T00:00:00Z")),
        ..order(order_type, status)
    })
}

fn order(order_type: OrderType, status: OrderStatus) -> OrderNotification {
    OrderNotification {
        subscription_id: Some(SUBSCRIPTION.into()),
        message: Some(format!("{order_type} order is {status}")),
        order_type: Some(order_type),
        order_id: Some("8f3a1c52-6f5e-4a0e-8d8c-2b1f4d9e7a60".into()),
        customer_order_id: Some("shop-order-7".into()),
        status: Some(status),
        telephone_numbers: Vec::new(),
        last_modified_date: Some(Timestamp::from("2023-09-12T15:11:31.705Z")),
        actual_foc_date: None,
    }
}

fn numbers() -> Vec<TelephoneNumber> {
    ["2223331000", "2223331001"].map(TelephoneNumber::from).into()
}

/// One notification for every documented status of every documented order type.
#[must_use]
pub fn order_notifications() -> Vec<Notification> {
    let pairs = OrderType::KNOWN.iter().flat_map(|order_type| {
        order_type.statuses().iter().map(|status| (order_type.clone(), status.clone()))
    });
    pairs.map(|(order_type, status)| order_notification_of(order_type, status)).collect()
}

/// A note on a port-in.
///
/// ```
/// use order_webhooks::testing::bandwidth;
///
/// let xml = bandwidth::note_notification().to_xml();
/// assert!(xml.contains("<OrderType>portins</OrderType>"));
/// assert!(xml.contains("<Note>The other carrier has asked for the latest invoice</Note>"));
/// ```
#[must_use]
pub fn note_notification() -> Notification {
    let order = order(OrderType::PortIns, OrderStatus::Submitted);
    Notification::Note(NoteNotification {
        note: "The other carrier has asked for the latest invoice".into(),
        order: OrderNotification { message: None, ..order },
    })
}

/// Numbers that lost their messaging to another provider.
///
/// ```
/// use order_webhooks::testing::bandwidth;
///
/// assert_eq!(
///     bandwidth::event_notification().to_xml(),
///     "<?xml version=\"1.0\"?><Notification>\
///      <SubscriptionId>b7d4f4f8-1f3c-4a8e-9a5c-6c7b0f0e2d11</SubscriptionId>\
///      <EventType>MESSAGING_LOST</EventType><ImpactedTelephoneNumbers>\
///      <TelephoneNumber>2223331000</TelephoneNumber>\
///      <TelephoneNumber>2223331001</TelephoneNumber></ImpactedTelephoneNumbers></Notification>",
/// );
/// ```
#[must_use]
pub fn event_notification() -> Notification {
    Notification::Event(EventNotification {
        subscription_id: Some(SUBSCRIPTION.into()),
        event_type: EventType::MessagingLost,
        telephone_numbers: numbers(),
    })
}

/// The same with its numbers in E.164, as a subscription whose `NumberFormat` is
/// `E164` gets them.
///
/// ```
/// use order_webhooks::testing::bandwidth;
///
/// let notification = bandwidth::in_e164(bandwidth::event_notification());
/// assert!(notification.to_xml().contains("<TelephoneNumber>+12223331000</TelephoneNumber>"));
/// ```
#[must_use]
pub fn in_e164(mut notification: Notification) -> Notification {
    let numbers = match &mut notification {
        Notification::Order(order) => &mut order.telephone_numbers,
        Notification::Note(note) => &mut note.order.telephone_numbers,
        Notification::Event(event) => &mut event.telephone_numbers,
    };
    for number in numbers {
        *number = TelephoneNumber::from(format!("+1{}", number.as_str()).as_str());
    }
    notification
}

/// The sample of Bandwidth's documentation: a port-out of two numbers. With API v2
/// they come in E.164.
///
/// ```
/// use order_webhooks::testing::bandwidth;
///
/// let mut request = bandwidth::port_out_request();
/// request.pin = Some("0111".into());
/// request.zip_code = None;
/// request.telephone_numbers = vec!["+12223331002".into()];
/// ```
#[must_use]
pub fn port_out_request() -> PortOutValidationRequest {
    PortOutValidationRequest {
        pon: Some("some_pon".into()),
        pin: Some("1111".into()),
        account_number: Some("777".into()),
        zip_code: Some("62025".into()),
        subscriber_name: Some("Subscriber Name".into()),
        telephone_numbers: numbers(),
    }
}

/// JSON to sign as a v2 delivery. **It is no sample of Bandwidth's**: the schema
/// is not available to us. Put your own recordings in its place.
#[must_use]
pub fn v2_placeholder() -> serde_json::Value {
    serde_json::json!({ "placeholder": "the schema of v2 bodies is not available to us" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_notification_for_every_status_of_every_type() {
        let notifications = order_notifications();
        assert_eq!(notifications.len(), 83);
        for notification in notifications {
            let xml = notification.to_xml();
            assert_eq!(Notification::parse_unverified(xml.as_bytes()), Ok(notification), "{xml}");
        }
        for notification in [note_notification(), event_notification()] {
            let xml = notification.to_xml();
            assert_eq!(Notification::parse_unverified(xml.as_bytes()), Ok(notification), "{xml}");
        }
    }

    #[test]
    fn numbers_and_dates_come_with_the_statuses_that_have_them() {
        for (order_type, status, numbers, date) in [
            (OrderType::Orders, OrderStatus::Complete, 2, false),
            (OrderType::Disconnects, OrderStatus::Completed, 2, false),
            (OrderType::Lidb, OrderStatus::AdjustedComplete, 2, false),
            (OrderType::PortIns, OrderStatus::Complete, 2, true),
            (OrderType::PortIns, OrderStatus::Foc, 0, true),
            (OrderType::PortIns, OrderStatus::Submitted, 0, false),
            (OrderType::Orders, OrderStatus::Foc, 0, false),
            (OrderType::Orders, OrderStatus::Received, 0, false),
        ] {
            let case = format!("{order_type} {status}");
            let notification = order_notification_of(order_type, status);
            let Notification::Order(order) = notification else { panic!("{case}") };
            let found = (order.telephone_numbers.len(), order.actual_foc_date.is_some());
            assert_eq!(found, (numbers, date), "{case}");
        }
    }

    #[test]
    fn a_note_has_the_order_and_no_message() {
        let Notification::Note(note) = note_notification() else { panic!("no note") };
        assert_eq!((note.order.message, note.order.status), (None, Some(OrderStatus::Submitted)));
    }

    #[test]
    fn the_placeholder_is_an_object_that_says_so() {
        assert!(v2_placeholder()["placeholder"].as_str().unwrap().contains("not available"));
    }

    #[test]
    fn the_port_out_is_the_sample_of_the_documentation() {
        let request = port_out_request();
        let xml = request.to_xml();
        assert_eq!(PortOutValidationRequest::parse_unverified(xml.as_bytes()), Ok(request));
        assert_eq!(
            xml,
            "<?xml version=\"1.0\"?><PortOutValidationRequest><PON>some_pon</PON><Pin>1111</Pin>\
             <AccountNumber>777</AccountNumber><ZipCode>62025</ZipCode>\
             <SubscriberName>Subscriber Name</SubscriberName><TelephoneNumbers>\
             <TelephoneNumber>2223331000</TelephoneNumber>\
             <TelephoneNumber>2223331001</TelephoneNumber></TelephoneNumbers>\
             </PortOutValidationRequest>"
        );
    }
}
