//! Receive on every server whose requests have a body of the `http-body` crate:
//! hyper and what is built on it.
//!
//! It does what the adapters do. It checks the head, reads the body within its
//! limits in bytes and in time, whatever came out, and gives a [`Verified`]
//! delivery or a [`Rejection`] with the response to send. It needs a tokio
//! runtime with its timer.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use order_webhooks::{BasicAuth, body::receive, musement::OrderItemWebhook};
//!
//! /// What hyper's `service_fn` calls, with `hyper::body::Incoming` for `B`.
//! async fn on_request<B: http_body::Body>(
//!     webhook: OrderItemWebhook,
//!     request: Request<B>,
//! ) -> Response<Bytes> {
//!     match receive(&webhook, request).await {
//!         Ok(update) => {
//!             println!("{} is now {}", update.order_item_uuid, update.order_item_status);
//!             Response::new(Bytes::new())
//!         }
//!         Err(rejection) => rejection.to_response(),
//!     }
//! }
//! # let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?);
//! # let _ = on_request(webhook, Request::new(http_body_util::Full::<Bytes>::default()));
//! # Ok::<(), order_webhooks::ConfigError>(())
//! ```

#[cfg(feature = "bandwidth")]
use std::future::ready;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::pin;
use std::task::Poll;

use bytes::{Buf as _, Bytes, BytesMut};
use http::Request;
#[cfg(feature = "bandwidth")]
use http::Response;
use http::request::Parts;
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

#[cfg(feature = "bandwidth")]
use crate::bandwidth::guard::Guard;
#[cfg(feature = "bandwidth")]
use crate::bandwidth::{IntoPortOutAnswer, PortOutWebhook};
use crate::head::{Head, PeerAddress};
use crate::limits::Limits;
use crate::rejection::{Reason, Rejection};
use crate::webhook::{Extract, Pending, Webhook, WebhookExt as _};

pub use crate::webhook::Verified;

/// Receives a delivery: checks its head, reads its body, and verifies it; see
/// the [module](self) for an example.
///
/// A webhook with an `Allowlist` takes the sender's address from the
/// [`PeerAddress`](crate::PeerAddress) of the request's extensions.
///
/// # Errors
///
/// The rejection, which has the response to send. The body has been read by
/// then, because many senders write their whole request before they read.
pub async fn receive<W, B>(webhook: &W, request: Request<B>) -> Result<Verified<W>, Rejection>
where
    W: Extract,
    B: Body,
{
    receive_any(webhook, request).await
}

/// Answers a port-out with this handler, in time and in every case.
///
/// The handler runs on threads of the webhook and has until its deadline. If it
/// fails, panics or is not done by then, the sender gets the verdict that the
/// webhook was built with. (A program built with `panic = "abort"` ends at a
/// panic and answers nothing.)
///
/// Call it with clones of one webhook: they share their threads.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutWebhook};
/// use order_webhooks::body::{Verified, port_out};
///
/// async fn judge(request: Verified<PortOutWebhook>) -> PortOutAnswer {
///     match request.pin.as_deref() {
///         Some("2222") => PortOutAnswer::Allow,
///         Some(_) => PortOutAnswer::deny(DenialReason::PinInvalid),
///         None => PortOutAnswer::deny(DenialReason::PinMissing),
///     }
/// }
///
/// /// What hyper's `service_fn` calls, with `hyper::body::Incoming` for `B`.
/// async fn on_request<B>(webhook: PortOutWebhook, request: Request<B>) -> Response<Bytes>
/// where
///     B: http_body::Body<Data: Send, Error: Send> + Send + 'static,
/// {
///     port_out(&webhook, request, judge).await
/// }
/// # use order_webhooks::BasicAuth;
/// # let auth = BasicAuth::new("bandwidth-user", "bandwidth-password")?;
/// # let webhook = PortOutWebhook::new(auth, DenialReason::InvalidRequest.into());
/// # let _ = on_request(webhook, Request::new(http_body_util::Full::<Bytes>::default()));
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
#[cfg(feature = "bandwidth")]
pub async fn port_out<B, H, F>(
    webhook: &PortOutWebhook,
    request: Request<B>,
    handler: H,
) -> Response<Bytes>
where
    B: Body<Data: Send, Error: Send> + Send + 'static,
    H: FnOnce(Verified<PortOutWebhook>) -> F + Send + 'static,
    F: Future<Output: IntoPortOutAnswer> + Send + 'static,
{
    let mut guard = Guard::new(webhook.clone());
    match guard.receive(receive_any(webhook, request)).await {
        Ok(request) => {
            let ask = |request| {
                ready(Ok(move || async move { handler(request).await.into_port_out_answer() }))
            };
            guard.ask(request, ask).await
        }
        Err(response) => response,
    }
}

