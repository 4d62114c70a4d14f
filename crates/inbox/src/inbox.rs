//! The inbox: opening, keeping, working, operating.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use order_webhooks::envelope::Envelope;
use order_webhooks::tracking::{Key, Revision};
use order_webhooks::webhook::Verified;
use order_webhooks::{Webhook, tracking::Tracked};
use sqlx::Pool;
use time::OffsetDateTime;

use crate::applied::Database;
use crate::delivery::Delivery;
use crate::error::{Error, chain};
use crate::keep::Keeping;
use crate::operate::{Finding, SetAside, WebhookStatus};
use crate::queue::{New, Queue};
use crate::settings::Settings;
use crate::worker;
use crate::workers::Workers;

/// Deliveries that are kept, and worked on later. It is cheap to clone.
///
/// The [crate](crate) has an example.
#[derive(Clone)]
pub struct Inbox {
    keeping: Keeping,
    workers: Arc<Workers>,
}

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

    /// A stream of NATS JetStream on three nodes, with the queue's tables in PostgreSQL.
    /// It creates the stream and its consumer, if they are not there.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use order_webhooks_inbox::async_nats::ConnectOptions;
    /// use order_webhooks_inbox::{Inbox, JetStream, Settings};
    ///
    /// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
    /// // A node that hangs is left after two pings that it did not answer.
    /// let options = ConnectOptions::new().ping_interval(Duration::from_secs(2));
    /// let nats = options.connect(vec!["nats://n1:4222", "nats://n2:4222", "nats://n3:4222"]).await?;
    /// let tables = "postgres://inbox@db/shop".parse()?;
    /// let inbox = Inbox::jetstream(JetStream::new(nats, tables), Settings::default()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Deliveries are kept while PostgreSQL is away. The nodes need `sync_interval: always`
    /// in their `jetstream` block, and no client can see whether they have it. Workers move
    /// what is kept to PostgreSQL; what is being moved may be counted twice by
    /// [`status`](Self::status).
    ///
    /// # Errors
    ///
    /// [`Error::JetStream`] if the stream is not there and cannot be created, such as one of
    /// three replicas on one node. [`Error::Durability`] for a stream with fewer replicas,
    /// or one that drops old messages.
    #[cfg(feature = "jetstream")]
    pub async fn jetstream(
        stream: crate::queue::jetstream::JetStream,
        settings: Settings,
    ) -> Result<Self, Error> {
        let open = crate::queue::jetstream::Jetstream::open;
        let queue = open(stream, settings.longest_pause).await?;
        Ok(Self::over(Arc::new(queue), settings))
    }

    fn over(queue: Arc<dyn Queue>, settings: Settings) -> Self {
        let workers = Arc::new(Workers::new(Arc::clone(&queue), settings));
        let (wake, patience) = (Arc::clone(&workers.wake), workers.settings.patience);
        // Nobody waits for that.
        let checked = Arc::clone(&queue);
        tokio::spawn(async move { report(checked.check().await) });
        Self { keeping: Keeping::start(queue, wake, patience), workers }
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
        self.put(New::of(key, revision, Envelope::of(delivery, OffsetDateTime::now_utc())))
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
        self.keeping.keep(new).await
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
        if let (Some(queue), Some(own)) = (self.workers.queue.file(), DB::file(pool))
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
        report(DB::check(pool, self.workers.settings.time_limit).await);
        worker::work(Arc::clone(&self.workers), pool, handler).await
    }

    /// Lets the workers of this process finish what they have, and take nothing new.
    /// Then their [`work`](Self::work) returns.
    pub fn stop(&self) {
        self.workers.stop.send_replace(true);
    }

    /// What waits and what is set aside, by webhook.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn status(&self) -> Result<Vec<WebhookStatus>, Error> {
        self.workers.queue.status().await
    }

    /// At most this many of the deliveries that were set aside, those with the smallest
    /// numbers above `after` first.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn set_aside(&self, after: i64, most: u32) -> Result<Vec<SetAside>, Error> {
        self.workers.queue.set_aside(after, most).await
    }

    /// Has deliveries that were set aside tried again, with all their tries, and says how
    /// many there were.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn try_again(&self, numbers: &[i64]) -> Result<u64, Error> {
        let count = self.workers.queue.try_again(numbers).await?;
        self.workers.wake.notify_one();
        Ok(count)
    }

    /// Deletes deliveries that were set aside, and says how many there were.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn drop_set_aside(&self, numbers: &[i64]) -> Result<u64, Error> {
        self.workers.queue.drop_set_aside(numbers).await
    }

    /// Deletes what was settled longer than [`retention`](Settings::retention) ago. A
    /// worker does it once an hour.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn prune(&self) -> Result<u64, Error> {
        self.workers.prune().await
    }

    /// What is wrong with the database of the queue. [`open`](Self::open) logs it.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn check(&self) -> Result<Vec<Finding>, Error> {
        self.workers.queue.check().await
    }

    /// What is wrong with the database of your tables, for handlers that take as long as
    /// they may. [`work`](Self::work) logs it.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn check_pool<DB: Database>(&self, pool: &Pool<DB>) -> Result<Vec<Finding>, Error> {
        DB::check(pool, self.workers.settings.time_limit).await
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("settings", &self.workers.settings).finish_non_exhaustive()
    }
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
