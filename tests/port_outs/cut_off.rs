//! Answers that are cut off inside the process: by a layer with a time limit, by a
//! sender that leaves, or because the future is dropped for another reason. Each is
//! reported, once, and no other.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use fixtures::samples::BANDWIDTH_USER;
use fixtures::sender::Connection;
use http_body::Frame;
use order_webhooks::Verified;
use order_webhooks::bandwidth::PortOutWebhook;
use tokio::runtime::{self, Runtime};
use tokio::time::{sleep, timeout};

use crate::fixture::{DEADLINE, Fixture, question, serve_axum_with, serve_hyper, webhook};

const CUT_OFF: &str = "the answer was cut off";
const LATE: &str = "the handler was not done by the deadline";

/// When a layer around the route loses patience.
const PATIENCE: Duration = Duration::from_millis(300);

/// A body that stops after this, and whose connection stays open.
struct StopsAfter(Option<Bytes>);

impl http_body::Body for StopsAfter {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.take().map_or(Poll::Pending, |first| Poll::Ready(Some(Ok(Frame::data(first)))))
    }
}

fn stops_half_way(pon: &str) -> axum::body::Body {
    let whole = question(pon).written_body();
    axum::body::Body::new(StopsAfter(Some(whole[..whole.len() / 2].to_vec().into())))
}

fn request(body: impl Into<axum::body::Body>) -> http::Request<axum::body::Body> {
    let request = http::Request::post("/port-out").header("authorization", BANDWIDTH_USER);
    request.body(body.into()).unwrap()
}

/// What asks the question, and drops the future of its answer after this time.
#[derive(Debug, Clone, Copy)]
enum Adapter {
    Axum,
    AxumOneThread,
    Actix,
    Body,
}

impl Adapter {
    const ALL: [Self; 4] = [Self::Axum, Self::AxumOneThread, Self::Actix, Self::Body];

    fn ask(self, fixture: &Arc<Fixture>, webhook: PortOutWebhook, pon: &str, whole: bool) {
        let handler = {
            let fixture = Arc::clone(fixture);
            move |request: Verified<PortOutWebhook>| Arc::clone(&fixture).handle(request)
        };
        // The handler may go on, and its report comes at its end.
        let afterwards = async { sleep(DEADLINE + PATIENCE).await };
        if let Self::Actix = self {
            use actix_web::dev::{Payload, Service as _};
            let body = question(pon).written_body();
            actix_web::rt::System::new().block_on(async {
                let route = order_webhooks::actix::port_out(webhook, handler);
                let app = actix_web::App::new().route("/port-out", route);
                let app = actix_web::test::init_service(app).await;
                let request = actix_web::test::TestRequest::post().uri("/port-out");
                let request = request.insert_header(("authorization", BANDWIDTH_USER));
                let (mut sender, payload) = actix_http::h1::Payload::create(false);
                sender.feed_data(if whole { body.into() } else { body[..20].to_vec().into() });
                if whole {
                    sender.feed_eof();
                }
                let (request, _) = request.to_request().replace_payload(Payload::from(payload));
                let _ = timeout(PATIENCE, app.call(request)).await;
                afterwards.await;
            });
            return;
        }
        let mut runtime = match self {
            Self::AxumOneThread => runtime::Builder::new_current_thread(),
            _ => runtime::Builder::new_multi_thread(),
        };
        runtime.enable_all().build().unwrap().block_on(async {
            let request = if whole {
                request(question(pon).written_body())
            } else {
                request(stops_half_way(pon))
            };
            if let Self::Body = self {
                let answer = order_webhooks::body::port_out(&webhook, request, handler);
                let _ = timeout(PATIENCE, answer).await;
            } else {
                let route = order_webhooks::axum::port_out(webhook, handler);
                let app: axum::Router = axum::Router::new().route("/port-out", route);
                let _ = timeout(PATIENCE, tower::ServiceExt::oneshot(app, request)).await;
            }
            afterwards.await;
        });
    }
}

