//! The store in a file, with SQLite, for one server.

mod file;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use order_webhooks::tracking::Key;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use self::file::Database;
use super::{before, envelope, micros};
use crate::inbox::queue::{Queue, Write};
use crate::inbox::{
    Apply, Delivery, Later, Outcome, Rules, SetAside, Settled, Store, StoreError, Thing, Waiting,
    settle,
};

/// `slot` is the revision, so that no delivery is kept twice; one that cannot be
/// told from others gives the slot up once it is settled, for it may happen
/// again. `due` is when a worker may take it. Times are microseconds since 1970.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS inbox_deliveries (
        seq         INTEGER PRIMARY KEY AUTOINCREMENT,
        webhook     TEXT NOT NULL,
        key         TEXT NOT NULL,
        revision    TEXT NOT NULL,
        slot        TEXT NOT NULL,
        body        BLOB NOT NULL,
        verified_at INTEGER NOT NULL,
        outcome     TEXT NOT NULL DEFAULT 'waiting',
        cause       TEXT,
        tries       INTEGER NOT NULL DEFAULT 0,
        due         INTEGER NOT NULL,
        UNIQUE (key, slot)
    );
    CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox_deliveries (due, seq)
        WHERE outcome = 'waiting';
    CREATE INDEX IF NOT EXISTS inbox_aside ON inbox_deliveries (seq) WHERE outcome = 'aside';
    CREATE TABLE IF NOT EXISTS inbox_things (
        key      TEXT PRIMARY KEY,
        revision TEXT NOT NULL,
        state    TEXT NOT NULL,
        seq      INTEGER NOT NULL,
        ordered  INTEGER NOT NULL
    ) WITHOUT ROWID;";

const KEEP: &str = "
    INSERT INTO inbox_deliveries (webhook, key, revision, slot, body, verified_at, due)
    VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6) ON CONFLICT (key, slot) DO NOTHING";

/// One that cannot be told and waits already goes to the end of the queue: what
/// it says is what was said last.
const KEEP_LAST: &str = "
    INSERT OR REPLACE INTO inbox_deliveries (webhook, key, revision, slot, body, verified_at, due)
    VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)";

const WAITING: &str = "
    SELECT seq, webhook, key, revision, body, verified_at, tries FROM inbox_deliveries
    WHERE outcome = 'waiting' AND due <= ?1 ORDER BY due, seq LIMIT ?2";

const THING: &str = "SELECT revision, state, seq, ordered FROM inbox_things WHERE key = ?1";

const APPLY: &str = "
    INSERT INTO inbox_things (key, revision, state, seq, ordered) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (key) DO UPDATE SET revision = ?2, state = ?3, seq = ?4, ordered = ?5";

const SETTLE: &str = "
    UPDATE inbox_deliveries SET outcome = ?2, cause = ?3,
    slot = CASE WHEN ?4 THEN slot ELSE slot || '#' || seq END WHERE seq = ?1";

const AGAIN: &str = "
    UPDATE inbox_deliveries SET tries = tries + 1, cause = ?2, due = ?3 WHERE seq = ?1";

/// The oldest came first, so nothing is to be forgotten after a thousand that are new.
const OLDEST: &str = "
    SELECT max(seq), min(verified_at) FROM (
        SELECT seq, verified_at FROM inbox_deliveries WHERE seq > ?1 ORDER BY seq LIMIT 1000)";

const FORGET: &str = "
    DELETE FROM inbox_deliveries WHERE seq > ?1 AND seq <= ?2
    AND verified_at < ?3 AND outcome IN ('applied', 'stale')";

pub(crate) struct Sqlite {
    queue: Queue,
    /// Whoever has it has the turn. SQLite would let others wait by sleeping, and
    /// not in the order in which they came.
    database: Arc<Mutex<Database>>,
    rules: Rules,
}

impl Sqlite {
    pub(crate) fn open(path: &str, rules: Rules) -> Result<Self, StoreError> {
        let database = Arc::new(Mutex::new(Database::open(path, SCHEMA)?));
        let queue = Queue::new(Writer(Arc::clone(&database)), &rules);
        Ok(Self { queue, database, rules })
    }

    /// Does something with the worker's connection, on a thread that may wait.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut database = Arc::clone(&self.database).lock_owned().await;
        spawn_blocking(move || Ok(work(&mut database.connections()?.working)?)).await?
    }

    /// The same, in a transaction.
    async fn writing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.with(|connection| {
            let transaction = begin(connection)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
        .await
    }
}

