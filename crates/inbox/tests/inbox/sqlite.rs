//! What only an SQLite file can suffer.

use std::fs;
use std::time::Duration;

use order_webhooks_inbox::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous,
};
use order_webhooks_inbox::sqlx::{self, SqlitePool};
use order_webhooks_inbox::{Error, Inbox, Settings};
use tempfile::tempdir;

use crate::stores::{OnSqlite, Store};
use crate::{counts, keep_version, quick};

#[tokio::test]
async fn a_connection_that_could_lose_what_it_acknowledged_is_refused() {
    let folder = tempdir().unwrap();
    let options = SqliteConnectOptions::new().filename(folder.path().join("inbox.db"));
    for (options, expected) in [
        (options.clone().synchronous(SqliteSynchronous::Normal), "synchronous is 1 and not FULL"),
        (options.clone().synchronous(SqliteSynchronous::Off), "synchronous is 0 and not FULL"),
        ("sqlite::memory:".parse().unwrap(), "journal_mode is memory and not wal"),
    ] {
        let refused = Inbox::sqlite(options, Settings::default()).await.unwrap_err();
        assert!(matches!(&refused, Error::Durability(why) if why == expected), "{refused:?}");
    }
    for synchronous in [SqliteSynchronous::Full, SqliteSynchronous::Extra] {
        let options = options.clone().synchronous(synchronous);
        Inbox::sqlite(options.journal_mode(SqliteJournalMode::Wal), Settings::default())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_address_without_a_store_is_refused() {
    for (address, shown) in [("inbox.db", "inbox.db"), ("", ""), ("mysql://a:secret@b/c", "mysql")]
    {
        let refused = Inbox::open(address).await.unwrap_err();
        assert!(matches!(&refused, Error::Address(scheme) if scheme == shown), "{refused:?}");
        assert!(!refused.to_string().contains("secret"));
    }
}

#[tokio::test]
async fn the_queue_and_your_tables_are_two_files() {
    let store = OnSqlite::new().await;
    let inbox = store.inbox(quick()).await;
    let pool = SqlitePool::connect(store.address()).await.unwrap();
    let refused = inbox.work(&pool, async |_| Ok::<_, Error>(())).await.unwrap_err();
    assert!(matches!(&refused, Error::SameFile(_)), "{refused:?}");
}

#[tokio::test]
async fn the_pool_of_the_shop_keeps_its_pragmas() {
    let folder = tempdir().unwrap();
    let options = SqliteConnectOptions::new().filename(folder.path().join("shop.db"));
    let options = options.create_if_missing(true).synchronous(SqliteSynchronous::Normal);
    let pool =
        SqlitePool::connect_with(options.journal_mode(SqliteJournalMode::Delete)).await.unwrap();
    let store = OnSqlite::new().await;
    let inbox = store.inbox(quick()).await;
    inbox.stop();
    inbox.work(&pool, async |_| Ok::<_, Error>(())).await.unwrap();
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&pool).await.unwrap();
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&pool).await.unwrap();
    assert_eq!((&*journal, synchronous), ("delete", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_file_loses_nothing_that_is_kept_afterwards() {
    let store = OnSqlite::new().await;
    let inbox = store.inbox(quick()).await;
    keep_version(&inbox, "a", 1).await;
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(store.folder.path().join(format!("inbox.db{suffix}"))).unwrap();
    }
    keep_version(&inbox, "b", 1).await;
    assert_eq!(store.number("SELECT count(*) FROM order_webhooks_delivery").await, 1);
    assert_eq!(counts(&inbox).await, (1, 0));

    // Another file takes its place.
    let other = OnSqlite::new().await;
    keep_version(&other.inbox(quick()).await, "c", 1).await;
    fs::rename(other.folder.path().join("inbox.db"), store.folder.path().join("inbox.db")).unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(store.folder.path().join(format!("inbox.db{suffix}")));
    }
    keep_version(&inbox, "d", 1).await;
    let keys = "SELECT count(*) FROM order_webhooks_delivery WHERE key = 'thing:d'";
    assert_eq!(store.number(keys).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_lasts_is_told_in_time() {
    let store = OnSqlite::new().await;
    let mut settings = quick();
    settings.patience = Duration::from_millis(300);
    let inbox = store.inbox(settings).await;
    let other = SqlitePool::connect(store.address()).await.unwrap();
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let envelope = order_webhooks::envelope::Envelope::new(
        "test.thing",
        "1",
        time::OffsetDateTime::UNIX_EPOCH,
    );
    let key = order_webhooks::tracking::Key::new("thing", "a");
    let revision = order_webhooks::tracking::Revision::counted(1);
    let late = inbox.keep_as(key, revision, envelope).await.unwrap_err();
    assert!(matches!(&late, Error::NotKept { .. }), "{late:?}");
    lock.rollback().await.unwrap();
    keep_version(&inbox, "b", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_findings_are_told() {
    let store = OnSqlite::new().await;
    let inbox = store.inbox(quick()).await;
    assert_eq!(inbox.check().await.unwrap(), []);
    assert_eq!(inbox.check_pool(store.shop()).await.unwrap(), []);
    let log = store.folder.path().join("inbox.db-wal");
    fs::File::options().write(true).open(log).unwrap().set_len(300_000_000).unwrap();
    let findings = inbox.check().await.unwrap();
    let codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["large_log"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_migrations_of_the_shop_are_its_own() {
    let store = OnSqlite::new().await;
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("1_orders.sql"), "CREATE TABLE orders (item TEXT)").unwrap();
    let migrator = sqlx::migrate::Migrator::new(folder.path().to_owned()).await.unwrap();
    let inbox = store.inbox(quick()).await;
    inbox.stop();
    inbox.work(store.shop(), async |_| Ok::<_, Error>(())).await.unwrap();
    for _ in 0..2 {
        migrator.run(store.shop()).await.unwrap();
        inbox.work(store.shop(), async |_| Ok::<_, Error>(())).await.unwrap();
    }
}
