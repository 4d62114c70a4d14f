//! Writes the rows of the inbox by hand, in batches, with nothing around it: what a
//! good engineer would compare it with.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_nats::jetstream::{self, stream};
use clap::ValueEnum;
use futures_util::StreamExt as _;
use rusqlite::{Connection, params};
use tokio_postgres::NoTls;

use crate::Failure;
use crate::delivery::Delivery;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A store that the inbox has made: `DATABASE`, `DATABASE_URL` or `NATS_URL`.
    #[arg(long)]
    store: Store,
    #[arg(long, default_value_t = 64)]
    batch: u64,
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Stops after this many rows, which count as settled.
    #[arg(long)]
    settled: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Store {
    Sqlite,
    Postgres,
    Nats,
}

struct Row {
    key: String,
    revision: String,
    body: String,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for n in 0..arguments.batch {
        rows.push(Delivery { thing: 3 * n, version: 1 }.tracked()?.1);
    }
    let revision = rows.pop().ok_or("an empty batch")?;
    let written = match arguments.store {
        Store::Sqlite => sqlite(&arguments, &revision)?,
        Store::Postgres => postgres(&arguments, &revision).await?,
        Store::Nats => nats(&arguments).await?,
    };
    println!("{written:.0}");
    Ok(())
}

impl Arguments {
    /// The next batch, with keys that nobody else has. To make them is no part of
    /// what is measured, so they are not parsed.
    fn batch(&self, number: u64, revision: &str) -> Vec<Row> {
        let first = self.first + number * self.batch;
        (first..first + self.batch)
            .map(|n| Row {
                key: format!("musement.order_item:by-hand-{n}"),
                revision: revision.to_owned(),
                body: Delivery { thing: 3 * n, version: 1 }.body(),
            })
            .collect()
    }

    /// Writes batches until the time is over. Gives the rows for each second.
    fn goes_on(&self, started: Instant, batches: u64) -> bool {
        match self.settled {
            Some(rows) => batches * self.batch < rows,
            None => started.elapsed() < Duration::from_secs_f64(self.seconds),
        }
    }

    fn rate(&self, started: Instant, batches: u64) -> f64 {
        (batches * self.batch) as f64 / started.elapsed().as_secs_f64()
    }

    fn outcome(&self) -> &'static str {
        if self.settled.is_some() { "applied" } else { "waiting" }
    }
}

/// Microseconds since 1970.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
}

fn var(name: &str) -> Result<String, Failure> {
    Ok(std::env::var(name).map_err(|_| format!("{name} is not set"))?)
}

fn sqlite(arguments: &Arguments, revision: &str) -> Result<f64, Failure> {
    let mut connection = Connection::open(var("DATABASE")?)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let insert = "INSERT INTO inbox_deliveries
        (webhook, key, revision, slot, body, verified_at, due, outcome)
        VALUES ('musement.order_item', ?1, ?2, ?2, ?3, ?5, ?5, ?4)
        ON CONFLICT (key, slot) DO NOTHING";
    let (started, mut batches) = (Instant::now(), 0);
    while arguments.goes_on(started, batches) {
        let transaction = connection.transaction()?;
        for Row { key, revision, body } in arguments.batch(batches, revision) {
            let values = params![key, revision, body.as_bytes(), arguments.outcome(), now()];
            transaction.prepare_cached(insert)?.execute(values)?;
        }
        transaction.commit()?;
        batches += 1;
    }
    Ok(arguments.rate(started, batches))
}

async fn postgres(arguments: &Arguments, revision: &str) -> Result<f64, Failure> {
    let (client, connection) = tokio_postgres::connect(&var("DATABASE_URL")?, NoTls).await?;
    tokio::spawn(connection);
    let insert = "INSERT INTO inbox_deliveries
        (webhook, key, revision, slot, lane, body, verified_at, outcome)
        SELECT 'musement.order_item', key, revision, revision, lane, body, $6, $5
        FROM unnest($1::text[], $2::text[], $3::int[], $4::bytea[]) AS n (key, revision, lane, body)
        ON CONFLICT (key, slot) DO NOTHING";
    let insert = client.prepare(insert).await?;
    let (started, mut batches) = (Instant::now(), 0);
    while arguments.goes_on(started, batches) {
        let rows = arguments.batch(batches, revision);
        let keys: Vec<&str> = rows.iter().map(|row| &*row.key).collect();
        let revisions: Vec<&str> = rows.iter().map(|row| &*row.revision).collect();
        let lanes: Vec<i32> = (0..).take(rows.len()).map(|n| n % 32).collect();
        let bodies: Vec<&[u8]> = rows.iter().map(|row| row.body.as_bytes()).collect();
        let outcome = arguments.outcome();
        client.execute(&insert, &[&keys, &revisions, &lanes, &bodies, &outcome, &now()]).await?;
        batches += 1;
    }
    Ok(arguments.rate(started, batches))
}

/// Publishes with as many acknowledgements under way as a batch has deliveries.
async fn nats(arguments: &Arguments) -> Result<f64, Failure> {
    let servers: Vec<String> = var("NATS_URL")?.split(',').map(str::to_owned).collect();
    let context = jetstream::new(async_nats::connect(servers).await?);
    let stream = stream::Config {
        name: "by_hand".into(),
        subjects: vec!["by-hand.>".into()],
        duplicate_window: Duration::from_secs(600),
        ..Default::default()
    };
    context.get_or_create_stream(stream).await?;
    let started = Instant::now();
    let until = started + Duration::from_secs_f64(arguments.seconds);
    let (context, first) = (&context, arguments.first);
    let published = futures_util::stream::iter(first..)
        .take_while(|_| std::future::ready(Instant::now() < until))
        .map(|n| async move {
            let mut headers = async_nats::HeaderMap::new();
            headers.insert("Nats-Msg-Id", format!("by-hand-{n}"));
            let body = Delivery { thing: 3 * n, version: 1 }.body();
            let subject = format!("by-hand.{n}");
            let sent = context.publish_with_headers(subject, headers, body.into()).await?;
            sent.await?;
            Ok::<_, Failure>(())
        })
        .buffer_unordered(arguments.batch as usize)
        .fold(Ok(0_u64), |count, done| std::future::ready(count.and_then(|n| done.map(|()| n + 1))))
        .await?;
    Ok(published as f64 / started.elapsed().as_secs_f64())
}
