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

mod read;

#[cfg(feature = "bandwidth")]
use std::future::{Future, ready};
use std::net::IpAddr;

#[cfg(feature = "bandwidth")]
use bytes::Bytes;
use http::Request;
#[cfg(feature = "bandwidth")]
use http::Response;
use http::request::Parts;
use http_body::Body;

#[cfg(feature = "bandwidth")]
use crate::answer::IntoReceipt;
#[cfg(feature = "bandwidth")]
use crate::bandwidth::guard::Guard;
#[cfg(feature = "bandwidth")]
use crate::bandwidth::{PortOutAnswer, PortOutWebhook};
use crate::head::{Head, PeerAddress};
#[cfg(feature = "actix")]
use crate::limits::Limits;
use crate::rejection::Rejection;
use crate::webhook::{Extract, Pending, Webhook, WebhookExt as _};

use self::read::read;

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
///
/// # Panics
///
/// Outside a tokio runtime with a timer (`enable_time` or `enable_all`), whatever
/// the delivery is.
pub async fn receive<W, B>(webhook: &W, request: Request<B>) -> Result<Verified<W>, Rejection>
where
    W: Extract,
    B: Body,
{
    let (head, body) = split(webhook, request);
    read_and_verify(webhook, head, body).await
}

/// Answers a port-out with this handler, in time and in every case.
///
/// The handler runs on a thread of its own and has until the deadline. If it
/// fails, panics or is not done by then, the sender gets the verdict that the
/// webhook was built with. (A program built with `panic = "abort"` ends at a
/// panic and answers nothing.)
///
/// Call it with clones of one webhook: they share the bound on the number of
/// threads, and the reporter.
///
/// If its future is dropped before it is ready, the reporter is told
/// [`CutOff`](crate::bandwidth::PortOutFailure::CutOff).
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
    B: Body,
    H: FnOnce(Verified<PortOutWebhook>) -> F + Send + 'static,
    F: Future<Output: IntoReceipt<PortOutAnswer>> + Send + 'static,
{
    let mut guard = Guard::new(webhook.clone());
    let (parts, body) = request.into_parts();
    let received = receive_port_out(&mut guard, webhook, || authenticate(webhook, &parts), body);
    match received.await {
        Ok(request) => {
            let ask =
                |request| ready(Ok(move || async move { handler(request).await.into_receipt() }));
            guard.ask(request, ask).await
        }
        Err(response) => response,
    }
}

/// The question of a port-out, or the answer to one that is refused.
#[cfg(feature = "bandwidth")]
pub(super) async fn receive_port_out<'w>(
    guard: &mut Guard,
    webhook: &'w PortOutWebhook,
    check_head: impl FnOnce() -> Result<Pending<'w, PortOutWebhook>, Rejection>,
    body: impl Body,
) -> Result<Verified<PortOutWebhook>, Response<Bytes>> {
    let Some(head) = guard.check_head(check_head) else { return Err(guard.panicked()) };
    guard.receive(read_and_verify(webhook, head, body)).await
}

/// Checks the head of a request, and drops it: a future that holds less is moved
/// faster.
pub(super) fn split<W: Webhook, B>(
    webhook: &W,
    request: Request<B>,
) -> (Result<Pending<'_, W>, Rejection>, B) {
    let (parts, body) = request.into_parts();
    (authenticate(webhook, &parts), body)
}

pub(super) fn authenticate<'w, W: Webhook>(
    webhook: &'w W,
    parts: &Parts,
) -> Result<Pending<'w, W>, Rejection> {
    let head = Head::from(parts);
    webhook.authenticate(&match peer_of(&parts.extensions) {
        Some(peer) => head.with_peer(peer),
        None => head,
    })
}

/// Goes on from a decided head: reads the body, whatever was decided, and then
/// checks it or gives the rejection.
///
/// A server that answers over an unread body loses deliveries: many senders
/// write all of it before they read, and one that waits for `100 Continue` gets
/// it only from a server that reads.
pub(super) async fn read_and_verify<W: Webhook>(
    webhook: &W,
    head: Result<Pending<'_, W>, Rejection>,
    body: impl Body,
) -> Result<Verified<W>, Rejection> {
    let limits = webhook.limits();
    let most = if head.is_ok() { limits.body_bytes() } else { 0 };
    let read = read(body, most, W::KEPT_OF_REFUSED, limits).await;
    match (head, read) {
        (Ok(pending), Ok(body)) => pending.verify(body),
        (Ok(pending), Err((reason, beginning))) => Err(pending.fail_after(reason, &beginning)),
        (Err(rejection), Ok(body) | Err((_, body))) => {
            Err(webhook.refuse_with_body(rejection, &body))
        }
    }
}

/// Reads and drops the body of a delivery that nobody takes.
#[cfg(feature = "actix")]
pub(super) async fn drain(body: impl Body) {
    let _dropped = read(body, 0, 0, Limits::default()).await;
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
