//! The deliveries that have come, bounded in bytes: the oldest go first.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use order_webhooks::Reason;
use order_webhooks::testing::{Next, Verdict};
use time::{Duration, OffsetDateTime};
use tokio::sync::broadcast;

use crate::webhooks::{Checked, Kind};

/// A request and its answer.
pub(super) struct Exchange {
    pub(super) at: OffsetDateTime,
    pub(super) peer: SocketAddr,
    pub(super) head: Parts,
    /// The body as it came; of one that could not be read, nothing.
    pub(super) body: Bytes,
    pub(super) checked: Checked,
    pub(super) reason: Option<Reason>,
    pub(super) summary: String,
    pub(super) answer: Response<Bytes>,
    /// Whether the answer is that of the application behind `--forward`.
    pub(super) forwarded: bool,
    /// Why the application gave no answer.
    pub(super) trouble: Option<String>,
    /// What the provider does next; of another path, nothing.
    pub(super) next: Option<Next>,
}

/// A head with memory of its own. What a server hands over are parts of its read
/// buffer, which one kept header would keep alive as a whole.
pub(super) fn owned_head(head: &Parts) -> Parts {
    let (mut owned, ()) = Request::new(()).into_parts();
    owned.method = head.method.clone();
    owned.uri = head.uri.to_string().parse().unwrap_or_default();
    owned.headers = owned_headers(&head.headers);
    owned
}

/// The same for an answer.
pub(super) fn owned_answer(answer: &Response<Bytes>) -> Response<Bytes> {
    let mut owned = Response::new(Bytes::copy_from_slice(answer.body()));
    *owned.status_mut() = answer.status();
    *owned.headers_mut() = owned_headers(answer.headers());
    owned
}

fn owned_headers(headers: &HeaderMap) -> HeaderMap {
    let copy = |value: &HeaderValue| HeaderValue::from_bytes(value.as_bytes()).ok();
    let headers = headers.iter().filter_map(|(name, value)| Some((name.clone(), copy(value)?)));
    headers.collect()
}

impl Exchange {
    fn bytes(&self) -> usize {
        let headers = |headers: &HeaderMap| -> usize {
            headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum()
        };
        let head = headers(&self.head.headers) + self.head.uri.to_string().len();
        let answer = headers(self.answer.headers()) + self.answer.body().len();
        self.body.len() + head + answer + size_of::<Self>() + size_of::<Delivery>()
    }
}

/// What came of a delivery, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Asked for credentials; the second request has not come.
    Challenged,
    /// Verified, and the provider counts it as delivered.
    Accepted,
    /// Verified, and the provider does not count it as delivered.
    Failed,
    Refused,
    Unreadable,
    /// No webhook is at this path.
    Unknown,
}

impl Outcome {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Challenged => "challenged",
            Self::Accepted => "accepted",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
            Self::Unknown => "unknown path",
        }
    }
}

/// One delivery: a request, or the two of a challenge.
#[derive(Clone)]
pub(super) struct Delivery {
    pub(super) id: u64,
    pub(super) kind: Option<Kind>,
    /// The delivery that this one repeats.
    pub(super) again: Option<u64>,
    pub(super) first: Arc<Exchange>,
    /// The request with credentials, after a challenge.
    pub(super) second: Option<Arc<Exchange>>,
}

impl Delivery {
    /// The exchange that decided.
    pub(super) fn last(&self) -> &Exchange {
        self.second.as_ref().unwrap_or(&self.first)
    }

    pub(super) fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        std::iter::once(&*self.first).chain(self.second.as_deref())
    }

    pub(super) fn is_delivered(&self) -> bool {
        let next = self.last().next.as_ref();
        next.is_some_and(
            |next| matches!(next, Next::Ended(verdict) if Verdict::is_delivered(verdict)),
        )
    }

    pub(super) fn outcome(&self) -> Outcome {
        let last = self.last();
        match (self.kind, last.checked) {
            (None, _) => Outcome::Unknown,
            (_, Checked::Refused) => Outcome::Refused,
            (_, Checked::Unreadable) => Outcome::Unreadable,
            (_, Checked::Challenged) if last.answer.status() == StatusCode::UNAUTHORIZED => {
                Outcome::Challenged
            }
            (_, Checked::Verified) if self.is_delivered() => Outcome::Accepted,
            (_, Checked::Verified | Checked::Challenged) => Outcome::Failed,
        }
    }

    fn bytes(&self) -> usize {
        self.exchanges().map(Exchange::bytes).sum()
    }
}

/// How long the second request of a challenge may take to count as one.
const PAIRED: Duration = Duration::minutes(1);