#[test]
fn an_answer_that_a_layer_cuts_off_is_reported_once() {
    let table = [
        // The handler goes on to its end, and what it comes to is told.
        ("be slow", true, 1, CUT_OFF),
        ("stall", true, 1, LATE),
        ("block too long", true, 1, LATE),
        ("fail later", true, 1, "the handler failed"),
        // The body is not complete when the layer answers.
        ("allow", false, 0, CUT_OFF),
    ];
    thread::scope(|scope| {
        for adapter in Adapter::ALL {
            for (pon, whole, started, told) in table {
                scope.spawn(move || {
                    let fixture = Arc::new(Fixture::default());
                    let webhook = webhook(&fixture).with_deadline(DEADLINE).unwrap();
                    adapter.ask(&fixture, webhook, pon, whole);
                    let outcome = (fixture.started.load(Ordering::SeqCst), fixture.told());
                    assert_eq!(outcome, (started, vec![told.into()]), "{adapter:?}: {pon}");
                });
            }
            // What is answered in time is not cut off.
            for pon in ["allow", "deny"] {
                scope.spawn(move || {
                    let fixture = Arc::new(Fixture::default());
                    adapter.ask(&fixture, webhook(&fixture), pon, true);
                    assert_eq!(fixture.told(), Vec::<String>::new(), "{adapter:?}: {pon}");
                });
            }
        }
    });
}

/// A question that waits for its turn when it is cut off does not start any more.
#[test]
fn what_is_cut_off_before_its_turn_never_starts() {
    let fixture = Arc::new(Fixture::default());
    let one = NonZeroUsize::new(1).unwrap();
    let webhook = webhook(&fixture).with_deadline(DEADLINE).unwrap().with_most_at_once(one);
    let ask = |pon: &str| {
        let (webhook, fixture) = (webhook.clone(), Arc::clone(&fixture));
        let request = request(question(pon).written_body());
        async move {
            let handler = |request| fixture.handle(request);
            order_webhooks::body::port_out(&webhook, request, handler).await
        }
    };
    Runtime::new().unwrap().block_on(async {
        let blocks = tokio::spawn(ask("block"));
        while fixture.started.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        let _ = timeout(PATIENCE, ask("allow")).await;
        fixture.wait_until("it is told", |fixture| fixture.told() == [CUT_OFF]);
        fixture.gate.open();
        assert_eq!(blocks.await.unwrap().status(), 200);
        sleep(PATIENCE).await;
    });
    assert_eq!(fixture.started.load(Ordering::SeqCst), 1);
    assert_eq!(fixture.told(), [CUT_OFF]);
}

