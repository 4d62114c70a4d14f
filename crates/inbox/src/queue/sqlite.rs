//! The queue as an SQLite file of its own.
//!
//! One connection of the process writes. Each call to SQLite is a way to its thread and back,
//! which takes longer than most statements do. So what is kept is one `INSERT`, and what is
//! settled together goes there as one list in JSON.
//!
//! What is kept is `new`: it is at the end of the table and of its indexes. The index that
//! a worker takes deliveries from is in the order of things, and a row more or less in it
//! is a page to write. So a worker puts many in order at once, when it has less to do than
//! it could.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, QueryBuilder, SqlitePool};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use super::{
    Answer, Claim, Claimed, ClaimedRow, LEASE, New, Outcome, Queue, SORTED, Settled, Step, latest,
    set_aside,
};
use crate::clock::{microseconds, now};
use crate::error::Error;
use crate::operate::{Finding, SetAside, WebhookStatus};
use crate::schema;

const TABLES: &str = "
CREATE TABLE order_webhooks_delivery (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    webhook TEXT NOT NULL,
    key TEXT NOT NULL,
    revision TEXT NOT NULL,
    rank TEXT NOT NULL,
    body BLOB NOT NULL,
    verified_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'new',
    due INTEGER NOT NULL DEFAULT 0,
    attempt INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    running INTEGER NOT NULL DEFAULT 0,
    cause TEXT,
    settled_at INTEGER
);
CREATE INDEX order_webhooks_new ON order_webhooks_delivery (number)
    WHERE state = 'new';
CREATE INDEX order_webhooks_next ON order_webhooks_delivery (key, due, rank, number)
    WHERE state = 'waiting';
CREATE INDEX order_webhooks_set_aside ON order_webhooks_delivery (number)
    WHERE state = 'set aside';
CREATE INDEX order_webhooks_settled ON order_webhooks_delivery (settled_at)
    WHERE settled_at IS NOT NULL;
CREATE TABLE order_webhooks_thing (
    key TEXT PRIMARY KEY,
    due INTEGER NOT NULL,
    held INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX order_webhooks_due ON order_webhooks_thing (due);
";

/// How long an SQLite file may be locked by other processes that start.
const START: Duration = Duration::from_secs(20);

pub(crate) struct Sqlite {
    writes: mpsc::Sender<Write>,
    readers: Arc<RwLock<SqlitePool>>,
    path: PathBuf,
    longest: Duration,
}

/// Something that is written and committed. Whoever waits for it is told once the file has
/// been looked at.
type Write = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Told> + Send>;
type Told = Box<dyn FnOnce(Result<(), Error>) + Send>;

impl Sqlite {
    pub(crate) async fn open(
        options: SqliteConnectOptions,
        longest: Duration,
    ) -> Result<Self, Error> {
        let options = options.create_if_missing(true);
        let (connection, file) = connect(&options).await?;
        let readers = Arc::new(RwLock::new(reading(&options)));
        let (writes, waiting) = mpsc::channel(64);
        let path = options.get_filename().to_owned();
        let shared = Arc::clone(&readers);
        tokio::spawn(Writer { connection, file, options, readers: shared }.run(waiting));
        Ok(Self { writes, readers, path, longest })
    }

    /// One statement, or several in their own transaction.
    async fn write<T: Send + 'static>(
        &self,
        work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>
        + Send
        + 'static,
    ) -> Result<T, Error> {
        let (tell, told) = oneshot::channel();
        let write: Write = Box::new(move |connection| {
            Box::pin(async move {
                let written = work(connection).await.map_err(Error::from);
                Box::new(move |found: Result<(), Error>| {
                    let _ = tell.send(written.and_then(|value| found.map(|()| value)));
                }) as Told
            })
        });
        self.writes.send(write).await.map_err(|_| Error::Closed)?;
        told.await.map_err(|_| Error::Closed)?
    }

    async fn transaction<T: Send + 'static>(
        &self,
        work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>
        + Send
        + 'static,
    ) -> Result<T, Error> {
        self.write(move |connection| Box::pin(in_transaction(connection, work))).await
    }

    fn reader(&self) -> SqlitePool {
        self.readers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The pragmas are the caller's where they are safe: what was set is read back.
async fn connect(options: &SqliteConnectOptions) -> Result<(SqliteConnection, FileId), Error> {
    let until = Instant::now().checked_add(START).unwrap_or_else(Instant::now);
    loop {
        match connect_once(options).await {
            Err(Error::Database(error)) if is_locked(&error) && Instant::now() < until => {
                sleep(Duration::from_millis(fastrand::u64(5..30))).await;
            }
            other => return other,
        }
    }
}

async fn connect_once(options: &SqliteConnectOptions) -> Result<(SqliteConnection, FileId), Error> {
    let mut connection = options.connect().await?;
    let mut journal = pragma::<String>(&mut connection, "journal_mode").await?;
    if journal != "wal" {
        journal = pragma(&mut connection, "journal_mode = WAL").await?;
    }
    if journal != "wal" {
        return Err(Error::Durability(format!("journal_mode is {journal} and not wal")));
    }
    let synchronous: i64 = pragma(&mut connection, "synchronous").await?;
    if synchronous < FULL {
        return Err(Error::Durability(format!("synchronous is {synchronous} and not FULL")));
    }
    pragma::<i64>(&mut connection, "journal_size_limit = 67108864").await?;
    create(&mut connection).await?;
    pragma::<i64>(&mut connection, "busy_timeout = 0").await?;
    let file = FileId::of(options.get_filename());
    Ok((connection, file))
}

const FULL: i64 = 2;

async fn pragma<T>(connection: &mut SqliteConnection, pragma: &str) -> Result<T, sqlx::Error>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send + Unpin,
{
    sqlx::query_scalar(AssertSqlSafe(format!("PRAGMA {pragma}"))).fetch_one(connection).await
}

async fn create(connection: &mut SqliteConnection) -> Result<(), Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    if schema::of_sqlite(&mut transaction, "queue").await? == 0 {
        sqlx::raw_sql(TABLES).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

fn reading(options: &SqliteConnectOptions) -> SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(2).test_before_acquire(false);
    pool.connect_lazy_with(options.clone().read_only(true))
}

fn is_locked(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let code = code.and_then(|code| code.parse::<u32>().ok()).unwrap_or_default();
    matches!(code & 0xff, 5 | 6)
}

/// Which file has a name now.
#[derive(PartialEq, Eq)]
struct FileId(Option<(u64, u64)>);

impl FileId {
    #[cfg(unix)]
    fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self(fs::metadata(path).ok().map(|file| (file.dev(), file.ino())))
    }

    #[cfg(not(unix))]
    fn of(path: &Path) -> Self {
        Self(fs::metadata(path).ok().map(|_| (0, 0)))
    }
}

