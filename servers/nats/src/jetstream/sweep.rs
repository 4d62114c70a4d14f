//! A second look at what counts as settled.
//!
//! What the engine knows of its consumer is less certain than its stream: when the
//! consumer moves from one node to another, nats-server 2.9 can take deliveries for
//! handed out that no worker has seen, or lose a change that it has confirmed. Both
//! leave a thing behind its newest delivery for good. So the workers go through the
//! stream once more, some seconds later, and judge again. It costs a read of each
//! delivery and changes nothing where all was well.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use order_webhooks::tracking::Revision;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{AT_ONCE, JetStream, KEY, REVISION, engine};
use crate::inbox::{Apply, Outcome, StoreError, Waiting};

/// Where the position is in the bucket. The token of a key has a colon in it.
const POSITION: &str = "swept";

/// How long a delivery rests before it is looked at again: longer than a message is
/// under way, and than most elections take.
const RESTS: Duration = Duration::from_secs(10);

/// How often one of the workers looks, and at how many.
const EVERY: Duration = Duration::from_secs(1);
const AT_MOST: u64 = 4_096;

/// All up to this place of the stream has been looked at.
#[derive(Default, Serialize, Deserialize)]
struct Position {
    place: u64,
    /// Seconds since 1970.
    at: i64,
}

impl JetStream {
    /// Looks at some deliveries again, if nobody else does. Gives how many.
    pub(super) async fn sweep(&self, apply: &Apply) -> Result<usize, StoreError> {
        let now = OffsetDateTime::now_utc();
        let (position, revision) = match self.things.entry(POSITION).await? {
            Some(entry) => (serde_json::from_slice(&entry.value)?, entry.revision),
            None => (Position::default(), 0),
        };
        if now.unix_timestamp().abs_diff(position.at) < EVERY.as_secs() {
            return Ok(0);
        }
        let settled = self.deliveries.consumer_info(engine::WORKERS).await?.ack_floor;
        if settled.stream_sequence <= position.place {
            return Ok(0);
        }
        let first = self.deliveries.get_info().await?.state.first_sequence;
        let first = first.max(position.place.saturating_add(1));
        let last = settled.stream_sequence.min(first.saturating_add(AT_MOST));
        let messages: Vec<StreamMessage> = stream::iter(first..=last)
            .map(|place| self.deliveries.get_raw_message(place))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let mut place = first.saturating_sub(1).max(position.place);
        let mut things: HashMap<String, Vec<(Waiting, StreamMessage)>> = HashMap::new();
        let mut seen = 0_usize;
        for message in messages {
            // What cannot be read was set aside.
            if let Ok(waiting) = self.settled_before(&message) {
                if waiting.envelope.verified_at() > now - RESTS {
                    break;
                }
                place = message.sequence;
                things.entry(waiting.key.clone()).or_default().push((waiting, message));
            } else {
                place = message.sequence;
            }
            seen = seen.saturating_add(1);
        }
        stream::iter(things)
            .map(Ok)
            .try_for_each_concurrent(AT_ONCE, |(key, group)| async move {
                self.look_again(&key, group, apply).await
            })
            .await?;
        // If somebody else was faster, both have looked at the same.
        let position = serde_json::to_vec(&Position { place, at: now.unix_timestamp() })?;
        self.swap(POSITION, position, revision).await?;
        Ok(seen)
    }

    fn settled_before(&self, message: &StreamMessage) -> Result<Waiting, StoreError> {
        let header = |name| message.headers.get(name).map(|value| value.as_str().to_owned());
        Ok(Waiting {
            seq: i64::try_from(message.sequence)?,
            // There is no other try.
            tries: self.rules.tries.saturating_sub(1),
            key: header(KEY).ok_or("the message has no key")?,
            revision: header(REVISION).ok_or("the message has no revision")?,
            envelope: serde_json::from_slice(&message.payload)?,
        })
    }

    async fn look_again(
        &self,
        key: &str,
        mut group: Vec<(Waiting, StreamMessage)>,
        apply: &Apply,
    ) -> Result<(), StoreError> {
        if let (Some(thing), _) = self.thing(key).await? {
            group.retain(|(waiting, _)| {
                let revision = waiting.revision.parse::<Revision>();
                revision.is_ok_and(|revision| {
                    // What came before the state and says nothing newer was decided by it.
                    let is_news = revision.compare(&thing.revision).is_news();
                    is_news && (revision.can_be_ordered() || waiting.seq > thing.seq)
                })
            });
        }
        if group.is_empty() {
            return Ok(());
        }
        let (mut batch, messages): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        for settled in self.settle_things(key, &mut batch, apply).await? {
            let place = u64::try_from(settled.seq)?;
            let message = messages.iter().find(|message| message.sequence == place);
            match (settled.outcome, message) {
                (Outcome::Applied, _) => {
                    tracing::warn!("{key}: applied now, the engine had lost it (place {place})");
                }
                (Outcome::Aside(cause), Some(message)) => {
                    let headers = message.headers.clone();
                    self.put_aside(place, headers, message.payload.to_vec(), &cause).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
