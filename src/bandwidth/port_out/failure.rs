//! Why a question was answered without its handler's verdict.

use std::error::Error;
use std::fmt;

use crate::rejection::{Reason, Rejection};

/// Why a question was answered without its handler's verdict.
///
/// ```
/// use std::error::Error;
/// use order_webhooks::bandwidth::PortOutFailure;
///
/// fn on_failure(failure: PortOutFailure) {
///     match &failure {
///         PortOutFailure::Refused(rejection) => match rejection.verified_body() {
///             Some(body) => println!("{failure}; {} bytes to look into", body.len()),
///             None => println!("{failure}"),
///         },
///         // What the handler returned; it can hold customer data.
///         PortOutFailure::HandlerFailed(error) => println!("{failure}: {error}"),
///         _ => println!("{failure}"),
///     }
/// }
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum PortOutFailure {
    /// The delivery was refused, and the handler was not called. If the sender
    /// is proven and the body does not parse, the body is in it.
    #[error("{0}")]
    Refused(Rejection),
    /// The handler returned this error, or one of its extractors refused.
    ///
    /// `Display` and `Debug` of the failure do not show it, since it can hold
    /// customer data. Print the error itself, or `source()`.
    #[error("the handler failed")]
    HandlerFailed(#[source] Box<dyn Error + Send + Sync>),
    /// The handler panicked.
    #[error("the handler panicked")]
    HandlerPanicked,
    /// The handler was not done by the deadline.
    #[error("the handler was not done by the deadline")]
    HandlerLate,
    /// The handler was not started: too many others were running until the
    /// deadline, or the system gave no thread.
    #[error("the handler was not started by the deadline")]
    HandlerNotAsked,
    /// The server dropped the question before its answer was given, so the sender
    /// gets no answer, or that of somebody else: a layer with a time limit around
    /// the route was faster, or the sender has left. **Bandwidth approves the
    /// port-out then**, unless it asks again.
    ///
    /// If the handler runs at that time, it goes on to its end, and this comes
    /// then; or in its place the failure of the handler, if that is what it comes to.
    #[error("the answer was cut off")]
    CutOff {
        /// Whether the sender had shown who it is, with the head of its question.
        proven: bool,
    },
    /// The runtime has no timer, so no question can be answered by its handler.
    /// Build it with `enable_all` or `enable_time`.
    #[error("the runtime has no timer; build it with `enable_time`")]
    NoTimer,
    /// This many failures were not reported one by one, because the reporter
    /// was too slow for them.
    #[error("failures not reported one by one: {proven} of proven senders, {forged} others")]
    Missed {
        /// Of questions whose sender was proven.
        proven: u64,
        /// Of others, which anybody can send.
        forged: u64,
    },
}

impl PortOutFailure {
    /// A word for logs and metrics that stays the same from version to version, and
    /// has nothing of the question in it: `handler_late`, or the
    /// [code](Reason::code) of the reason for which a question was refused.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(rejection) => rejection.reason().code(),
            Self::HandlerFailed(_) => "handler_failed",
            Self::HandlerPanicked => "handler_panicked",
            Self::HandlerLate => "handler_late",
            Self::HandlerNotAsked => "handler_not_asked",
            Self::CutOff { .. } => "handler_cut_off",
            Self::NoTimer => "no_timer",
            Self::Missed { .. } => "missed",
        }
    }

    /// Whether the sender of the question had shown who it is.
    pub(super) fn is_of_a_proven_sender(&self) -> bool {
        let rejection = match self {
            Self::Refused(rejection) => rejection,
            Self::CutOff { proven } => return *proven,
            _ => return true,
        };
        matches!(
            rejection.reason(),
            Reason::Encoded
                | Reason::TooLarge { .. }
                | Reason::TooSlow { .. }
                | Reason::Incomplete
                | Reason::Unparsable(_)
        )
    }
}

/// As `Display` shows it: the error of a handler can hold customer data.
impl fmt::Debug for PortOutFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PortOutFailure({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ParseError, ParseErrorKind};

    #[test]
    fn which_failures_are_of_a_proven_sender() {
        let limit = 1;
        let challenge = || http::HeaderValue::from_static("Basic");
        for (reason, proven) in [
            (Reason::Method, false),
            (Reason::CredentialsScheme(challenge()), false),
            (Reason::CredentialsMalformed(challenge()), false),
            (Reason::CredentialsMismatch(challenge()), false),
            (Reason::RepeatedHeader(http::header::AUTHORIZATION), false),
            (Reason::AddressUnknown, false),
            (Reason::AddressMissing, false),
            (Reason::AddressRefused([203, 0, 113, 8].into()), false),
            (Reason::Encoded, true),
            (Reason::TooLarge { limit }, true),
            (Reason::TooSlow { limit: std::time::Duration::ZERO }, true),
            (Reason::Incomplete, true),
            (Reason::Unparsable(ParseError::new(ParseErrorKind::Missing)), true),
        ] {
            let failure = PortOutFailure::Refused(Rejection::new(reason));
            assert_eq!(failure.is_of_a_proven_sender(), proven, "{failure}");
        }
        for (failure, proven) in [
            (PortOutFailure::HandlerPanicked, true),
            (PortOutFailure::CutOff { proven: true }, true),
            (PortOutFailure::CutOff { proven: false }, false),
        ] {
            assert_eq!(failure.is_of_a_proven_sender(), proven, "{failure:?}");
        }
    }

    #[test]
    fn every_failure_has_its_code() {
        for (failure, code) in [
            (PortOutFailure::Refused(Rejection::new(Reason::Expired)), "expired"),
            (PortOutFailure::HandlerFailed("no record".into()), "handler_failed"),
            (PortOutFailure::HandlerPanicked, "handler_panicked"),
            (PortOutFailure::HandlerLate, "handler_late"),
            (PortOutFailure::HandlerNotAsked, "handler_not_asked"),
            (PortOutFailure::CutOff { proven: true }, "handler_cut_off"),
            (PortOutFailure::NoTimer, "no_timer"),
            (PortOutFailure::Missed { proven: 1, forged: 0 }, "missed"),
        ] {
            assert_eq!(failure.code(), code);
        }
    }

    #[test]
    fn a_handlers_error_is_shown_by_its_source_only() {
        let failure = PortOutFailure::HandlerFailed("no record of Ane B".into());
        assert_eq!(failure.to_string(), "the handler failed");
        assert_eq!(format!("{failure:?}"), "PortOutFailure(the handler failed)");
        assert_eq!(
            failure.source().map(ToString::to_string).as_deref(),
            Some("no record of Ane B")
        );
        let refused = PortOutFailure::Refused(Rejection::new(Reason::Incomplete));
        assert_eq!(refused.to_string(), "the body is incomplete");
        assert!(refused.source().is_none(), "it is in the text already");
    }
}
