//! Signatures as other providers make them: several in one header, of several keys, over
//! a time and an id as well as the body.
//!
//! Stripe publishes the form of its header and no key, and Shopify no complete example:
//! for these two the tests sign themselves.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use order_webhooks::auth::{BodySignature, SignatureEncoding, SignedPart, SignedTime};
use order_webhooks::{Head, Reason, Secret};

use fixtures::samples::secret;

const TOLERANCE: Duration = Duration::from_secs(300);

type Outcome = Result<(), Reason>;
const MISSING: Outcome = Err(Reason::SignatureMissing);
const MALFORMED: Outcome = Err(Reason::SignatureMalformed);
const MISMATCH: Outcome = Err(Reason::SignatureMismatch);
const EXPIRED: Outcome = Err(Reason::Expired);

/// A clock that stands still.
fn at(seconds: u64) -> impl Fn() -> SystemTime {
    move || UNIX_EPOCH + Duration::from_secs(seconds)
}

fn stripe(key: &str, now: u64) -> BodySignature {
    let time = SignedTime::in_list("t=", TOLERANCE, at(now));
    BodySignature::new("Stripe-Signature".parse().unwrap(), SignatureEncoding::Hex, &secret(key))
        .with_prefix("v1=")
        .in_list(',')
        .before_body([SignedPart::Time(time), SignedPart::Text(".")])
}

fn standard(key: &Secret, now: u64) -> BodySignature {
    let time = SignedTime::in_header("webhook-timestamp".parse().unwrap(), TOLERANCE, at(now));
    let id = SignedPart::Header("webhook-id".parse().unwrap());
    BodySignature::new("webhook-signature".parse().unwrap(), SignatureEncoding::Base64, key)
        .with_prefix("v1,")
        .in_list(' ')
        .before_body([id, SignedPart::Text("."), SignedPart::Time(time), SignedPart::Text(".")])
}

/// The secret of the reference vector, `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`, decoded.
fn standard_key() -> Secret {
    Secret::from_bytes(*b"1\xf2\x90\xf6\xbf\x06)\x8a\xabO\x08\xd4<?\x08,\xf6H\xa3b\xda-\xa4\xb0")
        .unwrap()
}

fn slack(now: u64) -> BodySignature {
    let name = "X-Slack-Request-Timestamp".parse().unwrap();
    let time = SignedPart::Time(SignedTime::in_header(name, TOLERANCE, at(now)));
    let key = secret("8f742231b10e8888abcd99yyyzzz85a5");
    BodySignature::new("X-Slack-Signature".parse().unwrap(), SignatureEncoding::Hex, &key)
        .with_prefix("v0=")
        .before_body([SignedPart::Text("v0:"), time, SignedPart::Text(":")])
}

fn github() -> BodySignature {
    let key = secret("It's a Secret to Everybody");
    BodySignature::new("X-Hub-Signature-256".parse().unwrap(), SignatureEncoding::Hex, &key)
        .with_prefix("sha256=")
}

fn outcome(signed: &BodySignature, headers: &[(&str, &str)], body: &[u8]) -> Outcome {
    signed.verify(&signed.read(&Head::new("POST", &headers))?, body)
}

