//! What a provider makes of an answer.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

#[cfg(feature = "bandwidth")]
use crate::testing::port_out::{Denied, FailedOpen};

/// What the provider does next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub enum Next {
    /// It sends the same once more, at once, and shows its credentials.
    RepeatWithCredentials,
    /// The try failed; it tries again.
    TryAgain {
        /// Why the try failed.
        because: Failure,
        /// How long it waits.
        after: Duration,
        /// Whether the provider documents this wait, or it is the assumption of
        /// [`Retries::wait_after`](crate::Retries::wait_after).
        documented: bool,
    },
    /// It is done with this delivery.
    Ended(Verdict),
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The provider holds it for delivered.
    Delivered,
    /// It failed, and the provider does not send it again, or does not say that
    /// it does: the event is lost.
    Lost(
        /// Why the last try failed.
        Failure,
    ),
    /// The receiver allowed the port-out.
    #[cfg(feature = "bandwidth")]
    PortOutAllowed,
    /// The receiver denied the port-out, and Bandwidth understood it.
    #[cfg(feature = "bandwidth")]
    PortOutDenied(Denied),
    /// **Nobody allowed the port-out, and Bandwidth lets it happen**: the
    /// subscriber loses the number.
    #[cfg(feature = "bandwidth")]
    PortOutFailedOpen(FailedOpen),
}

impl Verdict {
    /// Whether the provider got an answer and took it as it was meant.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        match self {
            Self::Delivered => true,
            Self::Lost(_) => false,
            #[cfg(feature = "bandwidth")]
            Self::PortOutAllowed | Self::PortOutDenied(_) => true,
            #[cfg(feature = "bandwidth")]
            Self::PortOutFailedOpen(_) => false,
        }
    }
}

/// Why one try failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// There was no answer, or none in the time that the provider waits.
    NoAnswer,
    /// The status does not count as delivered.
    Status(StatusCode),
    /// The first request, without credentials, was not answered by a 401 with
    /// `WWW-Authenticate: Basic realm="…"`. The credentials are never shown then,
    /// not even after a 200: whatever took that request cannot know who sent it.
    NotAsked(StatusCode),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer => f.write_str("there was no answer in time"),
            Self::Status(status) => write!(f, "{} is not a confirmation", status.as_u16()),
            Self::NotAsked(StatusCode::UNAUTHORIZED) => {
                f.write_str("the 401 has no `WWW-Authenticate: Basic realm=\"…\"`")
            }
            Self::NotAsked(status) => write!(
                f,
                "the request without credentials was answered {} instead of 401 and a challenge",
                status.as_u16()
            ),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered => f.write_str("delivered"),
            Self::Lost(failure) => write!(f, "lost: {failure}"),
            #[cfg(feature = "bandwidth")]
            Self::PortOutAllowed => f.write_str("port-out approved, as the receiver answered"),
            #[cfg(feature = "bandwidth")]
            Self::PortOutDenied(denied) => write!(f, "port-out denied: {denied}"),
            #[cfg(feature = "bandwidth")]
            Self::PortOutFailedOpen(why) => {
                write!(f, "port-out approved although nobody allowed it: {why}")
            }
        }
    }
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RepeatWithCredentials => f.write_str("repeats the request with credentials"),
            Self::TryAgain { because, after, documented } => {
                let assumed =
                    if *documented { "" } else { " (assumed; the wait is not documented)" };
                write!(f, "tries again after {}{assumed}: {because}", Span(*after))
            }
            Self::Ended(verdict) => verdict.fmt(f),
        }
    }
}

/// A time as people say it: `5 min`, `1 h 4 min`, `10 s`.
pub(super) struct Span(pub(super) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
        let mut space = "";
        for (amount, unit) in parts {
            if amount > 0 {
                write!(f, "{space}{amount} {unit}")?;
                space = " ";
            }
        }
        if space.is_empty() { f.write_str("0 s") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_say_them() {
        for (seconds, text) in
            [(0, "0 s"), (10, "10 s"), (300, "5 min"), (3840, "1 h 4 min"), (3661, "1 h 1 min 1 s")]
        {
            assert_eq!(Span(Duration::from_secs(seconds)).to_string(), text);
        }
    }

    #[test]
    fn what_comes_next_reads_as_a_sentence() {
        let because = Failure::Status(StatusCode::NO_CONTENT);
        let after = Duration::from_secs(60);
        let next = Next::TryAgain { because, after, documented: false };
        assert_eq!(
            next.to_string(),
            "tries again after 1 min (assumed; the wait is not documented): \
             204 is not a confirmation"
        );
        let lost = Verdict::Lost(Failure::NotAsked(StatusCode::UNAUTHORIZED));
        let text = "lost: the 401 has no `WWW-Authenticate: Basic realm=\"…\"`";
        assert_eq!(Next::Ended(lost).to_string(), text);
    }
}
