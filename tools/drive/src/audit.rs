//! What the inbox holds in the end, beside what its senders were told.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::{self, kv, stream};
use futures_util::StreamExt as _;
use tokio::time::{sleep, timeout};
use tokio_postgres::NoTls;

use crate::Failure;
use crate::delivery::Delivery;
use crate::engine::Engine;

/// How long the workers may take for the rest.
const SETTLING: Duration = Duration::from_secs(180);

/// How long the next message may take.
const READING: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(crate) struct Found {
    /// How often each key and revision is kept.
    kept: HashMap<(String, String), u32>,
    /// The revisions of each key that were applied, in order, where that is known.
    applied: HashMap<String, Vec<String>>,
    /// The revision of each key in the end.
    state: HashMap<String, String>,
    aside: u64,
}

/// Waits until nothing waits, and reads everything.
pub(crate) async fn read(engine: &Engine) -> Result<Found, Failure> {
    match engine {
        Engine::Nats { url, .. } => {
            // The nodes may still be busy with each other.
            for _ in 0..5 {
                match read_nats(url).await {
                    Err(error) => println!("not read, tried again: {error}"),
                    found => return found,
                }
            }
            read_nats(url).await
        }
        Engine::Postgres { url, .. } => read_postgres(url).await,
    }
}

async fn read_nats(url: &str) -> Result<Found, Failure> {
    let servers: Vec<&str> = url.split(',').collect();
    let context = jetstream::new(async_nats::connect(servers).await?);
    let started = Instant::now();
    let mut last = String::new();
    let deliveries = loop {
        if let Ok(deliveries) = context.get_stream("inbox_deliveries").await
            && let Ok(info) = deliveries.consumer_info("workers").await
        {
            if info.num_pending == 0 && info.num_ack_pending == 0 {
                break deliveries;
            }
            last = format!("{} to come, {} with workers", info.num_pending, info.num_ack_pending);
        }
        if started.elapsed() > SETTLING {
            return Err(format!("deliveries still wait: {last}").into());
        }
        sleep(Duration::from_millis(250)).await;
    };
    let mut found = Found::default();
    let last = deliveries.get_info().await?.state.last_sequence;
    let things = context.get_stream("KV_inbox_things").await?;
    let swept = Instant::now();
    while place(&things).await.unwrap_or(0) < last {
        if swept.elapsed() > SETTLING {
            return Err("the second look does not come to its end".into());
        }
        sleep(Duration::from_millis(250)).await;
    }
    let consumer = pull::OrderedConfig { deliver_policy: DeliverPolicy::All, ..Default::default() };
    let mut messages = deliveries.create_consumer(consumer).await?.messages().await?;
    loop {
        let message =
            timeout(READING, messages.next()).await.map_err(|_| "the stream does not end")?;
        let message = message.ok_or("the stream ends too early")??;
        let header = |name| {
            let headers = message.headers.as_ref()?;
            Some(headers.get(name)?.as_str().to_owned())
        };
        let key = header("Inbox-Key").ok_or("no key")?;
        let revision = header("Inbox-Revision").ok_or("no revision")?;
        *found.kept.entry((key, revision)).or_default() += 1;
        if message.info()?.stream_sequence >= last {
            break;
        }
    }
    let bucket = context.get_key_value("inbox_things").await?;
    let keys: HashSet<String> = found.kept.keys().map(|(key, _)| key.clone()).collect();
    for key in keys {
        let token = token(&key);
        let revisions = history(&bucket, &token).await?;
        // By the leader, which cannot be behind.
        let subject = format!("$KV.inbox_things.{token}");
        let last = things.get_last_raw_message_by_subject(&subject).await?;
        let last = revision(&last.payload)?;
        if revisions.last() != Some(&last) {
            println!("{key}: the leader has {last}, a node has {:?}", revisions.last());
        }
        found.state.insert(key.clone(), last);
        found.applied.insert(key, revisions);
    }
    found.aside = context.get_stream("inbox_aside").await?.get_info().await?.state.messages;
    Ok(found)
}

