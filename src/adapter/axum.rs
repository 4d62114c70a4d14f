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
//! The sender's address, for webhooks that check it, is the [`PeerAddress`] of
//! the request's extensions, and otherwise that of the connection, if the
//! server is made with `into_make_service_with_connect_info::<SocketAddr>()`.

use ::axum::body::Body;
use ::axum::extract::{FromRef, FromRequest, Request};
use ::axum::response::{IntoResponse, Response};

use crate::adapter::http_body::HttpBody;
use crate::adapter::{body, peer};
use crate::head::Head;
use crate::receipt::Receipt;
use crate::rejection::{Answer, Rejection};
use crate::webhook::{Extract, Webhook};

pub use crate::adapter::peer::PeerAddress;
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
    let pending = webhook.head(&head(&request));
    body::receive(webhook.limits(), pending, HttpBody::new(request.into_body())).await
}

fn head(request: &Request) -> Head<'_> {
    let head = Head::of(request);
    match peer::of(request.extensions()) {
        Some(peer) => head.with_peer(peer),
        None => head,
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.response().map(Body::from)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        self.response().map(Body::from)
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
