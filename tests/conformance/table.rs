//! The table of reasons and answers, and the small accessors that servers build
//! on.

use std::error::Error as _;
use std::time::Duration;

use http::StatusCode;
use order_webhooks::bandwidth::{
    DenialReason, NotificationWebhook, PortOutAnswer, PortOutValidationRequest, PortOutWebhook,
    SubscriptionWebhook,
};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::testing::{self, Delivered, DeliveryPolicy, Retries};
use order_webhooks::{
    BasicAuth, ConfigError, Head, Limits, ParseError, Reason, Receipt, Receive as _, Rejection,
    Secret, Webhook,
    auth::{BodySignature, SignatureEncoding},
    bandwidth,
    webhook::{Answer, ParseErrorKind},
};
use serde_json::Value;

use crate::{CHALLENGE, Headers, deliver};

fn auth() -> BasicAuth {
    BasicAuth::new("u", "p").unwrap()
}

fn secret() -> Secret {
    Secret::new("Jefe").unwrap()
}

#[test]
fn every_reason_has_its_status_and_its_words() {
    let challenge = || auth().challenge().clone();
    let header = http::header::AUTHORIZATION;
    let unparsable = ParseError::new(ParseErrorKind::Missing).in_field("orderId");
    let limit = Duration::from_millis(1_500);
    for (reason, status, words) in [
        (Reason::Method, 405, "the method is not POST"),
        (Reason::Challenged(challenge()), 401, "asked for credentials"),
        (
            Reason::CredentialsScheme(challenge()),
            401,
            "credentials refused: another scheme than Basic",
        ),
        (Reason::CredentialsMalformed(challenge()), 401, "credentials refused: malformed"),
        (
            Reason::CredentialsMismatch(challenge()),
            401,
            "credentials refused: not the expected ones",
        ),
        (Reason::RepeatedHeader(header), 400, "header authorization given more than once"),
        (Reason::SignatureMissing, 403, "no signature"),
        (Reason::SignatureMalformed, 403, "the signature is malformed"),
        (Reason::SignatureMismatch, 403, "the signature does not match the body"),
        (Reason::AddressUnknown, 403, "the sender's address is not known"),
        (Reason::AddressRefused, 403, "the sender's address is not allowed"),
        (Reason::Encoded, 415, "the body is encoded"),
        (Reason::TooLarge { limit: 7 }, 413, "the body is longer than 7 bytes"),
        (Reason::TooSlow { limit }, 408, "the body did not come within 1.5s"),
        (Reason::Incomplete, 400, "the body is incomplete"),
        (Reason::Unparsable(unparsable), 400, "the body does not parse: orderId: missing"),
        (Reason::Unconfigured, 500, "no webhook is configured for this handler"),
    ] {
        assert_eq!(reason.status(), status, "{reason}");
        assert_eq!(reason.to_string(), words);
        let expected = (status == 401).then(challenge);
        assert_eq!(reason.challenge().cloned(), expected, "{reason}");

        let rejection = Rejection::<Vec<u8>>::new(reason.clone());
        assert_eq!(rejection.status(), status);
        assert_eq!(rejection.to_string(), words);
        assert_eq!(*rejection.reason(), reason);
        assert_eq!(rejection.is_challenge(), matches!(reason, Reason::Challenged(_)));
        assert_eq!(rejection.verified_body(), None);
        assert_eq!(rejection.clone().into_verified_body(), None);

        let response = rejection.to_response();
        assert_eq!(response.status(), status);
        assert_eq!(response.body(), "");
        let of = |name| response.headers().get_all(name).iter().collect::<Vec<_>>();
        let authenticate = if status == 401 { vec![CHALLENGE] } else { vec![] };
        assert_eq!(of("www-authenticate"), authenticate);
        assert_eq!(of("allow"), if status == 405 { vec!["POST"] } else { vec![] });
        assert_eq!(response.headers().len(), usize::from(status == 401 || status == 405));
    }
}

