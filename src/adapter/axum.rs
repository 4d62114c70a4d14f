//! Extractors and replies for axum 0.8; feature `axum`.
//!
//! The webhook is the router's state, or a part of it by `FromRef`. A handler
//! takes a [`Verified`] delivery, or `Result<Verified<W>, Rejection>` to see
//! those that are refused too, and returns the webhook's receipt.
//!
//! ```
//! use axum::{Router, routing::post};
//! use order_webhooks::{BasicAuth, axum::Verified, musement::{OrderItemWebhook, Receipt}};
//!
//! async fn on_update(update: Verified<OrderItemWebhook>) -> Receipt {
//!     println!("{} is now {}", update.order_item_uuid, update.order_item_status);
//!     Receipt::Accepted
//! }
//!
//! let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?);
//! let app: Router = Router::new().route("/musement", post(on_update)).with_state(webhook);
//! # Ok::<(), order_webhooks::ConfigError>(())
//! ```
//!
//! The sender's address, for webhooks that check it, is the [`PeerAddress`](crate::PeerAddress) of
//! the request's extensions, and otherwise that of the connection, if the
//! server is made with `into_make_service_with_connect_info::<SocketAddr>()`.

#[cfg(feature = "bandwidth")]
use std::future::Future;

use ::axum::body::Body;
use ::axum::extract::{FromRef, FromRequest, Request};
use ::axum::response::{IntoResponse, Response};
#[cfg(feature = "bandwidth")]
use ::axum::routing::{MethodRouter, any};

#[cfg(feature = "bandwidth")]
use crate::adapter::guard;
use crate::adapter::http_body::HttpBody;
use crate::adapter::{body, peer};
use crate::answer::Answer;
#[cfg(feature = "bandwidth")]
use crate::bandwidth::{IntoPortOutAnswer, PortOutWebhook};
use crate::head::Head;
use crate::receipt::Receipt;
use crate::rejection::Rejection;
use crate::webhook::{Extract, Receive as _, Webhook};

pub use crate::webhook::Verified;

impl<S, W> FromRequest<S> for Verified<W>
where
    S: Send + Sync,
    W: Extract + FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        receive(&W::from_ref(state), request).await
    }
}

pub(super) async fn receive<W: Webhook>(
    webhook: &W,
    request: Request,
) -> Result<Verified<W>, Rejection> {
    let pending = webhook.authenticate(&head(&request));
    body::receive(webhook.limits(), pending, HttpBody(request.into_body())).await
}

fn head(request: &Request) -> Head<'_> {
    let head = Head::of(request);
    match peer::of(request.extensions()) {
        Some(peer) => head.with_peer(peer),
        None => head,
    }
}

/// A route that answers port-outs by this handler, in time and in any case.
///
/// The handler runs on a thread of its own and has until the webhook's deadline.
/// If it fails, panics or is not done by then, the sender gets the verdict that
/// the webhook was built with. (A program built with `panic = "abort"` ends at
/// a panic and answers nothing.)
///
/// ```
/// use axum::Router;
/// use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutWebhook};
/// use order_webhooks::{BasicAuth, axum::{Verified, port_out}};
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
/// let app: Router = Router::new().route("/port-out", port_out(webhook, on_port_out));
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
#[cfg(feature = "bandwidth")]
pub fn port_out<S, H, F>(webhook: PortOutWebhook, handler: H) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
    H: Fn(Verified<PortOutWebhook>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output: IntoPortOutAnswer> + Send + 'static,
{
    any(move |request: Request| {
        let (webhook, handler) = (webhook.clone(), handler.clone());
        async move { guard::answer(&webhook, receive(&webhook, request), handler).await }
    })
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.to_response().map(Body::from)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        self.to_response().map(Body::from)
    }
}

impl IntoResponse for Receipt {
    fn into_response(self) -> Response {
        Answer::from(self).into_response()
    }
}

#[cfg(feature = "bandwidth")]
impl IntoResponse for crate::bandwidth::Receipt {
    fn into_response(self) -> Response {
        Answer::from(self).into_response()
    }
}
