use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use order_webhooks::envelope::OpenError;

/// Why the inbox could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database failed, or cannot be reached.
    #[error("the database failed")]
    Database(#[source] Arc<sqlx::Error>),
    /// NATS failed, or cannot be reached: there is no leader, the stream is full.
    #[cfg(feature = "jetstream")]
    #[error("JetStream failed")]
    JetStream(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The address is no database that this build can open: `"mysql://…"`, or
    /// `"postgres://…"` without the feature `postgres`.
    #[error(
        "no store for {0:?}: expected sqlite:…, or postgres://… (and the feature of that name); \
        for NATS there is Inbox::jetstream"
    )]
    Address(String),
    /// The queue's connection would lose what it has acknowledged when the power
    /// fails, such as one with `synchronous=NORMAL` in SQLite or
    /// `synchronous_commit=off` in PostgreSQL.
    #[error("{0}, so an acknowledged delivery could be lost")]
    Durability(String),
    /// A much newer version of this crate has changed the tables.
    #[error("the tables are of version {found}, and this program knows {known}")]
    Schema {
        /// The version in the database.
        found: i64,
        /// The version of this program.
        known: i64,
    },
    /// The queue and your tables are in the same SQLite file. A handler's
    /// transaction would keep receivers waiting.
    #[error("{0:?} is the queue's file: your tables need one of their own")]
    SameFile(PathBuf),
    /// The delivery could not be kept in time, because of the source.
    #[error("not kept within {patience:?}")]
    NotKept {
        /// How long was tried.
        patience: Duration,
        /// What went wrong last, if anything did but the time.
        #[source]
        last: Option<Box<Self>>,
    },
    /// The delivery must not be applied: it was applied before, or something newer was.
    /// Return this error from your handler, and the delivery is settled as stale.
    #[error("the delivery is stale")]
    Stale,
    /// Another worker has this delivery now, because this one was paused for too long.
    #[error("another worker has this delivery now")]
    Lost,
    /// The body of the delivery cannot be read.
    #[error("the delivery cannot be read")]
    Unreadable(#[from] OpenError),
    /// The inbox was dropped, or the runtime is shutting down.
    #[error("the inbox is closed")]
    Closed,
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// The messages of an error and of its sources. PostgreSQL takes no NUL in a text.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text.replace('\0', "\u{fffd}")
}
