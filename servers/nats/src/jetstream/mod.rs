//! The store on NATS JetStream, for any number of receivers and workers, with no
//! state in either.
//!
//! A delivery is a message of a replicated stream. What is known of a thing is a
//! value in a bucket of keys and values, changed by compare-and-swap only.

mod engine;
mod sweep;

use std::collections::HashMap;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::{AckKind, Message, context::Context, kv, stream::Stream};
use futures_util::{StreamExt as _, stream};
use order_webhooks::envelope::Envelope;
use order_webhooks::tracking::Key;
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};

pub(crate) use self::engine::Settings;
use crate::inbox::queue::Room;
use crate::inbox::{
    Apply, Delivery, Later, Outcome, Rules, SetAside, Settled, Store, StoreError, Thing, Waiting,
    settle,
};

/// The headers of a message beside the engine's own.
const KEY: &str = "Inbox-Key";
const REVISION: &str = "Inbox-Revision";
const CAUSE: &str = "Inbox-Cause";

/// How many things a worker works on at once.
const AT_ONCE: usize = 64;

/// How often a worker compares and swaps before it leaves a thing to another.
const SWAPS: u32 = 20;

/// How long an acknowledgement may take before the message is sent again: soon
/// enough that a node can fail within the patience of a sender.
const ACKNOWLEDGED: Duration = Duration::from_millis(1_200);

/// How long the next message of a batch may take.
const FETCHING: Duration = Duration::from_secs(1);

const PAUSE: Duration = Duration::from_millis(50);

pub(crate) struct JetStream {
    context: Context,
    settings: Settings,
    deliveries: Stream,
    aside: Stream,
    things: kv::Store,
    workers: PullConsumer,
    room: Room,
    rules: Rules,
}

impl JetStream {
    /// Says in the log once what is tried again and again.
    async fn publish(
        &self,
        subject: String,
        headers: HeaderMap,
        payload: Vec<u8>,
    ) -> Result<(), StoreError> {
        let payload = bytes::Bytes::from(payload);
        loop {
            let sent = async {
                let (subject, headers) = (subject.clone(), headers.clone());
                let sent = self.context.publish_with_headers(subject, headers, payload.clone());
                Ok::<_, StoreError>(sent.await?.await?)
            };
            // The second try is absorbed if the first arrived: it has the same id.
            match timeout(ACKNOWLEDGED, sent).await {
                // A duplicate of what is not stored yet has no place.
                Ok(Ok(ack)) if ack.sequence > 0 => return Ok(()),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => self.settings.trouble(&*error),
                Err(error) => self.settings.trouble(&error),
            }
            sleep(PAUSE).await;
        }
    }

    async fn publish_delivery(&self, delivery: Delivery) -> Result<(), StoreError> {
        let _room = self.room.enter(&delivery).await?;
        let Delivery { envelope, key, revision } = delivery;
        let mut headers = HeaderMap::new();
        headers.insert(KEY, key.as_str());
        headers.insert(REVISION, revision.to_string());
        headers.insert(
            "Nats-Msg-Id",
            if revision.can_be_ordered() {
                format!("{key}/{revision}")
            } else {
                // The same may happen again, and is then no duplicate.
                format!("{key}/{revision}/{}", nuid::next())
            },
        );
        let subject = format!("{}.waiting.{}", self.settings.name, token(key.as_str()));
        self.publish(subject, headers, serde_json::to_vec(&envelope)?).await
    }

    async fn settle_some(&self, apply: &Apply) -> Result<usize, StoreError> {
        let limit = usize::from(self.rules.batch);
        let mut messages = self.workers.fetch().max_messages(limit).messages().await?;
        let mut things: HashMap<String, Vec<(Message, Waiting)>> = HashMap::new();
        let mut taken = 0_usize;
        // A node that is killed says nothing more, not even that it has nothing.
        while let Ok(Some(message)) = timeout(FETCHING, messages.next()).await {
            let message = match message {
                Ok(message) => message,
                Err(error) => {
                    self.settings.trouble(&*error);
                    break;
                }
            };
            taken = taken.saturating_add(1);
            match waiting(&message) {
                Ok(waiting) => {
                    things.entry(waiting.key.clone()).or_default().push((message, waiting));
                }
                Err(error) => self.set_aside_message(&message, &error.to_string()).await?,
            }
        }
        stream::iter(things)
            .for_each_concurrent(AT_ONCE, |(key, group)| async move {
                // What is not settled comes again when its time is over.
                if let Err(error) = self.settle_thing(&key, group, apply).await {
                    self.settings.trouble(&*error);
                }
            })
            .await;
        Ok(taken)
    }

