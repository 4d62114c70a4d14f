//! Port-outs over real servers: an answer in every case, and the same from axum,
//! from actix and from hyper.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use crate::fixture::{self, Fixture, RUNTIMES, in_memory, question, send, short, webhook};
use fixtures::port_outs;
use fixtures::samples::{BANDWIDTH_USER, CHALLENGE};
use fixtures::sender::Request;
use order_webhooks::bandwidth::{
    DenialReason, PortOutAnswer, PortOutValidationRequest, PortOutWebhook,
};

/// The answer to this question, which carries its PON and its number back.
fn answered(answer: &PortOutAnswer, question: &[u8]) -> String {
    answer.to_xml(&PortOutValidationRequest::parse_unverified(question).unwrap())
}

fn answers_in_every_case(server: &str, address: SocketAddr) {
    let otherwise = PortOutAnswer::deny(DenialReason::InvalidRequest);
    for (pon, answer) in [
        ("allow", &PortOutAnswer::Allow),
        ("deny", &PortOutAnswer::deny(DenialReason::PinInvalid)),
        ("fail", &otherwise),
        ("panic", &otherwise),
        ("stall", &otherwise),
        ("block too long", &otherwise),
    ] {
        let response = send(address, &question(pon));
        let answer = answered(answer, &question(pon).written_body());
        let told = (response.status, str::from_utf8(&response.body).unwrap());
        assert_eq!(told, (200, &*answer), "{server}: {pon}");
        assert_eq!(response.values("content-type"), ["application/xml"], "{server}: {pon}");
    }

    for question in port_outs::questions() {
        let mut request = Request::new(question.method, "/port-out").body(question.body);
        for (name, value) in question.headers {
            request = request.header(name, value);
        }
        let response = send(address, &request);
        let context = format!("{server}: {}", question.why);
        let answer = (response.status, str::from_utf8(&response.body).unwrap());
        assert_eq!(answer, (question.status, &*question.answer), "{context}");
        let expect = |status, value| if question.status == status { vec![value] } else { vec![] };
        assert_eq!(response.values("content-type"), expect(200, "application/xml"), "{context}");
        assert_eq!(response.values("www-authenticate"), expect(401, CHALLENGE), "{context}");
        assert_eq!(response.values("allow"), expect(405, "POST"), "{context}");
    }
}

#[test]
fn axum_and_actix_answer_in_every_case() {
    thread::scope(|scope| {
        for runtime in RUNTIMES {
            scope.spawn(move || {
                let fixture = Arc::new(Fixture::default());
                let address = runtime.serve(&fixture, short(webhook(&fixture)));
                answers_in_every_case(&format!("{runtime:?}"), address);
            });
        }
    });
}

#[test]
fn hyper_answers_in_every_case() {
    let fixture = Arc::new(Fixture::default());
    answers_in_every_case("hyper", fixture::serve_hyper(&fixture, short(webhook(&fixture))));
}

#[test]
fn a_body_that_stays_away_is_answered_by_the_deadline() {
    let denied = PortOutAnswer::deny(DenialReason::InvalidRequest).to_xml(None);
    for runtime in RUNTIMES {
        let fixture = Arc::new(Fixture::default());
        let address = runtime.serve(&fixture, short(webhook(&fixture)));
        let request = Request::post("/port-out").header("Authorization", BANDWIDTH_USER);
        let response = send(address, &request.body("<Por").declaring(10));
        assert_eq!((response.status, &*response.body), (200, denied.as_bytes()), "{runtime:?}");
    }
}

/// An extractor that refuses is a handler that fails: the question is answered.
#[test]
fn an_extractor_that_refuses_is_reported_and_answered() {
    use actix_web::{App, test::TestRequest, test::call_service, test::init_service, web};
    use order_webhooks::Verified;

    async fn needs_data(_: web::Data<u8>, _: Verified<PortOutWebhook>) -> PortOutAnswer {
        PortOutAnswer::Allow
    }
    async fn needs_extension(_: axum::Extension<u8>, _: Verified<PortOutWebhook>) -> PortOutAnswer {
        PortOutAnswer::Allow
    }
    let body = question("allow").written_body();
    let denied = answered(&PortOutAnswer::deny(DenialReason::InvalidRequest), &body);
    let fixture = Arc::new(Fixture::default());

    let route = order_webhooks::actix::port_out(webhook(&fixture), needs_data);
    actix_web::rt::System::new().block_on(async {
        let app = init_service(App::new().route("/port-out", route)).await;
        let request = TestRequest::post().uri("/port-out").set_payload(body);
        let request = request.insert_header(("authorization", BANDWIDTH_USER)).to_request();
        let response = call_service(&app, request).await;
        assert_eq!(response.status(), 200);
        assert_eq!(actix_web::test::read_body(response).await, denied);
    });

    let route = order_webhooks::axum::port_out(webhook(&fixture), needs_extension);
    let app: axum::Router = axum::Router::new().route("/port-out", route);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let response = tower::ServiceExt::oneshot(app, in_memory("allow")).await.unwrap();
        assert_eq!(response.status(), 200);
        let answer = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        assert_eq!(answer, denied);
    });

    fixture.wait_for_reports(&["the handler failed"; 2]);
    let told = fixture.told.lock().unwrap();
    for failure in told.iter() {
        let source = std::error::Error::source(failure).unwrap().to_string();
        assert!(source.starts_with("an extractor refused with 500"), "{source}");
    }
}
