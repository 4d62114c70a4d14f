//! What becomes of a delivery.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use order_webhooks::bandwidth::{Notification, OrderStatus};
use order_webhooks::envelope::{Envelope, Event, OpenError};
use order_webhooks::tracking::{Revision, Standing};
use serde::{Deserialize, Serialize};

use super::{Apply, Rules};

/// A delivery that waits for a worker.
pub(crate) struct Waiting {
    /// Its place in the order of arrival.
    pub(crate) seq: i64,
    /// How often it was tried before.
    pub(crate) tries: u32,
    pub(crate) key: String,
    /// The text form of the revision.
    pub(crate) revision: String,
    pub(crate) envelope: Envelope,
}

/// What is known of a thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Thing {
    /// The newest revision that was applied. An update that cannot be put in
    /// order does not replace one that can, so that what is older than that stays
    /// recognisable.
    pub(crate) revision: Revision,
    pub(crate) state: String,
    /// The place of the delivery that said so.
    pub(crate) seq: i64,
    /// Whether that delivery could be put in order.
    pub(crate) ordered: bool,
}

/// What becomes of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The thing is in this state now.
    Applied,
    /// The thing has moved on, or was there already.
    Stale,
    /// It could not be applied now, and is tried again after this time.
    Again(Duration, String),
    /// It cannot be applied: a person has to look.
    Aside(String),
}

impl Outcome {
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Stale => "stale",
            Self::Again(..) => "waiting",
            Self::Aside(_) => "aside",
        }
    }

    pub(crate) fn cause(&self) -> Option<&str> {
        match self {
            Self::Applied | Self::Stale => None,
            Self::Again(_, cause) | Self::Aside(cause) => Some(cause),
        }
    }
}

/// Why a delivery was not applied.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It may go better the next time.
    Now(String),
    /// It will be no better the next time.
    Always(String),
}

/// A delivery, and what became of it.
pub(crate) struct Settled {
    pub(crate) seq: i64,
    pub(crate) outcome: Outcome,
    /// Whether its revision stays taken. A delivery that cannot be told from
    /// others gives it up once it is settled: the same may happen again.
    pub(crate) keeps_slot: bool,
}

/// Decides on a batch, in the order of arrival. The things are those that the
/// batch is about; afterwards they are as the batch leaves them.
pub(crate) fn settle(
    batch: &mut [Waiting],
    things: &mut HashMap<String, Thing>,
    apply: &Apply,
    rules: &Rules,
) -> Vec<Settled> {
    batch.sort_by_key(|waiting| waiting.seq);
    batch.iter().map(|waiting| decide(waiting, things, apply, rules)).collect()
}

fn decide(
    waiting: &Waiting,
    things: &mut HashMap<String, Thing>,
    apply: &Apply,
    rules: &Rules,
) -> Settled {
    let revision = waiting.revision.parse::<Revision>();
    let ordered = revision.as_ref().is_ok_and(Revision::can_be_ordered);
    let outcome = match revision {
        Ok(revision) => judge(waiting, revision, things, apply, rules),
        Err(error) => Outcome::Aside(error.to_string()),
    };
    let keeps_slot = ordered || matches!(outcome, Outcome::Again(..));
    Settled { seq: waiting.seq, outcome, keeps_slot }
}

fn judge(
    waiting: &Waiting,
    revision: Revision,
    things: &mut HashMap<String, Thing>,
    apply: &Apply,
    rules: &Rules,
) -> Outcome {
    let thing = things.get(&waiting.key);
    let standing = thing.map_or(Standing::Newer, |thing| revision.compare(&thing.revision));
    if !standing.is_news() {
        return Outcome::Stale;
    }
    // Where tries are counted before they are over, in NATS.
    if waiting.tries >= rules.tries.saturating_mul(2) {
        return Outcome::Aside("no worker came to the end of it".into());
    }
    let ordered = revision.can_be_ordered();
    // What cannot be told is said last by what came last.
    let is_last = thing.is_none_or(|thing| {
        waiting.seq > thing.seq || (standing == Standing::Newer && thing.ordered)
    });
    if !is_last {
        if let Some(thing) = things.get_mut(&waiting.key).filter(|_| ordered) {
            thing.revision = revision;
        }
        return Outcome::Stale;
    }
    // A panic is caught: the delivery would take the worker with it on every try.
    let applied = catch_unwind(AssertUnwindSafe(|| apply(&waiting.envelope)))
        .unwrap_or_else(|_| Err(Trouble::Now("the handler panicked".into())));
    match applied {
        Ok(state) => {
            let known = thing.map(|thing| thing.revision).filter(|_| !ordered);
            let revision = known.unwrap_or(revision);
            let thing = Thing { revision, state, seq: waiting.seq, ordered };
            things.insert(waiting.key.clone(), thing);
            Outcome::Applied
        }
        Err(Trouble::Now(cause)) if waiting.tries.saturating_add(1) < rules.tries => {
            let pause = rules.pause.saturating_mul(1 << waiting.tries.min(10));
            Outcome::Again(pause, cause)
        }
        Err(Trouble::Now(cause) | Trouble::Always(cause)) => Outcome::Aside(cause),
    }
}

/// What a delivery says of its thing: here, one word. Put what your application
/// does in its place.
pub(crate) fn state_of(envelope: &Envelope) -> Result<String, Trouble> {
    let event = envelope.open().map_err(|error| match error {
        // A newer receiver may have kept it, and this worker be replaced soon.
        OpenError::UnknownWebhook(_) => Trouble::Now(error.to_string()),
        error => Trouble::Always(error.to_string()),
    })?;
    Ok(match event {
        Event::OrderItem(update) => update.order_item_status.to_string(),
        Event::Order(update) => update.order_status.to_string(),
        Event::Notification(Notification::Order(order)) => {
            order.status.as_ref().map_or("-", OrderStatus::as_str).to_owned()
        }
        Event::Notification(Notification::Note(_)) => "note".to_owned(),
        Event::Notification(Notification::Event(event)) => event.event_type.to_string(),
        _ => "-".to_owned(),
    })
}
