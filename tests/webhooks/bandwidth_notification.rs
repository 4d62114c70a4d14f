//! Bandwidth's notifications: a sample of each kind.

use order_webhooks::bandwidth::{Notification, NotificationWebhook};
use serde_json::{Value, json};

use fixtures::deliver::outcome;
use fixtures::law::{Law, row, so_if};
use fixtures::samples::{
    BANDWIDTH_USER, EVENT_NOTIFICATION, NOTE_NOTIFICATION, ORDER_NOTIFICATION, bandwidth_user,
};

const SO: &str = "the event, every value as it came";
const SUBSCRIPTION: &str = "3b2a4c0e-5f0d-4c58-9f0e-1f5d2a7c9e11";

pub(crate) const LAW: Law = Law {
    title: "Bandwidth, notifications",
    rows: &[
        row(
            "the documented notification of an order",
            SO,
            "Bandwidth, \"Order Webhook\"",
            |cases| {
                let (notification, event) = of_bandwidth(ORDER_NOTIFICATION);
                assert!(matches!(notification, Notification::Order(_)));
                let expected = json!({
                    "SubscriptionId": SUBSCRIPTION,
                    "OrderType": "orders",
                    "CustomerOrderId": "customer-order-1",
                    "Status": "COMPLETE",
                    "CompletedTelephoneNumbers": ["2223331000"],
                    "LastModifiedDate": "2023-09-12T15:11:31.705Z",
                    "ActualFocDate": "2023-09-12T00:00:00Z",
                });
                cases.of("sample", so_if(event == expected, SO, &event));
            },
        ),
        row(
            "a notification of a note, with CDATA and a line break",
            SO,
            "the elements that \"Order Webhook\" lists",
            |cases| {
                let (notification, event) = of_bandwidth(NOTE_NOTIFICATION);
                assert!(matches!(notification, Notification::Note(_)));
                let expected = json!({
                    "Note": "A note with <markup> & a line\nbreak",
                    "SubscriptionId": SUBSCRIPTION,
                    "OrderType": "portins",
                    "OrderId": "7f0f8d6b-1d5e-4f3e-8c0b-0d3d9f0c1a22",
                    "Status": "FOC",
                    "Message": "The other carrier has agreed",
                    "ActualFocDate": "2023-09-12T00:00:00Z",
                });
                cases.of("sample", so_if(event == expected, SO, &event));
            },
        ),
        row(
            "the documented notification of an event",
            SO,
            "Bandwidth, \"Event Webhook\"",
            |cases| {
                let (notification, event) = of_bandwidth(EVENT_NOTIFICATION);
                assert!(matches!(notification, Notification::Event(_)));
                let expected = json!({
                    "SubscriptionId": SUBSCRIPTION,
                    "EventType": "MESSAGING_LOST",
                    "ImpactedTelephoneNumbers": ["2223331000"],
                });
                cases.of("sample", so_if(event == expected, SO, &event));
            },
        ),
    ],
};

fn of_bandwidth(body: &str) -> (Notification, Value) {
    let webhook = NotificationWebhook::new(bandwidth_user());
    let headers = [("authorization", BANDWIDTH_USER.as_bytes())];
    let notification = outcome(&webhook, &headers, body.as_bytes()).unwrap();
    assert_eq!(Notification::parse_unverified(body.as_bytes()).unwrap(), notification);
    let event = serde_json::to_value(&notification).unwrap();
    (notification, event)
}

#[test]
fn every_sample_is_an_event() {
    LAW.holds();
}
