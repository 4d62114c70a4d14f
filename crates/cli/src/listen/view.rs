//! A delivery as JSON: for the page and for `--json`. Secrets are hidden, and all
//! else is the true text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use order_webhooks::Reason;
use order_webhooks::testing::{Next, Verdict};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::listen::curl;
use crate::listen::deliveries::{Delivery, Exchange, Outcome};
use crate::terminal::is_secret;
use crate::webhooks::{Check, Kind, Webhooks, advice};

/// What a list shows of a delivery.
pub(super) fn summary(delivery: &Delivery) -> Value {
    let last = delivery.last();
    let statuses: Vec<u16> =
        delivery.exchanges().map(|exchange| exchange.answer.status().as_u16()).collect();
    json!({
        "id": delivery.id,
        "again": delivery.again,
        "at": time(delivery.first.at),
        "webhook": delivery.kind.map(Kind::name),
        "outcome": delivery.outcome().word(),
        "statuses": statuses,
        "summary": last.summary,
        "code": last.reason.as_ref().map(Reason::code),
        "path": last.head.uri.path(),
    })
}

/// All of a delivery.
pub(super) fn detail(delivery: &Delivery, webhooks: &Webhooks, base: &str) -> Value {
    let last = delivery.last();
    let mut value = summary(delivery);
    let body = Ok(last.body.clone());
    let check = delivery.kind.map(|kind| webhooks.check(kind, &last.head, body));
    let more = json!({
        "proof": proof(delivery),
        "reason": last.reason.as_ref().map(ToString::to_string),
        "advice": what_to_do(delivery),
        "event": check.and_then(|check: Check| check.event),
        "provider": last.next.as_ref().map(ToString::to_string),
        "delivered": delivery.is_delivered(),
        "requests": delivery.exchanges().map(exchange).collect::<Vec<_>>(),
        "curl": curl::command(delivery.kind, &last.head, &last.body, base),
    });
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

fn exchange(exchange: &Exchange) -> Value {
    json!({
        "at": time(exchange.at),
        "from": exchange.peer.to_string(),
        "method": exchange.head.method.as_str(),
        "target": exchange.head.uri.to_string(),
        "headers": headers(&exchange.head.headers),
        "body": body(&exchange.body),
        "answer": {
            "from": if exchange.forwarded { "application" } else { "order-webhooks" },
            "trouble": exchange.trouble,
            "status": exchange.answer.status().as_u16(),
            "headers": headers(exchange.answer.headers()),
            "body": body(exchange.answer.body()),
        },
    })
}

fn headers(headers: &HeaderMap) -> Vec<[Value; 2]> {
    let shown = |(name, value): (&HeaderName, &HeaderValue)| {
        let text = match String::from_utf8_lossy(value.as_bytes()) {
            text if !is_secret(name) => text,
            text if text.starts_with("Basic ") => "Basic (hidden)".into(),
            _ => "(hidden)".into(),
        };
        [Value::from(name.as_str()), Value::from(text)]
    };
    headers.iter().map(shown).collect()
}

fn body(body: &Bytes) -> Value {
    match std::str::from_utf8(body) {
        Ok(text) => json!({ "bytes": body.len(), "text": text }),
        Err(_) => json!({ "bytes": body.len(), "base64": STANDARD.encode(body) }),
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
