//! The same deliveries to every adapter, over real servers: axum, actix-web, the
//! tower layer, the body of hyper; and to the plain webhooks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod connections;
mod deliveries;
mod floods;
mod server;

use fixtures::samples::{
    BANDWIDTH_KEY, BANDWIDTH_USER, CHALLENGE, JOHN_SMITH, ORDER_ITEM, ORDER_NOTIFICATION,
    ORDER_STATUS, ORDER_STATUS_AS_PRINTED, ORDER_STATUS_SIGNATURE, PORTERBUDDY_KEY,
    SUBSCRIPTION_UPDATE, V_IN_HEX, X_Y, john_smith, secret,
};
use fixtures::sender::{Connection, Request, Response};
use order_webhooks::bandwidth::V2Webhook;
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Allowlist, Limits, Reason};
use serde_json::{Value, json};
use server::{Handled, Webhooks};

fn musement(body: &str) -> Request {
    Request::post("/musement").header("Authorization", JOHN_SMITH).body(body)
}

/// The documented sample, as if it were encoded.
fn encoded(encoding: &str) -> Request {
    musement(ORDER_ITEM).header("Content-Encoding", encoding)
}

fn porterbuddy(body: &str) -> Request {
    signed(&sign(PORTERBUDDY_KEY, body), body)
}

fn signed(signature: &str, body: &str) -> Request {
    Request::post("/porterbuddy").header("x-porterbuddy-hmac-SHA256", signature).body(body)
}

fn notification(body: &str) -> Request {
    Request::post("/notifications").header("Authorization", BANDWIDTH_USER).body(body)
}

fn update_signed(key: &str, body: &str) -> Request {
    let webhook = V2Webhook::<Value>::new(&secret(key));
    let signature = webhook.signature().sign(body.as_bytes());
    Request::post("/v2").header("X-Bandwidth-Signature-SHA-256", signature).body(body)
}

/// The request with one more header.
fn with(request: Request, (name, value): (&'static str, &str)) -> Request {
    request.header(name, value)
}

fn sign(key: &str, body: &str) -> String {
    OrderWebhook::new(&secret(key)).signature().sign(body.as_bytes())
}

/// The documented sample as an event: under the provider's names, as it came.
fn order_item() -> Value {
    serde_json::from_str(ORDER_ITEM).unwrap()
}

fn item(event: Value) -> Outcome {
    Delivered("musement.order_item", event)
}

fn order(status: &str) -> Outcome {
    let mut event: Value = serde_json::from_str(ORDER_STATUS).unwrap();
    event["orderStatus"] = json!(status);
    Delivered("porterbuddy.order", event)
}

fn notified(status: &str) -> Outcome {
    let event = json!({
        "SubscriptionId": "3b2a4c0e-5f0d-4c58-9f0e-1f5d2a7c9e11",
        "OrderType": "orders",
        "CustomerOrderId": "customer-order-1",
        "Status": status,
        "CompletedTelephoneNumbers": ["2223331000"],
        "LastModifiedDate": "2023-09-12T15:11:31.705Z",
        "ActualFocDate": "2023-09-12T00:00:00Z",
    });
    Delivered("bandwidth.notification", event)
}

/// The sample with as many spaces behind it as make it this long.
fn padded(sample: &str, length: usize) -> String {
    [sample, &" ".repeat(length - sample.len())].concat()
}

fn defaults() -> Webhooks {
    Webhooks::within(Limits::default())
}

/// What has to come of a request.
enum Outcome {
    /// 200, and the handler has this event.
    Delivered(&'static str, Value),
    /// This status, and no handler has seen anything.
    Refused(u16),
}
use Outcome::{Delivered, Refused};

/// Sends every delivery to every server, and gives it to the plain webhook.
#[track_caller]
fn holds(webhooks: &Webhooks, cases: impl IntoIterator<Item = (&'static str, Request, Outcome)>) {
    let servers = server::all(webhooks);
    for (input, request, outcome) in cases {
        for server in &servers {
            let case = format!("{input}, in {}", server.name);
            outcome.is_that_of(&server.send(&request), &server.handled(), &case);
        }
        if let Some((response, handled)) = server::plain(webhooks, &request) {
            outcome.is_that_of(&response, &handled, &format!("{input}, without a server"));
        }
    }
}

/// The same, where each delivery is refused with this status.
#[track_caller]
fn refused(webhooks: &Webhooks, cases: impl IntoIterator<Item = (&'static str, Request, u16)>) {
    holds(
        webhooks,
        cases.into_iter().map(|(case, request, status)| (case, request, Refused(status))),
    );
}

impl Outcome {
    #[track_caller]
    fn is_that_of(&self, response: &Response, handled: &[Handled], case: &str) {
        tells_nothing(response, case);
        match self {
            Refused(status) => assert_eq!((response.status, handled), (*status, &[][..]), "{case}"),
            Delivered(webhook, event) => {
                assert_eq!(response.status, 200, "{case}");
                let [Handled::Event { webhook: by, event: given, .. }] = handled else {
                    panic!("{case}: {handled:?}");
                };
                assert_eq!((by, given), (webhook, event), "{case}");
            }
        }
    }
}

/// A response has a status, and the challenge of a 401 or the method of a 405:
/// no body and no header that says more. Only what the receiver itself does wrong is
/// told.
#[track_caller]
fn tells_nothing(response: &Response, case: &str) {
    if response.body == b"no proxy has written the sender's address\n" {
        return;
    }
    assert_eq!(response.body, b"", "{case}");
    for (name, _) in &response.headers {
        let usual = ["content-length", "date", "connection", "www-authenticate", "allow"];
        assert!(usual.contains(&&**name), "{case}: {name}");
    }
    let challenge: &[&str] = if response.status == 401 { &[CHALLENGE] } else { &[] };
    assert_eq!(response.values("www-authenticate"), challenge, "{case}");
    let allow: &[&str] = if response.status == 405 { &["POST"] } else { &[] };
    assert_eq!(response.values("allow"), allow, "{case}");
}
