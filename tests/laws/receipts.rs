//! The provider's answer rules are types: a receipt is the status that its sender
//! waits for, and a sender is as strict as its provider.

use std::convert::Infallible;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::test::TestRequest;
use actix_web::{Responder, ResponseError as _};
use axum::response::IntoResponse;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use order_webhooks::bandwidth::{NotificationWebhook, PortOutWebhook, V2Webhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::testing::{self, Delivered, DeliveryPolicy, Retries};
use order_webhooks::tower::VerifyLayer;
use order_webhooks::{Accepted, Receipt, Webhook, WebhookExt as _, webhook::Answer};
use tower::{Layer as _, Service};

use fixtures::samples::u_p;

/// Musement: "200 and nothing else". Porterbuddy: any 2xx. Bandwidth sends nothing
/// again, so that its receipt has one value.
#[tokio::test]
async fn a_receipt_is_the_status_that_the_sender_waits_for() {
    for (receipt, status) in [(Receipt::Accepted, 200), (Receipt::TryAgain, 503)] {
        assert_eq!(Answer::from(receipt), Answer::empty(status.try_into().unwrap()));
        assert_eq!(of_axum(receipt).await, (status, 0));
        assert_eq!(of_actix(receipt).await, (status, 0));
    }
    assert_eq!(Answer::from(Accepted), Answer::empty(StatusCode::OK));
    assert_eq!(of_axum(Accepted).await, (200, 0));
    assert_eq!(of_actix(Accepted).await, (200, 0));
}

/// The receipt of a provider of your own may be any answer.
#[tokio::test]
async fn an_answer_keeps_its_status_and_its_body() {
    let media_type = HeaderValue::from_static("text/plain");
    let answer = Answer::with_body(StatusCode::ACCEPTED, media_type, "received");
    assert_eq!(of_axum(answer.clone()).await, (202, 8));
    assert_eq!(of_actix(answer).await, (202, 8));
}

/// The status and the length of the body.
async fn of_axum(answer: impl IntoResponse) -> (u16, usize) {
    let response = answer.into_response();
    let status = response.status().as_u16();
    (status, axum::body::to_bytes(response.into_body(), 1_000).await.unwrap().len())
}

async fn of_actix(answer: impl Responder) -> (u16, usize) {
    let response = answer.respond_to(&TestRequest::default().to_http_request());
    let status = response.status().as_u16();
    let Ok(body) = actix_web::body::to_bytes(response.into_body()).await else { panic!("no body") };
    (status, body.len())
}

/// Musement, "Order item webhook"; Porterbuddy, "Order webhook"; Bandwidth, "Order
/// Webhook" and "Portout Validation Webhook". No page of Bandwidth's says it of v2.
#[test]
fn a_sender_is_as_strict_as_its_provider() {
    let seconds = Duration::from_secs;
    for (policy, delivered, time_allowed, retries) in [
        (testing::musement::POLICY, Delivered::Exactly200, None, Retries::Unscheduled),
        (
            testing::porterbuddy::POLICY,
            Delivered::Any2xx,
            Some(seconds(10)),
            Retries::Rising { times: 2 },
        ),
        (testing::bandwidth::NOTIFICATION_POLICY, Delivered::Exactly200, None, Retries::Never),
        (
            testing::bandwidth::PORT_OUT_POLICY,
            Delivered::ValidAnswer,
            Some(seconds(30)),
            Retries::Every { times: 8, interval: seconds(300) },
        ),
        (DeliveryPolicy::UNDOCUMENTED, Delivered::Exactly200, None, Retries::Undocumented),
    ] {
        let stated = (policy.delivered, policy.time_allowed, policy.retries);
        assert_eq!(stated, (delivered, time_allowed, retries));
    }
}

#[test]
fn each_webhook_has_its_name() {
    assert_eq!(
        [
            <OrderItemWebhook as Webhook>::NAME,
            <OrderWebhook as Webhook>::NAME,
            <NotificationWebhook as Webhook>::NAME,
            <PortOutWebhook as Webhook>::NAME,
            <V2Webhook as Webhook>::NAME,
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
