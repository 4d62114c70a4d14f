//! Every provider sends at once, to a receiver that needs some time for each.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::routing::any;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tower::ServiceExt as _;

use super::places::Places;

pub(crate) struct Storm {
    /// How many deliveries of each sender.
    pub(crate) each: usize,
    pub(crate) places: usize,
    /// The time that a delivery takes once it has a place.
    pub(crate) takes: Duration,
}

#[derive(Default)]
pub(crate) struct Outcome {
    /// How often each sender was answered what.
    pub(crate) answers: BTreeMap<&'static str, BTreeMap<u16, usize>>,
    /// The most deliveries that were worked on at once.
    pub(crate) at_once: usize,
}

/// Stands in for a handler that keeps what was verified.
#[derive(Clone)]
struct Work {
    takes: Duration,
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

const SENDERS: [(&str, &str); 4] = [
    ("musement", "/musement"),
    ("porterbuddy", "/porterbuddy"),
    ("notifications", "/bandwidth/notifications"),
    ("port-outs", "/bandwidth/port-out"),
];

impl Storm {
    pub(crate) async fn break_out(&self) -> Result<Outcome, Box<dyn Error>> {
        let (now, most) = (Arc::default(), Arc::default());
        let work = Work { takes: self.takes, now, most: Arc::clone(&most) };
        let app = receiver(&Places::new(self.places), work);
        let mut deliveries = JoinSet::new();
        for _ in 0..self.each {
            for (sender, path) in SENDERS {
                let delivered = app.clone().oneshot(Request::post(path).body(Body::empty())?);
                deliveries.spawn(async move { (sender, delivered.await) });
            }
        }
        let mut outcome = Outcome::default();
        while let Some(delivered) = deliveries.join_next().await {
            let (sender, answer) = delivered?;
            let answers = outcome.answers.entry(sender).or_default();
            let count = answers.entry(answer?.status().as_u16()).or_default();
            *count = count.saturating_add(1);
        }
        outcome.at_once = most.load(Ordering::Relaxed);
        Ok(outcome)
    }
}

fn receiver(places: &Places, work: Work) -> Router {
    Router::new()
        .route("/musement", places.musement(any(handle)))
        .route("/porterbuddy", places.porterbuddy(any(handle)))
        .route("/bandwidth/notifications", places.notifications(any(handle)))
        .route("/bandwidth/port-out", any(judge))
        .with_state(work)
}

async fn handle(State(work): State<Work>) -> StatusCode {
    let now = work.now.fetch_add(1, Ordering::Relaxed).saturating_add(1);
    work.most.fetch_max(now, Ordering::Relaxed);
    let _leaving = Leaving(&work.now);
    sleep(work.takes).await;
    StatusCode::OK
}

/// Counts down when the work is done, or given up because its time is over.
struct Leaving<'a>(&'a AtomicUsize);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn judge(State(work): State<Work>) -> StatusCode {
    sleep(work.takes).await;
    StatusCode::OK
}
