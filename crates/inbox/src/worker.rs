//! Works on what is kept.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use order_webhooks::tracking::{Applied, Decision, decide};
use sqlx::Pool;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, sleep, timeout};

use crate::applied::Database;
use crate::delivery::{Delivery, Progress, Shared};
use crate::error::{Error, chain};
use crate::inbox::{Inner, Settings};
use crate::queue::{Claim, Claimed, LEASE, Outcome, Queue, Settled};

/// How soon a worker sees what another process has kept, or what is due again.
const POLL: Duration = Duration::from_millis(500);

pub(crate) async fn work<DB, F, E>(
    inner: Arc<Inner>,
    pool: &Pool<DB>,
    handler: F,
) -> Result<(), Error>
where
    DB: Database,
    F: AsyncFn(Delivery<DB>) -> Result<(), E>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let held = Held::default();
    let _renewing = AbortOnDrop(tokio::spawn(held.clone().renew(Arc::clone(&inner.queue))));
    let mut stopping = inner.stop.subscribe();
    let mut running = FuturesUnordered::new();
    let mut done: Vec<Settled> = Vec::new();
    let mut step: Option<JoinHandle<Stepped>> = None;
    // Whether there may be something to do.
    let mut look = true;

    loop {
        let is_stopping = *stopping.borrow();
        let free =
            if is_stopping { 0 } else { inner.settings.at_once.saturating_sub(running.len()) };
        if is_stopping && running.is_empty() && done.is_empty() && step.is_none() {
            return Ok(());
        }
        if step.is_none() && (!done.is_empty() || (look && free > 0)) {
            let (queue, settled) = (Arc::clone(&inner.queue), std::mem::take(&mut done));
            step = Some(tokio::spawn(async move { take_step(&*queue, settled, free).await }));
            look = false;
        }
        let has_step = step.is_some();
        let stepped = async {
            match &mut step {
                Some(step) => step.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            stepped = stepped => {
                step = None;
                let Stepped { claimed, settled, failed, is_full } = stepped.map_err(|_| Error::Closed)?;
                held.release(&settled);
                look |= is_full;
                for claimed in claimed {
                    held.take(claimed.claim);
                    running.push(try_once(&inner, pool, &handler, &held, claimed));
                }
                if let Some(unsettled) = failed {
                    done.extend(unsettled);
                    sleep(AFTER_FAILURE).await;
                    look = true;
                }
            }
            Some(settled) = running.next() => {
                done.push(settled);
                while let Some(Some(settled)) = running.next().now_or_never() {
                    done.push(settled);
                }
                // It made room.
                look = true;
            }
            () = inner.wake.notified(), if !look => look = true,
            () = sleep(POLL), if !look && !has_step => look = true,
            _ = stopping.changed(), if !is_stopping => {}
        }
    }
}

/// How long a worker waits before it asks a database again that has failed.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// What a transaction of the queue gave.
struct Stepped {
    claimed: Vec<Claimed>,
    settled: Vec<Settled>,
    /// What was not settled, if the transaction failed.
    failed: Option<Vec<Settled>>,
    /// Whether there may be more.
    is_full: bool,
}

async fn take_step(queue: &dyn Queue, settled: Vec<Settled>, free: usize) -> Stepped {
    match queue.step(&settled, free).await {
        Ok(claimed) => {
            let is_full = free > 0 && claimed.len() == free;
            Stepped { claimed, settled, failed: None, is_full }
        }
        Err(error) => {
            tracing::error!(
                target: "order_webhooks", event = "inbox.store_failed", error = chain(&error),
                "the worker cannot reach its queue, and tries again"
            );
            Stepped { claimed: vec![], settled: vec![], failed: Some(settled), is_full: false }
        }
    }
}

async fn try_once<DB, F, E>(
    inner: &Inner,
    pool: &Pool<DB>,
    handler: &F,
    held: &Held,
    claimed: Claimed,
) -> Settled
where
    DB: Database,
    F: AsyncFn(Delivery<DB>) -> Result<(), E>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let (claim, key, is_suspect) = (claimed.claim, claimed.key.clone(), claimed.is_suspect);
    let webhook = claimed.envelope.webhook().to_owned();
    let tried = async {
        if claimed.failures >= i64::from(inner.settings.tries) {
            return Outcome::SetAside { cause: "the process ended while the handler ran".into() };
        }
        if is_suspect {
            // A handler that ends the process takes nobody with it, and is the only one
            // to be blamed.
            let _alone = inner.company.write().await;
            match inner.queue.alone(claim).await {
                Ok(true) => handle(inner, pool, handler, held, claimed).await,
                Ok(false) => Outcome::Lost,
                Err(error) => unavailable(&inner.settings, &error),
            }
        } else {
            let _company = inner.company.read().await;
            handle(inner, pool, handler, held, claimed).await
        }
    };
    let outcome = tried.await;
    log(&webhook, claim, &outcome);
    Settled { claim, key, outcome }
}