/// How long the writers of other processes may have the file. SQLite's own wait sleeps up
/// to 100 ms at a time, and who sleeps longest loses every race, so it is not used here.
struct Patience {
    until: Instant,
}

impl Default for Patience {
    fn default() -> Self {
        let now = Instant::now();
        Self { until: now.checked_add(Duration::from_secs(5)).unwrap_or(now) }
    }
}

impl Patience {
    /// Waits a moment if the file is locked, and says whether to try again.
    async fn wait_after(&mut self, error: &sqlx::Error) -> bool {
        if !is_locked(error) || Instant::now() >= self.until {
            return false;
        }
        sleep(Duration::from_micros(fastrand::u64(500..2_000))).await;
        true
    }
}

async fn in_transaction<T>(
    connection: &mut SqliteConnection,
    work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let mut patience = Patience::default();
    loop {
        match connection.begin_with("BEGIN IMMEDIATE").await {
            Ok(mut transaction) => {
                let value = work(&mut transaction).await?;
                transaction.commit().await?;
                return Ok(value);
            }
            Err(error) if patience.wait_after(&error).await => {}
            Err(error) => return Err(error),
        }
    }
}

struct Writer {
    connection: SqliteConnection,
    file: FileId,
    options: SqliteConnectOptions,
    readers: Arc<RwLock<SqlitePool>>,
}

impl Writer {
    async fn run(mut self, mut waiting: mpsc::Receiver<Write>) {
        while let Some(write) = waiting.recv().await {
            let tell = write(&mut self.connection).await;
            tell(self.check_file().await);
        }
    }

    /// If another file has the name now, or none, what was written is in a file that
    /// nobody will find. The file with the name is opened, and the caller writes again.
    async fn check_file(&mut self) -> Result<(), Error> {
        let path = self.options.get_filename();
        if FileId::of(path) == self.file {
            return Ok(());
        }
        tracing::error!(
            target: "order_webhooks", event = "inbox.file_replaced", path = %path.display(),
            "the file of the inbox was removed or replaced; the one with its name is opened"
        );
        let (connection, file) = connect(&self.options).await?;
        let old = std::mem::replace(&mut self.connection, connection);
        self.file = file;
        *self.readers.write().unwrap_or_else(PoisonError::into_inner) = reading(&self.options);
        // Closing it would write to the files of the new one.
        let _ = old.close_hard().await;
        Err(Error::Durability("the file was removed or replaced".into()))
    }
}

