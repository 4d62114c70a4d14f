//! The inbox of the examples: what is kept of deliveries that come twice, late
//! and in any order, and what is made of them.
#![cfg(all(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]
#![allow(dead_code, reason = "the examples use more of it")]

#[path = "../examples/inbox/mod.rs"]
mod inbox;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use inbox::{Delivery, Inbox, Store};
use order_webhooks::bandwidth::{Notification, NotificationWebhook};
use order_webhooks::musement::{OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use order_webhooks::{Tracked, tracking::Key};
use rusqlite::Connection;
use tokio_postgres::{Client, NoTls};

/// A database of its own for every test: a file, or a schema of the PostgreSQL
/// that `DATABASE_URL` names.
enum Database {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Database {
    async fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("inbox_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        if let Ok(url) = std::env::var("DATABASE_URL") {
            let schema = Self::Postgres(format!("{url}?options=-c%20search_path%3D{name}"));
            schema.postgres().await.batch_execute(&format!("CREATE SCHEMA {name}")).await.unwrap();
            return schema;
        }
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir(&directory).unwrap();
        Self::Sqlite(directory)
    }

    fn path(&self) -> String {
        let Self::Sqlite(directory) = self else { panic!() };
        directory.join("inbox.db").to_str().unwrap().to_owned()
    }

    async fn postgres(&self) -> Client {
        let Self::Postgres(url) = self else { panic!() };
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    async fn store(&self) -> Store {
        match self {
            Self::Sqlite(_) => Store::sqlite(&self.path()).unwrap(),
            Self::Postgres(url) => Store::postgres(url).await.unwrap(),
        }
    }

    /// The outcomes of the deliveries, in the order of the queue.
    async fn outcomes(&self) -> Vec<String> {
        let outcomes = "SELECT outcome FROM inbox_deliveries ORDER BY seq";
        if let Self::Postgres(_) = self {
            let rows = self.postgres().await.query(outcomes, &[]).await.unwrap();
            return rows.iter().map(|row| row.get(0)).collect();
        }
        let connection = Connection::open(self.path()).unwrap();
        let mut outcomes = connection.prepare(outcomes).unwrap();
        outcomes.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    /// Does something while nobody else can write.
    async fn while_locked(&self, work: impl AsyncFnOnce()) {
        if let Self::Postgres(_) = self {
            let mut client = self.postgres().await;
            let transaction = client.transaction().await.unwrap();
            transaction.batch_execute("LOCK TABLE inbox_deliveries").await.unwrap();
            return work().await;
        }
        let connection = Connection::open(self.path()).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        work().await;
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Sqlite(directory) = self {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

async fn work(store: &Store) {
    while store.work().await.unwrap() > 0 {}
}

fn musement(item: usize, version: usize, status: &str) -> (Delivery, Key) {
    let body = format!(
        r#"{{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000","order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-{item:012x}","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"{version}","order_item_status":"{status}"}}"#
    );
    let update = OrderItemUpdate::parse_unverified(body.as_bytes()).unwrap();
    (Delivery::asked_for::<OrderItemWebhook>(&update, body.as_bytes()), update.key())
}

fn porterbuddy(status: &str, updated_at: Option<&str>) -> (Delivery, Key) {
    let updated_at = updated_at.map(|at| format!(r#","statusUpdatedAt":"{at}""#));
    let updated_at = updated_at.unwrap_or_default();
    let body = format!(r#"{{"orderId":"394326","orderStatus":"{status}"{updated_at}}}"#);
    let update = OrderStatusUpdate::parse_unverified(body.as_bytes()).unwrap();
    (Delivery::asked_for::<OrderWebhook>(&update, body.as_bytes()), update.key())
}

fn bandwidth(elements: &str) -> (Delivery, Key) {
    let body =
        format!("<Notification><SubscriptionId>s-1</SubscriptionId>{elements}</Notification>");
    let notification = Notification::parse_unverified(body.as_bytes()).unwrap();
    let key = notification.key();
    (Delivery::asked_for::<NotificationWebhook>(&notification, body.as_bytes()), key)
}

#[tokio::test]
async fn a_duplicate_is_absorbed_and_what_is_stale_is_kept_and_not_applied() {
    let database = Database::new().await;
    let store = database.store().await;
    for version in [22, 23, 22, 21, 23] {
        store.keep(musement(1, version, &format!("S{version}")).0).await.unwrap();
    }
    assert_eq!(database.outcomes().await, ["waiting"; 3]);
    work(&store).await;
    assert_eq!(database.outcomes().await, ["applied", "applied", "stale"]);
    let (delivery, key) = musement(1, 23, "S23");
    assert_eq!(store.state(&key).await.unwrap().as_deref(), Some("S23"));
    // Long after it was applied, too.
    store.keep(delivery).await.unwrap();
    assert_eq!(database.outcomes().await.len(), 3);
    assert_eq!(store.state(&musement(2, 1, "").1).await.unwrap(), None);
}

#[tokio::test]
async fn what_cannot_be_told_is_applied_in_the_order_in_which_it_came() {
    let database = Database::new().await;
    let store = database.store().await;
    let (ready, key) = porterbuddy("ready", None);
    let (cancelled, _) = porterbuddy("cancelled", None);
    for delivery in [&ready, &ready, &cancelled, &ready] {
        store.keep(delivery.clone()).await.unwrap();
    }
    // The last that was said is said once, and last.
    assert_eq!(database.outcomes().await, ["waiting"; 2]);
    work(&store).await;
    assert_eq!(store.state(&key).await.unwrap().as_deref(), Some("ready"));
    // It may have happened again.
    store.keep(cancelled).await.unwrap();
    store.keep(ready).await.unwrap();
    store.keep(porterbuddy("delivered", Some("2021-06-08T12:16:40Z")).0).await.unwrap();
    work(&store).await;
    assert_eq!(database.outcomes().await, ["applied"; 5]);
    assert_eq!(store.state(&key).await.unwrap().as_deref(), Some("delivered"));
}

#[tokio::test]
async fn notes_and_events_are_never_too_old() {
    let database = Database::new().await;
    let store = database.store().await;
    let order = "<OrderId>0f3a</OrderId><Status>COMPLETE</Status>";
    let at = |second| format!("<LastModifiedDate>2023-09-12T15:11:{second}Z</LastModifiedDate>");
    let (newest, key) = bandwidth(&format!("{order}{}", at(31)));
    let event = "<EventType>MESSAGING_LOST</EventType>";
    store.keep(newest).await.unwrap();
    store.keep(bandwidth(&format!("{order}<Note>second</Note>{}", at(30))).0).await.unwrap();
    store.keep(bandwidth(&format!("{order}<Note>first</Note>{}", at(29))).0).await.unwrap();
    store.keep(bandwidth(&format!("{order}{}", at(28))).0).await.unwrap();
    store.keep(bandwidth(event).0).await.unwrap();
    work(&store).await;
    store.keep(bandwidth(event).0).await.unwrap();
    work(&store).await;
    assert_eq!(
        database.outcomes().await,
        ["applied", "applied", "applied", "stale", "applied", "applied"]
    );
    assert_eq!(store.state(&key).await.unwrap().as_deref(), Some("COMPLETE"));
}

#[tokio::test]
async fn a_body_that_does_not_parse_is_kept_for_a_person() {
    let database = Database::new().await;
    let store = database.store().await;
    store.keep(Delivery::of_body::<OrderWebhook>(br#"{"orderId":1}"#)).await.unwrap();
    store.keep(porterbuddy("ready", None).0).await.unwrap();
    work(&store).await;
    assert_eq!(database.outcomes().await, ["unreadable", "applied"]);
}

#[tokio::test]
async fn what_was_kept_is_there_after_the_server_is_gone() {
    let database = Database::new().await;
    let store = database.store().await;
    store.keep(musement(1, 1, "OK").0).await.unwrap();
    drop(store);
    let store = database.store().await;
    work(&store).await;
    let (_, key) = musement(1, 1, "OK");
    assert_eq!(store.state(&key).await.unwrap().as_deref(), Some("OK"));
}

#[tokio::test]
async fn a_store_that_cannot_write_says_so_in_time() {
    let database = Database::new().await;
    let store = database.store().await;
    database
        .while_locked(async || {
            let started = Instant::now();
            store.keep(musement(1, 1, "OK").0).await.unwrap_err();
            assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        })
        .await;
    store.keep(musement(1, 1, "OK").0).await.unwrap();
    assert_eq!(database.outcomes().await, ["waiting"]);
}

/// `SplitMix64`, the sort of generator that needs no crate.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shuffled_and_doubled_the_newest_revision_is_what_is_applied() {
    const STATUSES: [&str; 5] = ["PENDING", "OK", "KO", "REFUND_STARTED", "REFUNDED"];
    let status = |item: usize, version: usize| STATUSES[(item + version) % 5];
    let mut state = 5;
    let mut deliveries: Vec<_> =
        (0..5_000).map(|n| (n % 100, 1 + n / 100)).flat_map(|delivery| [delivery; 2]).collect();
    for last in (1..deliveries.len()).rev() {
        deliveries.swap(last, usize::try_from(random(&mut state)).unwrap() % (last + 1));
    }

    let database = Database::new().await;
    let inbox = Arc::new(Inbox::new(database.store().await));
    // Two that share the store, as replicas do.
    let replica = Arc::new(Inbox::new(database.store().await));
    let workers = [&inbox, &replica].map(|inbox| {
        let inbox = Arc::clone(inbox);
        tokio::spawn(async move { inbox.work().await })
    });
    // As many at a time as a server would have.
    for at_a_time in deliveries.chunks(100) {
        let mut kept = tokio::task::JoinSet::new();
        for &(item, version) in at_a_time {
            let inbox = Arc::clone(if random(&mut state) & 1 == 0 { &inbox } else { &replica });
            let delivery = musement(item, version, status(item, version)).0;
            kept.spawn(async move { inbox.keep(delivery).await });
        }
        while let Some(kept) = kept.join_next().await {
            kept.unwrap().unwrap();
        }
    }
    workers.iter().for_each(tokio::task::JoinHandle::abort);
    work(&inbox.store).await;

    let mut outcomes = HashMap::new();
    for outcome in database.outcomes().await {
        *outcomes.entry(outcome).or_insert(0) += 1;
    }
    assert_eq!(outcomes.values().sum::<i32>(), 5_000);
    assert!(outcomes["stale"] > 0 && outcomes.len() == 2, "{outcomes:?}");
    for item in 0..100 {
        let (_, key) = musement(item, 50, "");
        let state = inbox.store.state(&key).await.unwrap();
        assert_eq!(state.as_deref(), Some(status(item, 50)));
    }
}
