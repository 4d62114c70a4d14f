//! Takes what is due, has it worked on, and settles it.

use std::error::Error as StdError;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use sqlx::Pool;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::applied::Database;
use crate::attempt::{Attempts, look, settled_as};
use crate::delivery::Delivery;
use crate::error::{Error, chain};
use crate::held::Held;
use crate::queue::{Claimed, Outcome, Settled};
use crate::workers::Workers;

/// How soon a worker sees what another process has kept, or what is due again.
const POLL: Duration = Duration::from_millis(500);

/// How long a worker waits before it asks a store again that has failed.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

pub(crate) async fn work<DB, F, E>(
    workers: Arc<Workers>,
    pool: &Pool<DB>,
    handler: F,
) -> Result<(), Error>
where
    DB: Database,
    F: AsyncFn(Delivery<DB>) -> Result<(), E>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let held = Held::default();
    let _renewing = AbortOnDrop(tokio::spawn(held.clone().renew(Arc::clone(&workers.queue))));
    let _caretaker = AbortOnDrop(tokio::spawn(Arc::clone(&workers).take_care()));
    let attempts = Attempts { workers: &workers, pool, handler, held: &held };
    let mut stopping = workers.stop.subscribe();
    let mut running = FuturesUnordered::new();
    let mut done: Vec<Settled> = Vec::new();
    let mut step: Option<JoinHandle<Stepped>> = None;
    // Whether something may be due.
    let mut look = true;

    loop {
        let is_stopping = *stopping.borrow();
        if is_stopping && running.is_empty() && done.is_empty() && step.is_none() {
            return Ok(());
        }
        let room = workers.settings.at_once.saturating_sub(running.len());
        let most = if is_stopping { 0 } else { room };
        if step.is_none() && (!done.is_empty() || (look && most > 0)) {
            let settled = std::mem::take(&mut done);
            let taken = take_step(Arc::clone(&workers), pool.clone(), settled, most);
            step = Some(tokio::spawn(taken));
            look = false;
        }
        let has_step = step.is_some();
        let stepped = async {
            match &mut step {
                Some(step) => step.await,
                None => pending().await,
            }
        };
        tokio::select! {
            stepped = stepped => {
                step = None;
                let Stepped { settled, most, taken } = stepped.map_err(|_| Error::Closed)?;
                let Ok(taken) = taken else {
                    done.extend(settled);
                    look = true;
                    continue;
                };
                held.release(&settled);
                look |= most > 0 && taken.len() == most;
                for (claimed, outcome) in taken {
                    held.take(claimed.claim);
                    match outcome {
                        Some(outcome) => done.push(settled_as(claimed, outcome)),
                        None => running.push(attempts.run(claimed)),
                    }
                }
            }
            Some(settled) = running.next() => {
                done.push(settled);
                while let Some(Some(settled)) = running.next().now_or_never() {
                    done.push(settled);
                }
                // There is room for more.
                look = true;
            }
            () = workers.wake.notified(), if !look => look = true,
            () = sleep(POLL), if !look && !has_step => look = true,
            _ = stopping.changed(), if !is_stopping => {}
        }
    }
}

/// What a transaction of the queue gave.
struct Stepped {
    settled: Vec<Settled>,
    most: usize,
    taken: Result<Vec<(Claimed, Option<Outcome>)>, Error>,
}

/// Settles what is done, takes at most this many, and looks which of them were applied
/// already. In a task, so that a worker that is dropped leaves no transaction open.
async fn take_step<DB: Database>(
    workers: Arc<Workers>,
    pool: Pool<DB>,
    settled: Vec<Settled>,
    most: usize,
) -> Stepped {
    let taken = match workers.queue.step(&settled, most).await {
        Ok(claimed) => Ok(look(&pool, &workers.settings, claimed).await),
        Err(error) => {
            tracing::error!(
                target: "order_webhooks", event = "inbox.store_failed", error = chain(&error),
                "the worker cannot reach its queue, and tries again"
            );
            sleep(AFTER_FAILURE).await;
            Err(error)
        }
    };
    Stepped { settled, most, taken }
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