pub(super) struct Deliveries {
    kept: Mutex<Kept>,
    limit: usize,
    changed: broadcast::Sender<u64>,
}

#[derive(Default)]
struct Kept {
    /// In the order of their ids, without a gap.
    deliveries: VecDeque<Delivery>,
    bytes: usize,
    last_id: u64,
    /// Those whose second request has not come.
    challenged: Vec<u64>,
}

impl Deliveries {
    pub(super) fn new(limit: usize) -> Self {
        Self { kept: Mutex::default(), limit, changed: broadcast::Sender::new(1024) }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what has come, as a delivery of its own or as the second request of
    /// one that was challenged.
    pub(super) fn keep(
        &self,
        kind: Option<Kind>,
        exchange: Exchange,
        again: Option<u64>,
    ) -> Delivery {
        let mut kept = self.lock();
        let exchange = Arc::new(exchange);
        let challenged = kept.challenge_of(kind, &exchange);
        let added = exchange.bytes();
        let delivery = match challenged.and_then(|place| kept.deliveries.get_mut(place)) {
            Some(delivery) => {
                delivery.second = Some(exchange);
                delivery.clone()
            }
            None => kept.add(kind, exchange, again),
        };
        kept.bytes = kept.bytes.saturating_add(added);
        while kept.bytes > self.limit && kept.deliveries.len() > 1 {
            let oldest = kept.deliveries.pop_front();
            let freed = oldest.map_or(0, |oldest| oldest.bytes());
            kept.bytes = kept.bytes.saturating_sub(freed);
        }
        drop(kept);
        // Nobody may be looking.
        let _ = self.changed.send(delivery.id);
        delivery
    }

    pub(super) fn get(&self, id: u64) -> Option<Delivery> {
        self.lock().get(id).cloned()
    }

    /// Up to this many that are wanted, newest first, of those before this id.
    pub(super) fn newest(
        &self,
        before: Option<u64>,
        count: usize,
        wanted: impl Fn(&Delivery) -> bool,
    ) -> Vec<Delivery> {
        let kept = self.lock();
        let older = kept
            .deliveries
            .iter()
            .rev()
            .skip_while(|delivery| before.is_some_and(|before| delivery.id >= before));
        older.filter(|delivery| wanted(delivery)).take(count).cloned().collect()
    }

    /// How many are kept, and how many have come.
    pub(super) fn counts(&self) -> (usize, u64) {
        let kept = self.lock();
        (kept.deliveries.len(), kept.last_id)
    }

    /// The ids of those that come or change from now on.
    pub(super) fn changes(&self) -> broadcast::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Those whose second request has not come.
    pub(super) fn challenged(&self) -> Vec<Delivery> {
        let kept = self.lock();
        kept.challenged.iter().filter_map(|id| kept.get(*id)).cloned().collect()
    }
}

impl Kept {
    fn place(&self, id: u64) -> Option<usize> {
        usize::try_from(id.checked_sub(self.deliveries.front()?.id)?).ok()
    }

    fn get(&self, id: u64) -> Option<&Delivery> {
        self.deliveries.get(self.place(id)?)
    }

    /// The place of the challenged delivery that this exchange completes: of the
    /// same sender, to the same URL, with the same body or with none.
    fn challenge_of(&mut self, kind: Option<Kind>, second: &Exchange) -> Option<usize> {
        let mut challenged = std::mem::take(&mut self.challenged);
        challenged.retain(|id| {
            self.get(*id).is_some_and(|delivery| second.at - delivery.first.at < PAIRED)
        });
        self.challenged = challenged;
        if !second.head.headers.contains_key(AUTHORIZATION) {
            return None;
        }
        let completes = |id: &u64| {
            self.get(*id).is_some_and(|delivery| {
                let first = &delivery.first;
                delivery.kind == kind
                    && first.peer.ip() == second.peer.ip()
                    && first.head.uri == second.head.uri
                    && (first.body.is_empty() || first.body == second.body)
            })
        };
        let place = self.challenged.iter().position(completes)?;
        let id = self.challenged.remove(place);
        self.place(id)
    }

    fn add(&mut self, kind: Option<Kind>, first: Arc<Exchange>, again: Option<u64>) -> Delivery {
        self.last_id = self.last_id.saturating_add(1);
        let delivery = Delivery { id: self.last_id, kind, again, first, second: None };
        if delivery.outcome() == Outcome::Challenged {
            self.challenged.push(delivery.id);
        }
        self.deliveries.push_back(delivery.clone());
        delivery
    }
}
