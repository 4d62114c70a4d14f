//! What bounds the memory of many large bodies at once: a limit on the route, as
//! SECURITY.md shows it.

use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, test, web};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use order_webhooks::{Receipt, Verified};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use tower::limit::ConcurrencyLimitLayer;

use super::*;

const SENDERS: usize = 200;
const AT_ONCE: usize = 16;
const LENGTH: usize = 64 * 1024;

/// How many bodies are in memory, now and at most.
#[derive(Clone, Default)]
struct Held {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

/// A body in memory, counted as long as anything of it is held.
struct Counted(Vec<u8>, Held);

impl Counted {
    fn new(held: Held) -> Self {
        let now = held.now.fetch_add(1, Ordering::SeqCst) + 1;
        held.most.fetch_max(now, Ordering::SeqCst);
        Self(vec![b' '; LENGTH], held)
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A body whose end comes late: everybody who may send has sent by then.
struct Slow {
    held: Held,
    polls: usize,
}

impl Slow {
    fn poll<E>(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, E>>> {
        self.polls += 1;
        match self.polls {
            1 => Poll::Ready(Some(Ok(Bytes::from_owner(Counted::new(self.held.clone()))))),
            2..20 => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => Poll::Ready(None),
        }
    }
}

impl http_body::Body for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        self.poll(cx).map(|data| data.map(|data| data.map(http_body::Frame::data)))
    }
}

impl futures_core::Stream for Slow {
    type Item = Result<Bytes, actix_web::error::PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx)
    }
}

/// A signature of the right form, of another body.
fn forged() -> String {
    sign(PORTERBUDDY_KEY, "another body")
}

fn webhook() -> OrderWebhook {
    OrderWebhook::new(&secret(PORTERBUDDY_KEY))
}

async fn never(_: Verified<OrderWebhook>) -> Receipt {
    panic!("the signature is forged")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_on_the_route_of_axum_bounds_the_bodies_in_memory() {
    let held = Held::default();
    let route = order_webhooks::axum::receive(webhook(), never);
    // With its state, as a server takes it. Before that, each request makes a limit of its own.
    let app: Router = Router::new()
        .route("/porterbuddy", route.layer(ConcurrencyLimitLayer::new(AT_ONCE)))
        .with_state(());
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..SENDERS {
        let request = http::Request::post("/porterbuddy")
            .header("x-porterbuddy-hmac-SHA256", forged())
            .body(Body::new(Slow { held: held.clone(), polls: 0 }))
            .unwrap();
        let app = app.clone();
        senders.spawn(async move {
            let response = app.oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            response.into_body().collect().await.unwrap();
            status
        });
    }
    assert_eq!(senders.join_all().await, [403; SENDERS]);
    assert_eq!(held.now.load(Ordering::SeqCst), 0);
    let most = held.most.load(Ordering::SeqCst);
    assert!((2..=AT_ONCE).contains(&most), "{most} bodies at once");
}

async fn limited(
    places: web::ThinData<Arc<Semaphore>>,
    request: ServiceRequest,
    next: Next<impl actix_web::body::MessageBody>,
) -> Result<ServiceResponse<impl actix_web::body::MessageBody>, actix_web::Error> {
    let _place = places.acquire().await.map_err(actix_web::error::ErrorServiceUnavailable)?;
    next.call(request).await
}

#[actix_web::test]
async fn a_limit_on_the_route_of_actix_bounds_the_bodies_in_memory() {
    let held = Held::default();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let route = order_webhooks::actix::receive(webhook(), never).wrap(from_fn(limited));
    let app = App::new().app_data(web::ThinData(places)).route("/porterbuddy", route);
    let app = Rc::new(test::init_service(app).await);
    let mut senders = Vec::new();
    for _ in 0..SENDERS {
        let request = test::TestRequest::post()
            .uri("/porterbuddy")
            .insert_header(("x-porterbuddy-hmac-SHA256", forged()))
            .to_request();
        let body = Slow { held: held.clone(), polls: 0 };
        let (request, _) =
            request.replace_payload(Payload::Stream { payload: Box::pin(body) as _ });
        let app = Rc::clone(&app);
        senders.push(actix_web::rt::spawn(async move {
            test::call_service(&*app, request).await.status().as_u16()
        }));
    }
    for sender in senders {
        assert_eq!(sender.await.unwrap(), 403);
    }
    assert_eq!(held.now.load(Ordering::SeqCst), 0);
    let most = held.most.load(Ordering::SeqCst);
    assert!((2..=AT_ONCE).contains(&most), "{most} bodies at once");
}
