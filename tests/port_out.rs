//! Port-outs over real servers: an answer in every case, and the same from axum,
//! from actix and from hyper.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::arithmetic_side_effects)]

#[allow(dead_code, reason = "these tests need a part of it")]
#[path = "common/port_outs.rs"]
mod port_outs;
#[allow(dead_code, reason = "these tests need a part of it")]
#[path = "common/sender.rs"]
mod sender;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use order_webhooks::bandwidth::{
    DenialReason, PortOutAnswer, PortOutValidationRequest, PortOutWebhook,
};
use port_outs::{CREDENTIALS, DEADLINE, RUNTIMES, World, question, send, webhook};
use sender::{Connection, Request};

fn post(credentials: &[&str], body: &[u8]) -> Request {
    let request = Request::post("/port-out").body(body);
    credentials.iter().fold(request, |request, value| request.header("Authorization", *value))
}

fn short(world: &Arc<World>) -> PortOutWebhook {
    webhook(world).with_deadline(DEADLINE).unwrap()
}

/// The answer to this question, which carries its PON and its number back.
fn answered(answer: &PortOutAnswer, question: &[u8]) -> String {
    answer.to_xml(&PortOutValidationRequest::parse_unverified(question).unwrap())
}

fn answers_in_every_case(server: &str, address: SocketAddr) {
    let otherwise = PortOutAnswer::deny(DenialReason::InvalidRequest);
    let asked = |pon| question(pon).written_body();
    let mut questions = Vec::new();
    for (pon, answer) in [
        ("allow", &PortOutAnswer::Allow),
        ("deny", &PortOutAnswer::deny(DenialReason::PinInvalid)),
        ("fail", &otherwise),
        ("panic", &otherwise),
        ("stall", &otherwise),
        ("block too long", &otherwise),
    ] {
        let body = asked(pon);
        let answer = answered(answer, &body);
        questions.push((body, answer));
    }
    let broken: [&[u8]; 7] = [
        b"",
        b"not XML",
        b"\xFF\xFE",
        b"<Notification/>",
        b"<PortOutValidationRequest><PIN>",
        b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>",
        &[b'x'; 5_000],
    ];
    questions.extend(broken.map(|body| (body.to_vec(), otherwise.to_xml(None))));
    for (body, answer) in questions {
        let context = format!("{server}: {:.80}", String::from_utf8_lossy(&body));
        let response = Connection::open(address).send(&post(&[CREDENTIALS], &body));
        assert_eq!((response.status, &*response.body), (200, answer.as_bytes()), "{context}");
        assert_eq!(response.values("content-type"), ["application/xml"], "{context}");
    }

    let encoded = post(&[CREDENTIALS], b"\x1f\x8b").header("Content-Encoding", "gzip");
    let response = Connection::open(address).send(&encoded);
    assert_eq!(
        (response.status, &*response.body),
        (200, otherwise.to_xml(None).as_bytes()),
        "{server}"
    );

    let challenge = [r#"Basic realm="webhooks", charset="UTF-8""#];
    let bare = Connection::open(address).send(&post(&[], &asked("allow")));
    assert_eq!((bare.status, &*bare.body), (401, &b""[..]), "{server}");
    assert_eq!(bare.values("www-authenticate"), challenge, "{server}");
    for credentials in [&["Basic eDp5"][..], &["Bearer x"], &[CREDENTIALS, CREDENTIALS]] {
        let response = Connection::open(address).send(&post(credentials, &asked("allow")));
        let context = format!("{server}: {credentials:?}");
        assert_eq!(
            (response.status, &*response.body),
            (200, otherwise.to_xml(None).as_bytes()),
            "{context}"
        );
        assert_eq!(response.values("content-type"), ["application/xml"], "{context}");
    }

    let put = Request::new("PUT", "/port-out").header("Authorization", CREDENTIALS);
    let response = Connection::open(address).send(&put);
    assert_eq!((response.status, response.values("allow")), (405, vec!["POST"]), "{server}");
}

#[test]
fn axum_and_actix_answer_in_every_case() {
    thread::scope(|scope| {
        for runtime in RUNTIMES {
            scope.spawn(move || {
                let world = Arc::new(World::default());
                let address = runtime.serve(&world, short(&world));
                answers_in_every_case(&format!("{runtime:?}"), address);
            });
        }
    });
}

#[test]
fn hyper_answers_in_every_case() {
    let world = Arc::new(World::default());
    answers_in_every_case("hyper", port_outs::serve_hyper(&world, short(&world)));
}

#[test]
fn a_body_that_stays_away_is_answered_by_the_deadline() {
    let denied = PortOutAnswer::deny(DenialReason::InvalidRequest).to_xml(None);
    for runtime in RUNTIMES {
        let world = Arc::new(World::default());
        let address = runtime.serve(&world, short(&world));
        let response = send(address, &post(&[CREDENTIALS], b"<Por").declaring(10));
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
    let world = Arc::new(World::default());

    let route = order_webhooks::actix::port_out(webhook(&world), needs_data);
    actix_web::rt::System::new().block_on(async {
        let app = init_service(App::new().route("/port-out", route)).await;
        let request = TestRequest::post().uri("/port-out").set_payload(body.clone());
        let request = request.insert_header(("authorization", CREDENTIALS)).to_request();
        let response = call_service(&app, request).await;
        assert_eq!(response.status(), 200);
        assert_eq!(actix_web::test::read_body(response).await, denied);
    });

    let route = order_webhooks::axum::port_out(webhook(&world), needs_extension);
    let app: axum::Router = axum::Router::new().route("/port-out", route);
    let request = http::Request::post("/port-out").header("authorization", CREDENTIALS);
    let request = request.body(axum::body::Body::from(body)).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let response = tower::ServiceExt::oneshot(app, request).await.unwrap();
        assert_eq!(response.status(), 200);
        let answer = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        assert_eq!(answer, denied);
    });

    world.wait_until("both are told", |world| world.told() == ["the handler failed"; 2]);
    let told = world.told.lock().unwrap();
    for failure in told.iter() {
        let source = std::error::Error::source(failure).unwrap().to_string();
        assert!(source.starts_with("an extractor refused with 500"), "{source}");
    }
}
