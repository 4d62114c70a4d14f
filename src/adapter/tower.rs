//! A layer that lets verified deliveries through, and one that takes the sender's
//! address from a proxy's header.
//!
//! The inner service gets the request with its verified body, as a [`Full`],
//! and the [`Verified`] delivery in the request's extensions. Refused
//! deliveries never reach it. The outer request can have any body: hyper's
//! `Incoming`, axum's `Body`.
//!
//! A server drops the future of the inner service when the sender closes the
//! connection. Let the service spawn a task for what is never sent again, such as a
//! notification of Bandwidth's.
//!
//! For a service with another type of body, add a `map_request`:
//! `ServiceBuilder::new().layer(VerifyLayer::new(webhook)).map_request(|request:
//! http::Request<Full<Bytes>>| request.map(axum::body::Body::new))`.
//!
//! The inner service can be cut off half-way: if the sender closes the connection, or
//! a layer with a time limit gives up, its future is dropped at its next `await`.
//! Do the work for a delivery that is sent only once, as Bandwidth's are, in a
//! `tokio::spawn`, and await that task.

mod peer_address;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower_layer::Layer;
use tower_service::Service;

use crate::adapter::body;
use crate::webhook::Extract;

pub use self::peer_address::{SetPeerAddress, SetPeerAddressLayer};
pub use crate::webhook::Verified;

/// Lets the verified deliveries of a webhook through.
///
/// ```
/// use axum::{Extension, Router, routing::post};
/// use order_webhooks::{BasicAuth, Receipt, musement::OrderItemWebhook};
/// use order_webhooks::tower::{VerifyLayer, Verified};
///
/// async fn on_update(Extension(update): Extension<Verified<OrderItemWebhook>>) -> Receipt {
///     println!("{} is now {}", update.order_item_uuid, update.order_item_status);
///     Receipt::Accepted
/// }
///
/// let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?);
/// let route = post(on_update).layer(VerifyLayer::new(webhook));
/// let app: Router = Router::new().route("/musement", route);
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct VerifyLayer<W>(W);

impl<W: Extract> VerifyLayer<W> {
    /// The layer for this webhook.
    pub fn new(webhook: W) -> Self {
        Self(webhook)
    }
}

impl<W: Extract, S> Layer<S> for VerifyLayer<W> {
    type Service = Verify<W, S>;

    fn layer(&self, inner: S) -> Verify<W, S> {
        Verify { webhook: self.0.clone(), inner }
    }
}

/// The service that [`VerifyLayer`] makes.
#[derive(Debug, Clone)]
pub struct Verify<W, S> {
    webhook: W,
    inner: S,
}

impl<W, S, ReqBody, ResBody> Service<Request<ReqBody>> for Verify<W, S>
where
    W: Extract<Event: Clone + Sync>,
    S: Service<Request<Full<Bytes>>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    ReqBody: Body<Data: Send, Error: Send> + Send + 'static,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<ResBody>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        // The service that was polled ready is the one to call.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let webhook = self.webhook.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let head = body::authenticate(&webhook, &parts);
            match body::read_and_verify(&webhook, head, body).await {
                Ok(verified) => {
                    let body = Full::new(verified.body().clone());
                    parts.extensions.insert::<Verified<W>>(verified);
                    inner.call(Request::from_parts(parts, body)).await
                }
                Err(rejection) => Ok(rejection.to_response().map(ResBody::from)),
            }
        })
    }
}
