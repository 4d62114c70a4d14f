//! The queue as two tables in PostgreSQL.
//!
//! Nothing rests on the session, so `PgBouncer` may be in between in its transaction
//! mode: each method is one transaction, no statement is prepared for later, and a
//! worker asks instead of being notified.

use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgPool, PgTransaction, Row as _};

use super::{
    Answer, Claim, Claimed, ClaimedRow, LEASE, New, Outcome, Queue, SET_ASIDE, Settled, Step,
    latest,
};
use crate::clock::microseconds;
use crate::error::Error;
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

/// A commit is on the disk when it returns, whatever the session's default is, and
/// nothing waits for ever.
const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit = on; \
    SET LOCAL lock_timeout = '4s'; SET LOCAL statement_timeout = '20s'; \
    SET LOCAL idle_in_transaction_session_timeout = '20s'";

/// The clock of the server in microseconds, so that those of several machines need not
/// agree.
macro_rules! now {
    () => {
        "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint"
    };
}

/// A statement that is not prepared for later: `PgBouncer` may give the next transaction
/// another connection of the server.
fn query(sql: &'static str) -> Query<'static, sqlx::Postgres, PgArguments> {
    sqlx::query(sql).persistent(false)
}

pub(crate) struct Postgres {
    pool: PgPool,
    longest: Duration,
}

impl Postgres {
    pub(crate) async fn open(options: PgConnectOptions, longest: Duration) -> Result<Self, Error> {
        let pool = PgPoolOptions::new().max_connections(8);
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
                "INSERT INTO order_webhooks_delivery
                (id, webhook, key, revision, rank, body, verified_at)
                SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],
                    $6::bytea[], $7::bigint[])
                ON CONFLICT (id) DO NOTHING",
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

    fn step<'a>(&'a self, settled: &'a [Settled], most: usize) -> Answer<'a, Step> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let settled: Vec<&Settled> =
                settled.iter().filter(|settled| settled.outcome != Outcome::Lost).collect();
            if !settled.is_empty() {
                settle(&mut transaction, &settled).await?;
            }
            let mut claimed = if most > 0 { claim(&mut transaction, most).await? } else { vec![] };
            transaction.commit().await?;
            let room = most.saturating_sub(claimed.len());
            if room == 0 {
                return Ok(Step { is_more: most > 0, claimed });
            }
            // A transaction of its own: it waits for things, and the other held some.
            let mut transaction = self.begin().await?;
            let sorted = sort(&mut transaction).await?;
            if sorted > 0 {
                claimed.extend(claim(&mut transaction, room).await?);
            }
            transaction.commit().await?;
            let is_more = claimed.len() == most || sorted >= SORTED.unsigned_abs();
            Ok(Step { claimed, is_more })
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

    /// One message there and one back, because every `begin` asks.
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
            let (numbers, attempts): (Vec<i64>, Vec<i64>) =
                claims.iter().map(|claim| (claim.number, claim.attempt)).unzip();
            let mut transaction = self.begin().await?;
            // The locks are taken in the order of keys, as everywhere.
            let extended = query(concat!(
                "WITH mine AS MATERIALIZED (
                    SELECT thing.key FROM order_webhooks_thing thing
                    JOIN order_webhooks_delivery delivery ON delivery.number = thing.held
                    JOIN unnest($1::bigint[], $2::bigint[]) claim (number, attempt)
                        ON (claim.number, claim.attempt) = (delivery.number, delivery.attempt)
                    ORDER BY thing.key FOR UPDATE OF thing
                )
                UPDATE order_webhooks_thing thing SET due = ",
                now!(),
                " + $3 FROM mine WHERE thing.key = mine.key"
            ));
            let extended = extended.bind(numbers).bind(attempts).bind(microseconds(LEASE));
            extended.execute(&mut *transaction).await?;
            // The clock was set back.
            let early = query(concat!(
                "WITH early AS MATERIALIZED (
                    SELECT key FROM order_webhooks_thing WHERE due > ",
                now!(),
                " + $1 ORDER BY key FOR UPDATE SKIP LOCKED
                )
                UPDATE order_webhooks_thing thing SET due = 0 FROM early
                WHERE thing.key = early.key"
            ));
            let early = early.bind(latest(0, self.longest));
            early.execute(&mut *transaction).await?;
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
            let rows = sqlx::query_as(STATUS).persistent(false);
            let rows = rows.fetch_all(&mut *transaction).await?;
            transaction.rollback().await?;
            Ok(rows.into_iter().map(WebhookStatus::of).collect())
        })
    }

    fn set_aside(&self, after: i64, most: u32) -> Answer<'_, Vec<SetAside>> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let rows = sqlx::query_as(SET_ASIDE).persistent(false);
            let rows = rows.bind(after).bind(i64::from(most)).fetch_all(&mut *transaction).await?;
            transaction.rollback().await?;
            Ok(rows.into_iter().map(SetAside::of).collect())
        })
    }

    fn try_again<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let again = sqlx::query_scalar::<_, i64>(
                "WITH again AS (
                    UPDATE order_webhooks_delivery
                    SET state = 'waiting', due = 0, failures = 0, running = 0
                    WHERE number = ANY($1) AND state = 'set aside' RETURNING key
                ), things AS (
                    INSERT INTO order_webhooks_thing (key, due)
                    SELECT DISTINCT key, 0 FROM again ORDER BY key
                    ON CONFLICT (key) DO UPDATE SET due = 0 WHERE order_webhooks_thing.held = 0
                )
                SELECT count(*) FROM again",
            );
            let again = again.persistent(false).bind(numbers);
            let count = again.fetch_one(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(count.try_into().unwrap_or_default())
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
            let version = sqlx::raw_sql("SELECT current_setting('server_version_num')::int");
            let version: i32 = version.fetch_one(&self.pool).await?.try_get(0)?;
            let text = format!("PostgreSQL {version} is older than what is tested, {OLDEST}");
            let old = (version < OLDEST).then(|| Finding::new("old_version", text));
            Ok(old.into_iter().collect())
        })
    }
}