impl Queue for Sqlite {
    fn keep<'a>(&'a self, deliveries: &'a [New]) -> Answer<'a, ()> {
        let deliveries = deliveries.to_vec();
        Box::pin(self.write(move |connection| {
            Box::pin(async move {
                let mut patience = Patience::default();
                loop {
                    match insert(connection, &deliveries).await {
                        Err(error) if patience.wait_after(&error).await => {}
                        inserted => return inserted,
                    }
                }
            })
        }))
    }

    fn step<'a>(&'a self, settled: &'a [Settled], most: usize) -> Answer<'a, Step> {
        let settled: Vec<Settled> =
            settled.iter().filter(|settled| settled.outcome != Outcome::Lost).cloned().collect();
        Box::pin(self.transaction(move |connection| {
            Box::pin(async move {
                let now = now();
                if !settled.is_empty() {
                    settle(connection, &settled, now).await?;
                }
                if most == 0 {
                    return Ok(Step::default());
                }
                let mut claimed = claim(connection, most, now).await?;
                let room = most.saturating_sub(claimed.len());
                let sorted = if room > 0 { sort(connection, now).await? } else { 0 };
                if sorted > 0 {
                    claimed.extend(claim(connection, room, now).await?);
                }
                let is_more = claimed.len() == most || sorted >= SORTED.unsigned_abs();
                Ok(Step { claimed, is_more })
            })
        }))
    }

    fn alone(&self, claim: Claim) -> Answer<'_, bool> {
        Box::pin(self.transaction(move |connection| {
            Box::pin(async move {
                let noted = sqlx::query(
                    "UPDATE order_webhooks_delivery SET running = 2
                    WHERE number = $1 AND attempt = $2 AND state = 'waiting'",
                );
                let noted = noted.bind(claim.number).bind(claim.attempt);
                Ok(noted.execute(connection).await?.rows_affected() == 1)
            })
        }))
    }

    fn is_current(&self, claim: Claim) -> Answer<'_, bool> {
        Box::pin(async move {
            let found = sqlx::query(
                "SELECT 1 FROM order_webhooks_delivery
                WHERE number = $1 AND attempt = $2 AND state = 'waiting'",
            );
            let found = found.bind(claim.number).bind(claim.attempt);
            Ok(found.fetch_optional(&self.reader()).await?.is_some())
        })
    }

    fn renew<'a>(&'a self, claims: &'a [Claim]) -> Answer<'a, ()> {
        let claims: Vec<(i64, i64)> =
            claims.iter().map(|claim| (claim.number, claim.attempt)).collect();
        let (claims, longest) = (json!(claims).to_string(), self.longest);
        Box::pin(self.transaction(move |connection| {
            Box::pin(async move {
                let now = now();
                let renewed = sqlx::query(RENEW).bind(claims);
                let renewed = renewed.bind(now.saturating_add(microseconds(LEASE)));
                renewed.bind(latest(now, longest)).execute(connection).await?;
                Ok(())
            })
        }))
    }

    fn prune(&self, before: i64) -> Answer<'_, u64> {
        Box::pin(self.transaction(move |connection| {
            Box::pin(async move {
                let deleted = sqlx::query(
                    "DELETE FROM order_webhooks_delivery WHERE number IN
                    (SELECT number FROM order_webhooks_delivery WHERE settled_at < $1 LIMIT 500)",
                );
                Ok(deleted.bind(before).execute(connection).await?.rows_affected())
            })
        }))
    }

    fn status(&self) -> Answer<'_, Vec<WebhookStatus>> {
        Box::pin(async move {
            let rows = sqlx::query_as(STATUS).fetch_all(&self.reader()).await?;
            Ok(rows.into_iter().map(WebhookStatus::of).collect())
        })
    }

    fn set_aside(&self, after: i64, most: u32) -> Answer<'_, Vec<SetAside>> {
        Box::pin(async move {
            let rows = sqlx::query_as(AssertSqlSafe(set_aside(after, most)));
            let rows = rows.fetch_all(&self.reader()).await?;
            Ok(rows.into_iter().map(SetAside::of).collect())
        })
    }

    fn try_again<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64> {
        let numbers = json!(numbers).to_string();
        Box::pin(self.transaction(move |connection| {
            Box::pin(async move {
                let again = sqlx::query_scalar::<_, String>(
                    "UPDATE order_webhooks_delivery
                    SET state = 'waiting', due = 0, failures = 0, running = 0
                    WHERE number IN (SELECT value FROM json_each($1)) AND state = 'set aside'
                    RETURNING key",
                );
                let keys = again.bind(numbers).fetch_all(&mut *connection).await?;
                let things = sqlx::query(
                    "INSERT INTO order_webhooks_thing (key, due)
                    SELECT value, 0 FROM json_each($1) WHERE true
                    ON CONFLICT (key) DO UPDATE SET due = 0 WHERE held = 0",
                );
                things.bind(json!(keys).to_string()).execute(connection).await?;
                Ok(u64::try_from(keys.len()).unwrap_or(u64::MAX))
            })
        }))
    }

    fn drop_set_aside<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64> {
        let numbers = json!(numbers).to_string();
        Box::pin(self.transaction(move |connection| {
            Box::pin(async move {
                let deleted = sqlx::query(
                    "DELETE FROM order_webhooks_delivery
                    WHERE number IN (SELECT value FROM json_each($1)) AND state = 'set aside'",
                );
                Ok(deleted.bind(numbers).execute(connection).await?.rows_affected())
            })
        }))
    }

    fn check(&self) -> Answer<'_, Vec<Finding>> {
        Box::pin(async move {
            let mut findings = Vec::new();
            let mut log = self.path.clone().into_os_string();
            log.push("-wal");
            let log = fs::metadata(log).map_or(0, |log| log.len());
            if log > LARGE_LOG {
                let text = format!("the write-ahead log has {log} bytes: does a reader hold it?");
                findings.push(Finding::new("large_log", text));
            }
            Ok(findings)
        })
    }

    fn file(&self) -> Option<&Path> {
        Some(&self.path)
    }
}