/// What a sender adds to these headers.
fn sent(signed: &BodySignature, headers: &[(&'static str, &str)], body: &[u8]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, value.parse().unwrap());
    }
    signed.sign_into(&mut map, body);
    map
}

/// GitHub, "Validating webhook deliveries"; the reference libraries of Standard Webhooks;
/// Slack, "Verifying requests from Slack".
#[test]
fn published_vectors_verify_and_are_what_a_sender_signs() {
    type Vector =
        (BodySignature, &'static [(&'static str, &'static str)], &'static str, &'static [u8]);
    let slack_body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow\
        &channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner\
        &command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands\
        %2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.\
        47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let vectors: [Vector; 3] = [
        (
            github(),
            &[],
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            b"Hello, World!",
        ),
        (
            standard(&standard_key(), 1_614_265_330),
            &[("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), ("webhook-timestamp", "1614265330")],
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            br#"{"test": 2432232314}"#,
        ),
        (
            slack(1_531_420_618),
            &[("x-slack-request-timestamp", "1531420618")],
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            slack_body,
        ),
    ];
    for (signed, headers, value, body) in vectors {
        let all = [headers, &[(signed.header().as_str(), value)]].concat();
        assert_eq!(outcome(&signed, &all, body), Ok(()), "{value}");
        assert_eq!(outcome(&signed, &all, &[body, b" "].concat()), MISMATCH, "{value}");
        assert_eq!(sent(&signed, headers, body)[signed.header()], value);
    }
}

/// Stripe, "Receive Stripe events in your webhook endpoint": the printed header, whose key
/// is not published.
#[test]
fn the_header_that_stripe_prints_is_read() {
    let printed = "t=1492774577,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd,\
                   v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39";
    let headers = [("Stripe-Signature", printed)];
    assert_eq!(outcome(&stripe("key", 1_492_774_577), &headers, b"{}"), MISMATCH);
    assert_eq!(outcome(&stripe("key", 1_492_774_577 + 301), &headers, b"{}"), EXPIRED);
}

/// With `G` for a good signature, `B` for that of another body, and `O` for a good one by
/// the key that is also accepted.
#[test]
fn a_list_has_one_time_and_at_least_one_good_signature() {
    let [key, other] = ["key", "other"].map(|key| {
        let value = stripe(key, 1000).sign(b"{}");
        value.strip_prefix("t=1000,v1=").unwrap().to_owned()
    });
    let bad = stripe("key", 1000).sign(b"{ }").replace("t=1000,v1=", "");
    let signed = stripe("key", 1000).or(&secret("other"));
    for (form, expected) in [
        ("t=1000,v1=G", Ok(())),
        ("t=1000,v1=O", Ok(())),
        ("v1=G,t=1000", Ok(())),
        ("t=1000,v1=B,v1=G", Ok(())),
        ("t=1000,v1=G,v1=B", Ok(())),
        ("t=1000,v1=B,v1=B,v1=O,v1=B", Ok(())),
        ("t=1000,v1=G,v0=x,v1a=y,,z", Ok(())),
        ("t=1000,v1=B", MISMATCH),
        ("t=1000,v1=B,v0=G", MISMATCH),
        ("t=1001,v1=G", MISMATCH),
        ("t=01000,v1=G", MISMATCH),
        ("t=1000,v0=G", MALFORMED),
        ("t=1000,V1=G", MALFORMED),
        ("t=1000,v1=", MALFORMED),
        ("t=1000,v1=G,v1=", MALFORMED),
        ("t=1000,v1=G,v1=GG", MALFORMED),
        ("t=1000, v1=G", MALFORMED),
        ("t=1000,v1=G ", MALFORMED),
        ("t=1000;v1=G", MALFORMED),
        ("t=1000", MALFORMED),
        ("G", MALFORMED),
        ("", MALFORMED),
        ("v1=G", MALFORMED),
        ("t=1000,t=1000,v1=G", MALFORMED),
        ("t=,v1=G", MALFORMED),
        ("t=+1000,v1=G", MALFORMED),
        ("t=-1000,v1=G", MALFORMED),
        ("t=1000.0,v1=G", MALFORMED),
        ("t=1e3,v1=G", MALFORMED),
        ("t=١٠٠٠,v1=G", MALFORMED),
        ("t=18446744073709551616,v1=G", MALFORMED),
        ("t=18446744073709551615,v1=G", EXPIRED),
        ("t=0,v1=G", EXPIRED),
    ] {
        let value = form.replace('G', &key).replace('B', &bad).replace('O', &other);
        let headers = [("Stripe-Signature", &*value)];
        assert_eq!(outcome(&signed, &headers, b"{}"), expected, "{form}");
    }
}

/// The time is the sender's to set where it is not there.
#[test]
fn a_sender_adds_the_time() {
    let map = sent(&slack(1000), &[], b"text=");
    assert_eq!(map["x-slack-request-timestamp"], "1000");
    let map = sent(&standard(&standard_key(), 1000), &[("webhook-id", "msg_1")], b"{}");
    assert_eq!(map["webhook-timestamp"], "1000");
    assert!(map["webhook-signature"].is_sensitive());
    assert!(stripe("key", 1000).sign(b"{}").starts_with("t=1000,v1="));
}

#[test]
fn every_signed_header_comes_once() {
    let key = standard_key();
    let signed = standard(&key, 1000);
    let value = sent(&signed, &[("webhook-id", "msg_1")], b"{}")[signed.header()].clone();
    let good = value.to_str().unwrap();
    let name = |name: &str| Err(Reason::RepeatedHeader(name.parse().unwrap()));
    let (id, time, signature) = ("webhook-id", "webhook-timestamp", "webhook-signature");
    let rows: [(&[(&str, &str)], Outcome); 10] = [
        (&[(id, "msg_1"), (time, "1000"), (signature, good)], Ok(())),
        (&[(id, "msg_2"), (time, "1000"), (signature, good)], MISMATCH),
        (&[(id, ""), (time, "1000"), (signature, good)], MISMATCH),
        (&[(id, "msg_1.1000"), (time, "1000"), (signature, good)], MISMATCH),
        (&[(time, "1000"), (signature, good)], MISSING),
        (&[(id, "msg_1"), (signature, good)], MISSING),
        (&[(id, "msg_1"), (time, "1000")], MISSING),
        (&[(id, "msg_1"), (id, "msg_1"), (time, "1000"), (signature, good)], name(id)),
        (&[(id, "msg_1"), (time, "1000"), (time, "1000"), (signature, good)], name(time)),
        (&[(id, "msg_1"), (time, "1000"), (signature, good), (signature, good)], name(signature)),
    ];
    for (headers, expected) in rows {
        assert_eq!(outcome(&signed, headers, b"{}"), expected, "{headers:?}");
    }
}

#[test]
fn a_time_is_tolerated_on_both_sides_of_the_clock() {
    for (now, expected) in
        [(699, EXPIRED), (700, Ok(())), (1000, Ok(())), (1300, Ok(())), (1301, EXPIRED)]
    {
        let value = stripe("key", 1000).sign(b"{}");
        let headers = [("Stripe-Signature", &*value)];
        assert_eq!(outcome(&stripe("key", now), &headers, b"{}"), expected, "{now}");
    }
}
