//! One request from a sender to the receiver and the answer back, with what can go
//! wrong between them, and what must hold all the same.

use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use order_webhooks::bandwidth::{DenialReason, PortOutAnswer};
use order_webhooks::testing::{Delivery, Failure, Forgery, Next, Verdict};

use super::kind::Kind;
use super::receiver::Receiver;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    /// The receiver has started anew since the last request.
    Restart,
    RequestLost,
    AnswerLost,
    /// A proxy strips a header off the request or the answer.
    NoAuthorization,
    NoSignature,
    NoChallenge,
    /// The handler cannot keep the event.
    HandlerFails,
}

/// What must not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Violation {
    EventWithoutProof,
    DeliveredButNotKept,
    FailedWithoutReason,
    BareRequestAccepted,
    NoChallengeIn401,
    AnotherPortOutVerdict,
}

/// One sender's delivery, and who sends it.
pub(crate) struct Sent {
    pub(crate) kind: Kind,
    pub(crate) number: usize,
    pub(crate) forgery: Option<Forgery>,
    pub(crate) delivery: Delivery,
}

impl Sent {
    pub(crate) fn new(kind: Kind, number: usize, forgery: Option<Forgery>) -> Self {
        let delivery = kind.delivery(&kind.sender(), number);
        let delivery = match forgery {
            Some(forgery) => delivery.forged(forgery),
            None => delivery,
        };
        Self { kind, number, forgery, delivery }
    }

    /// Whether the request reaches the receiver with everything that it needs, each once.
    fn is_proven(&self, request: &Request<Bytes>) -> bool {
        let sender = self.kind.sender();
        let shown: Vec<_> = request.headers().get_all(AUTHORIZATION).iter().collect();
        let credentials = !self.kind.shows_credentials() || shown == ["Basic dTpwOnE="];
        let right = sender.delivery(request.body()).replayed().request().unwrap();
        let signature = |request: &Request<Bytes>| {
            let names = ["x-porterbuddy-hmac-sha256", "x-bandwidth-signature-sha-256"];
            names.map(|name| request.headers().get_all(name).iter().cloned().collect::<Vec<_>>())
        };
        credentials && signature(request) == signature(&right)
    }
}

/// Sends one request, and checks the answer and what the sender makes of it.
pub(crate) fn step(
    receiver: &mut Receiver,
    sent: &mut Sent,
    trouble: Trouble,
) -> Result<(), Violation> {
    let Some(mut request) = sent.delivery.request() else { return Ok(()) };
    let headers = request.headers_mut();
    match trouble {
        Trouble::NoAuthorization => drop(headers.remove(AUTHORIZATION)),
        Trouble::NoSignature => {
            headers.remove("x-porterbuddy-hmac-sha256");
            headers.remove("x-bandwidth-signature-sha-256");
        }
        Trouble::Restart => receiver.challenged = false,
        _ => {}
    }
    receiver.handler_fails = trouble == Trouble::HandlerFails;
    let answer = (trouble != Trouble::RequestLost).then(|| receiver.flawed(sent.kind, &request));
    if let Some(answer) = &answer {
        check(receiver, sent, &request, answer)?;
    }
    let next = match answer {
        None => sent.delivery.unanswered(),
        Some(_) if trouble == Trouble::AnswerLost => sent.delivery.unanswered(),
        Some(mut answer) => {
            if trouble == Trouble::NoChallenge {
                answer.headers_mut().remove(WWW_AUTHENTICATE);
            }
            sent.delivery.answered(&answer)
        }
    };
    judge(receiver, sent, trouble, &next)
}

/// What must hold of every answer.
fn check(
    receiver: &Receiver,
    sent: &Sent,
    request: &Request<Bytes>,
    answer: &Response<Bytes>,
) -> Result<(), Violation> {
    let bare = sent.kind.shows_credentials() && !request.headers().contains_key(AUTHORIZATION);
    if bare && answer.status().is_success() {
        return Err(Violation::BareRequestAccepted);
    }
    let challenge = answer.headers().get(WWW_AUTHENTICATE);
    let asks = challenge.is_some_and(|value| value.as_bytes().starts_with(b"Basic realm=\""));
    if answer.status() == StatusCode::UNAUTHORIZED && !asks {
        return Err(Violation::NoChallengeIn401);
    }
    let kept = receiver.kept.contains_key(&sent.number);
    if kept
        && (sent.forgery.is_some() || (answer.status().is_success() && !sent.is_proven(request)))
    {
        return Err(Violation::EventWithoutProof);
    }
    Ok(())
}

/// What must hold of what the provider makes of it.
fn judge(receiver: &Receiver, sent: &Sent, trouble: Trouble, next: &Next) -> Result<(), Violation> {
    let kept = receiver.kept.get(&sent.number);
    // A port-out of nobody's is answered, too: an error status would approve it.
    let refused = sent.forgery.is_some() && sent.kind == Kind::PortOut;
    let failed = match next {
        Next::TryAgain { .. } => true,
        Next::Ended(verdict) => {
            let meant = match (verdict, kept.cloned().flatten()) {
                (Verdict::PortOutAllowed, answer) => answer == Some(PortOutAnswer::Allow),
                (Verdict::PortOutDenied { codes, .. }, Some(PortOutAnswer::Deny(denial))) => {
                    denial.reasons().map(DenialReason::code).eq(codes.iter().copied())
                }
                (Verdict::PortOutFailedOpen(why), _) => {
                    matches!(why, Failure::NoAnswer | Failure::Status(_) | Failure::NotAsked(_))
                }
                (Verdict::PortOutDenied { .. }, _) => refused,
                _ => true,
            };
            if !meant {
                return Err(Violation::AnotherPortOutVerdict);
            }
            if verdict.is_delivered() && kept.is_none() && !refused {
                return Err(Violation::DeliveredButNotKept);
            }
            !verdict.is_delivered()
        }
        _ => false,
    };
    let fine = matches!(trouble, Trouble::None | Trouble::Restart);
    if failed && fine && sent.forgery.is_none() {
        return Err(Violation::FailedWithoutReason);
    }
    Ok(())
}