/// The place up to which the workers have looked a second time.
async fn place(things: &stream::Stream) -> Result<u64, Failure> {
    let message = things.get_last_raw_message_by_subject("$KV.inbox_things.swept").await?;
    let position: serde_json::Value = serde_json::from_slice(&message.payload)?;
    Ok(position["place"].as_u64().unwrap_or(0))
}

/// The revisions of a thing in the order in which they were applied.
async fn history(things: &kv::Store, token: &str) -> Result<Vec<String>, Failure> {
    let mut entries = things.history(token).await?;
    let mut revisions = Vec::new();
    while let Some(entry) = entries.next().await {
        revisions.push(revision(&entry?.value)?);
    }
    Ok(revisions)
}

fn revision(thing: &[u8]) -> Result<String, Failure> {
    let thing: serde_json::Value = serde_json::from_slice(thing)?;
    Ok(thing["revision"].as_str().ok_or("no revision")?.to_owned())
}

/// As `token` of the store.
fn token(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    key.bytes()
        .map(|byte| if plain(byte) { char::from(byte).into() } else { format!("={byte:02X}") })
        .collect()
}

async fn read_postgres(url: &str) -> Result<Found, Failure> {
    let started = Instant::now();
    let client = loop {
        if let Ok((client, connection)) = tokio_postgres::connect(url, NoTls).await {
            tokio::spawn(connection);
            let waiting = "SELECT count(*) FROM inbox_deliveries WHERE outcome = 'waiting'";
            if let Ok(row) = client.query_one(waiting, &[]).await
                && row.try_get::<_, i64>(0)? == 0
            {
                break client;
            }
        }
        if started.elapsed() > SETTLING {
            return Err("deliveries still wait".into());
        }
        sleep(Duration::from_millis(250)).await;
    };
    let mut found = Found::default();
    for row in client.query("SELECT key, revision, outcome FROM inbox_deliveries", &[]).await? {
        *found.kept.entry((row.try_get(0)?, row.try_get(1)?)).or_default() += 1;
        found.aside += u64::from(row.try_get::<_, &str>(2)? == "aside");
    }
    for row in client.query("SELECT key, revision FROM inbox_things", &[]).await? {
        found.state.insert(row.try_get(0)?, row.try_get(1)?);
    }
    Ok(found)
}

/// Says what is wrong, and fails if anything is.
pub(crate) fn compare(accepted: &HashSet<Delivery>, found: &Found) -> Result<(), Failure> {
    let mut lost = 0_u64;
    for delivery in accepted {
        lost += u64::from(!found.kept.contains_key(&delivery.tracked()?));
    }
    let twice = found.kept.values().filter(|count| **count > 1).count();
    // The text forms of revisions sort as the revisions do.
    let mut newest: HashMap<&str, &str> = HashMap::new();
    for (key, revision) in found.kept.keys() {
        let known = newest.entry(key).or_default();
        *known = (*known).max(revision);
    }
    let behind = newest
        .iter()
        .filter(|(key, newest)| found.state.get(**key).map(String::as_str) != Some(**newest))
        .inspect(|(key, newest)| println!("{key}: {:?}, not {newest}", found.state.get(**key)))
        .count();
    let again =
        found.applied.values().filter(|revisions| !revisions.is_sorted_by(|a, b| a < b)).count();
    println!(
        "kept: {} deliveries of {} things, {twice} of them more than once",
        found.kept.len(),
        newest.len()
    );
    println!("accepted and not kept: {lost}");
    println!("things whose state is not that of their newest revision: {behind}");
    println!("things to which a revision was applied twice, or after a newer one: {again}");
    println!("set aside: {}", found.aside);
    if lost + found.aside > 0 || behind + again > 0 || accepted.is_empty() {
        return Err("this is not as it should be".into());
    }
    println!("all is as it should be");
    Ok(())
}