async fn handle<DB, F, E>(
    inner: &Inner,
    pool: &Pool<DB>,
    handler: &F,
    held: &Held,
    claimed: Claimed,
) -> Outcome
where
    DB: Database,
    F: AsyncFn(Delivery<DB>) -> Result<(), E>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let settings = &inner.settings;
    let revision = match claimed.revision.parse() {
        Ok(revision) => revision,
        Err(error) => return Outcome::SetAside { cause: chain(&error) },
    };
    let (claim, failures) = (claimed.claim, claimed.failures);
    let shared = Arc::new(Shared {
        pool: pool.clone(),
        queue: Arc::clone(&inner.queue),
        claimed,
        revision,
        progress: Arc::new(tokio::sync::Mutex::new(Progress::Open)),
        is_unreadable: AtomicBool::new(false),
    });
    match look(&shared).await {
        Ok(None) => {}
        Ok(Some(settled)) => return settled,
        Err(error) => return unavailable(settings, &error),
    }

    held.until(claim, Instant::now().checked_add(settings.time_limit.saturating_add(LEASE)));
    let delivery = Delivery::new(Arc::clone(&shared));
    let running = AssertUnwindSafe(async { handler(delivery).await.map_err(Into::into) });
    let ended = timeout(settings.time_limit, running.catch_unwind()).await;
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
            if shared.is_unreadable.load(Ordering::Relaxed) || failures >= i64::from(settings.tries)
            {
                return Outcome::SetAside { cause };
            }
            Outcome::Failed { counts: true, pause: settings.pause_after(failures), cause }
        }
    }
}

/// Whether the delivery is settled already, before the handler sees it.
async fn look<DB: Database>(shared: &Arc<Shared<DB>>) -> Result<Option<Outcome>, Error> {
    let row = {
        let shared = Arc::clone(shared);
        tokio::spawn(async move { DB::look(&shared.pool, &shared.claimed.key).await })
    };
    let last = row.await.map_err(|_| Error::Closed)??;
    let new = Applied { revision: shared.revision, delivery: shared.claimed.id.clone() };
    Ok(match decide(last.as_ref(), new) {
        Decision::Apply(_) => None,
        Decision::Stale if last.is_some_and(|last| last.delivery == shared.claimed.id) => {
            Some(Outcome::Applied)
        }
        Decision::Stale => Some(Outcome::Stale),
    })
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

/// What a worker has, and until when it says so to the others. A handler that blocks
/// its thread for ever is given up in the end.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<Claims>>);

type Claims = HashMap<i64, (Claim, Option<Instant>)>;

impl Held {
    fn claims(&self) -> MutexGuard<'_, Claims> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, claim: Claim) {
        self.claims().insert(claim.number, (claim, None));
    }

    fn until(&self, claim: Claim, until: Option<Instant>) {
        self.claims().insert(claim.number, (claim, until));
    }

    fn release(&self, settled: &[Settled]) {
        let mut claims = self.claims();
        for settled in settled {
            if claims.get(&settled.claim.number).is_some_and(|held| held.0 == settled.claim) {
                claims.remove(&settled.claim.number);
            }
        }
    }

    async fn renew(self, queue: Arc<dyn Queue>) {
        let mut ticks = interval(LEASE.checked_div(3).unwrap_or(LEASE));
        loop {
            ticks.tick().await;
            let now = Instant::now();
            let claims: Vec<Claim> = {
                let claims = self.claims();
                let live = claims.values().filter(|(_, until)| until.is_none_or(|end| now < end));
                live.map(|(claim, _)| *claim).collect()
            };
            // A failure is the store's, and the worker's next step tells of it.
            if !claims.is_empty() {
                let _ = queue.renew(&claims).await;
            }
        }
    }
}

pub(crate) struct AbortOnDrop(pub(crate) JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Deletes what is old, and says once a minute what waits.
pub(crate) async fn take_care(inbox: crate::Inbox) {
    let mut minutes = interval(Duration::from_mins(1));
    let mut minute = 0_u32;
    loop {
        minutes.tick().await;
        if minute.is_multiple_of(60)
            && let Err(error) = inbox.prune().await
        {
            tracing::error!(
                target: "order_webhooks", event = "inbox.store_failed", error = chain(&error),
                "old deliveries are not deleted"
            );
        }
        minute = minute.wrapping_add(1);
        for status in inbox.status().await.unwrap_or_default() {
            tracing::info!(
                target: "order_webhooks", event = "inbox.status", webhook = status.webhook,
                waiting = status.waiting, set_aside = status.set_aside,
                oldest_seconds = status.oldest_age().map(|age| age.as_secs()),
            );
        }
    }
}