impl Store for Sqlite {
    fn keep(&self, delivery: Delivery) -> Later<'_, ()> {
        Box::pin(self.queue.keep(delivery))
    }

    fn work<'a>(&'a self, apply: &'a Apply) -> Later<'a, usize> {
        let (apply, rules) = (Arc::clone(apply), self.rules.clone());
        Box::pin(self.writing(move |transaction| work(transaction, &apply, &rules)))
    }

    fn state<'a>(&'a self, key: &'a Key) -> Later<'a, Option<String>> {
        let key = key.to_string();
        Box::pin(self.with(move |connection| Ok(thing(connection, &key)?.map(|thing| thing.state))))
    }

    fn waiting(&self) -> Later<'_, u64> {
        let count = "SELECT count(*) FROM inbox_deliveries WHERE outcome = 'waiting'";
        Box::pin(self.with(|connection| {
            connection.query_row(count, [], |row| row.get::<_, u32>(0)).map(u64::from)
        }))
    }

    fn set_aside(&self) -> Later<'_, Vec<SetAside>> {
        let aside = "SELECT key, cause FROM inbox_deliveries WHERE outcome = 'aside' ORDER BY seq";
        Box::pin(self.with(|connection| {
            let mut aside = connection.prepare(aside)?;
            let rows =
                aside.query_map([], |row| Ok(SetAside { key: row.get(0)?, cause: row.get(1)? }));
            rows?.collect()
        }))
    }

    fn forget(&self, age: Duration) -> Later<'_, u64> {
        Box::pin(async move {
            let before = before(age);
            let (mut forgotten, mut after) = (0_u64, 0_i64);
            // Some at a time, so that nobody waits long for a turn.
            while let Some((some, last)) =
                self.writing(move |transaction| forget(transaction, after, before)).await?
            {
                forgotten = forgotten.saturating_add(some as u64);
                after = last;
            }
            Ok(forgotten)
        })
    }
}

struct Writer(Arc<Mutex<Database>>);

impl Write for Writer {
    async fn write(&mut self, batch: Arc<Vec<Delivery>>) -> Result<(), StoreError> {
        let mut database = Arc::clone(&self.0).lock_owned().await;
        spawn_blocking(move || write(&mut database, &batch)).await?
    }
}

fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn write(database: &mut Database, batch: &[Delivery]) -> Result<(), StoreError> {
    let transaction = begin(&mut database.connections()?.keeping)?;
    let now = micros(OffsetDateTime::now_utc());
    for Delivery { envelope, key, revision } in batch {
        let keep = if revision.can_be_ordered() { KEEP } else { KEEP_LAST };
        transaction.prepare_cached(keep)?.execute(params![
            envelope.webhook(),
            key.as_str(),
            revision.to_string(),
            &**envelope.body(),
            micros(envelope.verified_at()),
            now,
        ])?;
    }
    transaction.commit()?;
    // A file that is removed while it is open takes every commit and keeps none.
    if database.is_here() { Ok(()) } else { Err("the database file was removed".into()) }
}

/// Settles a batch in one transaction: a crash before its end is as if nothing
/// had been done. What is applied to tables of your own belongs into it, too.
fn work(transaction: &Transaction<'_>, apply: &Apply, rules: &Rules) -> rusqlite::Result<usize> {
    let now = micros(OffsetDateTime::now_utc());
    let mut batch = waiting(transaction, now, rules.batch)?;
    let mut things = HashMap::new();
    for Waiting { key, .. } in &batch {
        if let Some(thing) = thing(transaction, key)? {
            things.insert(key.clone(), thing);
        }
    }
    let before = things.clone();
    for settled in settle(&mut batch, &mut things, apply, rules) {
        record(transaction, &settled, now)?;
    }
    for (key, thing) in things.iter().filter(|(key, thing)| before.get(*key) != Some(*thing)) {
        let Thing { revision, state, seq, ordered } = thing;
        let values = params![key, revision.to_string(), state, seq, ordered];
        transaction.prepare_cached(APPLY)?.execute(values)?;
    }
    Ok(batch.len())
}

/// How many of the next thousand are forgotten, and the last of them; nothing if none
/// of them is old.
fn forget(
    transaction: &Transaction<'_>,
    after: i64,
    before: i64,
) -> rusqlite::Result<Option<(usize, i64)>> {
    let oldest = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let (last, oldest): (Option<i64>, Option<i64>) =
        transaction.query_row(OLDEST, [after], oldest)?;
    let Some(last) = last.filter(|_| oldest.is_some_and(|oldest| oldest < before)) else {
        return Ok(None);
    };
    Ok(Some((transaction.execute(FORGET, [after, last, before])?, last)))
}

fn record(transaction: &Transaction<'_>, settled: &Settled, now: i64) -> rusqlite::Result<()> {
    let Settled { seq, outcome, keeps_slot } = settled;
    if let Outcome::Again(pause, cause) = outcome {
        let pause = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
        let again = params![seq, cause, now.saturating_add(pause)];
        transaction.prepare_cached(AGAIN)?.execute(again)?;
    } else {
        let done = params![seq, outcome.as_str(), outcome.cause(), keeps_slot];
        transaction.prepare_cached(SETTLE)?.execute(done)?;
    }
    Ok(())
}

fn waiting(connection: &Connection, now: i64, limit: u16) -> rusqlite::Result<Vec<Waiting>> {
    let mut waiting = connection.prepare_cached(WAITING)?;
    let rows = waiting.query_map(params![now, limit], |row| {
        Ok(Waiting {
            seq: row.get(0)?,
            tries: row.get(6)?,
            key: row.get(2)?,
            revision: row.get(3)?,
            envelope: envelope(&row.get::<_, String>(1)?, row.get(4)?, row.get(5)?),
        })
    });
    rows?.collect()
}

fn thing(connection: &Connection, key: &str) -> rusqlite::Result<Option<Thing>> {
    let mut thing = connection.prepare_cached(THING)?;
    let row = thing.query_row([key], |row| {
        let revision: String = row.get(0)?;
        let (state, seq, ordered) = (row.get(1)?, row.get(2)?, row.get(3)?);
        // One that cannot be read is not known: the next delivery replaces it.
        Ok(revision.parse().ok().map(|revision| Thing { revision, state, seq, ordered }))
    });
    Ok(row.optional()?.flatten())
}
