//! The inbox: opening, keeping, working, operating.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use order_webhooks::envelope::Envelope;
use order_webhooks::tracking::{Key, Revision};
use order_webhooks::webhook::Verified;
use order_webhooks::{Tracked, Webhook};
use sqlx::Pool;
use time::OffsetDateTime;
use tokio::sync::{Notify, RwLock, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout_at};

use crate::applied::Database;
use crate::delivery::Delivery;
use crate::error::{Error, chain};
use crate::operate::{Finding, SetAside, WebhookStatus};
use crate::queue::{self, New, Queue};
use crate::worker;

/// How the inbox behaves. Take the default and change fields of it.
///
/// ```
/// use std::time::Duration;
///
/// let mut settings = order_webhooks_inbox::Settings::default();
/// settings.time_limit = Duration::from_secs(10);
/// settings.tries = 5;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// How long a delivery has to be kept, before its sender is told that it is not: 4 s.
    pub patience: Duration,
    /// How many handlers run at once in each call of [`Inbox::work`]: 16.
    pub at_once: usize,
    /// How long a handler may take: 60 s.
    pub time_limit: Duration,
    /// How many tries a delivery has before it is set aside: 10.
    pub tries: u32,
    /// The pause after the first failed try: 1 s. Each one is twice as long as the one
    /// before.
    pub first_pause: Duration,
    /// The longest pause between two tries: 5 minutes.
    pub longest_pause: Duration,
    /// How long settled deliveries stay in the queue: 7 days. What was applied stays
    /// known for ever.
    pub retention: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(4),
            at_once: 16,
            time_limit: Duration::from_mins(1),
            tries: 10,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(5),
            retention: Duration::from_hours(7 * 24),
        }
    }
}

impl Settings {
    /// The pause after so many failures, a tenth longer or shorter, so that deliveries
    /// that failed together do not come back together.
    pub(crate) fn pause_after(&self, failures: i64) -> Duration {
        let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or_default().min(30);
        let pause = self.first_pause.saturating_mul(1 << doublings).min(self.longest_pause);
        pause.mul_f64(fastrand::f64().mul_add(0.2, 0.9))
    }
}

/// Deliveries that are kept, and worked on later. It is cheap to clone.
///
/// The [crate](crate) has an example.
#[derive(Clone)]
pub struct Inbox(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) settings: Settings,
    keeps: mpsc::Sender<Waiting>,
    pub(crate) wake: Arc<Notify>,
    pub(crate) stop: watch::Sender<bool>,
    /// Handlers run together; one that may end the process runs alone.
    pub(crate) company: RwLock<()>,
}

/// How many deliveries wait to be kept. More wait outside, unread.
const PLACES: usize = 1024;

/// How many rows one statement writes.
const GROUP: usize = 64;

impl Inbox {
    /// Opens the inbox at `sqlite:path/to/inbox.db` or `postgres://user@host/database`,
    /// and creates its tables.
    ///
    /// An SQLite file is for the inbox alone; your tables are in another one, or in
    /// another database. In PostgreSQL they can be in the same one.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] for `"inbox.db"`, [`Error::Durability`] for `"sqlite::memory:"`,
    /// [`Error::Database`] if the file cannot be created or the server not reached.
    pub async fn open(address: &str) -> Result<Self, Error> {
        Self::open_with(address, Settings::default()).await
    }

