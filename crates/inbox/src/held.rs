//! What a worker has taken.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::{Instant, interval};

use crate::queue::{Claim, LEASE, Queue, Settled};

/// What a worker has, and until when it says so to the others. A handler that blocks
/// its thread for ever is given up in the end.
#[derive(Clone, Default)]
pub(crate) struct Held(Arc<Mutex<HashMap<Claim, Option<Instant>>>>);

impl Held {
    fn claims(&self) -> MutexGuard<'_, HashMap<Claim, Option<Instant>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self, claim: Claim) {
        self.claims().insert(claim, None);
    }

    pub(crate) fn until(&self, claim: Claim, until: Option<Instant>) {
        self.claims().insert(claim, until);
    }

    pub(crate) fn release(&self, settled: &[Settled]) {
        let mut claims = self.claims();
        for settled in settled {
            claims.remove(&settled.claim);
        }
    }

    pub(crate) async fn renew(self, queue: Arc<dyn Queue>) {
        let mut ticks = interval(LEASE.checked_div(3).unwrap_or(LEASE));
        loop {
            ticks.tick().await;
            let now = Instant::now();
            let claims: Vec<Claim> = {
                let claims = self.claims();
                let live = claims.iter().filter(|(_, until)| until.is_none_or(|end| now < end));
                live.map(|(claim, _)| *claim).collect()
            };
            // A failure is the store's, and the worker's next step tells of it.
            let _ = queue.renew(&claims).await;
        }
    }
}
