//! The documented samples of the providers, through their webhooks. The files
//! and their sources are listed in `tests/data/README.md`.
#![cfg(all(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
#![allow(clippy::unwrap_used)]

use order_webhooks::bandwidth::{Notification, NotificationWebhook};
use order_webhooks::{
    BasicAuth, Credentials, Receive as _, Secret, Webhook, musement, porterbuddy,
};
use serde_json::{Value, json};

/// The event of a body with these headers, as JSON, which is the whole value.
#[track_caller]
fn event<W: Webhook<Event: serde::Serialize>>(
    webhook: &W,
    header: &str,
    value: &str,
    body: &str,
) -> Value {
    let request = http::Request::post("/").header(header, value).body(body).unwrap();
    let verified = webhook.receive(request).unwrap();
    assert_eq!(*verified.body(), body);
    serde_json::to_value(verified.event()).unwrap()
}

#[test]
fn musement_order_item() {
    let body = include_str!("data/musement/order-item.json");
    let webhook =
        musement::OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish").unwrap());
    let event = event(&webhook, "authorization", "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==", body);
    // Every value is written as it came.
    assert_eq!(event, serde_json::from_str::<Value>(body).unwrap());
    assert_eq!(event.as_object().unwrap().len(), 10);
}

fn porterbuddy_webhook() -> porterbuddy::OrderWebhook {
    porterbuddy::OrderWebhook::new(&Secret::new("porterbuddy-api-key").unwrap())
}

#[test]
fn porterbuddy_order_status() {
    let body = include_str!("data/porterbuddy/order-status.json");
    let webhook = porterbuddy_webhook();
    // openssl dgst -sha256 -hmac porterbuddy-api-key -binary order-status.json | base64
    let signature = "Ax1l0B3lO6KF7BPCwU3fa1p4L4CAMdd3UQjwzDOUp0E=";
    let mut expected: Value = serde_json::from_str(body).unwrap();
    // The page's webhook writes one l, its list of statuses two.
    expected["orderStatus"] = json!("cancelled");
    assert_eq!(event(&webhook, "x-porterbuddy-hmac-SHA256", signature, body), expected);
}

#[test]
fn porterbuddy_order_status_as_printed() {
    let body = include_str!("data/porterbuddy/order-status-as-printed.json");
    let webhook = porterbuddy_webhook();
    let request = http::Request::post("/")
        .header("x-porterbuddy-hmac-SHA256", webhook.signature().sign(body.as_bytes()))
        .body(body)
        .unwrap();
    let rejection = webhook.receive(request).unwrap_err();
    let message = "the body does not parse: trailing comma at line 8 column 1";
    assert_eq!(rejection.to_string(), message);
    assert_eq!(body.lines().nth(7), Some("}"));
    assert_eq!(rejection.into_verified_body(), Some(body));
}

#[track_caller]
fn notification(body: &str) -> (Notification, Value) {
    let credentials = Credentials::new("bandwidth-user", "bandwidth-password").unwrap();
    let webhook = NotificationWebhook::new(BasicAuth::from(&credentials));
    let value = credentials.authorization();
    let event = event(&webhook, "authorization", value.to_str().unwrap(), body);
    (Notification::parse_unverified(body.as_bytes()).unwrap(), event)
}

const SUBSCRIPTION: &str = "3b2a4c0e-5f0d-4c58-9f0e-1f5d2a7c9e11";

#[test]
fn bandwidth_order_notification() {
    let (variant, event) = notification(include_str!("data/bandwidth/order-notification.xml"));
    assert!(matches!(variant, Notification::Order(_)));
    assert_eq!(
        event,
        json!({
            "SubscriptionId": SUBSCRIPTION,
            "OrderType": "orders",
            "CustomerOrderId": "customer-order-1",
            "Status": "COMPLETE",
            "CompletedTelephoneNumbers": ["2223331000"],
            "LastModifiedDate": "2023-09-12T15:11:31.705Z",
            "ActualFocDate": "2023-09-12T00:00:00Z",
        })
    );
}

#[test]
fn bandwidth_note_notification() {
    let (variant, event) = notification(include_str!("data/bandwidth/note-notification.xml"));
    assert!(matches!(variant, Notification::Note(_)));
    assert_eq!(
        event,
        json!({
            "Note": "A note with <markup> & a line\nbreak",
            "SubscriptionId": SUBSCRIPTION,
            "OrderType": "portins",
            "OrderId": "7f0f8d6b-1d5e-4f3e-8c0b-0d3d9f0c1a22",
            "Status": "FOC",
            "Message": "The other carrier has agreed",
            "ActualFocDate": "2023-09-12T00:00:00Z",
        })
    );
}

#[test]
fn bandwidth_event_notification() {
    let (variant, event) = notification(include_str!("data/bandwidth/event-notification.xml"));
    assert!(matches!(variant, Notification::Event(_)));
    assert_eq!(
        event,
        json!({
            "SubscriptionId": SUBSCRIPTION,
            "EventType": "MESSAGING_LOST",
            "ImpactedTelephoneNumbers": ["2223331000"],
        })
    );
}
