//! A signature over the body. Every case goes to a webhook that takes any body,
//! to Porterbuddy's, and to that of Bandwidth's v2 subscriptions. For the last
//! two this body is signed well and is no JSON.

use order_webhooks::{
    BasicAuth, ConfigError, Head, ParseError, Reason, Secret, Webhook,
    auth::{BodySignature, Signature, SignatureEncoding},
    bandwidth::SubscriptionWebhook,
    porterbuddy::OrderWebhook,
};
use serde_json::Value;

use crate::outcome;

/// RFC 4231, section 4.3.
const KEY: &str = "Jefe";
const BODY: &[u8] = b"what do ya want for nothing?";
const V: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";

const NAME: &str = "x-porterbuddy-hmac-SHA256";

const MISSING: &str = "403 no signature";
const MALFORMED: &str = "403 the signature is malformed";
const MISMATCH: &str = "403 the signature does not match the body";
const REPEATED: &str = "400 header x-porterbuddy-hmac-sha256 given more than once";
const ENCODED: &str = "415 the body is encoded";
const NO_JSON: &str = "400 the body does not parse: not JSON at line 1 column 1";

/// Signed bodies of any kind.
#[derive(Clone)]
struct AnyBody(BodySignature);

impl Webhook for AnyBody {
    const NAME: &'static str = "test.any_body";
    type Event = ();
    type Proof = Signature;

    fn check_head(&self, head: &Head<'_>) -> Result<Signature, Reason> {
        self.0.read(head)
    }

    fn check_body(&self, signature: &Signature, body: &[u8]) -> Result<(), Reason> {
        self.0.verify(signature, body)
    }

    fn parse(&self, _: &[u8]) -> Result<(), ParseError> {
        Ok(())
    }
}

fn secret(key: &str) -> Secret {
    Secret::new(key).unwrap()
}

fn any_body(key: &str) -> AnyBody {
    let header = http::HeaderName::from_bytes(NAME.as_bytes()).unwrap();
    AnyBody(BodySignature::new(header, SignatureEncoding::Base64, &secret(key)))
}

#[track_caller]
fn accepted(values: &[&[u8]], body: &[u8]) {
    assert_eq!(outcome(&any_body(KEY), &headers(values), body), Ok(()));
    for refused in of_providers(values, body) {
        assert!(refused.starts_with("400 the body does not parse: "), "{refused}");
    }
}

#[track_caller]
fn refused(values: &[&[u8]], body: &[u8], why: &str) {
    assert_eq!(outcome(&any_body(KEY), &headers(values), body), Err(why.to_owned()));
    let [by_porterbuddy, by_bandwidth] = of_providers(values, body);
    assert_eq!(by_porterbuddy, why);
    assert_eq!(by_bandwidth, why.replace("porterbuddy-hmac-sha256", "bandwidth-signature-sha-256"));
}

/// What Porterbuddy's webhook and Bandwidth's say of the same values.
#[track_caller]
fn of_providers(values: &[&[u8]], body: &[u8]) -> [String; 2] {
    let porterbuddy = OrderWebhook::new(&secret(KEY));
    let bandwidth = SubscriptionWebhook::<Value>::new(&secret(KEY));
    let name = "X-Bandwidth-Signature-SHA-256";
    let for_bandwidth: Vec<_> = values.iter().map(|value| (name, *value)).collect();
    [
        outcome(&porterbuddy, &headers(values), body).unwrap_err(),
        outcome(&bandwidth, &for_bandwidth, body).unwrap_err(),
    ]
}

fn headers<'a>(values: &[&'a [u8]]) -> Vec<(&'static str, &'a [u8])> {
    values.iter().map(|value| (NAME, *value)).collect()
}

