//! The queue as an SQLite file of its own.
//!
//! Each call to SQLite is a way to its thread and back, which takes longer than most
//! statements do. So what is kept is one `INSERT`, and what is settled together goes there as
//! one list in JSON.
//!
//! What is kept is `new`: it is at the end of the table and of its indexes. The index that
//! a worker takes deliveries from is in the order of things, and a row more or less in it
//! is a page to write. So a worker puts many in order at once, when it has less to do than
//! it could, and once a second otherwise.

mod file;

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, QueryBuilder};

use self::file::{Patience, QueueFile};
use super::{
    Answer, Claim, Claimed, ClaimedRow, LEASE, New, Queue, SORTED, STATUS, Settled, SettledRow,
    Step, latest, set_aside,
};
use crate::clock::{microseconds, now};
use crate::error::Error;
use crate::operate::{Finding, SetAside, WebhookStatus};

pub(crate) struct Sqlite {
    file: QueueFile,
    longest: Duration,
}

impl Sqlite {
    pub(crate) async fn open(
        options: SqliteConnectOptions,
        longest: Duration,
    ) -> Result<Self, Error> {
        Ok(Self { file: QueueFile::open(options).await?, longest })
    }
}

impl Queue for Sqlite {
    fn keep<'a>(&'a self, deliveries: &'a [New]) -> Answer<'a, ()> {
        let deliveries = deliveries.to_vec();
        Box::pin(self.file.write(move |connection| {
            Box::pin(async move {
                let mut patience = Patience::default();
                loop {
                    match insert(connection, &deliveries).await {
                        Err(error) if patience.wait_after(&error).await => {}
                        inserted => return inserted,
                    }
                }
            })
        }))
    }

    fn step<'a>(&'a self, settled: &'a [Settled], most: usize, sorts: bool) -> Answer<'a, Step> {
        let settled = settled.to_vec();
        Box::pin(self.file.transaction(move |connection| {
            Box::pin(async move {
                let now = now();
                if !settled.is_empty() {
                    let rows = settled_rows(&settled, now);
                    sqlx::query(SETTLE).bind(rows).bind(now).execute(&mut *connection).await?;
                }
                let sorted = if sorts { sort(connection, now).await? } else { 0 };
                let claimed =
                    if most > 0 { claim(connection, most, now).await? } else { Vec::new() };
                Ok(Step::of(claimed, most, sorts, sorted))
            })
        }))
    }

