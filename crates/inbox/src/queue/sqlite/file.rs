//! The SQLite file that the queue is in: its tables, and the one connection of the process
//! that writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqlitePool};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use crate::error::Error;
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

pub(super) struct QueueFile {
    writes: mpsc::Sender<Write>,
    readers: Arc<RwLock<SqlitePool>>,
    path: PathBuf,
}

/// Something that is written and committed. Whoever waits for it is told once the file has
/// been looked at.
type Write = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Told> + Send>;
type Told = Box<dyn FnOnce(Result<(), Error>) + Send>;

impl QueueFile {
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Self, Error> {
        let options = options.create_if_missing(true);
        let (connection, file) = connect(&options).await?;
        let readers = Arc::new(RwLock::new(reading(&options)));
        let (writes, waiting) = mpsc::channel(64);
        let path = options.get_filename().to_owned();
        let shared = Arc::clone(&readers);
        tokio::spawn(Writer { connection, file, options, readers: shared }.run(waiting));
        Ok(Self { writes, readers, path })
    }

    /// One statement, or several in their own transaction.
    pub(super) async fn write<T: Send + 'static>(
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

    pub(super) async fn transaction<T: Send + 'static>(
        &self,
        work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>
        + Send
        + 'static,
    ) -> Result<T, Error> {
        self.write(move |connection| Box::pin(in_transaction(connection, work))).await
    }

    pub(super) fn reader(&self) -> SqlitePool {
        self.readers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
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
pub(super) struct Patience {
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
    pub(super) async fn wait_after(&mut self, error: &sqlx::Error) -> bool {
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
