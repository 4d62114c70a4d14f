//! What a provider makes of an answer.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

#[cfg(feature = "bandwidth")]
use crate::error::ParseError;
#[cfg(feature = "bandwidth")]
use crate::wire::text::printable;

/// What the provider does next. [`Delivery`](crate::testing::Delivery) has an
/// example.
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
        /// [`Retries::wait_after`](crate::testing::Retries::wait_after).
        documented: bool,
    },
    /// It is done with this delivery.
    Ended(Verdict),
}

/// How a delivery ended; see [`Report::verdict`](crate::testing::Report).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The provider considers it delivered.
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
    PortOutDenied {
        /// The codes that Bandwidth recognises, in the order of the answer: 7510
        /// to 7519, and 7598. It ignores all others.
        codes: Vec<u16>,
        /// Whether the port-out is cancelled, and does not only go into the state
        /// "exception", where the winning carrier can put it right. A number that
        /// is not recognised (7516) or not active (7518) and too many numbers
        /// (7517) cancel. That one such code among others does is an assumption.
        cancelled: bool,
        /// Whether the answer has a value that would have been right. Without one,
        /// Bandwidth says, a denial "may be considered to be equivalent to
        /// approving".
        acceptable_values: bool,
    },
    /// **Nobody allowed the port-out, and Bandwidth lets it happen**: the
    /// subscriber loses the number.
    #[cfg(feature = "bandwidth")]
    PortOutFailedOpen(
        /// Why the answer is no denial, or how the last try failed.
        Failure,
    ),
}

impl Verdict {
    /// Whether the provider got an answer and understood it as it was meant.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        match self {
            Self::Delivered => true,
            Self::Lost(_) => false,
            #[cfg(feature = "bandwidth")]
            Self::PortOutAllowed | Self::PortOutDenied { .. } => true,
            #[cfg(feature = "bandwidth")]
            Self::PortOutFailedOpen(_) => false,
        }
    }
}

/// Why one try failed.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// It was asked for credentials and has none: a stranger, made by
    /// [`Forgery::Missing`](crate::testing::Forgery::Missing). It is given up at
    /// once, and it is no alarm, not even for a port-out: Bandwidth has credentials.
    NoCredentials,
    /// The answer to a port-out is not labelled as XML. That Bandwidth insists on
    /// it is an assumption.
    #[cfg(feature = "bandwidth")]
    MediaType,
    /// The answer to a port-out is not a `PortOutValidationResponse` that says
    /// `true` or `false`.
    #[cfg(feature = "bandwidth")]
    Invalid(ParseError),
    /// The denial of a port-out has no code that Bandwidth recognises, only these,
    /// or it has 7599. That 7599 approves beside other codes, too, is an
    /// assumption.
    #[cfg(feature = "bandwidth")]
    Codes(Vec<String>),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer => f.write_str("there was no answer"),
            Self::Status(status) => write!(f, "{} is not a confirmation", status.as_u16()),
            Self::NotAsked(StatusCode::UNAUTHORIZED) => {
                f.write_str("the 401 has no `WWW-Authenticate: Basic realm=\"…\"`")
            }
            Self::NotAsked(status) => write!(
                f,
                "the request without credentials was answered {} instead of 401 and a challenge",
                status.as_u16()
            ),
            Self::NoCredentials => f.write_str("asked for credentials, and the sender has none"),
            #[cfg(feature = "bandwidth")]
            Self::MediaType => f.write_str("the answer is not `application/xml`"),
            #[cfg(feature = "bandwidth")]
            Self::Invalid(error) => write!(f, "the answer is invalid: {error}"),
            #[cfg(feature = "bandwidth")]
            Self::Codes(codes) => {
                f.write_str("the denial has no code that Bandwidth recognises")?;
                let mut mark = ": ";
                for code in codes {
                    write!(f, "{mark}`{}`", printable(code))?;
                    mark = ", ";
                }
                Ok(())
            }
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
            Self::PortOutDenied { codes, cancelled, acceptable_values } => {
                f.write_str("port-out denied:")?;
                for code in codes {
                    write!(f, " {code}")?;
                }
                f.write_str(if *cancelled { " (cancelled)" } else { " (exception)" })?;
                if *acceptable_values {
                    return Ok(());
                }
                f.write_str(", without acceptable values, so Bandwidth may approve it")
            }
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
