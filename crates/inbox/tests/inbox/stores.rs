//! The stores that the suite runs on.

use std::sync::OnceLock;
use std::time::Duration;

use order_webhooks_inbox::{Database, Inbox, Settings, Tx, sqlx};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{AssertSqlSafe, PgPool, Pool, Postgres, Sqlite, SqlitePool};
use tempfile::TempDir;

use fixtures::servers::Server;

/// A queue, and the database of a shop with one table: `shop(key, state)`.
pub(crate) trait Store {
    type DB: Database;

    async fn new() -> Self;

    fn address(&self) -> &str;

    fn shop(&self) -> &Pool<Self::DB>;

    /// Writes a row in the handler's transaction.
    async fn write(tx: &mut Tx<Self::DB>, key: &str, state: &str) -> Result<(), sqlx::Error>;

    /// What the handlers wrote, as they wrote it.
    async fn written(&self) -> Vec<(String, String)>;

    /// Changes the queue behind the inbox's back.
    async fn change(&self, sql: &str);

    /// Changes the shop behind the inbox's back.
    async fn change_shop(&self, sql: &str) {
        self.change(sql).await;
    }

    /// A number out of the queue.
    async fn number(&self, sql: &str) -> i64;

    async fn inbox(&self, settings: Settings) -> Inbox {
        Inbox::open_with(self.address(), settings).await.unwrap()
    }
}

pub(crate) struct OnSqlite {
    pub(crate) folder: TempDir,
    address: String,
    shop: SqlitePool,
}

pub(crate) const SHOP: &str =
    "CREATE TABLE IF NOT EXISTS shop (at INTEGER PRIMARY KEY, key TEXT, state TEXT)";

impl Store for OnSqlite {
    type DB = Sqlite;

    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", folder.path().join("inbox.db").display());
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("shop.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(Duration::from_secs(20));
        let shop = SqlitePool::connect_with(options).await.unwrap();
        sqlx::query(SHOP).execute(&shop).await.unwrap();
        Self { folder, address, shop }
    }

    fn address(&self) -> &str {
        &self.address
    }

    fn shop(&self) -> &SqlitePool {
        &self.shop
    }

    async fn write(tx: &mut Tx<Sqlite>, key: &str, state: &str) -> Result<(), sqlx::Error> {
        let row = sqlx::query("INSERT INTO shop (key, state) VALUES ($1, $2)");
        row.bind(key).bind(state).execute(&mut **tx).await.map(drop)
    }

    async fn written(&self) -> Vec<(String, String)> {
        let rows = sqlx::query_as("SELECT key, state FROM shop ORDER BY at");
        rows.fetch_all(&self.shop).await.unwrap()
    }

    async fn change(&self, sql: &str) {
        let queue = SqlitePool::connect(&self.address).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&queue).await.unwrap();
        queue.close().await;
    }

    async fn change_shop(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.shop).await.unwrap();
    }

    async fn number(&self, sql: &str) -> i64 {
        let queue = SqlitePool::connect(&self.address).await.unwrap();
        let number = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
        let number = number.fetch_one(&queue).await.unwrap();
        queue.close().await;
        number
    }
}

fn postgres() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::postgres)
}

fn pgbouncer() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::pgbouncer(postgres()))
}

/// A database of its own for each test, in one server.
pub(crate) struct OnPostgres {
    address: String,
    shop: PgPool,
}

impl OnPostgres {
    async fn at(port: u16, name: &str) -> Self {
        let address =
            format!("postgres://inbox@127.0.0.1:{port}/{name}?statement-cache-capacity=0");
        let shop = PgPool::connect(&address).await.unwrap();
        let table =
            "CREATE TABLE IF NOT EXISTS shop (at BIGSERIAL PRIMARY KEY, key TEXT, state TEXT)";
        sqlx::raw_sql(table).execute(&shop).await.unwrap();
        Self { address, shop }
    }

    async fn database() -> String {
        let name = format!("test{:x}", fastrand::u64(..));
        let address = format!("postgres://inbox@127.0.0.1:{}/postgres", postgres().port);
        let server = PgPool::connect(&address).await.unwrap();
        let created = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(created).execute(&server).await.unwrap();
        server.close().await;
        name
    }
}

impl Store for OnPostgres {
    type DB = Postgres;

    async fn new() -> Self {
        Self::at(postgres().port, &Self::database().await).await
    }

    fn address(&self) -> &str {
        &self.address
    }

    fn shop(&self) -> &PgPool {
        &self.shop
    }

    async fn write(tx: &mut Tx<Postgres>, key: &str, state: &str) -> Result<(), sqlx::Error> {
        let row = sqlx::query("INSERT INTO shop (key, state) VALUES ($1, $2)").persistent(false);
        row.bind(key.to_owned()).bind(state.to_owned()).execute(&mut **tx).await.map(drop)
    }

    async fn written(&self) -> Vec<(String, String)> {
        let mut tx = self.shop.begin().await.unwrap();
        let rows = sqlx::query_as("SELECT key, state FROM shop ORDER BY at").persistent(false);
        rows.fetch_all(&mut *tx).await.unwrap()
    }

    async fn change(&self, sql: &str) {
        let mut tx = self.shop.begin().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn number(&self, sql: &str) -> i64 {
        let mut tx = self.shop.begin().await.unwrap();
        let number = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).persistent(false);
        number.fetch_one(&mut *tx).await.unwrap()
    }
}

/// The same, with `PgBouncer` in its transaction mode between.
pub(crate) struct BehindPgBouncer(OnPostgres);

impl Store for BehindPgBouncer {
    type DB = Postgres;

    async fn new() -> Self {
        let name = OnPostgres::database().await;
        Self(OnPostgres::at(pgbouncer().port, &name).await)
    }

    fn address(&self) -> &str {
        self.0.address()
    }

    fn shop(&self) -> &PgPool {
        self.0.shop()
    }

    async fn write(tx: &mut Tx<Postgres>, key: &str, state: &str) -> Result<(), sqlx::Error> {
        OnPostgres::write(tx, key, state).await
    }

    async fn written(&self) -> Vec<(String, String)> {
        self.0.written().await
    }

    async fn change(&self, sql: &str) {
        self.0.change(sql).await;
    }

    async fn number(&self, sql: &str) -> i64 {
        self.0.number(sql).await
    }
}
