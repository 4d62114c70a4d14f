//! The feature `tracing`: one event for each delivery, and nothing secret in it.
#![allow(clippy::unwrap_used)]

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use order_webhooks::bandwidth::{DenialReason, NotificationWebhook, PortOutWebhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{BasicAuth, Secret, Webhook};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes events down, a line each.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

/// The events of one delivery.
fn events<W: Webhook>(webhook: &W, headers: &[(&'static str, &str)], body: &str) -> Vec<String> {
    let mut request = http::Request::post("/").body(body.to_owned()).unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    let lines = Lines::default();
    tracing::subscriber::with_default(lines.clone(), || drop(webhook.receive(request)));
    lines.0.lock().unwrap().clone()
}

const RIGHT: (&str, &str) = ("authorization", "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==");
const WRONG: (&str, &str) = ("authorization", "Basic Sm9oblNtaXRoOk1hcmxpbg==");

fn auth() -> BasicAuth {
    BasicAuth::new("JohnSmith", "Swordfish").unwrap()
}

#[test]
fn a_verified_delivery_is_one_event() {
    let body = include_str!("data/musement/order-item.json");
    let length = body.len();
    assert_eq!(
        events(&OrderItemWebhook::new(auth()), &[RIGHT], body),
        [format!(
            "INFO message=delivery verified webhook=\"musement.order_item\" body_bytes={length}"
        )]
    );
}

#[test]
fn a_challenge_is_one_event_below_the_others() {
    let webhook = NotificationWebhook::new(auth());
    assert_eq!(
        events(&webhook, &[], "<Notification>"),
        ["DEBUG message=credentials asked for webhook=\"bandwidth.notification\" status=401"]
    );
}

#[test]
fn a_refused_delivery_is_one_event_and_shows_nothing_of_it() {
    let secret = "\u{1b}[2JMarlin";
    let notification = NotificationWebhook::new(auth());
    let port_out = PortOutWebhook::new(auth(), DenialReason::InvalidRequest.into());
    let order = OrderWebhook::new(&Secret::new("porterbuddy-api-key").unwrap());
    let signature = ("x-porterbuddy-hmac-sha256", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
    for (got, expected) in [
        (
            events(&notification, &[WRONG], secret),
            "webhook=\"bandwidth.notification\" status=401 \
             reason=credentials refused: not the expected ones",
        ),
        (
            events(&notification, &[RIGHT], &format!("<Notification><Status>{secret}")),
            "webhook=\"bandwidth.notification\" status=400 \
             reason=the body does not parse: a character that XML does not allow at byte 22",
        ),
        (
            events(&port_out, &[RIGHT], secret),
            "webhook=\"bandwidth.port_out\" status=200 \
             reason=the body does not parse: a character that XML does not allow at byte 0",
        ),
        (
            events(&order, &[signature], secret),
            "webhook=\"porterbuddy.order\" status=403 \
             reason=the signature does not match the body",
        ),
    ] {
        assert_eq!(got, [format!("WARN message=delivery refused {expected}")]);
    }
}