/// In parts, so that each reads an index of its own and none reads what is settled.
const STATUS: &str = "
SELECT webhook, sum(waiting), sum(set_aside), min(verified_at) FROM (
    SELECT webhook, 1 AS waiting, 0 AS set_aside, verified_at
    FROM order_webhooks_delivery WHERE state = 'new'
    UNION ALL
    SELECT webhook, 1, 0, verified_at FROM order_webhooks_delivery WHERE state = 'waiting'
    UNION ALL
    SELECT webhook, 0, 1, NULL FROM order_webhooks_delivery WHERE state = 'set aside'
) GROUP BY webhook ORDER BY webhook";

const LARGE_LOG: u64 = 256 * 1024 * 1024;

async fn insert(connection: &mut SqliteConnection, deliveries: &[New]) -> Result<(), sqlx::Error> {
    let mut insert = QueryBuilder::new(
        "INSERT INTO order_webhooks_delivery
        (id, webhook, key, revision, rank, body, verified_at) ",
    );
    insert.push_values(deliveries, |mut row, new| {
        row.push_bind(&new.id).push_bind(new.envelope.webhook()).push_bind(new.key.as_str());
        row.push_bind(new.revision.to_string()).push_bind(new.rank());
        row.push_bind(&**new.envelope.body()).push_bind(new.verified_at());
    });
    insert.push(" ON CONFLICT (id) DO NOTHING");
    insert.build().execute(connection).await?;
    Ok(())
}

/// Puts what is new in order. The number is 0 if there was nothing, and at least `SORTED` if
/// there may be more: it counts the things, too.
async fn sort(connection: &mut SqliteConnection, now: i64) -> Result<u64, sqlx::Error> {
    Ok(sqlx::query(SORT).bind(now).bind(SORTED).execute(connection).await?.rows_affected())
}

const SORT: &str = "
INSERT INTO order_webhooks_thing (key, due)
SELECT key, $1 FROM order_webhooks_delivery WHERE state = 'new' ORDER BY number LIMIT $2
ON CONFLICT (key) DO UPDATE SET due = excluded.due WHERE held = 0 AND due > excluded.due;

UPDATE order_webhooks_delivery SET state = 'waiting' WHERE number IN
(SELECT number FROM order_webhooks_delivery WHERE state = 'new' ORDER BY number LIMIT $2)";

