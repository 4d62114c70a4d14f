//! The port-out webhook: who may ask, and what is answered when nothing else is.

use std::fmt;
#[cfg(feature = "body")]
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crate::answer::Answer;
use crate::auth::Senders;
#[cfg(feature = "body")]
use crate::bandwidth::PortOutFailure;
#[cfg(feature = "body")]
use crate::bandwidth::port_out::{guard::Places, report::Reports};
use crate::bandwidth::{PortOutAnswer, PortOutValidationRequest};
use crate::error::{ConfigError, ParseError};
use crate::head::Head;
use crate::limits::Limits;
use crate::rejection::Reason;
use crate::webhook::{Webhook, limits_and_instance};

/// How long Bandwidth waits for an answer.
const TIME_ALLOWED: Duration = Duration::from_secs(30);

/// How many handlers run at once, and so the threads that they can take. Tokio's
/// own pool for blocking work has 512.
#[cfg(feature = "body")]
const MOST_AT_ONCE: usize = 1_024;

/// Receives Bandwidth's port-out validations: may this number leave?
///
/// **Bandwidth approves a port-out that is not answered**, and the subscriber
/// loses the number. It also approves if the answer is late, is not valid, has
/// a status of 4xx or 5xx, or denies without a code that Bandwidth knows. Read
/// the [guide](crate::guide::port_outs) before you answer the first one.
///
/// ```text
/// one question:       0 s ─── your handler decides ─── 25 s ─── 30 s
///                                                        │        └ Bandwidth stops waiting
///                                                        └ the crate answers with your verdict
/// no answer in time:  asked again after 5, 10, … 40 min, and then approved
/// 4xx, 5xx, invalid:  approved at once
/// ```
///
/// Give it to the route `port_out(webhook, handler)` of [axum](crate::axum::port_out)
/// or [actix-web](crate::actix::port_out), or to [`body::port_out`](crate::body::port_out)
/// of every other server on tokio:
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::Router;
/// use order_webhooks::BasicAuth;
/// use order_webhooks::axum::{Verified, port_out};
/// use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutWebhook};
///
/// async fn on_port_out(request: Verified<PortOutWebhook>) -> PortOutAnswer {
///     match request.pin.as_deref() {
///         Some("1111") => PortOutAnswer::Allow,
///         Some(_) => PortOutAnswer::deny(DenialReason::PinInvalid),
///         None => PortOutAnswer::deny(DenialReason::PinMissing),
///     }
/// }
///
/// let auth = BasicAuth::new("bandwidth-user", "bandwidth-password")?;
/// let webhook = PortOutWebhook::new(auth, PortOutAnswer::deny(DenialReason::InvalidRequest));
/// let app: Router = Router::new().route("/port-out", port_out(webhook, on_port_out));
/// # }
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
///
/// When you build the webhook you choose the verdict for everything that goes
/// wrong: the sender is refused, the body cannot be read, or the handler fails,
/// panics or is not done by the deadline. Deny with
/// [`InvalidRequest`](crate::bandwidth::DenialReason::InvalidRequest). Only a
/// request without an `Authorization` gets a 401. Every other POST gets a 200 with a
/// valid answer.
///
/// A denial without a value may count as an approval. So the answer to a refused
/// request has its PON and its numbers, as far as they stand in the first 64 KiB of
/// the body, and where they cannot be read there is no value.
///
/// That verdict tells a forger nothing: it has nothing in it but what was sent. If a
/// password is changed on one side only, genuine questions get it, too: port-outs go into
/// exception at Bandwidth, and the reporter gets
/// [`Refused`](PortOutFailure::Refused) with [`Reason::CredentialsMismatch`]
/// for each of them.
///
/// This webhook has no extractor, because something has to answer when the
/// handler does not. Without tokio, call
/// [`WebhookExt::verify`](crate::WebhookExt::verify), run the handler under
/// [`deadline`](Self::deadline), and answer with [`PortOutAnswer::answer`] or
/// [`otherwise`](Self::otherwise).
///
/// With the feature `tracing`, a line of the log is written before the answer,
/// on the same thread. Give the subscriber a writer that cannot block, such as
/// that of `tracing-appender`: a pipe that nobody reads would otherwise stop
/// the answers.
///
/// Source: Bandwidth numbers documentation, "Portout Validation Webhook".
#[derive(Clone)]
pub struct PortOutWebhook {
    senders: Senders,
    pub(super) otherwise: Arc<PortOutAnswer>,
    limits: Limits,
    instance: Option<Arc<str>>,
    deadline: Duration,
    /// A place for each handler that runs; the clones of a webhook share them.
    #[cfg(feature = "body")]
    pub(super) places: Arc<Places>,
    #[cfg(feature = "body")]
    pub(super) reports: Option<Arc<Reports>>,
}

