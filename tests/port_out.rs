//! Port-outs over real servers: an answer in every case, and the same from axum
//! and from actix.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code, reason = "these tests need a part of it")]
#[path = "common/sender.rs"]
mod sender;

use std::net::SocketAddr;
use std::time::Duration;

use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutFailure, PortOutWebhook};
use order_webhooks::{BasicAuth, Limits, Verified};
use sender::{Connection, Request};

/// What the handler does is told by the PON.
async fn handle(request: Verified<PortOutWebhook>) -> Result<PortOutAnswer, &'static str> {
    match request.pon() {
        Some("allow") => Ok(PortOutAnswer::Allow),
        Some("deny") => Ok(DenialReason::PinInvalid.into()),
        Some("fail") => Err("the PIN is 1111"),
        Some("panic") => panic!("on purpose"),
        Some("stall") => std::future::pending().await,
        Some("block") => {
            std::thread::sleep(Duration::from_secs(2));
            Ok(PortOutAnswer::Allow)
        }
        _ => unreachable!(),
    }
}

/// A reporter that panics, as an awkward one might.
fn webhook() -> PortOutWebhook {
    let auth = BasicAuth::new("bandwidth-user", "bandwidth-password").unwrap();
    PortOutWebhook::new(auth, DenialReason::InvalidRequest.into())
        .with_limits(Limits::new(4_096, Duration::from_secs(10)).unwrap())
        .with_reporter(|failure| panic!("on purpose: {failure}"))
        .with_deadline(Duration::from_millis(500))
        .unwrap()
}

async fn axum() -> SocketAddr {
    let route = order_webhooks::axum::port_out(webhook(), handle);
    let app = axum::Router::new().route("/port-out", route);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn actix() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(|| {
        actix_web::rt::System::new().block_on(async {
            let app = || {
                let route = order_webhooks::actix::port_out(webhook(), handle);
                actix_web::App::new().route("/port-out", route)
            };
            let server = actix_web::HttpServer::new(app).workers(1).listen(listener);
            server.unwrap().run().await
        })
    });
    address
}

fn question(pon: &str) -> Vec<u8> {
    format!(
        "<PortOutValidationRequest><PON>{pon}</PON><TelephoneNumbers><TelephoneNumber>2223331000\
         </TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>"
    )
    .into_bytes()
}

const CREDENTIALS: &str = "Basic YmFuZHdpZHRoLXVzZXI6YmFuZHdpZHRoLXBhc3N3b3Jk";

fn post(credentials: &[&str], body: &[u8]) -> Request {
    let request = Request::post("/port-out").body(body);
    credentials.iter().fold(request, |request, value| request.header("Authorization", *value))
}

fn assert_answers(server: &str, address: SocketAddr) {
    let denied = |pon| PortOutAnswer::deny(DenialReason::InvalidRequest).to_xml(pon);
    let mut questions = vec![
        (question("allow"), PortOutAnswer::Allow.to_xml(Some("allow"))),
        (question("deny"), PortOutAnswer::deny(DenialReason::PinInvalid).to_xml(Some("deny"))),
    ];
    for pon in ["fail", "panic", "stall", "block"] {
        questions.push((question(pon), denied(Some(pon))));
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
    questions.extend(broken.map(|body| (body.to_vec(), denied(None))));
    for (body, answer) in questions {
        let context = format!("{server}: {:.80}", String::from_utf8_lossy(&body));
        let response = Connection::open(address).send(&post(&[CREDENTIALS], &body));
        assert_eq!((response.status, &*response.body), (200, answer.as_bytes()), "{context}");
        assert_eq!(response.values("content-type"), ["application/xml"], "{context}");
    }

    let encoded = post(&[CREDENTIALS], b"\x1f\x8b").header("Content-Encoding", "gzip");
    let response = Connection::open(address).send(&encoded);
    assert_eq!((response.status, &*response.body), (200, denied(None).as_bytes()), "{server}");

    let challenge = [r#"Basic realm="webhooks", charset="UTF-8""#];
    let bare = Connection::open(address).send(&post(&[], &question("allow")));
    assert_eq!((bare.status, &*bare.body), (401, &b""[..]), "{server}");
    assert_eq!(bare.values("www-authenticate"), challenge, "{server}");
    for credentials in [&["Basic eDp5"][..], &["Bearer x"], &[CREDENTIALS, CREDENTIALS]] {
        let response = Connection::open(address).send(&post(credentials, &question("allow")));
        let context = format!("{server}: {credentials:?}");
        assert_eq!((response.status, &*response.body), (200, denied(None).as_bytes()), "{context}");
        assert_eq!(response.values("content-type"), ["application/xml"], "{context}");
    }

    let put = Request::new("PUT", "/port-out").header("Authorization", CREDENTIALS);
    let response = Connection::open(address).send(&put);
    assert_eq!((response.status, response.values("allow")), (405, vec!["POST"]), "{server}");
}

#[tokio::test(flavor = "multi_thread")]
async fn axum_answers_in_every_case() {
    let address = axum().await;
    tokio::task::spawn_blocking(move || assert_answers("axum", address)).await.unwrap();
}

/// A runtime with a single thread, which a handler that blocks would take along.
#[tokio::test]
async fn axum_on_one_thread_answers_in_every_case() {
    let address = axum().await;
    tokio::task::spawn_blocking(move || assert_answers("axum", address)).await.unwrap();
}

#[test]
fn actix_answers_in_every_case() {
    assert_answers("actix", actix());
}

#[tokio::test]
async fn what_goes_wrong_is_reported() {
    let (told, mut failures) = tokio::sync::mpsc::unbounded_channel();
    let webhook = webhook().with_reporter(move |failure| told.send(failure).unwrap());
    let route = order_webhooks::axum::port_out(webhook, handle);
    let app: axum::Router = axum::Router::new().route("/port-out", route);
    for (body, expected) in [
        (question("fail"), "the handler failed"),
        (question("panic"), "the handler panicked"),
        (question("stall"), "the handler was not done by the deadline"),
        (b"not XML".to_vec(), "the body does not parse: text outside the root element at byte 0"),
    ] {
        let request = http::Request::post("/port-out")
            .header("authorization", CREDENTIALS)
            .body(axum::body::Body::from(body))
            .unwrap();
        let response = tower::ServiceExt::oneshot(app.clone(), request).await.unwrap();
        assert_eq!(response.status(), 200);
        let failure = failures.recv().await.unwrap();
        assert_eq!(failure.to_string(), expected);
        if let PortOutFailure::Refused(rejection) = failure {
            assert_eq!(rejection.verified_body().unwrap().as_ref(), b"not XML");
        }
    }
}

#[test]
fn a_body_that_stays_away_is_answered_by_the_deadline() {
    let address = actix();
    let request = post(&[CREDENTIALS], b"<Por").declaring(10);
    let response = Connection::open(address).send(&request);
    let denied = PortOutAnswer::deny(DenialReason::InvalidRequest).to_xml(None);
    assert_eq!((response.status, &*response.body), (200, denied.as_bytes()));
}
