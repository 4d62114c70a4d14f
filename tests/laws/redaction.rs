//! Nothing secret shows: no secret, credential, signature or customer data in
//! `Debug`, `Display`, an error, a log field or a response. Text of a sender is
//! escaped where it is printed. The log has its own table, `log.rs`.

use std::fmt::Debug;

use http::{Request, Response};
use order_webhooks::bandwidth::{
    DenialReason, Notification, NotificationWebhook, OrderStatus, PortOutAnswer,
    PortOutValidationRequest, PortOutWebhook, V2Webhook,
};
use order_webhooks::client::porterbuddy::OrderRequest;
use order_webhooks::client::{self, bandwidth::Dashboard};
use order_webhooks::musement::{OrderItemStatus, OrderItemWebhook};
use order_webhooks::porterbuddy::{self, OrderStatusUpdate, OrderWebhook};
use order_webhooks::testing::{self, Sender};
use order_webhooks::{
    Allowlist, BasicAuth, Credentials, Head, Rejection, Secret, Tracked, WebhookExt as _,
    auth::{BodySignature, SignatureEncoding},
    webhook::Answer,
};
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use crate::deliver;
use fixtures::law::{Cases, Law, row};
use fixtures::samples::{
    JOHN_SMITH, ORDER_NOTIFICATION, ORDER_REQUEST, PORT_OUT, john_smith, secret, u_p,
};

const TABLE: &str = "CONFORMANCE, Transport, replay, leaks";
const HIDDEN: &str = "nothing secret";
const ESCAPED: &str = "escaped";

const SECRETS: [&str; 8] = [
    "Swordfish",
    "JohnSmith",
    "Sm9oblNtaXRo",
    "3b3JkZmlza",
    "eDpTd29yZ",
    "porterbuddy-api-key",
    "2223331000",
    "Marlin",
];

