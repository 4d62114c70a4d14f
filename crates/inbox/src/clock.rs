//! The time, as the tables have it.

use std::time::Duration;

use time::OffsetDateTime;

/// The time in microseconds since 1970.
pub(crate) fn now() -> i64 {
    let microseconds = OffsetDateTime::now_utc().unix_timestamp_nanos().checked_div(1_000);
    let now = microseconds.and_then(|now| i64::try_from(now).ok()).unwrap_or_default();
    #[cfg(test)]
    let now = now.saturating_add(AHEAD.load(std::sync::atomic::Ordering::Relaxed));
    now
}

/// By how many microseconds a test has turned the clock forward.
#[cfg(test)]
pub(crate) static AHEAD: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);

pub(crate) fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The instant that is so many nanoseconds after 1970.
pub(crate) fn instant(nanoseconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds.into())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
