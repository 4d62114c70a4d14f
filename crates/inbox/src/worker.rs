//! Takes what is due, has it worked on, and settles it.

use std::error::Error as StdError;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use sqlx::Pool;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use crate::applied::Database;
use crate::attempt::{Attempts, look, settled_as};
use crate::delivery::Delivery;
use crate::error::{Error, chain};
use crate::held::Held;
use crate::queue::{Claimed, Outcome, Settled, Step};
use crate::workers::Workers;

/// How soon a worker sees what another process has kept, or what is due again.
const POLL: Duration = Duration::from_millis(500);

/// For how long a worker leaves the queue to receivers after a step, at most.
const TURN: Duration = Duration::from_millis(10);

/// A worker that has enough to do puts some of what is kept in order this often, so that a
/// thing need not wait for all versions of others.
const SORT: Duration = Duration::from_secs(1);

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
    // It is the receivers' turn until then.
    let mut turn = Instant::now();
    // When what was kept was last put in order, and whether the last step left room for more.
    let (mut sorted, mut had_room) = (turn, true);

    loop {
        let is_stopping = *stopping.borrow();
        if is_stopping && running.is_empty() && done.is_empty() && step.is_none() {
            return Ok(());
        }
        let room = workers.settings.at_once.saturating_sub(running.len());
        let most = if is_stopping { 0 } else { room };
        let is_wanted = step.is_none() && (!done.is_empty() || (look && most > 0));
        let has_turn = turn <= Instant::now();
        if is_wanted && has_turn {
            let settled = std::mem::take(&mut done);
            let sorts = most > 0 && (had_room || sorted.elapsed() >= SORT);
            if sorts {
                sorted = Instant::now();
            }
            let taken = take_step(Arc::clone(&workers), pool.clone(), settled, most, sorts);
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
                let Stepped { settled, most, taken, is_more, took } =
                    stepped.map_err(|_| Error::Closed)?;
                look |= is_more;
                let Ok(taken) = taken else {
                    done.extend(settled);
                    continue;
                };
                held.release(&settled);
                had_room = taken.len() < most;
                let stale = taken.iter().filter(|(_, outcome)| outcome.is_some()).count();
                let pause = turn_of_receivers(took, stale, taken.len());
                turn = Instant::now().checked_add(pause).unwrap_or(turn);
                for (claimed, outcome) in taken {
                    held.take(claimed.claim);
                    match outcome {
                        Some(outcome) => done.push(settled_as(&claimed, outcome)),
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
            () = sleep_until(turn), if is_wanted && !has_turn => {}
            () = workers.wake.notified(), if !look => look = true,
            () = sleep(POLL), if !look && !has_step => look = true,
            _ = stopping.changed(), if !is_stopping => {}
        }
    }
}

/// A step writes, and receivers wait for it, so it is their turn for four times as long as it
/// took. What ends meanwhile is settled together. Mostly stale deliveries keep no handler busy,
/// and a backlog of them need not wait.
fn turn_of_receivers(took: Duration, stale: usize, taken: usize) -> Duration {
    if stale > taken / 2 { Duration::ZERO } else { took.saturating_mul(4).min(TURN) }
}

/// What a transaction of the queue gave.
struct Stepped {
    settled: Vec<Settled>,
    most: usize,
    taken: Result<Vec<(Claimed, Option<Outcome>)>, Error>,
    is_more: bool,
    took: Duration,
}

/// Settles what is done, takes at most this many, and looks which of them were applied
/// already. In a task, so that a worker that is dropped leaves no transaction open.
async fn take_step<DB: Database>(
    workers: Arc<Workers>,
    pool: Pool<DB>,
    settled: Vec<Settled>,
    most: usize,
    sorts: bool,
) -> Stepped {
    let begun = std::time::Instant::now();
    let step = workers.queue.step(&settled, most, sorts).await;
    let took = begun.elapsed();
    let (taken, is_more) = match step {
        Ok(Step { claimed, is_more }) => {
            (Ok(look(&pool, &workers.settings, claimed).await), is_more)
        }
        Err(error) => {
            tracing::error!(
                target: "order_webhooks", event = "inbox.store_failed", error = chain(&error),
                "the worker cannot reach its queue, and tries again"
            );
            sleep(AFTER_FAILURE).await;
            (Err(error), true)
        }
    };
    Stepped { settled, most, taken, is_more, took }
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(all(test, feature = "sqlite"))]
#[allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use order_webhooks::envelope::Envelope;
    use order_webhooks::tracking::{Key, Revision};
    use sqlx::sqlite::SqlitePool;
    use time::OffsetDateTime;
    use tokio::task::spawn_blocking;
    use tokio::time::advance;

    use super::turn_of_receivers;
    use crate::{Inbox, Settings, clock};

    /// Lets the time go by, and the worker do what is due then. SQLite runs in a thread, and
    /// in the time of the real world.
    async fn pass(time: Duration, queue: &SqlitePool) {
        clock::AHEAD.fetch_add(clock::microseconds(time), Ordering::Relaxed);
        advance(time).await;
        let busy = "SELECT count(*) FROM order_webhooks_delivery
            WHERE state IN ('new', 'waiting') AND (running > 0 OR attempt = 0)";
        loop {
            spawn_blocking(|| std::thread::sleep(Duration::from_millis(2))).await.unwrap();
            advance(Duration::from_millis(2)).await;
            if sqlx::query_scalar::<_, i64>(busy).fetch_one(queue).await.unwrap() == 0 {
                return;
            }
        }
    }

    #[test]
    fn receivers_have_their_turn() {
        let milliseconds = Duration::from_millis;
        for (took, stale, taken, turn) in
            [(1, 0, 0, 4), (1, 0, 16, 4), (1, 8, 16, 4), (1, 9, 16, 0), (1, 1, 1, 0), (3, 0, 1, 10)]
        {
            let found = turn_of_receivers(milliseconds(took), stale, taken);
            assert_eq!(found, milliseconds(turn), "{took} ms, {stale} of {taken}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_day_goes_by() {
        // The time stands still while something blocks, and so does this until the end.
        let (end, until) = std::sync::mpsc::channel::<()>();
        let stands_still = spawn_blocking(move || until.recv());

        let folder = tempfile::tempdir().unwrap();
        let file = |name| format!("sqlite:{}?mode=rwc", folder.path().join(name).display());
        let settings = Settings { tries: 12, ..Settings::default() };
        let inbox = Inbox::open_with(&file("inbox.db"), settings).await.unwrap();
        let queue = SqlitePool::connect(&file("inbox.db")).await.unwrap();
        let shop = SqlitePool::connect(&file("shop.db")).await.unwrap();
        let keep = async |thing: String| {
            let envelope = Envelope::new("test.thing", "", OffsetDateTime::UNIX_EPOCH);
            let key = Key::new("thing", &thing);
            inbox.keep_as(key, Revision::counted(1), envelope).await.unwrap();
        };
        let tries = Mutex::new(BTreeMap::<String, Vec<i64>>::new());
        let work = inbox.work(&shop, async |delivery| {
            let key = delivery.key().to_owned();
            let mut tries = tries.lock().unwrap();
            let tries = tries.entry(key.clone()).or_default();
            tries.push(clock::now());
            match &*key {
                "thing:bad" => Err("never"),
                "thing:late" if tries.len() < 4 => Err("not yet"),
                _ => Ok(()),
            }
        });
        let day = async {
            keep("bad".into()).await;
            keep("late".into()).await;
            for hour in 0..24 {
                keep(format!("hour {hour}")).await;
                // Second by second at first, as long as something fails.
                let seconds = if hour == 0 { 1_400 } else { 2 };
                for _ in 0..seconds {
                    pass(Duration::from_secs(1), &queue).await;
                }
                let status = inbox.status().await.unwrap().remove(0);
                assert_eq!((status.waiting, status.set_aside), (0, 1), "in hour {hour}");
                for _ in 0..60 {
                    pass(Duration::from_mins(1), &queue).await;
                }
            }
        };
        tokio::select! {
            ended = work => panic!("{ended:?}"),
            () = day => {}
        }
        let tries = tries.into_inner().unwrap();
        assert_eq!(tries.len(), 26);
        assert_eq!(tries["thing:late"].len(), 4);
        let pauses: Vec<i64> =
            tries["thing:bad"].windows(2).map(|two| (two[1] - two[0]) / 1_000_000).collect();
        let expected = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300];
        assert_eq!(pauses.len(), expected.len(), "{pauses:?}");
        for (pause, expected) in pauses.iter().zip(expected) {
            let expected = expected * 9 / 10..=expected * 11 / 10 + 15;
            assert!(expected.contains(pause), "{pauses:?}");
        }
        drop(end);
        let _ = stands_still.await;
    }
}
