//! Routes, extractors and replies for axum 0.8.
//!
//! Give each webhook its own route; the router's state stays yours. A handler
//! takes any extractors, and last a [`Verified`] delivery, or
//! `Result<Verified<W>, Rejection>` to see refused ones too. It returns the
//! webhook's receipt.
//!
//! An error of a handler is logged, and its sender gets a 503: Musement and
//! Porterbuddy send again then. A refused delivery is answered as its rejection says,
//! whatever the handler returns; only for the body of a proven sender that does not
//! parse does a receipt count, because the handler may have kept it.
//!
//! ```
//! use axum::{Router, extract::State};
//! use order_webhooks::axum::{Verified, port_out, receive};
//! use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutWebhook};
//! use order_webhooks::musement::OrderItemWebhook;
//! use order_webhooks::{BasicAuth, Receipt};
//!
//! #[derive(Clone)]
//! struct Db;
//!
//! async fn on_update(State(db): State<Db>, update: Verified<OrderItemWebhook>) -> Receipt {
//!     println!("{} is now {}", update.order_item_uuid, update.order_item_status);
//!     Receipt::Accepted
//! }
//!
//! async fn on_port_out(State(db): State<Db>, request: Verified<PortOutWebhook>) -> PortOutAnswer {
//!     PortOutAnswer::deny(DenialReason::PinInvalid)
//! }
//!
//! let a = OrderItemWebhook::new(BasicAuth::new("account-a", "Swordfish")?);
//! let b = OrderItemWebhook::new(BasicAuth::new("account-b", "Marlin")?);
//! let port_outs = PortOutWebhook::new(
//!     BasicAuth::new("bandwidth-user", "bandwidth-password")?,
//!     PortOutAnswer::deny(DenialReason::InvalidRequest),
//! );
//! let app: Router = Router::new()
//!     .route("/musement/a", receive(a, on_update))
//!     .route("/musement/b", receive(b, on_update))
//!     .route("/port-out", port_out(port_outs, on_port_out))
//!     .with_state(Db);
//! # Ok::<(), order_webhooks::ConfigError>(())
//! ```
//!
//! # As an extractor
//!
//! [`Verified`] is an extractor, too, if the webhook is the router's state, or
//! a part of it by `FromRef` (feature `macros` of axum). axum drops such a handler
//! when the sender closes the connection. Bandwidth never sends a notification again,
//! so use the route [`receive`] for it: there its handler goes on to its end.
//!
//! ```
//! use axum::{Router, extract::FromRef, routing::post};
//! use order_webhooks::axum::Verified;
//! use order_webhooks::musement::OrderItemWebhook;
//! use order_webhooks::{BasicAuth, Receipt, Secret, porterbuddy::OrderWebhook};
//!
//! #[derive(Clone, FromRef)]
//! struct App {
//!     musement: OrderItemWebhook,
//!     porterbuddy: OrderWebhook,
//! }
//!
//! async fn on_update(update: Verified<OrderItemWebhook>) -> Receipt {
//!     Receipt::Accepted
//! }
//!
//! let state = App {
//!     musement: OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?),
//!     porterbuddy: OrderWebhook::new(&Secret::new("porterbuddy-api-key")?),
//! };
//! let app: Router = Router::new().route("/musement", post(on_update)).with_state(state);
//! # Ok::<(), order_webhooks::ConfigError>(())
//! ```
//!
//! Such a handler can be cut off half-way: if the sender closes the connection, or a
//! layer with a time limit gives up, its future is dropped at its next `await`.
//! The route [`receive`] lets the handler finish if the delivery is sent only once,
//! as Bandwidth's are ([`SENT_ONCE`](crate::Webhook::SENT_ONCE)). Here, do the work
//! in a `tokio::spawn` and await that task.
//!
//! # What the compiler says
//!
//! | it says | because |
//! |---|---|
//! | ``a verified delivery of `PortOutWebhook` cannot be extracted`` | a port-out needs the route [`port_out`], which answers whatever happens |
//! | ``cannot handle the deliveries of `…Webhook` `` | the delivery is not the last argument, or another webhook's, or the future is not `Send` |
//! | ``a handler of this webhook cannot return `…` `` | it has to return the webhook's receipt, `Receipt` or `Accepted`, or a `Result` of it |
//! | ``a port-out handler cannot return `…` `` | it has to return `PortOutAnswer` or a `Result` of it |
//! | ``the trait bound `(): std::error::Error` is not satisfied`` | the error of that `Result` has to become a `Box<dyn Error + Send + Sync>` |
//! | ``expected `Db`, found `App` `` at `with_state` | a handler takes `State<Db>`, so the router's state is a `Db`, or derives `FromRef` |
//! | ``the trait bound `fn(…) {on_update}: Handler<_, _>` is not satisfied`` at `post` | as an extractor the webhook is part of the state: `#[derive(FromRef)]`. `#[axum::debug_handler(state = App)]` at the handler says it as ``the trait bound `OrderItemWebhook: FromRef<App>` is not satisfied`` |
//! | `type annotations needed` | a closure has to name the type of its argument: `\|update: Verified<OrderItemWebhook>\|` |
//!
//! # The sender's address
//!
//! A webhook with an `Allowlist` takes the [`PeerAddress`](crate::PeerAddress)
//! of the request's extensions, and otherwise the address of the connection,
//! which axum gives if the server is made with
//! `into_make_service_with_connect_info::<SocketAddr>()`. With neither, nobody
//! is let in, and the body of the 403 says so. Behind proxies, the layer
//! [`tower::SetPeerAddressLayer`](crate::tower::SetPeerAddressLayer) puts it there.

