//! Routes, extractors and replies for actix-web 4.
//!
//! Give each webhook its own route. A handler takes any extractors, and last a
//! [`Verified`] delivery, or `Result<Verified<W>, Rejection>` to see refused
//! ones too. It returns the webhook's receipt.
//!
//! An error of a handler is logged, and its sender gets a 503: Musement and
//! Porterbuddy send again then. A refused delivery is answered as its rejection says,
//! whatever the handler returns; only for the body of a proven sender that does not
//! parse does a receipt count, because the handler may have kept it.
//!
//! ```
//! use actix_web::{App, web};
//! use order_webhooks::actix::{Verified, port_out, receive};
//! use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutWebhook};
//! use order_webhooks::musement::OrderItemWebhook;
//! use order_webhooks::{BasicAuth, Receipt};
//!
//! struct Db;
//!
//! async fn on_update(db: web::Data<Db>, update: Verified<OrderItemWebhook>) -> Receipt {
//!     println!("{} is now {}", update.order_item_uuid, update.order_item_status);
//!     Receipt::Accepted
//! }
//!
//! async fn on_port_out(db: web::Data<Db>, request: Verified<PortOutWebhook>) -> PortOutAnswer {
//!     PortOutAnswer::deny(DenialReason::PinInvalid)
//! }
//!
//! let a = OrderItemWebhook::new(BasicAuth::new("account-a", "Swordfish")?);
//! let b = OrderItemWebhook::new(BasicAuth::new("account-b", "Marlin")?);
//! let port_outs = PortOutWebhook::new(
//!     BasicAuth::new("bandwidth-user", "bandwidth-password")?,
//!     PortOutAnswer::deny(DenialReason::InvalidRequest),
//! );
//! let app = App::new()
//!     .app_data(web::Data::new(Db))
//!     .route("/musement/a", receive(a, on_update))
//!     .route("/musement/b", receive(b, on_update))
//!     .route("/port-out", port_out(port_outs, on_port_out));
//! # Ok::<(), order_webhooks::ConfigError>(())
//! ```
//!
//! In a server, build the webhooks before `HttpServer::new` and clone them
//! inside its closure, so that all workers share one.
//!
//! # As an extractor
//!
//! [`Verified`] is an extractor, too. Give the webhook to `app_data`, as it is
//! or in a `web::Data`. A webhook that is a field of some other `web::Data` is
//! not found: then every delivery gets a 500 whose body says so. With the route
//! [`receive`] that cannot happen.
//!
//! ```
//! use actix_web::{App, web};
//! use order_webhooks::{BasicAuth, Receipt, actix::Verified, musement::OrderItemWebhook};
//!
//! async fn on_update(update: Verified<OrderItemWebhook>) -> Receipt {
//!     println!("{} is now {}", update.order_item_uuid, update.order_item_status);
//!     Receipt::Accepted
//! }
//!
//! let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?);
//! let app = App::new().app_data(webhook).route("/musement", web::to(on_update));
//! # Ok::<(), order_webhooks::ConfigError>(())
//! ```
//!
//! With `web::to`, as with [`receive`], the webhook sees every method and refuses
//! all but POST with a 405; with `web::post()` actix-web itself would answer them
//! with a 404.
//!
//! Such a handler can be cut off half-way: if the sender closes the connection, or a
//! middleware with a time limit gives up, its future is dropped at its next `await`.
//! The route [`receive`] lets the handler finish if the delivery is sent only once,
//! as Bandwidth's are ([`SENT_ONCE`](crate::Webhook::SENT_ONCE)). Here, do the work
//! in an `actix_web::rt::spawn` and await that task.
//!
//! # What the compiler says
//!
//! | it says | because |
//! |---|---|
//! | ``a verified delivery of `PortOutWebhook` cannot be extracted`` | a port-out needs the route [`port_out`], which answers whatever happens |
//! | ``cannot handle the deliveries of `…Webhook` `` | the delivery is not the last argument, or another webhook's |
//! | ``a handler of this webhook cannot return `…` `` | it has to return the webhook's receipt, `Receipt` or `Accepted`, or a `Result` of it |
//! | ``a port-out handler cannot return `…` `` | it has to return `PortOutAnswer` or a `Result` of it |
//! | ``the trait bound `(): std::error::Error` is not satisfied`` | the error of that `Result` has to become a `Box<dyn Error + Send + Sync>` |
//! | `cannot be sent between threads safely` | a port-out's handler runs on another thread, so it takes no `HttpRequest`: take what it needs by an extractor such as `web::Header` or `web::Data` |
//! | `type annotations needed` | a closure has to name the type of its argument: `\|update: Verified<OrderItemWebhook>\|` |
//!
//! # The sender's address
//!
//! A webhook with an `Allowlist` takes the [`PeerAddress`](crate::PeerAddress)
//! of the request's extensions, and otherwise the address of the connection. Behind
//! proxies, [`SetPeerAddress`] puts it there.

