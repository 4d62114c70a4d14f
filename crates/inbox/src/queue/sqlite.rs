//! The queue as an SQLite file of its own.
//!
//! One connection of the process writes. What waits to be written goes into one
//! transaction, and so under one `fsync`.
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
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, QueryBuilder, SqlitePool};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use super::{
    Answer, Claim, Claimed, ClaimedRow, LEASE, New, Outcome, Queue, SET_ASIDE, Settled, Step,
    latest,
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

/// Something to do in the next transaction. It is told whether that was committed.
type Write =
    Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<Told, Error>> + Send>;
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

    async fn write<T: Send + 'static>(
        &self,
        work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>
        + Send
        + 'static,
    ) -> Result<T, Error> {
        let (tell, told) = oneshot::channel();
        let write: Write = Box::new(move |connection| {
            Box::pin(async move {
                match work(connection).await {
                    Ok(value) => Ok(Box::new(move |committed: Result<(), Error>| {
                        let _ = tell.send(committed.map(|()| value));
                    }) as Told),
                    Err(error) => {
                        let error = Error::from(error);
                        let _ = tell.send(Err(error.clone()));
                        Err(error)
                    }
                }
            })
        });
        self.writes.send(write).await.map_err(|_| Error::Closed)?;
        // A write that was never begun tells nothing.
        told.await.unwrap_or_else(|_| Err(not_begun()))
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

fn not_begun() -> Error {
    sqlx::Error::Protocol("another write of the same transaction failed".into()).into()
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

/// How long the writers of other processes may keep the file. SQLite's own wait sleeps up
/// to 100 ms at a time, and who sleeps longest loses every race, so it is not used here.
const LOCKED: Duration = Duration::from_secs(5);

struct Writer {
    connection: SqliteConnection,
    file: FileId,
    options: SqliteConnectOptions,
    readers: Arc<RwLock<SqlitePool>>,
}

impl Writer {
    async fn run(mut self, mut waiting: mpsc::Receiver<Write>) {
        let mut writes = Vec::new();
        while waiting.recv_many(&mut writes, 64).await > 0 {
            let mut told = Vec::new();
            let written = self.write(writes.drain(..), &mut told).await;
            let found = self.check_file().await;
            let committed = written.and(found);
            for tell in told {
                tell(committed.clone());
            }
        }
    }

    async fn write(
        &mut self,
        writes: impl Iterator<Item = Write> + Send,
        told: &mut Vec<Told>,
    ) -> Result<(), Error> {
        let until = Instant::now().checked_add(LOCKED).unwrap_or_else(Instant::now);
        loop {
            match self.connection.begin_with("BEGIN IMMEDIATE").await {
                Ok(mut transaction) => {
                    for write in writes {
                        told.push(write(&mut transaction).await?);
                    }
                    return Ok(transaction.commit().await?);
                }
                Err(error) if is_locked(&error) && Instant::now() < until => {
                    sleep(Duration::from_micros(fastrand::u64(500..2_000))).await;
                }
                Err(error) => return Err(error.into()),
            }
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
        Box::pin(self.write(move |connection| Box::pin(keep(connection, deliveries))))
    }

    fn step<'a>(&'a self, settled: &'a [Settled], most: usize) -> Answer<'a, Step> {
        let (settled, longest) = (settled.to_vec(), self.longest);
        Box::pin(self.write(move |connection| {
            Box::pin(async move {
                let now = now();
                for settled in settled {
                    settle(connection, settled, now).await?;
                }
                if most == 0 {
                    return Ok(Step::default());
                }
                // The clock was set back.
                let early = sqlx::query("UPDATE order_webhooks_thing SET due = 0 WHERE due > $1");
                early.bind(latest(now, longest)).execute(&mut *connection).await?;
                let most = i64::try_from(most).unwrap_or(i64::MAX);
                let due = sqlx::query_scalar::<_, i64>(
                    "SELECT count(*) FROM
                    (SELECT 1 FROM order_webhooks_thing WHERE due <= $1 LIMIT $2)",
                );
                let due = due.bind(now).bind(most).fetch_one(&mut *connection).await?;
                let is_more = due == most || sort(connection, now).await?;
                let claimed = claim(connection, most, now).await?;
                let is_full = i64::try_from(claimed.len()) == Ok(most);
                Ok(Step { claimed, is_more: is_more || is_full })
            })
        }))
    }

    fn alone(&self, claim: Claim) -> Answer<'_, bool> {
        Box::pin(self.write(move |connection| {
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
        let claims = claims.to_vec();
        Box::pin(self.write(move |connection| {
            Box::pin(async move {
                let due = now().saturating_add(microseconds(LEASE));
                for claim in claims {
                    let extended = sqlx::query(
                        "UPDATE order_webhooks_thing SET due = $1 WHERE held = $2 AND key =
                        (SELECT key FROM order_webhooks_delivery WHERE number = $2 AND attempt = $3)",
                    );
                    let extended = extended.bind(due).bind(claim.number).bind(claim.attempt);
                    extended.execute(&mut *connection).await?;
                }
                Ok(())
            })
        }))
    }

    fn prune(&self, before: i64) -> Answer<'_, u64> {
        Box::pin(self.write(move |connection| {
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
            let rows = sqlx::query_as(SET_ASIDE).bind(after).bind(i64::from(most));
            let rows = rows.fetch_all(&self.reader()).await?;
            Ok(rows.into_iter().map(SetAside::of).collect())
        })
    }

    fn try_again<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64> {
        let numbers = numbers.to_vec();
        Box::pin(self.write(move |connection| {
            Box::pin(async move {
                let mut count = 0_u64;
                for number in numbers {
                    let row = sqlx::query_scalar::<_, String>(
                        "UPDATE order_webhooks_delivery
                        SET state = 'waiting', due = 0, failures = 0, running = 0
                        WHERE number = $1 AND state = 'set aside' RETURNING key",
                    );
                    if let Some(key) = row.bind(number).fetch_optional(&mut *connection).await? {
                        wake_thing(connection, &key).await?;
                        count = count.saturating_add(1);
                    }
                }
                Ok(count)
            })
        }))
    }

    fn drop_set_aside<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64> {
        let numbers = numbers.to_vec();
        Box::pin(self.write(move |connection| {
            Box::pin(async move {
                let mut count = 0_u64;
                for number in numbers {
                    let deleted = sqlx::query(
                        "DELETE FROM order_webhooks_delivery WHERE number = $1 AND state = 'set aside'",
                    );
                    let deleted = deleted.bind(number).execute(&mut *connection).await?;
                    count = count.saturating_add(deleted.rows_affected());
                }
                Ok(count)
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

async fn keep(connection: &mut SqliteConnection, deliveries: Vec<New>) -> Result<(), sqlx::Error> {
    let mut insert = QueryBuilder::new(
        "INSERT INTO order_webhooks_delivery
        (id, webhook, key, revision, rank, body, verified_at) ",
    );
    insert.push_values(&deliveries, |mut row, new| {
        row.push_bind(&new.id).push_bind(new.envelope.webhook()).push_bind(new.key.as_str());
        row.push_bind(new.revision.to_string()).push_bind(new.rank());
        row.push_bind(&**new.envelope.body()).push_bind(new.verified_at());
    });
    insert.push(" ON CONFLICT (id) DO NOTHING");
    insert.build().execute(&mut *connection).await?;
    Ok(())
}

/// How many deliveries are put in order at once.
const SORTED: i64 = 500;

/// Puts what is new in order, and says whether there may be more of it.
async fn sort(connection: &mut SqliteConnection, now: i64) -> Result<bool, sqlx::Error> {
    let things = sqlx::query(
        "INSERT INTO order_webhooks_thing (key, due) SELECT key, $1 FROM order_webhooks_delivery
        WHERE state = 'new' ORDER BY number LIMIT $2
        ON CONFLICT (key) DO UPDATE SET due = excluded.due WHERE held = 0 AND due > excluded.due",
    );
    things.bind(now).bind(SORTED).execute(&mut *connection).await?;
    let sorted = sqlx::query(
        "UPDATE order_webhooks_delivery SET state = 'waiting' WHERE number IN
        (SELECT number FROM order_webhooks_delivery WHERE state = 'new' ORDER BY number LIMIT $1)",
    );
    let sorted = sorted.bind(SORTED).execute(connection).await?.rows_affected();
    Ok(sorted >= SORTED.unsigned_abs())
}

async fn wake_thing(connection: &mut SqliteConnection, key: &str) -> Result<(), sqlx::Error> {
    let thing = sqlx::query(
        "INSERT INTO order_webhooks_thing (key, due) VALUES ($1, 0)
        ON CONFLICT (key) DO UPDATE SET due = 0 WHERE held = 0",
    );
    thing.bind(key).execute(connection).await?;
    Ok(())
}

async fn claim(
    connection: &mut SqliteConnection,
    most: i64,
    now: i64,
) -> Result<Vec<Claimed>, sqlx::Error> {
    // A thing without deliveries, which nothing here leaves behind, is not looked at again
    // at once.
    let held = sqlx::query_scalar::<_, i64>(
        "UPDATE order_webhooks_thing AS thing SET due = $1, held = coalesce((
            SELECT number FROM order_webhooks_delivery
            WHERE key = thing.key AND state = 'waiting' ORDER BY due, rank, number LIMIT 1
        ), 0)
        WHERE key IN (SELECT key FROM order_webhooks_thing WHERE due <= $2 ORDER BY due LIMIT $3)
        RETURNING held",
    );
    let held = held.bind(now.saturating_add(microseconds(LEASE))).bind(now).bind(most);
    let held = held.fetch_all(&mut *connection).await?;
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let mut taken = QueryBuilder::new(TAKE);
    let mut numbers = taken.separated(", ");
    for number in held {
        numbers.push_bind(number);
    }
    taken.push(TAKEN);
    let rows = taken.build_query_as::<ClaimedRow>().fetch_all(connection).await?;
    Ok(rows.into_iter().map(Claimed::from).collect())
}

const TAKE: &str = "UPDATE order_webhooks_delivery SET attempt = attempt + 1,
    failures = failures + (running = 2), running = iif(running = 0, 1, 3) WHERE number IN (";
const TAKEN: &str = ") RETURNING number, attempt, id, key, revision, failures, running,
    webhook, body, verified_at";

async fn settle(
    connection: &mut SqliteConnection,
    settled: Settled,
    now: i64,
) -> Result<(), sqlx::Error> {
    let Settled { claim, key, outcome } = settled;
    let (state, due, failures, cause) = match &outcome {
        Outcome::Lost => return Ok(()),
        Outcome::Applied => ("applied", 0, 0, None),
        Outcome::Stale => ("stale", 0, 0, None),
        Outcome::SetAside { cause } => ("set aside", 0, 0, Some(cause)),
        Outcome::Failed { counts, pause, cause } => {
            ("waiting", now.saturating_add(microseconds(*pause)), i64::from(*counts), Some(cause))
        }
    };
    let settled_at = matches!(outcome, Outcome::Applied | Outcome::Stale).then_some(now);
    let update = sqlx::query_scalar::<_, String>(
        "UPDATE order_webhooks_delivery SET state = $1, due = $2, failures = failures + $3,
        cause = coalesce($4, cause), settled_at = $5, running = 0
        WHERE number = $6 AND attempt = $7 AND state = 'waiting' RETURNING rank",
    );
    let update = update.bind(state).bind(due).bind(failures).bind(cause).bind(settled_at);
    let update = update.bind(claim.number).bind(claim.attempt);
    let Some(rank) = update.fetch_optional(&mut *connection).await? else { return Ok(()) };
    if outcome == Outcome::Applied {
        // What failed before, and is older.
        let overtaken = sqlx::query(
            "UPDATE order_webhooks_delivery SET state = 'stale', settled_at = $1
            WHERE key = $2 AND state = 'waiting' AND due > 0
            AND substr(rank, 1, 1) = substr($3, 1, 1) AND (rank, number) < ($3, $4)",
        );
        let overtaken = overtaken.bind(now).bind(&key).bind(rank).bind(claim.number);
        overtaken.execute(&mut *connection).await?;
    }
    let next = sqlx::query_scalar::<_, i64>(
        "SELECT due FROM order_webhooks_delivery WHERE key = $1 AND state = 'waiting'
        ORDER BY due, rank, number LIMIT 1",
    );
    let thing = match next.bind(&key).fetch_optional(&mut *connection).await? {
        Some(due) => sqlx::query(
            "UPDATE order_webhooks_thing SET due = $3, held = 0 WHERE key = $1 AND held = $2",
        )
        .bind(key)
        .bind(claim.number)
        .bind(due.max(now)),
        None => sqlx::query("DELETE FROM order_webhooks_thing WHERE key = $1 AND held = $2")
            .bind(key)
            .bind(claim.number),
    };
    thing.execute(connection).await?;
    Ok(())
}