impl PortOutWebhook {
    /// Accepts questions of these senders (a [`BasicAuth`](crate::BasicAuth),
    /// an [`Allowlist`](crate::Allowlist), or both), and answers `otherwise`
    /// when the handler gives no answer.
    #[must_use]
    pub fn new(senders: impl Into<Senders>, otherwise: PortOutAnswer) -> Self {
        Self {
            senders: senders.into(),
            otherwise: Arc::new(otherwise),
            limits: Limits::default(),
            instance: None,
            deadline: Duration::from_secs(25),
            #[cfg(feature = "body")]
            places: Arc::new(Places::new(MOST_AT_ONCE)),
            #[cfg(feature = "body")]
            reports: None,
        }
    }

    /// Calls this function for every question that is answered without its
    /// handler's verdict, and for every answer that is cut off inside the process,
    /// so that you can log it and store its body. Forged questions are among them. A
    /// challenge is a normal step and is not reported.
    ///
    /// It runs on a thread of its own, so it may block: no answer and no
    /// handler waits for it. If failures come faster than it works, the rest is
    /// counted and reported as [`PortOutFailure::Missed`]. Forged questions
    /// never displace those of a proven sender.
    #[cfg(feature = "body")]
    #[must_use]
    pub fn with_reporter(
        mut self,
        reporter: impl Fn(PortOutFailure) + Send + Sync + 'static,
    ) -> Self {
        self.reports = Some(Arc::new(Reports::new(Box::new(reporter))));
        self
    }

    limits_and_instance!();

    /// Answers within this time from the arrival of the head, the time to read the
    /// body included. The default is 25 s.
    ///
    /// # Errors
    ///
    /// [`ConfigError::ZeroLimit`] for 0 s, and [`ConfigError::DeadlineTooLong`] for
    /// 30 s or more, because Bandwidth does not wait that long.
    pub fn with_deadline(mut self, deadline: Duration) -> Result<Self, ConfigError> {
        if deadline.is_zero() {
            return Err(ConfigError::ZeroLimit);
        }
        if deadline >= TIME_ALLOWED {
            return Err(ConfigError::DeadlineTooLong);
        }
        self.deadline = deadline;
        Ok(self)
    }

    /// Runs at most this many handlers at once. The default is 1,024. Further
    /// ones wait for their turn, within their deadline.
    ///
    /// Each of them has a thread of its own, which starts with it and ends with
    /// it. A handler that never returns keeps its place until the process ends. When
    /// every place is taken like that, every question gets the verdict for failures,
    /// so give everything that a handler calls a time limit.
    ///
    /// Clones of the webhook, and so the workers of actix-web, share the places.
    #[cfg(feature = "body")]
    #[must_use]
    pub fn with_most_at_once(mut self, most_at_once: NonZeroUsize) -> Self {
        let most_at_once = most_at_once.get().min(Places::MAX_PERMITS);
        self.places = Arc::new(Places::new(most_at_once));
        self
    }

    /// The time from the arrival of the head to the answer.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The answer to this request when the handler gives none, or with `None`
    /// to a request that could not be read.
    #[must_use]
    pub fn otherwise<'r>(
        &self,
        request: impl Into<Option<&'r PortOutValidationRequest>>,
    ) -> Answer {
        self.otherwise.answer(request)
    }
}

impl fmt::Debug for PortOutWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortOutWebhook")
            .field("senders", &self.senders)
            .field("otherwise", &self.otherwise)
            .field("limits", &self.limits)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl Webhook for PortOutWebhook {
    const NAME: &'static str = "bandwidth.port_out";
    type Event = PortOutValidationRequest;
    type Proof = ();
    type Receipt = PortOutAnswer;

    const SENT_ONCE: bool = true;

    fn check_head(&self, head: &Head<'_>) -> Result<(), Reason> {
        self.senders.authenticate(head)
    }

    fn check_body(&self, (): &(), _body: &[u8]) -> Result<(), Reason> {
        Ok(())
    }

    fn parse(&self, body: &[u8]) -> Result<PortOutValidationRequest, ParseError> {
        PortOutValidationRequest::parse_unverified(body)
    }

    fn limits(&self) -> Limits {
        self.limits.within(self.deadline)
    }

    fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }

    const KEPT_OF_REFUSED: usize = PortOutValidationRequest::SALVAGED_BYTES;

    fn answer_instead(&self, _reason: &Reason, body: &[u8]) -> Option<Answer> {
        Some(self.otherwise(&PortOutValidationRequest::salvage(body)))
    }
}

#[cfg(test)]
mod tests;
