//! Extractors and replies for actix-web 4; feature `actix`.
//!
//! The webhook is the app's data, as it is or in a `web::Data`. A handler takes
//! a [`Verified`] delivery, or `Result<Verified<W>, Rejection>` to see those that
//! are refused too, and returns the webhook's receipt.
//!
//! ```
//! use actix_web::{App, web};
//! use order_webhooks::{BasicAuth, actix::Verified, musement::{OrderItemWebhook, Receipt}};
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
//! With `web::to` the webhook sees every method and refuses all but POST with a
//! 405; with `web::post()` actix-web itself would answer them with a 404.
//!
//! The sender's address, for webhooks that check it, is the [`PeerAddress`](crate::PeerAddress) of
//! the request's extensions, and otherwise that of the connection.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

#[cfg(feature = "bandwidth")]
use actix_web::Route;
use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, Responder, web};
use actix_web::{ResponseError, http::StatusCode};
use bytes::Bytes;
use futures_core::Stream as _;
use http::HeaderName;

use crate::adapter::body::{self, Broken, Chunks};
#[cfg(feature = "bandwidth")]
use crate::adapter::guard;
use crate::answer::Answer;
#[cfg(feature = "bandwidth")]
use crate::bandwidth::{IntoPortOutAnswer, PortOutWebhook};
use crate::head::{Head, Headers};
use crate::limits::Limits;
use crate::peer::PeerAddress;
use crate::receipt::Receipt;
use crate::rejection::{Reason, Rejection};
use crate::webhook::{Extract, Receive as _, Webhook};

pub use crate::webhook::Verified;

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
                let body = ActixBody { payload, declared: declared(&request) };
                let unconfigured = Err(Rejection::new(Reason::Unconfigured));
                return body::receive::<W>(Limits::default(), unconfigured, body).await;
            };
            receive(&webhook, &request, payload).await
        })
    }
}

pub(super) async fn receive<W: Webhook>(
    webhook: &W,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Verified<W>, Rejection> {
    let pending = {
        let head = Head::new(request.method().as_str(), request.headers());
        let given = request.extensions().get::<PeerAddress>().map(|peer| peer.0);
        let connection = || request.peer_addr().map(|address| address.ip());
        webhook.authenticate(&match given.or_else(connection) {
            Some(peer) => head.with_peer(peer),
            None => head,
        })
    };
    body::receive(webhook.limits(), pending, ActixBody { payload, declared: declared(request) })
        .await
}

/// A route that answers port-outs by this handler, in time and in any case.
///
/// The handler runs on a thread of its own and has until the webhook's deadline.
/// If it fails, panics or is not done by then, the sender gets the verdict that
/// the webhook was built with. (A program built with `panic = "abort"` ends at
/// a panic and answers nothing.)
///
/// ```
/// use actix_web::App;
/// use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutWebhook};
/// use order_webhooks::{BasicAuth, actix::{Verified, port_out}};
///
/// async fn on_port_out(request: Verified<PortOutWebhook>) -> PortOutAnswer {
///     match request.pin() {
///         Some("2222") => PortOutAnswer::Allow,
///         Some(_) => PortOutAnswer::deny(DenialReason::PinInvalid),
///         None => PortOutAnswer::deny(DenialReason::PinMissing),
///     }
/// }
///
/// let auth = BasicAuth::new("bandwidth-user", "bandwidth-password")?;
/// let webhook = PortOutWebhook::new(auth, PortOutAnswer::deny(DenialReason::InvalidRequest));
/// let app = App::new().route("/port-out", port_out(webhook, on_port_out));
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
#[cfg(feature = "bandwidth")]
pub fn port_out<H, F>(webhook: PortOutWebhook, handler: H) -> Route
where
    H: Fn(Verified<PortOutWebhook>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output: IntoPortOutAnswer> + Send + 'static,
{
    web::to(move |request: HttpRequest, payload: web::Payload| {
        let (webhook, handler) = (webhook.clone(), handler.clone());
        async move {
            let received = receive(&webhook, &request, payload.into_inner());
            guard::answer(&webhook, received, handler).await
        }
    })
}

/// actix-web keeps headers in the `http` crate's previous version.
impl Headers for HeaderMap {
    fn value(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
        self.get_all(name.as_str()).nth(nth).map(HeaderValue::as_bytes)
    }
}

struct ActixBody {
    payload: Payload,
    declared: Option<u64>,
}

fn declared(request: &HttpRequest) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl Chunks for ActixBody {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        let chunk = Pin::new(&mut self.payload).poll_next(cx);
        chunk.map(|chunk| chunk.map(|chunk| chunk.map_err(|_| Broken)))
    }

    fn declared(&self) -> Option<u64> {
        self.declared
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

#[cfg(feature = "bandwidth")]
impl Responder for crate::bandwidth::Receipt {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        Answer::from(self).respond_to(request)
    }
}
