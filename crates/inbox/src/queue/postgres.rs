//! The queue as two tables in PostgreSQL.
//!
//! What a worker writes is one message to the server and one back, because the way there and
//! back takes longer than most statements do. The statements of one message are
//! [one transaction](https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT).
//! Such a message has no parameters, so values stand in its text: see [`texts`]. What is kept
//! goes in parameters, because the server's log has the text of a statement that fails, and
//! bodies are customer data.
//!
//! Nothing rests on the session, so `PgBouncer` may be in between in its transaction
//! mode: no statement is prepared for later, and a worker asks instead of being notified.
//!
//! What is kept is `new`, as in SQLite: a worker puts many in order at once.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Either, FromRow, PgPool, Row as _};

use super::{
    Answer, Claim, Claimed, ClaimedRow, LEASE, New, Queue, SORTED, STATUS, Settled, SettledRow,
    Step, latest, set_aside,
};
use crate::clock::microseconds;
use crate::error::{Error, chain};
use crate::operate::{Finding, SetAside, WebhookStatus};
use crate::schema;

const TABLES: &str = "
CREATE TABLE order_webhooks_delivery (
    number BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    id TEXT NOT NULL UNIQUE,
    webhook TEXT NOT NULL,
    key TEXT COLLATE \"C\" NOT NULL,
    revision TEXT NOT NULL,
    rank TEXT COLLATE \"C\" NOT NULL,
    body BYTEA NOT NULL,
    verified_at BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT 'new',
    due BIGINT NOT NULL DEFAULT 0,
    attempt BIGINT NOT NULL DEFAULT 0,
    failures BIGINT NOT NULL DEFAULT 0,
    running BIGINT NOT NULL DEFAULT 0,
    cause TEXT,
    settled_at BIGINT
);
CREATE INDEX order_webhooks_new ON order_webhooks_delivery (number)
    WHERE state = 'new';
CREATE INDEX order_webhooks_next ON order_webhooks_delivery (key, due, rank, number)
    WHERE state = 'waiting';
CREATE INDEX order_webhooks_set_aside ON order_webhooks_delivery (number)
    WHERE state = 'set aside';
CREATE INDEX order_webhooks_settled ON order_webhooks_delivery (settled_at)
    WHERE settled_at IS NOT NULL;
