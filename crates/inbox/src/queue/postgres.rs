//! The queue as two tables in PostgreSQL.
//!
//! Nothing rests on the session, so `PgBouncer` may be in between in its transaction
//! mode: each method is one transaction, no statement is prepared for later, and a
//! worker asks instead of being notified.

use std::time::Duration;

use order_webhooks::envelope::Envelope;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{PgPool, PgTransaction, Row as _};

use super::{
    Answer, Claim, Claimed, LEASE, New, Outcome, Queue, STATUS, Settled, instant, latest,
    microseconds,
};
use crate::applied::postgres::{BEGIN_LOCKED, query, scalar, version};
use crate::error::Error;
use crate::operate::{Finding, SetAside, WebhookStatus};

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
    state TEXT NOT NULL DEFAULT 'waiting',
    due BIGINT NOT NULL DEFAULT 0,
    attempt BIGINT NOT NULL DEFAULT 0,
    failures BIGINT NOT NULL DEFAULT 0,
    running BIGINT NOT NULL DEFAULT 0,
    cause TEXT,
    settled_at BIGINT
);
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

/// A commit is on the disk when it returns, whatever the session's default is, and
/// nothing waits for ever.
const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit = on; \
    SET LOCAL lock_timeout = '4s'; SET LOCAL statement_timeout = '20s'; \
    SET LOCAL idle_in_transaction_session_timeout = '20s'";

/// The clock of the server, so that those of several machines need not agree.
const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

pub(crate) struct Postgres {
    pool: PgPool,
    longest: Duration,
}

impl Postgres {
    pub(crate) async fn open(options: PgConnectOptions, longest: Duration) -> Result<Self, Error> {
        let pool = PgPoolOptions::new().max_connections(8).connect_with(options).await?;
        let mut transaction = pool.begin_with(BEGIN_LOCKED).await?;
        for (setting, wrong) in [("fsync", "off"), ("full_page_writes", "off")] {
            let found: String = scalar("SELECT current_setting($1)")
                .bind(setting)
                .fetch_one(&mut *transaction)
                .await?;
            if found == wrong {
                return Err(Error::Durability(format!("{setting} is {found}")));
            }
        }
        if version(&mut transaction, "queue").await? == 0 {
            sqlx::raw_sql(TABLES).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(Self { pool, longest })
    }

    async fn begin(&self) -> Result<PgTransaction<'static>, sqlx::Error> {
        self.pool.begin_with(BEGIN).await
    }
}