pub(crate) const LAW: Law = Law {
    title: "Law 5, nothing secret shows",
    rows: &[
        row(
            "`{:?}` of secrets, credentials, signatures, and whatever holds them",
            HIDDEN,
            "CVE-2018-1000089, django-anymail: a report of an error showed the secret",
            what_holds_secrets,
        ),
        row(
            "`{:?}` of a head, a delivery, an event, a rejection, a response",
            HIDDEN,
            TABLE,
            deliveries,
        ),
        row(
            "a rejection of wrong credentials, `{}` and `{:?}`",
            HIDDEN,
            "CVE-2024-51753, authkit-remix, and GHSA-wp76-cf2j-rqq7, Headscale: tokens were printed",
            |cases| {
                let request =
                    Request::post("/").header("authorization", "Basic eDpTd29yZGZpc2g=").body("");
                let webhook = OrderItemWebhook::new(john_smith());
                let rejection = webhook.verify(request.unwrap()).unwrap_err();
                hidden(
                    cases,
                    "wrong",
                    &format!("{rejection} {rejection:?} {:?}", rejection.to_response()),
                );
            },
        ),
        row("a note, a message, telephone numbers", HIDDEN, TABLE, customer_data),
        row("a port-out request: PIN, account, ZIP code, name", HIDDEN, TABLE, |cases| {
            let request = PortOutValidationRequest::parse_unverified(PORT_OUT.as_bytes()).unwrap();
            assert_eq!(
                format!("{request:?}"),
                "PortOutValidationRequest { pon: Some(\"some_pon\"), telephone_numbers: 2, .. }"
            );
            hidden(cases, "port-out", &format!("{request:#?}"));
        }),
        row(
            "an order request of Porterbuddy: names, addresses, numbers, codes, prices",
            HIDDEN,
            TABLE,
            order_request,
        ),
        row("keys and revisions", HIDDEN, TABLE, keys_and_revisions),
        row("the requests and answers of the fallback", HIDDEN, TABLE, fallback),
        row("the senders of the tests, their deliveries and reports", HIDDEN, TABLE, senders),
        row("header values that hold secrets", "marked sensitive", TABLE, |cases| {
            let credentials = Credentials::new("JohnSmith", "Swordfish").unwrap();
            let order = fallback_of_musement().order(Uuid::nil());
            let status = fallback_of_porterbuddy().order_status("1").unwrap();
            for value in [
                &credentials.authorization(),
                &order.headers()["authorization"],
                &status.headers()["x-api-key"],
            ] {
                cases.of("", if value.is_sensitive() { "marked sensitive" } else { "not" });
            }
        }),
        row("`\\x1b[2J`, a line break or a direction mark in a status", ESCAPED, TABLE, |cases| {
            let json = r#"{"orderId":"1","orderStatus":"\u001b[2J\r\nforged line","orderReference":"\u001b[2J"}"#;
            let update = OrderStatusUpdate::parse_unverified(json.as_bytes()).unwrap();
            assert_eq!(update.order_status.as_str(), "\x1b[2J\r\nforged line");
            assert_eq!(update.order_status.to_string(), "\\u{1b}[2J\\r\\nforged line");
            for printed in [
                format!("{update:?}"),
                format!("{:?}", update.order_status),
                OrderItemStatus::from("\x1b[2J\n").to_string(),
                OrderStatus::from("\x1b[2J\n\u{202e}").to_string(),
                porterbuddy::OrderStatus::from("\u{9b}2J\u{2028}").to_string(),
            ] {
                let raw = printed.contains(char::is_control);
                let raw = raw || printed.contains(['\u{202e}', '\u{2028}']);
                cases.of(printed, if raw { "printed" } else { ESCAPED });
            }
        }),
        row(
            "a line break in a username that is presented",
            "credentials refused: not the expected ones",
            TABLE,
            |cases| {
                let headers = [("authorization", "Basic YQpiOmM=")];
                let reason = u_p().authenticate(&Head::new("POST", &headers)).unwrap_err();
                cases.of("a\\nb", reason.to_string());
            },
        ),
        row(
            "a root element of 10,000 characters: cut to 64",
            "shown as `n`, 64 times",
            "STYLE, 4",
            |cases| {
                let root = format!("<{}/>", "n".repeat(10_000));
                let error =
                    Notification::parse_unverified(root.as_bytes()).unwrap_err().to_string();
                let cut = format!("the root element is <{}> at line 1 column 1", "n".repeat(64));
                cases.of("", if error == cut { "shown as `n`, 64 times" } else { &error });
            },
        ),
    ],
};

#[test]
fn nothing_secret_shows_and_nothing_is_printed_as_it_came() {
    LAW.holds();
}

#[track_caller]
fn hidden(cases: &mut Cases, what: &str, shown: &str) {
    let secret = SECRETS.iter().find(|secret| shown.contains(*secret));
    cases.of(what, secret.map_or(HIDDEN.to_owned(), |secret| format!("{secret}: {shown}")));
}

/// It shows exactly this, and nothing secret when it is laid out.
#[track_caller]
fn shows(cases: &mut Cases, value: &dyn Debug, expected: &str) {
    assert_eq!(format!("{value:?}"), expected);
    hidden(cases, expected, &format!("{value:#?}"));
}

