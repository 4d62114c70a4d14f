//! The store on a server, with PostgreSQL, for any number of receivers and
//! workers.

mod link;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use order_webhooks::tracking::{ContentDigest, Key};
use tokio::time::sleep;
use tokio_postgres::{Row, Transaction};

use self::link::Link;
use super::{before, envelope, micros};
use crate::inbox::queue::{Queue, Write};
use crate::inbox::{
    Apply, Chain, Delivery, Later, Outcome, Rules, SetAside, Settled, Store, StoreError, Thing,
    Waiting, settle,
};

/// As in SQLite, and a lane for every thing. The lock keeps servers that start at
/// the same time out of each other's way.
const SCHEMA: &str = "
    BEGIN;
    SELECT pg_advisory_xact_lock(7223331000);
    CREATE TABLE IF NOT EXISTS inbox_deliveries (
        seq         BIGSERIAL PRIMARY KEY,
        webhook     TEXT NOT NULL,
        key         TEXT NOT NULL,
        revision    TEXT NOT NULL,
        slot        TEXT NOT NULL,
        lane        INT NOT NULL,
        body        BYTEA NOT NULL,
        verified_at BIGINT NOT NULL,
        outcome     TEXT NOT NULL DEFAULT 'waiting',
        cause       TEXT,
        tries       INT NOT NULL DEFAULT 0,
        due         TIMESTAMPTZ NOT NULL DEFAULT now(),
        UNIQUE (key, slot)
    );
    CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox_deliveries (lane, due, seq)
        WHERE outcome = 'waiting';
    CREATE INDEX IF NOT EXISTS inbox_aside ON inbox_deliveries (seq) WHERE outcome = 'aside';
    CREATE TABLE IF NOT EXISTS inbox_things (
        key      TEXT PRIMARY KEY,
        revision TEXT NOT NULL,
        state    TEXT NOT NULL,
        seq      BIGINT NOT NULL,
        ordered  BOOL NOT NULL
    );
    COMMIT";

/// How long the database may take to be there.
const STARTING: Duration = Duration::from_secs(30);

/// All things are spread over this many lanes. One worker at a time has a lane, so
/// that the deliveries of one thing are settled one after the other, and no more
/// workers than this have something to do.
const LANES: u8 = 32;

const KEEP: &str = "
    INSERT INTO inbox_deliveries AS d (webhook, key, revision, slot, lane, body, verified_at)
    SELECT webhook, key, revision, revision, lane, body, verified_at
    FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::bytea[], $6::bigint[])
        AS n (webhook, key, revision, lane, body, verified_at)
    ON CONFLICT (key, slot) DO UPDATE
    SET seq = nextval('inbox_deliveries_seq_seq'), due = now(), tries = 0
    WHERE d.revision LIKE 'u/%'";

/// A lane that has something to do and that nobody else works on. The lock ends
/// with the transaction, and the transaction with the worker.
const LANE: &str = "
    WITH busy AS MATERIALIZED (
        SELECT lane FROM generate_series(0, $1::int - 1) AS lanes (lane)
        WHERE EXISTS (
            SELECT FROM inbox_deliveries d
            WHERE d.lane = lanes.lane AND d.outcome = 'waiting' AND d.due <= now())
        ORDER BY random())
    SELECT lane FROM busy
    WHERE pg_try_advisory_xact_lock(hashtext(current_schema()), lane) LIMIT 1";

const WAITING: &str = "
    SELECT seq, webhook, key, revision, body, verified_at, tries FROM inbox_deliveries
    WHERE lane = $1 AND outcome = 'waiting' AND due <= now() ORDER BY due, seq LIMIT $2";

const THINGS: &str =
    "SELECT key, revision, state, seq, ordered FROM inbox_things WHERE key = ANY ($1)";

const APPLY: &str = "
    INSERT INTO inbox_things (key, revision, state, seq, ordered)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bool[])
    ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, state = excluded.state,
        seq = excluded.seq, ordered = excluded.ordered";

const SETTLE: &str = "
    UPDATE inbox_deliveries d SET outcome = s.outcome, cause = s.cause,
        slot = CASE WHEN s.keeps_slot THEN slot ELSE slot || '#' || d.seq END,
        tries = tries + CASE WHEN s.pause IS NULL THEN 0 ELSE 1 END,
        due = CASE WHEN s.pause IS NULL THEN due ELSE now() + make_interval(secs => s.pause) END
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bool[], $5::float8[])
        AS s (seq, outcome, cause, keeps_slot, pause)
    WHERE d.seq = s.seq";