    /// [`open`](Self::open) with other settings.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres")),
        allow(unused_variables, clippy::unused_async, reason = "there is no store")
    )]
    pub async fn open_with(address: &str, settings: Settings) -> Result<Self, Error> {
        match address.split_once(':') {
            #[cfg(feature = "sqlite")]
            Some(("sqlite", _)) => Self::sqlite(address.parse()?, settings).await,
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => {
                Self::postgres(address.parse()?, settings).await
            }
            _ => {
                // What comes after the scheme can hold a password.
                let scheme = address.split(':').next().unwrap_or_default();
                Err(Error::Address(scheme.into()))
            }
        }
    }

    /// An SQLite file with options of your own, such as another `page_size`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`Error::Durability`] for options such as
    /// `synchronous(SqliteSynchronous::Normal)`.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite(
        options: sqlx::sqlite::SqliteConnectOptions,
        settings: Settings,
    ) -> Result<Self, Error> {
        let queue = crate::queue::sqlite::Sqlite::open(options, settings.longest_pause).await?;
        Ok(Self::over(Arc::new(queue), settings))
    }

    /// A PostgreSQL database with options of your own. Behind `PgBouncer` no other options
    /// are needed.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    #[cfg(feature = "postgres")]
    pub async fn postgres(
        options: sqlx::postgres::PgConnectOptions,
        settings: Settings,
    ) -> Result<Self, Error> {
        let queue = crate::queue::postgres::Postgres::open(options, settings.longest_pause).await?;
        Ok(Self::over(Arc::new(queue), settings))
    }

    fn over(queue: Arc<dyn Queue>, settings: Settings) -> Self {
        let (keeps, waiting) = mpsc::channel(PLACES);
        let wake = Arc::new(Notify::new());
        let patience = settings.patience;
        tokio::spawn(keep_in_groups(Arc::clone(&queue), waiting, Arc::clone(&wake), patience));
        let stop = watch::Sender::new(false);
        let company = RwLock::new(());
        // A large file takes seconds to look through, and nobody waits for that.
        let checked = Arc::clone(&queue);
        tokio::spawn(async move { report(checked.check().await) });
        Self(Arc::new(Inner { queue, settings, keeps, wake, stop, company }))
    }

    /// Keeps a verified delivery. Answer its sender when this returns.
    ///
    /// # Errors
    ///
    /// [`Error::NotKept`] if the delivery is not on the disk within
    /// [`patience`](Settings::patience). It may be kept later all the same; if the sender
    /// sends it again, that is harmless.
    pub fn keep<'a, W, B>(
        &'a self,
        delivery: &Verified<W, B>,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<'a, W, B>
    where
        W: Webhook<Event: Tracked>,
        B: Clone + Into<Bytes>,
    {
        let (key, revision) = (delivery.key(), delivery.revision());
        self.put(New::of(key, revision, Envelope::of(delivery, now())))
    }

    /// Keeps an envelope: the answer of a provider's API, a delivery from another queue,
    /// or one without a schema. Deliveries of one key are worked on one after the other.
    ///
    /// # Errors
    ///
    /// As [`keep`](Self::keep).
    pub async fn keep_as(
        &self,
        key: Key,
        revision: Revision,
        envelope: Envelope,
    ) -> Result<(), Error> {
        self.put(New::of(key, revision, envelope)).await
    }

    pub(crate) async fn put(&self, new: New) -> Result<(), Error> {
        let patience = self.0.settings.patience;
        let deadline = Instant::now().checked_add(patience).unwrap_or_else(Instant::now);
        let webhook = new.envelope.webhook().to_owned();
        let (tell, told) = oneshot::channel();
        let waiting = Waiting { new, deadline, tell };
        let kept = async {
            let sent = timeout_at(deadline, self.0.keeps.send(waiting)).await;
            sent.map_err(|_| None)?.map_err(|_| Some(Error::Closed))?;
            told.await.map_err(|_| Some(Error::Closed))?
        };
        let kept = kept.await.map_err(|last| Error::NotKept { patience, last: last.map(Box::new) });
        match &kept {
            Ok(()) => tracing::debug!(target: "order_webhooks", event = "inbox.kept", webhook),
            Err(error) => tracing::error!(
                target: "order_webhooks", event = "inbox.not_kept", webhook, error = chain(error),
                "a delivery is not kept: unless its sender sends it again, it is lost"
            ),
        }
        kept
    }

    /// Works on what is kept until [`stop`](Self::stop) is called, with what is applied
    /// in your database. Call it in one process or in several, next to the receiver or
    /// without one.
    ///
    /// The handler is an async function or closure. It fails with any error; then the
    /// delivery is tried again later, and set aside after
    /// [`tries`](Settings::tries). A panic is a failure, too, and so is a handler that is
    /// not done within the [`time_limit`](Settings::time_limit). All handlers share the
    /// task that calls this: use [`tokio::task::spawn_blocking`] for what blocks.
    ///
    /// # Errors
    ///
    /// [`Error::SameFile`], or [`Error::Database`] if the tables cannot be created.
    /// Later failures of a database are waited out.
    pub async fn work<DB, F, E>(&self, pool: &Pool<DB>, handler: F) -> Result<(), Error>
    where
        DB: Database,
        F: AsyncFn(Delivery<DB>) -> Result<(), E>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        if let (Some(queue), Some(own)) = (self.0.queue.file(), DB::file(pool))
            && let (Ok(queue), Ok(own)) = (queue.canonicalize(), own.canonicalize())
            && queue == own
        {
            return Err(Error::SameFile(own));
        }
        // In a task, so that a caller who is cancelled leaves no transaction open.
        let prepared = {
            let pool = pool.clone();
            tokio::spawn(async move { DB::prepare(&pool).await })
        };
        prepared.await.map_err(|_| Error::Closed)??;
        report(DB::check(pool, self.0.settings.time_limit).await);
        let caretaker = tokio::spawn(worker::take_care(self.clone()));
        let _caretaker = worker::AbortOnDrop(caretaker);
        worker::work(Arc::clone(&self.0), pool, handler).await
    }

    /// Lets the workers of this process finish what they have, and take nothing new.
    /// Then their [`work`](Self::work) returns.
    pub fn stop(&self) {
        self.0.stop.send_replace(true);
    }

    /// What waits and what is set aside, by webhook.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn status(&self) -> Result<Vec<WebhookStatus>, Error> {
        self.0.queue.status().await
    }

    /// At most this many of the deliveries that were set aside, those with the smallest
    /// numbers above `after` first.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn set_aside(&self, after: i64, most: u32) -> Result<Vec<SetAside>, Error> {
        self.0.queue.set_aside(after, most).await
    }

    /// Has deliveries that were set aside tried again, with all their tries, and says how
    /// many there were.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn try_again(&self, numbers: &[i64]) -> Result<u64, Error> {
        let count = self.0.queue.try_again(numbers).await?;
        self.0.wake.notify_one();
        Ok(count)
    }

    /// Deletes deliveries that were set aside, and says how many there were.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn drop_set_aside(&self, numbers: &[i64]) -> Result<u64, Error> {
        self.0.queue.drop_set_aside(numbers).await
    }

    /// Deletes what was settled longer than [`retention`](Settings::retention) ago. A
    /// worker does it once an hour.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn prune(&self) -> Result<u64, Error> {
        let retention = queue::microseconds(self.0.settings.retention);
        let before = queue::now().saturating_sub(retention);
        let mut all = 0_u64;
        loop {
            let deleted = self.0.queue.prune(before).await?;
            all = all.saturating_add(deleted);
            if deleted == 0 {
                return Ok(all);
            }
        }
    }

    /// What is wrong with the database of the queue. [`open`](Self::open) logs it.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn check(&self) -> Result<Vec<Finding>, Error> {
        self.0.queue.check().await
    }

    /// What is wrong with the database of your tables, for handlers that take as long as
    /// they may. [`work`](Self::work) logs it.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn check_pool<DB: Database>(&self, pool: &Pool<DB>) -> Result<Vec<Finding>, Error> {
        DB::check(pool, self.0.settings.time_limit).await
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn report(findings: Result<Vec<Finding>, Error>) {
    match findings {
        Ok(findings) => {
            for finding in findings {
                tracing::warn!(
                    target: "order_webhooks", event = "inbox.check", code = finding.code,
                    "{}", finding.text
                );
            }
        }
        Err(error) => tracing::warn!(
            target: "order_webhooks", event = "inbox.check", code = "failed", error = chain(&error)
        ),
    }
}

