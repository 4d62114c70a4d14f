//! A delivery in the hands of a handler, and the transaction that it is applied in.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use order_webhooks::ParseError;
use order_webhooks::envelope::{Envelope, Event, OpenError};
use order_webhooks::tracking::{Applied, Decision, Revision, decide};
use sqlx::{Pool, Transaction};
use tokio::sync::Mutex;

use crate::applied::{Database, Row};
use crate::error::Error;
use crate::queue::{Claimed, Queue};

/// A delivery that a worker gives to your handler.
///
/// [`begin`](Self::begin) a transaction in your database, change your tables in it, and
/// [`commit`](Tx::commit) it. The commit also notes that the delivery was applied, so
/// either both happen or neither. Call other services before you begin, so that no
/// transaction is open while you wait for them.
///
/// A handler that returns `Ok` without a transaction has no tables to change: the worker
/// notes for it that the delivery was applied.
pub struct Delivery<DB: Database>(Arc<Shared<DB>>);

pub(crate) struct Shared<DB: Database> {
    pub(crate) pool: Pool<DB>,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) claimed: Claimed,
    pub(crate) revision: Revision,
    pub(crate) progress: Mutex<Progress>,
    pub(crate) is_unreadable: AtomicBool,
}

/// How far a handler has come. Whoever begins or commits has the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Open,
    /// The database did not begin a transaction. That is not the delivery's fault.
    Unavailable,
    Stale,
    Lost,
    Committed,
}

impl<DB: Database> Delivery<DB> {
    pub(crate) fn new(shared: Arc<Shared<DB>>) -> Self {
        Self(shared)
    }

    /// The number of the delivery in the inbox.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.0.claimed.claim.number
    }

    /// The key of the thing, such as `"porterbuddy.order:394326"`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0.claimed.key
    }

    /// How new the delivery is.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.0.revision
    }

    /// How many tries of this delivery have failed before.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.0.claimed.failures.try_into().unwrap_or_default()
    }

    /// The webhook's name, the body as it came, and when it was verified.
    #[must_use]
    pub fn envelope(&self) -> &Envelope {
        &self.0.claimed.envelope
    }

    /// Reads the body as what its webhook receives.
    ///
    /// # Errors
    ///
    /// If the body cannot be read, or the webhook is none of `order-webhooks`. If your
    /// handler then fails, the delivery is set aside at once: it would not be
    /// readable the next time.
    pub fn open(&self) -> Result<Event, OpenError> {
        self.noting(self.envelope().open())
    }

    /// Reads the body, with webhooks of your own; see [`Envelope::open_with`].
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with<Own>(
        &self,
        own: impl FnOnce(&str, &[u8]) -> Option<Result<Own, ParseError>>,
    ) -> Result<Event<Own>, OpenError> {
        self.noting(self.envelope().open_with(own))
    }

    fn noting<T>(&self, opened: Result<T, OpenError>) -> Result<T, OpenError> {
        self.0.is_unreadable.store(opened.is_err(), Ordering::Relaxed);
        opened
    }

    /// Begins a transaction in your database. Until it ends, nobody else works on the
    /// same thing.
    ///
    /// In SQLite it is `BEGIN IMMEDIATE`, so it has the whole file for itself.
    ///
    /// # Errors
    ///
    /// [`Error::Stale`] if the delivery must not be applied, [`Error::Lost`] if another
    /// worker has it by now, and [`Error::Database`]. Return them from your handler; the
    /// worker knows what to do. None of them counts as a failure of the delivery.
    pub async fn begin(&self) -> Result<Tx<DB>, Error> {
        // A handler can be cancelled at any `await`, and sqlx 0.9 can leave a connection
        // inside a transaction that way. This task is not cancelled.
        let shared = Arc::clone(&self.0);
        let begun = tokio::spawn(async move {
            let mut progress = shared.progress.lock().await;
            begin(&shared, &mut progress).await
        });
        begun.await.map_err(|_| Error::Closed)?
    }
}

async fn begin<DB: Database>(
    shared: &Arc<Shared<DB>>,
    progress: &mut Progress,
) -> Result<Tx<DB>, Error> {
    *progress = Progress::Unavailable;
    let Claimed { claim, id, key, .. } = &shared.claimed;
    let (transaction, last) = DB::lock(&shared.pool, key).await?;
    // Now that nobody else can begin, this worker's claim is looked at. A worker that
    // was paused before the lock finds that it has lost the delivery.
    let is_current = shared.queue.is_current(*claim).await?;
    let row = Applied { revision: shared.revision, delivery: id.clone() };
    match decide(last.as_ref(), row) {
        Decision::Stale => {
            let is_own = last.is_some_and(|last| last.delivery == *id);
            *progress = if is_own { Progress::Committed } else { Progress::Stale };
            Err(Error::Stale)
        }
        Decision::Apply(_) if !is_current => {
            *progress = Progress::Lost;
            Err(Error::Lost)
        }
        Decision::Apply(row) => {
            *progress = Progress::Open;
            Ok(Tx { transaction, row, shared: Arc::clone(shared) })
        }
    }
}

impl<DB: Database> fmt::Debug for Delivery<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("number", &self.number())
            .field("envelope", self.envelope())
            .finish_non_exhaustive()
    }
}

/// A transaction in your database, in which a delivery is applied.
///
/// It is used like [`sqlx::Transaction`]: `query.execute(&mut *tx)`. If it is dropped, it
/// is rolled back.
#[must_use]
pub struct Tx<DB: Database> {
    transaction: Transaction<'static, DB>,
    row: Row,
    shared: Arc<Shared<DB>>,
}

impl<DB: Database> Tx<DB> {
    /// Commits your changes, and the note that the delivery was applied.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]. The delivery is tried again; if the commit had worked all
    /// the same, it is found stale.
    pub async fn commit(self) -> Result<(), Error> {
        let Self { mut transaction, row, shared } = self;
        // Not cancelled, so that the worker knows what became of it.
        let committed = tokio::spawn(async move {
            let mut progress = shared.progress.lock().await;
            DB::store(&shared.pool, &mut transaction, &shared.claimed.key, &row).await?;
            transaction.commit().await?;
            *progress = Progress::Committed;
            Ok(())
        });
        committed.await.map_err(|_| Error::Closed)?
    }

    /// Rolls your changes back. If the handler then returns `Ok`, there was nothing to
    /// change, and the delivery is settled.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn rollback(self) -> Result<(), Error> {
        let rolled_back = tokio::spawn(self.transaction.rollback());
        Ok(rolled_back.await.map_err(|_| Error::Closed)??)
    }
}

impl<DB: Database> Deref for Tx<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.transaction
    }
}

impl<DB: Database> DerefMut for Tx<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.transaction
    }
}

impl<DB: Database> fmt::Debug for Tx<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("key", &self.shared.claimed.key).finish_non_exhaustive()
    }
}