CREATE TABLE order_webhooks_thing (
    key TEXT COLLATE \"C\" PRIMARY KEY,
    due BIGINT NOT NULL,
    held BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX order_webhooks_due ON order_webhooks_thing (due);
";

/// A commit is on the disk when it is told, and bodies come as sqlx reads them, whatever the
/// session's defaults are; and nothing waits for ever.
macro_rules! limits {
    () => {
        "SET LOCAL synchronous_commit = on; SET LOCAL bytea_output = 'hex'; \
        SET LOCAL lock_timeout = '4s'; \
        SET LOCAL statement_timeout = '20s'; \
        SET LOCAL idle_in_transaction_session_timeout = '20s'"
    };
}

/// A connection that nobody has used for so long may be gone.
const TESTED_AFTER: Duration = Duration::from_secs(1);

/// When the message came to the server, by its clock in microseconds, so that the clocks of
/// several machines need not agree.
macro_rules! now {
    () => {
        "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint"
    };
}

pub(crate) struct Postgres {
    pool: PgPool,
    longest: Duration,
}

impl Postgres {
    pub(crate) async fn open(options: PgConnectOptions, longest: Duration) -> Result<Self, Error> {
        let pool = PgPoolOptions::new().max_connections(8).test_before_acquire(false);
        let pool = pool.before_acquire(|connection, metadata| {
            Box::pin(async move {
                if metadata.idle_for > TESTED_AFTER {
                    connection.ping().await?;
                }
                Ok(true)
            })
        });
        let pool = pool.connect_with(options).await?;
        let mut transaction = pool.begin_with(schema::BEGIN_POSTGRES).await?;
        let settings = "SELECT name || ' is off' FROM pg_settings
            WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'";
        if let Some(off) = sqlx::raw_sql(settings).fetch_optional(&mut *transaction).await? {
            return Err(Error::Durability(off.try_get(0)?));
        }
        if schema::of_postgres(&mut transaction, "queue").await? == 0 {
            sqlx::raw_sql(TABLES).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(Self { pool, longest })
    }

    /// Runs these statements in one transaction. Gives the rows, and how many rows the
    /// statements gave and wrote in all.
    async fn run(&self, statements: &str) -> Result<(Vec<PgRow>, u64), Error> {
        let message = AssertSqlSafe(format!(concat!(limits!(), "; {}"), statements));
        let mut answers = sqlx::raw_sql(message).fetch_many(&self.pool);
        let (mut rows, mut count) = (Vec::new(), 0_u64);
        while let Some(answer) = answers.try_next().await? {
            match answer {
                Either::Left(done) => count = count.saturating_add(done.rows_affected()),
                Either::Right(row) => rows.push(row),
            }
        }
        Ok((rows, count))
    }
}

/// An array of texts in base64: nothing in it can end a literal.
fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> String {
    let values = values.map(|value| match value {
        Some(value) => format!("\"{}\"", STANDARD.encode(value)),
        None => "NULL".to_owned(),
    });
    format!("'{{{}}}'::text[]", values.collect::<Vec<_>>().join(","))
}

fn numbers(values: impl Iterator<Item = i64>) -> String {
    let values: Vec<String> = values.map(|value| value.to_string()).collect();
    format!("'{{{}}}'::bigint[]", values.join(","))
}

fn claimed(rows: &[PgRow]) -> Result<Vec<Claimed>, Error> {
    let rows = rows.iter().map(|row| Ok(ClaimedRow::from_row(row)?.into()));
    rows.collect()
}

impl Queue for Postgres {
    fn keep<'a>(&'a self, deliveries: &'a [New]) -> Answer<'a, ()> {
        Box::pin(async move {
            let column = |of: fn(&New) -> String| deliveries.iter().map(of).collect::<Vec<_>>();
            let bodies: Vec<&[u8]> = deliveries.iter().map(|new| &**new.envelope.body()).collect();
            let times: Vec<i64> = deliveries.iter().map(New::verified_at).collect();
            let mut transaction = self.pool.begin_with(concat!("BEGIN; ", limits!())).await?;
            let insert = sqlx::query(
                "INSERT INTO order_webhooks_delivery
                    (id, webhook, key, revision, rank, body, verified_at)
                SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],
                    $6::bytea[], $7::bigint[])
                ON CONFLICT (id) DO NOTHING",
            );
            insert
                .persistent(false)
                .bind(column(|new| new.id.clone()))
                .bind(column(|new| new.envelope.webhook().into()))
                .bind(column(|new| new.key.to_string()))
                .bind(column(|new| new.revision.to_string()))
                .bind(column(New::rank))
                .bind(bodies)
                .bind(times)
                .execute(&mut *transaction)
                .await?;
            Ok(transaction.commit().await?)
        })
    }

    fn step<'a>(&'a self, settled: &'a [Settled], most: usize, sorts: bool) -> Answer<'a, Step> {
        Box::pin(async move {
            // In a transaction of its own, because it waits for things. Who holds one of them
            // does not hold up what is in order already.
            let mut sorted = 0;
            if sorts {
                match self.run(&sort()).await {
                    Ok((locked, count)) => sorted = count.saturating_sub(locked.len() as u64),
                    Err(error) => tracing::error!(
                        target: "order_webhooks", event = "inbox.store_failed",
                        error = chain(&error), "what was kept is not put in order yet"
                    ),
                }
            }
            let settled: Vec<SettledRow<'_>> = settled.iter().filter_map(SettledRow::of).collect();
            let mut statements = Vec::new();
            if !settled.is_empty() {
                statements.extend([settle(&settled), let_go(&settled)]);
            }
            if most > 0 {
                statements.push(claim(most));
            }
            let claimed = claimed(&self.run(&statements.join("; ")).await?.0)?;
            Ok(Step::of(claimed, most, sorts, sorted))
        })
    }

    fn alone(&self, claim: Claim) -> Answer<'_, bool> {
        Box::pin(async move {
            let Claim { number, attempt } = claim;
            let noted = format!(
                "UPDATE order_webhooks_delivery SET running = 2
                WHERE number = {number} AND attempt = {attempt} AND state = 'waiting'"
            );
            Ok(self.run(&noted).await?.1 == 1)
        })
    }

    /// Without the limits, because every `begin` of a handler asks.
    fn is_current(&self, claim: Claim) -> Answer<'_, bool> {
        Box::pin(async move {
            let Claim { number, attempt } = claim;
            let found = AssertSqlSafe(format!(
                "SELECT 1 FROM order_webhooks_delivery
                WHERE number = {number} AND attempt = {attempt} AND state = 'waiting'"
            ));
            Ok(sqlx::raw_sql(found).fetch_optional(&self.pool).await?.is_some())
        })
    }

    fn renew<'a>(&'a self, claims: &'a [Claim]) -> Answer<'a, ()> {
        Box::pin(async move {
            self.run(&renew(claims, self.longest)).await?;
            Ok(())
        })
    }

    fn prune(&self, before: i64) -> Answer<'_, u64> {
        Box::pin(async move {
            let deleted = format!(
                "DELETE FROM order_webhooks_delivery WHERE number IN
                (SELECT number FROM order_webhooks_delivery WHERE settled_at < {before}
                LIMIT 500 FOR UPDATE SKIP LOCKED)"
            );
            Ok(self.run(&deleted).await?.1)
        })
    }

    fn status(&self) -> Answer<'_, Vec<WebhookStatus>> {
        Box::pin(async move {
            let (rows, _) = self.run(STATUS).await?;
            rows.iter().map(|row| Ok(WebhookStatus::of(FromRow::from_row(row)?))).collect()
        })
    }

    fn set_aside(&self, after: i64, most: u32) -> Answer<'_, Vec<SetAside>> {
        Box::pin(async move {
            let (rows, _) = self.run(&set_aside(after, most)).await?;
            rows.iter().map(|row| Ok(SetAside::of(FromRow::from_row(row)?))).collect()
        })
    }

    fn try_again<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64> {
        Box::pin(async move {
            let again = format!(
                "WITH again AS (
                    UPDATE order_webhooks_delivery
                    SET state = 'waiting', due = 0, failures = 0, running = 0
                    WHERE number = ANY({}) AND state = 'set aside' RETURNING key
                ), things AS (
                    INSERT INTO order_webhooks_thing (key, due)
                    SELECT DISTINCT key, 0 FROM again ORDER BY key
                    ON CONFLICT (key) DO UPDATE SET due = 0 WHERE order_webhooks_thing.held = 0
                )
                SELECT FROM again",
                self::numbers(numbers.iter().copied()),
            );
            Ok(self.run(&again).await?.1)
        })
    }

    fn drop_set_aside<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64> {
        Box::pin(async move {
            let deleted = format!(
                "DELETE FROM order_webhooks_delivery
                WHERE number = ANY({}) AND state = 'set aside'",
                self::numbers(numbers.iter().copied()),
            );
            Ok(self.run(&deleted).await?.1)
        })
    }

    fn check(&self) -> Answer<'_, Vec<Finding>> {
        Box::pin(async move {
            let version = sqlx::raw_sql("SELECT current_setting('server_version_num')::int");
            let version: i32 = version.fetch_one(&self.pool).await?.try_get(0)?;
            let text = format!("PostgreSQL {version} is older than what is tested, {OLDEST}");
            let old = (version < OLDEST).then(|| Finding::new("old_version", text));
            Ok(old.into_iter().collect())
        })
    }
}

