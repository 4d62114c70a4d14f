//! A port-out route beside another one, on four runtimes: axum with many threads
//! and with one, actix-web with one worker and with two. What the handler does is
//! told by the PON of the question.

use std::any::Any;
use std::error::Error;
use std::future::{Future, pending};
use std::net::{SocketAddr, TcpListener};
use std::panic::panic_any;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use order_webhooks::Verified;
use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutFailure, PortOutWebhook};

use fixtures::port_outs;
use fixtures::samples::{BANDWIDTH_USER, X_Y};
use fixtures::sender::{Connection, Request, Response};
use tokio::runtime;

/// Where a handler that blocks its thread waits until the test opens it.
#[derive(Default)]
pub(crate) struct Gate(Mutex<bool>, Condvar);

impl Gate {
    pub(crate) fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    pub(crate) fn wait(&self) {
        let open = self.0.lock().unwrap();
        drop(self.1.wait_while(open, |open| !*open).unwrap());
    }
}

type Question = Verified<PortOutWebhook>;
type Judged = Result<PortOutAnswer, Box<dyn Error + Send + Sync>>;
type Judging = Pin<Box<dyn Future<Output = Judged> + Send>>;

/// What handlers did, and what was reported.
#[derive(Default)]
pub(crate) struct Fixture {
    started: AtomicUsize,
    pub(crate) effects: AtomicUsize,
    pub(crate) cancelled: AtomicUsize,
    pub(crate) gate: Gate,
    pub(crate) told: Mutex<Vec<PortOutFailure>>,
}

struct CountsWhenDropped<'a>(&'a AtomicUsize);

impl Drop for CountsWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("awkward")]
struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic_any(Box::new(PanicsWhenDropped) as Box<dyn Any + Send>);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("slow to go")]
struct BlocksWhenDropped;

impl Drop for BlocksWhenDropped {
    fn drop(&mut self) {
        thread::sleep(DEADLINE * 2);
    }
}

impl Fixture {
    /// Waits, within reason, until this is so.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..2_000 {
            if is_so(self) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("never: {what}; told {:?}", self.told());
    }

    /// Waits until so many handlers have started.
    #[track_caller]
    pub(crate) fn wait_for_handlers(&self, count: usize) {
        self.wait_until("the handlers start", |fixture| fixture.started() == count);
    }

    /// Waits until this is reported, and nothing else. A handler's thread reports after
    /// it has answered, so reports of two questions may come in either order.
    #[track_caller]
    pub(crate) fn wait_for_reports(&self, expected: &[&str]) {
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        self.wait_until("the reports", |fixture| {
            let mut told = fixture.told();
            told.sort_unstable();
            told == expected
        });
    }

    pub(crate) fn started(&self) -> usize {
        self.started.load(Ordering::SeqCst)
    }

    pub(crate) fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().iter().map(ToString::to_string).collect()
    }

    /// A handler for any of the adapters.
    pub(crate) fn handler(
        self: &Arc<Self>,
    ) -> impl Fn(Question) -> Judging + Clone + Send + Sync + use<> {
        let fixture = Arc::clone(self);
        move |question| Box::pin(Arc::clone(&fixture).judge(question))
    }

    async fn judge(self: Arc<Self>, request: Question) -> Judged {
        self.started.fetch_add(1, Ordering::SeqCst);
        match request.pon.as_deref().unwrap() {
            "allow" => {}
            "deny" => return Ok(DenialReason::PinInvalid.into()),
            "fail" => return Err("no such record".into()),
            "panic" => panic!("on purpose"),
            "panic with an awkward payload" => panic_any(PanicsWhenDropped),
            "fail with an awkward error" => return Err(PanicsWhenDropped.into()),
            "be awkward when cancelled" => {
                let _awkward = PanicsWhenDropped;
                pending::<()>().await;
            }
            "stall" => {
                let _counts = CountsWhenDropped(&self.cancelled);
                pending::<()>().await;
            }
            "be late" => {
                tokio::time::sleep(DEADLINE * 3 / 2).await;
                self.effects.fetch_add(1, Ordering::SeqCst);
            }
            "be slow" => tokio::time::sleep(DEADLINE * 3 / 5).await,
            "fail later" => {
                tokio::time::sleep(DEADLINE / 3).await;
                return Err("no such record".into());
            }
            "block" => self.gate.wait(),
            "block too long" => thread::sleep(DEADLINE * 3 / 2),
            "block too long and fail with an awkward error" => {
                thread::sleep(DEADLINE * 3 / 2);
                return Err(PanicsWhenDropped.into());
            }
            "fail with an error that blocks" => return Err(BlocksWhenDropped.into()),
            "use the pool" => {
                let work = || thread::sleep(Duration::from_millis(30));
                tokio::task::spawn_blocking(work).await?;
            }
            "spawn" => tokio::spawn(tokio::time::sleep(Duration::from_millis(1))).await?,
            "spawn locally" => drop(actix_web::rt::spawn(async {})),
            other => unreachable!("{other}"),
        }
        Ok(PortOutAnswer::Allow)
    }
}