mod handler;
mod payload;
mod peer_address;

use std::future::Future;
use std::pin::Pin;

use actix_web::Route;
use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, Responder, web};
use actix_web::{ResponseError, http::StatusCode};
use bytes::Bytes;
use http::HeaderName;

use crate::adapter::body;
use crate::adapter::route::{self, FromDelivery as _};
use crate::answer::{Accepted, Answer, IntoReceipt, Receipt};
#[cfg(feature = "bandwidth")]
use crate::bandwidth::guard::{self, Guard};
#[cfg(feature = "bandwidth")]
use crate::bandwidth::{PortOutAnswer, PortOutWebhook};
use crate::head::{Head, Headers, PeerAddress};
use crate::log;
use crate::rejection::Rejection;
use crate::webhook::{Extract, Pending, Webhook, WebhookExt as _, source};

use self::payload::ActixBody;

pub use self::handler::Handler;
pub use self::peer_address::{PeerAddressSet, SetPeerAddress};
pub use crate::webhook::Verified;

/// A route that receives the deliveries of a webhook and hands them to this
/// handler. The [module](self) has an example.
///
/// The webhook sees every method and refuses all but POST with a 405.
pub fn receive<W, H, T>(webhook: W, handler: H) -> Route
where
    W: Extract,
    H: Handler<W, T, Output: IntoReceipt<W::Receipt>>,
    T: 'static,
{
    web::to(move |request: HttpRequest, payload: web::Payload| {
        let (webhook, handler) = (webhook.clone(), handler.clone());
        async move {
            let received = receive_any(&webhook, &request, payload.into_inner()).await;
            let (delivery, refused) = H::Delivery::from_delivery(received)?;
            let answer = async move {
                let called = async {
                    let extracted = H::extract(&request).await?;
                    Ok::<_, actix_web::Error>(handler.call(extracted, delivery).await)
                };
                route::answer(&webhook, refused, called).await.inspect_err(|refused| {
                    let status = refused.as_response_error().status_code().as_u16();
                    log::extractor_refused(source(&webhook), status);
                })
            };
            let answered = if W::SENT_ONCE {
                route::of_task(actix_web::rt::spawn(log::in_span(answer))).await
            } else {
                answer.await
            };
            answered.map(response)
        }
    })
}

/// A route that answers port-outs with this handler, in time and in every case.
/// The [module](self) has an example.
///
/// The handler runs on a thread of its own and has until the webhook's deadline. If
/// it fails, panics or is not done by then, the sender gets the verdict that the
/// webhook was built with. A handler may block its thread; how many can is
/// [`with_most_at_once`](PortOutWebhook::with_most_at_once). (A program built
/// with `panic = "abort"` ends at a panic and answers nothing.)
///
/// Extractors run on the worker's thread, where nothing may block. The handler
/// does not: in it `web::block`, `tokio::spawn` and timers work as usual, and
/// `actix_web::rt::spawn` and `tokio::task::spawn_local` panic, since its thread has
/// no local tasks.
///
/// If a middleware cuts the answer off, the handler goes on until its deadline, and
/// the reporter is told what it comes to, or
/// [`CutOff`](crate::bandwidth::PortOutFailure::CutOff). The
/// [guide](crate::guide::port_outs) says what to keep off this route. Of a sender that
/// leaves actix-web says nothing.
///
/// # Panics
///
/// Inside a tokio runtime without a timer: nothing would reach the handler.
#[cfg(feature = "bandwidth")]
pub fn port_out<H, T>(webhook: PortOutWebhook, handler: H) -> Route
where
    H: Handler<
            PortOutWebhook,
            T,
            Output: IntoReceipt<PortOutAnswer>,
            Extracted: Send,
            Future: Send,
        > + Send,
    T: 'static,
{
    guard::prepare(&webhook);
    web::to(move |request: HttpRequest, payload: web::Payload| {
        let (mut guard, webhook, handler) =
            (Guard::new(webhook.clone()), webhook.clone(), handler.clone());
        async move {
            let check_head = || authenticate(&webhook, &request);
            let body = ActixBody::new(payload.into_inner(), request.clone());
            let received = body::receive_port_out(&mut guard, &webhook, check_head, body);
            let question = match received.await {
                Ok(question) => question,
                Err(refused) => return response(refused),
            };
            let ask = async |question| {
                let extracted = H::extract(&request).await;
                let extracted = extracted.map_err(|refused| {
                    let status = refused.as_response_error().status_code();
                    format!("an extractor refused with {status}")
                })?;
                let (delivery, _) = H::Delivery::from_delivery(Ok(question))?;
                Ok(move || async move { handler.call(extracted, delivery).await.into_receipt() })
            };
            response(guard.ask(question, ask).await)
        }
    })
}

