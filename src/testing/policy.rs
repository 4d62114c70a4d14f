//! How a provider delivers: what counts as delivered, how long it waits, and
//! what it does when a delivery fails. What no provider documents is assumed here.

use std::time::Duration;

/// How a provider delivers a webhook, as far as it documents it.
///
/// It drives a [`Sender`](crate::testing::Sender). It also says how much time a
/// handler has, and whether a lost delivery comes again. Each provider's is
/// beside its sample events.
///
/// ```
/// # #[cfg(feature = "bandwidth")] {
/// use order_webhooks::testing::bandwidth;
///
/// let policy = bandwidth::NOTIFICATION_POLICY;
/// assert_eq!(policy.tries(), 1, "a notification that is lost never comes again");
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryPolicy {
    /// Which answer counts as delivered.
    pub delivered: Delivered,
    /// How long the provider waits for the answer; `None` if it does not say.
    pub time_allowed: Option<Duration>,
    /// What the provider does after a failed delivery.
    pub retries: Retries,
}

/// Which answers count as delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivered {
    /// 200 and nothing else; a 204 is a failure.
    Exactly200,
    /// Any status from 200 to 299.
    Any2xx,
    /// 200 with a body that the provider understands. Every other answer counts
    /// as well: it is final, and approves what the receiver was asked about.
    ValidAnswer,
}

/// What a provider does after a failed delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retries {
    /// Nothing: the delivery is lost.
    Never,
    /// It tries this many more times, with the same time in between.
    Every {
        /// How many more times.
        times: u32,
        /// The time between two tries.
        interval: Duration,
    },
    /// It tries this many more times; the intervals rise and are not documented.
    Rising {
        /// How many more times.
        times: u32,
    },
    /// It tries again, and does not say when or how often.
    Unscheduled,
    /// The provider does not say.
    Undocumented,
}

impl Retries {
    /// How often a delivery is tried again where the provider says that it
    /// tries again, but not how often: an assumption.
    pub const ASSUMED_TIMES: u32 = 10;

    /// The wait before the second try where the provider does not say how long
    /// it is; each later wait is twice the one before. An assumption.
    pub const ASSUMED_FIRST_WAIT: Duration = Duration::from_secs(60);

    /// How many more times a delivery is tried after the first.
    #[must_use]
    pub const fn times(self) -> u32 {
        match self {
            Self::Never | Self::Undocumented => 0,
            Self::Every { times, .. } | Self::Rising { times } => times,
            Self::Unscheduled => Self::ASSUMED_TIMES,
        }
    }

    /// The wait before the next try after this many failed ones, or `None` if
    /// there is no next try.
    ///
    /// Where a provider documents no interval, it is
    /// [`ASSUMED_FIRST_WAIT`](Self::ASSUMED_FIRST_WAIT) and its doubles; see
    /// [`is_scheduled`](Self::is_scheduled).
    ///
    /// ```
    /// use std::time::Duration;
    /// use order_webhooks::testing::Retries;
    ///
    /// let retries = Retries::Rising { times: 2 };
    /// let waits: Vec<u64> = (1..).map_while(|n| retries.wait_after(n)).map(|w| w.as_secs()).collect();
    /// assert_eq!(waits, [60, 120]);
    /// ```
    #[must_use]
    pub const fn wait_after(self, failed: u32) -> Option<Duration> {
        if failed == 0 || failed > self.times() {
            return None;
        }
        if let Self::Every { interval, .. } = self {
            return Some(interval);
        }
        let doubled = 1_u32.checked_shl(failed.saturating_sub(1));
        Some(Self::ASSUMED_FIRST_WAIT.saturating_mul(match doubled {
            Some(factor) => factor,
            None => u32::MAX,
        }))
    }

    /// Whether the provider documents when it tries again, or that it does not.
    #[must_use]
    pub const fn is_scheduled(self) -> bool {
        matches!(self, Self::Never | Self::Every { .. })
    }
}

impl DeliveryPolicy {
    /// Only that a 200 is safe is known.
    pub const UNDOCUMENTED: Self = Self::new(Delivered::Exactly200, None, Retries::Undocumented);

    /// How long a sender waits for the answer where the provider does not say: an
    /// assumption.
    pub const ASSUMED_TIME_ALLOWED: Duration = Duration::from_secs(30);

    /// The policy of a provider that documents these.
    #[must_use]
    pub const fn new(
        delivered: Delivered,
        time_allowed: Option<Duration>,
        retries: Retries,
    ) -> Self {
        Self { delivered, time_allowed, retries }
    }

    /// How many times a delivery is tried in all, as far as it is documented or
    /// assumed.
    #[must_use]
    pub const fn tries(&self) -> u32 {
        self.retries.times().saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(retries: Retries) -> Vec<u64> {
        (1..).map_while(|failed| retries.wait_after(failed)).map(|wait| wait.as_secs()).collect()
    }

    #[test]
    fn the_waits_between_tries() {
        let every = Retries::Every { times: 8, interval: Duration::from_secs(300) };
        let assumed = [60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360, 30_720];
        for (retries, seconds, scheduled) in [
            (Retries::Never, vec![], true),
            (every, vec![300; 8], true),
            (Retries::Rising { times: 2 }, vec![60, 120], false),
            (Retries::Unscheduled, assumed.to_vec(), false),
            (Retries::Undocumented, vec![], false),
        ] {
            assert_eq!(waits(retries), seconds, "{retries:?}");
            assert_eq!(retries.times() as usize, seconds.len(), "{retries:?}");
            assert_eq!(retries.is_scheduled(), scheduled, "{retries:?}");
            let policy = DeliveryPolicy::new(Delivered::Any2xx, None, retries);
            assert_eq!(policy.tries() as usize, seconds.len() + 1);
            assert_eq!(retries.wait_after(0), None);
        }
    }

    #[test]
    fn a_hundred_rising_tries_do_not_overflow() {
        let retries = Retries::Rising { times: u32::MAX };
        assert!(retries.wait_after(33) <= retries.wait_after(34));
        assert!(retries.wait_after(u32::MAX).is_some());
    }
}
