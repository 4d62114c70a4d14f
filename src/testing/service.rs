//! A sender against a tower service, in memory; feature `tower`.

use std::future::poll_fn;
use std::pin::pin;

use ::http_body::Body;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use tokio::time::timeout;
use tower_service::Service;

use crate::testing::delivery::Delivery;
use crate::testing::report::Report;

impl Delivery {
    /// Runs the delivery to its end against a service, such as an axum `Router`,
    /// without a network.
    ///
    /// The waits between tries take no time. An answer that is later than
    /// [`time_allowed`](Self::time_allowed), by the clock of tokio, counts as
    /// none, and so do a service that fails and a body that breaks off.
    ///
    /// With tokio's paused clock a slow handler takes no time either. The handler
    /// of a port-out is the exception: it runs on a thread of its own, and tokio
    /// does not advance a paused clock beside one. To test one that stalls, leave
    /// the clock running and give the webhook a short deadline.
    ///
    /// See the [module](crate::testing) for an example. A service of another
    /// body type takes [`run_on_bodies`](Self::run_on_bodies).
    pub async fn run_on<S, B>(self, service: S) -> Report
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>>,
        B: Body,
    {
        self.run_on_bodies(service).await
    }

    /// The same for a service of any body that can be made of bytes:
    /// `run_on_bodies::<axum::body::Body, _, _>(service)`.
    pub async fn run_on_bodies<A, S, B>(mut self, mut service: S) -> Report
    where
        A: From<Bytes>,
        S: Service<Request<A>, Response = Response<B>>,
        B: Body,
    {
        let mut exchanges = Vec::new();
        while let Some(request) = self.request() {
            let sent = request.clone().map(A::from);
            let response = timeout(self.time_allowed(), call(&mut service, sent)).await;
            exchanges.push(self.exchanged(request, response.ok().flatten()));
        }
        Report::new(&self, exchanges)
    }
}

async fn call<A, S, B>(service: &mut S, request: Request<A>) -> Option<Response<Bytes>>
where
    S: Service<Request<A>, Response = Response<B>>,
    B: Body,
{
    poll_fn(|cx| service.poll_ready(cx)).await.ok()?;
    let (parts, body) = service.call(request).await.ok()?.into_parts();
    let body = pin!(body).collect().await.ok()?.to_bytes();
    Some(Response::from_parts(parts, body))
}