const OLDEST: i32 = 150_000;

/// Puts what is new in order, unless another worker is doing that: what came later could be
/// in order earlier. The lock is a statement of its own, so that the next one sees what its
/// former holder has done.
fn sort() -> String {
    format!(
        concat!(
            "SELECT set_config('order_webhooks.sorts',
                pg_try_advisory_xact_lock({lock})::text, true);
            WITH new AS MATERIALIZED (
                SELECT number, key FROM order_webhooks_delivery
                WHERE state = 'new' AND current_setting('order_webhooks.sorts')::boolean
                ORDER BY number LIMIT {most}
            ), things AS (
                INSERT INTO order_webhooks_thing AS thing (key, due)
                SELECT DISTINCT key, ",
            now!(),
            " FROM new ORDER BY key
                ON CONFLICT (key) DO UPDATE SET due = excluded.due
                WHERE thing.held = 0 AND thing.due > excluded.due
            )
            UPDATE order_webhooks_delivery delivery SET state = 'waiting' FROM new
            WHERE delivery.number = new.number"
        ),
        lock = SORTING,
        most = SORTED,
    )
}

/// The number of a lock, beside that of [`schema::BEGIN_POSTGRES`].
const SORTING: i64 = 7_093_871_244;

/// Takes the things that are due, and the first delivery of each. What another worker has
/// settled since this statement began shows an older `attempt` here, and is left alone.
///
/// A thing without deliveries, which nothing here leaves behind, is not looked at again at
/// once.
fn claim(most: usize) -> String {
    format!(
        concat!(
            "WITH due AS MATERIALIZED (
                SELECT key FROM order_webhooks_thing WHERE due <= ",
            now!(),
            " ORDER BY due LIMIT {most} FOR UPDATE SKIP LOCKED
            ), next AS MATERIALIZED (
                SELECT due.key, number, attempt FROM due LEFT JOIN LATERAL (
                    SELECT number, attempt FROM order_webhooks_delivery
                    WHERE key = due.key AND state = 'waiting' ORDER BY due, rank, number LIMIT 1
                ) delivery ON true
            ), taken AS (
                UPDATE order_webhooks_delivery delivery SET attempt = delivery.attempt + 1,
                    failures = failures + (running = 2)::int,
                    running = CASE running WHEN 0 THEN 1 ELSE 3 END
                FROM next WHERE delivery.number = next.number AND delivery.attempt = next.attempt
                    AND state = 'waiting'
                RETURNING delivery.number, delivery.attempt, id, delivery.key, revision, failures,
                    running, webhook, body, verified_at
            ), held AS (
                UPDATE order_webhooks_thing thing SET held = coalesce(taken.number, 0),
                    due = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + {lease}
                FROM next LEFT JOIN taken USING (key)
                WHERE thing.key = next.key AND (next.number IS NULL OR taken.number IS NOT NULL)
            )
            SELECT * FROM taken"
        ),
        most = most,
        lease = microseconds(LEASE),
    )
}

