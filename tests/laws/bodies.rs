//! Bodies are bounded, in bytes and in time. Those that are slow, cut, or longer
//! than declared need a connection and are tested over the servers.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use order_webhooks::axum::Verified;
use order_webhooks::bandwidth::{
    NotificationWebhook, PortOutAnswer, PortOutWebhook, SubscriptionWebhook,
};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Head, Limits, Reason, Receipt, Rejection, Webhook as _, WebhookExt as _};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{ACCEPTED, Headers, refusal, said};
use fixtures::law::{Cases, Law, row};
use fixtures::samples::{JEFE, JOHN_SMITH, ORDER_ITEM, U_P, john_smith, secret, u_p};

const AUTHORIZED: Headers<'_> = &[("authorization", U_P.as_bytes())];
const TABLE: &str = "CONFORMANCE, Transport, replay, leaks";
const DEFAULT: &str = "413 the body is longer than 1048576 bytes";
const NO_DOCUMENT: &str =
    "400 the body does not parse: unexpected end of the document at line 1 column 1048577";

pub(crate) const LAW: Law = Law {
    title: "Law 6, bodies are limited",
    rows: &[
        row("a body of as many bytes as the limit", ACCEPTED, TABLE, |cases| {
            cases.of("the sample", limited(ORDER_ITEM.len()));
        }),
        row("one byte more (here 386)", "413 the body is longer than 385 bytes", TABLE, |cases| {
            let body = "x".repeat(386);
            let limits = Limits::new(385, Duration::from_secs(1)).unwrap();
            let webhook = OrderItemWebhook::new(u_p()).with_limits(limits);
            cases.of("386 bytes", said(&webhook, AUTHORIZED, body.as_bytes()));
        }),
        row("1,048,576 spaces, by default: they are read", NO_DOCUMENT, "DESIGN, law 6", |cases| {
            by_default(cases, 1_048_576);
        }),
        row("1,048,577 spaces, by default: not even hashed", DEFAULT, "DESIGN, law 6", |cases| {
            by_default(cases, 1_048_577);
        }),
        row(
            "a body that an adapter finds too large",
            "413 the body is longer than 4 bytes",
            TABLE,
            |cases| {
                cases.of("4", failed(&Reason::TooLarge { limit: 4 }));
            },
        ),
        row(
            "… too slow: 1 byte a second",
            "408 the body did not come within 1s",
            TABLE,
            |cases| {
                cases.of("1 s", failed(&Reason::TooSlow { limit: Duration::from_secs(1) }));
            },
        ),
        row("… or cut short", "400 the body is incomplete", TABLE, |cases| {
            cases.of("cut", failed(&Reason::Incomplete));
        }),
        row("a whole body without a length", "200", "DESIGN, law 6", |cases| {
            in_axum(cases, &[], vec![Some(Bytes::from(ORDER_ITEM))]);
        }),
        row(
            "17 pieces of 64 KiB, with their `Content-Length`",
            "413",
            "RUSTSEC-2022-0055, axum-core: no limit without configuration",
            |cases| {
                in_axum(cases, &[("content-length", "1114112")], pieces(17));
            },
        ),
        row(
            "… in chunks, with a `Content-Length` of 10",
            "413",
            "CVE-2025-59139, Hono: the length was believed",
            |cases| {
                in_axum(
                    cases,
                    &[("content-length", "10"), ("transfer-encoding", "chunked")],
                    pieces(17),
                );
            },
        ),
        row(
            "… in chunks",
            "413",
            "CVE-2026-44456, Hono: the handler ran before they were counted",
            |cases| {
                in_axum(cases, &[("transfer-encoding", "chunked")], pieces(17));
            },
        ),
        row(
            "… with a `Content-Length` that lies",
            "413",
            "CVE-2026-54288, Hono: the length was believed",
            |cases| {
                in_axum(cases, &[("content-length", "10")], pieces(17));
            },
        ),
        row(
            "a body that breaks off after a whole event",
            "400",
            "GHSA-x9ff-22gv-65f4, Echo: what was left was taken for all",
            |cases| {
                let broken = vec![None, Some(Bytes::from(ORDER_ITEM))];
                in_axum(cases, &[("transfer-encoding", "chunked")], broken);
            },
        ),
    ],
};