fn what_holds_secrets(cases: &mut Cases) {
    let secret = Secret::new("porterbuddy-api-key").unwrap();
    let credentials = Credentials::new("JohnSmith", "Swordfish").unwrap();
    let auth = BasicAuth::from(&credentials);
    let header = http::HeaderName::from_static("x-signature");
    let signed = BodySignature::new(header, SignatureEncoding::Base64, &secret);
    let presented = [("X-Signature", signed.sign(b"")), ("Authorization", "Basic x".to_owned())];
    let head = Head::new("POST", &presented);

    shows(cases, &secret, "Secret(redacted)");
    shows(cases, &credentials, "Credentials(redacted)");
    shows(cases, &credentials.authorization(), "Sensitive");
    shows(cases, &auth, "BasicAuth { accepted: 1, .. }");
    shows(
        cases,
        &signed,
        "BodySignature { header: \"x-signature\", encoding: Base64, keys: 1, .. }",
    );
    shows(cases, &signed.read(&head).unwrap(), "Signature(redacted)");
    shows(cases, &head, "Head { method: \"POST\", peer: None, .. }");
    shows(
        cases,
        &OrderItemWebhook::new(auth.clone()),
        "OrderItemWebhook { senders: Senders(Credentials(BasicAuth { accepted: 1, .. })), limits: \
         Limits { body_bytes: 1048576, body_time: 10s } }",
    );
    shows(
        cases,
        &NotificationWebhook::new(auth),
        "NotificationWebhook { senders: Senders(Credentials(BasicAuth { accepted: 1, .. })), limits: Limits { body_bytes: \
         1048576, body_time: 10s } }",
    );
    shows(
        cases,
        &PortOutWebhook::new(BasicAuth::from(&credentials), PortOutAnswer::Allow),
        "PortOutWebhook { rules: Rules { senders: Senders(Credentials(BasicAuth { accepted: 1, .. })), otherwise: Allow }, \
         limits: Limits { body_bytes: 1048576, body_time: 10s }, deadline: 25s, .. }",
    );
    shows(
        cases,
        &V2Webhook::<()>::new(&secret),
        "V2Webhook { signature: BodySignature { header: \
         \"x-bandwidth-signature-sha-256\", encoding: Base64, keys: 1, .. }, senders: None, limits: Limits \
         { body_bytes: 1048576, body_time: 10s }, .. }",
    );
    shows(
        cases,
        &Dashboard::new(Dashboard::TEST, "9900000", credentials.authorization()).unwrap(),
        "Dashboard { endpoint: Endpoint { base: \"https://test.dashboard.bandwidth.com/api\", .. }, \
         subscriptions: \"/accounts/9900000/subscriptions\" }",
    );
    shows(
        cases,
        &client::musement::Api::new("https://example.com", "acme", &secret).unwrap(),
        "Api(Endpoint { base: \"https://example.com\", .. })",
    );
    shows(
        cases,
        &client::porterbuddy::Api::new(&secret).unwrap(),
        "Api(Endpoint { base: \"https://api.porterbuddy.com\", .. })",
    );
    shows(
        cases,
        &OrderWebhook::new(&secret),
        "OrderWebhook { signature: BodySignature { header: \"x-porterbuddy-hmac-sha256\", \
         encoding: Base64, keys: 1, .. }, senders: None, limits: Limits { body_bytes: 1048576, body_time: 10s } }",
    );
    shows(
        cases,
        &Answer::with_body(http::StatusCode::OK, "text/plain", "2223331000"),
        "Answer { status: 200, .. }",
    );
    let list = Allowlist::new(["203.0.113.7"]).unwrap();
    shows(cases, &list, "Allowlist([203.0.113.7/32])");
}

fn deliveries(cases: &mut Cases) {
    let webhook = NotificationWebhook::new(john_smith());
    let headers: crate::Headers<'_> = &[("authorization", JOHN_SMITH.as_bytes())];
    let pending = webhook.authenticate(&Head::new("POST", &headers)).unwrap();
    shows(cases, &pending, "Pending { webhook: \"bandwidth.notification\", .. }");

    let body = ORDER_NOTIFICATION.as_bytes();
    let verified = deliver(&webhook, "POST", headers, body).unwrap();
    shows(cases, &verified, "Verified { webhook: \"bandwidth.notification\", .. }");
    shows(
        cases,
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
        cases,
        &rejection,
        "Rejection { status: 400, reason: Unparsable(ParseError(Status: an end tag of another \
         element at line 1 column 74)), .. }",
    );
    assert_eq!(rejection.verified_body().unwrap(), &broken[..]);
    let wrong: crate::Headers<'_> = &[("authorization", b"Basic Sm9oblNtaXRoOlN3b3JkZmlzaAA=")];
    let rejection = deliver(&webhook, "POST", wrong, body).unwrap_err();
    shows(
        cases,
        &rejection,
        "Rejection { status: 401, reason: CredentialsMismatch(\"Basic \
         realm=\\\"webhooks\\\", charset=\\\"UTF-8\\\"\"), .. }",
    );
    hidden(cases, "response", &format!("{:?}", rejection.to_response()));
}

