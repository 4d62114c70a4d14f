//! The stores that the suite runs on.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use order_webhooks_inbox::async_nats::{ConnectOptions, jetstream};
use order_webhooks_inbox::{Database, Error, Inbox, JetStream, Settings, Tx, sqlx};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{AssertSqlSafe, PgPool, Pool, Postgres, Sqlite, SqlitePool};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio::time::sleep;

use fixtures::servers::{Cluster, Server};

/// A queue, and the database of a shop with one table: `shop(key, state)`.
pub(crate) trait Store {
    type DB: Database;

    /// How many handlers may run before that of the newest of 15,000 deliveries, which is
    /// about another thing.
    const BEFORE: usize = 20;

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

    /// Opens the inbox.
    async fn open(&self, settings: Settings) -> Result<Inbox, Error> {
        Inbox::open_with(self.address(), settings).await
    }

    async fn inbox(&self, settings: Settings) -> Inbox {
        self.open(settings).await.unwrap()
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

/// Three nodes that have found each other.
async fn started() -> Arc<Cluster> {
    let cluster = Arc::new(Cluster::nats());
    let config = jetstream::stream::Config {
        name: "READY".into(),
        num_replicas: 3,
        ..jetstream::stream::Config::default()
    };
    loop {
        sleep(Duration::from_millis(100)).await;
        let client = ConnectOptions::new().connect(cluster.addresses()).await;
        if let Ok(client) = client
            && jetstream::new(client).create_stream(&config).await.is_ok()
        {
            return cluster;
        }
    }
}

async fn cluster() -> Arc<Cluster> {
    static CLUSTER: OnceCell<Arc<Cluster>> = OnceCell::const_new();
    Arc::clone(CLUSTER.get_or_init(started).await)
}

/// A stream of its own for each test in a cluster of three nodes, and a database of its own.
pub(crate) struct OnJetStream {
    tables: OnPostgres,
    stream: String,
    pub(crate) cluster: Arc<Cluster>,
}

impl OnJetStream {
    async fn at(cluster: Arc<Cluster>) -> Self {
        let tables = OnPostgres::new().await;
        let stream = format!("TEST{:x}", fastrand::u64(..));
        Self { tables, stream, cluster }
    }

    /// With nodes that no other test has.
    pub(crate) async fn alone() -> Self {
        Self::at(started().await).await
    }

    pub(crate) async fn context(&self) -> jetstream::Context {
        let options = ConnectOptions::new().ping_interval(Duration::from_secs(1));
        jetstream::new(options.connect(self.cluster.addresses()).await.unwrap())
    }

    pub(crate) fn name(&self) -> &str {
        &self.stream
    }

    pub(crate) async fn options(&self) -> JetStream {
        let client = self.context().await.client();
        JetStream::new(client, self.address().parse().unwrap()).with_stream(&self.stream)
    }

    pub(crate) async fn stream(&self) -> jetstream::stream::Stream {
        self.context().await.get_stream(&self.stream).await.unwrap()
    }
}

impl Store for OnJetStream {
    type DB = Postgres;

    /// The others are moved out of the stream first, while handlers run.
    const BEFORE: usize = 1_000;

    async fn new() -> Self {
        Self::at(cluster().await).await
    }

    async fn open(&self, settings: Settings) -> Result<Inbox, Error> {
        Inbox::jetstream(self.options().await, settings).await
    }

    fn address(&self) -> &str {
        self.tables.address()
    }

    fn shop(&self) -> &PgPool {
        self.tables.shop()
    }

    async fn write(tx: &mut Tx<Postgres>, key: &str, state: &str) -> Result<(), sqlx::Error> {
        OnPostgres::write(tx, key, state).await
    }

    async fn written(&self) -> Vec<(String, String)> {
        self.tables.written().await
    }

    async fn change(&self, sql: &str) {
        self.tables.change(sql).await;
    }

    async fn number(&self, sql: &str) -> i64 {
        self.tables.number(sql).await
    }
}