/// In parts, so that each reads an index of its own and none reads what is settled.
const STATUS: &str = "
SELECT webhook, sum(waiting), sum(set_aside), min(verified_at) FROM (
    SELECT webhook, 1 AS waiting, 0 AS set_aside, verified_at
    FROM order_webhooks_delivery WHERE state = 'new'
    UNION ALL
    SELECT webhook, 1, 0, verified_at FROM order_webhooks_delivery WHERE state = 'waiting'
    UNION ALL
    SELECT webhook, 0, 1, NULL FROM order_webhooks_delivery WHERE state = 'set aside'
) AS unsettled GROUP BY webhook ORDER BY webhook";

const OLDEST: i32 = 150_000;

/// How many deliveries are put in order at once.
const SORTED: i64 = 1_000;

/// Puts what is new in order, but for what another worker is putting in order, and says how
/// many deliveries it was.
const SORT: &str = concat!(
    "WITH new AS MATERIALIZED (
        SELECT number, key FROM order_webhooks_delivery WHERE state = 'new'
        ORDER BY number LIMIT $1 FOR UPDATE SKIP LOCKED
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
);

async fn sort(transaction: &mut PgConnection) -> Result<u64, Error> {
    Ok(query(SORT).bind(SORTED).execute(transaction).await?.rows_affected())
}

/// Takes the things that are due, and the first delivery of each. What another worker has
/// settled since this statement began shows an older `attempt` here, and is left alone.
///
/// A thing without deliveries, which nothing here leaves behind, is not looked at again at
/// once.
const CLAIM: &str = concat!(
    "WITH due AS MATERIALIZED (
        SELECT key FROM order_webhooks_thing WHERE due <= ",
    now!(),
    " ORDER BY due LIMIT $1 FOR UPDATE SKIP LOCKED
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
        RETURNING delivery.number, delivery.attempt, id, delivery.key, revision, failures, running,
            webhook, body, verified_at
    ), held AS (
        UPDATE order_webhooks_thing thing SET due = ",
    now!(),
    " + $2, held = coalesce(taken.number, 0)
        FROM next LEFT JOIN taken USING (key)
        WHERE thing.key = next.key AND (next.number IS NULL OR taken.number IS NOT NULL)
    )
    SELECT * FROM taken"
);

