//! How the inbox behaves.

use std::time::Duration;

/// How the inbox behaves. Take the default and change fields of it.
///
/// ```
/// use std::time::Duration;
///
/// let mut settings = order_webhooks_inbox::Settings::default();
/// settings.time_limit = Duration::from_secs(10);
/// settings.tries = 5;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// How long a delivery has to be kept, before its sender is told that it is not: 4 s.
    pub patience: Duration,
    /// How many handlers run at once in each call of [`Inbox::work`](crate::Inbox::work): 16.
    pub at_once: usize,
    /// How long a handler may take: 60 s.
    pub time_limit: Duration,
    /// How many tries a delivery has before it is set aside: 10.
    pub tries: u32,
    /// The pause after the first failed try: 1 s. Each one is twice as long as the one
    /// before.
    pub first_pause: Duration,
    /// The longest pause between two tries: 5 minutes.
    pub longest_pause: Duration,
    /// How long settled deliveries stay in the queue: 7 days. What was applied stays
    /// known for ever.
    pub retention: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(4),
            at_once: 16,
            time_limit: Duration::from_mins(1),
            tries: 10,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(5),
            retention: Duration::from_hours(7 * 24),
        }
    }
}

impl Settings {
    /// The pause after so many failures, a tenth longer or shorter, so that deliveries
    /// that failed together do not come back together.
    pub(crate) fn pause_after(&self, failures: i64) -> Duration {
        let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or_default().min(30);
        let pause = self.first_pause.saturating_mul(1 << doublings).min(self.longest_pause);
        pause.mul_f64(fastrand::f64().mul_add(0.2, 0.9))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As docs/inbox.md says.
    #[test]
    fn the_defaults_are_the_documented_ones() {
        let settings = Settings::default();
        let seconds = Duration::from_secs;
        let of_a_try = (settings.patience, settings.time_limit, settings.retention);
        assert_eq!(of_a_try, (seconds(4), seconds(60), seconds(7 * 24 * 60 * 60)));
        let pauses = (settings.first_pause, settings.longest_pause);
        assert_eq!(pauses, (seconds(1), seconds(300)));
        assert_eq!((settings.at_once, settings.tries), (16, 10));
    }

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let settings = Settings::default();
        for (failures, seconds) in
            [(1, 1.0), (2, 2.0), (5, 16.0), (9, 256.0), (10, 300.0), (99, 300.0)]
        {
            let pause = settings.pause_after(failures).as_secs_f64();
            assert!((seconds * 0.9..=seconds * 1.1).contains(&pause), "{failures}: {pause}");
        }
    }
}
