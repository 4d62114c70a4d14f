//! The port-out webhook: who may ask, and what is answered when nothing else is.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crate::answer::Answer;
use crate::auth::Senders;
use crate::bandwidth::kept::Kept;
use crate::bandwidth::port_out_failure::Reporter;
use crate::bandwidth::{PortOutAnswer, PortOutFailure, PortOutValidationRequest};
use crate::error::ParseError;
use crate::head::Head;
use crate::limits::Limits;
use crate::rejection::Reason;
use crate::webhook::Webhook;

/// How long Bandwidth waits for an answer.
const TIME_ALLOWED: Duration = Duration::from_secs(30);

/// How many handlers run at once. They are the threads, too, that blocking ones
/// can take; tokio's own pool for blocking work has 512.
const MOST_AT_ONCE: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// Receives Bandwidth's port-out validations.
///
/// **Bandwidth approves a port-out that is not answered**, and the subscriber
/// loses the number. It also approves if the answer is late, is not valid, has
/// a status of 4xx or 5xx, or denies without a code that Bandwidth knows. So
/// only a request without an `Authorization` gets a 401. Every other POST gets
/// a 200 with a valid answer.
///
/// When you build the webhook you choose the verdict for everything that goes
/// wrong: the sender is refused, the body cannot be read, or the handler fails,
/// panics or is not done by the deadline. Deny with
/// [`InvalidRequest`](crate::bandwidth::DenialReason::InvalidRequest), and the
/// number stays where it is.
///
/// That verdict tells a forger nothing: it is the same for every request that
/// is not genuine, and says nothing about a number or a customer. If a password
/// is changed on one side only, genuine questions get it too. Then no number is
/// lost, port-outs go into exception at Bandwidth, and the reporter gets
/// [`Refused`](PortOutFailure::Refused) with [`Reason::CredentialsMismatch`]
/// for each of them.
///
/// This webhook has no extractor, because something has to answer when the
/// handler does not. Use the route `port_out(webhook, handler)` of the axum or
/// the actix adapter, or the same of the feature `body` for every other server
/// on tokio. Elsewhere call [`Receive::receive`](crate::Receive::receive), run
/// the handler under [`deadline`](Self::deadline), and answer with
/// [`PortOutAnswer::answer`] or [`otherwise`](Self::otherwise).
///
/// With the feature `tracing`, a line of the log is written before the answer,
/// on the same thread. Give the subscriber a writer that cannot block, such as
/// that of `tracing-appender`: a pipe that nobody reads would otherwise stop
/// the answers.
///
/// Source: Bandwidth numbers documentation, "Portout Validation Webhook".
///
/// ```
/// use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutWebhook};
/// use order_webhooks::{BasicAuth, Receive};
///
/// let auth = BasicAuth::new("bandwidth-user", "bandwidth-password")?;
/// let otherwise = PortOutAnswer::deny(DenialReason::InvalidRequest);
/// let webhook = PortOutWebhook::new(auth, otherwise);
///
/// let request = http::Request::post("/port-out")
///     .header("authorization", "Basic YmFuZHdpZHRoLXVzZXI6YmFuZHdpZHRoLXBhc3N3b3Jk")
///     .body("not XML")?;
/// let answer = webhook.receive(request).unwrap_err().to_response();
/// assert_eq!(answer.status(), 200);
/// assert!(String::from_utf8_lossy(answer.body()).contains("<Portable>false</Portable>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PortOutWebhook {
    rules: Arc<Rules>,
    limits: Limits,
    deadline: Duration,
    most_at_once: NonZeroUsize,
    reporter: Option<Reporter>,
    kept: Kept,
}

#[derive(Debug)]
struct Rules {
    senders: Senders,
    otherwise: PortOutAnswer,
}

/// Why a deadline is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDeadline {
    /// It is 0 s.
    #[error("the deadline must be more than 0 s")]
    Zero,
    /// It is 30 s or more, and Bandwidth does not wait that long.
    #[error("the deadline must be under 30 s, when the provider stops waiting")]
    TooLate,
}

impl PortOutWebhook {
    /// Accepts questions of these senders (a [`BasicAuth`](crate::BasicAuth),
    /// an [`Allowlist`](crate::Allowlist), or both), and answers `otherwise`
    /// when the handler gives no answer.
    #[must_use]
    pub fn new(senders: impl Into<Senders>, otherwise: PortOutAnswer) -> Self {
        Self {
            rules: Arc::new(Rules { senders: senders.into(), otherwise }),
            limits: Limits::default(),
            deadline: Duration::from_secs(25),
            most_at_once: MOST_AT_ONCE,
            reporter: None,
            kept: Kept::default(),
        }
    }

