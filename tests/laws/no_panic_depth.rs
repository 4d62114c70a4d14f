//! No panic on any input, and no depth that fills the stack.

use std::time::Duration;

use order_webhooks::bandwidth::{
    DenialReason, Notification, NotificationWebhook, PortOutValidationRequest, PortOutWebhook,
    V2Webhook,
};
use order_webhooks::client::musement::Order;
use order_webhooks::client::porterbuddy::OrderRequest;
use order_webhooks::musement::{OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderStatusUpdate, OrderWebhook};
use order_webhooks::{ParseError, Webhook};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use super::xml::{START, bare, gives, refused_at, with};
use crate::{bytes, deliver};
use fixtures::clock::Clock;
use fixtures::law::{Cases, Law, row};
use fixtures::samples::{
    EVENT_NOTIFICATION, JEFE, NOTE_NOTIFICATION, ORDER_ITEM, ORDER_NOTIFICATION, ORDER_REQUEST,
    ORDER_STATUS, PORT_OUT, U_P, secret, u_p,
};

const JSON_TABLE: &str = "CONFORMANCE, JSON";
const XML_TABLE: &str = "CONFORMANCE, XML";
const CUT: &str = "400 unexpected end of the document, at the end";
const MISSING: &str = "a required field is missing: it was read past";
const TOO_DEEP: &str = "400 nested too deeply";

pub(crate) const LAW: Law = Law {
    title: "Law 6, no panic, no depth that fills the stack",
    rows: &[
        row("500,000 `[`, alone or in a field that is not read", CUT, JSON_TABLE, |cases| {
            let alone = "[".repeat(500_000);
            let unread = format!(r#"{{"ignored":{alone}"#);
            for body in [&alone, &unread] {
                for (name, parse) in EVENTS {
                    cases.of(name, at_the_end(body, parse));
                }
            }
        }),
        row(
            "`[`, `{\"a\":`, `[{\"a\":` or `[[],`, 1,000 and 100,000 times",
            CUT,
            "CVE-2023-1370, json-smart; CVE-2023-34615, JSONUtil: they filled the stack",
            |cases| {
                for (open, _) in NESTS {
                    for depth in [1_000, 100_000] {
                        let body = format!(r#"{{"other":{}"#, open.repeat(depth));
                        for (name, parse) in EVENTS.iter().chain(&DOCUMENTS[..1]) {
                            cases.of(format!("{name}: {open} {depth}"), at_the_end(&body, *parse));
                        }
                    }
                }
            },
        ),
        row(
            "… and closed, in a field that an event does not read",
            MISSING,
            "CVE-2026-29062, jackson-core: the limit did not hold for every input",
            |cases| {
                closed(cases, &EVENTS, |error| error.contains("missing"), MISSING);
                closed(cases, &DOCUMENTS[..1], |error| error.starts_with("not what"), MISSING);
            },
        ),
        row(
            "… and closed, in a document that is kept whole",
            TOO_DEEP,
            "CVE-2026-54592, Oj: there was no limit",
            |cases| {
                closed(
                    cases,
                    &DOCUMENTS[1..],
                    |error| error.contains("nested too deeply"),
                    TOO_DEEP,
                );
            },
        ),
        row("elements 128 deep, with the root", "no matter", XML_TABLE, |cases| {
            let deep = "<a>".repeat(127) + &"</a>".repeat(127);
            cases.of("127 in the root", gives(with(&deep), &bare(), "no matter"));
        }),
        row("elements 129 and 100,000 deep", TOO_DEEP, XML_TABLE, |cases| {
            for depth in [128, 100_000] {
                let deep = "<a>".repeat(depth) + &"</a>".repeat(depth);
                cases.of(depth, refused_at(with(&deep), START.len() + 127 * 3));
            }
        }),
    ],
};

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

fn at_the_end(body: &str, parse: Parse) -> String {
    let error = parse(body.as_bytes()).unwrap_err().to_string();
    let end = format!("unexpected end of the document at line 1 column {}", body.len() + 1);
    if error == end { CUT.to_owned() } else { error }
}

fn closed(cases: &mut Cases, readers: &[(&str, Parse)], is_so: fn(&str) -> bool, so: &str) {
    for (open, close) in NESTS {
        for depth in [1_000, 10_000, 100_000] {
            let body = format!(r#"{{"other":{}0{}}}"#, open.repeat(depth), close.repeat(depth));
            // A document that is kept whole is looked through for each of its first
            // 127 levels, which takes a debug build 10 s: one of these is enough.
            let is_slow = |name: &str| name == "order request" && depth == 100_000 && open != "[";
            for (name, parse) in readers.iter().filter(|(name, _)| !is_slow(name)) {
                let error = parse(body.as_bytes()).unwrap_err().to_string();
                let outcome = if is_so(&error) { so.to_owned() } else { error };
                cases.of(format!("{name}: {open} {depth}"), outcome);
            }
        }
    }
}

#[test]
fn no_depth_fills_the_stack() {
    LAW.holds();
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

const SAMPLES: [&str; 7] = [
    ORDER_ITEM,
    ORDER_STATUS,
    ORDER_REQUEST,
    ORDER_NOTIFICATION,
    NOTE_NOTIFICATION,
    EVENT_NOTIFICATION,
    PORT_OUT,
];

fn broken_sample() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        bytes(0..4),
        select(vec![
            "<",
            ">",
            "</",
            "/>",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "&",
            "&#",
            ";",
            "<?",
            "?>",
            "<!DOCTYPE",
            "\"",
            "'",
            "\\",
            "\\u",
            "\\ud800",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "null",
            "1e999",
            "\u{feff}",
            "\r",
            "\0",
            "é",
            "\u{1F69A}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    let edits = prop::collection::vec((any::<Index>(), 0..9_usize, piece), 1..6);
    (select(SAMPLES.to_vec()), edits).prop_map(|(sample, edits)| {
        let mut body = sample.as_bytes().to_vec();
        for (at, removed, piece) in edits {
            let at = at.index(body.len() + 1);
            let end = (at + removed).min(body.len());
            body.splice(at..end, piece);
        }
        body
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_body_panics(body in prop_oneof![1 => bytes(0..100), 4 => broken_sample()]) {
        parse(&body);
    }

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