async fn claim(transaction: &mut PgConnection, most: usize) -> Result<Vec<Claimed>, Error> {
    let taken = sqlx::query_as::<_, ClaimedRow>(CLAIM).persistent(false);
    let taken = taken.bind(i64::try_from(most).unwrap_or(i64::MAX)).bind(microseconds(LEASE));
    Ok(taken.fetch_all(transaction).await?.into_iter().map(Claimed::from).collect())
}

/// Settles deliveries whose try is still this worker's, and those that failed before and are
/// older than what was applied. The things are locked first, as everywhere.
const SETTLE: &str = concat!(
    "WITH settled AS MATERIALIZED (
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[],
            $6::bigint[], $7::text[]) settled (key, number, attempt, state, pause, failures, cause)
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
            AND delivery.state = 'waiting'
        RETURNING delivery.number, delivery.key, delivery.rank, delivery.state
    ), overtaken AS (
        UPDATE order_webhooks_delivery old SET state = 'stale', settled_at = ",
    now!(),
    " FROM done WHERE done.state = 'applied' AND old.key = done.key
            AND old.state = 'waiting' AND old.due > 0 AND old.number <> done.number
            AND left(old.rank, 1) = left(done.rank, 1)
            AND (old.rank, old.number) < (done.rank, done.number)
    )
    SELECT number, key FROM done"
);

/// Lets the things go, with the time when their next delivery is due. A statement of its own,
/// because it has to see what was kept before the locks were had.
const LET_GO: &str = concat!(
    "WITH settled AS MATERIALIZED (
        SELECT claim.*, (
            SELECT due FROM order_webhooks_delivery WHERE key = claim.key AND state = 'waiting'
            ORDER BY due, rank, number LIMIT 1
        ) due FROM unnest($1::text[], $2::bigint[]) claim (key, number)
    ), gone AS (
        DELETE FROM order_webhooks_thing thing USING settled
        WHERE thing.key = settled.key AND thing.held = settled.number AND settled.due IS NULL
    )
    UPDATE order_webhooks_thing thing SET held = 0, due = greatest(settled.due, ",
    now!(),
    ") FROM settled
    WHERE thing.key = settled.key AND thing.held = settled.number AND settled.due IS NOT NULL"
);

async fn settle(transaction: &mut PgConnection, settled: &[&Settled]) -> Result<(), Error> {
    let columns = settled.iter().map(|settled| match &settled.outcome {
        Outcome::Applied | Outcome::Lost => ("applied", 0, 0, None),
        Outcome::Stale => ("stale", 0, 0, None),
        Outcome::SetAside { cause } => ("set aside", 0, 0, Some(&**cause)),
        Outcome::Failed { counts, pause, cause } => {
            ("waiting", microseconds(*pause).max(1), i64::from(*counts), Some(&**cause))
        }
    });
    let columns: Vec<(&str, i64, i64, Option<&str>)> = columns.collect();
    let done = sqlx::query_as::<_, (i64, String)>(SETTLE)
        .persistent(false)
        .bind(settled.iter().map(|settled| &*settled.key).collect::<Vec<_>>())
        .bind(settled.iter().map(|settled| settled.claim.number).collect::<Vec<_>>())
        .bind(settled.iter().map(|settled| settled.claim.attempt).collect::<Vec<_>>())
        .bind(columns.iter().map(|column| column.0).collect::<Vec<_>>())
        .bind(columns.iter().map(|column| column.1).collect::<Vec<_>>())
        .bind(columns.iter().map(|column| column.2).collect::<Vec<_>>())
        .bind(columns.iter().map(|column| column.3).collect::<Vec<_>>())
        .fetch_all(&mut *transaction)
        .await?;
    let (numbers, keys): (Vec<i64>, Vec<String>) = done.into_iter().unzip();
    query(LET_GO).bind(keys).bind(numbers).execute(transaction).await?;
    Ok(())
}
