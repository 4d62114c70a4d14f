//! What is shown: nothing secret and nothing of a customer.

use std::fmt::Debug;

use order_webhooks::bandwidth::{
    Dashboard, Notification, NotificationWebhook, OrderStatus, PortOutAnswer, PortOutWebhook,
    SubscriptionWebhook,
};
use order_webhooks::musement::{self, OrderItemStatus, OrderItemWebhook};
use order_webhooks::porterbuddy::{self, OrderStatusUpdate, OrderWebhook};
use order_webhooks::{
    Allowlist, BasicAuth, Credentials, Head, Receive as _, Secret,
    auth::{BodySignature, SignatureEncoding},
    webhook::Answer,
};

use crate::deliver;

const SECRETS: [&str; 6] =
    ["Swordfish", "JohnSmith", "Sm9oblNtaXRo", "3b3JkZmlza", "api-key", "2223331000"];

#[track_caller]
fn shows(value: &dyn Debug, expected: &str) {
    assert_eq!(format!("{value:?}"), expected);
    let long = format!("{value:#?}");
    for secret in SECRETS {
        assert!(!long.contains(secret), "{long}");
    }
}

#[test]
fn debug_of_what_holds_secrets() {
    let secret = Secret::new("porterbuddy-api-key").unwrap();
    let credentials = Credentials::new("JohnSmith", "Swordfish").unwrap();
    let auth = BasicAuth::from(&credentials);
    let header = http::HeaderName::from_static("x-signature");
    let signed = BodySignature::new(header, SignatureEncoding::Base64, &secret);
    let presented = [("X-Signature", signed.sign(b"")), ("Authorization", "Basic x".to_owned())];
    let head = Head::new("POST", &presented);

    shows(&secret, "Secret(redacted)");
    shows(&credentials, "Credentials(redacted)");
    shows(&credentials.authorization(), "Sensitive");
    assert!(credentials.authorization().is_sensitive());
    shows(&auth, "BasicAuth { accepted: 1, .. }");
    shows(&signed, "BodySignature { header: \"x-signature\", encoding: Base64, keys: 1 }");
    shows(&signed.read(&head).unwrap(), "Signature(redacted)");
    shows(&head, "Head { method: \"POST\", peer: None, .. }");
    shows(
        &OrderItemWebhook::new(auth.clone()),
        "OrderItemWebhook { senders: Senders(Credentials(BasicAuth { accepted: 1, .. })), limits: \
         Limits { body_bytes: 1048576, body_time: 10s } }",
    );
    shows(
        &NotificationWebhook::new(auth),
        "NotificationWebhook { senders: Senders(Credentials(BasicAuth { accepted: 1, .. })), limits: Limits { body_bytes: \
         1048576, body_time: 10s } }",
    );
    shows(
        &PortOutWebhook::new(BasicAuth::from(&credentials), PortOutAnswer::Allow),
        "PortOutWebhook { rules: Rules { senders: Senders(Credentials(BasicAuth { accepted: 1, .. })), otherwise: Allow }, \
         limits: Limits { body_bytes: 1048576, body_time: 10s }, deadline: 25s, most_at_once: 1024, .. }",
    );
    shows(
        &SubscriptionWebhook::<()>::new(&secret),
        "SubscriptionWebhook { signature: BodySignature { header: \
         \"x-bandwidth-signature-sha-256\", encoding: Base64, keys: 1 }, senders: None, limits: Limits \
         { body_bytes: 1048576, body_time: 10s }, .. }",
    );
    shows(
        &Dashboard::new("9900000", &credentials).unwrap(),
        "Dashboard { subscriptions: \
         https://dashboard.bandwidth.com/api/accounts/9900000/subscriptions, .. }",
    );
    shows(
        &musement::Fallback::new("https://example.com", "acme", &secret).unwrap(),
        "Fallback(Api { base: \"https://example.com\", .. })",
    );
    shows(
        &porterbuddy::Fallback::new(&secret).unwrap(),
        "Fallback(Api { base: \"https://api.porterbuddy.com\", .. })",
    );
    shows(
        &OrderWebhook::new(&secret),
        "OrderWebhook { signature: BodySignature { header: \"x-porterbuddy-hmac-sha256\", \
         encoding: Base64, keys: 1 }, senders: None, limits: Limits { body_bytes: 1048576, body_time: 10s } }",
    );
    shows(
        &Answer::with_body(http::StatusCode::OK, "text/plain", "2223331000"),
        "Answer { status: 200, .. }",
    );
    let list = Allowlist::new(["203.0.113.7"]).unwrap();
    shows(&list, "Allowlist([203.0.113.7/32])");
}