/// The oldest came first, so nothing is to be forgotten after a thousand that are new.
const OLDEST: &str = "
    SELECT max(seq), min(verified_at) FROM (
        SELECT seq, verified_at FROM inbox_deliveries WHERE seq > $1 ORDER BY seq LIMIT 1000
    ) AS oldest";

const FORGET: &str = "
    DELETE FROM inbox_deliveries WHERE seq > $1 AND seq <= $2
    AND verified_at < $3 AND outcome IN ('applied', 'stale')";

pub(crate) struct Postgres {
    queue: Queue,
    /// For the worker's transactions.
    working: Link,
    /// For everything else.
    asking: Link,
    rules: Rules,
}

impl Postgres {
    pub(crate) async fn open(url: &str, rules: Rules) -> Result<Self, StoreError> {
        let asking = Link::new(url.parse()?);
        let started = Instant::now();
        while let Err(error) = set_up(&asking).await {
            if started.elapsed() > STARTING {
                return Err(error);
            }
            tracing::warn!("no database yet, tried again: {}", Chain(&*error));
            sleep(Duration::from_millis(500)).await;
        }
        let writer = Writer { link: asking.another(), patience: rules.patience };
        let queue = Queue::new(writer, &rules);
        Ok(Self { queue, working: asking.another(), asking, rules })
    }

    async fn settle_some(&self, apply: &Apply) -> Result<usize, StoreError> {
        let mut client = self.working.client().await?;
        let transaction = client.get()?.transaction().await?;
        let Some(lane) = transaction.query_opt(LANE, &[&i32::from(LANES)]).await? else {
            return Ok(0);
        };
        let lane: i32 = lane.try_get(0)?;
        let limit = i64::from(self.rules.batch);
        let rows = transaction.query(WAITING, &[&lane, &limit]).await?;
        let mut batch = rows.iter().map(waiting).collect::<Result<Vec<_>, _>>()?;
        let keys: Vec<&str> = batch.iter().map(|waiting| &*waiting.key).collect();
        let mut things = HashMap::new();
        for row in transaction.query(THINGS, &[&keys]).await? {
            things.extend(thing(&row)?);
        }
        let before = things.clone();
        let settled = settle(&mut batch, &mut things, apply, &self.rules);
        things.retain(|key, thing| before.get(key) != Some(thing));
        record_things(&transaction, &things).await?;
        record(&transaction, &settled).await?;
        transaction.commit().await?;
        Ok(batch.len())
    }
}

impl Store for Postgres {
    fn keep(&self, delivery: Delivery) -> Later<'_, ()> {
        Box::pin(self.queue.keep(delivery))
    }

    fn work<'a>(&'a self, apply: &'a Apply) -> Later<'a, usize> {
        Box::pin(self.settle_some(apply))
    }

    fn state<'a>(&'a self, key: &'a Key) -> Later<'a, Option<String>> {
        Box::pin(async move {
            let mut client = self.asking.client().await?;
            let row = client.get()?.query_opt(THINGS, &[&[key.as_str()].as_slice()]).await?;
            Ok(row.map(|row| row.try_get(2)).transpose()?)
        })
    }

    fn waiting(&self) -> Later<'_, u64> {
        Box::pin(async {
            let count = "SELECT count(*) FROM inbox_deliveries WHERE outcome = 'waiting'";
            let mut client = self.asking.client().await?;
            let count: i64 = client.get()?.query_one(count, &[]).await?.try_get(0)?;
            Ok(u64::try_from(count)?)
        })
    }

    fn set_aside(&self) -> Later<'_, Vec<SetAside>> {
        Box::pin(async {
            let aside =
                "SELECT key, cause FROM inbox_deliveries WHERE outcome = 'aside' ORDER BY seq";
            let mut client = self.asking.client().await?;
            let rows = client.get()?.query(aside, &[]).await?;
            let read = |row: &Row| Ok(SetAside { key: row.try_get(0)?, cause: row.try_get(1)? });
            rows.iter().map(read).collect()
        })
    }

    fn forget(&self, age: Duration) -> Later<'_, u64> {
        Box::pin(async move {
            let before = before(age);
            let (mut forgotten, mut after) = (0_u64, 0_i64);
            loop {
                let mut client = self.asking.client().await?;
                let client = client.get()?;
                let oldest = client.query_one(OLDEST, &[&after]).await?;
                let (last, oldest): (Option<i64>, Option<i64>) =
                    (oldest.try_get(0)?, oldest.try_get(1)?);
                let Some(last) = last.filter(|_| oldest.is_some_and(|oldest| oldest < before))
                else {
                    return Ok(forgotten);
                };
                let some = client.execute(FORGET, &[&after, &last, &before]).await?;
                forgotten = forgotten.saturating_add(some);
                after = last;
            }
        })
    }
}

