//! The provider's answer rules are types: a receipt is the status that its sender
//! waits for, and a sender is as strict as its provider.

use std::convert::Infallible;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::test::TestRequest;
use actix_web::{Responder, ResponseError as _};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use order_webhooks::bandwidth::{NotificationWebhook, PortOutWebhook, SubscriptionWebhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::testing::{self, Delivered, DeliveryPolicy, Retries};
use order_webhooks::tower::VerifyLayer;
use order_webhooks::{Accepted, Receipt, Webhook, WebhookExt as _, webhook::Answer};
use tower::{Layer as _, Service};

use fixtures::law::{Law, row};
use fixtures::samples::u_p;

pub(crate) const LAW: Law = Law {
    title: "Law 9, the provider's answer rules are types",
    rows: &[
        row(
            "`Receipt::Accepted`, of Musement and Porterbuddy",
            "200, no body",
            "Musement: \"200 and nothing else\"; Porterbuddy: any 2xx",
            |cases| {
                cases.of("plain", of_answer(Receipt::Accepted));
                cases.of("axum", of_axum(Receipt::Accepted));
                cases.of("actix", of_actix(Receipt::Accepted));
            },
        ),
        row(
            "`Receipt::TryAgain`, of Musement and Porterbuddy, who send again",
            "503, no body",
            "RFC 9110, 15.6.4",
            |cases| {
                cases.of("plain", of_answer(Receipt::TryAgain));
                cases.of("axum", of_axum(Receipt::TryAgain));
                cases.of("actix", of_actix(Receipt::TryAgain));
            },
        ),
        row(
            "`Accepted`, the only one of Bandwidth, which never sends again",
            "200, no body",
            "Bandwidth, \"Order Webhook\"",
            |cases| {
                cases.of("plain", of_answer(Accepted));
                cases.of("axum", of_axum(Accepted));
                cases.of("actix", of_actix(Accepted));
            },
        ),
        row(
            "Musement's policy",
            "Exactly200, None, Unscheduled",
            "Musement, \"Order item webhook\"",
            |cases| {
                cases.of("", policy(testing::musement::POLICY));
            },
        ),
        row(
            "Porterbuddy's policy",
            "Any2xx, Some(10s), Rising { times: 2 }",
            "Porterbuddy, \"Order webhook\"",
            |cases| {
                cases.of("", policy(testing::porterbuddy::POLICY));
            },
        ),
        row(
            "Bandwidth's policy for notifications",
            "Exactly200, None, Never",
            "Bandwidth, \"Order Webhook\"",
            |cases| {
                cases.of("", policy(testing::bandwidth::NOTIFICATION_POLICY));
            },
        ),
        row(
            "Bandwidth's policy for port-outs",
            "ValidAnswer, Some(30s), Every { times: 8, interval: 300s }",
            "Bandwidth, \"Portout Validation Webhook\"",
            |cases| {
                cases.of("", policy(testing::bandwidth::PORT_OUT_POLICY));
            },
        ),
        row(
            "a policy that nobody documents, as of v2 subscriptions",
            "Exactly200, None, Undocumented",
            "no page of Bandwidth's says",
            |cases| {
                cases.of("", policy(DeliveryPolicy::UNDOCUMENTED));
            },
        ),
    ],
};

fn of_answer(answer: impl Into<Answer>) -> String {
    let answer: Answer = answer.into();
    assert_eq!(answer, Answer::empty(answer.status()));
    format!("{}, no body", answer.status().as_u16())
}

fn of_axum(answer: impl IntoResponse) -> String {
    format!("{}, no body", answer.into_response().status().as_u16())
}

fn of_actix(answer: impl Responder) -> String {
    let response = answer.respond_to(&TestRequest::default().to_http_request());
    format!("{}, no body", response.status().as_u16())
}

fn policy(policy: DeliveryPolicy) -> String {
    let (delivered, time_allowed): (Delivered, Option<Duration>) =
        (policy.delivered, policy.time_allowed);
    let retries: Retries = policy.retries;
    assert_eq!(policy, DeliveryPolicy::new(delivered, time_allowed, retries));
    format!("{delivered:?}, {time_allowed:?}, {retries:?}")
}

#[test]
fn a_receipt_is_the_status_that_the_sender_waits_for() {
    LAW.holds();
}

#[test]
fn names() {
    assert_eq!(
        [
            <OrderItemWebhook as Webhook>::NAME,
            <OrderWebhook as Webhook>::NAME,
            <NotificationWebhook as Webhook>::NAME,
            <PortOutWebhook as Webhook>::NAME,
            <SubscriptionWebhook as Webhook>::NAME,
        ],
        [
            "musement.order_item",
            "porterbuddy.order",
            "bandwidth.notification",
            "bandwidth.port_out",
            "bandwidth.v2",
        ]
    );
}

/// Middleware of actix asks an error for its status and not for its response.
#[test]
fn a_rejection_tells_actix_its_status() {
    let request = Request::post("/").body(Bytes::new()).unwrap();
    let rejection = OrderItemWebhook::new(u_p()).verify(request).unwrap_err();
    assert_eq!(rejection.status_code(), actix_web::http::StatusCode::UNAUTHORIZED);
    assert_eq!(rejection.error_response().status(), actix_web::http::StatusCode::UNAUTHORIZED);
}

/// A service that is never ready, as one with a full queue.
#[derive(Clone)]
struct Busy;

impl Service<Request<Full<Bytes>>> for Busy {
    type Response = Response<axum::body::Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<Full<Bytes>>) -> Self::Future {
        std::future::ready(Ok(StatusCode::IM_A_TEAPOT.into_response()))
    }
}

#[test]
fn the_layer_is_ready_when_the_service_below_is() {
    let mut service = VerifyLayer::new(OrderItemWebhook::new(u_p())).layer(Busy);
    let mut context = Context::from_waker(Waker::noop());
    let ready = Service::<Request<axum::body::Body>>::poll_ready(&mut service, &mut context);
    assert!(ready.is_pending());
}