#[test]
fn the_header() {
    let v = V.as_bytes();
    accepted(&[v], BODY);
    for (values, why) in [
        (&[][..], MISSING),
        (&[b"".as_slice()], MALFORMED),
        (&[v, v], REPEATED),
        (&[v, b"AAAA"], REPEATED),
        (&[v, b""], REPEATED),
        // Other bits in the padding.
        (&[b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEN="], MALFORMED),
        // A character more, padding less, padding more.
        (&[b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=A"], MALFORMED),
        (&[b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=="], MALFORMED),
        (&[b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM"], MALFORMED),
        (&[b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEMA"], MALFORMED),
        // White space around it and in it.
        (&[b" W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="], MALFORMED),
        (&[b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM= "], MALFORMED),
        (&[b"W9zBRr9gdU5qBCQmCJV1 x1oAPwidJzmDnexYuWTsOEM="], MALFORMED),
        (&[b"W9zBRr9gdU5qBCQmCJV1\tx1oAPwidJzmDnexYuWTsOEM="], MALFORMED),
        (&[b"W9zBRr9gdU5qBCQmCJV1\r\nx1oAPwidJzmDnexYuWTsOEM="], MALFORMED),
        // Other encodings of the right digest.
        (&[b"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"], MALFORMED),
        (&[b"5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843"], MALFORMED),
        (&[b"\"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=\""], MALFORMED),
        (&[b":W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=:"], MALFORMED),
        (&[b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM%3D"], MALFORMED),
        // Forms of other providers.
        (&[b"sha256=W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="], MALFORMED),
        (&[b"v1,W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="], MALFORMED),
        // Two in one, and one with bytes that are not ASCII.
        (&[format!("{V},{V}").as_bytes()], MALFORMED),
        (&[format!("{V} {V}").as_bytes()], MALFORMED),
        (&[b"W9z\xe9Rr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="], MALFORMED),
        (&[b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=\0"], MALFORMED),
        (&[&[0xff; 44]], MALFORMED),
        (&[&b"A".repeat(65_536)], MALFORMED),
        // A digest of zeros, the signature that an empty key would have made, and
        // an unkeyed SHA-256 of the body.
        (&[b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="], MISMATCH),
        (&[b"dtnnGU59vDqgC76P+59vy1qTIXD5cflIuyq2FgfSudY="], MISMATCH),
        (&[b"s4Hn/sZT/Dq5sXgnI2a4rIf+2NMcsl7R0OHzMYZEyJw="], MISMATCH),
    ] {
        let shown = values.iter().map(|value| value.escape_ascii().to_string());
        println!("{:?}", shown.collect::<Vec<_>>());
        refused(values, BODY, why);
    }
}

/// The digest of this body under the key `Jefe` has a `+` and a `/` in its
/// base64.
#[test]
fn the_url_safe_alphabet() {
    let body = b"body 0";
    let signature = any_body(KEY).0.sign(body);
    assert!(signature.contains('+') && signature.contains('/'), "{signature}");
    accepted(&[signature.as_bytes()], body);
    for other in [
        signature.replace('+', "-"),
        signature.replace('/', "_"),
        signature.replace('+', "-").replace('/', "_"),
        signature.replace('+', "-").replace('/', "_").replace('=', ""),
    ] {
        refused(&[other.as_bytes()], body, MALFORMED);
    }
}

/// Each place, and each two, with a character that is none of the alphabet. Two
/// must not make up for each other.
#[test]
fn wrong_characters_anywhere() {
    let signed = any_body(KEY).0;
    let read = |value: &[u8]| {
        let headers = [(NAME, value)];
        signed.read(&Head::new("POST", &headers)).map(drop)
    };
    assert_eq!(read(V.as_bytes()), Ok(()));
    for wrong in [b'-', b'=', b' ', 0xe9, 0xff, 0] {
        for first in 0..V.len() - 1 {
            for second in first..V.len() - 1 {
                let mut value = V.as_bytes().to_vec();
                (value[first], value[second]) = (wrong, wrong);
                assert_eq!(read(&value), Err(Reason::SignatureMalformed), "{first} {second}");
            }
        }
    }
    for last in [b'A', b'-', b' ', 0xff] {
        let mut value = V.as_bytes().to_vec();
        value[43] = last;
        assert_eq!(read(&value), Err(Reason::SignatureMalformed));
    }
}

/// RUSTSEC-2024-0010: a comparison that stopped at the shorter of the two.
#[test]
fn every_prefix() {
    for length in 0..V.len() {
        refused(&[&V.as_bytes()[..length]], BODY, MALFORMED);
    }
}

#[test]
fn the_body() {
    let v = V.as_bytes();
    for body in [
        &b""[..],
        b"what do ya want for nothing",
        b"what do ya want for nothing?\n",
        b"what do ya want for nothing?\r\n",
        b"\nwhat do ya want for nothing?",
        b"\xef\xbb\xbfwhat do ya want for nothing?",
        b"what do ya want for nothing?\0",
        b"What do ya want for nothing?",
        b"what do ya want for nothing?what do ya want for nothing?",
    ] {
        refused(&[v], body, MISMATCH);
    }
}

#[test]
fn the_same_json_written_anew() {
    let webhook = OrderWebhook::new(&secret(KEY));
    let body = br#"{"orderId":"1","orderStatus":"ready"}"#;
    let signature = webhook.signature().sign(body);
    let headers = headers(&[signature.as_bytes()]);
    assert_eq!(outcome(&webhook, &headers, body).unwrap().order_id, "1");
    for anew in [
        &br#"{"orderStatus":"ready","orderId":"1"}"#[..],
        br#"{"orderId": "1", "orderStatus": "ready"}"#,
        br#"{"orderId":"\u0031","orderStatus":"ready"}"#,
        b"\xef\xbb\xbf{\"orderId\":\"1\",\"orderStatus\":\"ready\"}",
    ] {
        assert_eq!(outcome(&webhook, &headers, anew).unwrap_err(), MISMATCH);
    }
}

#[test]
fn an_empty_body_with_the_right_signature() {
    let empty = any_body(KEY).0.sign(b"");
    assert_eq!(outcome(&any_body(KEY), &headers(&[empty.as_bytes()]), b""), Ok(()));
    let webhook = OrderWebhook::new(&secret(KEY));
    assert_eq!(
        outcome(&webhook, &headers(&[empty.as_bytes()]), b"").unwrap_err(),
        "400 the body does not parse: unexpected end of the document at line 1 column 1"
    );
}

#[test]
fn an_empty_key_cannot_be_built() {
    assert_eq!(Secret::new("").unwrap_err(), ConfigError::EmptySecret);
    assert_eq!(Secret::new(Vec::new()).unwrap_err(), ConfigError::EmptySecret);
}

#[test]
fn a_content_encoding() {
    let v = V.as_bytes();
    for (values, why) in [
        (&[b"gzip".as_slice()][..], ENCODED),
        (&[b"GZIP"], ENCODED),
        (&[b"br"], ENCODED),
        (&[b"identity, gzip"], ENCODED),
        (&[b"identity", b"identity"], ENCODED),
        (&[b"identity", b"gzip"], ENCODED),
        (&[b""], ENCODED),
        (&[b"\xe9"], ENCODED),
        (&[], NO_JSON),
        (&[b"identity"], NO_JSON),
        (&[b" Identity "], NO_JSON),
    ] {
        let mut headers = headers(&[v]);
        headers.extend(values.iter().map(|value| ("Content-Encoding", *value)));
        let outcome = outcome(&OrderWebhook::new(&secret(KEY)), &headers, BODY);
        assert_eq!(outcome.unwrap_err(), why, "{values:?}");
    }
}

/// Whatever stands in the other headers, the signature is asked for first.
#[test]
fn without_a_signature_nothing_else_counts() {
    let headers: [(&str, &[u8]); 2] = [("content-encoding", b"gzip"), ("authorization", b"x")];
    assert_eq!(outcome(&OrderWebhook::new(&secret(KEY)), &headers, BODY).unwrap_err(), MISSING);
}

#[test]
fn the_old_and_the_new_key() {
    let (old, new, other) = (secret("old"), secret("new"), secret("other"));
    let by = |key: &Secret| OrderWebhook::new(key).signature().sign(BODY);
    for both in [OrderWebhook::new(&old).or(&new), OrderWebhook::new(&new).or(&old)] {
        for (key, outcome_by) in [(&old, NO_JSON), (&new, NO_JSON), (&other, MISMATCH)] {
            let outcome = outcome(&both, &headers(&[by(key).as_bytes()]), BODY);
            assert_eq!(outcome.unwrap_err(), outcome_by);
        }
    }
}

#[test]
fn signature_and_basic_both() {
    let (right, wrong) = (&b"Basic dTpw"[..], &b"Basic dTpx"[..]);
    let wrong_signature = b"dtnnGU59vDqgC76P+59vy1qTIXD5cflIuyq2FgfSudY=".as_slice();
    let v = V.as_bytes();
    let other = "401 credentials refused: not the expected ones";
    let asked = "401 asked for credentials";
    for (basic, signature, expected) in [
        (&[right][..], &[v][..], NO_JSON),
        (&[right], &[wrong_signature], MISMATCH),
        (&[right], &[], MISSING),
        (&[right], &[b""], MALFORMED),
        (&[wrong], &[v], other),
        (&[wrong], &[wrong_signature], other),
        (&[], &[v], asked),
        (&[], &[], asked),
        (&[right, right], &[v], "400 header authorization given more than once"),
        (&[right], &[v, v], "400 header x-bandwidth-signature-sha-256 given more than once"),
    ] {
        let auth = BasicAuth::new("u", "p").unwrap();
        let both = SubscriptionWebhook::<Value>::new(&secret(KEY)).with_senders(auth);
        let basic = basic.iter().map(|value| ("authorization", *value));
        let signature = signature.iter().map(|value| ("x-bandwidth-signature-sha-256", *value));
        let headers: Vec<_> = basic.chain(signature).collect();
        assert_eq!(outcome(&both, &headers, BODY).unwrap_err(), expected);
    }
}
