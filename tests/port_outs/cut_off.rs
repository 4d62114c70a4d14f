//! Answers that are cut off inside the process: by a layer with a time limit, by a
//! sender that leaves, or because the future is dropped for another reason. Each is
//! reported, once, and no other.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use actix_web::App;
use actix_web::dev::Service as _;
use actix_web::test::init_service;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use fixtures::samples::BANDWIDTH_USER;
use http_body::Frame;
use order_webhooks::bandwidth::{PortOutFailure, PortOutWebhook};
use order_webhooks::body;
use tokio::runtime::{self, Runtime};
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use crate::fixture::{
    DEADLINE, Fixture, LATE, ask_and_leave, axum_app, in_memory, question, serve_axum_with,
    serve_hyper, short, webhook,
};

const CUT_OFF: &str = "the answer was cut off";

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

/// The question, or as much of it as comes.
fn asked(pon: &str, whole: bool) -> http::Request<Body> {
    if whole {
        return in_memory(pon);
    }
    let half = question(pon).written_body()[..60].to_vec();
    in_memory(pon).map(|_| Body::new(StopsAfter(Some(half.into()))))
}

/// The same in actix-web. While the sender is kept, more of the body may come.
fn asked_in_actix(pon: &str, whole: bool) -> (actix_http::Request, impl Sized) {
    let request = actix_web::test::TestRequest::post().uri("/port-out");
    let request = request.insert_header(("authorization", BANDWIDTH_USER)).to_request();
    let (mut sender, payload) = actix_http::h1::Payload::create(false);
    let body = question(pon).written_body();
    if whole {
        sender.feed_data(body.into());
        sender.feed_eof();
    } else {
        sender.feed_data(body[..20].to_vec().into());
    }
    (request.replace_payload(actix_web::dev::Payload::from(payload)).0, sender)
}

