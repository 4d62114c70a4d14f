//! How much of a body is read, and for how long.

use std::time::Duration;

use crate::error::ConfigError;

/// The bounds within which a body is read.
///
/// The defaults are 1 MiB and 10 s: thousands of times the documented samples.
///
/// ```
/// use std::time::Duration;
/// use order_webhooks::Limits;
///
/// let limits = Limits::new(64 * 1024, Duration::from_secs(5))?;
/// assert_eq!(limits.body_bytes(), 65_536);
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    body_bytes: usize,
    body_time: Duration,
}

impl Limits {
    /// Bodies up to this many bytes, complete within this time.
    ///
    /// # Errors
    ///
    /// [`ConfigError::ZeroLimit`] if either is zero.
    pub fn new(body_bytes: usize, body_time: Duration) -> Result<Self, ConfigError> {
        if body_bytes == 0 || body_time.is_zero() {
            return Err(ConfigError::ZeroLimit);
        }
        Ok(Self { body_bytes, body_time })
    }

    /// The longest body that is kept, in bytes. A longer one is a 413.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        self.body_bytes
    }

    /// The time in which a body has to be complete. A slower one is a 408.
    #[must_use]
    pub fn body_time(&self) -> Duration {
        self.body_time
    }

    /// The same bounds, but no longer than this time.
    #[cfg(feature = "bandwidth")]
    pub(crate) fn within(mut self, time: Duration) -> Self {
        self.body_time = self.body_time.min(time);
        self
    }

    /// How many bytes of a refused body an adapter reads and drops before it
    /// answers and lets the connection close: eight times the limit, and at
    /// least 8 MiB. Dropped bytes take no memory.
    ///
    /// Senders that write their whole body before they read lose an answer that
    /// comes earlier.
    ///
    /// Under hyper, and so axum, the connection closes with the answer. actix-http
    /// goes on reading and dropping after it, for the server's
    /// `client_disconnect_timeout` (1 s by default) and without a bound in bytes:
    /// set that time as low as your senders allow, or let a proxy before the server
    /// bound the body (`client_max_body_size` of nginx).
    #[must_use]
    pub fn drained_bytes(&self) -> usize {
        self.body_bytes.saturating_mul(8).max(8 * 1024 * 1024)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 1024 * 1024, body_time: Duration::from_secs(10) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_nothing_cannot_be_built() {
        let second = Duration::from_secs(1);
        assert_eq!(Limits::new(0, second), Err(ConfigError::ZeroLimit));
        assert_eq!(Limits::new(1, Duration::ZERO), Err(ConfigError::ZeroLimit));
        let limits = Limits::new(2, second).unwrap();
        assert_eq!((limits.body_bytes(), limits.body_time()), (2, second));
        assert_eq!(limits.drained_bytes(), 8_388_608);
        assert_eq!(Limits::new(1_048_577, second).unwrap().drained_bytes(), 8_388_616);
    }

    #[test]
    fn the_defaults_are_a_mebibyte_and_ten_seconds() {
        let limits = Limits::default();
        assert_eq!(limits.body_bytes(), 1_048_576);
        assert_eq!(limits.body_time(), Duration::from_secs(10));
    }
}
