//! Deliveries on their way into a database: those that wait for the disk are
//! written together, and what fails is tried again within its time.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

use super::{Chain, Delivery, Rules, StoreError};

/// Writes deliveries to a database.
pub(crate) trait Write: Send + 'static {
    /// Writes all of them in one transaction, or none. No two are the same.
    fn write(
        &mut self,
        batch: Arc<Vec<Delivery>>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// How many deliveries are written at once.
const BATCH: usize = 256;

/// The room in which deliveries wait for the store: 32 MiB. More of them wait with
/// their senders, outside.
pub(crate) struct Room(Arc<Semaphore>);

const BYTES: u32 = 32 * 1024 * 1024;

/// What a delivery takes of the room beside its body.
const OVERHEAD: usize = 1024;

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BYTES as usize)))
    }
}

impl Room {
    /// Waits for a place, first come, first served.
    pub(crate) async fn enter(
        &self,
        delivery: &Delivery,
    ) -> Result<OwnedSemaphorePermit, StoreError> {
        let size = delivery.envelope.body().len().saturating_add(OVERHEAD);
        let size = u32::try_from(size).unwrap_or(BYTES).min(BYTES);
        Ok(Arc::clone(&self.0).acquire_many_owned(size).await?)
    }
}

/// The times between two tries.
const PAUSES: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(160)];

/// The way into a database. When it is dropped, the writer ends.
pub(crate) struct Queue {
    jobs: mpsc::UnboundedSender<Job>,
    room: Room,
    trouble: watch::Receiver<Option<String>>,
    patience: Duration,
}

struct Job {
    delivery: Delivery,
    done: oneshot::Sender<()>,
    _room: OwnedSemaphorePermit,
}

impl Queue {
    pub(crate) fn new(writer: impl Write, rules: &Rules) -> Self {
        let (jobs, waiting) = mpsc::unbounded_channel();
        let (reason, trouble) = watch::channel(None);
        tokio::spawn(write_all(writer, waiting, reason));
        Self { jobs, room: Room::default(), trouble, patience: rules.patience }
    }

    /// Waits until the delivery is written, for as long as its sender can wait.
    pub(crate) async fn keep(&self, delivery: Delivery) -> Result<(), StoreError> {
        match timeout(self.patience, self.written(delivery)).await {
            Ok(written) => written,
            Err(_) => Err(match &*self.trouble.borrow() {
                Some(cause) => format!("not kept within {:?}: {cause}", self.patience),
                None => format!("not kept within {:?}: the store is too slow", self.patience),
            }
            .into()),
        }
    }

    async fn written(&self, delivery: Delivery) -> Result<(), StoreError> {
        let room = self.room.enter(&delivery).await?;
        let (done, written) = oneshot::channel();
        let job = Job { delivery, done, _room: room };
        self.jobs.send(job).map_err(|_| "the writer has ended")?;
        Ok(written.await?)
    }
}

async fn write_all(
    mut writer: impl Write,
    mut jobs: mpsc::UnboundedReceiver<Job>,
    trouble: watch::Sender<Option<String>>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut group = Group::default();
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        group.gather(&mut batch, &mut jobs).await;
        let [mut pause, longest] = PAUSES;
        let started = Instant::now();
        loop {
            // Nobody waits for these any more: their senders were told no.
            batch.retain(|job| !job.done.is_closed());
            if batch.is_empty() {
                break;
            }
            match writer.write(Arc::new(distinct(&batch))).await {
                Ok(()) => {
                    trouble.send_if_modified(|trouble| trouble.take().is_some());
                    group.expected = batch.len().saturating_add(jobs.len()).min(BATCH);
                    for job in batch.drain(..) {
                        let _ = job.done.send(());
                    }
                    break;
                }
                Err(error) => {
                    let cause = Chain(&*error).to_string();
                    if trouble.borrow().as_ref() != Some(&cause) {
                        tracing::warn!("the store does not take deliveries, tried again: {cause}");
                    }
                    trouble.send_replace(Some(cause));
                    sleep(pause).await;
                    pause = longest.min(pause.saturating_mul(2));
                }
            }
        }
        group.took = started.elapsed();
    }
}

/// Senders that wait for an answer before they send again come back all together. The
/// first of them would be written alone if it were not made to wait for the others:
/// every second commit would be one for a few.
#[derive(Default)]
struct Group {
    /// Those that were answered last, and those that waited then.
    expected: usize,
    took: Duration,
    /// So many batches are not made to wait: too few came back.
    skips: u8,
}

/// A batch waits for at most this part of the time that the last one took, so that it
/// is late by little where nobody comes back.
const PART: u32 = 2;

impl Group {
    async fn gather(&mut self, batch: &mut Vec<Job>, jobs: &mut mpsc::UnboundedReceiver<Job>) {
        if self.skips > 0 {
            self.skips = self.skips.saturating_sub(1);
            return;
        }
        let all = async {
            while batch.len() < self.expected {
                let missing = self.expected.saturating_sub(batch.len());
                if jobs.recv_many(batch, missing).await == 0 {
                    break;
                }
            }
        };
        let _ = timeout(self.took.checked_div(PART).unwrap_or_default(), all).await;
        self.skips = if batch.len().saturating_mul(2) < self.expected { 16 } else { 0 };
    }
}

/// The deliveries of a batch. Of those that are the same, the last: what it says
/// was said last.
fn distinct(batch: &[Job]) -> Vec<Delivery> {
    let mut seen = HashSet::with_capacity(batch.len());
    let deliveries = batch.iter().map(|job| &job.delivery).rev();
    let mut distinct: Vec<Delivery> = deliveries
        .filter(|delivery| seen.insert((&delivery.key, delivery.revision)))
        .cloned()
        .collect();
    distinct.reverse();
    distinct
}