/// A delivery on its way to the disk.
struct Waiting {
    new: New,
    deadline: Instant,
    tell: oneshot::Sender<Result<(), Option<Error>>>,
}

/// Writes what waits to be kept, up to [`GROUP`] in one statement. What fails is tried
/// again until its time is over.
async fn keep_in_groups(
    queue: Arc<dyn Queue>,
    mut waiting: mpsc::Receiver<Waiting>,
    wake: Arc<Notify>,
    patience: Duration,
) {
    let mut group: Vec<Waiting> = Vec::new();
    let mut last = None;
    loop {
        let room = GROUP.saturating_sub(group.len());
        if group.is_empty() {
            last = None;
            if waiting.recv_many(&mut group, room).await == 0 {
                return;
            }
        } else if room > 0 {
            while group.len() < GROUP
                && let Ok(more) = waiting.try_recv()
            {
                group.push(more);
            }
        }
        let rows: Arc<[New]> = group.iter().map(|waiting| waiting.new.clone()).collect();
        let earliest = group.iter().map(|waiting| waiting.deadline).min();
        // A connection that hangs does not use up all the time.
        let attempt = Instant::now().checked_add(patience.checked_div(3).unwrap_or(patience));
        let until = earliest.into_iter().chain(attempt).min().unwrap_or_else(Instant::now);
        // In a task, because sqlx can leave a transaction open if its future is dropped.
        let write = {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move { queue.keep(&rows).await })
        };
        match timeout_at(until, write).await {
            Ok(Ok(Ok(()))) => {
                for kept in group.drain(..) {
                    let _ = kept.tell.send(Ok(()));
                }
                wake.notify_waiters();
                wake.notify_one();
                continue;
            }
            Ok(Ok(Err(error))) => last = Some(error),
            Ok(Err(_)) => last = Some(Error::Closed),
            Err(_) => {}
        }
        let now = Instant::now();
        for late in group.extract_if(.., |waiting| waiting.deadline <= now) {
            let _ = late.tell.send(Err(last.clone()));
        }
        if !group.is_empty() {
            sleep(AFTER_FAILURE).await;
        }
    }
}

const AFTER_FAILURE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let settings = Settings::default();
        for (failures, seconds) in
            [(1, 1.0), (2, 2.0), (5, 16.0), (9, 256.0), (10, 300.0), (99, 300.0)]
        {
            let pause = settings.pause_after(failures).as_secs_f64();
            assert!((seconds * 0.9..=seconds * 1.1).contains(&pause), "{failures}: {pause}");
        }
    }
}