/// A note, a message and the numbers are for the handler only.
fn customer_data(cases: &mut Cases) {
    let body = "<Notification><SubscriptionId>s</SubscriptionId><Note>JohnSmith moves out</Note>\
                <Message>JohnSmith</Message><CompletedTelephoneNumbers><TelephoneNumber>2223331000\
                </TelephoneNumber></CompletedTelephoneNumbers></Notification>";
    let note = Notification::parse_unverified(body.as_bytes()).unwrap();
    hidden(cases, "note", &format!("{note:#?}"));
    let body = "<Notification><SubscriptionId>s</SubscriptionId><EventType>MESSAGING_LOST\
                </EventType><ImpactedTelephoneNumbers><TelephoneNumber>2223331000\
                </TelephoneNumber></ImpactedTelephoneNumbers></Notification>";
    let event = Notification::parse_unverified(body.as_bytes()).unwrap();
    shows(
        cases,
        &event,
        "Event(EventNotification { subscription_id: Some(\"s\"), event_type: MessagingLost, \
         telephone_numbers: 1, .. })",
    );
}

fn order_request(cases: &mut Cases) {
    let mut request: serde_json::Value = serde_json::from_str(ORDER_REQUEST).unwrap();
    request["destination"]["doorCode"] = "door code".into();
    let order = OrderRequest::parse_unverified(request.to_string().as_bytes()).unwrap();
    let shown = format!("{order:?} {order:#?}");
    for hidden in [
        "Johansen",
        "Olsen",
        "Keysers",
        "Høyen",
        "Oslo",
        "Norway",
        "0165",
        "0678",
        "porterbuddy",
        "6512",
        "6578",
        "+47",
        "20hRsgz8",
        "Test",
        "door code",
        "myshop",
        "Sneakers",
        "Shoes",
    ] {
        cases.of(hidden, if shown.contains(hidden) { &shown } else { HIDDEN });
    }
    for there in ["delivery", "order-12345", "2023-02-13T10:00+02:00", "600"] {
        assert!(shown.contains(there), "no {there} in {shown}");
    }
}

fn keys_and_revisions(cases: &mut Cases) {
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
        hidden(cases, elements, &shown);
    }
}

fn fallback_of_musement() -> client::musement::Api {
    let token = secret("Swordfish");
    client::musement::Api::new("https://api.example.com/api/v3/", "acme", &token).unwrap()
}

fn fallback_of_porterbuddy() -> client::porterbuddy::Api {
    client::porterbuddy::Api::new(&secret("Swordfish")).unwrap()
}

fn fallback(cases: &mut Cases) {
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
    hidden(cases, "all of them", &shown);
}

/// What a sender holds is as secret as what the receiver holds.
fn senders(cases: &mut Cases) {
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
    hidden(cases, "v2", &shown);
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
                all += &deliver(&musement, "POST", headers, &body).err().map_or(String::new(), |r| shown(&r));
                let bandwidth = NotificationWebhook::new(auth());
                all += &deliver(&bandwidth, "POST", headers, &body).err().map_or(String::new(), |r| shown(&r));
                let port_out = PortOutWebhook::new(auth(), DenialReason::InvalidRequest.into());
                all += &deliver(&port_out, "POST", headers, &body).err().map_or(String::new(), |r| shown(&r));
            }
        }
        for value in [signature.as_bytes(), presented.as_bytes()] {
            let headers = [("x-porterbuddy-hmac-sha256", value), ("x-bandwidth-signature-sha-256", value)];
            all += &deliver(&porterbuddy, "POST", &headers, &body).err().map_or(String::new(), |r| shown(&r));
            all += &deliver(&v2, "POST", &headers, &body).err().map_or(String::new(), |r| shown(&r));
        }
        let base64 = right.to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
        for secret in [&word, &base64, &signature] {
            prop_assert!(!all.contains(secret.as_str()), "{} in {}", secret, all);
        }
        prop_assert!(all.contains("401") && all.contains("403"));
    }
}
