//! The time that a thread has worked, which no other program on the machine adds to.

use std::time::{Duration, Instant};

pub(crate) struct Clock {
    started: Instant,
    worked: Option<Duration>,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), worked: worked() }
    }

    /// The time that this thread has worked since then; where the system does not
    /// tell, the time that has passed.
    pub(crate) fn elapsed(&self) -> Duration {
        match (worked(), self.worked) {
            (Some(now), Some(then)) => now.saturating_sub(then),
            _ => self.started.elapsed(),
        }
    }
}

/// Linux tells it as the first number, in nanoseconds.
fn worked() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = told.split(' ').next()?.parse().ok()?;
    (nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds))
}