/// Claims as rows of a number and an attempt.
fn claims(claims: impl Iterator<Item = Claim> + Clone) -> String {
    let attempts = numbers(claims.clone().map(|claim| claim.attempt));
    let numbers = numbers(claims.map(|claim| claim.number));
    format!("unnest({numbers}, {attempts}) claim (number, attempt)")
}

/// Settles deliveries whose try is still this worker's, and those that failed before and are
/// older than what was applied. If it is done again, it changes nothing. The things are locked
/// first and in the order of their keys, as everywhere.
fn settle(settled: &[SettledRow<'_>]) -> String {
    format!(
        concat!(
            "WITH settled AS MATERIALIZED (
                SELECT key, number, attempt, pause, settled.failures,
                    convert_from(decode(settled.state, 'base64'), 'UTF8') state,
                    convert_from(decode(settled.cause, 'base64'), 'UTF8') cause
                FROM unnest({numbers}, {attempts}, {states}, {pauses}, {failures}, {causes})
                    settled (number, attempt, state, pause, failures, cause)
                JOIN order_webhooks_delivery USING (number, attempt)
            ), things AS MATERIALIZED (
                SELECT key FROM order_webhooks_thing WHERE key IN (SELECT key FROM settled)
                ORDER BY key FOR UPDATE
            ), done AS (
                UPDATE order_webhooks_delivery delivery SET state = settled.state, running = 0,
                    due = CASE WHEN settled.pause > 0 THEN ",
            now!(),
            " + settled.pause ELSE 0 END,
                    settled_at = CASE WHEN settled.state IN ('applied', 'stale') THEN ",
            now!(),
            " END,
                    failures = delivery.failures + settled.failures,
                    cause = coalesce(settled.cause, delivery.cause)
                FROM settled LEFT JOIN things USING (key)
                WHERE delivery.number = settled.number AND delivery.attempt = settled.attempt
                    AND delivery.state = 'waiting' AND delivery.running > 0
                RETURNING delivery.number, delivery.key, delivery.rank, delivery.state
            )
            UPDATE order_webhooks_delivery old SET state = 'stale', settled_at = ",
            now!(),
            " FROM done WHERE done.state = 'applied' AND old.key = done.key
                AND old.state = 'waiting' AND old.due > 0 AND old.number <> done.number
                AND left(old.rank, 1) = left(done.rank, 1)
                AND (old.rank, old.number) < (done.rank, done.number)"
        ),
        numbers = numbers(settled.iter().map(|row| row.claim.number)),
        attempts = numbers(settled.iter().map(|row| row.claim.attempt)),
        states = texts(settled.iter().map(|row| Some(row.state))),
        pauses = numbers(settled.iter().map(|row| row.pause)),
        failures = numbers(settled.iter().map(|row| row.failures)),
        causes = texts(settled.iter().map(|row| row.cause)),
    )
}

