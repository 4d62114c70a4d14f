//! In SQLite.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::{Pool, Sqlite, SqliteConnection, SqlitePool, Transaction};

use super::sealed::Sealed;
use super::{Row, row, runs_on};
use crate::error::Error;
use crate::operate::Finding;
use crate::queue::{VERSION, now};

const TABLE: &str = "
CREATE TABLE order_webhooks_applied (
    key TEXT PRIMARY KEY,
    revision TEXT,
    delivery TEXT,
    applied_at INTEGER
) WITHOUT ROWID";

/// A deferred transaction that reads first and writes then fails at once when
/// another has written between, whatever the timeout.
const BEGIN: &str = "BEGIN IMMEDIATE";

type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// The version of a part of the tables, and zero if it has just been noted: then they
/// are to be created.
pub(crate) async fn version(
    connection: &mut SqliteConnection,
    part: &str,
) -> Result<i64, sqlx::Error> {
    let tables = "CREATE TABLE IF NOT EXISTS order_webhooks_tables
        (part TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID";
    sqlx::raw_sql(tables).execute(&mut *connection).await?;
    let found = sqlx::query_scalar("SELECT version FROM order_webhooks_tables WHERE part = $1");
    if let Some(found) = found.bind(part).fetch_optional(&mut *connection).await? {
        return runs_on(found).map(|()| found);
    }
    let noted = sqlx::query("INSERT INTO order_webhooks_tables (part, version) VALUES ($1, $2)");
    noted.bind(part).bind(VERSION).execute(connection).await?;
    Ok(0)
}

impl Sealed for Sqlite {
    fn prepare(pool: &SqlitePool) -> Answer<'_, ()> {
        Box::pin(async move {
            let mut transaction = pool.begin_with(BEGIN).await?;
            if version(&mut transaction, "applied").await? == 0 {
                sqlx::raw_sql(TABLE).execute(&mut *transaction).await?;
            }
            Ok(transaction.commit().await?)
        })
    }

    fn look<'a>(pool: &'a SqlitePool, key: &'a str) -> Answer<'a, Option<Row>> {
        Box::pin(async move {
            let found = sqlx::query_as(
                "SELECT revision, delivery FROM order_webhooks_applied WHERE key = $1",
            );
            row(found.bind(key).fetch_optional(pool).await?)
        })
    }

    /// The transaction has the whole file for itself.
    fn lock<'a>(
        pool: &'a SqlitePool,
        key: &'a str,
    ) -> Answer<'a, (Transaction<'static, Self>, Option<Row>)> {
        Box::pin(async move {
            let mut transaction = pool.begin_with(BEGIN).await?;
            let found = sqlx::query_as(
                "SELECT revision, delivery FROM order_webhooks_applied WHERE key = $1",
            );
            let found = row(found.bind(key).fetch_optional(&mut *transaction).await?)?;
            Ok((transaction, found))
        })
    }

    fn store<'a>(
        transaction: &'a mut Transaction<'static, Self>,
        key: &'a str,
        row: &'a Row,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let stored = sqlx::query(
                "INSERT INTO order_webhooks_applied (key, revision, delivery, applied_at)
                VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO UPDATE
                SET revision = $2, delivery = $3, applied_at = $4",
            );
            let stored = stored.bind(key).bind(row.revision.to_string()).bind(&row.delivery);
            stored.bind(now()).execute(&mut **transaction).await?;
            Ok(())
        })
    }

    fn check(_: &Pool<Self>, _: Duration) -> Answer<'_, Vec<Finding>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn file(pool: &SqlitePool) -> Option<PathBuf> {
        Some(pool.connect_options().get_filename().to_owned())
    }
}
