//! Whole deliveries. The input is a request: a line with the method, a line a
//! header, an empty line, the body. A header whose value is `%` gets the value
//! that authenticates.

use bytes::Bytes;
use order_webhooks::bandwidth::{
    DenialReason, Notification, NotificationWebhook, PortOutValidationRequest, PortOutWebhook,
    SubscriptionWebhook,
};
use order_webhooks::musement::{OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use order_webhooks::{
    BasicAuth, Head, Limits, Receive as _, Rejection, Secret, Verified, Webhook,
    auth::BodySignature,
};
use serde_json::Value;
use std::time::Duration;

use super::headers::pair;

const LIMIT: usize = 4_096;
const RIGHT: &[u8] = b"Basic dTpw";

fn limits() -> Limits {
    Limits::new(LIMIT, Duration::from_secs(1)).unwrap()
}

fn auth() -> BasicAuth {
    BasicAuth::new("u", "p").unwrap()
}

fn key() -> Secret {
    Secret::new("Jefe").unwrap()
}

struct Request<'a> {
    method: &'a str,
    headers: Vec<(&'a str, Vec<u8>)>,
    body: &'a [u8],
}

impl<'a> Request<'a> {
    fn of(data: &'a [u8], signature: Option<&BodySignature>) -> Option<Self> {
        let mut rest = data;
        let mut line = || {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let line = &rest[..end];
            rest = &rest[end + 1..];
            Some(line)
        };
        let method = str::from_utf8(line()?).ok()?;
        let mut headers = Vec::new();
        loop {
            let line = line()?;
            if line.is_empty() {
                break;
            }
            let colon = line.iter().position(|byte| *byte == b':')?;
            let value = line[colon + 1..].strip_prefix(b" ").unwrap_or(&line[colon + 1..]);
            headers.push((str::from_utf8(&line[..colon]).ok()?, value.to_vec()));
        }
        for (name, value) in &mut headers {
            if value == b"%" && name.eq_ignore_ascii_case("authorization") {
                *value = RIGHT.to_vec();
            } else if value == b"%" {
                *value = signature.map_or(Vec::new(), |signed| signed.sign(rest).into_bytes());
            }
        }
        Some(Self { method, headers, body: rest })
    }

    fn values(&self, name: &str) -> Vec<&[u8]> {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| &value[..]).collect()
    }

    fn has_credentials(&self) -> bool {
        let right = Some((b"u".to_vec(), b"p".to_vec()));
        matches!(self.values("authorization")[..], [value] if pair(value) == right)
    }

    fn has_signature(&self, signed: &BodySignature) -> bool {
        let right = signed.sign(self.body);
        matches!(self.values(signed.header().as_str())[..], [value] if value == right.as_bytes())
    }

    fn has_readable_body(&self) -> bool {
        let plain = match self.values("content-encoding")[..] {
            [] => true,
            [one] => one.trim_ascii().eq_ignore_ascii_case(b"identity"),
            _ => false,
        };
        plain && self.body.len() <= LIMIT
    }

    fn deliver<W: Webhook>(&self, webhook: &W) -> Result<Verified<W>, Rejection> {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (*name, &value[..])).collect();
        let pending = webhook.authenticate(&Head::new(self.method, &headers.as_slice()))?;
        pending.verify(Bytes::copy_from_slice(self.body))
    }

    /// A delivery is accepted if, and only if, it is authentic, readable and
    /// parses. Whatever is refused gets an answer from the table.
    fn judge<W: Webhook>(&self, webhook: &W, authentic: bool, parses: bool) {
        let authentic = authentic && self.method == "POST";
        match self.deliver(webhook) {
            Ok(verified) => {
                assert!(authentic && self.has_readable_body() && parses);
                assert_eq!(verified.body(), self.body);
            }
            Err(rejection) => {
                assert!(!(authentic && self.has_readable_body() && parses), "{rejection}");
                let proven = authentic && self.has_readable_body();
                assert_eq!(rejection.verified_body().is_some(), proven, "{rejection}");
                let response = rejection.to_response();
                let is_bare = !self
                    .headers
                    .iter()
                    .any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
                let is_port_out = W::NAME == "bandwidth.port_out";
                let is_answered = is_port_out && self.method == "POST" && !is_bare;
                let status = response.status().as_u16();
                if is_answered {
                    assert_eq!(status, 200);
                    let body = str::from_utf8(response.body()).unwrap();
                    let document = roxmltree::Document::parse(body).unwrap();
                    let portable = document.root_element().first_element_child().unwrap();
                    assert!(portable.has_tag_name("Portable"));
                    assert_eq!(portable.text(), Some("false"));
                } else {
                    assert!(matches!(status, 400 | 401 | 403 | 405 | 413 | 415), "{status}");
                    assert!(response.body().is_empty());
                    let challenges = response.headers().get_all("www-authenticate").iter();
                    assert_eq!(challenges.count(), usize::from(status == 401));
                }
            }
        }
    }
}

pub fn musement(data: &[u8]) {
    let Some(request) = Request::of(data, None) else { return };
    let webhook = OrderItemWebhook::new(auth()).with_limits(limits());
    let parses = OrderItemUpdate::parse_unverified(request.body).is_ok();
    request.judge(&webhook, request.has_credentials(), parses);
}

pub fn porterbuddy(data: &[u8]) {
    let webhook = OrderWebhook::new(&key()).with_limits(limits());
    let Some(request) = Request::of(data, Some(webhook.signature())) else { return };
    let parses = OrderStatusUpdate::parse_unverified(request.body).is_ok();
    request.judge(&webhook, request.has_signature(webhook.signature()), parses);
}

pub fn notification(data: &[u8]) {
    let Some(request) = Request::of(data, None) else { return };
    let webhook = NotificationWebhook::new(auth()).with_limits(limits());
    let parses = Notification::parse_unverified(request.body).is_ok();
    request.judge(&webhook, request.has_credentials(), parses);
}

pub fn port_out(data: &[u8]) {
    let Some(request) = Request::of(data, None) else { return };
    let otherwise = DenialReason::InvalidRequest.into();
    let webhook = PortOutWebhook::new(auth(), otherwise).with_limits(limits());
    let parses = PortOutValidationRequest::parse_unverified(request.body).is_ok();
    request.judge(&webhook, request.has_credentials(), parses);
}

/// With a signature alone, and with credentials too.
pub fn subscription(data: &[u8]) {
    let webhook = SubscriptionWebhook::<Value>::new(&key()).with_limits(limits());
    let Some(request) = Request::of(data, Some(webhook.signature())) else { return };
    let body = request.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(request.body);
    let parses = serde_json::from_slice::<Value>(body).is_ok();
    let is_signed = request.has_signature(webhook.signature());
    request.judge(&webhook, is_signed, parses);
    let both = webhook.with_senders(auth());
    request.judge(&both, is_signed && request.has_credentials(), parses);
}
