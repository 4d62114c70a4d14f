//! What a store of the queue does, and what goes in and out of it.

#[cfg(feature = "jetstream")]
pub(crate) mod jetstream;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use order_webhooks::envelope::Envelope;
use order_webhooks::tracking::{Key, Revision};
use tokio::sync::Notify;

use crate::clock;
use crate::error::Error;
use crate::operate::{Finding, SetAside, WebhookStatus};

/// How long a worker has a thing before it must say that it is still there. When it
/// dies, another worker takes over after this time.
pub(crate) const LEASE: Duration = Duration::from_secs(15);

pub(crate) type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// A store of the queue. Every method is one transaction, but for a step: what it puts in
/// order may be another.
///
/// There is a row for each delivery, and one for each thing that has deliveries
/// waiting. A worker takes a thing, and works on the first of its deliveries. The thing
/// that has been due for the longest time comes first, so that no other is forgotten, such
/// as one whose worker died.
pub(crate) trait Queue: Send + Sync {
    /// Writes deliveries. One whose id is there already is left alone, so that a
    /// write whose outcome was lost can be done again.
    fn keep<'a>(&'a self, deliveries: &'a [New]) -> Answer<'a, ()>;

    /// Settles deliveries that this worker has finished, and gives it at most this
    /// many new ones. Each counts its try before it is given out. If it `sorts`, what was
    /// kept meanwhile is put in order first.
    fn step<'a>(&'a self, settled: &'a [Settled], most: usize, sorts: bool) -> Answer<'a, Step>;

    /// Notes that this try runs with no other beside it in its process, if the try is
    /// still this worker's.
    fn alone(&self, claim: Claim) -> Answer<'_, bool>;

    /// Whether this try is still this worker's.
    fn is_current(&self, claim: Claim) -> Answer<'_, bool>;

    /// Extends the time that this worker has these things.
    fn renew<'a>(&'a self, claims: &'a [Claim]) -> Answer<'a, ()>;

    /// Deletes some deliveries that were settled before this time, in microseconds, and
    /// says how many.
    fn prune(&self, before: i64) -> Answer<'_, u64>;

    fn status(&self) -> Answer<'_, Vec<WebhookStatus>>;

    fn set_aside(&self, after: i64, most: u32) -> Answer<'_, Vec<SetAside>>;

    /// Puts deliveries that were set aside back among those that wait.
    fn try_again<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64>;

    /// Deletes deliveries that were set aside.
    fn drop_set_aside<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64>;

    fn check(&self) -> Answer<'_, Vec<Finding>>;

    /// Tells the workers of this process that something may be due.
    fn wake(&self) -> Arc<Notify> {
        Arc::default()
    }

    /// The SQLite file that the queue is in.
    fn file(&self) -> Option<&std::path::Path> {
        None
    }
}

/// In parts, so that each reads an index of its own and none reads what is settled.
pub(crate) const STATUS: &str = "
SELECT webhook, sum(waiting), sum(set_aside), min(verified_at) FROM (
    SELECT webhook, 1 AS waiting, 0 AS set_aside, verified_at
    FROM order_webhooks_delivery WHERE state = 'new'
    UNION ALL
    SELECT webhook, 1, 0, verified_at FROM order_webhooks_delivery WHERE state = 'waiting'
    UNION ALL
    SELECT webhook, 0, 1, NULL FROM order_webhooks_delivery WHERE state = 'set aside'
) AS unsettled GROUP BY webhook ORDER BY webhook";

/// How many deliveries a worker puts in order at once.
pub(crate) const SORTED: i64 = 1_000;

/// The statement that lists what is set aside.
pub(crate) fn set_aside(after: i64, most: u32) -> String {
    format!(
        "SELECT number, key, failures, cause, webhook, body, verified_at
        FROM order_webhooks_delivery WHERE state = 'set aside' AND number > {after}
        ORDER BY number LIMIT {most}"
    )
}

/// A delivery to be kept.
#[derive(Clone)]
pub(crate) struct New {
    pub(crate) id: String,
    pub(crate) key: Key,
    pub(crate) revision: Revision,
    pub(crate) envelope: Envelope,
}

impl New {
    pub(crate) fn of(key: Key, revision: Revision, envelope: Envelope) -> Self {
        // The time comes first, so that new ids are at the end of the index.
        let milliseconds = clock::now().checked_div(1000).unwrap_or_default();
        let id = format!("{milliseconds:012x}{:020x}", fastrand::u128(..) >> 48);
        Self { id, key, revision, envelope }
    }