    fn alone(&self, claim: Claim) -> Answer<'_, bool> {
        Box::pin(self.file.transaction(move |connection| {
            Box::pin(async move {
                let noted = sqlx::query(
                    "UPDATE order_webhooks_delivery SET running = 2
                    WHERE number = $1 AND attempt = $2 AND state = 'waiting'",
                );
                let noted = noted.bind(claim.number).bind(claim.attempt);
                Ok(noted.execute(connection).await?.rows_affected() == 1)
            })
        }))
    }

    fn is_current(&self, claim: Claim) -> Answer<'_, bool> {
        Box::pin(async move {
            let found = sqlx::query(
                "SELECT 1 FROM order_webhooks_delivery
                WHERE number = $1 AND attempt = $2 AND state = 'waiting'",
            );
            let found = found.bind(claim.number).bind(claim.attempt);
            Ok(found.fetch_optional(&self.file.reader()).await?.is_some())
        })
    }

    fn renew<'a>(&'a self, claims: &'a [Claim]) -> Answer<'a, ()> {
        let claims: Vec<(i64, i64)> =
            claims.iter().map(|claim| (claim.number, claim.attempt)).collect();
        let (claims, longest) = (json!(claims).to_string(), self.longest);
        Box::pin(self.file.transaction(move |connection| {
            Box::pin(async move {
                let now = now();
                let renewed = sqlx::query(RENEW).bind(claims);
                let renewed = renewed.bind(now.saturating_add(microseconds(LEASE)));
                renewed.bind(latest(now, longest)).execute(connection).await?;
                Ok(())
            })
        }))
    }

    fn prune(&self, before: i64) -> Answer<'_, u64> {
        Box::pin(self.file.transaction(move |connection| {
            Box::pin(async move {
                let deleted = sqlx::query(
                    "DELETE FROM order_webhooks_delivery WHERE number IN
                    (SELECT number FROM order_webhooks_delivery WHERE settled_at < $1 LIMIT 500)",
                );
                Ok(deleted.bind(before).execute(connection).await?.rows_affected())
            })
        }))
    }

    fn status(&self) -> Answer<'_, Vec<WebhookStatus>> {
        Box::pin(async move {
            let rows = sqlx::query_as(STATUS).fetch_all(&self.file.reader()).await?;
            Ok(rows.into_iter().map(WebhookStatus::of).collect())
        })
    }

    fn set_aside(&self, after: i64, most: u32) -> Answer<'_, Vec<SetAside>> {
        Box::pin(async move {
            let rows = sqlx::query_as(AssertSqlSafe(set_aside(after, most)));
            let rows = rows.fetch_all(&self.file.reader()).await?;
            Ok(rows.into_iter().map(SetAside::of).collect())
        })
    }

    fn try_again<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64> {
        let numbers = json!(numbers).to_string();
        Box::pin(self.file.transaction(move |connection| {
            Box::pin(async move {
                let again = sqlx::query_scalar::<_, String>(
                    "UPDATE order_webhooks_delivery
                    SET state = 'waiting', due = 0, failures = 0, running = 0
                    WHERE number IN (SELECT value FROM json_each($1)) AND state = 'set aside'
                    RETURNING key",
                );
                let keys = again.bind(numbers).fetch_all(&mut *connection).await?;
                let things = sqlx::query(
                    "INSERT INTO order_webhooks_thing (key, due)
                    SELECT value, 0 FROM json_each($1) WHERE true
                    ON CONFLICT (key) DO UPDATE SET due = 0 WHERE held = 0",
                );
                things.bind(json!(keys).to_string()).execute(connection).await?;
                Ok(u64::try_from(keys.len()).unwrap_or(u64::MAX))
            })
        }))
    }

    fn drop_set_aside<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64> {
        let numbers = json!(numbers).to_string();
        Box::pin(self.file.transaction(move |connection| {
            Box::pin(async move {
                let deleted = sqlx::query(
                    "DELETE FROM order_webhooks_delivery
                    WHERE number IN (SELECT value FROM json_each($1)) AND state = 'set aside'",
                );
                Ok(deleted.bind(numbers).execute(connection).await?.rows_affected())
            })
        }))
    }

    fn check(&self) -> Answer<'_, Vec<Finding>> {
        Box::pin(async move {
            let mut findings = Vec::new();
            let mut log = self.file.path().to_owned().into_os_string();
            log.push("-wal");
            let log = fs::metadata(log).map_or(0, |log| log.len());
            if log > LARGE_LOG {
                let text = format!("the write-ahead log has {log} bytes: does a reader hold it?");
                findings.push(Finding::new("large_log", text));
            }
            Ok(findings)
        })
    }

    fn file(&self) -> Option<&Path> {
        Some(self.file.path())
    }
}

const LARGE_LOG: u64 = 256 * 1024 * 1024;

async fn insert(connection: &mut SqliteConnection, deliveries: &[New]) -> Result<(), sqlx::Error> {
    let mut insert = QueryBuilder::new(
        "INSERT INTO order_webhooks_delivery
        (id, webhook, key, revision, rank, body, verified_at) ",
    );
    insert.push_values(deliveries, |mut row, new| {
        row.push_bind(&new.id).push_bind(new.envelope.webhook()).push_bind(new.key.as_str());
        row.push_bind(new.revision.to_string()).push_bind(new.rank());
        row.push_bind(&**new.envelope.body()).push_bind(new.verified_at());
    });
    insert.push(" ON CONFLICT (id) DO NOTHING");
    insert.build().execute(connection).await?;
    Ok(())
}

/// Puts what is new in order. The number is 0 if there was nothing, and at least `SORTED` if
/// there may be more: it counts the things, too.
async fn sort(connection: &mut SqliteConnection, now: i64) -> Result<u64, sqlx::Error> {
    Ok(sqlx::query(SORT).bind(now).bind(SORTED).execute(connection).await?.rows_affected())
}

const SORT: &str = "
INSERT INTO order_webhooks_thing (key, due)
SELECT key, $1 FROM order_webhooks_delivery WHERE state = 'new' ORDER BY number LIMIT $2
ON CONFLICT (key) DO UPDATE SET due = excluded.due WHERE held = 0 AND due > excluded.due;

UPDATE order_webhooks_delivery SET state = 'waiting' WHERE number IN
(SELECT number FROM order_webhooks_delivery WHERE state = 'new' ORDER BY number LIMIT $2)";

