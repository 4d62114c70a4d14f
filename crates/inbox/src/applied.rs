//! What was applied, in the database of the application.

#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use order_webhooks::tracking::Applied;

use crate::error::Error;

/// A database that your tables can be in: [`sqlx::Sqlite`] with the feature `sqlite`,
/// [`sqlx::Postgres`] with `postgres`.
///
/// The inbox adds two tables to it: `order_webhooks_applied`, with a row for each
/// thing, and `order_webhooks_tables`, with the version of the other.
pub trait Database: sealed::Sealed {}

impl<DB: sealed::Sealed> Database for DB {}

pub(crate) mod sealed {
    use std::path::PathBuf;
    use std::time::Duration;

    use futures_util::future::BoxFuture;
    use sqlx::{Pool, Transaction};

    use super::Row;
    use crate::error::Error;
    use crate::operate::Finding;

    type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

    pub trait Sealed: sqlx::Database {
        /// Creates the tables.
        fn prepare(pool: &Pool<Self>) -> Answer<'_, ()>;

        /// What was applied last of these things, without a lock.
        fn look<'a>(pool: &'a Pool<Self>, keys: &'a [String]) -> Answer<'a, Vec<(String, Row)>>;

        /// Begins a transaction that has the thing for itself.
        fn lock<'a>(
            pool: &'a Pool<Self>,
            key: &'a str,
        ) -> Answer<'a, (Transaction<'static, Self>, Option<Row>)>;

        /// Writes the row of a thing that is locked.
        fn store<'a>(
            pool: &'a Pool<Self>,
            transaction: &'a mut Transaction<'static, Self>,
            key: &'a str,
            row: &'a Row,
        ) -> Answer<'a, ()>;

        /// What is wrong with the pool, for handlers that take this long.
        fn check(pool: &Pool<Self>, time_limit: Duration) -> Answer<'_, Vec<Finding>>;

        /// The SQLite file behind the pool.
        fn file(_: &Pool<Self>) -> Option<PathBuf> {
            None
        }
    }
}

/// A row of `order_webhooks_applied`.
pub(crate) type Row = Applied<String>;

/// The row from its columns. A thing that is locked for the first time has a row
/// without values.
pub(crate) fn row(columns: (Option<String>, Option<String>)) -> Result<Option<Row>, Error> {
    let (Some(revision), Some(delivery)) = columns else { return Ok(None) };
    let revision = revision.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(Some(Row { revision, delivery }))
}

/// The rows that have values.
pub(crate) fn rows(
    found: Vec<(String, Option<String>, Option<String>)>,
) -> Result<Vec<(String, Row)>, Error> {
    let rows = found.into_iter().filter_map(|(key, revision, delivery)| {
        row((revision, delivery)).transpose().map(|row| Ok((key, row?)))
    });
    rows.collect()
}
