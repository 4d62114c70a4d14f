//! A receiver with the webhooks of the crate, which can be given a flaw.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response, StatusCode};
use order_webhooks::bandwidth::{
    DenialReason, Notification, NotificationWebhook, PortOutAnswer, PortOutWebhook, V2Webhook,
};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{BasicAuth, Receipt, Verified, Webhook, WebhookExt as _, webhook::Answer};

use super::kind::{Kind, credentials, key};

/// What is wrong with a receiver.
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

pub(crate) struct Receiver {
    flaw: Flaw,
    pub(crate) challenged: bool,
    pub(crate) handler_fails: bool,
    /// The numbers of the events, and what a port-out was answered.
    pub(crate) kept: BTreeMap<usize, Option<PortOutAnswer>>,
}

impl Receiver {
    pub(crate) fn new(flaw: Flaw) -> Self {
        Self { flaw, challenged: false, handler_fails: false, kept: BTreeMap::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn answer(&mut self, kind: Kind, request: &Request<Bytes>) -> Response<Bytes> {
        let auth = BasicAuth::from(&credentials());
        match kind {
            Kind::Musement => {
                let webhook = OrderItemWebhook::new(auth);
                self.receive(&webhook, request, |event| {
                    event.order_item_version.unwrap().to_string()
                })
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
            Kind::V2 => self.receive(&V2Webhook::new(&key()), request, number_of_json),
            Kind::V2WithCredentials => {
                let webhook = V2Webhook::new(&key()).with_senders(auth);
                self.receive(&webhook, request, number_of_json)
            }
        }
    }

    fn receive<W: Webhook>(
        &mut self,
        webhook: &W,
        request: &Request<Bytes>,
        number: impl Fn(&W::Event) -> String,
    ) -> Response<Bytes> {
        let verified = match webhook.verify(request.clone()) {
            Err(_) if self.flaw == Flaw::AcceptsStrangers => {
                let event = webhook.parse(request.body()).unwrap();
                return self.keep(&number(&event));
            }
            Err(rejection) => return rejection.to_response(),
            Ok(verified) => verified,
        };
        self.keep(&number(verified.event()))
    }

    fn keep(&mut self, number: &str) -> Response<Bytes> {
        if self.handler_fails {
            return Answer::from(Receipt::TryAgain).to_response();
        }
        if self.flaw != Flaw::KeepsNothing {
            self.kept.insert(number.parse().unwrap(), None);
        }
        Answer::from(Receipt::Accepted).to_response()
    }

    fn answer_port_out(
        &mut self,
        webhook: &PortOutWebhook,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        let question: Verified<PortOutWebhook, _> = match webhook.verify(request.clone()) {
            Ok(question) => question,
            Err(rejection) => return rejection.to_response(),
        };
        let number = question.pon.as_deref().unwrap().parse().unwrap();
        let answer = match (self.handler_fails, number) {
            (true, _) => PortOutAnswer::deny(DenialReason::InvalidRequest),
            (false, 0 | 2) => PortOutAnswer::Allow,
            (false, _) => PortOutAnswer::deny(DenialReason::PinInvalid),
        };
        let mut response = answer.answer(question.event()).to_response();
        self.kept.insert(number, Some(answer));
        if self.flaw == Flaw::DeniesWith7599 {
            let body = String::from_utf8_lossy(response.body()).replace("7513", "7599");
            *response.body_mut() = body.into();
        }
        response
    }

    /// The answer with the receiver's flaw in it.
    pub(crate) fn flawed(&mut self, kind: Kind, request: &Request<Bytes>) -> Response<Bytes> {
        let shown = request.headers().contains_key(AUTHORIZATION);
        if kind.shows_credentials() && !shown && self.flaw == Flaw::AcceptsBareRequests {
            return Response::new(Bytes::new());
        }
        let forgetful = self.flaw == Flaw::RemembersChallenges && kind == Kind::Notification;
        if shown && forgetful && !self.challenged {
            let mut response = Response::new(Bytes::new());
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
