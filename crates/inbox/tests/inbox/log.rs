//! What the log says of a delivery, with nothing of the delivery in it.

use std::fs;
use std::time::Duration;

use fixtures::log::Log;
use order_webhooks::tracking::Revision;
use order_webhooks_inbox::{Delivery, Error, sqlx};

use crate::stores::{OnSqlite, Store};
use crate::{keep, quick, settled, try_keep, while_working};

#[tokio::test]
async fn an_event_has_its_name_and_nothing_of_a_delivery() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let store = OnSqlite::new().await;
    let inbox = store.inbox(quick()).await;
    let mut hasty = quick();
    hasty.patience = Duration::from_millis(100);
    let hasty = store.inbox(hasty).await;
    let work = inbox.work(store.shop(), async |delivery: Delivery<sqlx::Sqlite>| {
        if delivery.key() == "thing:Bob" {
            return Err("no such street".into());
        }
        let tx = delivery.begin().await?;
        tx.commit().await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    });
    let scenario = async {
        for (thing, version) in [("Anna", 2), ("Anna", 1), ("Bob", 1)] {
            keep(&inbox, thing, Revision::counted(version), "12 Elm Street").await;
            settled(&inbox).await;
        }
    };
    while_working(work, scenario).await;
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(store.folder.path().join(format!("inbox.db{suffix}"))).unwrap();
    }
    keep(&inbox, "Carl", Revision::counted(1), "12 Elm Street").await;
    fs::remove_dir_all(store.folder.path()).unwrap();
    let late = try_keep(&hasty, "Dora", Revision::counted(1), "12 Elm Street").await;
    assert!(matches!(late, Err(Error::NotKept { .. })), "{late:?}");

    let lines = log.take();
    for (name, level) in [
        ("inbox.kept", "DEBUG"),
        ("inbox.applied", "DEBUG"),
        ("inbox.stale", "DEBUG"),
        ("inbox.failed", "WARN"),
        ("inbox.set_aside", "ERROR"),
        ("inbox.file_replaced", "ERROR"),
        ("inbox.not_kept", "ERROR"),
    ] {
        let field = format!(" event={name}");
        let mut named = lines.iter().filter(|line| line.contains(&field)).peekable();
        assert!(named.peek().is_some(), "no {name} in {lines:#?}");
        for line in named {
            assert!(line.starts_with(level), "{line}");
            let cause = line.contains("cause=no such street");
            assert_eq!(cause, ["inbox.failed", "inbox.set_aside"].contains(&name), "{line}");
        }
    }
    for line in &lines {
        for word in ["Anna", "Bob", "Carl", "Dora", "Elm"] {
            assert!(!line.contains(word), "{line}");
        }
    }
}
