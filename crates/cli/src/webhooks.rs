//! The five webhooks that the program knows: their names and paths, how a request
//! is checked, and the sender of each.

use std::time::Duration;

use bytes::Bytes;
use clap::{Args, ValueEnum};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Response, Uri};
use order_webhooks::bandwidth::{
    DenialReason, Notification, NotificationWebhook, PortOutAnswer, PortOutWebhook, V2Webhook,
};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::testing::{DeliveryPolicy, Next, Sender};
use order_webhooks::webhook::Answer;
use order_webhooks::{
    Accepted, BasicAuth, Head, Limits, Reason, Receipt, Rejection, Verified, Webhook,
    WebhookExt as _,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::secrets::{Secrets, Source};

/// One of the webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Musement,
    Porterbuddy,
    Notification,
    PortOut,
    V2,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Musement, Self::Porterbuddy, Self::Notification, Self::PortOut, Self::V2];

    /// The name in logs and envelopes.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Musement => OrderItemWebhook::NAME,
            Self::Porterbuddy => OrderWebhook::NAME,
            Self::Notification => NotificationWebhook::NAME,
            Self::PortOut => PortOutWebhook::NAME,
            Self::V2 => <V2Webhook>::NAME,
        }
    }

    /// The path where nothing else is said.
    pub(crate) fn default_path(self) -> &'static str {
        match self {
            Self::Musement => "/musement",
            Self::Porterbuddy => "/porterbuddy",
            Self::Notification => "/bandwidth/notifications",
            Self::PortOut => "/bandwidth/port-out",
            Self::V2 => "/bandwidth/v2",
        }
    }

    /// What proves its sender.
    pub(crate) fn proof(self) -> &'static str {
        match self {
            Self::Musement | Self::Notification | Self::PortOut => "credentials",
            Self::Porterbuddy | Self::V2 => "signature",
        }
    }

    /// The variables that hold what proves the sender, for a command to copy.
    pub(crate) fn variables(self) -> &'static str {
        match self {
            Self::Musement => "$MUSEMENT_USERNAME:$MUSEMENT_PASSWORD",
            Self::Notification | Self::PortOut => "$BANDWIDTH_USERNAME:$BANDWIDTH_PASSWORD",
            Self::Porterbuddy => "$PORTERBUDDY_API_KEY",
            Self::V2 => "$BANDWIDTH_SECRET",
        }
    }

    /// The header of the signature, of those that sign.
    pub(crate) fn signature(self) -> Option<&'static str> {
        match self {
            Self::Porterbuddy => Some("x-porterbuddy-hmac-sha256"),
            Self::V2 => Some("x-bandwidth-signature-sha-256"),
            Self::Musement | Self::Notification | Self::PortOut => None,
        }
    }

    /// The sender of this webhook.
    pub(crate) fn sender(self, url: Uri, secrets: &Secrets) -> Result<Sender, String> {
        Ok(match self {
            Self::Musement => Sender::musement(url, &secrets.musement()?.0),
            Self::Porterbuddy => Sender::porterbuddy(url, &secrets.porterbuddy()?.0),
            Self::Notification => Sender::notifications(url, &secrets.bandwidth()?.0),
            Self::PortOut => Sender::port_out(url, &secrets.bandwidth()?.0),
            Self::V2 => Sender::subscription_v2(url, &secrets.v2()?.0),
        })
    }
}

/// Other paths than the usual ones.
#[derive(Args)]
pub(crate) struct PathArgs {
    /// The path of a webhook, such as musement=/hooks/musement
    ///
    /// Without it: /musement, /porterbuddy, /bandwidth/notifications, /bandwidth/port-out and
    /// /bandwidth/v2.
    #[arg(long = "path", value_name = "WEBHOOK=PATH", value_parser = path)]
    paths: Vec<(Kind, String)>,
}

impl PathArgs {
    /// The path of this webhook.
    pub(crate) fn of(&self, kind: Kind) -> &str {
        let given = self.paths.iter().rev().find(|(of, _)| *of == kind);
        given.map_or(kind.default_path(), |(_, path)| path)
    }
}

fn path(text: &str) -> Result<(Kind, String), String> {
    let (kind, path) =
        text.split_once('=').ok_or("not WEBHOOK=PATH, such as musement=/hooks/musement")?;
    let kind = Kind::from_str(kind, false).map_err(|_| {
        "the webhook must be musement, porterbuddy, notification, port-out or v2".to_owned()
    })?;
    if !path.starts_with('/') || path.contains(['?', '#']) || path.parse::<Uri>().is_err() {
        return Err("the path must start with / and have no query".to_owned());
    }
    Ok((kind, path.to_owned()))
}

