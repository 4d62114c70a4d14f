//! What is verified are the bytes as they came, before anything is read; and they
//! stay beside the event, and in the rejection of a body that cannot be read.

use order_webhooks::bandwidth::{NotificationWebhook, V2Webhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Head, WebhookExt as _};
use serde_json::Value;

use super::signature::{MALFORMED, MISMATCH, MISSING, NAME, any_body, sent};
use crate::{ACCEPTED, Headers, deliver, said};
use fixtures::law::{Cases, Law, row};
use fixtures::samples::{JEFE, U_P, V, WHAT, secret, u_p};

const TABLE: &str = "CONFORMANCE, Signature";
const ENCODED: &str = "415 the body is encoded";
const NO_JSON: &str = "400 the body does not parse: not JSON at line 1 column 1";

pub(crate) const LAW: Law = Law {
    title: "Law 3, the bytes as they came",
    rows: &[
        row("a line break or a BOM added to the body", MISMATCH, TABLE, |cases| {
            let bodies = [
                &b"what do ya want for nothing?\n"[..],
                b"what do ya want for nothing?\r\n",
                b"\nwhat do ya want for nothing?",
                b"\xef\xbb\xbfwhat do ya want for nothing?",
            ];
            cases.each(bodies, |body| sent(&[V.as_bytes()], body));
        }),
        row(
            "a byte less, a byte more, another one, none, all of it twice",
            MISMATCH,
            TABLE,
            |cases| {
                let bodies = [
                    &b""[..],
                    b"\xef\xbb\xbfwhat",
                    b"what do ya want for nothing",
                    b"what do ya want for nothing?\0",
                    b"What do ya want for nothing?",
                    b"what do ya want for nothing?what do ya want for nothing?",
                ];
                cases.each(bodies, |body| sent(&[V.as_bytes()], body));
            },
        ),
        row("a signed body of JSON", ACCEPTED, TABLE, |cases| {
            cases.each([SIGNED], with_the_signature_of_another);
        }),
        row("… the same JSON written anew", MISMATCH, TABLE, |cases| {
            let anew = [
                &br#"{"orderStatus":"ready","orderId":"1"}"#[..],
                br#"{"orderId": "1", "orderStatus": "ready"}"#,
                br#"{"orderId":"\u0031","orderStatus":"ready"}"#,
                b"\xef\xbb\xbf{\"orderId\":\"1\",\"orderStatus\":\"ready\"}",
            ];
            cases.each(anew, with_the_signature_of_another);
        }),
        row(
            "an empty body with the right HMAC: it verifies, and is no event",
            "400 the body does not parse: unexpected end of the document at line 1 column 1",
            TABLE,
            |cases| {
                let empty = any_body(JEFE).0.sign(b"");
                assert_eq!(said(&any_body(JEFE), &[(NAME, empty.as_bytes())], b""), ACCEPTED);
                let webhook = OrderWebhook::new(&secret(JEFE));
                cases.of("", said(&webhook, &[(NAME, empty.as_bytes())], b""));
            },
        ),
        row("`Content-Encoding: gzip` or another: never inflated", ENCODED, TABLE, |cases| {
            let values = [&b"gzip"[..], b"GZIP", b"br", b"identity, gzip", b"", b"\xe9"];
            cases.each(values, |value| encoded(&[("Content-Encoding", value)]));
        }),
        row(
            "no `Content-Encoding`, or `identity`: the body is read (and is no JSON)",
            NO_JSON,
            TABLE,
            |cases| {
                cases.of("none", encoded(&[]));
                cases.each(["identity", " Identity "], |value| {
                    encoded(&[("Content-Encoding", value)])
                });
            },
        ),
        row(
            "signature and Basic both configured, both right (and the body no JSON)",
            NO_JSON,
            TABLE,
            |cases| {
                both(cases, &[U_P], &[V]);
            },
        ),
        row("… the signature is wrong", MISMATCH, TABLE, |cases| {
            both(cases, &[U_P], &["dtnnGU59vDqgC76P+59vy1qTIXD5cflIuyq2FgfSudY="]);
        }),
        row("… the signature is missing", MISSING, TABLE, |cases| both(cases, &[U_P], &[])),
        row("… the signature is empty", MALFORMED, TABLE, |cases| both(cases, &[U_P], &[""])),
        row("… the credentials are wrong", super::credentials::MISMATCH, TABLE, |cases| {
            both(cases, &["Basic dTpx"], &[V]);
            both(cases, &["Basic dTpx"], &["dtnnGU59vDqgC76P+59vy1qTIXD5cflIuyq2FgfSudY="]);
        }),
        row("… the credentials are missing", super::challenge::ASKED, TABLE, |cases| {
            both(cases, &[], &[V]);
            both(cases, &[], &[]);
        }),
        row(
            "… the credentials come twice",
            super::repeated_header::AUTHORIZATION,
            TABLE,
            |cases| {
                both(cases, &[U_P, U_P], &[V]);
            },
        ),
        row(
            "… the signature comes twice",
            "400 header x-bandwidth-signature-sha-256 given more than once",
            TABLE,
            |cases| both(cases, &[U_P], &[V, V]),
        ),
        row(
            "a proven body that does not parse: the rejection has it",
            "its bytes",
            "CONFORMANCE, How real senders behave, 8",
            |cases| {
                let webhook = NotificationWebhook::new(u_p());
                let headers: Headers<'_> = &[("authorization", U_P.as_bytes())];
                let rejection = deliver(&webhook, "POST", headers, b"broken").unwrap_err();
                assert_eq!(rejection.verified_body().unwrap(), "broken");
                let kept = rejection.into_verified_body().unwrap();
                cases.of("broken", if kept == "broken" { "its bytes" } else { "others" });
            },
        ),
        row("a body of nobody that is proven", "not kept", "DESIGN, law 3", |cases| {
            let request = http::Request::post("/").body("broken").unwrap();
            let rejection = NotificationWebhook::new(u_p()).verify(request).unwrap_err();
            let kept = rejection.verified_body().is_some();
            cases.of("broken", if kept { "kept" } else { "not kept" });
        }),
    ],
};

const SIGNED: &[u8] = br#"{"orderId":"1","orderStatus":"ready"}"#;

fn with_the_signature_of_another(body: &[u8]) -> String {
    let webhook = OrderWebhook::new(&secret(JEFE));
    let signature = webhook.signature().sign(SIGNED);
    said(&webhook, &[(NAME, signature.as_bytes())], body)
}

fn encoded(more: Headers<'_>) -> String {
    let headers = [&[(NAME, V.as_bytes())], more].concat();
    said(&OrderWebhook::new(&secret(JEFE)), &headers, WHAT.as_bytes())
}

fn both(cases: &mut Cases, basic: &[&str], signature: &[&str]) {
    let webhook = V2Webhook::<Value>::new(&secret(JEFE)).with_senders(u_p());
    let of = |name, values: &[&str]| {
        values.iter().map(|value| (name, value.as_bytes().to_vec())).collect::<Vec<_>>()
    };
    let headers =
        [of("authorization", basic), of("x-bandwidth-signature-sha-256", signature)].concat();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &value[..])).collect();
    cases.of(format!("{basic:?} {signature:?}"), said(&webhook, &headers, WHAT.as_bytes()));
}

#[test]
fn the_bytes_as_they_came_are_verified_and_kept() {
    LAW.holds();
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