mod handler;

#[cfg(feature = "bandwidth")]
use std::future::ready;

use ::axum::body::Body;
use ::axum::extract::{FromRef, FromRequest, Request, State};
use ::axum::response::{IntoResponse, Response};
use ::axum::routing::{MethodRouter, any};
#[cfg(feature = "bandwidth")]
use http::StatusCode;

use crate::adapter::body;
use crate::adapter::route::{self, FromDelivery as _};
use crate::answer::{Accepted, Answer, IntoReceipt, Receipt};
#[cfg(feature = "bandwidth")]
use crate::bandwidth::guard::{self, Guard};
#[cfg(feature = "bandwidth")]
use crate::bandwidth::{PortOutAnswer, PortOutWebhook};
use crate::log;
use crate::rejection::Rejection;
use crate::webhook::{Extract, source};

pub use self::handler::Handler;
pub use crate::webhook::Verified;

/// A route that receives the deliveries of a webhook and hands them to this
/// handler. The [module](self) has an example.
///
/// The webhook sees every method and refuses all but POST with a 405.
pub fn receive<W, H, T, S>(webhook: W, handler: H) -> MethodRouter<S>
where
    W: Extract,
    H: Handler<W, T, S, Output: IntoReceipt<W::Receipt>>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    any(move |State(state): State<S>, request: Request| {
        let (webhook, handler) = (webhook.clone(), handler.clone());
        async move {
            let (parts, body) = request.into_parts();
            let head = body::authenticate(&webhook, &parts);
            let received = body::read_and_verify(&webhook, head, body).await;
            let (delivery, refused) = match H::Delivery::from_delivery(received) {
                Ok(taken) => taken,
                Err(rejection) => return rejection.into_response(),
            };
            let answer = async move {
                let called = handler.call(parts, state, delivery);
                let answered = route::answer(&webhook, refused, called).await;
                answered.inspect_err(|refused: &Response| {
                    log::extractor_refused(source(&webhook), refused.status().as_u16());
                })
            };
            let answered = if W::SENT_ONCE {
                route::of_task(tokio::spawn(log::in_span(answer))).await
            } else {
                answer.await
            };
            answered.map_or_else(|refused| refused, |answer| answer.map(Body::from))
        }
    })
}

/// A route that answers port-outs with this handler, in time and in every case.
/// The [module](self) has an example.
///
/// Extractors and handler run on a thread of their own and have until the webhook's
/// deadline. If they fail, panic or are not done by then, the sender gets the
/// verdict that the webhook was built with. A handler may block its thread; how
/// many can is
/// [`with_most_at_once`](PortOutWebhook::with_most_at_once). (A program built
/// with `panic = "abort"` ends at a panic and answers nothing.)
///
/// If the sender leaves before the answer, or a layer with a time limit cuts it off,
/// the handler goes on until its deadline, and the reporter is told what it comes to,
/// or [`CutOff`](crate::bandwidth::PortOutFailure::CutOff). The
/// [guide](crate::guide::port_outs) says which layers to keep off this route.
///
/// # Panics
///
/// Inside a tokio runtime without a timer: nothing would reach the handler.
#[cfg(feature = "bandwidth")]
pub fn port_out<H, T, S>(webhook: PortOutWebhook, handler: H) -> MethodRouter<S>
where
    H: Handler<PortOutWebhook, T, S, Output: IntoReceipt<PortOutAnswer>>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    guard::prepare(&webhook);
    any(move |State(state): State<S>, request: Request| {
        let (mut guard, webhook, handler) =
            (Guard::new(webhook.clone()), webhook.clone(), handler.clone());
        async move {
            let (parts, body) = request.into_parts();
            let check_head = || body::authenticate(&webhook, &parts);
            let received = body::receive_port_out(&mut guard, &webhook, check_head, body);
            let request = match received.await {
                Ok(request) => request,
                Err(response) => return response.map(Body::from),
            };
            let ask = |request| {
                let taken = H::Delivery::from_delivery(Ok(request));
                ready(taken.map_err(Into::into).map(|(delivery, _)| {
                    move || async move {
                        let answered = handler.call(parts, state, delivery).await;
                        answered
                            .map_err(|refused| refused_by_extractor(refused.status()))?
                            .into_receipt()
                    }
                }))
            };
            guard.ask(request, ask).await.map(Body::from)
        }
    })
}

#[cfg(feature = "bandwidth")]
fn refused_by_extractor(status: StatusCode) -> String {
    format!("an extractor refused with {status}")
}

impl<S, W> FromRequest<S> for Verified<W>
where
    S: Send + Sync,
    W: Extract + FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        let webhook = W::from_ref(state);
        let (head, body) = body::split(&webhook, request);
        body::read_and_verify(&webhook, head, body).await
    }
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
        Answer::from(self).status().into_response()
    }
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        Answer::from(self).status().into_response()
    }
}
