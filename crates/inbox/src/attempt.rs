//! One try of one delivery.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt as _;
use order_webhooks::tracking::{Applied, Decision, Revision, decide};
use sqlx::Pool;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::applied::{Database, Row};
use crate::delivery::{Delivery, Progress, Shared};
use crate::error::{Error, chain};
use crate::held::Held;
use crate::queue::{Claim, Claimed, LEASE, Outcome, Settled};
use crate::settings::Settings;
use crate::workers::Workers;

/// How a worker tries deliveries.
pub(crate) struct Attempts<'a, DB: Database, F> {
    pub(crate) workers: &'a Workers,
    pub(crate) pool: &'a Pool<DB>,
    pub(crate) handler: F,
    pub(crate) held: &'a Held,
}

impl<DB, F, E> Attempts<'_, DB, F>
where
    DB: Database,
    F: AsyncFn(Delivery<DB>) -> Result<(), E>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    pub(crate) async fn run(&self, claimed: Claimed) -> Settled {
        let Workers { queue, settings, company, .. } = self.workers;
        let known = claimed.clone();
        let outcome = if claimed.failures >= i64::from(settings.tries) {
            Outcome::SetAside { cause: "the process ended while the handler ran".into() }
        } else if claimed.is_suspect {
            // A handler that ends the process takes nobody with it, and is the only one
            // to be blamed.
            let _alone = company.write().await;
            match queue.alone(claimed.claim).await {
                Ok(true) => self.handle(claimed).await,
                Ok(false) => Outcome::Lost,
                Err(error) => unavailable(settings, &error),
            }
        } else {
            let _company = company.read().await;
            self.handle(claimed).await
        };
        settled_as(&known, outcome)
    }

    async fn handle(&self, claimed: Claimed) -> Outcome {
        let Workers { queue, settings, .. } = self.workers;
        let revision: Revision = match claimed.revision.parse() {
            Ok(revision) => revision,
            Err(error) => return Outcome::SetAside { cause: chain(&error) },
        };
        let (claim, failures) = (claimed.claim, claimed.failures);
        let shared = Arc::new(Shared {
            pool: self.pool.clone(),
            queue: Arc::clone(queue),
            claimed,
            revision,
            progress: Mutex::new(Progress::Open),
            is_unreadable: AtomicBool::new(false),
        });
        let until = Instant::now().checked_add(settings.time_limit.saturating_add(LEASE));
        self.held.until(claim, until);
        let delivery = Delivery::new(Arc::clone(&shared));
        let running = async { (self.handler)(delivery).await.map_err(Into::into) };
        let ended = timeout(settings.time_limit, AssertUnwindSafe(running).catch_unwind()).await;
        // If the handler was cancelled in it, its `begin` or `commit` comes to its end first.
        let progress = *shared.progress.lock().await;
        let cause = match ended {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(error))) => {
                let error: Box<dyn StdError + Send + Sync> = error;
                Some(chain(&*error))
            }
            Ok(Err(_)) => Some("the handler panicked".to_owned()),
            Err(_) => Some(format!("the handler did not end within {:?}", settings.time_limit)),
        };
        match (progress, cause) {
            (Progress::Committed, _) => Outcome::Applied,
            (Progress::Stale, _) => Outcome::Stale,
            (Progress::Lost, _) => Outcome::Lost,
            (Progress::Open | Progress::Unavailable, None) => note(settings, shared).await,
            (Progress::Unavailable, Some(cause)) => {
                Outcome::Failed { counts: false, pause: settings.first_pause, cause }
            }
            (Progress::Open, Some(cause)) => {
                let failures = failures.saturating_add(1);
                if shared.is_unreadable.load(Ordering::Relaxed)
                    || failures >= i64::from(settings.tries)
                {
                    return Outcome::SetAside { cause };
                }
                Outcome::Failed { counts: true, pause: settings.pause_after(failures), cause }
            }
        }
    }
}

/// Finds those of the deliveries that are settled already: no handler sees them.
pub(crate) async fn look<DB: Database>(
    pool: &Pool<DB>,
    settings: &Settings,
    claimed: Vec<Claimed>,
) -> Vec<(Claimed, Option<Outcome>)> {
    if claimed.is_empty() {
        return Vec::new();
    }
    let keys: Vec<String> = claimed.iter().map(|claimed| claimed.key.clone()).collect();
    let found = DB::look(pool, &keys).await;
    let found = found.as_ref().map(|rows| rows.iter().map(|(key, row)| (&**key, row)).collect());
    let outcome = |claimed: &Claimed| match &found {
        Err(error) => Some(unavailable(settings, error)),
        Ok(rows) => {
            let rows: &HashMap<&str, &Row> = rows;
            let last = *rows.get(&*claimed.key)?;
            let revision = claimed.revision.parse().ok()?;
            let new = Applied { revision, delivery: claimed.id.clone() };
            match decide(Some(last), new) {
                Decision::Apply(_) => None,
                Decision::Stale if last.delivery == claimed.id => Some(Outcome::Applied),
                Decision::Stale => Some(Outcome::Stale),
            }
        }
    };
    claimed
        .into_iter()
        .map(|claimed| {
            let outcome = outcome(&claimed);
            (claimed, outcome)
        })
        .collect()
}

/// Notes that a delivery was applied whose handler needed no transaction.
async fn note<DB: Database>(settings: &Settings, shared: Arc<Shared<DB>>) -> Outcome {
    let delivery = Delivery::new(Arc::clone(&shared));
    let noted = async { delivery.begin().await?.commit().await };
    let noted = noted.await;
    match (*shared.progress.lock().await, noted) {
        (Progress::Committed, _) | (_, Ok(())) => Outcome::Applied,
        (Progress::Stale, _) => Outcome::Stale,
        (Progress::Lost, _) => Outcome::Lost,
        (_, Err(error)) => unavailable(settings, &error),
    }
}

fn unavailable(settings: &Settings, error: &Error) -> Outcome {
    Outcome::Failed { counts: false, pause: settings.first_pause, cause: chain(error) }
}

/// Logs what became of a delivery.
pub(crate) fn settled_as(claimed: &Claimed, outcome: Outcome) -> Settled {
    let claim = claimed.claim;
    log(claimed.envelope.webhook(), claim, &outcome);
    Settled { claim, outcome }
}

fn log(webhook: &str, claim: Claim, outcome: &Outcome) {
    let (number, attempt) = (claim.number, claim.attempt);
    match outcome {
        Outcome::Applied => tracing::debug!(
            target: "order_webhooks", event = "inbox.applied", webhook, number, attempt
        ),
        Outcome::Stale => tracing::debug!(
            target: "order_webhooks", event = "inbox.stale", webhook, number, attempt
        ),
        Outcome::Failed { counts, pause, cause } => tracing::warn!(
            target: "order_webhooks", event = "inbox.failed", webhook, number, attempt, counts,
            pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), cause,
            "a try failed, and the delivery is tried again"
        ),
        Outcome::SetAside { cause } => tracing::error!(
            target: "order_webhooks", event = "inbox.set_aside", webhook, number, attempt, cause,
            "the delivery is set aside: somebody has to look"
        ),
        Outcome::Lost => tracing::warn!(
            target: "order_webhooks", event = "inbox.lost", webhook, number, attempt,
            "another worker has the delivery: this one was paused for too long"
        ),
    }
}
