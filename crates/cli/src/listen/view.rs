//! A delivery as JSON, for the page and for `--json`, with its fields in this order.
//! Secrets are hidden, and all else is the true text.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use order_webhooks::Reason;
use order_webhooks::testing::{Next, Verdict};
use serde::Serialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::listen::curl;
use crate::listen::deliveries::{Delivery, Exchange, Outcome};
use crate::terminal::is_secret;
use crate::webhooks::{Check, Kind, Webhooks, advice};

/// What a list shows of a delivery.
#[derive(Serialize)]
pub(super) struct Row<'d> {
    id: u64,
    again: Option<u64>,
    at: String,
    webhook: Option<&'static str>,
    outcome: &'static str,
    statuses: Vec<u16>,
    summary: &'d str,
    code: Option<&'static str>,
    path: &'d str,
}

/// All of a delivery.
#[derive(Serialize)]
pub(super) struct Detail<'d> {
    #[serde(flatten)]
    row: Row<'d>,
    proof: Option<&'static str>,
    reason: Option<String>,
    advice: Option<String>,
    event: Option<Box<RawValue>>,
    provider: Option<String>,
    delivered: bool,
    requests: Vec<Request<'d>>,
    curl: String,
}

#[derive(Serialize)]
struct Request<'d> {
    at: String,
    from: String,
    method: &'d str,
    target: String,
    headers: Vec<(&'d str, Cow<'d, str>)>,
    body: Body<'d>,
    answer: Answer<'d>,
}

#[derive(Serialize)]
struct Answer<'d> {
    from: &'static str,
    trouble: Option<&'d str>,
    status: u16,
    headers: Vec<(&'d str, Cow<'d, str>)>,
    body: Body<'d>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Body<'d> {
    Text { bytes: usize, text: &'d str },
    Other { bytes: usize, base64: String },
}

pub(super) fn row(delivery: &Delivery) -> Row<'_> {
    let last = delivery.last();
    Row {
        id: delivery.id,
        again: delivery.again,
        at: time(delivery.first.at),
        webhook: delivery.kind.map(Kind::name),
        outcome: delivery.outcome().word(),
        statuses: delivery.exchanges().map(|one| one.answer.status().as_u16()).collect(),
        summary: &last.summary,
        code: last.reason.as_ref().map(Reason::code),
        path: last.head.uri.path(),
    }
}

pub(super) fn detail<'d>(delivery: &'d Delivery, webhooks: &Webhooks, base: &str) -> Detail<'d> {
    let last = delivery.last();
    let body = Ok(last.body.clone());
    let check = delivery.kind.map(|kind| webhooks.check(kind, &last.head, body));
    Detail {
        row: row(delivery),
        proof: proof(delivery),
        reason: last.reason.as_ref().map(ToString::to_string),
        advice: what_to_do(delivery),
        event: check.and_then(|check: Check| check.event),
        provider: last.next.as_ref().map(ToString::to_string),
        delivered: delivery.is_delivered(),
        requests: delivery.exchanges().map(request).collect(),
        curl: curl::command(delivery.kind, &last.head, &last.body, base),
    }
}

fn request(exchange: &Exchange) -> Request<'_> {
    Request {
        at: time(exchange.at),
        from: exchange.peer.to_string(),
        method: exchange.head.method.as_str(),
        target: exchange.head.uri.to_string(),
        headers: headers(&exchange.head.headers),
        body: body(&exchange.body),
        answer: Answer {
            from: if exchange.forwarded { "application" } else { "order-webhooks" },
            trouble: exchange.trouble.as_deref(),
            status: exchange.answer.status().as_u16(),
            headers: headers(exchange.answer.headers()),
            body: body(exchange.answer.body()),
        },
    }
}

fn headers(headers: &HeaderMap) -> Vec<(&str, Cow<'_, str>)> {
    let shown = |name, value: &HeaderValue| match String::from_utf8_lossy(value.as_bytes()) {
        text if !is_secret(name) => text.into_owned().into(),
        text if text.starts_with("Basic ") => Cow::Borrowed("Basic (hidden)"),
        _ => Cow::Borrowed("(hidden)"),
    };
    headers.iter().map(|(name, value)| (name.as_str(), shown(name, value))).collect()
}

fn body(body: &Bytes) -> Body<'_> {
    let bytes = body.len();
    match std::str::from_utf8(body) {
        Ok(text) => Body::Text { bytes, text },
        Err(_) => Body::Other { bytes, base64: STANDARD.encode(body) },
    }
}

fn time(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// What proved the sender, if something did.
fn proof(delivery: &Delivery) -> Option<&'static str> {
    match delivery.outcome() {
        Outcome::Accepted | Outcome::Failed | Outcome::Unreadable => delivery.kind.map(Kind::proof),
        Outcome::Challenged | Outcome::Refused | Outcome::Unknown => None,
    }
}

/// A sentence on what to do about a delivery that was not accepted.
pub(super) fn what_to_do(delivery: &Delivery) -> Option<String> {
    let last = delivery.last();
    if let Some(trouble) = &last.trouble {
        return Some(trouble.clone());
    }
    match delivery.outcome() {
        Outcome::Accepted => None,
        Outcome::Unknown => Some("No webhook is at this path: see the list of paths.".to_owned()),
        Outcome::Failed => Some(
            "Your application's answer does not count as delivered: see its answer below."
                .to_owned(),
        ),
        Outcome::Refused if last.forwarded && has_accepted(last) => Some(
            "Your application has accepted what this program refuses: they have different \
             secrets."
                .to_owned(),
        ),
        _ => last.reason.as_ref().map(|reason| advice(reason).to_owned()),
    }
}

/// Whether the answer says yes. A refused port-out is answered, too, with a no.
fn has_accepted(exchange: &Exchange) -> bool {
    let yes = [Verdict::Delivered, Verdict::PortOutAllowed];
    yes.into_iter().any(|verdict| exchange.next == Some(Next::Ended(verdict)))
}