async fn receive_any<W: Webhook, B: Body>(
    webhook: &W,
    request: Request<B>,
) -> Result<Verified<W>, Rejection> {
    let (parts, body) = request.into_parts();
    receive_parts(webhook, &parts, body).await
}

pub(super) async fn receive_parts<W: Webhook>(
    webhook: &W,
    parts: &Parts,
    body: impl Body,
) -> Result<Verified<W>, Rejection> {
    let head = Head::from(parts);
    let pending = webhook.authenticate(&match peer_of(&parts.extensions) {
        Some(peer) => head.with_peer(peer),
        None => head,
    });
    read_and_verify(webhook.limits(), pending, body).await
}

/// Goes on from a decided head: reads the body, whatever was decided, and then
/// checks it or gives the rejection.
///
/// A server that answers over an unread body loses deliveries: many senders
/// write all of it before they read, and one that waits for `100 Continue` gets
/// it only from a server that reads.
pub(super) async fn read_and_verify<W: Webhook>(
    limits: Limits,
    head: Result<Pending<'_, W>, Rejection>,
    body: impl Body,
) -> Result<Verified<W>, Rejection> {
    match head {
        Ok(pending) => match read(body, limits.body_bytes(), limits).await {
            Ok(body) => pending.verify(body),
            Err(reason) => Err(pending.fail(reason)),
        },
        Err(rejection) => {
            let _dropped = read(body, 0, limits).await;
            Err(rejection)
        }
    }
}

/// Reads a body to its end and keeps it if it has at most `kept` bytes.
async fn read(body: impl Body, kept: usize, limits: Limits) -> Result<Bytes, Reason> {
    let drained = limits.drained_bytes();
    let too_large = Reason::TooLarge { limit: limits.body_bytes() };
    if body.size_hint().lower() > drained as u64 {
        return Err(too_large);
    }
    let complete = async {
        let mut body = pin!(body);
        let mut whole = Whole::default();
        let mut length = 0_usize;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return Err(Reason::Incomplete) };
            // Anything but data is a trailer, and says nothing about the body.
            let Ok(mut data) = frame.into_data() else { continue };
            length = length.saturating_add(data.remaining());
            if length > drained {
                break;
            } else if length > kept {
                whole = Whole::default();
            } else {
                whole.push(data.copy_to_bytes(data.remaining()));
            }
        }
        if length > kept { Err(too_large) } else { Ok(whole.into_bytes()) }
    };
    let mut complete = pin!(complete);
    // Most bodies come with their head, and need no timer.
    if let Poll::Ready(body) = poll_fn(|cx| Poll::Ready(complete.as_mut().poll(cx))).await {
        return body;
    }
    let limit = limits.body_time();
    timeout(limit, complete).await.unwrap_or(Err(Reason::TooSlow { limit }))
}

/// The pieces so far. Most bodies come in one, which is kept without a copy.
#[derive(Default)]
struct Whole {
    first: Bytes,
    rest: BytesMut,
}

impl Whole {
    fn push(&mut self, chunk: Bytes) {
        if self.first.is_empty() {
            self.first = chunk;
            return;
        }
        if self.rest.is_empty() {
            self.rest.extend_from_slice(&self.first);
        }
        self.rest.extend_from_slice(&chunk);
    }

    fn into_bytes(self) -> Bytes {
        if self.rest.is_empty() { self.first } else { self.rest.freeze() }
    }
}

/// The server's own word first, and then axum's of the connection.
fn peer_of(extensions: &http::Extensions) -> Option<IpAddr> {
    let given = PeerAddress::of(extensions);
    #[cfg(feature = "axum")]
    let given = given.or_else(|| {
        let info = extensions.get::<::axum::extract::ConnectInfo<std::net::SocketAddr>>();
        info.map(|info| info.0.ip())
    });
    given
}

#[cfg(test)]
mod tests;
