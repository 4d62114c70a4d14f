//! What answers a port-out in place of its route. Each of these answers is an approval, and
//! stands in the table of docs/port-outs.md.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use actix_web::App;
use actix_web::middleware::{NormalizePath, TrailingSlash};
use actix_web::test::{TestRequest, call_service, init_service};
use axum::error_handling::HandleErrorLayer;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{BoxError, Router};
use fixtures::samples::BANDWIDTH_USER;
use fixtures::sender::{Connection, Request};
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::{ServiceBuilder, ServiceExt as _};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::validate_request::ValidateRequestHeaderLayer;

use crate::fixture::{Fixture, Runtime, question, serve_axum_with, serve_hyper, webhook};

fn app(fixture: &Arc<Fixture>) -> Router {
    Router::new()
        .route("/port-out", order_webhooks::axum::port_out(webhook(fixture), fixture.handler()))
}

async fn status_of(app: Router, path: &str, pon: &str) -> StatusCode {
    let request = http::Request::post(path).header("authorization", BANDWIDTH_USER);
    let request = request.header("accept", "application/xml");
    let body = question(pon).written_body();
    let request =
        request.header("content-length", body.len()).body(axum::body::Body::from(body)).unwrap();
    app.oneshot(request).await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_in_axum() {
    let timed_out = StatusCode::REQUEST_TIMEOUT;
    let patience = Duration::from_millis(300);
    let within = TimeoutLayer::with_status_code(timed_out, patience);
    let busy = HandleErrorLayer::new(async |_: BoxError| StatusCode::SERVICE_UNAVAILABLE);
    let shed = ServiceBuilder::new().layer(busy).layer(LoadShedLayer::new());
    let one_at_once = ConcurrencyLimitLayer::new(1);
    let shed = shed.layer(one_at_once);
    #[expect(clippy::result_large_err, reason = "the layer wants it so")]
    let unknown = |_: &mut http::Request<axum::body::Body>| {
        Err::<(), Response>(StatusCode::UNAUTHORIZED.into_response())
    };
    let no_one = ValidateRequestHeaderLayer::custom(unknown);
    let json = ValidateRequestHeaderLayer::accept("application/json");
    for (change, path, pon, status, told) in [
        (&(|app| app) as &dyn Fn(Router) -> Router, "/port-out", "allow", 200, None),
        (&|app| app, "/port-out/", "allow", 404, None),
        (&|app| app, "//port-out", "allow", 404, None),
        (&|app| app.layer(within), "/port-out", "be slow", 408, Some("the answer was cut off")),
        (&|app| app.layer(RequestBodyLimitLayer::new(10)), "/port-out", "allow", 413, None),
        (&|app| app.layer(no_one.clone()), "/port-out", "allow", 401, None),
        (&|app| app.layer(json.clone()), "/port-out", "allow", 406, None),
    ] {
        let fixture = Arc::new(Fixture::default());
        assert_eq!(status_of(change(app(&fixture)), path, pon).await, status, "{path}: {pon}");
        let told: Vec<String> = told.into_iter().map(str::to_owned).collect();
        tokio::task::spawn_blocking(move || fixture.wait_until("told", |now| now.told() == told))
            .await
            .unwrap();
    }
    // One question has the only place, and the next one is turned away.
    let fixture = Arc::new(Fixture::default());
    let app = app(&fixture).layer(shed).with_state(());
    let first = tokio::spawn(status_of(app.clone(), "/port-out", "block"));
    let waiting = Arc::clone(&fixture);
    tokio::task::spawn_blocking(move || waiting.wait_for_handlers(1)).await.unwrap();
    assert_eq!(status_of(app, "/port-out", "allow").await, 503);
    fixture.gate.open();
    assert_eq!(first.await.unwrap(), 200);
}

#[actix_web::test]
async fn what_answers_in_actix() {
    for (slash, path, status) in [
        (TrailingSlash::Trim, "/port-out", 200),
        (TrailingSlash::Trim, "/port-out/", 200),
        (TrailingSlash::Always, "/port-out", 404),
        (TrailingSlash::MergeOnly, "/port-out/", 404),
        (TrailingSlash::Trim, "/port-outs", 404),
    ] {
        let fixture = Arc::new(Fixture::default());
        let route = order_webhooks::actix::port_out(webhook(&fixture), fixture.handler());
        let app = App::new().wrap(NormalizePath::new(slash)).route("/port-out", route);
        let app = init_service(app).await;
        let request =
            TestRequest::post().uri(path).insert_header(("authorization", BANDWIDTH_USER));
        let request = request.set_payload(question("allow").written_body()).to_request();
        assert_eq!(call_service(&app, request).await.status(), status, "{slash:?}: {path}");
    }
}

/// Heads that the servers themselves refuse.
#[test]
fn what_the_servers_answer() {
    let fixture = Arc::new(Fixture::default());
    let axum = serve_axum_with(&fixture, webhook(&fixture));
    let hyper = serve_hyper(&fixture, webhook(&fixture));
    let actix = Runtime::Actix { workers: 1 }.serve(&fixture, webhook(&fixture));
    for (server, address, headers, length, status) in [
        // A question has four headers of its own.
        ("axum", axum, 96, 1, 200),
        ("axum", axum, 97, 1, 431),
        ("axum", axum, 10, 38_000, 200),
        ("axum", axum, 10, 60_000, 431),
        ("hyper", hyper, 97, 1, 431),
        ("actix", actix, 92, 1, 200),
        ("actix", actix, 93, 1, 431),
        ("actix", actix, 3, 40_000, 200),
        ("actix", actix, 3, 45_000, 431),
    ] {
        let filled = |request: Request, _| request.header("X-Filler", "x".repeat(length));
        let request = (0..headers).fold(question("allow"), filled);
        let mut connection = Connection::open(address);
        // Who refuses the head answers, and may be gone before all is written.
        let _ = connection.write(&[request.head(), request.written_body()].concat());
        let response = connection.final_response(false).unwrap();
        assert_eq!(response.status, status, "{server}: {headers} of {length}");
    }
}

/// What becomes of connections that the servers find odd. The examples serve so that a
/// question on one of these is answered.
#[test]
fn what_the_servers_do_with_a_connection() {
    let fixture = Arc::new(Fixture::default());
    let axum = serve_axum_with(&fixture, webhook(&fixture));
    let hyper = serve_hyper(&fixture, webhook(&fixture));
    let actix = Runtime::Actix { workers: 1 }.serve(&fixture, webhook(&fixture));
    let slow = || question("be slow");
    thread::scope(|scope| {
        for (server, address) in [("axum", axum), ("hyper", hyper)] {
            scope.spawn(move || {
                let mut connection = Connection::open(address);
                connection.write(b"what is this\r\n\r\n").unwrap();
                let status = connection.response(false).unwrap().status;
                assert_eq!(status, 400, "{server}: no HTTP");
            });
            scope.spawn(move || {
                let mut connection = Connection::open(address);
                connection.write(&[slow().head(), slow().written_body()].concat()).unwrap();
                connection.end_of_writing();
                assert_eq!(connection.response(false), None, "{server}: half-closed");
            });
        }
        scope.spawn(move || {
            let head = String::from_utf8(question("allow").head()).unwrap();
            let head = head.replace("Host: localhost\r\n", "");
            let mut connection = Connection::open(actix);
            connection
                .write(&[head.as_bytes(), &question("allow").written_body()].concat())
                .unwrap();
            assert_eq!(connection.response(false).unwrap().status, 400, "actix: no host");
        });
        // Of the five seconds of actix-web, as it reads its clock now and then.
        let four_seconds = Duration::from_secs(4);
        for begun in [&b""[..], b"POST /port-out HTTP/1.1\r\nHost: x\r\n"] {
            scope.spawn(move || {
                let mut connection = Connection::open(actix);
                let opened = Instant::now();
                connection.write(begun).unwrap();
                let begun = begun.escape_ascii();
                assert_eq!(connection.response(false).unwrap().status, 408, "actix: {begun}");
                assert!(opened.elapsed() >= four_seconds, "{:?}", opened.elapsed());
            });
        }
        scope.spawn(move || {
            let mut connection = Connection::open(actix);
            let kept = question("allow").keeping_the_connection();
            assert_eq!(connection.send(&kept).status, 200);
            let answered = Instant::now();
            assert_eq!(connection.response(false), None, "actix: kept");
            assert!(answered.elapsed() >= four_seconds, "{:?}", answered.elapsed());
        });
    });
}

/// The time for reading a head runs while a connection is idle, too.
#[tokio::test]
async fn a_time_for_heads_closes_an_idle_connection_of_hyper() {
    use hyper::server::conn::http1;
    use hyper_util::rt::{TokioIo, TokioTimer};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let service = hyper::service::service_fn(async |_| {
        let body = http_body_util::Full::new(bytes::Bytes::from("answered"));
        Ok::<_, std::convert::Infallible>(http::Response::new(body))
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_millis(300));
    let (mut client, server) = tokio::io::duplex(10_000);
    tokio::spawn(http.serve_connection(TokioIo::new(server), service));
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut read = String::new();
    let closed = tokio::time::timeout(Duration::from_secs(20), client.read_to_string(&mut read));
    closed.await.expect("the server closes it").unwrap();
    assert!(read.ends_with("\r\n\r\nanswered"), "{read}");
}
