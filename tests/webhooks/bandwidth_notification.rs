//! Bandwidth's notifications: a sample of each kind.

use order_webhooks::bandwidth::{Notification, NotificationWebhook};
use serde_json::json;

use fixtures::deliver::outcome;
use fixtures::samples::{
    BANDWIDTH_USER, EVENT_NOTIFICATION, NOTE_NOTIFICATION, ORDER_NOTIFICATION, bandwidth_user,
};

/// Bandwidth, "Order Webhook" and "Event Webhook".
#[test]
fn every_sample_is_an_event() {
    let order = json!({
        "SubscriptionId": "3b2a4c0e-5f0d-4c58-9f0e-1f5d2a7c9e11",
        "OrderType": "orders",
        "CustomerOrderId": "customer-order-1",
        "Status": "COMPLETE",
        "CompletedTelephoneNumbers": ["2223331000"],
        "LastModifiedDate": "2023-09-12T15:11:31.705Z",
        "ActualFocDate": "2023-09-12T00:00:00Z",
    });
    // In a CDATA section, and with a line break.
    let note = json!({
        "Note": "A note with <markup> & a line\nbreak",
        "SubscriptionId": "3b2a4c0e-5f0d-4c58-9f0e-1f5d2a7c9e11",
        "OrderType": "portins",
        "OrderId": "7f0f8d6b-1d5e-4f3e-8c0b-0d3d9f0c1a22",
        "Status": "FOC",
        "Message": "The other carrier has agreed",
        "ActualFocDate": "2023-09-12T00:00:00Z",
    });
    let event = json!({
        "SubscriptionId": "3b2a4c0e-5f0d-4c58-9f0e-1f5d2a7c9e11",
        "EventType": "MESSAGING_LOST",
        "ImpactedTelephoneNumbers": ["2223331000"],
    });
    for (body, kind, expected) in [
        (ORDER_NOTIFICATION, "Order", order),
        (NOTE_NOTIFICATION, "Note", note),
        (EVENT_NOTIFICATION, "Event", event),
    ] {
        let webhook = NotificationWebhook::new(bandwidth_user());
        let headers = [("authorization", BANDWIDTH_USER.as_bytes())];
        let notification = outcome(&webhook, &headers, body.as_bytes()).unwrap();
        assert_eq!(Notification::parse_unverified(body.as_bytes()).unwrap(), notification);
        let read = match notification {
            Notification::Order(_) => "Order",
            Notification::Note(_) => "Note",
            Notification::Event(_) => "Event",
            _ => "another kind",
        };
        assert_eq!(read, kind);
        assert_eq!(serde_json::to_value(notification).unwrap(), expected);
    }
}
