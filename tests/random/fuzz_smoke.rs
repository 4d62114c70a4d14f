//! The fuzz targets without a fuzzer: the samples, changed at random, always with the same
//! seed. A fuzzer (`tools/fuzz.sh`) goes further; this runs everywhere.
//!
//! `FUZZ_SMOKE=100000 cargo test --release --test random` tries more.

use std::path::Path;

use order_webhooks::testing::Random;

use fixtures::oracles;

#[rustfmt::skip]
const TOKENS: &[&str] = &[
    "<", ">", "</", "/>", "<!--", "-->", "--", "<![CDATA[", "]]>", "]", "&", "&amp;", "&#33;",
    "&#x0;", ";", "<?xml version='1.0'?>", "<?p ?>", "<!DOCTYPE a>", "<a/>", "<a b='1'/>", "\"",
    "'", "=", "\\", "\\u0061", "\\ud800", "\\ud83d\\ude9a", "{", "}", "[", "]", ",", ":", "null",
    "true", "1e999", "-0", "12345678901234567890", "\u{feff}", "\r", "\r\n", "\n", "\t", " ", "\0",
    "\x0c", "é", "\u{85}", "\u{2028}", "🚚", "%", "Basic ", "basic  ", "dTpw", "=", "==",
    "authorization: %\n", "content-encoding: gzip\n", "content-encoding: identity\n",
    "x-porterbuddy-hmac-sha256: %\n", "x-bandwidth-signature-sha-256: %\n", "POST", "GET",
    "<Status>a</Status>", "<TelephoneNumber>1</TelephoneNumber>", "\"orderId\":\"1\",",
];

fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut data = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(data.len() + 1);
        let end = (at + random.below(12)).min(data.len());
        match random.below(7) {
            0 if at < data.len() => data[at] ^= 1 << random.below(8),
            1 => drop(data.splice(at..at, random.pick(TOKENS).unwrap().bytes())),
            2 => drop(data.splice(at..end, random.pick(TOKENS).unwrap().bytes())),
            3 => drop(data.drain(at..end)),
            4 => {
                let piece = data[at..(at + random.below(200)).min(data.len())].to_vec();
                let to = random.below(data.len() + 1);
                drop(data.splice(to..to, piece));
            }
            5 => data.truncate(at),
            _ => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                data.truncate(at);
                data.extend_from_slice(&other[from..]);
            }
        }
    }
    data
}

/// The samples, and for the targets that take headers, requests made of them.
fn seeds() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let of = |names: &[&str]| -> Vec<Vec<u8>> {
        names.iter().map(|name| std::fs::read(folder.join(name)).unwrap()).collect()
    };
    let musement = of(&["musement/order-item.json"]);
    let porterbuddy =
        of(&["porterbuddy/order-status.json", "porterbuddy/order-status-as-printed.json"]);
    let order_request = of(&["porterbuddy/order-request.json"]);
    let subscription =
        of(&["bandwidth/subscription-update.json", "porterbuddy/order-request.json"]);
    let notification = of(&[
        "bandwidth/order-notification.xml",
        "bandwidth/note-notification.xml",
        "bandwidth/event-notification.xml",
    ]);
    let port_out = of(&["bandwidth/port-out.xml"]);
    let with = |header: &str, bodies: &[Vec<u8>]| -> Vec<Vec<u8>> {
        let request = |body: &Vec<u8>| [format!("POST\n{header}: %\n\n").as_bytes(), body].concat();
        bodies.iter().map(request).collect()
    };
    let by_basic = |bodies: &[Vec<u8>]| with("authorization", bodies);
    let by_signature = "x-bandwidth-signature-sha-256";
    let both = format!("authorization: %\n{by_signature}");
    let lines = |lines: &[&str]| lines.iter().map(|line| line.as_bytes().to_vec()).collect();
    vec![
        ("basic_header", lines(&["Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==", "basic  dTpwIA=="])),
        (
            "signature_header",
            lines(&[
                "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=\nwhat do ya want for nothing?",
                "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843\nwhat do \
                 ya want for nothing?",
            ]),
        ),
        (
            "signed_parts",
            lines(&[
                "t=1700000000,v1=%,v0=00\n\n\n{}",
                "v1,% v1a,x\nmsg_1\n1700000300\n{}",
                "v0=%\n\n1699999700\n{}",
            ]),
        ),
        (
            "peer_address",
            lines(&["203.0.113.9", r#"for="[2001:db8::1]:80";by=_a, for=unknown"#, r#"for="\""#]),
        ),
        (
            "envelope",
            lines(&[
                r#"{"webhook":"porterbuddy.order","verified_at":"2021-06-08T12:16:41Z","body":"{\"orderId\":\"1\",\"orderStatus\":\"ready\"}"}"#,
                r#"{"webhook":"bandwidth.v2","verified_at":"2021-06-08T12:16:41.5Z","body_base64":"/w=="}"#,
                r#"{"webhook":"bandwidth.notification","verified_at":"9999-12-31T23:59:59Z","body":"<Notification/>"}"#,
            ]),
        ),
        (
            "tracking",
            lines(&[
                "n00000000000000000022\nn00000000000000000023",
                "porterbuddy.order:39%2F4\nu/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "t2021-06-08T10:16:40.325380000Z/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nt2021-06-08T10:16:40.325380000Z/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ]),
        ),
        (
            "timestamp",
            lines(&[
                "2021-06-08T12:16:40.32538Z",
                "2018-12-10T13:12+0100",
                "2000-02-29 23:59:60-00:00",
            ]),
        ),
        (
            "order",
            lines(&[
                r#"{"status":"OK","items":[{"uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","status":"OK","vouchers":[{}]}]}"#,
            ]),
        ),
        ("subscriptions", of(&["bandwidth/subscriptions.xml", "bandwidth/subscription.xml"])),
        ("musement_webhook", by_basic(&musement)),
        ("porterbuddy_webhook", with("x-porterbuddy-hmac-sha256", &porterbuddy)),
        ("notification_webhook", by_basic(&notification)),
        ("port_out_webhook", by_basic(&port_out)),
        (
            "subscription_webhook",
            [with(by_signature, &subscription), with(&both, &subscription)].concat(),
        ),
        ("musement", musement),
        ("porterbuddy", porterbuddy),
        ("order_request", order_request),
        ("subscription", subscription),
        ("notification", notification),
        ("port_out", port_out),
    ]
}

#[test]
fn every_target() {
    let rounds = std::env::var("FUZZ_SMOKE").map_or(1_500, |rounds| rounds.parse().unwrap());
    let seeds = seeds();
    assert_eq!(seeds.len(), oracles::TARGETS.len());
    for (name, check) in oracles::TARGETS {
        let (_, seeds) = seeds.iter().find(|(known, _)| *known == name).unwrap();
        for seed in seeds {
            check(seed);
        }
        let mut random = Random::new(1);
        for round in 0..rounds {
            let data = mutated(seeds, &mut random);
            let holds = std::panic::catch_unwind(|| check(&data)).is_ok();
            assert!(holds, "{name}, round {round}: {}", data.escape_ascii());
        }
    }
}

/// Writes the seeds to `FUZZ_SEEDS/<target>/`, for `tools/fuzz.sh`.
#[test]
#[ignore = "writes files, see tools/fuzz.sh"]
fn write_seeds() {
    let folder = std::env::var_os("FUZZ_SEEDS").expect("FUZZ_SEEDS is a folder");
    for (name, seeds) in seeds() {
        let folder = Path::new(&folder).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
        }
    }
}
