//! The shop's tables, and what they say in the end.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use fixtures::servers::Cluster;
use order_webhooks::musement::OrderItemUpdate;
use order_webhooks_inbox::async_nats::{ConnectOptions, jetstream};
use order_webhooks_inbox::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use order_webhooks_inbox::sqlx::{self, PgPool, Postgres, Sqlite, SqlitePool};
use order_webhooks_inbox::{Error, Inbox, JetStream, Settings, Tx};
use tokio::time::sleep;

use crate::send::Delivery;

/// A row for each order item, and one for each time that a handler changed it.
const TABLES: [&str; 3] = [
    "CREATE TABLE items (item TEXT PRIMARY KEY, version BIGINT NOT NULL)",
    "CREATE TABLE changes (at INTEGER PRIMARY KEY, item TEXT NOT NULL, version BIGINT NOT NULL)",
    "CREATE TABLE changes (at BIGSERIAL PRIMARY KEY, item TEXT NOT NULL, version BIGINT NOT NULL)",
];

pub(crate) fn sqlite(shop: &str) -> SqlitePool {
    let options: SqliteConnectOptions = shop.parse().unwrap();
    let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
    SqlitePool::connect_lazy_with(options.busy_timeout(Duration::from_secs(30)))
}

pub(crate) fn postgres(shop: &str) -> PgPool {
    PgPool::connect_lazy(shop).unwrap()
}

pub(crate) async fn prepare(shop: &str) {
    let [items, of_sqlite, of_postgres] = TABLES.map(sqlx::raw_sql);
    if shop.starts_with("sqlite") {
        let pool = sqlite(shop);
        items.execute(&pool).await.unwrap();
        of_sqlite.execute(&pool).await.unwrap();
    } else {
        let pool = postgres(shop);
        items.execute(&pool).await.unwrap();
        of_postgres.execute(&pool).await.unwrap();
    }
}

const ITEM: &str = "INSERT INTO items (item, version) VALUES ($1, $2)
    ON CONFLICT (item) DO UPDATE SET version = $2";
const CHANGE: &str = "INSERT INTO changes (item, version) VALUES ($1, $2)";

fn values(update: &OrderItemUpdate) -> (String, i64) {
    let version = update.order_item_status.as_str().parse().unwrap();
    (update.order_item_uuid.to_string(), version)
}

pub(crate) async fn apply_sqlite(
    tx: &mut Tx<Sqlite>,
    update: &OrderItemUpdate,
) -> Result<(), Error> {
    let (item, version) = values(update);
    for sql in [ITEM, CHANGE] {
        sqlx::query(sql).bind(item.clone()).bind(version).execute(&mut **tx).await?;
    }
    Ok(())
}

pub(crate) async fn apply_postgres(
    tx: &mut Tx<Postgres>,
    update: &OrderItemUpdate,
) -> Result<(), Error> {
    let (item, version) = values(update);
    for sql in [ITEM, CHANGE] {
        let query = sqlx::query(sql).persistent(false).bind(item.clone()).bind(version);
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

/// The nodes of JetStream have no place for tables: those are in the shop's database.
pub(crate) async fn open(queue: &str, shop: &str) -> Result<Inbox, Error> {
    if !queue.starts_with("nats:") {
        return Inbox::open(queue).await;
    }
    let options = ConnectOptions::new().ping_interval(Duration::from_secs(1));
    let nodes: Vec<&str> = queue.split(',').collect();
    let Ok(client) = options.connect(nodes).await else { return Err(Error::Closed) };
    Inbox::jetstream(JetStream::new(client, shop.parse()?), Settings::default()).await
}

/// The number of the node that leads the stream.
pub(crate) async fn leader(cluster: &Cluster) -> Option<usize> {
    let client = ConnectOptions::new().connect(cluster.addresses()).await.ok()?;
    let stream = jetstream::new(client).get_stream("ORDER_WEBHOOKS").await.ok()?;
    let leader = stream.cached_info().cluster.as_ref()?.leader.as_ref()?;
    leader.strip_prefix("node-")?.parse().ok()
}

/// Whether nothing waits in the inbox.
pub(crate) async fn is_done(queue: &str, shop: &str) -> bool {
    let status = async { open(queue, shop).await?.status().await };
    match status.await {
        Ok(status) => status.iter().all(|webhook| webhook.waiting == 0),
        // The engine is starting again.
        Err(_) => false,
    }
}

async fn rows(shop: &str, sql: &'static str) -> Vec<(String, i64)> {
    for _ in 0..100 {
        let rows = if shop.starts_with("sqlite") {
            sqlx::query_as(sql).fetch_all(&sqlite(shop)).await
        } else {
            async {
                let mut tx = postgres(shop).begin().await?;
                sqlx::query_as(sql).persistent(false).fetch_all(&mut *tx).await
            }
            .await
        };
        match rows {
            Ok(rows) => return rows,
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
    Vec::new()
}

/// What is wrong, from the shop's tables alone.
pub(crate) async fn faults(
    queue: &str,
    shop: &str,
    accepted: &HashSet<Delivery>,
    things: usize,
) -> Vec<String> {
    let mut faults = Vec::new();
    let items: HashMap<String, i64> =
        rows(shop, "SELECT item, version FROM items").await.into_iter().collect();
    let changes = rows(shop, "SELECT item, version FROM changes ORDER BY at").await;

    let mut newest = vec![0; things];
    for delivery in accepted {
        newest[delivery.thing] = newest[delivery.thing].max(delivery.version);
    }
    for (thing, newest) in newest.iter().enumerate() {
        let item = format!("11045e18-e3ca-42e1-acb4-{thing:012x}");
        let state = items.get(&item).copied().unwrap_or_default();
        // A delivery whose answer did not arrive may be kept all the same.
        if state < i64::try_from(*newest).unwrap() {
            faults.push(format!("{item} is {state}, and {newest} was accepted"));
        }
    }
    let mut last = HashMap::new();
    for (item, version) in &changes {
        let before = last.insert(item, version);
        if before.is_some_and(|before| version <= before) {
            faults.push(format!("{item} was changed to {version} after {before:?}"));
        }
    }
    for (item, version) in &items {
        if last.get(item) != Some(&version) {
            faults
                .push(format!("{item} is {version}, and was last changed to {:?}", last.get(item)));
        }
    }
    let aside = open(queue, shop).await.unwrap().set_aside(0, 10).await.unwrap();
    for it in aside {
        faults.push(format!("{} was set aside: {:?}", it.number, it.cause));
    }
    faults
}