    /// Where the delivery stands among those of its thing that wait: first those
    /// that cannot be put in order, as they came, then the others by count or time.
    pub(crate) fn rank(&self) -> String {
        let text =
            if self.revision.can_be_ordered() { self.revision.to_string() } else { String::new() };
        text.split('/').next().unwrap_or_default().to_owned()
    }

    pub(crate) fn verified_at(&self) -> i64 {
        i64::try_from(self.envelope.verified_at().unix_timestamp_nanos()).unwrap_or(i64::MAX)
    }
}

/// One try of one delivery. Its number is the fence: once another worker has taken
/// the delivery, it is another number, and this one can change nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Claim {
    pub(crate) number: i64,
    pub(crate) attempt: i64,
}

/// A delivery that a worker has taken.
#[derive(Clone)]
pub(crate) struct Claimed {
    pub(crate) claim: Claim,
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) revision: String,
    pub(crate) failures: i64,
    /// A process ended while it worked on this delivery, and perhaps because of it.
    pub(crate) is_suspect: bool,
    pub(crate) envelope: Envelope,
}

/// What a step gave to a worker.
pub(crate) struct Step {
    pub(crate) claimed: Vec<Claimed>,
    /// There may be more to take at once.
    pub(crate) is_more: bool,
}

impl Step {
    /// What was claimed of at most so many, after so many were put in order.
    pub(crate) fn of(claimed: Vec<Claimed>, most: usize, sorts: bool, sorted: u64) -> Self {
        let is_more =
            most > 0 && (claimed.len() == most || !sorts || sorted >= SORTED.unsigned_abs());
        Self { claimed, is_more }
    }
}

/// A try that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) claim: Claim,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The handler's transaction is committed.
    Applied,
    /// It was applied before, or something newer was.
    Stale,
    /// It is tried again after this time. Not every failure is the delivery's.
    Failed { counts: bool, pause: Duration, cause: String },
    /// It waits for a person.
    SetAside { cause: String },
    /// Another worker has it.
    Lost,
}

/// What is written about a try that is over.
pub(crate) struct SettledRow<'a> {
    pub(crate) claim: Claim,
    pub(crate) state: &'static str,
    /// How long it is to wait for its next try, in microseconds. Zero if there is none.
    pub(crate) pause: i64,
    pub(crate) failures: i64,
    pub(crate) cause: Option<&'a str>,
}

impl<'a> SettledRow<'a> {
    /// `None` if another worker has the delivery: then there is nothing to write.
    pub(crate) fn of(Settled { claim, outcome }: &'a Settled) -> Option<Self> {
        let (state, pause, failures, cause) = match outcome {
            Outcome::Applied => ("applied", 0, 0, None),
            Outcome::Stale => ("stale", 0, 0, None),
            Outcome::SetAside { cause } => ("set aside", 0, 0, Some(&**cause)),
            Outcome::Failed { counts, pause, cause } => {
                let pause = clock::microseconds(*pause).max(1);
                ("waiting", pause, i64::from(*counts), Some(&**cause))
            }
            Outcome::Lost => return None,
        };
        Some(Self { claim: *claim, state, pause, failures, cause })
    }
}

/// No time in the queue is later than this, unless the clock was set back. Others may
/// have read the clock a little later, and pauses vary, so there is room.
pub(crate) fn latest(now: i64, longest: Duration) -> i64 {
    now.saturating_add(clock::microseconds(longest.max(LEASE).saturating_mul(2)))
}

/// What the column `running` says.
///
/// | it is | |
/// |---|---|
/// | 0 | nobody works on the delivery |
/// | 1 | a worker has it, beside others |
/// | 2 | a worker has it and nothing else: if the process ends, it is this delivery's fault |
/// | 3 | a process ended that had it, and a worker waits until it can try it alone |
const SUSPECT: i64 = 3;

/// A row of a delivery that was taken: number, attempt, id, key, revision, failures,
/// running, webhook, body, and when it was verified.
pub(crate) type ClaimedRow = (i64, i64, String, String, String, i64, i64, String, Vec<u8>, i64);

