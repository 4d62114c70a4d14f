//! How a provider delivers: what counts as delivered, how long it waits, and
//! what it does when a delivery fails.

use std::time::Duration;

/// How a provider delivers a webhook, as far as it documents it.
///
/// A receiver does not need it to answer; it tells how much time a handler has
/// and whether a lost delivery comes again, and it drives the senders in the
/// feature `testing`.
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
    /// 200 with a body that the provider understands.
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

impl DeliveryPolicy {
    /// 200 is safe, and nothing else is known.
    pub const UNDOCUMENTED: Self = Self::new(Delivered::Exactly200, None, Retries::Undocumented);

    /// The policy of a provider that documents these.
    #[must_use]
    pub const fn new(
        delivered: Delivered,
        time_allowed: Option<Duration>,
        retries: Retries,
    ) -> Self {
        Self { delivered, time_allowed, retries }
    }
}