/// The deadline of questions that are meant to miss it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(2);

/// What is reported of a handler that misses it.
pub(crate) const LATE: &str = "the handler was not done by the deadline";

pub(crate) fn short(webhook: PortOutWebhook) -> PortOutWebhook {
    webhook.with_deadline(DEADLINE).unwrap()
}

pub(crate) fn webhook(fixture: &Arc<Fixture>) -> PortOutWebhook {
    let fixture = Arc::clone(fixture);
    let tell = move |failure| fixture.told.lock().unwrap().push(failure);
    port_outs::webhook().with_reporter(tell)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runtime {
    AxumThreads,
    AxumOneThread,
    Actix { workers: usize },
}

pub(crate) const RUNTIMES: [Runtime; 4] = [
    Runtime::AxumThreads,
    Runtime::AxumOneThread,
    Runtime::Actix { workers: 1 },
    Runtime::Actix { workers: 2 },
];

/// So few that handlers which took them from each other would be noticed.
const BLOCKING_THREADS: usize = 4;

impl Runtime {
    /// Serves `/port-out`, and `/other`, which needs a thread for blocking work.
    pub(crate) fn serve(self, fixture: &Arc<Fixture>, webhook: PortOutWebhook) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let (address, fixture) = (listener.local_addr().unwrap(), Arc::clone(fixture));
        thread::spawn(move || match self {
            Self::AxumThreads => {
                serve_axum(runtime::Builder::new_multi_thread(), listener, &fixture, webhook);
            }
            Self::AxumOneThread => {
                serve_axum(runtime::Builder::new_current_thread(), listener, &fixture, webhook);
            }
            Self::Actix { workers } => serve_actix(workers, listener, &fixture, webhook),
        });
        address
    }
}

/// Serves `/port-out` with axum on many threads.
pub(crate) fn serve_axum_with(fixture: &Arc<Fixture>, webhook: PortOutWebhook) -> SocketAddr {
    Runtime::AxumThreads.serve(fixture, webhook)
}

pub(crate) fn axum_app(fixture: &Arc<Fixture>, webhook: PortOutWebhook) -> axum::Router {
    let other = async || tokio::task::spawn_blocking(|| "other").await.unwrap();
    axum::Router::new()
        .route("/port-out", order_webhooks::axum::port_out(webhook, fixture.handler()))
        .route("/other", axum::routing::post(other))
}

fn serve_axum(
    mut runtime: runtime::Builder,
    listener: TcpListener,
    fixture: &Arc<Fixture>,
    webhook: PortOutWebhook,
) {
    let app = axum_app(fixture, webhook);
    let runtime = runtime.enable_all().max_blocking_threads(BLOCKING_THREADS).build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        axum::serve(listener, app).await.unwrap();
    });
}