/// A future can be dropped anywhere, and the report needs no runtime there.
#[test]
fn a_future_that_is_dropped_outside_its_runtime_is_reported() {
    for whole in [true, false] {
        let fixture = Arc::new(Fixture::default());
        let webhook = webhook(&fixture).with_deadline(DEADLINE).unwrap();
        let runtime = Runtime::new().unwrap();
        let request = if whole {
            request(question("be slow").written_body())
        } else {
            request(stops_half_way("be slow"))
        };
        let asks = Arc::clone(&fixture);
        let mut answer = Box::pin(async move {
            let handler = |request| asks.handle(request);
            order_webhooks::body::port_out(&webhook, request, handler).await
        });
        runtime.block_on(poll_fn(|cx| {
            assert!(answer.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        }));
        drop(answer);
        fixture.wait_until("it is told", |fixture| fixture.told() == [CUT_OFF]);
    }
}

#[test]
fn a_future_of_actix_that_is_dropped_outside_its_runtime_is_reported() {
    use actix_web::dev::{Payload, Service as _};
    let fixture = Arc::new(Fixture::default());
    let webhook = webhook(&fixture);
    let asks = Arc::clone(&fixture);
    let handler = move |request: Verified<PortOutWebhook>| Arc::clone(&asks).handle(request);
    let system = actix_web::rt::System::new();
    let (_sender, payload) = actix_http::h1::Payload::create(false);
    let answer = system.block_on(async {
        let route = order_webhooks::actix::port_out(webhook, handler);
        let app = actix_web::App::new().route("/port-out", route);
        let app = actix_web::test::init_service(app).await;
        let request = actix_web::test::TestRequest::post().uri("/port-out");
        let request = request.insert_header(("authorization", BANDWIDTH_USER)).to_request();
        let (request, _) = request.replace_payload(Payload::from(payload));
        let mut answer = Box::pin(app.call(request));
        poll_fn(|cx| {
            assert!(answer.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        (app, answer)
    });
    drop(system);
    drop(answer);
    fixture.wait_until("it is told", |fixture| fixture.told() == [CUT_OFF]);
}

/// The runtime ends while a handler runs, and its task with it.
#[test]
fn a_runtime_that_ends_first_is_reported() {
    let fixture = Arc::new(Fixture::default());
    let webhook = webhook(&fixture);
    let runtime = Runtime::new().unwrap();
    let asks = Arc::clone(&fixture);
    let asked = runtime.spawn(async move {
        let request = request(question("stall").written_body());
        let handler = |request| asks.handle(request);
        order_webhooks::body::port_out(&webhook, request, handler).await
    });
    fixture.wait_until("it runs", |fixture| fixture.started.load(Ordering::SeqCst) == 1);
    runtime.shutdown_background();
    fixture.wait_until("it is told", |fixture| fixture.told() == [CUT_OFF]);
    drop(asked);
}

/// Hyper drops the answer of a sender that leaves; actix-web writes it to nobody.
#[test]
fn a_sender_that_leaves_is_reported_where_the_server_notices() {
    for serve in [serve_hyper, serve_axum_with] {
        let fixture = Arc::new(Fixture::default());
        let address = serve(&fixture, webhook(&fixture).with_deadline(DEADLINE).unwrap());
        let mut connection = Connection::open(address);
        let request = question("be slow");
        connection.write(&request.head()).unwrap();
        connection.write(&request.written_body()).unwrap();
        fixture.wait_until("it runs", |fixture| fixture.started.load(Ordering::SeqCst) == 1);
        drop(connection);
        fixture.wait_until("it is told", |fixture| fixture.told() == [CUT_OFF]);
        thread::sleep(PATIENCE);
        assert_eq!(fixture.told(), [CUT_OFF]);
    }
}

/// Whatever panics on the way to the handler, the question is answered and told.
#[test]
fn a_body_that_panics_is_answered_and_reported() {
    struct Panics;
    impl http_body::Body for Panics {
        type Data = Bytes;
        type Error = Infallible;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            panic!("on purpose")
        }
    }
    let fixture = Arc::new(Fixture::default());
    let webhook = webhook(&fixture);
    let request = http::Request::post("/").header("authorization", BANDWIDTH_USER);
    let request = request.body(Panics).unwrap();
    let asks = Arc::clone(&fixture);
    let handler = |request| asks.handle(request);
    let answer = pin!(order_webhooks::body::port_out(&webhook, request, handler));
    let response = Runtime::new().unwrap().block_on(answer);
    assert_eq!(response.status(), 200);
    assert!(String::from_utf8_lossy(response.body()).contains("<Code>7598</Code>"));
    fixture.wait_until("it is told", |fixture| fixture.told() == ["the handler panicked"]);
}

/// A layer of axum covers the routes before it, as the page on port-outs says.
#[test]
fn a_route_that_is_added_after_a_layer_is_left_alone() {
    use axum::middleware::{Next, from_fn};
    use axum::response::IntoResponse as _;
    use axum::routing::get;

    let limit = from_fn(async |request: axum::extract::Request, next: Next| {
        let answer = timeout(PATIENCE, next.run(request)).await;
        answer.unwrap_or_else(|_| http::StatusCode::REQUEST_TIMEOUT.into_response())
    });
    let fixture = Arc::new(Fixture::default());
    let asks = Arc::clone(&fixture);
    let handler = move |request: Verified<PortOutWebhook>| Arc::clone(&asks).handle(request);
    let route = order_webhooks::axum::port_out(webhook(&fixture), handler);
    let app: axum::Router = axum::Router::new()
        .route("/orders", get(async || sleep(DEADLINE).await))
        .layer(limit)
        .route("/port-out", route);
    Runtime::new().unwrap().block_on(async {
        let orders = http::Request::get("/orders").body(axum::body::Body::empty()).unwrap();
        let cut_off = tower::ServiceExt::oneshot(app.clone(), orders).await.unwrap();
        assert_eq!(cut_off.status(), 408);
        let asked = request(question("be slow").written_body());
        let answered = tower::ServiceExt::oneshot(app, asked).await.unwrap();
        assert_eq!(answered.status(), 200);
    });
    assert_eq!(fixture.told(), Vec::<String>::new());
}
