//! The store on a server, with PostgreSQL, for any number of replicas.

use std::sync::Arc;
use std::time::Duration;

use order_webhooks::tracking::Key;
use tokio::sync::Mutex;
use tokio_postgres::{Client, Config, NoTls};

use super::{BATCH, Delivery, Outcome, StoreError, Waiting};

/// As in SQLite. The lock keeps replicas that start at the same time out of each
/// other's way.
const SCHEMA: &str = "
    SET synchronous_commit = on;
    SET statement_timeout = '3s';
    BEGIN;
    SELECT pg_advisory_xact_lock(7223331000);
    CREATE TABLE IF NOT EXISTS inbox_deliveries (
        seq         BIGSERIAL PRIMARY KEY,
        webhook     TEXT NOT NULL,
        key         TEXT NOT NULL,
        revision    TEXT NOT NULL,
        slot        TEXT NOT NULL,
        body        BYTEA NOT NULL,
        received_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        outcome     TEXT NOT NULL DEFAULT 'waiting',
        UNIQUE (key, slot)
    );
    CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox_deliveries (seq) WHERE outcome = 'waiting';
    CREATE TABLE IF NOT EXISTS inbox_things (
        key      TEXT PRIMARY KEY,
        revision TEXT NOT NULL,
        status   TEXT NOT NULL,
        seq      BIGINT NOT NULL
    );
    COMMIT";

const KEEP: &str = "
    INSERT INTO inbox_deliveries AS d (webhook, key, revision, slot, body)
    VALUES ($1, $2, $3, $3, $4)
    ON CONFLICT (key, slot) DO UPDATE SET seq = nextval('inbox_deliveries_seq_seq')
    WHERE NOT $5";

/// The oldest of every thing, so that the deliveries of one thing are settled in
/// their order whichever replica takes them.
const WAITING: &str = "
    SELECT seq, webhook, key, revision, body FROM inbox_deliveries d
    WHERE outcome = 'waiting' AND NOT EXISTS (
        SELECT FROM inbox_deliveries e
        WHERE e.key = d.key AND e.outcome = 'waiting' AND e.seq < d.seq)
    ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED";

/// Two deliveries of one thing can still be in two hands, if the older was
/// committed after the newer. The second waits here for the first.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

const APPLIED: &str = "SELECT revision FROM inbox_things WHERE key = $1";

const APPLY: &str = "
    INSERT INTO inbox_things (key, revision, status, seq) VALUES ($1, $2, $3, $4)
    ON CONFLICT (key) DO UPDATE SET revision = $2, status = $3, seq = $4";

const SETTLE: &str = "
    UPDATE inbox_deliveries SET outcome = $2,
    slot = CASE WHEN $3 THEN slot ELSE slot || '#' || seq END WHERE seq = $1";

pub(crate) struct Postgres {
    config: Config,
    /// For all that keep: statements of one connection are sent without waiting
    /// for each other.
    keeping: Mutex<Option<Arc<Client>>>,
    /// For the worker's transactions.
    working: Mutex<Option<Client>>,
}

impl Postgres {
    pub(crate) async fn open(url: &str) -> Result<Self, StoreError> {
        let mut config: Config = url.parse()?;
        // A server that is gone without a word is as bad as one that is down.
        config.connect_timeout(Duration::from_secs(2)).tcp_user_timeout(Duration::from_secs(4));
        let keeping = Mutex::new(Some(Arc::new(connect(&config).await?)));
        Ok(Self { config, keeping, working: Mutex::new(None) })
    }

    /// The connection, or a new one if the server has gone.
    async fn client(&self) -> Result<Arc<Client>, StoreError> {
        let mut keeping = self.keeping.lock().await;
        match &*keeping {
            Some(client) if !client.is_closed() => Ok(Arc::clone(client)),
            _ => Ok(Arc::clone(keeping.insert(Arc::new(connect(&self.config).await?)))),
        }
    }

    pub(crate) async fn keep(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let client = self.client().await?;
        let key = delivery.key.as_str();
        let revision = delivery.revision.to_string();
        let ordered = delivery.revision.can_be_ordered();
        client
            .execute(KEEP, &[&delivery.webhook, &key, &revision, &delivery.body, &ordered])
            .await?;
        Ok(())
    }

    /// Settles a batch in one transaction, as in SQLite.
    pub(crate) async fn work(&self) -> Result<usize, StoreError> {
        let mut working = self.working.lock().await;
        if working.as_ref().is_none_or(Client::is_closed) {
            *working = Some(connect(&self.config).await?);
        }
        let Some(client) = working.as_mut() else { return Ok(0) };
        let transaction = client.transaction().await?;
        let rows = transaction.query(WAITING, &[&i64::from(BATCH)]).await?;
        let mut batch = Vec::with_capacity(rows.len());
        for row in rows {
            batch.push(Waiting {
                seq: row.try_get(0)?,
                webhook: row.try_get(1)?,
                key: row.try_get(2)?,
                revision: row.try_get(3)?,
                body: row.try_get(4)?,
            });
        }
        // All replicas lock in one order, so that none waits for another in a circle.
        batch.sort_by(|a, b| a.key.cmp(&b.key));
        for waiting in &batch {
            transaction.execute(LOCK, &[&waiting.key]).await?;
            let applied = transaction.query_opt(APPLIED, &[&waiting.key]).await?;
            let applied: Option<String> = applied.map(|row| row.try_get(0)).transpose()?;
            let outcome = Outcome::of(waiting, applied.as_deref());
            if let Outcome::Applied(status) = &outcome {
                transaction
                    .execute(APPLY, &[&waiting.key, &waiting.revision, status, &waiting.seq])
                    .await?;
            }
            let (outcome, ordered) = (outcome.as_str(), waiting.can_be_ordered());
            transaction.execute(SETTLE, &[&waiting.seq, &outcome, &ordered]).await?;
        }
        transaction.commit().await?;
        Ok(batch.len())
    }

    pub(crate) async fn state(&self, key: &Key) -> Result<Option<String>, StoreError> {
        let client = self.client().await?;
        let state = "SELECT status FROM inbox_things WHERE key = $1";
        let row = client.query_opt(state, &[&key.as_str()]).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }
}

async fn connect(config: &Config) -> Result<Client, StoreError> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            eprintln!("the connection to the database ended: {error}");
        }
    });
    client.batch_execute(SCHEMA).await?;
    Ok(client)
}
