//! The suite of the inbox's stores, on NATS JetStream. It wants `NATS_URL`, and
//! `NATS_CRASH`, the command that kills the server and starts it again;
//! `tools/inbox/stores.sh` has both.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]
#![allow(dead_code, reason = "the example uses more of it")]

#[path = "../../inbox/src/inbox/mod.rs"]
mod inbox;
#[path = "../src/jetstream/mod.rs"]
mod jetstream;
#[path = "../../inbox/tests/inbox/suite.rs"]
mod suite;

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::sleep;

use crate::inbox::{Inbox, Rules};
use crate::jetstream::{JetStream, Settings};
use crate::suite::{Bed, musement, rules, suite};

/// Streams of its own.
struct Streams(Settings);

impl Bed for Streams {
    async fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("inbox_{}_{next}", std::process::id());
        Self(Settings::new(&std::env::var("NATS_URL").unwrap(), &name))
    }

    async fn open(&self, rules: Rules) -> Inbox {
        Inbox::new(JetStream::open(self.0.clone(), rules).await.unwrap())
    }

    fn crash(&self) {
        let command = std::env::var("NATS_CRASH").unwrap();
        let mut command = Command::new("sh").args(["-c", &command]).stdout(Stdio::null()).spawn();
        assert!(command.as_mut().unwrap().wait().unwrap().success());
    }
}

suite!(Streams, "wants a nats-server, see tools/inbox/stores.sh");

#[tokio::test]
#[ignore = "wants a nats-server, see tools/inbox/stores.sh"]
async fn a_duplicate_that_the_engine_has_forgotten_is_found_to_be_stale() {
    let mut streams = Streams::new().await;
    streams.0.remembers = Duration::from_millis(200);
    let inbox = streams.open(rules()).await;
    let (delivery, key) = musement(1, 2, "OK");
    inbox.keep(delivery.clone()).await.unwrap();
    while inbox.settle().await.unwrap() > 0 {}
    sleep(Duration::from_millis(600)).await;
    inbox.keep(musement(1, 1, "PENDING").0).await.unwrap();
    inbox.keep(delivery).await.unwrap();
    assert_eq!(inbox.store.waiting().await.unwrap(), 2);
    while inbox.settle().await.unwrap() > 0 {}
    assert_eq!(inbox.store.waiting().await.unwrap(), 0);
    assert_eq!(inbox.store.state(&key).await.unwrap().as_deref(), Some("OK"));
}