/// A URL of HTTP, without credentials.
pub(crate) fn url(text: &str) -> Result<Uri, String> {
    let not_a_url = || "a URL starts with http:// or https:// and a host".to_owned();
    let url: Uri = text.parse().map_err(|_| not_a_url())?;
    match (url.scheme_str(), url.authority()) {
        (Some("http" | "https"), Some(host)) if host.as_str().contains('@') => {
            Err("credentials are not taken from the URL, which every user of the machine can read"
                .to_owned())
        }
        (Some("http" | "https"), Some(_)) => Ok(url),
        _ => Err(not_a_url()),
    }
}

/// What became of a request at the webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It has no credentials yet, and was asked for them.
    Challenged,
    /// The sender is proven, and the body is an event.
    Verified,
    /// The sender is proven, and the body cannot be read.
    Unreadable,
    /// The sender is not proven, or the request is not one of a webhook.
    Refused,
}

/// A request after it was checked.
pub(crate) struct Check {
    pub(crate) checked: Checked,
    /// The answer of the webhook.
    pub(crate) answer: Response<Bytes>,
    /// The event in a few words.
    pub(crate) summary: String,
    pub(crate) event: Option<Box<RawValue>>,
    pub(crate) reason: Option<Reason>,
}

/// The webhooks, with their secrets.
pub(crate) struct Webhooks {
    musement: OrderItemWebhook,
    porterbuddy: OrderWebhook,
    notification: NotificationWebhook,
    port_out: PortOutWebhook,
    v2: V2Webhook,
    port_out_answer: PortOutAnswer,
    routes: Vec<Route>,
}

/// One webhook of a run.
pub(crate) struct Route {
    pub(crate) kind: Kind,
    pub(crate) path: String,
    /// Where its secrets come from.
    pub(crate) source: Source,
    /// For what the provider makes of an answer.
    sender: Sender,
}

impl Webhooks {
    pub(crate) fn new(
        secrets: &Secrets,
        paths: &PathArgs,
        allow_port_outs: bool,
    ) -> Result<Self, String> {
        let (musement, of_musement) = secrets.musement()?;
        let (key, of_porterbuddy) = secrets.porterbuddy()?;
        let (bandwidth, of_bandwidth) = secrets.bandwidth()?;
        let (secret, of_v2) = secrets.v2()?;
        let otherwise = PortOutAnswer::deny(DenialReason::InvalidRequest);
        let url = Uri::default;
        let mut routes = Vec::new();
        for (kind, source, sender) in [
            (Kind::Musement, of_musement, Sender::musement(url(), &musement)),
            (Kind::Porterbuddy, of_porterbuddy, Sender::porterbuddy(url(), &key)),
            (Kind::Notification, of_bandwidth, Sender::notifications(url(), &bandwidth)),
            (Kind::PortOut, of_bandwidth, Sender::port_out(url(), &bandwidth)),
            (Kind::V2, of_v2, Sender::subscription_v2(url(), &secret)),
        ] {
            let path = paths.of(kind).to_owned();
            if routes.iter().any(|route: &Route| route.path == path) {
                return Err(format!(
                    "two webhooks have the path {path}: choose another with --path"
                ));
            }
            routes.push(Route { kind, path, source, sender });
        }
        Ok(Self {
            musement: OrderItemWebhook::new(BasicAuth::from(&musement)),
            porterbuddy: OrderWebhook::new(&key),
            notification: NotificationWebhook::new(BasicAuth::from(&bandwidth)),
            port_out: PortOutWebhook::new(BasicAuth::from(&bandwidth), otherwise.clone()),
            v2: V2Webhook::new(&secret),
            port_out_answer: if allow_port_outs { PortOutAnswer::Allow } else { otherwise },
            routes,
        })
    }

    pub(crate) fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// The webhook at this path.
    pub(crate) fn at(&self, path: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.path == path)
    }

    pub(crate) fn limits() -> Limits {
        Limits::default()
    }

    /// Checks a request, whose body is complete or could not be read.
    pub(crate) fn check(&self, kind: Kind, head: &Parts, body: Result<Bytes, Reason>) -> Check {
        match kind {
            Kind::Musement => check(
                &self.musement,
                head,
                body,
                |_| Receipt::Accepted.into(),
                |update| format!("{} {}", update.order_item_uuid, update.order_item_status),
            ),
            Kind::Porterbuddy => check(
                &self.porterbuddy,
                head,
                body,
                |_| Receipt::Accepted.into(),
                |update| format!("{} {}", update.order_id, update.order_status),
            ),
            Kind::Notification => {
                check(&self.notification, head, body, |_| Accepted.into(), notified)
            }
            Kind::PortOut => {
                let answer = |request: &_| self.port_out_answer.answer(request);
                check(&self.port_out, head, body, answer, |request| {
                    let pon = request.pon.as_deref().unwrap_or("no PON");
                    format!("{pon}, numbers: {}", request.telephone_numbers.len())
                })
            }
            Kind::V2 => check(&self.v2, head, body, |_| Accepted.into(), |_| String::new()),
        }
    }
}

