//! A receiver, a network between, and what must hold of the two.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response, StatusCode};
use order_webhooks::bandwidth::{
    self, DenialReason, Notification, NotificationWebhook, PortOutAnswer, PortOutWebhook,
    SubscriptionWebhook,
};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::testing::{self, Delivery, Forgery, Next, Sender, Verdict};
use order_webhooks::{Answer, BasicAuth, Credentials, Receipt, Secret, Verified, Webhook};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Musement,
    Porterbuddy,
    Notification,
    PortOut,
    V2,
    V2WithCredentials,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Musement,
        Self::Porterbuddy,
        Self::Notification,
        Self::PortOut,
        Self::V2,
        Self::V2WithCredentials,
    ];

    fn path(self) -> &'static str {
        match self {
            Self::Musement => "/musement",
            Self::Porterbuddy => "/porterbuddy",
            Self::Notification => "/notification",
            Self::PortOut => "/port-out",
            Self::V2 => "/v2",
            Self::V2WithCredentials => "/v2-with-credentials",
        }
    }

    fn shows_credentials(self) -> bool {
        !matches!(self, Self::Porterbuddy | Self::V2)
    }

    pub(crate) fn sender(self) -> Sender {
        let (url, credentials) = (self.path().parse().unwrap(), credentials());
        match self {
            Self::Musement => Sender::musement(url, &credentials),
            Self::Porterbuddy => Sender::porterbuddy(url, &key()),
            Self::Notification => Sender::notifications(url, &credentials),
            Self::PortOut => Sender::port_out(url, &credentials),
            Self::V2 => Sender::subscription_v2(url, &key()),
            Self::V2WithCredentials => {
                Sender::subscription_v2(url, &key()).with_credentials_when_asked(&credentials)
            }
        }
    }

    /// The delivery of an event that has this number in it.
    pub(crate) fn delivery(self, sender: &Sender, number: usize) -> Delivery {
        match self {
            Self::Musement => {
                let mut update = testing::musement::order_item_update();
                update.order_item_version = number as u64;
                sender.delivery(&update)
            }
            Self::Porterbuddy => {
                let mut update = testing::porterbuddy::order_status_update();
                update.order_id = number.to_string();
                sender.delivery(&update)
            }
            Self::Notification => {
                let mut notification = testing::bandwidth::order_notification();
                let Notification::Order(order) = &mut notification else { unreachable!() };
                order.order_id = Some(number.to_string());
                sender.delivery(&notification)
            }
            Self::PortOut => {
                let request = testing::bandwidth::port_out_request();
                sender.delivery(&request.with_pon(&*number.to_string()))
            }
            Self::V2 | Self::V2WithCredentials => {
                sender.delivery(&serde_json::json!({ "number": number }))
            }
        }
    }
}

fn credentials() -> Credentials {
    Credentials::new("u", "p:q").unwrap()
}

fn key() -> Secret {
    Secret::new("key").unwrap()
}

/// What goes wrong on the way, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    Fine,
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

/// What is wrong with a receiver; the library's own has no flaw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    NoChallenge,
    AcceptsBareRequests,
    AcceptsStrangers,
    KeepsNothing,
    ConfirmsWith204,
    RemembersChallenges,
    DeniesWith7599,
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

pub(crate) struct Receiver {
    flaw: Flaw,
    challenged: bool,
    handler_fails: bool,
    /// The numbers of the events, and what a port-out was answered.
    kept: BTreeMap<usize, Option<PortOutAnswer>>,
}

