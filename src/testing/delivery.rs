//! The sender's machine: one delivery, from its first request to its verdict.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::testing::challenge::asks_for_basic;
use crate::testing::forgery::{Forgery, damage};
use crate::testing::payload::Payload;
use crate::testing::policy::{Delivered, DeliveryPolicy, Retries};
#[cfg(feature = "bandwidth")]
use crate::testing::port_out;
use crate::testing::random::Random;
use crate::testing::sender::Sender;
use crate::testing::verdict::{Failure, Next, Verdict};

/// One delivery, from its first request to its verdict.
///
/// It is a machine without a clock and without a network: [`request`] gives the
/// request that is due, and [`answered`] or [`unanswered`] takes what came of it
/// and says what the provider does next. Waits are added up in [`elapsed`] and
/// never waited for.
///
/// ```
/// # #[cfg(feature = "bandwidth")] {
/// use http::Response;
/// use order_webhooks::Credentials;
/// use order_webhooks::testing::{Next, Sender, Verdict, bandwidth};
///
/// let credentials = Credentials::new("bandwidth-user", "bandwidth-password")?;
/// let sender = Sender::notifications("/bandwidth".parse()?, &credentials);
/// let mut delivery = sender.delivery(&bandwidth::order_notification());
///
/// let first = delivery.request().expect("a delivery starts with a request");
/// assert!(!first.headers().contains_key("authorization"));
/// let challenge = Response::builder()
///     .status(401)
///     .header("WWW-Authenticate", r#"Basic realm="webhooks""#)
///     .body("")?;
/// assert_eq!(delivery.answered(&challenge), Next::RepeatWithCredentials);
///
/// let second = delivery.request().expect("the same with credentials");
/// assert!(second.headers().contains_key("authorization"));
/// assert_eq!(delivery.answered(&Response::new("")), Next::Ended(Verdict::Delivered));
/// assert!(delivery.request().is_none());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`request`]: Self::request
/// [`answered`]: Self::answered
/// [`unanswered`]: Self::unanswered
/// [`elapsed`]: Self::elapsed
#[derive(Clone)]
#[must_use]
pub struct Delivery {
    pub(super) sender: Sender,
    pub(super) body: Bytes,
    /// What the signature is made over, where that is not the body.
    pub(super) signed: Option<Bytes>,
    pub(super) forged_credentials: Option<Forgery>,
    pub(super) forged_signature: Option<Forgery>,
    pub(super) stage: Stage,
    failed: u32,
    elapsed: Duration,
}

#[derive(Clone)]
pub(super) enum Stage {
    /// The request without credentials is due.
    Bare,
    /// The request with all that the sender has to show is due.
    Proven,
    Ended(Verdict),
}

impl Sender {
    /// A delivery of this event, or of a body of your own.
    pub fn delivery(&self, payload: &(impl Payload + ?Sized)) -> Delivery {
        Delivery::new(self.clone(), payload.to_body())
    }
}

impl Delivery {
    fn new(sender: Sender, body: Bytes) -> Self {
        let stage = Stage::first(&sender);
        Self {
            sender,
            body,
            signed: None,
            forged_credentials: None,
            forged_signature: None,
            stage,
            failed: 0,
            elapsed: Duration::ZERO,
        }
    }

    /// The same from somebody who is not the sender: credentials, signature and
    /// address, whichever there are, are all forged. An address cannot come twice: a
    /// [repeated](Forgery::Repeated) delivery comes from the right one if it has another
    /// proof to repeat, and from a wrong one if not. An address that a proxy writes
    /// into a header is yours to forge, where you set that header.
    pub fn forged(self, forgery: Forgery) -> Self {
        let mut forged = self.with_forged_credentials(forgery).with_forged_signature(forgery);
        let sender = &mut forged.sender;
        let has_other_proof = sender.credentials.is_some() || sender.signature.is_some();
        sender.address = sender.address.and_then(|address| match forgery {
            Forgery::Missing => None,
            Forgery::Repeated if has_other_proof => Some(address),
            _ => Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
        });
        forged
    }

    /// The same with forged credentials only.
    pub fn with_forged_credentials(mut self, forgery: Forgery) -> Self {
        self.forged_credentials = Some(forgery);
        self
    }

    /// The same with a forged signature only.
    pub fn with_forged_signature(mut self, forgery: Forgery) -> Self {
        self.forged_signature = Some(forgery);
        self
    }