    /// Calls this function for every question that is answered without its
    /// handler's verdict, so that you can log it and store its body. Forged
    /// questions are among them. A challenge is a normal step and is not
    /// reported.
    ///
    /// It runs on a thread of its own, so it may block: no answer and no
    /// handler waits for it. If failures come faster than it works, the rest is
    /// counted and reported as [`PortOutFailure::Missed`]. Forged questions
    /// never displace those of a proven sender.
    #[must_use]
    pub fn with_reporter(
        mut self,
        reporter: impl Fn(PortOutFailure) + Send + Sync + 'static,
    ) -> Self {
        self.reporter = Some(Arc::new(reporter));
        self.kept = Kept::default();
        self
    }

    /// Reads bodies within these bounds, and never longer than the deadline.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Answers within this time from the arrival of the head. The default is 25
    /// s.
    ///
    /// # Errors
    ///
    /// [`InvalidDeadline`] for 0 s, and for 30 s or more, because Bandwidth
    /// does not wait that long.
    pub fn with_deadline(mut self, deadline: Duration) -> Result<Self, InvalidDeadline> {
        if deadline.is_zero() {
            return Err(InvalidDeadline::Zero);
        }
        if deadline >= TIME_ALLOWED {
            return Err(InvalidDeadline::TooLate);
        }
        self.deadline = deadline;
        Ok(self)
    }

    /// Runs at most this many handlers at once. The default is 1,024. Further
    /// ones wait for their turn, within their deadline.
    ///
    /// They take at most as many threads: one for each handler that blocks at
    /// the same time. A handler that never returns keeps its place until the
    /// process ends. When every place is taken like that, every question gets
    /// the verdict for failures, so give everything that a handler calls a time
    /// limit.
    ///
    /// Clones of the webhook, and so the workers of actix-web, share the places.
    #[must_use]
    pub fn with_most_at_once(mut self, most_at_once: NonZeroUsize) -> Self {
        self.most_at_once = most_at_once;
        self.kept = Kept::default();
        self
    }

    /// The time from the arrival of the head to the answer.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    #[cfg(feature = "body")]
    pub(crate) fn reporter(&self) -> Option<Reporter> {
        self.reporter.clone()
    }

    #[cfg(feature = "body")]
    pub(crate) fn most_at_once(&self) -> NonZeroUsize {
        self.most_at_once
    }

    /// What an adapter shares among the clones of this webhook.
    #[cfg(feature = "body")]
    pub(crate) fn shared<T: Send + Sync + 'static>(&self, make: impl Fn() -> T) -> Arc<T> {
        self.kept.get_or_make(make)
    }

    /// The answer to this request when the handler gives none, or with `None`
    /// to a request that could not be read.
    #[must_use]
    pub fn otherwise<'r>(
        &self,
        request: impl Into<Option<&'r PortOutValidationRequest>>,
    ) -> Answer {
        self.rules.otherwise.answer(request)
    }
}

impl fmt::Debug for PortOutWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortOutWebhook")
            .field("rules", &self.rules)
            .field("limits", &self.limits)
            .field("deadline", &self.deadline)
            .field("most_at_once", &self.most_at_once)
            .finish_non_exhaustive()
    }
}

impl Webhook for PortOutWebhook {
    const NAME: &'static str = "bandwidth.port_out";
    type Event = PortOutValidationRequest;
    type Proof = ();