impl<W: Extract> FromRequest for Verified<W> {
    type Error = Rejection;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Rejection>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let configured = request.app_data::<W>();
        let configured =
            configured.or_else(|| request.app_data::<web::Data<W>>().map(|data| &***data));
        let webhook = configured.cloned();
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let Some(webhook) = webhook else {
                let unconfigured = Err(log::unconfigured(W::NAME));
                body::drain(ActixBody::new(payload, request)).await;
                return unconfigured;
            };
            receive_any(&webhook, &request, payload).await
        })
    }
}

async fn receive_any<W: Webhook>(
    webhook: &W,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Verified<W>, Rejection> {
    let head = authenticate(webhook, request);
    let body = ActixBody::new(payload, request.clone());
    body::read_and_verify(webhook, head, body).await
}

fn authenticate<'w, W: Webhook>(
    webhook: &'w W,
    request: &HttpRequest,
) -> Result<Pending<'w, W>, Rejection> {
    let head = Head::new(request.method().as_str(), request.headers());
    let given = request.extensions().get::<PeerAddress>().map(|peer| peer.0);
    let connection = || request.peer_addr().map(|address| address.ip());
    webhook.authenticate(&match given.or_else(connection) {
        Some(peer) => head.with_peer(peer),
        None => head,
    })
}

/// actix-web keeps headers in the `http` crate's previous version.
impl Headers for HeaderMap {
    fn value(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
        self.get_all(name.as_str()).nth(nth).map(HeaderValue::as_bytes)
    }

    fn first_two(&self, name: &HeaderName) -> [Option<&[u8]>; 2] {
        let mut values = self.get_all(name.as_str()).map(HeaderValue::as_bytes);
        [values.next(), values.next()]
    }
}

fn response(response: http::Response<Bytes>) -> HttpResponse {
    let status = StatusCode::from_u16(response.status().as_u16());
    let mut builder = HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    for (name, value) in response.headers() {
        builder.insert_header((name.as_str(), value.as_bytes()));
    }
    builder.body(response.into_body())
}

impl ResponseError for Rejection {
    fn status_code(&self) -> StatusCode {
        self.error_response().status()
    }

    fn error_response(&self) -> HttpResponse {
        response(self.to_response())
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        response(self.to_response())
    }
}

impl Responder for Receipt {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        Answer::from(self).respond_to(request)
    }
}

impl Responder for Accepted {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        Answer::from(self).respond_to(request)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_address_is_found_in_headers_of_actix() {
        let name = HeaderName::from_static("x-forwarded-for");
        let request = TestRequest::default().append_header(("X-Forwarded-For", "198.51.100.1"));
        let request = request.append_header(("X-Forwarded-For", "203.0.113.7")).to_http_request();
        for (proxies, expected) in
            [(1, Some([203, 0, 113, 7])), (2, Some([198, 51, 100, 1])), (3, None)]
        {
            let proxies = NonZeroUsize::new(proxies).unwrap();
            let peer = PeerAddress::from_header(request.headers(), &name, proxies);
            assert_eq!(peer, expected.map(|address| PeerAddress(address.into())), "{proxies}");
        }
    }

    #[cfg(feature = "musement")]
    #[actix_web::test]
    async fn the_body_is_read_even_if_no_webhook_is_configured() {
        type Update = Verified<crate::musement::OrderItemWebhook>;
        let (mut sender, payload) = actix_http::h1::Payload::create(false);
        let request = TestRequest::default().to_http_request();
        let mut received = Update::from_request(&request, &mut Payload::from(payload));
        sender.feed_data(Bytes::from_static(b"{"));
        let first =
            std::future::poll_fn(|cx| std::task::Poll::Ready(received.as_mut().poll(cx))).await;
        assert!(first.is_pending(), "it waits for the rest");
        sender.feed_eof();
        let refused = received.await.unwrap_err();
        assert_eq!(*refused.reason(), crate::Reason::Unconfigured);
    }
}
