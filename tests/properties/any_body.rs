//! No body and no header panics, and none takes long.

use std::time::{Duration, Instant};

use order_webhooks::Webhook;
use order_webhooks::bandwidth::{
    DenialReason, Notification, NotificationWebhook, PortOutValidationRequest, PortOutWebhook,
    SubscriptionWebhook,
};
use order_webhooks::musement::{OrderItemUpdate, OrderItemWebhook};
use order_webhooks::porterbuddy::{OrderRequest, OrderStatusUpdate, OrderWebhook};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use crate::{RIGHT, auth, bytes, deliver, secret};

/// Every way into a parser. What is refused has a place inside of the body.
fn parse(body: &[u8]) {
    let errors = [
        OrderItemUpdate::parse_unverified(body).err(),
        OrderStatusUpdate::parse_unverified(body).err(),
        OrderRequest::parse_unverified(body).err(),
        Notification::parse_unverified(body).err(),
        PortOutValidationRequest::parse_unverified(body).err(),
        SubscriptionWebhook::<Value>::new(&secret()).parse(body).err(),
    ];
    for error in errors.into_iter().flatten() {
        let lines = body.split(|byte| *byte == b'\n').count();
        assert!(error.position().is_none_or(|place| place.line <= lines), "{error}");
        assert!(!error.to_string().contains(char::is_control), "{error}");
    }
}

const SAMPLES: [&str; 7] = [
    include_str!("../data/musement/order-item.json"),
    include_str!("../data/porterbuddy/order-status.json"),
    include_str!("../data/porterbuddy/order-request.json"),
    include_str!("../data/bandwidth/order-notification.xml"),
    include_str!("../data/bandwidth/note-notification.xml"),
    include_str!("../data/bandwidth/event-notification.xml"),
    include_str!("../data/bandwidth/port-out.xml"),
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
        let headers = [(name, &value[..]), ("Authorization", RIGHT)];
        for headers in [&headers[..1], &headers[..]] {
            let _ = deliver(&OrderItemWebhook::new(auth()), headers, b"");
            let _ = deliver(&NotificationWebhook::new(auth()), headers, b"");
            let _ = deliver(&OrderWebhook::new(&secret()), headers, b"");
            let _ = deliver(&SubscriptionWebhook::<Value>::new(&secret()), headers, b"");
            let port_out = PortOutWebhook::new(auth(), DenialReason::InvalidRequest.into());
            let _ = deliver(&port_out, headers, b"");
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
        let begin = Instant::now();
        parse(body.as_bytes());
        let time = begin.elapsed();
        prop_assert!(time < Duration::from_secs(2), "{:?}", time);
    }
}
