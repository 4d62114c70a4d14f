//! What the workers of an inbox in this process share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, RwLock, watch};
use tokio::time::interval;

use crate::clock;
use crate::error::{Error, chain};
use crate::queue::Queue;
use crate::settings::Settings;

pub(crate) struct Workers {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) settings: Settings,
    /// Tells a worker that something may be due.
    pub(crate) wake: Arc<Notify>,
    pub(crate) stop: watch::Sender<bool>,
    /// Handlers run together; one that may end the process runs alone.
    pub(crate) company: RwLock<()>,
}

impl Workers {
    pub(crate) fn new(queue: Arc<dyn Queue>, settings: Settings) -> Self {
        let (wake, stop) = (queue.wake(), watch::Sender::new(false));
        Self { queue, settings, wake, stop, company: RwLock::new(()) }
    }

    /// Deletes what was settled longer ago than it is to be kept.
    pub(crate) async fn prune(&self) -> Result<u64, Error> {
        let retention = clock::microseconds(self.settings.retention);
        let before = clock::now().saturating_sub(retention);
        let mut all = 0_u64;
        loop {
            let deleted = self.queue.prune(before).await?;
            all = all.saturating_add(deleted);
            if deleted == 0 {
                return Ok(all);
            }
        }
    }

    /// Prunes once an hour, and says once a minute what waits.
    pub(crate) async fn take_care(self: Arc<Self>) {
        let mut minutes = interval(Duration::from_mins(1));
        let mut minute = 0_u32;
        loop {
            minutes.tick().await;
            if minute.is_multiple_of(60)
                && let Err(error) = self.prune().await
            {
                tracing::error!(
                    target: "order_webhooks", event = "inbox.store_failed", error = chain(&error),
                    "old deliveries are not deleted"
                );
            }
            minute = minute.wrapping_add(1);
            for status in self.queue.status().await.unwrap_or_default() {
                tracing::info!(
                    target: "order_webhooks", event = "inbox.status", webhook = status.webhook,
                    waiting = status.waiting, set_aside = status.set_aside,
                    oldest_seconds = status.oldest_age().map(|age| age.as_secs()),
                );
            }
        }
    }
}
