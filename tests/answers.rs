//! What the adapters make of an answer, without a connection.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::task::{Context, Poll, Waker};

use actix_web::test::TestRequest;
use actix_web::{Responder, ResponseError as _};
use axum::response::IntoResponse;
use http::{Request, Response, StatusCode};
use order_webhooks::musement::{OrderItemWebhook, Receipt};
use order_webhooks::tower::ReceiveLayer;
use order_webhooks::{BasicAuth, Receive as _, bandwidth};
use tower::{Layer as _, Service};

fn webhook() -> OrderItemWebhook {
    OrderItemWebhook::new(BasicAuth::new("u", "p").unwrap())
}

fn of_axum(answer: impl IntoResponse) -> u16 {
    answer.into_response().status().as_u16()
}

fn of_actix(answer: impl Responder) -> u16 {
    answer.respond_to(&TestRequest::default().to_http_request()).status().as_u16()
}

#[test]
fn a_receipt_is_the_status_that_the_sender_waits_for() {
    let statuses = [of_axum(Receipt::Accepted), of_axum(Receipt::TryAgain)];
    assert_eq!(statuses, [200, 503]);
    let statuses = [of_actix(Receipt::Accepted), of_actix(Receipt::TryAgain)];
    assert_eq!(statuses, [200, 503]);
    let accepted = bandwidth::Receipt::Accepted;
    assert_eq!([of_axum(accepted), of_actix(accepted)], [200, 200]);
}

/// Middleware of actix asks an error for its status and not for its response.
#[test]
fn a_rejection_tells_actix_its_status() {
    let request = Request::post("/").body(bytes::Bytes::new()).unwrap();
    let rejection = webhook().receive(request).unwrap_err();
    assert_eq!(rejection.status_code(), actix_web::http::StatusCode::UNAUTHORIZED);
    assert_eq!(rejection.error_response().status(), actix_web::http::StatusCode::UNAUTHORIZED);
}

/// A service that is never ready, as one with a full queue.
#[derive(Clone)]
struct Busy;

impl Service<Request<axum::body::Body>> for Busy {
    type Response = Response<axum::body::Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<axum::body::Body>) -> Self::Future {
        std::future::ready(Ok(StatusCode::IM_A_TEAPOT.into_response()))
    }
}

#[test]
fn the_layer_is_ready_when_the_service_below_is() {
    let mut service = ReceiveLayer::new(webhook()).layer(Busy);
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut context).is_pending());
}
