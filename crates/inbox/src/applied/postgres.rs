//! In PostgreSQL.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::{ConnectOptions as _, PgPool, PgTransaction, Pool, Postgres, Row as _};

use super::sealed::Sealed;
use super::{Row, row, rows};
use crate::clock::now;
use crate::error::Error;
use crate::operate::Finding;
use crate::schema;

const TABLE: &str = "
CREATE TABLE order_webhooks_applied (
    key TEXT COLLATE \"C\" PRIMARY KEY,
    revision TEXT,
    delivery TEXT,
    applied_at BIGINT
)";

/// A worker that is paused inside its transaction keeps the others for this time only.
const BEGIN: &str = "BEGIN; SELECT
    set_config('order_webhooks.lock_timeout', current_setting('lock_timeout'), true),
    set_config('lock_timeout', '5s', true)";

/// Inserts the row of a new thing, or waits for the one that is there and locks it. The
/// timeout of your own statements is yours again.
const LOCK: &str = "INSERT INTO order_webhooks_applied AS known (key) VALUES ($1)
    ON CONFLICT (key) DO UPDATE SET key = known.key
    RETURNING revision, delivery,
        set_config('lock_timeout', current_setting('order_webhooks.lock_timeout'), true)";

type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// Whether statements may be prepared for later. Behind `PgBouncer` they may not, because
/// the next transaction may get another connection of the server. The pool's options say so
/// with `statement-cache-capacity=0`, and sqlx shows them in no other form.
fn may_prepare(pool: &PgPool) -> bool {
    let url = pool.connect_options().to_url_lossy();
    !url.query_pairs().any(|pair| pair == ("statement-cache-capacity".into(), "0".into()))
}

impl Sealed for Postgres {
    fn prepare(pool: &PgPool) -> Answer<'_, ()> {
        Box::pin(async move {
            let mut transaction = pool.begin_with(schema::BEGIN_POSTGRES).await?;
            if schema::of_postgres(&mut transaction, "applied").await? == 0 {
                sqlx::raw_sql(TABLE).execute(&mut *transaction).await?;
            }
            Ok(transaction.commit().await?)
        })
    }

    fn look<'a>(pool: &'a PgPool, keys: &'a [String]) -> Answer<'a, Vec<(String, Row)>> {
        Box::pin(async move {
            let mut transaction = pool.begin().await?;
            let found = sqlx::query_as(
                "SELECT key, revision, delivery FROM order_webhooks_applied WHERE key = ANY($1)",
            );
            let found = found.persistent(may_prepare(pool)).bind(keys);
            let found = found.fetch_all(&mut *transaction).await?;
            transaction.rollback().await?;
            rows(found)
        })
    }

    fn lock<'a>(
        pool: &'a PgPool,
        key: &'a str,
    ) -> Answer<'a, (PgTransaction<'static>, Option<Row>)> {
        Box::pin(async move {
            let mut transaction = pool.begin_with(BEGIN).await?;
            let found = sqlx::query_as(LOCK).persistent(may_prepare(pool)).bind(key);
            let (revision, delivery, _): (_, _, String) =
                found.fetch_one(&mut *transaction).await?;
            Ok((transaction, row((revision, delivery))?))
        })
    }

    fn store<'a>(
        pool: &'a PgPool,
        transaction: &'a mut PgTransaction<'static>,
        key: &'a str,
        row: &'a Row,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let stored = sqlx::query(
                "UPDATE order_webhooks_applied SET revision = $2, delivery = $3, applied_at = $4
                WHERE key = $1",
            );
            let stored =
                stored.persistent(may_prepare(pool)).bind(key).bind(row.revision.to_string());
            stored.bind(&row.delivery).bind(now()).execute(&mut **transaction).await?;
            Ok(())
        })
    }

    fn check(pool: &Pool<Self>, time_limit: Duration) -> Answer<'_, Vec<Finding>> {
        Box::pin(async move {
            let mut findings = Vec::new();
            for row in sqlx::raw_sql(TIMEOUTS).fetch_all(pool).await? {
                let (setting, found): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
                let found = Duration::from_millis(found.try_into().unwrap_or(u64::MAX));
                if found < time_limit {
                    let text = format!(
                        "{setting} is {found:?}, and a handler may take {time_limit:?}: \
                        PostgreSQL would end its transaction"
                    );
                    findings.push(Finding::new("short_timeout", text));
                }
            }
            Ok(findings)
        })
    }
}

const TIMEOUTS: &str = "SELECT name, setting::bigint FROM pg_settings WHERE setting <> '0'
    AND name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')";
