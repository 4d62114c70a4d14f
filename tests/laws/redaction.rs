//! Nothing secret shows: no secret, credential, signature or customer data in
//! `Debug`, `Display`, an error, a log field or a response. Text of a sender is
//! escaped where it is printed. The log has its own table, `log.rs`.

use std::fmt::Debug;

use http::Response;
use order_webhooks::bandwidth::{
    DenialReason, Notification, NotificationWebhook, OrderStatus, PortOutAnswer,
    PortOutValidationRequest, PortOutWebhook, V2Webhook,
};
use order_webhooks::client::porterbuddy::OrderRequest;
use order_webhooks::client::{self, bandwidth::Dashboard};
use order_webhooks::musement::{OrderItemStatus, OrderItemWebhook};
use order_webhooks::porterbuddy::{self, OrderStatusUpdate, OrderWebhook};
use order_webhooks::signed::SignedWebhook;
use order_webhooks::testing::{self, Sender};
use order_webhooks::tracking::Tracked;
use order_webhooks::{
    Allowlist, BasicAuth, Credentials, Head, Rejection, Secret, Webhook, WebhookExt as _,
    auth::{BodySignature, SignatureEncoding},
    webhook::Answer,
};
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use crate::deliver;
use fixtures::samples::{
    JOHN_SMITH, ORDER_NOTIFICATION, ORDER_REQUEST, PORT_OUT, john_smith, secret, u_p,
};

#[rustfmt::skip]
const SECRETS: [&str; 8] = [
    "Swordfish", "JohnSmith", "Sm9oblNtaXRo", "3b3JkZmlza", "eDpTd29yZ", "porterbuddy-api-key",
    "2223331000", "Marlin",
];