    fn check_head(&self, head: &Head<'_>) -> Result<(), Reason> {
        self.rules.senders.authenticate(head)
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

    fn answer_instead(&self, _reason: &Reason, verified_body: Option<&[u8]>) -> Option<Answer> {
        let request = verified_body.and_then(PortOutValidationRequest::salvage);
        Some(self.otherwise(request.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::BasicAuth;
    use crate::bandwidth::DenialReason;
    use crate::webhook::Receive as _;

    fn webhook() -> PortOutWebhook {
        let auth = BasicAuth::new("u", "p:q").unwrap();
        PortOutWebhook::new(auth, PortOutAnswer::deny(DenialReason::InvalidRequest))
    }

    fn denied(pon: Option<&str>) -> String {
        let pon = pon.map(str::to_owned);
        let request = PortOutValidationRequest { pon, ..Default::default() };
        PortOutAnswer::deny(DenialReason::InvalidRequest).to_xml(&request)
    }

    fn request<B>(body: B) -> http::Request<B> {
        let request = http::Request::post("/").header("authorization", "Basic dTpwOnE=");
        request.body(body).unwrap()
    }

    #[test]
    fn every_body_that_is_no_question_is_answered() {
        let limit = webhook().limits().body_bytes();
        let without_number = "<PortOutValidationRequest><PON>p</PON></PortOutValidationRequest>";
        for (body, pon) in [
            (String::new(), None),
            ("not XML".to_owned(), None),
            ("<Notification/>".to_owned(), None),
            ("<!DOCTYPE a><PortOutValidationRequest/>".to_owned(), None),
            (without_number.to_owned(), Some("p")),
            ("x".repeat(limit + 1), None),
        ] {
            let response = webhook().receive(request(&body)).unwrap_err().to_response();
            assert_eq!(response.status(), 200, "{body:.40}");
            assert_eq!(response.headers()["content-type"], "application/xml");
            assert_eq!(*response.body(), denied(pon), "{body:.40}");
        }
        let mut encoded = request("<PortOutValidationRequest/>");
        encoded.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
        let response = webhook().receive(encoded).unwrap_err().to_response();
        assert_eq!((response.status().as_u16(), response.body()), (200, &denied(None).into()));
    }

    /// What can be read of a request before it breaks is in the answer.
    #[test]
    fn a_broken_body_is_answered_with_its_numbers() {
        let body = "<PortOutValidationRequest><PON>p</PON><TelephoneNumbers>\
                    <TelephoneNumber>2223331000</TelephoneNumber></TelephoneNumbers><Pin/><Pin/>";
        let response = webhook().receive(request(body)).unwrap_err().to_response();
        let answer = String::from_utf8_lossy(response.body());
        assert!(answer.contains("<PON>p</PON>"), "{answer}");
        assert!(
            answer.contains("<AcceptableValues><TelephoneNumbers><TelephoneNumber>2223331000<")
        );
    }

    #[test]
    fn a_body_that_did_not_come_is_answered() {
        let headers = [("authorization", "Basic dTpwOnE=")];
        for reason in [Reason::TooSlow { limit: Duration::from_secs(10) }, Reason::Incomplete] {
            let webhook = webhook();
            let pending = webhook.authenticate(&Head::new("POST", &headers)).unwrap();
            let response = pending.fail::<Vec<u8>>(reason).to_response();
            assert_eq!((response.status().as_u16(), response.body()), (200, &denied(None).into()));
        }
    }

    #[test]
    fn refused_credentials_are_answered_and_missing_ones_are_asked_for() {
        let genuine = include_str!("../../tests/data/bandwidth/port-out.xml");
        for shown in [
            &["Basic eDp5"][..],
            &["Basic dQ=="],
            &["Bearer x"],
            &[""],
            &["Basic dTpwOnE=", "Basic dTpwOnE="],
        ] {
            let mut refused = request(genuine);
            refused.headers_mut().clear();
            for value in shown {
                refused.headers_mut().append("authorization", value.parse().unwrap());
            }
            let rejection = webhook().receive(refused).unwrap_err();
            assert_eq!(rejection.verified_body(), None);
            let response = rejection.to_response();
            assert_eq!(response.status(), 200, "{shown:?}");
            assert_eq!(*response.body(), denied(None), "{shown:?}");
        }
        let mut none = request(genuine);
        none.headers_mut().clear();
        let response = webhook().receive(none).unwrap_err().to_response();
        assert_eq!(response.status(), 401);
        assert!(response.body().is_empty());
        assert!(response.headers().contains_key("www-authenticate"));
        let mut get = request(genuine);
        *get.method_mut() = http::Method::GET;
        assert_eq!(webhook().receive(get).unwrap_err().to_response().status(), 405);
    }

    #[test]
    fn a_refused_address_is_answered() {
        let webhook = PortOutWebhook::new(
            crate::Allowlist::new(["203.0.113.7"]).unwrap(),
            PortOutAnswer::deny(DenialReason::InvalidRequest),
        );
        let response = webhook.receive(request("")).unwrap_err().to_response();
        assert_eq!((response.status().as_u16(), response.body()), (200, &denied(None).into()));
    }

    #[test]
    fn the_verdict_is_the_one_that_was_chosen() {
        let auth = BasicAuth::new("u", "p:q").unwrap();
        let response = PortOutWebhook::new(auth, PortOutAnswer::Allow).receive(request("x"));
        let allowed = PortOutAnswer::Allow.to_xml(None);
        assert_eq!(*response.unwrap_err().to_response().body(), allowed);
    }

    #[test]
    fn the_deadline_is_before_bandwidth_stops_to_listen() {
        let seconds = Duration::from_secs;
        assert_eq!(webhook().deadline(), seconds(25));
        for (deadline, error) in [
            (Duration::ZERO, InvalidDeadline::Zero),
            (seconds(30), InvalidDeadline::TooLate),
            (seconds(31), InvalidDeadline::TooLate),
        ] {
            assert_eq!(webhook().with_deadline(deadline).unwrap_err(), error);
        }
        let webhook = webhook().with_deadline(seconds(3)).unwrap();
        assert_eq!(webhook.deadline(), seconds(3));
        assert_eq!(webhook.limits().body_time(), seconds(3));
    }
}