impl From<ClaimedRow> for Claimed {
    fn from(row: ClaimedRow) -> Self {
        let (number, attempt, id, key, revision, failures, running, webhook, body, at) = row;
        let envelope = Envelope::new(&webhook, body, clock::instant(at));
        let (claim, is_suspect) = (Claim { number, attempt }, running == SUSPECT);
        Self { claim, id, key, revision, failures, is_suspect, envelope }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use order_webhooks::tracking::ContentDigest;
    use time::OffsetDateTime;
    use time::macros::datetime;

    use super::*;

    fn new(revision: Revision) -> New {
        let envelope = Envelope::new("test.thing", "", OffsetDateTime::UNIX_EPOCH);
        New::of(Key::new("thing", "a"), revision, envelope)
    }

    #[test]
    fn deliveries_that_wait_have_a_rank() {
        let content = ContentDigest::of(b"");
        for (revision, rank) in [
            (Revision::counted(22), "n00000000000000000022"),
            (
                Revision::dated(datetime!(2021-06-08 12:16:40 UTC), content),
                "t2021-06-08T12:16:40.000000000Z",
            ),
            (Revision::unordered(content), ""),
        ] {
            assert_eq!(new(revision).rank(), rank);
        }
    }

    #[test]
    fn every_delivery_has_an_id_of_its_own_and_later_ones_sort_later() {
        let first = new(Revision::counted(1));
        std::thread::sleep(Duration::from_millis(2));
        let second = new(Revision::counted(1));
        assert!(first.id < second.id && first.id.len() == 32, "{} {}", first.id, second.id);
    }

    /// Whoever settles may have lost the answer.
    async fn what_is_settled_twice_counts_once(queue: &dyn Queue) {
        queue.keep(&[new(Revision::counted(1))]).await.unwrap();
        let claimed = queue.step(&[], 1, true).await.unwrap().claimed.remove(0);
        let outcome =
            Outcome::Failed { counts: true, pause: Duration::ZERO, cause: "no such street".into() };
        let settled = [Settled { claim: claimed.claim, outcome }];
        for _ in 0..2 {
            queue.step(&settled, 0, false).await.unwrap();
        }
        let again = queue.step(&[], 1, true).await.unwrap().claimed.remove(0);
        assert_eq!((again.failures, again.claim.attempt), (1, 2));
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn on_sqlite_what_is_settled_twice_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let options = sqlx::sqlite::SqliteConnectOptions::new();
        let options = options.filename(folder.path().join("inbox.db"));
        let queue = sqlite::Sqlite::open(options, Duration::from_mins(5)).await.unwrap();
        what_is_settled_twice_counts_once(&queue).await;
    }

    #[cfg(feature = "postgres")]
    mod on_postgres {
        use fixtures::servers::Server;
        use sqlx::{Connection as _, PgConnection};

        use super::*;

        async fn queue() -> (Server, String, postgres::Postgres) {
            let server = Server::postgres();
            let address = format!("postgres://inbox@127.0.0.1:{}/postgres", server.port);
            let options = address.parse().unwrap();
            let queue = postgres::Postgres::open(options, Duration::from_mins(5)).await.unwrap();
            (server, address, queue)
        }

        #[tokio::test]
        #[ignore = "needs the package postgresql"]
        async fn what_is_settled_twice_counts_once() {
            let (_server, _, queue) = queue().await;
            super::what_is_settled_twice_counts_once(&queue).await;
        }

        /// Somebody has the thing of a new delivery for longer than its lock is waited for.
        #[tokio::test]
        #[ignore = "needs the package postgresql"]
        async fn what_is_not_put_in_order_holds_up_nothing_that_is() {
            let (_server, address, queue) = queue().await;
            queue.keep(&[new(Revision::counted(1))]).await.unwrap();
            queue.step(&[], 0, true).await.unwrap();
            let mut other = PgConnection::connect(&address).await.unwrap();
            let lock = "BEGIN; INSERT INTO order_webhooks_thing (key, due) VALUES ('thing:b', 0)";
            sqlx::raw_sql(lock).execute(&mut other).await.unwrap();
            let envelope = Envelope::new("test.thing", "", OffsetDateTime::UNIX_EPOCH);
            let late = New::of(Key::new("thing", "b"), Revision::counted(1), envelope);
            queue.keep(&[late]).await.unwrap();
            let step = queue.step(&[], 16, true).await.unwrap();
            let keys: Vec<_> = step.claimed.iter().map(|claimed| &*claimed.key).collect();
            assert_eq!(keys, ["thing:a"]);
        }
    }
}
