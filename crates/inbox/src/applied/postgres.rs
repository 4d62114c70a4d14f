//! In PostgreSQL.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::{Query, QueryScalar};
use sqlx::{PgPool, PgTransaction, Pool, Postgres, Row as _};

use super::sealed::Sealed;
use super::{Row, row, runs_on};
use crate::error::Error;
use crate::operate::Finding;
use crate::queue::{VERSION, now};

const TABLE: &str = "
CREATE TABLE order_webhooks_applied (
    key TEXT COLLATE \"C\" PRIMARY KEY,
    revision TEXT,
    delivery TEXT,
    applied_at BIGINT
)";

/// Those who create tables wait for each other.
pub(crate) const BEGIN_LOCKED: &str = "BEGIN; SELECT pg_advisory_xact_lock(7093871243)";

/// A worker that is paused inside its transaction keeps the others for this time only.
const BEGIN: &str = "BEGIN; SET LOCAL lock_timeout = '5s'";

type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// A statement that is not prepared for later: `PgBouncer` may give the next transaction
/// another connection of the server.
pub(crate) fn query(sql: &'static str) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(sql).persistent(false)
}

pub(crate) fn scalar<T>(sql: &'static str) -> QueryScalar<'static, Postgres, T, PgArguments>
where
    (T,): for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
{
    sqlx::query_scalar(sql).persistent(false)
}

/// The version of a part of the tables, and zero if it has just been noted: then they
/// are to be created.
pub(crate) async fn version(connection: &mut PgConnection, part: &str) -> Result<i64, sqlx::Error> {
    let tables = "CREATE TABLE IF NOT EXISTS order_webhooks_tables
        (part TEXT PRIMARY KEY, version BIGINT NOT NULL)";
    query(tables).execute(&mut *connection).await?;
    let found = scalar::<i64>("SELECT version FROM order_webhooks_tables WHERE part = $1");
    if let Some(found) = found.bind(part.to_owned()).fetch_optional(&mut *connection).await? {
        return runs_on(found).map(|()| found);
    }
    let noted = query("INSERT INTO order_webhooks_tables (part, version) VALUES ($1, $2)");
    noted.bind(part.to_owned()).bind(VERSION).execute(connection).await?;
    Ok(0)
}

impl Sealed for Postgres {
    fn prepare(pool: &PgPool) -> Answer<'_, ()> {
        Box::pin(async move {
            let mut transaction = pool.begin_with(BEGIN_LOCKED).await?;
            if version(&mut transaction, "applied").await? == 0 {
                query(TABLE).execute(&mut *transaction).await?;
            }
            Ok(transaction.commit().await?)
        })
    }

    fn look<'a>(pool: &'a PgPool, key: &'a str) -> Answer<'a, Option<Row>> {
        Box::pin(async move {
            let mut transaction = pool.begin().await?;
            let found =
                query("SELECT revision, delivery FROM order_webhooks_applied WHERE key = $1");
            let found = found.bind(key.to_owned()).fetch_optional(&mut *transaction).await?;
            transaction.rollback().await?;
            let columns =
                found.map(|found| Ok::<_, sqlx::Error>((found.try_get(0)?, found.try_get(1)?)));
            row(columns.transpose()?)
        })
    }

    /// A new thing has no row to lock yet, so it gets one first.
    fn lock<'a>(
        pool: &'a PgPool,
        key: &'a str,
    ) -> Answer<'a, (PgTransaction<'static>, Option<Row>)> {
        Box::pin(async move {
            let mut transaction = pool.begin_with(BEGIN).await?;
            let inserted = query(
                "INSERT INTO order_webhooks_applied (key) VALUES ($1) ON CONFLICT DO NOTHING",
            );
            inserted.bind(key.to_owned()).execute(&mut *transaction).await?;
            let found = query(
                "SELECT revision, delivery FROM order_webhooks_applied WHERE key = $1 FOR UPDATE",
            );
            let found = found.bind(key.to_owned()).fetch_one(&mut *transaction).await?;
            // The timeout of your own statements is yours.
            sqlx::raw_sql("SET LOCAL lock_timeout TO DEFAULT").execute(&mut *transaction).await?;
            let found = row(Some((found.try_get(0)?, found.try_get(1)?)))?;
            Ok((transaction, found))
        })
    }

    fn store<'a>(
        transaction: &'a mut PgTransaction<'static>,
        key: &'a str,
        row: &'a Row,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let stored = query(
                "UPDATE order_webhooks_applied SET revision = $2, delivery = $3, applied_at = $4
                WHERE key = $1",
            );
            let stored = stored.bind(key.to_owned()).bind(row.revision.to_string());
            let stored = stored.bind(row.delivery.clone()).bind(now());
            stored.execute(&mut **transaction).await?;
            Ok(())
        })
    }

    fn check(pool: &Pool<Self>, time_limit: Duration) -> Answer<'_, Vec<Finding>> {
        Box::pin(async move {
            let mut transaction = pool.begin().await?;
            let mut findings = Vec::new();
            for setting in TIMEOUTS {
                let found = scalar::<i64>(
                    "SELECT setting::bigint FROM pg_settings WHERE name = $1 AND setting <> '0'",
                );
                let found = found.bind(setting).fetch_optional(&mut *transaction).await?;
                let found = found.and_then(|found| u64::try_from(found).ok());
                if let Some(found) = found.map(Duration::from_millis)
                    && found < time_limit
                {
                    let text = format!(
                        "{setting} is {found:?}, and a handler may take {time_limit:?}: \
                        PostgreSQL would end its transaction"
                    );
                    findings.push(Finding::new("short_timeout", text));
                }
            }
            transaction.rollback().await?;
            Ok(findings)
        })
    }
}

const TIMEOUTS: [&str; 2] = ["idle_in_transaction_session_timeout", "transaction_timeout"];
