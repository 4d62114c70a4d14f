//! What the log says of a delivery, with nothing of the delivery in it.

use std::fmt::{Debug, Write as _};
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use order_webhooks::tracking::Revision;
use order_webhooks_inbox::{Delivery, Error, sqlx};
use tracing::field::{Field, Visit};

use crate::stores::{OnSqlite, Store};
use crate::{keep, quick, settled, try_keep, while_working};

/// A log that keeps the inbox's events as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "order_webhooks"
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::Id {
        tracing::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::Id, _: &tracing::Id) {}
    fn enter(&self, _: &tracing::Id) {}
    fn exit(&self, _: &tracing::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Line(String);
        impl Visit for Line {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                write!(self.0, " {}={value:?}", field.name()).unwrap();
            }
        }
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

#[tokio::test]
async fn an_event_has_its_name_and_nothing_of_a_delivery() {
    let log = Log::default();
    // While there is only one, an event that another test reaches first is off for all.
    let _second = tracing::Dispatch::new(Log::default());
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

    let lines = log.0.lock().unwrap();
    for (name, level) in [
        ("inbox.kept", "DEBUG"),
        ("inbox.applied", "DEBUG"),
        ("inbox.stale", "DEBUG"),
        ("inbox.failed", "WARN"),
        ("inbox.set_aside", "ERROR"),
        ("inbox.file_replaced", "ERROR"),
        ("inbox.not_kept", "ERROR"),
    ] {
        let field = format!(" event={name:?}");
        let mut named = lines.iter().filter(|line| line.contains(&field)).peekable();
        assert!(named.peek().is_some(), "no {name} in {lines:#?}");
        for line in named {
            assert!(line.starts_with(level), "{line}");
            let cause = line.contains("cause=\"no such street\"");
            assert_eq!(cause, ["inbox.failed", "inbox.set_aside"].contains(&name), "{line}");
        }
    }
    for line in lines.iter() {
        for word in ["Anna", "Bob", "Carl", "Dora", "Elm"] {
            assert!(!line.contains(word), "{line}");
        }
    }
}