impl Queue for Postgres {
    fn keep<'a>(&'a self, deliveries: &'a [New]) -> Answer<'a, ()> {
        Box::pin(async move {
            let column = |of: fn(&New) -> String| deliveries.iter().map(of).collect::<Vec<_>>();
            let bodies: Vec<&[u8]> = deliveries.iter().map(|new| &**new.envelope.body()).collect();
            let times: Vec<i64> = deliveries.iter().map(New::verified_at).collect();
            let mut transaction = self.begin().await?;
            let insert = query(
                "WITH kept AS (
                    INSERT INTO order_webhooks_delivery
                        (id, webhook, key, revision, rank, body, verified_at)
                    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[],
                        $5::text[], $6::bytea[], $7::bigint[])
                    ON CONFLICT (id) DO NOTHING RETURNING key
                )
                INSERT INTO order_webhooks_thing (key, due)
                SELECT DISTINCT key, 0 FROM kept ORDER BY key
                ON CONFLICT (key) DO UPDATE SET due = 0 WHERE order_webhooks_thing.held = 0",
            );
            insert
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

    fn step<'a>(&'a self, settled: &'a [Settled], most: usize) -> Answer<'a, Vec<Claimed>> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let now = scalar::<i64>(NOW).fetch_one(&mut *transaction).await?;
            settle(&mut transaction, settled, now).await?;
            let claimed = claim(&mut transaction, most, now, self.longest).await?;
            transaction.commit().await?;
            Ok(claimed)
        })
    }

    fn alone(&self, claim: Claim) -> Answer<'_, bool> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let noted = query(
                "UPDATE order_webhooks_delivery SET running = 2
                WHERE number = $1 AND attempt = $2 AND state = 'waiting'",
            );
            let noted = noted.bind(claim.number).bind(claim.attempt);
            let noted = noted.execute(&mut *transaction).await?.rows_affected();
            transaction.commit().await?;
            Ok(noted == 1)
        })
    }

    fn is_current(&self, claim: Claim) -> Answer<'_, bool> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let found = query(
                "SELECT 1 FROM order_webhooks_delivery
                WHERE number = $1 AND attempt = $2 AND state = 'waiting'",
            );
            let found = found.bind(claim.number).bind(claim.attempt);
            let found = found.fetch_optional(&mut *transaction).await?;
            transaction.rollback().await?;
            Ok(found.is_some())
        })
    }

    fn renew<'a>(&'a self, claims: &'a [Claim]) -> Answer<'a, ()> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let now = scalar::<i64>(NOW).fetch_one(&mut *transaction).await?;
            let (numbers, attempts): (Vec<i64>, Vec<i64>) =
                claims.iter().map(|claim| (claim.number, claim.attempt)).unzip();
            // The locks are taken in the order of keys, as everywhere.
            let keys = scalar::<String>(
                "SELECT thing.key FROM order_webhooks_thing thing
                JOIN order_webhooks_delivery delivery ON delivery.number = thing.held
                JOIN unnest($1::bigint[], $2::bigint[]) claim (number, attempt)
                    ON (claim.number, claim.attempt) = (delivery.number, delivery.attempt)
                ORDER BY thing.key FOR UPDATE OF thing",
            );
            let keys = keys.bind(numbers).bind(attempts).fetch_all(&mut *transaction).await?;
            let extended = query("UPDATE order_webhooks_thing SET due = $1 WHERE key = ANY($2)");
            let extended = extended.bind(now.saturating_add(microseconds(LEASE))).bind(keys);
            extended.execute(&mut *transaction).await?;
            Ok(transaction.commit().await?)
        })
    }

    fn prune(&self, before: i64) -> Answer<'_, u64> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let deleted = query(
                "DELETE FROM order_webhooks_delivery WHERE number IN
                (SELECT number FROM order_webhooks_delivery WHERE settled_at < $1
                LIMIT 500 FOR UPDATE SKIP LOCKED)",
            );
            let deleted = deleted.bind(before).execute(&mut *transaction).await?.rows_affected();
            transaction.commit().await?;
            Ok(deleted)
        })
    }

    fn status(&self) -> Answer<'_, Vec<WebhookStatus>> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let rows = query(STATUS);
            let rows = rows.fetch_all(&mut *transaction).await?;
            transaction.rollback().await?;
            let status = rows.iter().map(|row| {
                let (waiting, set_aside) = (row.try_get(1)?, row.try_get(2)?);
                Ok(WebhookStatus::new(row.try_get(0)?, waiting, set_aside, row.try_get(3)?))
            });
            status.collect()
        })
    }

    fn set_aside(&self, after: i64, most: u32) -> Answer<'_, Vec<SetAside>> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let rows = query(
                "SELECT number, key, failures, cause, webhook, body, verified_at
                FROM order_webhooks_delivery WHERE state = 'set aside' AND number > $1
                ORDER BY number LIMIT $2",
            );
            let rows = rows.bind(after).bind(i64::from(most)).fetch_all(&mut *transaction).await?;
            transaction.rollback().await?;
            let found = rows.iter().map(|row| {
                Ok(SetAside {
                    number: row.try_get(0)?,
                    key: row.try_get(1)?,
                    failures: row.try_get(2)?,
                    cause: row.try_get(3)?,
                    envelope: envelope(row, 4)?,
                })
            });
            found.collect()
        })
    }

    fn try_again<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let keys = scalar::<String>(
                "UPDATE order_webhooks_delivery
                SET state = 'waiting', due = 0, failures = 0, running = 0
                WHERE number = ANY($1) AND state = 'set aside' RETURNING key",
            );
            let keys = keys.bind(numbers).fetch_all(&mut *transaction).await?;
            let count = u64::try_from(keys.len()).unwrap_or(u64::MAX);
            let things = query(
                "INSERT INTO order_webhooks_thing (key, due)
                SELECT DISTINCT key, 0 FROM unnest($1::text[]) key ORDER BY key
                ON CONFLICT (key) DO UPDATE SET due = 0 WHERE order_webhooks_thing.held = 0",
            );
            things.bind(keys).execute(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(count)
        })
    }

    fn drop_set_aside<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let deleted = query(
                "DELETE FROM order_webhooks_delivery
                WHERE number = ANY($1) AND state = 'set aside'",
            );
            let deleted = deleted.bind(numbers).execute(&mut *transaction).await?.rows_affected();
            transaction.commit().await?;
            Ok(deleted)
        })
    }

    fn check(&self) -> Answer<'_, Vec<Finding>> {
        Box::pin(async move {
            let mut transaction = self.pool.begin().await?;
            let mut findings = Vec::new();
            let version: i32 = scalar("SELECT current_setting('server_version_num')::int")
                .fetch_one(&mut *transaction)
                .await?;
            if version < OLDEST {
                let text = format!("PostgreSQL {version} is older than what is tested, {OLDEST}");
                findings.push(Finding::new("old_version", text));
            }
            transaction.rollback().await?;
            Ok(findings)
        })
    }
}

