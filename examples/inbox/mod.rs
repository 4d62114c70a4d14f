//! The inbox: what is kept of a delivery, and what a worker makes of it.

mod postgres;
mod sqlite;

use std::env;
use std::error::Error;
use std::time::Duration;

use order_webhooks::bandwidth::{Notification, NotificationWebhook, OrderStatus};
use order_webhooks::musement::{OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use order_webhooks::{
    ParseError, Tracked, Verified, Webhook,
    tracking::{ContentDigest, Key, Revision, Standing},
};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use self::postgres::Postgres;
use self::sqlite::Sqlite;

pub(crate) type StoreError = Box<dyn Error + Send + Sync>;

/// How long a delivery may take to be kept. The shortest time that a provider
/// waits is ten seconds, Porterbuddy's, and reading the body is in it.
const PATIENCE: Duration = Duration::from_secs(4);

/// How often a worker looks for deliveries that nobody has told it of: those of
/// other replicas and of the time before a crash.
const ROUND: Duration = Duration::from_millis(500);

/// How many deliveries a worker takes at a time.
const BATCH: u16 = 64;

/// What is kept of a delivery: its body as it came, what it is about, and where
/// it stands.
#[derive(Clone)]
pub(crate) struct Delivery {
    webhook: String,
    key: Key,
    revision: Revision,
    body: Vec<u8>,
}

impl Delivery {
    /// A verified delivery.
    pub(crate) fn of<W: Webhook<Event: Tracked>>(delivery: &Verified<W>) -> Self {
        Self::asked_for::<W>(delivery.event(), delivery.body())
    }

    /// An event that was asked for, with the body of the answer.
    pub(crate) fn asked_for<W: Webhook<Event: Tracked>>(event: &W::Event, body: &[u8]) -> Self {
        Self {
            webhook: W::NAME.to_owned(),
            key: event.key(),
            revision: event.revision(),
            body: body.to_vec(),
        }
    }

    /// The body of a verified delivery that says nothing about key and revision:
    /// one without a documented schema, or one that does not parse. It may never
    /// come again.
    pub(crate) fn of_body<W: Webhook>(body: &[u8]) -> Self {
        let digest = ContentDigest::of(body);
        Self {
            webhook: W::NAME.to_owned(),
            key: Key::of_digest(W::NAME, &digest),
            revision: Revision::untold(digest),
            body: body.to_vec(),
        }
    }
}

/// A delivery that waits for a worker.
struct Waiting {
    seq: i64,
    webhook: String,
    key: String,
    revision: String,
    body: Vec<u8>,
}

impl Waiting {
    fn can_be_ordered(&self) -> bool {
        self.revision.parse().is_ok_and(|revision: Revision| revision.can_be_ordered())
    }
}

/// What becomes of a delivery. Whatever it is, the delivery stays.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The thing is in this state now.
    Applied(String),
    /// The thing has moved on, or was there already.
    Stale,
    /// The body does not parse: a person has to look.
    Unreadable,
}

impl Outcome {
    /// Decides on a delivery, given the revision that was last applied.
    fn of(waiting: &Waiting, applied: Option<&str>) -> Self {
        let standing = match (waiting.revision.parse::<Revision>(), applied.map(str::parse)) {
            (Ok(revision), Some(Ok(applied))) => revision.compare(&applied),
            _ => Standing::Unknown,
        };
        match status(waiting) {
            Err(_) => Self::Unreadable,
            Ok(status) if standing.is_news() => Self::Applied(status),
            Ok(_) => Self::Stale,
        }
    }

    fn as_str(&self) -> &'static str {
        match self {
            Self::Applied(_) => "applied",
            Self::Stale => "stale",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What the delivery says of its thing: here, one word. The bodies in the store
/// are verified ones.
fn status(waiting: &Waiting) -> Result<String, ParseError> {
    let body = &waiting.body;
    Ok(match &*waiting.webhook {
        OrderItemWebhook::NAME => {
            OrderItemUpdate::parse_unverified(body)?.order_item_status.to_string()
        }
        OrderWebhook::NAME => OrderStatusUpdate::parse_unverified(body)?.order_status.to_string(),
        NotificationWebhook::NAME => match Notification::parse_unverified(body)? {
            Notification::Order(order) => {
                order.status.as_ref().map_or("-", OrderStatus::as_str).to_owned()
            }
            Notification::Note(_) => "note".to_owned(),
            Notification::Event(event) => event.event_type.to_string(),
            _ => "-".to_owned(),
        },
        _ => "-".to_owned(),
    })
}

/// The store: every delivery in the order in which it came, and the state of
/// every thing.
pub(crate) enum Store {
    /// One file, one server.
    Sqlite(Sqlite),
    /// Any number of servers.
    Postgres(Box<Postgres>),
}

impl Store {
    /// The store of `DATABASE_URL`, or else the file `DATABASE`.
    pub(crate) async fn from_env() -> Result<Self, StoreError> {
        match env::var("DATABASE_URL") {
            Ok(url) => Self::postgres(&url).await,
            Err(_) => Self::sqlite(&env::var("DATABASE").unwrap_or_else(|_| "inbox.db".into())),
        }
    }

    pub(crate) fn sqlite(path: &str) -> Result<Self, StoreError> {
        Ok(Self::Sqlite(Sqlite::open(path)?))
    }

    pub(crate) async fn postgres(url: &str) -> Result<Self, StoreError> {
        Ok(Self::Postgres(Box::new(Postgres::open(url).await?)))
    }

    /// Keeps a delivery. When it returns, the delivery is on the disk, once; if
    /// it fails, the delivery may be there all the same, and the next try is
    /// absorbed.
    pub(crate) async fn keep(&self, delivery: Delivery) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(store) => timeout(PATIENCE, store.keep(delivery)).await?,
            Self::Postgres(store) => timeout(PATIENCE, store.keep(&delivery)).await?,
        }
    }

    /// Takes some deliveries that wait, oldest first, and settles them. Gives how
    /// many there were.
    pub(crate) async fn work(&self) -> Result<usize, StoreError> {
        match self {
            Self::Sqlite(store) => store.work().await,
            Self::Postgres(store) => store.work().await,
        }
    }

    /// The state of a thing, if any is known.
    pub(crate) async fn state(&self, key: &Key) -> Result<Option<String>, StoreError> {
        match self {
            Self::Sqlite(store) => store.state(key),
            Self::Postgres(store) => store.state(key).await,
        }
    }
}

/// The store, and the bell that wakes its worker.
pub(crate) struct Inbox {
    pub(crate) store: Store,
    bell: Notify,
}

impl Inbox {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, bell: Notify::new() }
    }

    pub(crate) async fn keep(&self, delivery: Delivery) -> Result<(), StoreError> {
        self.store.keep(delivery).await?;
        self.bell.notify_one();
        Ok(())
    }

    /// Settles what waits, and waits for more. It can be stopped at any time.
    pub(crate) async fn work(&self) {
        loop {
            match self.store.work().await {
                Ok(0) => {
                    let _ = timeout(ROUND, self.bell.notified()).await;
                }
                Ok(_) => {}
                Err(error) => {
                    eprintln!("the worker failed, and goes on: {error}");
                    sleep(ROUND).await;
                }
            }
        }
    }
}