#[track_caller]
fn hidden(shown: &str) {
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

/// It shows exactly this, and nothing secret when it is laid out.
#[track_caller]
fn shows(value: &dyn Debug, expected: &str) {
    assert_eq!(format!("{value:?}"), expected);
    hidden(&format!("{value:#?}"));
}

/// CVE-2018-1000089, django-anymail: a report of an error showed the secret.
#[test]
fn what_holds_secrets_shows_none() {
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
    shows(&auth, "BasicAuth { accepted: 1, .. }");
    shows(&signed, "BodySignature { header: \"x-signature\", encoding: Base64, keys: 1, .. }");
    shows(&signed.read(&head).unwrap(), "Signature(redacted)");
    shows(&head, "Head { method: \"POST\", peer: None, .. }");
    shows(
        &OrderItemWebhook::new(auth.clone()),
        "OrderItemWebhook { senders: Senders(Credentials(BasicAuth { accepted: 1, .. })), limits: \
         Limits { body_bytes: 1048576, body_time: 10s }, instance: None }",
    );
    shows(
        &NotificationWebhook::new(auth),
        "NotificationWebhook { senders: Senders(Credentials(BasicAuth { accepted: 1, .. })), limits: Limits { body_bytes: \
         1048576, body_time: 10s }, instance: None }",
    );
    shows(
        &PortOutWebhook::new(BasicAuth::from(&credentials), PortOutAnswer::Allow),
        "PortOutWebhook { senders: Senders(Credentials(BasicAuth { accepted: 1, .. })), otherwise: Allow, \
         limits: Limits { body_bytes: 1048576, body_time: 10s }, deadline: 25s, .. }",
    );
    shows(
        &V2Webhook::<()>::new(&secret),
        "V2Webhook { signature: BodySignature { header: \
         \"x-bandwidth-signature-sha-256\", encoding: Base64, keys: 1, .. }, senders: None, limits: Limits \
         { body_bytes: 1048576, body_time: 10s }, .. }",
    );
    let signature =
        BodySignature::new("x-signature".parse().unwrap(), SignatureEncoding::Hex, &secret);
    shows(
        &SignedWebhook::<()>::new(signature),
        "SignedWebhook { signature: BodySignature { header: \"x-signature\", encoding: Hex, keys: 1, \
         .. }, senders: None, limits: Limits { body_bytes: 1048576, body_time: 10s }, .. }",
    );
    shows(
        &Dashboard::new(Dashboard::TEST, "9900000", credentials.authorization()).unwrap(),
        "Dashboard { endpoint: Endpoint { base: \"https://test.dashboard.bandwidth.com/api\", .. }, \
         subscriptions: \"/accounts/9900000/subscriptions\" }",
    );
    shows(
        &client::musement::Api::new("https://example.com", "acme", &secret).unwrap(),
        "Api(Endpoint { base: \"https://example.com\", .. })",
    );
    shows(
        &client::porterbuddy::Api::new(&secret).unwrap(),
        "Api(Endpoint { base: \"https://api.porterbuddy.com\", .. })",
    );
    shows(
        &OrderWebhook::new(&secret),
        "OrderWebhook { signature: BodySignature { header: \"x-porterbuddy-hmac-sha256\", \
         encoding: Base64, keys: 1, .. }, senders: None, limits: Limits { body_bytes: 1048576, body_time: 10s }, instance: None }",
    );
    shows(
        &Answer::with_body(
            http::StatusCode::OK,
            http::HeaderValue::from_static("text/plain"),
            "2223331000",
        ),
        "Answer { status: 200, .. }",
    );
    let list = Allowlist::new(["203.0.113.7"]).unwrap();
    shows(&list, "Allowlist([203.0.113.7/32])");
}

/// CVE-2024-51753, authkit-remix, and GHSA-wp76-cf2j-rqq7, Headscale: tokens were printed.
#[test]
fn deliveries_and_rejections_show_no_credentials_and_no_body() {
    let webhook = NotificationWebhook::new(john_smith());
    let headers: crate::Headers<'_> = &[("authorization", JOHN_SMITH.as_bytes())];
    let pending = webhook.authenticate(&Head::new("POST", &headers)).unwrap();
    shows(&pending, "Pending { webhook: \"bandwidth.notification\", .. }");

    let body = ORDER_NOTIFICATION.as_bytes();
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
    hidden(&format!("{:?}", rejection.to_response()));
    let wrong: crate::Headers<'_> = &[("authorization", b"Basic eDpTd29yZGZpc2g=")];
    hidden(&shown(&deliver(&webhook, "POST", wrong, b"").unwrap_err()));
}

/// A note, a message, the numbers and what a port-out says are for the handler only.
#[test]
fn events_show_no_customer() {
    let request = PortOutValidationRequest::parse_unverified(PORT_OUT.as_bytes()).unwrap();
    shows(
        &request,
        "PortOutValidationRequest { pon: Some(\"some_pon\"), telephone_numbers: 2, .. }",
    );
    let body = "<Notification><SubscriptionId>s</SubscriptionId><Note>JohnSmith moves out</Note>\
                <Message>JohnSmith</Message><CompletedTelephoneNumbers><TelephoneNumber>2223331000\
                </TelephoneNumber></CompletedTelephoneNumbers></Notification>";
    let note = Notification::parse_unverified(body.as_bytes()).unwrap();
    hidden(&format!("{note:#?}"));
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

/// Names, addresses, numbers, codes and prices.
#[test]
fn an_order_request_shows_no_customer() {
    let mut request: serde_json::Value = serde_json::from_str(ORDER_REQUEST).unwrap();
    request["destination"]["doorCode"] = "door code".into();
    let order = OrderRequest::parse_unverified(request.to_string().as_bytes()).unwrap();
    let shown = format!("{order:?} {order:#?}");
    #[rustfmt::skip]
    let customers = [
        "Johansen", "Olsen", "Keysers", "Høyen", "Oslo", "Norway", "0165", "0678", "porterbuddy",
        "6512", "6578", "+47", "20hRsgz8", "Test", "door code", "myshop", "Sneakers", "Shoes",
    ];
    for hidden in customers {
        assert!(!shown.contains(hidden), "{hidden}: {shown}");
    }
    for there in ["delivery", "order-12345", "2023-02-13T10:00+02:00", "600"] {
        assert!(shown.contains(there), "no {there} in {shown}");
    }
}

#[test]
fn keys_and_revisions_show_no_customer() {
    const ORDER: &str = "<SubscriptionId>s-1</SubscriptionId><OrderType>portins</OrderType>\
        <OrderId>0f3a</OrderId><Status>FOC</Status><Message>m</Message><CompletedTelephoneNumbers>\
        <TelephoneNumber>2223331000</TelephoneNumber></CompletedTelephoneNumbers>\
        <LastModifiedDate>2023-09-12T15:11:31.705Z</LastModifiedDate>";
    let note = "<Note>PIN 1234 of Anna</Note><CustomerOrderId>Anna</CustomerOrderId>";
    let event = "<SubscriptionId>s-1</SubscriptionId><EventType>X</EventType>\
        <ImpactedTelephoneNumbers><TelephoneNumber>2223331000</TelephoneNumber>\
        </ImpactedTelephoneNumbers>";
    for elements in [ORDER, &format!("{ORDER}{note}"), event] {
        let body = format!("<Notification>{elements}</Notification>");
        let notification = Notification::parse_unverified(body.as_bytes()).unwrap();
        let shown = format!("{0} {0:?} {1} {1:?}", notification.key(), notification.revision());
        for datum in ["Anna", "PIN", "2223331000", "FOC"] {
            assert!(!shown.contains(datum), "{shown}");
        }
        hidden(&shown);
    }
}

fn fallback_of_musement() -> client::musement::Api {
    let token = secret("Swordfish");
    client::musement::Api::new("https://api.example.com/api/v3/", "acme", &token).unwrap()
}

fn fallback_of_porterbuddy() -> client::porterbuddy::Api {
    client::porterbuddy::Api::new(&secret("Swordfish")).unwrap()
}

#[test]
fn requests_to_providers_and_their_answers_show_nothing() {
    let order = fallback_of_musement().order(Uuid::nil());
    let status = fallback_of_porterbuddy().order_status("1").unwrap();
    let answer = Response::builder().status(401).header("x", "Swordfish");
    let answer = answer.body("Swordfish".to_owned()).unwrap();
    let error = client::musement::Api::read_order(answer).unwrap_err();
    let vouchers = r#"{"status":"OK","items":[{"status":"OK","vouchers":["Swordfish"]}]}"#;
    let read = client::musement::Api::read_order(Response::new(vouchers.to_owned())).unwrap();
    let shown = format!(
        "{:?} {:?} {order:?} {status:?} {error:?} {error} {read:?}",
        fallback_of_musement(),
        fallback_of_porterbuddy()
    );
    hidden(&shown);
}

/// What a sender holds is as secret as what the receiver holds.
#[test]
fn senders_and_their_reports_show_nothing() {
    let credentials = Credentials::new("JohnSmith", "Swordfish").unwrap();
    let v2 = Sender::subscription_v2("/v2".parse().unwrap(), &secret("Marlin"))
        .with_credentials_when_asked(&credentials);
    let mut request = testing::bandwidth::port_out_request();
    request.pin = Some("1357924680".into());
    let delivery = v2.delivery(&request);
    let report = delivery.clone().run(|_| Some(Response::new(bytes::Bytes::new())));
    let exchange = report.exchanges.first().unwrap();
    let shown = format!(
        "{v2:?} {delivery:?} {report:?} {report} {:?} {:?}",
        exchange.next,
        exchange.request.headers()
    );
    assert!(!shown.contains("1357924680"), "{shown}");
    let sent = delivery.replayed().request().unwrap();
    let signature = &sent.headers()["x-bandwidth-signature-sha-256"];
    assert!(!shown.contains(signature.to_str().unwrap()), "{shown}");
    hidden(&shown);
}

#[test]
fn header_values_that_hold_secrets_are_marked() {
    let credentials = Credentials::new("JohnSmith", "Swordfish").unwrap();
    let order = fallback_of_musement().order(Uuid::nil());
    let status = fallback_of_porterbuddy().order_status("1").unwrap();
    for value in [
        &credentials.authorization(),
        &order.headers()["authorization"],
        &status.headers()["x-api-key"],
    ] {
        assert!(value.is_sensitive(), "{value:?}");
    }
}

/// Control characters, line breaks and marks of direction.
#[test]
fn text_of_a_sender_is_escaped_where_it_is_printed() {
    let json =
        r#"{"orderId":"1","orderStatus":"\u001b[2J\r\nforged line","orderReference":"\u001b[2J"}"#;
    let update = OrderStatusUpdate::parse_unverified(json.as_bytes()).unwrap();
    assert_eq!(update.order_status.as_str(), "\x1b[2J\r\nforged line");
    for (printed, expected) in [
        (update.order_status.to_string(), r"\u{1b}[2J\r\nforged line"),
        (OrderItemStatus::from("\x1b[2J\n").to_string(), r"\u{1b}[2J\n"),
        (OrderStatus::from("\x1b[2J\n\u{202e}").to_string(), r"\u{1b}[2J\n\u{202e}"),
        (porterbuddy::OrderStatus::from("\u{9b}2J\u{2028}").to_string(), r"\u{9b}2J\u{2028}"),
    ] {
        assert_eq!(printed, expected);
    }
    for printed in [format!("{update:?}"), format!("{:?}", update.order_status)] {
        assert!(!printed.contains(char::is_control), "{printed}");
    }
}

/// A username with a line break, and a root element of 10,000 characters.
#[test]
fn what_is_presented_is_not_repeated_or_cut() {
    let headers = [("authorization", "Basic YQpiOmM=")];
    let reason = u_p().authenticate(&Head::new("POST", &headers)).unwrap_err();
    assert_eq!(reason.to_string(), "credentials refused: not the expected ones");

    let root = format!("<{}/>", "n".repeat(10_000));
    let error = Notification::parse_unverified(root.as_bytes()).unwrap_err();
    let cut = format!("the root element is <{}> at line 1 column 1", "n".repeat(64));
    assert_eq!(error.to_string(), cut);
}

/// Everything of a rejection that a log or the sender could get.
fn shown(rejection: &Rejection) -> String {
    let mut shown =
        format!("{rejection} {rejection:?} {rejection:#?} {:?}", rejection.to_response());
    shown += &String::from_utf8_lossy(rejection.to_response().body());
    let mut source = std::error::Error::source(rejection);
    while let Some(error) = source {
        shown += &format!(" {error} {error:?}");
        source = error.source();
    }
    shown
}

/// The same of a delivery, or nothing if it is accepted.
fn refused<W: Webhook>(webhook: &W, headers: crate::Headers<'_>, body: &[u8]) -> String {
    deliver(webhook, "POST", headers, body).err().map_or(String::new(), |refused| shown(&refused))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// A word that stands in the key, in the credentials, in what is presented
    /// and in every value of the body is in no rejection.
    #[test]
    fn no_rejection_shows_what_is_secret_or_sent(
        word in "[A-Z][a-z]{4}[0-9]{7}",
        template in select(vec![
            // Each breaks somewhere, or is another document than is due.
            "%", "\"%\"", "[\"%\"]", "{\"orderId\":%}", "{\"orderId\":\"%\"}", "{\"orderId\":\"%",
            "{\"orderId\":[\"%\"],\"orderStatus\":1}", "{\"orderId\":\"%\",\"orderStatus\":\"%\",}",
            "{\"orderId\":\"%\",\"orderStatus\":\"%\",\"pickupTime\":\"%\"}",
            "{\"orderId\":\"%\",\"orderStatus\":\"%\",\"pickupDate\":\"%\"}",
            "{\"order_id\":\"%\",\"order_uuid\":\"%\"}", "{\"\\u%\":1}", "{\"x\":\"\\ud800%\"}",
            "{\"%@example.org\":tru}", "{\"x\":{\"% %\":[%]}}",
            "<Notification><Status>%</Status></Notification>", "<Notification>%",
            "<Notification a=\"%\" a=\"%\"/>", "<Notification><Status>&%;</Status></Notification>",
            "<Notification><Status>&#%;</Status></Notification>", "<!DOCTYPE % SYSTEM \"%\">",
            "<Notification><LastModifiedDate>%</LastModifiedDate></Notification>",
            "<Notification><%></Notification>", "<Notification><!--%--%--></Notification>",
            "<Notification><?xml %?></Notification>", "<?xml version=\"%\"?><Notification/>",
            "<?xml version=\"1.0\" encoding=\"%\"?><Notification/>", "<Notification/>%",
            "<PortOutValidationRequest><Pin>%</Pin><ZipCode>%</ZipCode></PortOutValidationRequest>",
            "<PortOutValidationRequest><Pin>%</Pin><AccountNumber>%<x/></AccountNumber>",
            "<PortOutValidationRequest><SubscriberName>%</SubscriberName>\u{1}",
        ]),
        presented in select(vec!["Basic %", "%", "Basic %:%", "Digest %", "Basic %=="]),
    ) {
        let body = template.replace('%', &word).into_bytes();
        let presented = presented.replace('%', &word);
        let credentials = Credentials::new(&word, &word).unwrap();
        let right = credentials.authorization();
        let key = Secret::new(&*word).unwrap();
        let porterbuddy = OrderWebhook::new(&key);
        let v2 = V2Webhook::<Vec<u8>>::new(&key);
        let signature = porterbuddy.signature().sign(&body);

        let mut all = String::new();
        for value in [right.as_bytes(), presented.as_bytes()] {
            let headers: [(&str, &[u8]); 1] = [("authorization", value)];
            let auth = || BasicAuth::from(&credentials);
            let twice = [headers[0], headers[0]];
            for headers in [&headers[..], &twice] {
                let musement = OrderItemWebhook::new(auth());
                all += &refused(&musement, headers, &body);
                let bandwidth = NotificationWebhook::new(auth());
                all += &refused(&bandwidth, headers, &body);
                let port_out = PortOutWebhook::new(auth(), DenialReason::InvalidRequest.into());
                all += &refused(&port_out, headers, &body);
            }
        }
        for value in [signature.as_bytes(), presented.as_bytes()] {
            let headers = [("x-porterbuddy-hmac-sha256", value), ("x-bandwidth-signature-sha-256", value)];
            all += &refused(&porterbuddy, &headers, &body);
            all += &refused(&v2, &headers, &body);
        }
        let base64 = right.to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
        for secret in [&word, &base64, &signature] {
            prop_assert!(!all.contains(secret.as_str()), "{} in {}", secret, all);
        }
        prop_assert!(all.contains("401") && all.contains("403"));
    }
}