async fn claim(
    connection: &mut SqliteConnection,
    most: usize,
    now: i64,
) -> Result<Vec<Claimed>, sqlx::Error> {
    let held = sqlx::query_scalar::<_, i64>(HOLD).bind(now.saturating_add(microseconds(LEASE)));
    let held = held.bind(now).bind(i64::try_from(most).unwrap_or(i64::MAX));
    let held = held.fetch_all(&mut *connection).await?;
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let taken = sqlx::query_as::<_, ClaimedRow>(TAKE).bind(json!(held).to_string());
    Ok(taken.fetch_all(connection).await?.into_iter().map(Claimed::from).collect())
}

/// A thing without deliveries, which nothing here leaves behind, is not looked at again at
/// once.
const HOLD: &str = "
UPDATE order_webhooks_thing AS thing SET due = $1, held = coalesce((
    SELECT number FROM order_webhooks_delivery
    WHERE key = thing.key AND state = 'waiting' ORDER BY due, rank, number LIMIT 1
), 0)
WHERE key IN (SELECT key FROM order_webhooks_thing WHERE due <= $2 ORDER BY due LIMIT $3)
RETURNING held";

const TAKE: &str = "
UPDATE order_webhooks_delivery SET attempt = attempt + 1,
    failures = failures + (running = 2), running = iif(running = 0, 1, 3)
WHERE number IN (SELECT value FROM json_each($1))
RETURNING number, attempt, id, key, revision, failures, running, webhook, body, verified_at";

/// The list that [`SETTLE`] reads.
fn settled_rows(settled: &[Settled], now: i64) -> String {
    let rows = settled.iter().filter_map(SettledRow::of).map(|row| {
        let SettledRow { claim, state, pause, failures, cause } = row;
        let due = if pause > 0 { now.saturating_add(pause) } else { 0 };
        let settled_at = matches!(state, "applied" | "stale").then_some(now);
        (claim.number, claim.attempt, state, due, failures, cause, settled_at)
    });
    json!(rows.collect::<Vec<_>>()).to_string()
}

/// Settles deliveries whose try is still this worker's, and those that failed before and are
/// older than what was applied. If it is done again, it changes nothing. Then the things of
/// which nothing waits go, and the others are let go, with the time when their next delivery is
/// due.
const SETTLE: &str = "
UPDATE order_webhooks_delivery SET state = value ->> 2, due = value ->> 3,
    failures = failures + (value ->> 4), cause = coalesce(value ->> 5, cause),
    settled_at = value ->> 6, running = 0
FROM json_each($1)
WHERE number = value ->> 0 AND attempt = value ->> 1 AND state = 'waiting' AND running > 0;

UPDATE order_webhooks_delivery AS old SET state = 'stale', settled_at = $2
FROM json_each($1) JOIN order_webhooks_delivery AS done
    ON done.number = value ->> 0 AND done.attempt = value ->> 1
WHERE done.state = 'applied' AND old.key = done.key AND old.state = 'waiting' AND old.due > 0
    AND substr(old.rank, 1, 1) = substr(done.rank, 1, 1)
    AND (old.rank, old.number) < (done.rank, done.number);

DELETE FROM order_webhooks_thing AS thing
WHERE (key, held) IN (
    SELECT done.key, number FROM json_each($1) JOIN order_webhooks_delivery AS done
        ON number = value ->> 0 AND attempt = value ->> 1 AND running = 0
) AND NOT EXISTS (
    SELECT 1 FROM order_webhooks_delivery WHERE key = thing.key AND state = 'waiting'
);

UPDATE order_webhooks_thing AS thing SET held = 0, due = max($2, (
    SELECT due FROM order_webhooks_delivery WHERE key = thing.key AND state = 'waiting'
    ORDER BY due, rank, number LIMIT 1
))
WHERE (key, held) IN (
    SELECT done.key, number FROM json_each($1) JOIN order_webhooks_delivery AS done
        ON number = value ->> 0 AND attempt = value ->> 1 AND running = 0
)";

/// The clock may have been set back: see [`latest`].
const RENEW: &str = "
UPDATE order_webhooks_thing AS thing SET due = $2
WHERE (key, held) IN (
    SELECT mine.key, number FROM json_each($1) JOIN order_webhooks_delivery AS mine
        ON number = value ->> 0 AND attempt = value ->> 1
);

UPDATE order_webhooks_thing SET due = 0 WHERE due > $3";
