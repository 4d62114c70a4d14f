//! The inbox of the examples: what is kept of deliveries that come twice, late
//! and in any order, and what is made of them.
//!
//! On SQLite by default. The tests of PostgreSQL want `DATABASE_URL`, and
//! `DATABASE_CRASH`, the command that crashes the server and starts it again;
//! `tools/inbox/stores.sh` has both.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]
#![allow(dead_code, reason = "the examples use more of it")]

#[path = "../../src/inbox/mod.rs"]
mod inbox;
#[path = "../../src/sql/mod.rs"]
mod sql;
mod suite;

use std::sync::atomic::{AtomicU32, Ordering};

/// A name that no other test has.
fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("inbox_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

mod sqlite {
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    use rusqlite::Connection;
    use tokio::time::sleep;

    use crate::inbox::{Inbox, Rules};
    use crate::sql::Sqlite;
    use crate::suite::{Bed, musement, rules, suite};

    struct Folder(PathBuf);

    impl Folder {
        fn file(&self) -> String {
            self.0.join("inbox.db").to_str().unwrap().to_owned()
        }
    }

    impl Bed for Folder {
        async fn new() -> Self {
            let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(crate::name());
            std::fs::create_dir(&folder).unwrap();
            Self(folder)
        }

        async fn open(&self, rules: Rules) -> Inbox {
            Inbox::new(Sqlite::open(&self.file(), rules).unwrap())
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    suite!(Folder);

    #[tokio::test]
    async fn a_store_that_cannot_write_says_so_in_time() {
        let folder = Folder::new().await;
        let inbox = folder.open(Rules { patience: Duration::from_secs(1), ..rules() }).await;
        let connection = Connection::open(folder.file()).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let started = Instant::now();
        let error = inbox.keep(musement(1, 1, "OK").0).await.unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        assert!(error.to_string().starts_with("not kept within 1s: database is locked"), "{error}");
        drop(connection);
        inbox.keep(musement(1, 1, "OK").0).await.unwrap();
    }

    #[tokio::test]
    async fn a_short_wait_of_the_store_is_waited_for() {
        let folder = Folder::new().await;
        let inbox = folder.open(rules()).await;
        let connection = Connection::open(folder.file()).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let (delivery, _) = musement(1, 1, "OK");
        let (kept, ()) = tokio::join!(inbox.keep(delivery), async {
            sleep(Duration::from_millis(1_500)).await;
            connection.execute_batch("COMMIT").unwrap();
        });
        kept.unwrap();
    }

    #[tokio::test]
    async fn a_file_that_was_removed_is_noticed_before_a_delivery_counts_as_kept() {
        for removed in
            [&["inbox.db"][..], &["inbox.db-wal"], &["inbox.db", "inbox.db-wal", "inbox.db-shm"]]
        {
            let folder = Folder::new().await;
            let inbox = folder.open(rules()).await;
            inbox.keep(musement(1, 1, "OK").0).await.unwrap();
            for file in removed {
                std::fs::remove_file(folder.0.join(file)).unwrap();
            }
            inbox.keep(musement(2, 1, "OK").0).await.unwrap();
            drop(inbox);
            // Whoever opens the file that has the name finds the delivery.
            let inbox = folder.open(rules()).await;
            while inbox.settle().await.unwrap() > 0 {}
            let state = inbox.store.state(&musement(2, 1, "").1).await.unwrap();
            assert_eq!(state.as_deref(), Some("OK"), "{removed:?}");
        }
    }
}

mod postgres {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use tokio_postgres::{Client, NoTls};

    use crate::inbox::{Inbox, Rules};
    use crate::sql::Postgres;
    use crate::suite::{Bed, musement, rules, suite};

    /// A schema of its own.
    struct Schema(String);

    impl Schema {
        async fn client(&self) -> Client {
            let (client, connection) = tokio_postgres::connect(&self.0, NoTls).await.unwrap();
            tokio::spawn(connection);
            client
        }
    }

    impl Bed for Schema {
        async fn new() -> Self {
            let name = crate::name();
            let url = std::env::var("DATABASE_URL").unwrap();
            let schema = Self(format!("{url}?options=-c%20search_path%3D{name}"));
            let create = format!("CREATE SCHEMA {name}");
            schema.client().await.batch_execute(&create).await.unwrap();
            schema
        }

        async fn open(&self, rules: Rules) -> Inbox {
            Inbox::new(Postgres::open(&self.0, rules).await.unwrap())
        }

        fn crash(&self) {
            let command = std::env::var("DATABASE_CRASH").unwrap();
            let mut command =
                Command::new("sh").args(["-c", &command]).stdout(Stdio::null()).spawn();
            assert!(command.as_mut().unwrap().wait().unwrap().success());
        }
    }

    suite!(Schema, "wants a PostgreSQL, see tools/inbox/stores.sh");

    #[tokio::test]
    #[ignore = "wants a PostgreSQL, see tools/inbox/stores.sh"]
    async fn a_store_that_cannot_write_says_so_in_time() {
        let schema = Schema::new().await;
        let inbox = schema.open(Rules { patience: Duration::from_secs(1), ..rules() }).await;
        let mut client = schema.client().await;
        let transaction = client.transaction().await.unwrap();
        transaction.batch_execute("LOCK TABLE inbox_deliveries").await.unwrap();
        let started = Instant::now();
        inbox.keep(musement(1, 1, "OK").0).await.unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        transaction.rollback().await.unwrap();
        inbox.keep(musement(1, 1, "OK").0).await.unwrap();
    }
}

mod queue {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use tokio::task::JoinSet;
    use tokio::time::sleep;

    use crate::inbox::queue::{Queue, Write};
    use crate::inbox::{Delivery, Rules, StoreError};
    use crate::suite::{musement, rules};

    /// Fails as often as it is told to, and then writes.
    struct Failing {
        times: Arc<AtomicUsize>,
        written: Arc<Mutex<Vec<usize>>>,
    }

    impl Write for Failing {
        async fn write(&mut self, batch: Arc<Vec<Delivery>>) -> Result<(), StoreError> {
            sleep(Duration::from_millis(1)).await;
            if self.times.load(Ordering::Relaxed) > 0 {
                self.times.fetch_sub(1, Ordering::Relaxed);
                return Err("the disk is away".into());
            }
            self.written.lock().unwrap().push(batch.len());
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_away_makes_its_callers_wait_and_then_says_why() {
        let times = Arc::new(AtomicUsize::new(usize::MAX));
        let written = Arc::new(Mutex::new(Vec::new()));
        let writer = Failing { times: Arc::clone(&times), written: Arc::clone(&written) };
        let patience = Duration::from_millis(500);
        let queue = Arc::new(Queue::new(writer, &Rules { patience, ..rules() }));
        let started = tokio::time::Instant::now();
        let mut callers = JoinSet::new();
        for item in 0..3_000 {
            let queue = Arc::clone(&queue);
            callers.spawn(async move { queue.keep(musement(item, 1, "OK").0).await });
        }
        while let Some(kept) = callers.join_next().await {
            let error = kept.unwrap().unwrap_err().to_string();
            assert_eq!(error, "not kept within 500ms: the disk is away");
        }
        assert_eq!(started.elapsed().as_millis(), 500);
        // What was answered with no is not written when the store comes back.
        times.store(1, Ordering::Relaxed);
        queue.keep(musement(1, 2, "OK").0).await.unwrap();
        assert_eq!(*written.lock().unwrap(), [1]);
    }
}