#[test]
fn debug_of_deliveries() {
    let webhook = NotificationWebhook::new(BasicAuth::new("JohnSmith", "Swordfish").unwrap());
    let headers: crate::Headers<'_> = &[("authorization", b"Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==")];
    let pending = webhook.authenticate(&Head::new("POST", &headers)).unwrap();
    shows(&pending, "Pending { webhook: \"bandwidth.notification\", .. }");

    let body = include_bytes!("../data/bandwidth/order-notification.xml");
    let verified = deliver(&webhook, "POST", headers, body).unwrap();
    shows(&verified, "Verified { webhook: \"bandwidth.notification\", .. }");
    shows(
        verified.event(),
        "Order(OrderNotification { subscription_id: Some(\"3b2a4c0e-5f0d-4c58-9f0e-1f5d2a7c9e11\"), \
         order_type: Some(Orders), order_id: None, customer_order_id: \
         Some(\"customer-order-1\"), status: Some(Complete), telephone_numbers: 1, \
         last_modified_date: Some(\"2023-09-12T15:11:31.705Z\"), actual_foc_date: \
         Some(\"2023-09-12T00:00:00Z\"), .. })",
    );

    let broken = b"<Notification><SubscriptionId>Swordfish</SubscriptionId><Status>JohnSmith</x>";
    let rejection = deliver(&webhook, "POST", headers, broken).unwrap_err();
    shows(
        &rejection,
        "Rejection { status: 400, reason: Unparsable(ParseError(Status: an end tag of another \
         element at line 1 column 74)), .. }",
    );
    assert_eq!(rejection.verified_body().unwrap(), &broken[..]);
    let wrong: crate::Headers<'_> = &[("authorization", b"Basic Sm9oblNtaXRoOlN3b3JkZmlzaAA=")];
    let rejection = deliver(&webhook, "POST", wrong, body).unwrap_err();
    shows(
        &rejection,
        "Rejection { status: 401, reason: CredentialsMismatch(\"Basic \
         realm=\\\"webhooks\\\", charset=\\\"UTF-8\\\"\"), .. }",
    );
    for secret in SECRETS {
        assert!(!format!("{:?}", rejection.to_response()).contains(secret));
    }
}

/// A note, a message and the numbers are for the handler only.
#[test]
fn debug_of_customer_data() {
    let body = "<Notification><SubscriptionId>s</SubscriptionId><Note>JohnSmith moves out</Note>\
                <Message>JohnSmith</Message><CompletedTelephoneNumbers><TelephoneNumber>2223331000\
                </TelephoneNumber></CompletedTelephoneNumbers></Notification>";
    let note = Notification::parse_unverified(body.as_bytes()).unwrap();
    for secret in SECRETS {
        assert!(!format!("{note:#?}").contains(secret));
    }
    let body = "<Notification><SubscriptionId>s</SubscriptionId><EventType>MESSAGING_LOST\
                </EventType><ImpactedTelephoneNumbers><TelephoneNumber>2223331000\
                </TelephoneNumber></ImpactedTelephoneNumbers></Notification>";
    let event = Notification::parse_unverified(body.as_bytes()).unwrap();
    shows(
        &event,
        "Event(EventNotification { subscription_id: Some(\"s\"), event_type: MessagingLost, \
         telephone_numbers: 1, .. })",
    );
}

/// Terminal commands and line breaks come as they were sent and are printed
/// escaped.
#[test]
fn control_characters() {
    let json =
        r#"{"orderId":"1","orderStatus":"\u001b[2J\r\nforged line","orderReference":"\u001b[2J"}"#;
    let update = OrderStatusUpdate::parse_unverified(json.as_bytes()).unwrap();
    assert_eq!(update.order_status.as_str(), "\x1b[2J\r\nforged line");
    assert_eq!(update.order_status.to_string(), "\\u{1b}[2J\\r\\nforged line");
    for printed in [format!("{update:?}"), format!("{:?}", update.order_status)] {
        assert!(!printed.contains(char::is_control), "{printed}");
    }
    for printed in [
        OrderItemStatus::from("\x1b[2J\n").to_string(),
        OrderStatus::from("\x1b[2J\n\u{202e}").to_string(),
        order_webhooks::porterbuddy::OrderStatus::from("\u{9b}2J\u{2028}").to_string(),
    ] {
        assert!(!printed.contains(char::is_control), "{printed}");
        assert!(!printed.contains(['\u{202e}', '\u{2028}']), "{printed}");
    }
    // The name of a root is the one text of a sender in an error. XML allows no
    // control character in a name, and it is cut.
    let root = format!("<{}/>", "n".repeat(10_000));
    let error = Notification::parse_unverified(root.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the root element is <{}> at line 1 column 1", "n".repeat(64))
    );
    // A username with a line break cannot be built, and does not show if it is presented.
    let auth = BasicAuth::new("u", "p").unwrap();
    let headers = [("authorization", "Basic YQpiOmM=")];
    let reason = auth.authenticate(&Head::new("POST", &headers)).unwrap_err();
    assert_eq!(reason.to_string(), "credentials refused: not the expected ones");
}