fn serve_actix(
    workers: usize,
    listener: TcpListener,
    fixture: &Arc<Fixture>,
    webhook: PortOutWebhook,
) {
    use actix_web::{App, HttpServer, web};
    let handler = fixture.handler();
    let app = move || {
        App::new()
            .route("/port-out", order_webhooks::actix::port_out(webhook.clone(), handler.clone()))
            .route("/other", web::post().to(async || web::block(|| "other").await.unwrap()))
    };
    let server = HttpServer::new(app).workers(workers).disable_signals();
    let server = server.worker_max_blocking_threads(BLOCKING_THREADS).listen(listener).unwrap();
    actix_web::rt::System::new().block_on(server.run()).unwrap();
}

/// Serves every path with hyper's own connections.
pub(crate) fn serve_hyper(fixture: &Arc<Fixture>, webhook: PortOutWebhook) -> SocketAddr {
    use http_body_util::Full;
    use hyper_util::rt::{TokioIo, TokioTimer};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let (address, handler) = (listener.local_addr().unwrap(), fixture.handler());
    let serve = async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (webhook, handler) = (webhook.clone(), handler.clone());
            let service = hyper::service::service_fn(move |request| {
                let (webhook, handler) = (webhook.clone(), handler.clone());
                async move {
                    let response = order_webhooks::body::port_out(&webhook, request, handler);
                    Ok::<_, std::convert::Infallible>(response.await.map(Full::new))
                }
            });
            let mut http = hyper::server::conn::http1::Builder::new();
            let http = http.timer(TokioTimer::new());
            tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
        }
    };
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    thread::spawn(move || runtime.block_on(serve));
    address
}

pub(crate) fn question(pon: &str) -> Request {
    let body = format!(
        "<PortOutValidationRequest><PON>{pon}</PON><TelephoneNumbers><TelephoneNumber>2223331000\
         </TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>"
    );
    Request::post("/port-out").header("Authorization", BANDWIDTH_USER).body(body)
}

/// The same question, for a server in memory.
pub(crate) fn in_memory(pon: &str) -> http::Request<axum::body::Body> {
    question(pon).to_http().unwrap().map(axum::body::Body::from)
}

/// Wrong credentials.
pub(crate) fn forged() -> Request {
    Request::post("/port-out").header("Authorization", X_Y).body("<x/>")
}

pub(crate) fn send(address: SocketAddr, request: &Request) -> Response {
    Connection::open(address).send(request)
}

/// A connection on which the whole question was written, and nothing was read.
pub(crate) fn ask_and_leave(address: SocketAddr, pon: &str) -> Connection {
    let mut connection = Connection::open(address);
    connection.write(&question(pon).head()).unwrap();
    connection.write(&question(pon).written_body()).unwrap();
    connection
}

/// Whether the question was allowed; what is not, got the verdict for failures.
#[track_caller]
pub(crate) fn is_allowed(response: &Response) -> bool {
    assert_eq!(response.status, 200);
    let xml = String::from_utf8(response.body.clone()).unwrap();
    let allowed = xml.contains("<Portable>true</Portable>");
    assert!(allowed || xml.contains("<Code>7598</Code>"), "{xml}");
    allowed
}

/// Asks all of these at the same time, and counts those that are allowed.
#[track_caller]
pub(crate) fn allowed_of(address: SocketAddr, pon: &'static str, questions: usize) -> usize {
    let ask = move || is_allowed(&send(address, &question(pon)));
    let ask_soon = |_| {
        // A listener has room for so many connections that are not accepted yet.
        thread::sleep(Duration::from_millis(1));
        thread::spawn(ask)
    };
    let asked: Vec<_> = (0..questions).map(ask_soon).collect();
    asked.into_iter().map(|asked| usize::from(asked.join().unwrap())).sum()
}

/// Asks in the background, and does not wait for the answers.
pub(crate) fn ask_beside(address: SocketAddr, pon: &'static str, questions: usize) {
    for _ in 0..questions {
        thread::sleep(Duration::from_millis(1));
        thread::spawn(move || send(address, &question(pon)));
    }
}
