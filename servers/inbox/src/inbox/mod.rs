//! The inbox: what is kept of a delivery, what every store does with it, and the
//! worker.

mod judge;
pub(crate) mod queue;

use std::env;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use order_webhooks::envelope::Envelope;
use order_webhooks::tracking::{ContentDigest, Key, Revision};
use order_webhooks::{Rejection, Tracked, Verified, Webhook};
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

pub(crate) use self::judge::{Outcome, Settled, Thing, Trouble, Waiting, settle, state_of};

pub(crate) type StoreError = Box<dyn Error + Send + Sync>;

/// What a store answers, some time later.
pub(crate) type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What a delivery makes of its thing: the new state, in one word here.
pub(crate) type Apply = Arc<dyn Fn(&Envelope) -> Result<String, Trouble> + Send + Sync>;

/// What is kept of a delivery: the envelope, what it is about, and where it stands.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) envelope: Envelope,
    pub(crate) key: Key,
    pub(crate) revision: Revision,
}

impl Delivery {
    /// A verified delivery.
    pub(crate) fn of<W: Webhook<Event: Tracked>>(delivery: &Verified<W>) -> Self {
        Self::about(delivery.event(), Envelope::of(delivery, OffsetDateTime::now_utc()))
    }

    /// An event that was asked for, with the body of the answer.
    pub(crate) fn asked_for<W: Webhook<Event: Tracked>>(event: &W::Event, body: &[u8]) -> Self {
        let body = body.to_vec();
        Self::about(event, Envelope::new(W::NAME, body, OffsetDateTime::now_utc()))
    }

    fn about(event: &impl Tracked, envelope: Envelope) -> Self {
        Self { envelope, key: event.key(), revision: event.revision() }
    }

    /// A verified delivery that does not say what it is about, because its schema
    /// is not documented or its body cannot be read. It may never come again.
    pub(crate) fn without_key(envelope: Envelope) -> Self {
        let digest = ContentDigest::of(envelope.body());
        let key = Key::of_digest(envelope.webhook(), &digest);
        Self { envelope, key, revision: Revision::untold(digest) }
    }

    /// The delivery of a rejection whose sender is proven.
    pub(crate) fn of_rejected<W: Webhook>(rejection: &Rejection) -> Option<Self> {
        Envelope::of_rejected::<W>(rejection, OffsetDateTime::now_utc()).map(Self::without_key)
    }
}

/// The times and numbers that every store keeps to.
#[derive(Clone)]
pub(crate) struct Rules {
    /// How long a delivery may take to be kept. The shortest time that a provider
    /// waits is ten seconds, Porterbuddy's, and reading the body is in it.
    pub(crate) patience: Duration,
    /// How often a worker tries to apply a delivery before it is set aside.
    pub(crate) tries: u32,
    /// The time before the second try. It doubles with each one.
    pub(crate) pause: Duration,
    /// How many deliveries a worker takes at a time.
    pub(crate) batch: u16,
}

impl Default for Rules {
    fn default() -> Self {
        let (patience, pause) = (Duration::from_secs(4), Duration::from_secs(1));
        Self { patience, tries: 8, pause, batch: 256 }
    }
}

/// A delivery that a worker gave up on, and why. A person has to look.
#[derive(Debug)]
pub(crate) struct SetAside {
    pub(crate) key: String,
    pub(crate) cause: String,
}

/// What every store does. `servers/inbox/tests/inbox/suite.rs` is the same for all of them.
pub(crate) trait Store: Send + Sync {
    /// Keeps a delivery. When it returns, the delivery is on the disk, once. It
    /// waits for the store as long as [`Rules::patience`] says. If it fails, the
    /// delivery may be there all the same, and the next try is absorbed.
    fn keep(&self, delivery: Delivery) -> Later<'_, ()>;

    /// Takes some deliveries that wait and settles them. Gives how many it took.
    fn work<'a>(&'a self, apply: &'a Apply) -> Later<'a, usize>;

    /// The state of a thing, if any is known.
    fn state<'a>(&'a self, key: &'a Key) -> Later<'a, Option<String>>;

    /// How many deliveries are not settled.
    fn waiting(&self) -> Later<'_, u64>;

    /// The deliveries that could not be applied, oldest first.
    fn set_aside(&self) -> Later<'_, Vec<SetAside>>;

    /// Forgets deliveries that are settled and older than this. Gives how many.
    fn forget(&self, age: Duration) -> Later<'_, u64>;
}

/// The store, and the bell that wakes its worker.
pub(crate) struct Inbox {
    pub(crate) store: Box<dyn Store>,
    pub(crate) apply: Apply,
    bell: Notify,
}

/// How often a worker looks for deliveries that nobody has told it of: those of
/// other receivers and of the time before a crash.
const ROUND: Duration = Duration::from_millis(500);

impl Inbox {
    pub(crate) fn new(store: impl Store + 'static) -> Self {
        Self { store: Box::new(store), apply: Arc::new(state_of), bell: Notify::new() }
    }

    pub(crate) async fn keep(&self, delivery: Delivery) -> Result<(), StoreError> {
        self.store.keep(delivery).await?;
        self.bell.notify_one();
        Ok(())
    }

    /// Settles what waits, and gives how many deliveries those were.
    pub(crate) async fn settle(&self) -> Result<usize, StoreError> {
        self.store.work(&self.apply).await
    }

    /// Settles what waits, and waits for more. It can be stopped at any time.
    pub(crate) async fn work(&self) {
        loop {
            match self.settle().await {
                Ok(0) => {
                    let _ = timeout(ROUND, self.bell.notified()).await;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!("the worker failed, and goes on: {}", Chain(&*error));
                    sleep(ROUND).await;
                }
            }
        }
    }

    /// Forgets what is settled and older than `RETENTION_DAYS`, once an hour.
    pub(crate) async fn clean(&self) {
        let days = env::var("RETENTION_DAYS").ok().and_then(|days| days.parse().ok());
        let age = Duration::from_secs(days.unwrap_or(30_u64).saturating_mul(86_400));
        loop {
            if let Err(error) = self.store.forget(age).await {
                tracing::error!("old deliveries are not forgotten: {}", Chain(&*error));
            }
            sleep(Duration::from_secs(3_600)).await;
        }
    }
}

/// What this process does, by `ROLE`: `receiver`, `worker`, or both.
pub(crate) struct Role {
    pub(crate) receives: bool,
    pub(crate) works: bool,
}

impl Role {
    pub(crate) fn from_env() -> Self {
        let role = env::var("ROLE").unwrap_or_default();
        Self { receives: role != "worker", works: role != "receiver" }
    }
}

/// An error and everything that caused it: the database's own words are in the
/// source, and `db error` alone helps nobody.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