fn limited(bytes: usize) -> String {
    let limits = Limits::new(bytes, Duration::from_secs(1)).unwrap();
    let webhook = OrderItemWebhook::new(u_p()).with_limits(limits);
    let less = Limits::new(bytes - 1, Duration::from_secs(1)).unwrap();
    let refused = said(&webhook.clone().with_limits(less), AUTHORIZED, ORDER_ITEM.as_bytes());
    assert_eq!(refused, format!("413 the body is longer than {} bytes", bytes - 1));
    said(&webhook, AUTHORIZED, ORDER_ITEM.as_bytes())
}

fn by_default(cases: &mut Cases, length: usize) {
    let body = vec![b' '; length];
    cases.of("musement", said(&OrderItemWebhook::new(u_p()), AUTHORIZED, &body));
    cases.of("bandwidth", said(&NotificationWebhook::new(u_p()), AUTHORIZED, &body));
    let porterbuddy = OrderWebhook::new(&secret(JEFE));
    // What is too long is not hashed: that the signature is of another is not noticed.
    let signature = porterbuddy.signature().sign(&body[..1_048_576]);
    let headers = [("x-porterbuddy-hmac-sha256", signature.as_bytes())];
    cases.of("porterbuddy", said(&porterbuddy, &headers, &body));
}

/// What an adapter says when there is no complete body.
fn failed(reason: &Reason) -> String {
    let webhook = OrderItemWebhook::new(u_p());
    let pending = webhook.authenticate(&Head::new("POST", &AUTHORIZED)).unwrap();
    let rejection: Rejection = pending.fail(reason.clone());
    assert_eq!(rejection.reason(), reason);
    refusal(&rejection, b"")
}

/// A body in pieces, without a length. It breaks off where it has a `None`.
struct Pieces(Vec<Option<Bytes>>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(self.0.pop().map(|piece| match piece {
            Some(piece) => Ok(Frame::data(piece)),
            None => Err(std::io::ErrorKind::ConnectionReset.into()),
        }))
    }
}

fn pieces(count: usize) -> Vec<Option<Bytes>> {
    vec![Some(Bytes::from(vec![b' '; 64 * 1024])); count]
}

/// The status, of a route that counts what it is given. The limit is 1 MiB, 16 of
/// the pieces.
fn in_axum(cases: &mut Cases, framing: &[(&str, &str)], body: Vec<Option<Bytes>>) {
    let delivered = Arc::new(AtomicUsize::new(0));
    let count = delivered.clone();
    let handler = async move |_: Verified<OrderItemWebhook>| {
        count.fetch_add(1, Ordering::Relaxed);
        Receipt::Accepted
    };
    let app: Router =
        Router::new().route("/", any(handler)).with_state(OrderItemWebhook::new(john_smith()));
    let mut request = Request::post("/").header("authorization", JOHN_SMITH);
    for (name, value) in framing {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::new(Pieces(body))).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let response: Result<Response<Body>, Infallible> = runtime.block_on(app.oneshot(request));
    let status = response.unwrap().status().as_u16();
    assert_eq!(delivered.load(Ordering::Relaxed), usize::from(status == 200));
    cases.of(format!("{framing:?}"), status.to_string());
}

#[test]
fn a_body_is_whole_and_within_the_limit_or_not_delivered() {
    LAW.holds();
}

#[test]
fn every_webhook_has_limits() {
    let limits = Limits::new(7, Duration::from_secs(3)).unwrap();
    assert_eq!(OrderItemWebhook::new(u_p()).with_limits(limits).limits(), limits);
    assert_eq!(OrderWebhook::new(&secret(JEFE)).with_limits(limits).limits(), limits);
    assert_eq!(NotificationWebhook::new(u_p()).with_limits(limits).limits(), limits);
    let v2 = SubscriptionWebhook::<Value>::new(&secret(JEFE));
    assert_eq!(v2.with_limits(limits).limits(), limits);
    let port_out = PortOutWebhook::new(u_p(), PortOutAnswer::Allow);
    assert_eq!(port_out.clone().with_limits(limits).limits(), limits);
    // A body that comes after the deadline is of no use.
    let late = Limits::new(7, Duration::from_secs(60)).unwrap();
    assert_eq!(port_out.with_limits(late).limits().body_time(), Duration::from_secs(25));

    assert_eq!(OrderItemWebhook::new(u_p()).limits(), Limits::default());
    assert_eq!(OrderWebhook::new(&secret(JEFE)).limits(), Limits::default());
    assert_eq!(Limits::default().drained_bytes(), 8 * 1_048_576);
    assert_eq!(Limits::new(usize::MAX, Duration::MAX).unwrap().drained_bytes(), usize::MAX);
}
