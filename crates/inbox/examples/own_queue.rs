//! For whoever has a queue already (SQS, Kafka, a table of jobs): what its worker does,
//! with one table. No other part of the inbox is used.
//!
//! ```text
//! cargo run -p order-webhooks-inbox --features sqlite --example own_queue
//! ```
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use order_webhooks::envelope::{Envelope, Event};
use order_webhooks::tracking::{Applied, Decision, Tracked, decide};
use order_webhooks_inbox::sqlx::{self, SqlitePool};

const TABLE: &str = "CREATE TABLE applied
    (key TEXT PRIMARY KEY, revision TEXT NOT NULL, message TEXT NOT NULL)";

/// Handles one message. If it fails, the queue delivers the message again. Returns
/// whether anything was changed.
async fn handle(pool: &SqlitePool, id: &str, line: &str) -> Result<bool, Box<dyn Error>> {
    let envelope: Envelope = serde_json::from_str(line)?;
    let Event::OrderItem(update) = envelope.open()? else { return Ok(false) };
    let key = update.key().to_string();

    // In PostgreSQL: insert a row without values if there is none, then SELECT … FOR UPDATE.
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let row = sqlx::query_as("SELECT revision, message FROM applied WHERE key = $1");
    let row: Option<(String, String)> = row.bind(&key).fetch_optional(&mut *tx).await?;
    let last = match row {
        Some((revision, delivery)) => Some(Applied { revision: revision.parse()?, delivery }),
        None => None,
    };
    let new = Applied { revision: update.revision(), delivery: id.to_owned() };
    let Decision::Apply(row) = decide(last.as_ref(), new) else { return Ok(false) };

    // Change your own tables here, in the same transaction.
    println!("{} is {}", update.order_item_uuid, update.order_item_status);

    sqlx::query("INSERT OR REPLACE INTO applied (key, revision, message) VALUES ($1, $2, $3)")
        .bind(key)
        .bind(row.revision.to_string())
        .bind(row.delivery)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    // Only now acknowledge the message.
    Ok(true)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let pool = SqlitePool::connect("sqlite::memory:").await?;
    sqlx::query(TABLE).execute(&pool).await?;
    let message = |version: u8, status: &str| {
        let body = format!(
            r#"{{"order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_item_status":"{status}",
            "order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_version":{version}}}"#
        );
        let now = time::OffsetDateTime::now_utc();
        serde_json::to_string(&Envelope::new("musement.order_item", body, now))
    };
    for (id, version, status, expected) in [
        ("message-1", 22, "PENDING", true),
        ("message-1", 22, "PENDING", false),
        ("message-2", 24, "OK", true),
        ("message-3", 23, "PROCESSING", false),
    ] {
        assert_eq!(handle(&pool, id, &message(version, status)?).await?, expected, "{id}");
    }
    Ok(())
}
