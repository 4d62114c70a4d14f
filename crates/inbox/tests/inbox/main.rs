//! The inbox on SQLite, on PostgreSQL, on PostgreSQL behind `PgBouncer`, and on JetStream.
//!
//! The latter three need Debian's packages `postgresql` and `pgbouncer`, and nats-server;
//! `.ci/run stores` installs them and runs those tests.

#![cfg(all(feature = "sqlite", feature = "jetstream"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::duration_suboptimal_units,
    clippy::large_futures,
    reason = "tests"
)]

mod cases;
mod jetstream;
mod keeper;
mod log;
mod process;
mod sqlite;
mod stores;

use std::future::Future;
use std::time::Duration;

use order_webhooks::envelope::Envelope;
use order_webhooks::tracking::{ContentDigest, Key, Revision};
use order_webhooks_inbox::{Error, Inbox, Settings};
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};

/// Keeps a delivery of a thing. Its body is what it says.
async fn keep(inbox: &Inbox, thing: &str, revision: Revision, body: &str) {
    try_keep(inbox, thing, revision, body).await.unwrap();
}

async fn try_keep(inbox: &Inbox, thing: &str, revision: Revision, body: &str) -> Result<(), Error> {
    let envelope = Envelope::new("test.thing", body.to_owned(), OffsetDateTime::UNIX_EPOCH);
    inbox.keep_as(Key::new("thing", thing), revision, envelope).await
}

/// Keeps the version of a thing with this number.
async fn keep_version(inbox: &Inbox, thing: &str, version: u64) {
    keep(inbox, thing, Revision::counted(version), &version.to_string()).await;
}

/// A revision without a count and a time.
fn undated(body: &str) -> Revision {
    Revision::unordered(ContentDigest::of(body.as_bytes()))
}

/// Settings for tests: a delivery that failed is tried again soon.
fn quick() -> Settings {
    let mut settings = Settings::default();
    settings.first_pause = Duration::from_millis(10);
    settings.longest_pause = Duration::from_millis(50);
    settings.tries = 3;
    settings
}

/// How many deliveries wait, and how many were set aside.
async fn counts(inbox: &Inbox) -> (u64, u64) {
    let status = inbox.status().await.unwrap();
    status.iter().fold((0, 0), |(waiting, aside), it| (waiting + it.waiting, aside + it.set_aside))
}

/// Waits until nothing waits.
async fn settled(inbox: &Inbox) {
    while counts(inbox).await.0 > 0 {
        sleep(Duration::from_millis(10)).await;
    }
}

/// Works until the scenario is over, or a minute has passed.
async fn while_working<T>(
    work: impl Future<Output = Result<(), order_webhooks_inbox::Error>>,
    scenario: impl Future<Output = T>,
) -> T {
    tokio::select! {
        ended = work => panic!("the worker ended: {ended:?}"),
        over = timeout(Duration::from_secs(60), scenario) => over.expect("it takes too long"),
    }
}
