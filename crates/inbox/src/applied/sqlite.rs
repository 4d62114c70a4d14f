//! In SQLite.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::{Pool, QueryBuilder, Sqlite, SqlitePool, Transaction};

use super::sealed::Sealed;
use super::{Row, row, rows};
use crate::clock::now;
use crate::error::Error;
use crate::operate::Finding;
use crate::schema;

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

impl Sealed for Sqlite {
    fn prepare(pool: &SqlitePool) -> Answer<'_, ()> {
        Box::pin(async move {
            let mut transaction = pool.begin_with(BEGIN).await?;
            if schema::of_sqlite(&mut transaction, "applied").await? == 0 {
                sqlx::raw_sql(TABLE).execute(&mut *transaction).await?;
            }
            Ok(transaction.commit().await?)
        })
    }

    fn look<'a>(pool: &'a SqlitePool, keys: &'a [String]) -> Answer<'a, Vec<(String, Row)>> {
        Box::pin(async move {
            let mut found = QueryBuilder::new(
                "SELECT key, revision, delivery FROM order_webhooks_applied WHERE key IN (",
            );
            let mut list = found.separated(", ");
            for key in keys {
                list.push_bind(key);
            }
            found.push(")");
            rows(found.build_query_as().fetch_all(pool).await?)
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
            let found = found.bind(key).fetch_optional(&mut *transaction).await?;
            let found = row(found.unwrap_or_default())?;
            Ok((transaction, found))
        })
    }

    fn store<'a>(
        _: &'a SqlitePool,
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