/// Lets the things go, with the time when their next delivery is due. A statement of its own,
/// because it has to see what was put in order before the locks were had.
fn let_go(settled: &[SettledRow<'_>]) -> String {
    format!(
        concat!(
            "WITH settled AS MATERIALIZED (
                SELECT done.key, number, (
                    SELECT due FROM order_webhooks_delivery next
                    WHERE next.key = done.key AND state = 'waiting'
                    ORDER BY due, rank, number LIMIT 1
                ) due
                FROM {claims} JOIN order_webhooks_delivery done USING (number, attempt)
                WHERE done.running = 0
            ), gone AS (
                DELETE FROM order_webhooks_thing thing USING settled
                WHERE thing.key = settled.key AND thing.held = settled.number
                    AND settled.due IS NULL
            )
            UPDATE order_webhooks_thing thing SET held = 0, due = greatest(settled.due, ",
            now!(),
            ") FROM settled WHERE thing.key = settled.key AND thing.held = settled.number
                AND settled.due IS NOT NULL"
        ),
        claims = claims(settled.iter().map(|row| row.claim)),
    )
}

/// The clock may have been set back: see [`latest`].
fn renew(held: &[Claim], longest: Duration) -> String {
    format!(
        concat!(
            "WITH mine AS MATERIALIZED (
                SELECT thing.key FROM order_webhooks_thing thing
                JOIN order_webhooks_delivery delivery
                    ON (delivery.number, delivery.key) = (thing.held, thing.key)
                JOIN {claims} USING (number, attempt)
                ORDER BY thing.key FOR UPDATE OF thing
            )
            UPDATE order_webhooks_thing thing SET due = ",
            now!(),
            " + {lease} FROM mine WHERE thing.key = mine.key;
            WITH early AS MATERIALIZED (
                SELECT key FROM order_webhooks_thing WHERE due > ",
            now!(),
            " + {latest} ORDER BY key FOR UPDATE SKIP LOCKED
            )
            UPDATE order_webhooks_thing thing SET due = 0 FROM early
            WHERE thing.key = early.key"
        ),
        claims = claims(held.iter().copied()),
        lease = microseconds(LEASE),
        latest = latest(0, longest),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_its_literal() {
        let values = ["", "NULL", "'); DROP TABLE orders; --", "\\\",{}", "\u{e9}\u{1f4e6}"];
        let literal = texts(values.into_iter().map(Some).chain([None]));
        let inner =
            literal.strip_prefix("'{\"").and_then(|it| it.strip_suffix("\",NULL}'::text[]"));
        let read = inner.map(|inner| {
            let values = inner.split("\",\"").map(|value| STANDARD.decode(value));
            values.collect::<Result<Vec<_>, _>>()
        });
        assert_eq!(read, Some(Ok(values.map(|value| value.as_bytes().to_vec()).to_vec())));
        assert_eq!(
            numbers([1, -2, i64::MAX].into_iter()),
            "'{1,-2,9223372036854775807}'::bigint[]"
        );
        assert_eq!(numbers([].into_iter()), "'{}'::bigint[]");
    }
}