    /// The same with a body that was damaged after it was signed, as a bad line might:
    /// cut short, emptied, with a bit flipped, or with a byte added. Where nothing is
    /// signed, a damaged body is noticed only if it does not parse.
    ///
    /// ```
    /// # #[cfg(feature = "porterbuddy")] {
    /// use order_webhooks::Secret;
    /// use order_webhooks::testing::{Random, Sender, porterbuddy};
    ///
    /// let sender = Sender::porterbuddy("/porterbuddy".parse()?, &Secret::new("key")?);
    /// let sent = sender.delivery(&porterbuddy::order_status_update());
    /// let damaged = sent.clone().damaged(&mut Random::new(1));
    /// let bodies = [sent, damaged].map(|delivery| delivery.request().unwrap().into_body());
    /// assert_ne!(bodies[0], bodies[1]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn damaged(mut self, random: &mut Random) -> Self {
        let body = damage(&self.body, random);
        self.signed.get_or_insert(std::mem::replace(&mut self.body, body));
        self
    }

    /// The same from the start, sent by somebody who has recorded it:
    /// credentials and signature are shown again, without waiting for a
    /// challenge.
    ///
    /// Nothing but the event itself can show a receiver that it is a replay.
    pub fn replayed(&self) -> Self {
        let mut replayed = self.restarted();
        replayed.sender.waits_to_be_asked = false;
        replayed.stage = Stage::Proven;
        replayed
    }

    /// The same from the start, sent by the provider once more.
    pub fn restarted(&self) -> Self {
        let stage = Stage::first(&self.sender);
        Self { stage, failed: 0, elapsed: Duration::ZERO, ..self.clone() }
    }

    /// Takes the answer to the request that was due. An answer that is later
    /// than [`time_allowed`](Self::time_allowed) does not count: see
    /// [`unanswered`](Self::unanswered).
    pub fn answered<B: AsRef<[u8]>>(&mut self, response: &Response<B>) -> Next {
        let status = response.status();
        match &self.stage {
            Stage::Ended(verdict) => Next::Ended(verdict.clone()),
            Stage::Bare
                if status == StatusCode::UNAUTHORIZED && asks_for_basic(response.headers()) =>
            {
                if self.forged_credentials == Some(Forgery::Missing) {
                    return self.ended(Verdict::Lost(Failure::NoCredentials));
                }
                self.stage = Stage::Proven;
                Next::RepeatWithCredentials
            }
            Stage::Bare => self.failed(Failure::NotAsked(status)),
            Stage::Proven => match self.judge(response) {
                Ok(verdict) => self.ended(verdict),
                Err(failure) => self.failed(failure),
            },
        }
    }

    /// Says that there was no answer: no connection, a connection that broke,
    /// or an answer too late.
    pub fn unanswered(&mut self) -> Next {
        match &self.stage {
            Stage::Ended(verdict) => Next::Ended(verdict.clone()),
            Stage::Bare | Stage::Proven => self.failed(Failure::NoAnswer),
        }
    }

    /// The verdict that this answer brings, or why the try has failed.
    fn judge<B: AsRef<[u8]>>(&self, response: &Response<B>) -> Result<Verdict, Failure> {
        let status = response.status();
        let counts = match self.sender.policy.delivered {
            Delivered::Any2xx => status.is_success(),
            Delivered::Exactly200 | Delivered::ValidAnswer => status == StatusCode::OK,
        };
        if !counts {
            return Err(Failure::Status(status));
        }
        #[cfg(feature = "bandwidth")]
        if self.sender.policy.delivered == Delivered::ValidAnswer {
            return port_out::judge(response.headers(), response.body().as_ref());
        }
        Ok(Verdict::Delivered)
    }

    fn failed(&mut self, because: Failure) -> Next {
        let policy = self.sender.policy;
        self.failed = self.failed.saturating_add(1);
        let retries = match policy.delivered {
            // Whatever the answer is, it is one.
            Delivered::ValidAnswer if because != Failure::NoAnswer => Retries::Never,
            _ => policy.retries,
        };
        match retries.wait_after(self.failed) {
            Some(after) => {
                self.elapsed = self.elapsed.saturating_add(after);
                self.stage = Stage::first(&self.sender);
                Next::TryAgain { because, after, documented: retries.is_scheduled() }
            }
            None => self.ended(given_up(policy, because)),
        }
    }

    fn ended(&mut self, verdict: Verdict) -> Next {
        self.stage = Stage::Ended(verdict.clone());
        Next::Ended(verdict)
    }

    /// How it ended, or `None` while a request is due.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        match &self.stage {
            Stage::Ended(verdict) => Some(verdict),
            Stage::Bare | Stage::Proven => None,
        }
    }

    /// The time from the first try to the one that is due: the waits in between.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The address that it comes from, where it has one: see
    /// [`Sender::from_address`].
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.sender.address
    }

    /// How many tries have failed.
    #[must_use]
    pub fn failed_tries(&self) -> u32 {
        self.failed
    }

    /// How long the provider waits for an answer: as it documents it, or 30 s.
    #[must_use]
    pub fn time_allowed(&self) -> Duration {
        self.sender.policy.time_allowed.unwrap_or(DeliveryPolicy::ASSUMED_TIME_ALLOWED)
    }
}

impl Stage {
    fn first(sender: &Sender) -> Self {
        if sender.waits_to_be_asked { Self::Bare } else { Self::Proven }
    }
}

/// What a provider makes of a delivery that it does not try again.
fn given_up(policy: DeliveryPolicy, because: Failure) -> Verdict {
    #[cfg(feature = "bandwidth")]
    if policy.delivered == Delivered::ValidAnswer {
        return Verdict::PortOutFailedOpen(because);
    }
    let _ = policy;
    Verdict::Lost(because)
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("sender", &self.sender)
            .field("verdict", &self.verdict())
            .field("failed_tries", &self.failed)
            .finish_non_exhaustive()
    }
}
