//! Keeps deliveries: those that come together are written together.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

use crate::error::{Error, chain};
use crate::queue::{New, Queue};

/// How many deliveries wait to be kept. More wait outside, unread.
const PLACES: usize = 1024;

/// How many rows one statement writes.
const GROUP: usize = 64;

/// How long to wait before a store that failed is asked again.
const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// The way to the task that writes.
#[derive(Clone)]
pub(crate) struct Keeping {
    waiting: mpsc::Sender<Waiting>,
    patience: Duration,
}

/// A delivery on its way to the disk.
struct Waiting {
    new: New,
    deadline: Instant,
    tell: oneshot::Sender<Result<(), Option<Error>>>,
}

impl Keeping {
    /// Starts the task. It ends when nobody can keep any more.
    pub(crate) fn start(queue: Arc<dyn Queue>, wake: Arc<Notify>, patience: Duration) -> Self {
        let (waiting, received) = mpsc::channel(PLACES);
        tokio::spawn(write_groups(queue, received, wake, patience));
        Self { waiting, patience }
    }

    pub(crate) async fn keep(&self, new: New) -> Result<(), Error> {
        let patience = self.patience;
        let deadline = Instant::now().checked_add(patience).unwrap_or_else(Instant::now);
        let webhook = new.envelope.webhook().to_owned();
        let (tell, told) = oneshot::channel();
        let waiting = Waiting { new, deadline, tell };
        let kept = async {
            let sent = timeout_at(deadline, self.waiting.send(waiting)).await;
            sent.map_err(|_| None)?.map_err(|_| Some(Error::Closed))?;
            told.await.map_err(|_| Some(Error::Closed))?
        };
        let kept = kept.await.map_err(|last| Error::NotKept { patience, last: last.map(Box::new) });
        match &kept {
            Ok(()) => tracing::debug!(target: "order_webhooks", event = "inbox.kept", webhook),
            Err(error) => tracing::error!(
                target: "order_webhooks", event = "inbox.not_kept", webhook, error = chain(error),
                "a delivery is not kept: unless its sender sends it again, it is lost"
            ),
        }
        kept
    }
}

/// Writes what waits, and what came meanwhile next. What fails is tried again until its
/// time is over.
async fn write_groups(
    queue: Arc<dyn Queue>,
    mut waiting: mpsc::Receiver<Waiting>,
    wake: Arc<Notify>,
    patience: Duration,
) {
    let mut group: Vec<Waiting> = Vec::new();
    let mut last = None;
    loop {
        if group.is_empty() {
            last = None;
            if waiting.recv_many(&mut group, GROUP).await == 0 {
                return;
            }
        }
        // What the server is about to receive comes along: fewer and larger writes.
        while group.len() < GROUP {
            let count = group.len();
            tokio::task::yield_now().await;
            while group.len() < GROUP
                && let Ok(more) = waiting.try_recv()
            {
                group.push(more);
            }
            if group.len() == count {
                break;
            }
        }
        let rows: Arc<[New]> = group.iter().map(|waiting| waiting.new.clone()).collect();
        let earliest = group.iter().map(|waiting| waiting.deadline).min();
        // A connection that hangs does not use up all the time.
        let attempt = Instant::now().checked_add(patience.checked_div(3).unwrap_or(patience));
        let until = earliest.into_iter().chain(attempt).min().unwrap_or_else(Instant::now);
        // In a task, because sqlx can leave a transaction open if its future is dropped.
        let write = {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move { queue.keep(&rows).await })
        };
        match timeout_at(until, write).await {
            Ok(Ok(Ok(()))) => {
                for kept in group.drain(..) {
                    let _ = kept.tell.send(Ok(()));
                }
                wake.notify_waiters();
                wake.notify_one();
                continue;
            }
            Ok(Ok(Err(error))) => last = Some(error),
            Ok(Err(_)) => last = Some(Error::Closed),
            Err(_) => {}
        }
        let now = Instant::now();
        for late in group.extract_if(.., |waiting| waiting.deadline <= now) {
            let _ = late.tell.send(Err(last.clone()));
        }
        if !group.is_empty() {
            sleep(AFTER_FAILURE).await;
        }
    }
}
