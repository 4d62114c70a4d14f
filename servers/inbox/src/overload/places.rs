//! Who gets a place when every provider tries again at once, after an outage.
//!
//! A receiver works on so many deliveries at once and on no more. What finds no
//! place is treated by what its sender does next: the first to be sent away is what
//! comes again by itself.
//!
//! | delivery | its sender | places | without a place |
//! |---|---|---|---|
//! | Musement | tries again until it sees a 200 | half of them | 503 at once |
//! | Porterbuddy | tries twice more | a quarter | 503 at once |
//! | Bandwidth, notifications | never tries again | all that are free | waits, up to 8 s |
//! | Bandwidth, port-outs | takes silence for a yes | need none | |
//!
//! A quarter of the places is Bandwidth's alone. A delivery that waits has not been
//! read yet, so it takes a connection and no memory for its body. The limits are
//! tower's own.

use std::sync::Arc;
use std::time::Duration;

use axum::BoxError;
use axum::error_handling::HandleErrorLayer;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;

/// How long a delivery that never comes again may take, with its wait for a place.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);

#[derive(Clone)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    musement: Arc<Semaphore>,
    porterbuddy: Arc<Semaphore>,
}

impl Places {
    /// So many deliveries at once, at least four.
    pub(crate) fn new(all: usize) -> Self {
        let share = |places| Arc::new(Semaphore::new(places));
        Self { all: share(all), musement: share(all / 2), porterbuddy: share(all / 4) }
    }

    pub(crate) fn musement<S>(&self, route: MethodRouter<S>) -> MethodRouter<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        self.shed(&self.musement, route)
    }

    pub(crate) fn porterbuddy<S>(&self, route: MethodRouter<S>) -> MethodRouter<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        self.shed(&self.porterbuddy, route)
    }

    /// Notifications wait for a place. A port-out needs none: it is answered by a
    /// deadline of its own, and what it does meanwhile is bounded by its handler.
    pub(crate) fn notifications<S>(&self, route: MethodRouter<S>) -> MethodRouter<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        route.layer(place(&self.all)).layer(from_fn(in_time))
    }

    /// Sends away what finds no place in its share, or none at all.
    fn shed<S>(&self, share: &Arc<Semaphore>, route: MethodRouter<S>) -> MethodRouter<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        route.layer(
            ServiceBuilder::new()
                .layer(HandleErrorLayer::new(come_again))
                .layer(LoadShedLayer::new())
                .layer(place(share))
                .layer(place(&self.all)),
        )
    }
}

fn place(places: &Arc<Semaphore>) -> GlobalConcurrencyLimitLayer {
    GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(places))
}

async fn come_again(_: BoxError) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into_response()
}

/// Includes the time for a place: `next` waits for it.
async fn in_time(request: Request, next: Next) -> Response {
    match timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