    /// Settles deliveries of one thing, whoever else does the same.
    async fn settle_thing(
        &self,
        key: &str,
        group: Vec<(Message, Waiting)>,
        apply: &Apply,
    ) -> Result<(), StoreError> {
        let (messages, mut batch): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let places: HashMap<i64, &Message> =
            batch.iter().map(|waiting| waiting.seq).zip(&messages).collect();
        for settled in self.settle_things(key, &mut batch, apply).await? {
            if let Some(message) = places.get(&settled.seq) {
                self.acknowledge(message, settled).await?;
            }
        }
        Ok(())
    }

    /// What becomes of deliveries of one thing, once the bucket knows it.
    async fn settle_things(
        &self,
        key: &str,
        batch: &mut [Waiting],
        apply: &Apply,
    ) -> Result<Vec<Settled>, StoreError> {
        for _ in 0..SWAPS {
            let (before, revision) = self.thing(key).await?;
            let mut things = HashMap::new();
            things.extend(before.clone().map(|thing| (key.to_owned(), thing)));
            let settled = settle(batch, &mut things, apply, &self.rules);
            let after = things.remove(key).filter(|thing| before.as_ref() != Some(thing));
            if let Some(after) = after
                && !self.swap(&token(key), serde_json::to_vec(&after)?, revision).await?
            {
                continue;
            }
            return Ok(settled);
        }
        Err(format!("{key}: others were always faster").into())
    }

    /// What is known of a thing, and the revision of the bucket that knows it.
    async fn thing(&self, key: &str) -> Result<(Option<Thing>, u64), StoreError> {
        let Some(entry) = self.things.entry(token(key)).await? else { return Ok((None, 0)) };
        // One that cannot be read is not known: the next delivery replaces it.
        Ok((serde_json::from_slice(&entry.value).ok(), entry.revision))
    }

    /// Whether nobody else was faster.
    ///
    /// A node of a cluster compares the revision before it proposes a message to the
    /// others, so two that are under way at once could both pass (nats-server 2.9).
    /// The id says the same a second time: of two messages with one id, the engine
    /// takes one. It forgets the id in time, so the condition stands beside it.
    async fn swap(&self, token: &str, value: Vec<u8>, revision: u64) -> Result<bool, StoreError> {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Expected-Last-Subject-Sequence", revision.to_string());
        headers.insert("Nats-Msg-Id", format!("{token}/{revision}"));
        let subject = format!("$KV.{}.{token}", self.things.name);
        let swapped = async {
            let sent = self.context.publish_with_headers(subject, headers, value.into());
            Ok::<_, StoreError>(!sent.await?.await?.duplicate)
        };
        // Without an answer it may have arrived all the same: look again.
        let swapped = timeout(ACKNOWLEDGED, swapped).await.is_ok_and(|done| done.unwrap_or(false));
        if !swapped {
            sleep(PAUSE).await;
        }
        Ok(swapped)
    }

    async fn acknowledge(&self, message: &Message, settled: Settled) -> Result<(), StoreError> {
        match settled.outcome {
            Outcome::Applied | Outcome::Stale => Ok(message.ack().await?),
            Outcome::Again(pause, _) => Ok(message.ack_with(AckKind::Nak(Some(pause))).await?),
            Outcome::Aside(cause) => self.set_aside_message(message, &cause).await,
        }
    }

    async fn set_aside_message(&self, message: &Message, cause: &str) -> Result<(), StoreError> {
        let place = message.info()?.stream_sequence;
        let headers = message.headers.clone().unwrap_or_default();
        self.put_aside(place, headers, message.payload.to_vec(), cause).await?;
        message.ack_with(AckKind::Term).await
    }