#[test]
fn an_error_says_everything_once() {
    let error =
        ParseError::new(ParseErrorKind::Missing).in_field("orderId").at_offset(br#"{"orderId""#, 3);
    let rejection = Rejection::<Vec<u8>>::new(Reason::Unparsable(error.clone()));
    assert_eq!(
        rejection.to_string(),
        "the body does not parse: orderId: missing at line 1 column 4"
    );
    assert!(rejection.source().is_none());
    assert!(error.source().is_none());
    assert_eq!(*error.kind(), ParseErrorKind::Missing);
}

#[test]
fn a_rejection_hands_the_verified_body_over() {
    let webhook = NotificationWebhook::new(auth());
    let headers: Headers<'_> = &[("authorization", b"Basic dTpw")];
    let rejection = deliver(&webhook, "POST", headers, b"broken").unwrap_err();
    assert_eq!(rejection.verified_body().unwrap(), "broken");
    assert_eq!(rejection.clone().into_verified_body().unwrap(), "broken");
    assert_eq!(
        format!("{rejection:?}"),
        "Rejection { status: 400, reason: Unparsable(ParseError(text outside the root element at \
         line 1 column 1)), .. }"
    );
    // The head refused; there is nothing proven to keep.
    let request = http::Request::post("/").body("broken").unwrap();
    assert_eq!(webhook.receive(request).unwrap_err().verified_body(), None);
}

#[test]
fn answers() {
    let empty = Answer::empty(StatusCode::ACCEPTED);
    assert_eq!((empty.status(), &empty.body()[..]), (StatusCode::ACCEPTED, &b""[..]));
    assert_eq!(empty.to_response().status(), 202);
    assert!(empty.to_response().headers().is_empty());
    let full = Answer::with_body(StatusCode::OK, "text/plain", "body");
    assert_eq!((full.status(), &full.body()[..]), (StatusCode::OK, &b"body"[..]));
    assert_eq!(full.to_response().headers()["content-type"], "text/plain");
    assert_eq!(full.to_response().body(), "body");
    assert_ne!(full, empty);
    assert_eq!(full.clone(), full);
}

#[test]
fn receipts() {
    for (answer, status) in [
        (Answer::from(Receipt::Accepted), 200),
        (Answer::from(Receipt::TryAgain), 503),
        (Answer::from(bandwidth::Receipt::Accepted), 200),
    ] {
        assert_eq!(answer, Answer::empty(StatusCode::from_u16(status).unwrap()));
    }
}

#[test]
fn policies() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let every = Retries::Every { times: 8, interval: Duration::from_secs(300) };
    for (policy, delivered, time_allowed, retries) in [
        (testing::musement::POLICY, Delivered::Exactly200, None, Retries::Unscheduled),
        (
            testing::porterbuddy::POLICY,
            Delivered::Any2xx,
            seconds(10),
            Retries::Rising { times: 2 },
        ),
        (testing::bandwidth::NOTIFICATION_POLICY, Delivered::Exactly200, None, Retries::Never),
        (testing::bandwidth::PORT_OUT_POLICY, Delivered::ValidAnswer, seconds(30), every),
        (DeliveryPolicy::UNDOCUMENTED, Delivered::Exactly200, None, Retries::Undocumented),
    ] {
        assert_eq!(policy.delivered, delivered);
        assert_eq!(policy.time_allowed, time_allowed);
        assert_eq!(policy.retries, retries);
        assert_eq!(policy, DeliveryPolicy::new(delivered, time_allowed, retries));
    }
}

#[test]
fn names() {
    assert_eq!(
        [
            <OrderItemWebhook as Webhook>::NAME,
            <OrderWebhook as Webhook>::NAME,
            <NotificationWebhook as Webhook>::NAME,
            <PortOutWebhook as Webhook>::NAME,
            <SubscriptionWebhook as Webhook>::NAME,
        ],
        [
            "musement.order_item",
            "porterbuddy.order",
            "bandwidth.notification",
            "bandwidth.port_out",
            "bandwidth.v2",
        ]
    );
}

