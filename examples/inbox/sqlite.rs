//! The store in a file, with SQLite.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use order_webhooks::tracking::Key;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::{BATCH, Delivery, Outcome, StoreError, Waiting};

/// `slot` is the revision, so that no delivery is kept twice; one that cannot be
/// told from others gives the slot up once it is settled, for it may happen
/// again.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS inbox_deliveries (
        seq         INTEGER PRIMARY KEY AUTOINCREMENT,
        webhook     TEXT NOT NULL,
        key         TEXT NOT NULL,
        revision    TEXT NOT NULL,
        slot        TEXT NOT NULL,
        body        BLOB NOT NULL,
        received_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')),
        outcome     TEXT NOT NULL DEFAULT 'waiting',
        UNIQUE (key, slot)
    );
    CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox_deliveries (seq) WHERE outcome = 'waiting';
    CREATE TABLE IF NOT EXISTS inbox_things (
        key      TEXT PRIMARY KEY,
        revision TEXT NOT NULL,
        status   TEXT NOT NULL,
        seq      INTEGER NOT NULL
    );";

/// One that cannot be told and waits already goes to the end of the queue: what
/// it says is what was said last.
const KEEP: &str = "
    INSERT INTO inbox_deliveries (webhook, key, revision, slot, body) VALUES (?1, ?2, ?3, ?3, ?4)
    ON CONFLICT (key, slot) DO UPDATE SET seq = (SELECT max(seq) + 1 FROM inbox_deliveries)
    WHERE NOT ?5";

const WAITING: &str = "
    SELECT seq, webhook, key, revision, body FROM inbox_deliveries
    WHERE outcome = 'waiting' ORDER BY seq LIMIT ?1";

const APPLIED: &str = "SELECT revision FROM inbox_things WHERE key = ?1";

const APPLY: &str = "
    INSERT INTO inbox_things (key, revision, status, seq) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (key) DO UPDATE SET revision = ?2, status = ?3, seq = ?4";

const SETTLE: &str = "
    UPDATE inbox_deliveries SET outcome = ?2,
    slot = CASE WHEN ?3 THEN slot ELSE slot || '#' || seq END WHERE seq = ?1";

/// How many deliveries can wait to be written, and how many are written at once.
const QUEUE: usize = 256;

pub(crate) struct Sqlite {
    writer: mpsc::SyncSender<Job>,
    worker: Arc<Mutex<Connection>>,
}

struct Job {
    delivery: Delivery,
    done: oneshot::Sender<Result<(), String>>,
}

impl Sqlite {
    pub(crate) fn open(path: &str) -> Result<Self, StoreError> {
        let connection = connect(path)?;
        connection.execute_batch(SCHEMA)?;
        let worker = Arc::new(Mutex::new(connect(path)?));
        let (writer, jobs) = mpsc::sync_channel(QUEUE);
        thread::Builder::new()
            .name("inbox writer".into())
            .spawn(move || write_all(connection, &jobs))?;
        Ok(Self { writer, worker })
    }

    pub(crate) async fn keep(&self, delivery: Delivery) -> Result<(), StoreError> {
        let (done, written) = oneshot::channel();
        // A full queue is a store that does not keep up: better the delivery
        // comes again than all of them are late.
        self.writer.try_send(Job { delivery, done })?;
        Ok(written.await??)
    }

    pub(crate) async fn work(&self) -> Result<usize, StoreError> {
        let worker = Arc::clone(&self.worker);
        Ok(spawn_blocking(move || settle(&mut lock(&worker))).await??)
    }

    pub(crate) fn state(&self, key: &Key) -> Result<Option<String>, StoreError> {
        let worker = lock(&self.worker);
        let mut state = worker.prepare_cached("SELECT status FROM inbox_things WHERE key = ?1")?;
        Ok(state.query_row([key.as_str()], |row| row.get(0)).optional()?)
    }
}

/// A connection whose commits are on the disk when they return.
fn connect(path: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(2))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// A transaction of a thread that panicked was rolled back when it was dropped.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes all that waits in one transaction: the disk is what takes time, and it
/// takes it once.
fn write_all(mut connection: Connection, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let jobs: Vec<Job> = [first].into_iter().chain(jobs.try_iter().take(QUEUE)).collect();
        let written = write(&mut connection, &jobs).map_err(|error| error.to_string());
        for job in jobs {
            // Nobody waits for it any more if its time is over.
            let _ = job.done.send(written.clone());
        }
    }
}

fn write(connection: &mut Connection, jobs: &[Job]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for Job { delivery, .. } in jobs {
        transaction.prepare_cached(KEEP)?.execute(params![
            delivery.webhook,
            delivery.key.as_str(),
            delivery.revision.to_string(),
            delivery.body,
            delivery.revision.can_be_ordered(),
        ])?;
    }
    transaction.commit()
}

/// Settles a batch in one transaction: a crash before its end is as if nothing
/// had been done. What is applied to tables of your own belongs into it, too.
fn settle(connection: &mut Connection) -> rusqlite::Result<usize> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let batch = transaction
        .prepare_cached(WAITING)?
        .query_map([BATCH], |row| {
            Ok(Waiting {
                seq: row.get(0)?,
                webhook: row.get(1)?,
                key: row.get(2)?,
                revision: row.get(3)?,
                body: row.get(4)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for waiting in &batch {
        let applied: Option<String> = transaction
            .prepare_cached(APPLIED)?
            .query_row([&waiting.key], |row| row.get(0))
            .optional()?;
        let outcome = Outcome::of(waiting, applied.as_deref());
        if let Outcome::Applied(status) = &outcome {
            let values = params![waiting.key, waiting.revision, status, waiting.seq];
            transaction.prepare_cached(APPLY)?.execute(values)?;
        }
        let settled = params![waiting.seq, outcome.as_str(), waiting.can_be_ordered()];
        transaction.prepare_cached(SETTLE)?.execute(settled)?;
    }
    transaction.commit()?;
    Ok(batch.len())
}
