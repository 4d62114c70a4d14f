//! The stores that speak SQL.

mod postgres;
mod sqlite;

use std::env;
use std::time::Duration;

use order_webhooks::envelope::Envelope;
use time::OffsetDateTime;

pub(crate) use self::postgres::Postgres;
pub(crate) use self::sqlite::Sqlite;
use crate::inbox::{Inbox, Rules, StoreError};

/// The inbox in the database of `DATABASE_URL`, or else in the file `DATABASE`.
pub(crate) async fn from_env() -> Result<Inbox, StoreError> {
    let rules = Rules::default();
    if let Ok(url) = env::var("DATABASE_URL") {
        return Ok(Inbox::new(Postgres::open(&url, rules).await?));
    }
    let file = env::var("DATABASE").unwrap_or_else(|_| "inbox.db".into());
    Ok(Inbox::new(Sqlite::open(&file, rules)?))
}

/// Times are kept in microseconds since 1970.
fn micros(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// The time so long ago.
fn before(age: Duration) -> i64 {
    let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
    micros(OffsetDateTime::now_utc()).saturating_sub(age)
}

fn envelope(webhook: &str, body: Vec<u8>, verified_at: i64) -> Envelope {
    let nanos = i128::from(verified_at).saturating_mul(1_000);
    let at = OffsetDateTime::from_unix_timestamp_nanos(nanos);
    Envelope::new(webhook, body, at.unwrap_or(OffsetDateTime::UNIX_EPOCH))
}