const OLDEST: i32 = 150_000;

async fn claim(
    transaction: &mut PgTransaction<'static>,
    most: usize,
    now: i64,
    longest: Duration,
) -> Result<Vec<Claimed>, Error> {
    if most == 0 {
        return Ok(Vec::new());
    }
    // The clock was set back.
    let never = latest(now, longest);
    let early = query(
        "UPDATE order_webhooks_thing SET due = 0 WHERE key IN
        (SELECT key FROM order_webhooks_thing WHERE due > $1 ORDER BY key FOR UPDATE SKIP LOCKED)",
    );
    early.bind(never).execute(&mut **transaction).await?;

    let keys = scalar::<String>(
        "SELECT key FROM order_webhooks_thing WHERE due <= $1 ORDER BY due LIMIT $2
        FOR UPDATE SKIP LOCKED",
    );
    let keys = keys.bind(now).bind(i64::try_from(most).unwrap_or(i64::MAX));
    let keys = keys.fetch_all(&mut **transaction).await?;
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    // A statement of its own, because it has to see what was committed before the
    // locks were had.
    let taken = query(
        "WITH next AS MATERIALIZED (
            SELECT delivery.* FROM unnest($1::text[]) thing (key), LATERAL (
                SELECT number, running FROM order_webhooks_delivery
                WHERE key = thing.key AND state = 'waiting'
                ORDER BY due, rank, number LIMIT 1
            ) delivery
        )
        UPDATE order_webhooks_delivery delivery
        SET attempt = attempt + 1, failures = failures + (next.running = 2)::int, running = 1
        FROM next WHERE delivery.number = next.number
        RETURNING delivery.number, attempt, id, key, revision, failures, next.running,
            webhook, body, verified_at",
    );
    let rows = taken.bind(&keys).fetch_all(&mut **transaction).await?;
    let claimed = rows.iter().map(|row| {
        Ok(Claimed {
            claim: Claim { number: row.try_get(0)?, attempt: row.try_get(1)? },
            id: row.try_get(2)?,
            key: row.try_get(3)?,
            revision: row.try_get(4)?,
            failures: row.try_get(5)?,
            is_suspect: row.try_get::<i64, _>(6)? > 0,
            envelope: envelope(row, 7)?,
        })
    });
    let claimed = claimed.collect::<Result<Vec<_>, sqlx::Error>>()?;
    let numbers: Vec<i64> = claimed.iter().map(|claimed| claimed.claim.number).collect();
    let held: Vec<&str> = claimed.iter().map(|claimed| &*claimed.key).collect();
    let things = query(
        "UPDATE order_webhooks_thing thing SET due = $1, held = claim.number
        FROM unnest($2::text[], $3::bigint[]) claim (key, number) WHERE thing.key = claim.key",
    );
    let things = things.bind(now.saturating_add(microseconds(LEASE))).bind(&held).bind(numbers);
    things.execute(&mut **transaction).await?;
    if held.len() < keys.len() {
        let gone =
            query("DELETE FROM order_webhooks_thing WHERE key = ANY($1) AND NOT key = ANY($2)");
        gone.bind(&keys).bind(&held).execute(&mut **transaction).await?;
    }
    Ok(claimed)
}