/// What asks the question, and drops the future of its answer after a while.
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
        // The handler may go on, and its report comes at its end.
        let afterwards = async { sleep(DEADLINE + PATIENCE).await };
        if let Self::Actix = self {
            actix_web::rt::System::new().block_on(async {
                let route = order_webhooks::actix::port_out(webhook, fixture.handler());
                let app = init_service(App::new().route("/port-out", route)).await;
                let (request, _sender) = asked_in_actix(pon, whole);
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
            let request = asked(pon, whole);
            if let Self::Body = self {
                let answer = body::port_out(&webhook, request, fixture.handler());
                let _ = timeout(PATIENCE, answer).await;
            } else {
                let _ = timeout(PATIENCE, axum_app(fixture, webhook).oneshot(request)).await;
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
        ("block too long and fail with an awkward error", true, 1, LATE),
        ("fail later", true, 1, "the handler failed"),
        // The body is not complete when the layer answers.
        ("allow", false, 0, CUT_OFF),
    ];
    thread::scope(|scope| {
        for adapter in Adapter::ALL {
            for (pon, whole, started, told) in table {
                scope.spawn(move || {
                    let fixture = Arc::new(Fixture::default());
                    adapter.ask(&fixture, short(webhook(&fixture)), pon, whole);
                    let outcome = (fixture.started(), fixture.told());
                    assert_eq!(outcome, (started, vec![told.into()]), "{adapter:?}: {pon}");
                    let failures = fixture.told.lock().unwrap();
                    // The credentials came with the head.
                    let proven =
                        !matches!(failures[..], [PortOutFailure::CutOff { proven: false }]);
                    assert!(proven, "{adapter:?}: {pon}");
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
    let webhook = short(webhook(&fixture)).with_most_at_once(NonZeroUsize::MIN);
    Runtime::new().unwrap().block_on(async {
        let (theirs, handler) = (webhook.clone(), fixture.handler());
        let blocks = async move { body::port_out(&theirs, in_memory("block"), handler).await };
        let blocks = tokio::spawn(blocks);
        while fixture.started() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        let waits = body::port_out(&webhook, in_memory("allow"), fixture.handler());
        let _ = timeout(PATIENCE, waits).await;
        fixture.wait_for_reports(&[CUT_OFF]);
        fixture.gate.open();
        assert_eq!(blocks.await.unwrap().status(), 200);
        sleep(PATIENCE).await;
    });
    assert_eq!((fixture.started(), fixture.told()), (1, vec![CUT_OFF.into()]));
}

/// Starts an answer, and lets go of it.
async fn started<F: Future>(answer: F) -> Pin<Box<F>> {
    let mut answer = Box::pin(answer);
    poll_fn(|cx| {
        assert!(answer.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    answer
}

/// A future can be dropped anywhere, and the report needs no runtime there.
#[test]
fn a_future_that_is_dropped_outside_its_runtime_is_reported() {
    for whole in [true, false] {
        let fixture = Arc::new(Fixture::default());
        let webhook = short(webhook(&fixture));
        let runtime = Runtime::new().unwrap();
        let answer = body::port_out(&webhook, asked("be slow", whole), fixture.handler());
        drop(runtime.block_on(started(answer)));
        fixture.wait_for_reports(&[CUT_OFF]);
    }
}

/// A panic around the route takes the answer with it.
#[test]
fn a_future_that_a_panic_drops_is_reported() {
    let fixture = Arc::new(Fixture::default());
    let webhook = webhook(&fixture);
    Runtime::new().unwrap().block_on(async {
        let answer = body::port_out(&webhook, asked("allow", false), fixture.handler());
        let answer = started(answer).await;
        let around = std::panic::AssertUnwindSafe(move || {
            let _answer = answer;
            std::panic::panic_any("on purpose");
        });
        std::panic::catch_unwind(around).unwrap_err();
    });
    fixture.wait_for_reports(&[CUT_OFF]);
}

#[test]
fn a_future_of_actix_that_is_dropped_outside_its_runtime_is_reported() {
    let fixture = Arc::new(Fixture::default());
    let webhook = webhook(&fixture);
    let (request, _sender) = asked_in_actix("allow", false);
    let system = actix_web::rt::System::new();
    let answer = system.block_on(async {
        let route = order_webhooks::actix::port_out(webhook, fixture.handler());
        let app = init_service(App::new().route("/port-out", route)).await;
        let answer = started(app.call(request)).await;
        (app, answer)
    });
    drop(system);
    drop(answer);
    fixture.wait_for_reports(&[CUT_OFF]);
}

/// The runtime ends while a handler runs, and its task with it.
#[test]
fn a_runtime_that_ends_first_is_reported() {
    let fixture = Arc::new(Fixture::default());
    let (webhook, handler) = (webhook(&fixture), fixture.handler());
    let runtime = Runtime::new().unwrap();
    let asked = async move { body::port_out(&webhook, in_memory("stall"), handler).await };
    let asked = runtime.spawn(asked);
    fixture.wait_for_handlers(1);
    runtime.shutdown_background();
    fixture.wait_for_reports(&[CUT_OFF]);
    drop(asked);
}

/// Hyper drops the answer of a sender that leaves; actix-web writes it to nobody.
#[test]
fn a_sender_that_leaves_is_reported_where_the_server_notices() {
    for serve in [serve_hyper, serve_axum_with] {
        let fixture = Arc::new(Fixture::default());
        let address = serve(&fixture, short(webhook(&fixture)));
        let leaver = ask_and_leave(address, "be slow");
        fixture.wait_for_handlers(1);
        drop(leaver);
        fixture.wait_for_reports(&[CUT_OFF]);
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
    let answer = body::port_out(&webhook, in_memory("allow").map(|_| Panics), fixture.handler());
    let response = Runtime::new().unwrap().block_on(answer);
    assert_eq!(response.status(), 200);
    assert!(String::from_utf8_lossy(response.body()).contains("<Code>7598</Code>"));
    fixture.wait_for_reports(&["the handler panicked"]);
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
    let route = order_webhooks::axum::port_out(webhook(&fixture), fixture.handler());
    let app: Router = Router::new()
        .route("/orders", get(async || sleep(DEADLINE).await))
        .layer(limit)
        .route("/port-out", route);
    Runtime::new().unwrap().block_on(async {
        let orders = http::Request::get("/orders").body(Body::empty()).unwrap();
        assert_eq!(app.clone().oneshot(orders).await.unwrap().status(), 408);
        assert_eq!(app.oneshot(in_memory("be slow")).await.unwrap().status(), 200);
    });
    assert_eq!(fixture.told(), Vec::<String>::new());
}