struct Writer {
    link: Link,
    patience: Duration,
}

impl Write for Writer {
    async fn write(&mut self, batch: Arc<Vec<Delivery>>) -> Result<(), StoreError> {
        // A connection that does not answer is as bad as none.
        let written = tokio::time::timeout(self.patience, write(&self.link, &batch)).await;
        let written = written.unwrap_or_else(|_| Err("the database does not answer".into()));
        if written.is_err() {
            self.link.close().await;
        }
        written
    }
}

async fn set_up(link: &Link) -> Result<(), StoreError> {
    Ok(link.client().await?.get()?.batch_execute(SCHEMA).await?)
}

async fn write(link: &Link, batch: &[Delivery]) -> Result<(), StoreError> {
    let revisions: Vec<String> = batch.iter().map(|d| d.revision.to_string()).collect();
    let webhooks: Vec<&str> = batch.iter().map(|d| d.envelope.webhook()).collect();
    let keys: Vec<&str> = batch.iter().map(|d| d.key.as_str()).collect();
    let lanes: Vec<i32> = batch.iter().map(|d| lane(&d.key)).collect();
    let bodies: Vec<&[u8]> = batch.iter().map(|d| &**d.envelope.body()).collect();
    let times: Vec<i64> = batch.iter().map(|d| micros(d.envelope.verified_at())).collect();
    let mut client = link.client().await?;
    let keep = client.statement(KEEP).await?;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&webhooks, &keys, &revisions, &lanes, &bodies, &times];
    client.get()?.execute(&keep, &values).await?;
    Ok(())
}

fn lane(key: &Key) -> i32 {
    let [first, ..] = *ContentDigest::of(key.as_str().as_bytes()).as_bytes();
    i32::from(first % LANES)
}

fn waiting(row: &Row) -> Result<Waiting, tokio_postgres::Error> {
    Ok(Waiting {
        seq: row.try_get(0)?,
        tries: u32::try_from(row.try_get::<_, i32>(6)?).unwrap_or(0),
        key: row.try_get(2)?,
        revision: row.try_get(3)?,
        envelope: envelope(row.try_get(1)?, row.try_get(4)?, row.try_get(5)?),
    })
}

/// One that cannot be read is not known: the next delivery replaces it.
fn thing(row: &Row) -> Result<Option<(String, Thing)>, tokio_postgres::Error> {
    let revision: &str = row.try_get(1)?;
    let Ok(revision) = revision.parse() else { return Ok(None) };
    let (state, seq, ordered) = (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
    Ok(Some((row.try_get(0)?, Thing { revision, state, seq, ordered })))
}

async fn record_things(
    transaction: &Transaction<'_>,
    things: &HashMap<String, Thing>,
) -> Result<(), tokio_postgres::Error> {
    if things.is_empty() {
        return Ok(());
    }
    let keys: Vec<&str> = things.keys().map(|key| &**key).collect();
    let revisions: Vec<String> = things.values().map(|thing| thing.revision.to_string()).collect();
    let states: Vec<&str> = things.values().map(|thing| &*thing.state).collect();
    let seqs: Vec<i64> = things.values().map(|thing| thing.seq).collect();
    let ordered: Vec<bool> = things.values().map(|thing| thing.ordered).collect();
    transaction.execute(APPLY, &[&keys, &revisions, &states, &seqs, &ordered]).await?;
    Ok(())
}

async fn record(
    transaction: &Transaction<'_>,
    settled: &[Settled],
) -> Result<(), tokio_postgres::Error> {
    let seqs: Vec<i64> = settled.iter().map(|settled| settled.seq).collect();
    let outcomes: Vec<&str> = settled.iter().map(|settled| settled.outcome.as_str()).collect();
    let causes: Vec<Option<&str>> = settled.iter().map(|s| s.outcome.cause()).collect();
    let keeps: Vec<bool> = settled.iter().map(|settled| settled.keeps_slot).collect();
    let pauses: Vec<Option<f64>> = settled.iter().map(|settled| pause(&settled.outcome)).collect();
    transaction.execute(SETTLE, &[&seqs, &outcomes, &causes, &keeps, &pauses]).await?;
    Ok(())
}

fn pause(outcome: &Outcome) -> Option<f64> {
    match outcome {
        Outcome::Again(pause, _) => Some(pause.as_secs_f64()),
        _ => None,
    }
}