async fn settle(
    transaction: &mut PgTransaction<'static>,
    settled: &[Settled],
    now: i64,
) -> Result<(), Error> {
    let settled: Vec<&Settled> =
        settled.iter().filter(|settled| settled.outcome != Outcome::Lost).collect();
    if settled.is_empty() {
        return Ok(());
    }
    let keys: Vec<&str> = settled.iter().map(|settled| &*settled.key).collect();
    let locked =
        query("SELECT 1 FROM order_webhooks_thing WHERE key = ANY($1) ORDER BY key FOR UPDATE");
    locked.bind(&keys).execute(&mut **transaction).await?;

    let columns = settled.iter().map(|settled| match &settled.outcome {
        Outcome::Applied | Outcome::Lost => ("applied", Some(now), 0, 0, None),
        Outcome::Stale => ("stale", Some(now), 0, 0, None),
        Outcome::SetAside { cause } => ("set aside", None, 0, 0, Some(&**cause)),
        Outcome::Failed { counts, pause, cause } => {
            let due = now.saturating_add(microseconds(*pause));
            ("waiting", None, due, i64::from(*counts), Some(&**cause))
        }
    });
    let columns: Vec<_> = columns.collect();
    let settle = query(
        "UPDATE order_webhooks_delivery delivery
        SET state = settled.state, settled_at = settled.at, due = settled.due, running = 0,
            failures = delivery.failures + settled.failures, cause = coalesce(settled.cause, delivery.cause)
        FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[],
            $6::bigint[], $7::text[])
            settled (number, attempt, state, at, due, failures, cause)
        WHERE delivery.number = settled.number AND delivery.attempt = settled.attempt
            AND delivery.state = 'waiting'
        RETURNING delivery.number, delivery.key",
    );
    let rows = settle
        .bind(settled.iter().map(|settled| settled.claim.number).collect::<Vec<_>>())
        .bind(settled.iter().map(|settled| settled.claim.attempt).collect::<Vec<_>>())
        .bind(columns.iter().map(|column| column.0).collect::<Vec<_>>())
        .bind(columns.iter().map(|column| column.1).collect::<Vec<_>>())
        .bind(columns.iter().map(|column| column.2).collect::<Vec<_>>())
        .bind(columns.iter().map(|column| column.3).collect::<Vec<_>>())
        .bind(columns.iter().map(|column| column.4).collect::<Vec<_>>())
        .fetch_all(&mut **transaction)
        .await?;
    let rows = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let rows = rows.collect::<Result<Vec<(i64, String)>, sqlx::Error>>()?;
    let (numbers, keys): (Vec<_>, Vec<_>) = rows.into_iter().unzip();

    // What failed before, and is older than what was applied.
    let overtaken = query(
        "UPDATE order_webhooks_delivery old SET state = 'stale', settled_at = $1
        FROM order_webhooks_delivery new
        WHERE new.number = ANY($2) AND new.state = 'applied'
            AND old.key = new.key AND old.state = 'waiting' AND old.due > 0
            AND left(old.rank, 1) = left(new.rank, 1)
            AND (old.rank, old.number) < (new.rank, new.number)",
    );
    overtaken.bind(now).bind(&numbers).execute(&mut **transaction).await?;
    let next = query(
        "WITH settled AS MATERIALIZED (
            SELECT claim.*, (
                SELECT due FROM order_webhooks_delivery
                WHERE key = claim.key AND state = 'waiting'
                ORDER BY due, rank, number LIMIT 1
            ) due FROM unnest($1::text[], $2::bigint[]) claim (key, number)
        ), gone AS (
            DELETE FROM order_webhooks_thing thing USING settled
            WHERE thing.key = settled.key AND thing.held = settled.number AND settled.due IS NULL
        )
        UPDATE order_webhooks_thing thing SET due = settled.due, held = 0 FROM settled
        WHERE thing.key = settled.key AND thing.held = settled.number
            AND settled.due IS NOT NULL",
    );
    next.bind(keys).bind(numbers).execute(&mut **transaction).await?;
    Ok(())
}

fn envelope(row: &PgRow, first: usize) -> Result<Envelope, sqlx::Error> {
    let [body, verified_at] = [first.saturating_add(1), first.saturating_add(2)];
    let body: Vec<u8> = row.try_get(body)?;
    Ok(Envelope::new(row.try_get(first)?, body, instant(row.try_get(verified_at)?)))
}