async fn claim(
    connection: &mut SqliteConnection,
    most: usize,
    now: i64,
) -> Result<Vec<Claimed>, sqlx::Error> {
    let held = sqlx::query_scalar::<_, i64>(HOLD).bind(now.saturating_add(microseconds(LEASE)));
    let held = held.bind(now).bind(i64::try_from(most).unwrap_or(i64::MAX));
    let held = held.fetch_all(&mut *connection).await?;
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let taken = sqlx::query_as::<_, ClaimedRow>(TAKE).bind(json!(held).to_string());
    Ok(taken.fetch_all(connection).await?.into_iter().map(Claimed::from).collect())
}

/// A thing without deliveries, which nothing here leaves behind, is not looked at again at
/// once.
const HOLD: &str = "
UPDATE order_webhooks_thing AS thing SET due = $1, held = coalesce((
    SELECT number FROM order_webhooks_delivery
    WHERE key = thing.key AND state = 'waiting' ORDER BY due, rank, number LIMIT 1
), 0)
WHERE key IN (SELECT key FROM order_webhooks_thing WHERE due <= $2 ORDER BY due LIMIT $3)
RETURNING held";

const TAKE: &str = "
UPDATE order_webhooks_delivery SET attempt = attempt + 1,
    failures = failures + (running = 2), running = iif(running = 0, 1, 3)
WHERE number IN (SELECT value FROM json_each($1))
RETURNING number, attempt, id, key, revision, failures, running, webhook, body, verified_at";

async fn settle(
    connection: &mut SqliteConnection,
    settled: &[Settled],
    now: i64,
) -> Result<(), sqlx::Error> {
    let rows = settled.iter().map(|Settled { claim, outcome, .. }| {
        let (state, due, failures, cause) = match outcome {
            Outcome::Applied | Outcome::Lost => ("applied", 0, 0, None),
            Outcome::Stale => ("stale", 0, 0, None),
            Outcome::SetAside { cause } => ("set aside", 0, 0, Some(cause)),
            Outcome::Failed { counts, pause, cause } => {
                let due = now.saturating_add(microseconds(*pause));
                ("waiting", due, i64::from(*counts), Some(cause))
            }
        };
        let settled_at = matches!(state, "applied" | "stale").then_some(now);
        (claim.number, claim.attempt, state, due, failures, cause, settled_at)
    });
    let rows = json!(rows.collect::<Vec<_>>()).to_string();
    sqlx::query(SETTLE).bind(rows).bind(now).execute(connection).await?;
    Ok(())
}

/// Settles deliveries whose try is still this worker's, and those that failed before and are
/// older than what was applied. Then the things of which nothing waits go, and the others are
/// let go, with the time when their next delivery is due.
const SETTLE: &str = "
UPDATE order_webhooks_delivery SET state = value ->> 2, due = value ->> 3,
    failures = failures + (value ->> 4), cause = coalesce(value ->> 5, cause),
    settled_at = value ->> 6, running = 0
FROM json_each($1)
WHERE number = value ->> 0 AND attempt = value ->> 1 AND state = 'waiting';

UPDATE order_webhooks_delivery AS old SET state = 'stale', settled_at = $2
FROM json_each($1) JOIN order_webhooks_delivery AS done
    ON done.number = value ->> 0 AND done.attempt = value ->> 1
WHERE done.state = 'applied' AND old.key = done.key AND old.state = 'waiting' AND old.due > 0
    AND substr(old.rank, 1, 1) = substr(done.rank, 1, 1)
    AND (old.rank, old.number) < (done.rank, done.number);

DELETE FROM order_webhooks_thing AS thing
WHERE (key, held) IN (
    SELECT done.key, number FROM json_each($1) JOIN order_webhooks_delivery AS done
        ON number = value ->> 0 AND attempt = value ->> 1 AND running = 0
) AND NOT EXISTS (
    SELECT 1 FROM order_webhooks_delivery WHERE key = thing.key AND state = 'waiting'
);

UPDATE order_webhooks_thing AS thing SET held = 0, due = max($2, (
    SELECT due FROM order_webhooks_delivery WHERE key = thing.key AND state = 'waiting'
    ORDER BY due, rank, number LIMIT 1
))
WHERE (key, held) IN (
    SELECT done.key, number FROM json_each($1) JOIN order_webhooks_delivery AS done
        ON number = value ->> 0 AND attempt = value ->> 1 AND running = 0
)";

/// The clock may have been set back: see [`latest`].
const RENEW: &str = "
UPDATE order_webhooks_thing AS thing SET due = $2
WHERE (key, held) IN (
    SELECT mine.key, number FROM json_each($1) JOIN order_webhooks_delivery AS mine
        ON number = value ->> 0 AND attempt = value ->> 1
);

UPDATE order_webhooks_thing SET due = 0 WHERE due > $3";