impl Route {
    /// How long the provider waits for an answer.
    pub(crate) fn time_allowed(&self) -> Duration {
        self.sender.policy().time_allowed.unwrap_or(DeliveryPolicy::ASSUMED_TIME_ALLOWED)
    }

    /// What the provider does after this answer to this request.
    pub(crate) fn next(&self, head: &Parts, answer: &Response<Bytes>) -> Next {
        let mut delivery = self.sender.delivery("");
        if head.headers.contains_key(AUTHORIZATION) {
            delivery = delivery.replayed();
        }
        delivery.answered(answer)
    }
}

fn check<W: Webhook<Event: Serialize>>(
    webhook: &W,
    head: &Parts,
    body: Result<Bytes, Reason>,
    answer: impl FnOnce(&W::Event) -> Answer,
    summary: impl FnOnce(&W::Event) -> String,
) -> Check {
    let pending = webhook.authenticate(&Head::from(head));
    let outcome: Result<Verified<W>, Rejection> = match (pending, body) {
        (Err(rejection), _) => Err(rejection),
        (Ok(pending), Ok(body)) => pending.verify(body),
        (Ok(pending), Err(reason)) => Err(pending.fail(reason)),
    };
    match outcome {
        Ok(verified) => Check {
            checked: Checked::Verified,
            answer: answer(&verified).to_response(),
            summary: summary(&verified),
            event: to_raw_value(verified.event()).ok(),
            reason: None,
        },
        Err(rejection) => Check {
            checked: if rejection.is_challenge() {
                Checked::Challenged
            } else if rejection.verified_body().is_some() {
                Checked::Unreadable
            } else {
                Checked::Refused
            },
            answer: rejection.to_response(),
            summary: String::new(),
            event: None,
            reason: Some(rejection.reason().clone()),
        },
    }
}

fn notified(notification: &Notification) -> String {
    let words: [Option<String>; 3] = match notification {
        Notification::Order(order) => [
            order.order_type.as_ref().map(ToString::to_string),
            order.order_id.clone(),
            order.status.as_ref().map(ToString::to_string),
        ],
        Notification::Note(note) => [
            Some("note on".to_owned()),
            note.order.order_type.as_ref().map(ToString::to_string),
            note.order.order_id.clone(),
        ],
        Notification::Event(event) => [Some(event.event_type.to_string()), None, None],
        _ => [None, None, None],
    };
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What to do about a refusal.
pub(crate) fn advice(reason: &Reason) -> &'static str {
    match reason {
        Reason::Method => "Providers send POST. Was this address opened in a browser?",
        Reason::Challenged(_) => {
            "The sender shows its credentials in a second request. If none comes, it does not \
             understand the challenge, or a proxy on the way drops `WWW-Authenticate`."
        }
        Reason::CredentialsScheme(_) => "Set up Basic authentication at the provider.",
        Reason::CredentialsMalformed(_) => {
            "Look at what is on the way: something has changed the `Authorization` header."
        }
        Reason::CredentialsMismatch(_) => {
            "Compare the user name and the password at the provider with those given to this \
             program (--secrets, environment, or samples)."
        }
        Reason::RepeatedHeader(_) => {
            "Look for a proxy on the way that adds this header a second time."
        }
        Reason::SignatureMissing => {
            "Check that the provider signs this webhook, and that no proxy drops the header."
        }
        Reason::SignatureMalformed => {
            "A signature is 44 characters of base64. Look at what is on the way."
        }
        Reason::SignatureMismatch => {
            "Compare the key at the provider with the one given to this program. If it is the \
             same, something on the way has changed the body."
        }
        Reason::Encoded => "Tell the proxy on the way not to compress requests.",
        Reason::TooLarge { .. } => "No provider sends that much. Look at who did.",
        Reason::TooSlow { .. } | Reason::Incomplete => {
            "The connection broke or stalled. Look at the network on the way."
        }
        Reason::Unparsable(_) => {
            "The sender is proven, so the provider did send this body: compare the place that \
             the reason names with the body below."
        }
        _ => "See the documentation of this reason.",
    }
}
