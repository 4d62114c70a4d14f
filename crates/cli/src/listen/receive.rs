//! The server that providers send to.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::IntoResponse as _;
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::BodyExt as _;
use order_webhooks::Reason;
use order_webhooks::testing::DeliveryPolicy;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use crate::listen::deliveries::{
    Deliveries, Delivery, Exchange, Outcome, owned_answer, owned_head,
};
use crate::listen::forward::Forward;
use crate::webhooks::{Check, Checked, Route, Webhooks};

/// How long a challenge waits for its second request before it is printed alone.
const ALONE: Duration = Duration::from_secs(5);

/// All that a run of `listen` has.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    pub(super) webhooks: Webhooks,
    pub(super) forward: Option<Forward>,
    pub(super) deliveries: Deliveries,
    pub(super) json: bool,
    /// The ids of the deliveries to print; `None` once the program ends.
    pub(super) printer: Mutex<Option<mpsc::Sender<u64>>>,
}

pub(super) async fn serve(listener: TcpListener, receiver: Arc<Receiver>) -> io::Result<()> {
    let app = Router::new().fallback(on_request).with_state(receiver);
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
}

async fn on_request(
    State(receiver): State<Arc<Receiver>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    // A task of its own: a sender that leaves does not end it, so what has come is kept.
    let task = tokio::spawn(async move {
        let (head, body) = request.into_parts();
        let body = read(body).await;
        receiver.receive(owned_head(&head), body, peer, None).await
    });
    let Ok(delivery) = task.await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    delivery.last().answer.clone().map(Body::from)
}

/// Reads a body within the limits of the webhooks, and drops what is beyond.
async fn read(mut body: Body) -> Result<Bytes, Reason> {
    let limits = Webhooks::limits();
    let (limit, time) = (limits.body_bytes(), limits.body_time());
    let mut bytes = BytesMut::new();
    let mut dropped = 0_usize;
    let reading = async {
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Reason::Incomplete)?.into_data() else { continue };
            if bytes.len().saturating_add(data.len()) <= limit && dropped == 0 {
                bytes.extend_from_slice(&data);
                continue;
            }
            dropped = dropped.saturating_add(data.len());
            if dropped > limits.drained_bytes() {
                break;
            }
        }
        if dropped > 0 { Err(Reason::TooLarge { limit }) } else { Ok(()) }
    };
    timeout(time, reading).await.unwrap_or(Err(Reason::TooSlow { limit: time }))?;
    Ok(Bytes::copy_from_slice(&bytes))
}

impl Receiver {
    /// Sends the request that decided a kept delivery once more, to the place to
    /// which it went before.
    pub(super) async fn send_again(self: &Arc<Self>, delivery: &Delivery) -> Delivery {
        let last = delivery.last();
        let (head, body) = (last.head.clone(), last.body.clone());
        self.receive(head, Ok(body), last.peer, Some(delivery.id)).await
    }

    async fn receive(
        self: &Arc<Self>,
        head: Parts,
        body: Result<Bytes, Reason>,
        peer: SocketAddr,
        again: Option<u64>,
    ) -> Delivery {
        let at = OffsetDateTime::now_utc();
        let route = self.webhooks.at(head.uri.path());
        let kind = route.map(|route| route.kind);
        let bytes = body.as_ref().cloned().unwrap_or_default();
        let Check { checked, answer, summary, reason, event: _ } = match kind {
            Some(kind) => self.webhooks.check(kind, &head, body.clone()),
            None => nobody(),
        };
        let time_allowed = route.map_or(DeliveryPolicy::ASSUMED_TIME_ALLOWED, Route::time_allowed);
        let (answer, forwarded, trouble) = match (&self.forward, body) {
            (Some(forward), Ok(body)) => match forward.pass_on(&head, body, time_allowed).await {
                Ok(answer) => (owned_answer(&answer), true, None),
                Err(trouble) => {
                    let trouble = trouble.to_string();
                    (bad_gateway(&trouble), false, Some(trouble))
                }
            },
            _ => (answer, false, None),
        };
        let next = route.map(|route| route.next(&head, &answer));
        let exchange = Exchange {
            at,
            peer,
            head,
            body: bytes,
            checked,
            reason,
            summary,
            answer,
            forwarded,
            trouble,
            next,
        };
        let delivery = self.deliveries.keep(kind, exchange, again);
        self.show(&delivery);
        delivery
    }

    /// Prints it now, or a challenge a little later, if its second request has not
    /// come by then.
    fn show(self: &Arc<Self>, delivery: &Delivery) {
        let id = delivery.id;
        if delivery.outcome() != Outcome::Challenged || delivery.second.is_some() {
            return self.print(id);
        }
        let receiver = Arc::clone(self);
        tokio::spawn(async move {
            sleep(ALONE).await;
            if receiver.deliveries.get(id).is_some_and(|now| now.second.is_none()) {
                receiver.print(id);
            }
        });
    }

    fn print(&self, id: u64) {
        let printer = self.printer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(printer) = &*printer {
            let _ = printer.send(id);
        }
    }

    /// Prints the challenges that are still open, and then nothing more.
    pub(super) fn end(&self) {
        let now = OffsetDateTime::now_utc();
        for challenged in self.deliveries.challenged() {
            if now - challenged.first.at < ALONE {
                self.print(challenged.id);
            }
        }
        self.printer.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Where a command sends to: this program, or the application behind it.
    pub(super) fn base(&self) -> String {
        match &self.forward {
            Some(forward) => forward.base().to_string().trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.address),
        }
    }
}

/// The answer at a path without a webhook.
fn nobody() -> Check {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::NOT_FOUND;
    Check { checked: Checked::Refused, answer, summary: String::new(), event: None, reason: None }
}

/// What the sender gets when the application gives no answer: never a success.
fn bad_gateway(trouble: &str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(format!("{trouble}\n")));
    *answer.status_mut() = StatusCode::BAD_GATEWAY;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    answer
}