impl Receiver {
    pub(crate) fn new(flaw: Flaw) -> Self {
        Self { flaw, challenged: false, handler_fails: false, kept: BTreeMap::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn answer(&mut self, kind: Kind, request: &Request<Bytes>) -> Response<Vec<u8>> {
        let auth = BasicAuth::from(&credentials());
        match kind {
            Kind::Musement => {
                let webhook = OrderItemWebhook::new(auth);
                self.receive(&webhook, request, |event| event.order_item_version.to_string())
            }
            Kind::Porterbuddy => {
                self.receive(&OrderWebhook::new(&key()), request, |event| event.order_id.clone())
            }
            Kind::Notification => {
                self.receive(&NotificationWebhook::new(auth), request, |event| match event {
                    Notification::Order(order) => order.order_id.clone().unwrap(),
                    _ => unreachable!(),
                })
            }
            Kind::PortOut => {
                let otherwise = PortOutAnswer::deny(DenialReason::InvalidRequest);
                self.answer_port_out(&PortOutWebhook::new(auth, otherwise), request)
            }
            Kind::V2 => self.receive(&SubscriptionWebhook::new(&key()), request, number_of_json),
            Kind::V2WithCredentials => {
                let webhook = SubscriptionWebhook::new(&key()).with_basic_auth(auth);
                self.receive(&webhook, request, number_of_json)
            }
        }
    }

    fn receive<W: Webhook>(
        &mut self,
        webhook: &W,
        request: &Request<Bytes>,
        number: impl Fn(&W::Event) -> String,
    ) -> Response<Vec<u8>> {
        let verified = match webhook.receive(request.clone()) {
            Err(_) if self.flaw == Flaw::AcceptsStrangers => {
                let event = webhook.parse(request.body()).unwrap();
                return self.keep(&number(&event));
            }
            Err(rejection) => return rejection.response(),
            Ok(verified) => verified,
        };
        self.keep(&number(verified.event()))
    }

    fn keep(&mut self, number: &str) -> Response<Vec<u8>> {
        if self.handler_fails {
            return Answer::from(Receipt::TryAgain).response();
        }
        if self.flaw != Flaw::KeepsNothing {
            self.kept.insert(number.parse().unwrap(), None);
        }
        Answer::from(Receipt::Accepted).response()
    }

    fn answer_port_out(
        &mut self,
        webhook: &PortOutWebhook,
        request: &Request<Bytes>,
    ) -> Response<Vec<u8>> {
        let question: Verified<PortOutWebhook, _> = match webhook.receive(request.clone()) {
            Ok(question) => question,
            Err(rejection) => return rejection.response(),
        };
        let number = question.pon().unwrap().parse().unwrap();
        let answer = match (self.handler_fails, number) {
            (true, _) => PortOutAnswer::deny(DenialReason::InvalidRequest),
            (false, 0 | 2) => PortOutAnswer::Allow,
            (false, _) => PortOutAnswer::deny(DenialReason::PinInvalid),
        };
        let mut response = answer.answer(question.pon()).response();
        self.kept.insert(number, Some(answer));
        if self.flaw == Flaw::DeniesWith7599 {
            let body = String::from_utf8_lossy(response.body()).replace("7513", "7599");
            *response.body_mut() = body.into_bytes();
        }
        response
    }

    /// The answer with the receiver's flaw in it.
    fn flawed(&mut self, kind: Kind, request: &Request<Bytes>) -> Response<Vec<u8>> {
        let shown = request.headers().contains_key(AUTHORIZATION);
        if kind.shows_credentials() && !shown && self.flaw == Flaw::AcceptsBareRequests {
            return Response::new(Vec::new());
        }
        let forgetful = self.flaw == Flaw::RemembersChallenges && kind == Kind::Notification;
        if shown && forgetful && !self.challenged {
            let mut response = Response::new(Vec::new());
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            let challenge = HeaderValue::from_static("Basic realm=\"webhooks\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            return response;
        }
        let mut response = self.answer(kind, request);
        self.challenged |= response.status() == StatusCode::UNAUTHORIZED;
        match self.flaw {
            Flaw::NoChallenge => {
                response.headers_mut().remove(WWW_AUTHENTICATE);
            }
            Flaw::ConfirmsWith204 if response.status() == StatusCode::OK => {
                *response.status_mut() = StatusCode::NO_CONTENT;
            }
            _ => {}
        }
        response
    }
}

fn number_of_json(event: &serde_json::Value) -> String {
    event["number"].to_string()
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

    /// Whether the request, as it reaches the receiver, has everything that it
    /// has to have, each once.
    fn is_proven(&self, request: &Request<Bytes>) -> bool {
        let sender = self.kind.sender();
        let shown: Vec<_> = request.headers().get_all(AUTHORIZATION).iter().collect();
        let credentials = !self.kind.shows_credentials() || shown == ["Basic dTpwOnE="];
        let signature = sender.sign(request.body()).is_none_or(|(name, right)| {
            request.headers().get_all(name).iter().collect::<Vec<_>>() == [right]
        });
        credentials && signature
    }
}

/// One request and what comes of it, with the laws checked on the way.
pub(crate) fn step(
    receiver: &mut Receiver,
    sent: &mut Sent,
    weather: Weather,
) -> Result<(), Violation> {
    let Some(mut request) = sent.delivery.request() else { return Ok(()) };
    let headers = request.headers_mut();
    match weather {
        Weather::NoAuthorization => drop(headers.remove(AUTHORIZATION)),
        Weather::NoSignature => {
            headers.remove("x-porterbuddy-hmac-sha256");
            headers.remove("x-bandwidth-signature-sha-256");
        }
        Weather::Restart => receiver.challenged = false,
        _ => {}
    }
    receiver.handler_fails = weather == Weather::HandlerFails;
    let answer = (weather != Weather::RequestLost).then(|| receiver.flawed(sent.kind, &request));
    if let Some(answer) = &answer {
        check(receiver, sent, &request, answer)?;
    }
    let next = match answer {
        None => sent.delivery.unanswered(),
        Some(_) if weather == Weather::AnswerLost => sent.delivery.unanswered(),
        Some(mut answer) => {
            if weather == Weather::NoChallenge {
                answer.headers_mut().remove(WWW_AUTHENTICATE);
            }
            sent.delivery.answered(&answer)
        }
    };
    judge(receiver, sent, weather, &next)
}

/// What must hold of every answer.
fn check(
    receiver: &Receiver,
    sent: &Sent,
    request: &Request<Bytes>,
    answer: &Response<Vec<u8>>,
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
fn judge(receiver: &Receiver, sent: &Sent, weather: Weather, next: &Next) -> Result<(), Violation> {
    let kept = receiver.kept.get(&sent.number);
    let failed = match next {
        Next::TryAgain { .. } => true,
        Next::Ended(verdict) => {
            let meant = match (verdict, kept.cloned().flatten()) {
                (Verdict::PortOutAllowed, answer) => answer == Some(PortOutAnswer::Allow),
                (Verdict::PortOutDenied(denied), Some(PortOutAnswer::Deny(denial))) => denial
                    .reasons()
                    .map(bandwidth::DenialReason::code)
                    .eq(denied.codes.iter().copied()),
                (Verdict::PortOutFailedOpen(why), _) => {
                    matches!(why, testing::FailedOpen::NoAnswer(_))
                }
                (Verdict::PortOutDenied(_), _) => false,
                _ => true,
            };
            if !meant {
                return Err(Violation::AnotherPortOutVerdict);
            }
            if verdict.is_delivered() && kept.is_none() {
                return Err(Violation::DeliveredButNotKept);
            }
            !verdict.is_delivered()
        }
        _ => false,
    };
    let fine = matches!(weather, Weather::Fine | Weather::Restart);
    if failed && fine && sent.forgery.is_none() {
        return Err(Violation::FailedWithoutReason);
    }
    Ok(())
}