    async fn put_aside(
        &self,
        place: u64,
        mut headers: HeaderMap,
        payload: Vec<u8>,
        cause: &str,
    ) -> Result<(), StoreError> {
        headers.insert("Nats-Msg-Id", format!("aside/{place}"));
        headers.insert(CAUSE, cause.replace(['\r', '\n'], " "));
        let subject = format!("{}.aside", self.settings.name);
        timeout(self.rules.patience, self.publish(subject, headers, payload)).await?
    }

    /// The first place of the stream that has to stay: of a delivery that is newer
    /// than this, or not settled.
    /// `None` if nothing is to go: the engine would take that for everything.
    async fn first_to_stay(&self, age: Duration) -> Result<Option<u64>, StoreError> {
        let before = OffsetDateTime::now_utc() - age;
        let info = self.deliveries.get_info().await?;
        let settled = self.deliveries.consumer_info(engine::WORKERS).await?.ack_floor;
        let mut first = info.state.first_sequence;
        let mut end = settled.stream_sequence.saturating_add(1).max(first);
        // All before `first` are old, all from `end` on stay.
        while first < end {
            let middle = first.midpoint(end);
            let message = self.deliveries.get_raw_message(middle).await?;
            let envelope: Envelope = serde_json::from_slice(&message.payload)?;
            if envelope.verified_at() < before {
                first = middle.saturating_add(1);
            } else {
                end = middle;
            }
        }
        Ok(Some(first).filter(|first| *first > info.state.first_sequence.max(1)))
    }
}

impl Store for JetStream {
    fn keep(&self, delivery: Delivery) -> Later<'_, ()> {
        Box::pin(async {
            let patience = self.rules.patience;
            timeout(patience, self.publish_delivery(delivery)).await.unwrap_or_else(|_| {
                Err(format!("not kept within {patience:?}: {}", self.settings.last_trouble())
                    .into())
            })
        })
    }

    fn work<'a>(&'a self, apply: &'a Apply) -> Later<'a, usize> {
        Box::pin(async {
            let settled = self.settle_some(apply).await?;
            let swept = self.sweep(apply).await.unwrap_or_else(|error| {
                self.settings.trouble(&*error);
                0
            });
            Ok(settled.max(swept))
        })
    }

    fn state<'a>(&'a self, key: &'a Key) -> Later<'a, Option<String>> {
        Box::pin(async { Ok(self.thing(key.as_str()).await?.0.map(|thing| thing.state)) })
    }

    fn waiting(&self) -> Later<'_, u64> {
        Box::pin(async {
            let info = self.deliveries.consumer_info(engine::WORKERS).await?;
            Ok(info.num_pending.saturating_add(info.num_ack_pending as u64))
        })
    }

    fn set_aside(&self) -> Later<'_, Vec<SetAside>> {
        Box::pin(async {
            let state = self.aside.get_info().await?.state;
            let mut aside = Vec::new();
            for place in state.first_sequence.max(1)..=state.last_sequence {
                let message = self.aside.get_raw_message(place).await?;
                let header = |name| message.headers.get(name).map_or("", |value| value.as_str());
                aside.push(SetAside { key: header(KEY).into(), cause: header(CAUSE).into() });
            }
            Ok(aside)
        })
    }

    fn forget(&self, age: Duration) -> Later<'_, u64> {
        Box::pin(async move {
            let Some(first) = self.first_to_stay(age).await? else { return Ok(0) };
            Ok(self.deliveries.purge().sequence(first).await?.purged)
        })
    }
}

fn waiting(message: &Message) -> Result<Waiting, StoreError> {
    let info = message.info()?;
    let header = |name| {
        let headers = message.headers.as_ref()?;
        Some(headers.get(name)?.as_str().to_owned())
    };
    Ok(Waiting {
        seq: i64::try_from(info.stream_sequence)?,
        tries: u32::try_from(info.delivered.saturating_sub(1))?,
        key: header(KEY).ok_or("the message has no key")?,
        revision: header(REVISION).ok_or("the message has no revision")?,
        envelope: serde_json::from_slice(&message.payload)?,
    })
}

/// A key as one token of a subject and as a key of a bucket, where dots, colons and
/// percent signs mean something else or are not allowed. No two keys share one.
fn token(key: &str) -> String {
    let mut token = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' => token.push(byte.into()),
            other => token.push_str(&format!("={other:02X}")),
        }
    }
    token
}
