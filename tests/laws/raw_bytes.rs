//! What is verified are the bytes as they came, before anything is read; and they
//! stay beside the event, and in the rejection of a body that cannot be read.

use order_webhooks::bandwidth::{NotificationWebhook, V2Webhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Head, WebhookExt as _};
use serde_json::Value;

use super::signature::{MALFORMED, MISMATCH, MISSING, NAME, any_body, sent};
use crate::{ACCEPTED, Headers, deliver, said};
use fixtures::samples::{JEFE, U_P, V, WHAT, secret, u_p};

const NO_JSON: &str = "400 the body does not parse: not JSON at line 1 column 1";

#[test]
fn another_byte_is_another_body() {
    for body in [
        &b""[..],
        b"what do ya want for nothing?\n",
        b"what do ya want for nothing?\r\n",
        b"\nwhat do ya want for nothing?",
        b"\xef\xbb\xbfwhat do ya want for nothing?",
        b"\xef\xbb\xbfwhat",
        b"what do ya want for nothing",
        b"what do ya want for nothing?\0",
        b"What do ya want for nothing?",
        b"what do ya want for nothing?what do ya want for nothing?",
    ] {
        assert_eq!(sent(&[V.as_bytes()], body), MISMATCH, "{}", body.escape_ascii());
    }
}

#[test]
fn the_same_json_written_anew_is_another_body() {
    let webhook = OrderWebhook::new(&secret(JEFE));
    let signature = webhook.signature().sign(br#"{"orderId":"1","orderStatus":"ready"}"#);
    for (body, expected) in [
        (r#"{"orderId":"1","orderStatus":"ready"}"#, ACCEPTED),
        (r#"{"orderStatus":"ready","orderId":"1"}"#, MISMATCH),
        (r#"{"orderId": "1", "orderStatus": "ready"}"#, MISMATCH),
        (r#"{"orderId":"\u0031","orderStatus":"ready"}"#, MISMATCH),
        ("\u{feff}{\"orderId\":\"1\",\"orderStatus\":\"ready\"}", MISMATCH),
    ] {
        let outcome = said(&webhook, &[(NAME, signature.as_bytes())], body.as_bytes());
        assert_eq!(outcome, expected, "{body}");
    }
}

/// It verifies, and is no event.
#[test]
fn an_empty_body_can_be_signed() {
    let empty = any_body(JEFE).0.sign(b"");
    let headers: Headers<'_> = &[(NAME, empty.as_bytes())];
    assert_eq!(said(&any_body(JEFE), headers, b""), ACCEPTED);
    assert_eq!(
        said(&OrderWebhook::new(&secret(JEFE)), headers, b""),
        "400 the body does not parse: unexpected end of the document at line 1 column 1"
    );
}

/// The body is read if it is not encoded, and is no JSON.
#[test]
fn an_encoded_body_is_never_inflated() {
    const ENCODED: &str = "415 the body is encoded";
    for (encoding, expected) in [
        (None, NO_JSON),
        (Some(&b"identity"[..]), NO_JSON),
        (Some(b" Identity "), NO_JSON),
        (Some(b"gzip"), ENCODED),
        (Some(b"GZIP"), ENCODED),
        (Some(b"br"), ENCODED),
        (Some(b"identity, gzip"), ENCODED),
        (Some(b""), ENCODED),
        (Some(b"\xe9"), ENCODED),
    ] {
        let mut headers = vec![(NAME, V.as_bytes())];
        headers.extend(encoding.map(|encoding| ("Content-Encoding", encoding)));
        let outcome = said(&OrderWebhook::new(&secret(JEFE)), &headers, WHAT.as_bytes());
        assert_eq!(outcome, expected, "{encoding:?}");
    }
}

/// Signature and credentials are both configured. The body is no JSON.
#[test]
fn signature_and_credentials_are_both_checked() {
    const OTHER: &str = "dtnnGU59vDqgC76P+59vy1qTIXD5cflIuyq2FgfSudY=";
    const WRONG: &str = "Basic dTpx";
    const TWICE: &str = "400 header x-bandwidth-signature-sha-256 given more than once";
    let webhook = V2Webhook::<Value>::new(&secret(JEFE)).with_senders(u_p());
    for (credentials, signatures, expected) in [
        (&[U_P][..], &[V][..], NO_JSON),
        (&[U_P], &[OTHER], MISMATCH),
        (&[U_P], &[], MISSING),
        (&[U_P], &[""], MALFORMED),
        (&[U_P], &[V, V], TWICE),
        (&[WRONG], &[V], super::credentials::MISMATCH),
        (&[WRONG], &[OTHER], super::credentials::MISMATCH),
        (&[], &[V], super::challenge::ASKED),
        (&[], &[], super::challenge::ASKED),
        (&[U_P, U_P], &[V], super::repeated_header::AUTHORIZATION),
    ] {
        let credentials_shown = credentials.iter().map(|value| ("authorization", value.as_bytes()));
        let signed = signatures.iter().map(|v| ("x-bandwidth-signature-sha-256", v.as_bytes()));
        let headers: Vec<_> = credentials_shown.chain(signed).collect();
        let outcome = said(&webhook, &headers, WHAT.as_bytes());
        assert_eq!(outcome, expected, "{credentials:?} {signatures:?}");
    }
}

#[test]
fn a_body_is_kept_if_its_sender_is_proven() {
    let webhook = NotificationWebhook::new(u_p());
    let headers: Headers<'_> = &[("authorization", U_P.as_bytes())];
    for (headers, kept) in [(headers, Some("broken")), (&[], None)] {
        let rejection = deliver(&webhook, "POST", headers, b"broken").unwrap_err();
        assert_eq!(rejection.verified_body().map(|body| &body[..]), kept.map(str::as_bytes));
        assert_eq!(rejection.into_verified_body(), kept.map(Into::into));
    }
}

#[test]
fn a_verified_delivery_gives_event_and_body() {
    let webhook = V2Webhook::<Value>::new(&secret(JEFE));
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
    for head in [Head::from(&request), Head::from(&parts)] {
        assert_eq!(head.method(), "PUT");
        assert_eq!(head.header(&name), Ok(Some(&b"1"[..])));
        assert_eq!(head.peer(), None);
        let peer = "203.0.113.7".parse().unwrap();
        assert_eq!(head.with_peer(peer).peer(), Some(peer));
    }
}

#[test]
fn a_signature_tells_its_header() {
    assert_eq!(any_body(JEFE).0.header(), "x-porterbuddy-hmac-sha256");
    let porterbuddy = OrderWebhook::new(&secret(JEFE));
    assert_eq!(porterbuddy.signature().header(), "x-porterbuddy-hmac-sha256");
    let v2 = V2Webhook::<Value>::new(&secret(JEFE));
    assert_eq!(v2.signature().header(), "x-bandwidth-signature-sha-256");
}

/// The bytes are not copied into the rejection of a webhook that has no event.
#[test]
fn a_rejection_shows_no_byte_of_the_body() {
    let headers: Headers<'_> = &[("authorization", U_P.as_bytes())];
    let webhook = OrderItemWebhook::new(u_p());
    let rejection = deliver(&webhook, "POST", headers, b"<broken>").unwrap_err();
    assert_eq!(
        format!("{rejection:?}"),
        "Rejection { status: 400, reason: Unparsable(ParseError(not JSON at line 1 column 1)), .. }"
    );
}
