//! No depth fills the stack, no header panics, no repetition takes long. That no body
//! panics is in `tests/random/fuzz_smoke.rs`.

use std::time::Duration;

use order_webhooks::bandwidth::{
    DenialReason, Notification, NotificationWebhook, PortOutValidationRequest, PortOutWebhook,
    V2Webhook,
};
use order_webhooks::client::musement::Order;
use order_webhooks::client::porterbuddy::OrderRequest;
use order_webhooks::musement::{OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use order_webhooks::{ParseError, Webhook, webhook::ParseErrorKind};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::xml::{START, bare, event, refused, with};
use crate::{bytes, deliver};
use fixtures::clock::Clock;
use fixtures::samples::{JEFE, U_P, secret, u_p};

type Parse = fn(&[u8]) -> Result<(), ParseError>;

const EVENTS: [(&str, Parse); 2] = [
    ("musement", |body| OrderItemUpdate::parse_unverified(body).map(drop)),
    ("porterbuddy", |body| OrderStatusUpdate::parse_unverified(body).map(drop)),
];

const DOCUMENTS: [(&str, Parse); 2] = [
    ("order", |body| Order::parse_unverified(body).map(drop)),
    ("order request", |body| OrderRequest::parse_unverified(body).map(drop)),
];

const NESTS: [(&str, &str); 4] =
    [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"a":"#, "}]"), ("[[],", "]")];

/// CVE-2023-1370 (json-smart) and CVE-2023-34615 (JSONUtil): these filled the stack.
#[test]
fn json_that_only_opens_is_cut_short() {
    let mut bodies = vec!["[".repeat(500_000), format!(r#"{{"ignored":{}"#, "[".repeat(500_000))];
    for (open, _) in NESTS {
        for depth in [1_000, 100_000] {
            bodies.push(format!(r#"{{"other":{}"#, open.repeat(depth)));
        }
    }
    for body in &bodies {
        let end = format!("unexpected end of the document at line 1 column {}", body.len() + 1);
        let order = if body.starts_with(r#"{"other""#) { &DOCUMENTS[..1] } else { &[] };
        for (name, parse) in EVENTS.iter().chain(order) {
            let error = parse(body.as_bytes()).unwrap_err().to_string();
            assert_eq!(error, end, "{name}: {body:.20}");
        }
    }
}

/// An event reads past what it does not need, and then misses a required field:
/// CVE-2026-29062 (jackson-core), the limit did not hold for every input. A document that is kept whole
/// is refused: CVE-2026-54592 (Oj), there was no limit.
#[test]
fn json_of_any_depth_is_read_past_or_refused() {
    for (open, close) in NESTS {
        for depth in [1_000, 10_000, 100_000] {
            let body = format!(r#"{{"other":{}0{}}}"#, open.repeat(depth), close.repeat(depth));
            for (name, parse) in EVENTS.iter().chain(&DOCUMENTS) {
                // A document that is kept whole is looked through for each of its first
                // 127 levels, which takes a debug build 10 s: one of these is enough.
                let kept_whole = *name == "order request";
                if kept_whole && depth == 100_000 && open != "[" {
                    continue;
                }
                let error = parse(body.as_bytes()).unwrap_err();
                let expected =
                    if kept_whole { ParseErrorKind::TooDeep } else { ParseErrorKind::Missing };
                assert_eq!(*error.kind(), expected, "{name}: {open} {depth}");
            }
        }
    }
}

/// 128 elements inside each other, with the root.
#[test]
fn xml_is_read_to_a_depth_of_128() {
    let deep = |depth| "<a>".repeat(depth) + &"</a>".repeat(depth);
    assert_eq!(event(with(&deep(127))), Ok(bare()));
    for depth in [128, 100_000] {
        let expected = refused("nested too deeply", START.len() + 127 * 3);
        assert_eq!(event(with(&deep(depth))), expected, "{depth}");
    }
}

/// Every way into a parser. What is refused has a place inside of the body.
fn parse(body: &[u8]) {
    let errors = [
        OrderItemUpdate::parse_unverified(body).err(),
        OrderStatusUpdate::parse_unverified(body).err(),
        OrderRequest::parse_unverified(body).err(),
        Notification::parse_unverified(body).err(),
        PortOutValidationRequest::parse_unverified(body).err(),
        V2Webhook::<Value>::new(&secret(JEFE)).parse(body).err(),
    ];
    for error in errors.into_iter().flatten() {
        let lines = body.split(|byte| *byte == b'\n').count();
        assert!(error.position().is_none_or(|place| place.line <= lines), "{error}");
        assert!(!error.to_string().contains(char::is_control), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_header_panics(value in bytes(0..100), name in select(vec![
        "authorization", "x-porterbuddy-hmac-sha256", "x-bandwidth-signature-sha-256", "content-encoding",
    ])) {
        let headers = [(name, &value[..]), ("Authorization", U_P.as_bytes())];
        for headers in [&headers[..1], &headers[..]] {
            let _ = deliver(&OrderItemWebhook::new(u_p()), "POST", headers, b"");
            let _ = deliver(&NotificationWebhook::new(u_p()), "POST", headers, b"");
            let _ = deliver(&OrderWebhook::new(&secret(JEFE)), "POST", headers, b"");
            let _ = deliver(&V2Webhook::<Value>::new(&secret(JEFE)), "POST", headers, b"");
            let port_out = PortOutWebhook::new(u_p(), DenialReason::InvalidRequest.into());
            let _ = deliver(&port_out, "POST", headers, b"");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A start and then 200 KB of the same few tokens. Linear work takes some
    /// milliseconds; quadratic work takes minutes.
    #[test]
    fn no_repetition_takes_long(
        start in select(vec![
            "", "<Notification>", "<Notification><Message>", "<Notification><a ",
            "<PortOutValidationRequest><TelephoneNumbers>", "{", "{\"orderId\":\"", "{\"x\":", "[",
            "{\"orderId\":\"1\",\"orderStatus\":\"\\u0061\",\"a\":",
        ]),
        tokens in prop::collection::vec(select(vec![
            "<a>", "</a>", "<a/>", "<a", " b='", "'", "\"", ">", "<!--", "-->", "-", "<![CDATA[",
            "]]>", "]", "&amp;", "&#33;", "&", "x", " ", "\r", "é", "<?p", "?>", "\\", "\\u0061",
            "\\n", "{", "}", "[", ",", ":", "\"a\":", "1", "null", "<TelephoneNumber>1</TelephoneNumber>",
        ]), 1..5),
    ) {
        let body = start.to_owned() + &tokens.concat().repeat(200_000 / tokens.concat().len());
        let clock = Clock::start();
        parse(body.as_bytes());
        let time = clock.elapsed();
        prop_assert!(time < Duration::from_secs(2), "{:?}", time);
    }
}