#[test]
fn limits() {
    let limits = Limits::new(7, Duration::from_secs(3)).unwrap();
    assert_eq!(OrderItemWebhook::new(auth()).with_limits(limits).limits(), limits);
    assert_eq!(OrderWebhook::new(&secret()).with_limits(limits).limits(), limits);
    assert_eq!(NotificationWebhook::new(auth()).with_limits(limits).limits(), limits);
    assert_eq!(SubscriptionWebhook::<Value>::new(&secret()).with_limits(limits).limits(), limits);
    let port_out = PortOutWebhook::new(auth(), PortOutAnswer::Allow);
    assert_eq!(port_out.clone().with_limits(limits).limits(), limits);
    // A body that comes after the deadline is of no use.
    let late = Limits::new(7, Duration::from_secs(60)).unwrap();
    assert_eq!(port_out.with_limits(late).limits().body_time(), Duration::from_secs(25));

    assert_eq!(OrderItemWebhook::new(auth()).limits(), Limits::default());
    assert_eq!(OrderWebhook::new(&secret()).limits(), Limits::default());
    assert_eq!(Limits::default().drained_bytes(), 8 * 1_048_576);
    assert_eq!(Limits::new(usize::MAX, Duration::MAX).unwrap().drained_bytes(), usize::MAX);
    assert_eq!(Limits::new(0, Duration::MAX), Err(ConfigError::ZeroLimit));
}

#[test]
fn a_verified_delivery_gives_event_and_body() {
    let webhook = SubscriptionWebhook::<Value>::new(&secret());
    let body = br#"{"a":1}"#;
    let signature = webhook.signature().sign(body);
    let headers: Headers<'_> = &[("x-bandwidth-signature-sha-256", signature.as_bytes())];
    let verified = deliver(&webhook, "POST", headers, body).unwrap();
    let event = serde_json::json!({"a": 1});
    assert_eq!(*verified, event);
    assert_eq!(verified.event(), &event);
    assert_eq!(&verified.body()[..], body);
    assert_eq!(verified.clone().into_event(), event);
    let (parsed, kept) = verified.into_parts();
    assert_eq!((parsed, &kept[..]), (event, &body[..]));

    let head = Head::new("POST", &headers);
    let pending = webhook.authenticate(&head).unwrap();
    assert!(std::ptr::eq(pending.webhook(), &raw const webhook));
}

#[test]
fn a_head_gives_what_it_was_made_of() {
    let request = http::Request::put("/").header("x-a", "1").body(()).unwrap();
    let (parts, ()) = request.clone().into_parts();
    let name = http::HeaderName::from_static("x-a");
    for head in [Head::of(&request), Head::of_parts(&parts)] {
        assert_eq!(head.method(), "PUT");
        assert_eq!(head.header(&name), Ok(Some(&b"1"[..])));
        assert_eq!(head.peer(), None);
        let peer = "203.0.113.7".parse().unwrap();
        assert_eq!(head.with_peer(peer).peer(), Some(peer));
    }
}

#[test]
fn a_signature_tells_its_header() {
    let header = http::HeaderName::from_static("x-signature");
    let signed = BodySignature::new(header.clone(), SignatureEncoding::Base64, &secret());
    assert_eq!(signed.header(), header);
    assert_eq!(OrderWebhook::new(&secret()).signature().header(), "x-porterbuddy-hmac-sha256");
    let v2 = SubscriptionWebhook::<Value>::new(&secret());
    assert_eq!(v2.signature().header(), "x-bandwidth-signature-sha-256");
}

#[test]
fn a_port_out_is_answered_otherwise() {
    let otherwise = PortOutAnswer::deny(DenialReason::InvalidRequest);
    let webhook = PortOutWebhook::new(auth(), otherwise.clone());
    let sample = include_bytes!("../data/bandwidth/port-out.xml");
    let request = PortOutValidationRequest::parse_unverified(sample).unwrap();
    assert_eq!(webhook.otherwise(&request), otherwise.answer(&request));
    assert_eq!(webhook.otherwise(None), otherwise.answer(None));
}
