//! Bodies are bounded, in bytes and in time. Those that are slow, cut, or longer
//! than declared need a connection and are tested over the servers.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use bytes::Bytes;
use http::Request;
use http_body::Frame;
use order_webhooks::axum::Verified;
use order_webhooks::bandwidth::{NotificationWebhook, PortOutAnswer, PortOutWebhook, V2Webhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Head, Limits, Reason, Receipt, Rejection, Webhook as _, WebhookExt as _};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{ACCEPTED, Headers, refusal, said};
use fixtures::samples::{JEFE, JOHN_SMITH, ORDER_ITEM, U_P, john_smith, secret, u_p};

const AUTHORIZED: Headers<'_> = &[("authorization", U_P.as_bytes())];
#[test]
fn a_body_of_the_limit_is_read_and_one_byte_more_is_not() {
    let within = |bytes| {
        let limits = Limits::new(bytes, Duration::from_secs(1)).unwrap();
        said(&OrderItemWebhook::new(u_p()).with_limits(limits), AUTHORIZED, ORDER_ITEM.as_bytes())
    };
    let length = ORDER_ITEM.len();
    assert_eq!(within(length), ACCEPTED);
    let more = format!("413 the body is longer than {} bytes", length - 1);
    assert_eq!(within(length - 1), more);
}

/// 1 MiB. What is longer is not even hashed: that the signature is of another body is
/// not noticed.
#[test]
fn the_limit_is_a_mebibyte_by_default() {
    const TOO_LONG: &str = "413 the body is longer than 1048576 bytes";
    const READ: &str =
        "400 the body does not parse: unexpected end of the document at line 1 column 1048577";
    for (length, expected) in [(1_048_576, READ), (1_048_577, TOO_LONG)] {
        let body = vec![b' '; length];
        assert_eq!(said(&OrderItemWebhook::new(u_p()), AUTHORIZED, &body), expected);
        assert_eq!(said(&NotificationWebhook::new(u_p()), AUTHORIZED, &body), expected);
        let porterbuddy = OrderWebhook::new(&secret(JEFE));
        let signature = porterbuddy.signature().sign(&body[..1_048_576]);
        let headers = [("x-porterbuddy-hmac-sha256", signature.as_bytes())];
        assert_eq!(said(&porterbuddy, &headers, &body), expected);
    }
}

/// What an adapter finds of the body.
#[test]
fn a_body_that_does_not_come_is_a_rejection() {
    let second = Duration::from_secs(1);
    for (reason, expected) in [
        (Reason::TooLarge { limit: 4 }, "413 the body is longer than 4 bytes"),
        (Reason::TooSlow { limit: second }, "408 the body did not come within 1s"),
        (Reason::Incomplete, "400 the body is incomplete"),
    ] {
        let webhook = OrderItemWebhook::new(u_p());
        let pending = webhook.authenticate(&Head::new("POST", &AUTHORIZED)).unwrap();
        let rejection: Rejection = pending.fail(reason.clone());
        assert_eq!(rejection.reason(), &reason);
        assert_eq!(refusal(&rejection, b""), expected);
    }
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
async fn in_axum(framing: &[(&str, &str)], body: Vec<Option<Bytes>>) -> u16 {
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
    let status = app.oneshot(request).await.unwrap().status().as_u16();
    assert_eq!(delivered.load(Ordering::Relaxed), usize::from(status == 200));
    status
}

#[tokio::test]
async fn a_body_is_whole_and_within_the_limit_or_not_delivered() {
    let whole = vec![Some(Bytes::from(ORDER_ITEM))];
    let broken = vec![None, Some(Bytes::from(ORDER_ITEM))];
    for (framing, body, status) in [
        (&[][..], whole, 200),
        // RUSTSEC-2022-0055, axum-core: no limit without configuration.
        (&[("content-length", "1114112")], pieces(17), 413),
        // CVE-2025-59139, Hono: the length was believed.
        (&[("content-length", "10"), ("transfer-encoding", "chunked")], pieces(17), 413),
        // CVE-2026-44456, Hono: the handler ran before the bytes were counted.
        (&[("transfer-encoding", "chunked")], pieces(17), 413),
        // CVE-2026-54288, Hono: the length was believed.
        (&[("content-length", "10")], pieces(17), 413),
        // GHSA-x9ff-22gv-65f4, Echo: what was left was taken for all.
        (&[("transfer-encoding", "chunked")], broken, 400),
    ] {
        assert_eq!(in_axum(framing, body).await, status, "{framing:?}");
    }
}

/// axum's own limit is for its own extractors. That of tower-http answers to a length, and
/// cuts a body that has none.
#[tokio::test]
async fn what_limits_of_the_server_do() {
    use axum::extract::DefaultBodyLimit;
    use order_webhooks::axum::receive;
    use tower_http::limit::RequestBodyLimitLayer;

    let handler = async |_: Verified<OrderItemWebhook>| Receipt::Accepted;
    let app: Router =
        Router::new().route("/", receive(OrderItemWebhook::new(john_smith()), handler));
    let (extractors, all) = (DefaultBodyLimit::max(10), RequestBodyLimitLayer::new(10));
    for (app, declared, status) in [
        (app.clone().layer(extractors), true, 200),
        (app.clone().layer(all), true, 413),
        (app.layer(all), false, 400),
    ] {
        let mut request = Request::post("/").header("authorization", JOHN_SMITH);
        if declared {
            request = request.header("content-length", ORDER_ITEM.len());
        }
        let request = request.body(Body::from(ORDER_ITEM)).unwrap();
        assert_eq!(app.oneshot(request).await.unwrap().status(), status, "{declared}");
    }
}

#[test]
fn every_webhook_has_limits() {
    let limits = Limits::new(7, Duration::from_secs(3)).unwrap();
    assert_eq!(OrderItemWebhook::new(u_p()).with_limits(limits).limits(), limits);
    assert_eq!(OrderWebhook::new(&secret(JEFE)).with_limits(limits).limits(), limits);
    assert_eq!(NotificationWebhook::new(u_p()).with_limits(limits).limits(), limits);
    let v2 = V2Webhook::<Value>::new(&secret(JEFE));
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
