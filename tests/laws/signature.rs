//! A signature proves the sender in one form and in no other. Every case goes to a
//! webhook that takes any body, to Porterbuddy's, and to that of Bandwidth's v2
//! subscriptions. For the last two the body is signed well and is no JSON.

use order_webhooks::{
    Head, ParseError, Reason, Receipt, Webhook,
    auth::{BodySignature, Signature, SignatureEncoding},
    bandwidth::V2Webhook,
    porterbuddy::OrderWebhook,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use crate::{ACCEPTED, Headers, bytes, flipped, said};
use fixtures::samples::{JEFE, V, V_IN_HEX, WHAT, secret};

pub(crate) const NAME: &str = "x-porterbuddy-hmac-SHA256";

pub(crate) const MISSING: &str = "403 no signature";
pub(crate) const MALFORMED: &str = "403 the signature is malformed";
pub(crate) const MISMATCH: &str = "403 the signature does not match the body";

#[test]
fn a_signature_proves_the_sender_in_one_form_only() {
    let malformed: &[&[u8]] = &[
        b"",
        // Other bits in the padding, and the padding itself (RFC 4648, section 3.5).
        b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEN=",
        b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM",
        b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM==",
        b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=A",
        b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEMA",
        // White space.
        b" W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
        b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM= ",
        b"W9zBRr9gdU5qBCQmCJV1 x1oAPwidJzmDnexYuWTsOEM=",
        b"W9zBRr9gdU5qBCQmCJV1\tx1oAPwidJzmDnexYuWTsOEM=",
        b"W9zBRr9gdU5qBCQmCJV1\nx1oAPwidJzmDnexYuWTsOEM=",
        b"W9zBRr9gdU5qBCQmCJV1\r\nx1oAPwidJzmDnexYuWTsOEM=",
        // In hex.
        V_IN_HEX.as_bytes(),
        b"5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843",
        // As GitHub, Standard Webhooks and RFC 9421 write it, and as others might.
        b"sha256=W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
        b"v1,W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
        b"\"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=\"",
        b":W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=:",
        b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM%3D",
        // Two in one header.
        b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=,W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
        b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM= W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
        // GHSA-pwfr-8pq7-x9qv, @octokit/webhooks: it ended the process.
        b"undefined",
        b"sha256=",
        b"\xff\x00\r\n",
        &[b'A'; 65_536],
        &[b'A'; 100_000],
        // Bytes that no text has.
        b"W9z\xe9Rr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
        b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=\0",
        &[0xff; 44],
    ];
    assert_eq!(sent(&[V.as_bytes()], WHAT.as_bytes()), ACCEPTED);
    assert_eq!(sent(&[], WHAT.as_bytes()), MISSING);
    for value in malformed {
        assert_eq!(sent(&[value], WHAT.as_bytes()), MALFORMED, "{}", value.escape_ascii());
    }
    // RUSTSEC-2024-0010, svix: the comparison ended with the shorter text.
    for length in 0..V.len() {
        let prefix = &V.as_bytes()[..length];
        assert_eq!(sent(&[prefix], WHAT.as_bytes()), MALFORMED, "{length}");
    }
}

/// The last character has four bits of the digest and two of padding.
#[test]
fn one_of_the_64_ends_is_right() {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (bits, digit) in alphabet.iter().enumerate() {
        let value = [&V.as_bytes()[..42], &[*digit], b"="].concat();
        let expected = match bits % 4 {
            0 if value == V.as_bytes() => ACCEPTED,
            0 => MISMATCH,
            _ => MALFORMED,
        };
        assert_eq!(sent(&[&value], WHAT.as_bytes()), expected, "{}", char::from(*digit));
    }
}

/// RFC 4648, section 5. The digest of this body has a `+` and a `/` in its base64.
#[test]
fn the_url_safe_alphabet_is_another() {
    let body = b"body 0";
    let right = any_body(JEFE).0.sign(body);
    let both = right.replace('+', "-").replace('/', "_");
    for (value, expected) in [
        (&right, ACCEPTED),
        (&right.replace('+', "-"), MALFORMED),
        (&right.replace('/', "_"), MALFORMED),
        (&both.replace('=', ""), MALFORMED),
        (&both, MALFORMED),
    ] {
        assert_eq!(sent(&[value.as_bytes()], body), expected, "{value}");
    }
}

#[test]
fn another_digest_is_a_mismatch() {
    for value in [
        // CVE-2025-53548, @clerk/backend: these were taken for the right one.
        any_body(JEFE).0.sign(b"{}").as_str(),
        &any_body("another").0.sign(WHAT.as_bytes()),
        // Zeros, the digest by an empty key, and a SHA-256 without a key.
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "dtnnGU59vDqgC76P+59vy1qTIXD5cflIuyq2FgfSudY=",
        "s4Hn/sZT/Dq5sXgnI2a4rIf+2NMcsl7R0OHzMYZEyJw=",
    ] {
        assert_eq!(sent(&[value.as_bytes()], WHAT.as_bytes()), MISMATCH, "{value}");
    }
}

/// A key is replaced without a gap.
#[test]
fn either_of_two_keys_verifies() {
    for (first, second) in [("old", "new"), ("new", "old")] {
        let both = AnyBody(any_body(first).0.or(&secret(second)));
        for (key, expected) in [("old", ACCEPTED), ("new", ACCEPTED), ("other", MISMATCH)] {
            let value = any_body(key).0.sign(WHAT.as_bytes());
            let outcome = said(&both, &[(NAME, value.as_bytes())], WHAT.as_bytes());
            assert_eq!(outcome, expected, "{first} or {second}: {key}");
        }
    }
}

#[test]
fn hex_has_64_digits_in_either_case_after_the_prefix() {
    let value = format!("sha256={V_IN_HEX}");
    for (value, expected) in [
        (value.as_str(), ACCEPTED),
        (&format!("sha256={}", V_IN_HEX.to_uppercase()), ACCEPTED),
        (V_IN_HEX, MALFORMED),
        ("sha256=", MALFORMED),
        (&value[..value.len() - 1], MALFORMED),
        (&format!("{value}0"), MALFORMED),
        (&value.to_uppercase(), MALFORMED),
        (&value.replace('5', "g"), MALFORMED),
        (V, MALFORMED),
    ] {
        assert_eq!(in_hex(value.as_bytes()), expected, "{value}");
    }
}

/// What else is wrong is not looked at.
#[test]
fn the_signature_is_asked_for_first() {
    let headers: Headers<'_> = &[("content-encoding", b"gzip"), ("authorization", b"x")];
    assert_eq!(said(&OrderWebhook::new(&secret(JEFE)), headers, WHAT.as_bytes()), MISSING);
}

/// Each place, and each two, with a character outside the alphabet: two must not make up
/// for each other.
#[test]
fn no_wrong_character_is_overlooked() {
    let signed = any_body(JEFE).0;
    let read = |value: &[u8]| signed.read(&Head::new("POST", &[(NAME, value)])).map(drop);
    for wrong in [b'-', b'_', b'=', b' ', b'\t', b'\n', 0xe9, 0xff, 0] {
        for first in 0..V.len() - 1 {
            for second in first..V.len() - 1 {
                let mut value = V.as_bytes().to_vec();
                (value[first], value[second]) = (wrong, wrong);
                assert_eq!(
                    read(&value),
                    Err(Reason::SignatureMalformed),
                    "{}",
                    value.escape_ascii()
                );
            }
        }
    }
    for last in [b'A', b'-', b' ', 0xff] {
        let value = [&V.as_bytes()[..43], &[last]].concat();
        assert_eq!(read(&value), Err(Reason::SignatureMalformed), "{}", value.escape_ascii());
    }
}

/// Signed bodies of any kind.
#[derive(Clone)]
pub(crate) struct AnyBody(pub(crate) BodySignature);

impl Webhook for AnyBody {
    const NAME: &'static str = "test.any_body";
    type Event = ();
    type Proof = Signature;
    type Receipt = Receipt;

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

pub(crate) fn any_body(key: &str) -> AnyBody {
    let header = http::HeaderName::from_bytes(NAME.as_bytes()).unwrap();
    AnyBody(BodySignature::new(header, SignatureEncoding::Base64, &secret(key)))
}

/// What the webhook for any body says of these values of the header. Those of the
/// providers say the same, and then that the body is no JSON.
#[track_caller]
pub(crate) fn sent(values: &[&[u8]], body: &[u8]) -> String {
    let named = |name| values.iter().map(move |value| (name, *value)).collect::<Vec<_>>();
    let bandwidth_name = "X-Bandwidth-Signature-SHA-256";
    let by_any = said(&any_body(JEFE), &named(NAME), body);
    let by_porterbuddy = said(&OrderWebhook::new(&secret(JEFE)), &named(NAME), body);
    let bandwidth = V2Webhook::<Value>::new(&secret(JEFE));
    let by_bandwidth = said(&bandwidth, &named(bandwidth_name), body);
    if by_any == ACCEPTED {
        for refused in [by_porterbuddy, by_bandwidth] {
            assert!(refused.starts_with("400 the body does not parse: "), "{refused}");
        }
    } else {
        assert_eq!(by_porterbuddy, by_any);
        let [name, other] = [NAME, bandwidth_name].map(str::to_ascii_lowercase);
        assert_eq!(by_bandwidth, by_any.replace(&name, &other));
    }
    by_any
}

fn in_hex(value: &[u8]) -> String {
    let header = http::HeaderName::from_static("x-signature");
    let signed = BodySignature::new(header, SignatureEncoding::Hex, &secret(JEFE));
    let signed = AnyBody(signed.with_prefix("sha256="));
    said(&signed, &[("X-Signature", value)], WHAT.as_bytes())
}

const HEADER: http::HeaderName = http::HeaderName::from_static("x-signature");

/// An encoding, and a text in front of the signature.
type Form = (SignatureEncoding, &'static str);

const BASE64: Form = (SignatureEncoding::Base64, "");

fn form() -> impl Strategy<Value = Form> {
    let hex = SignatureEncoding::Hex;
    select(vec![BASE64, (SignatureEncoding::Base64, "v1,"), (hex, ""), (hex, "sha256=")])
}

fn signature((encoding, prefix): Form, key: &[u8]) -> BodySignature {
    use order_webhooks::Secret;
    BodySignature::new(HEADER, encoding, &Secret::from_bytes(key).unwrap()).with_prefix(prefix)
}

fn verified(signed: &BodySignature, value: &[u8], body: &[u8]) -> Result<(), Reason> {
    let headers = [("X-Signature", value)];
    signed.verify(&signed.read(&Head::new("POST", &headers))?, body)
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_no_flipped_bit_does(
        key in bytes(1..150),
        body in bytes(0..200),
        form in form(),
        place in any::<Index>(),
    ) {
        let signed = signature(form, &key);
        let value = signed.sign(&body).into_bytes();
        prop_assert_eq!(verified(&signed, &value, &body), Ok(()));

        for bit in 0..value.len() * 8 {
            let other = flipped(&value, bit);
            // The hexadecimal digits have two spellings.
            if other.eq_ignore_ascii_case(&value) && form.0 == SignatureEncoding::Hex
            {
                continue;
            }
            prop_assert_ne!(verified(&signed, &other, &body), Ok(()), "{}", other.escape_ascii());
        }
        if !body.is_empty() {
            let other = flipped(&body, place.index(body.len() * 8));
            prop_assert_eq!(verified(&signed, &value, &other), Err(Reason::SignatureMismatch));
        }
        let other = signature(form, &flipped(&key, place.index(key.len() * 8)));
        prop_assert_eq!(verified(&other, &value, &body), Err(Reason::SignatureMismatch));
        let cut = &value[..place.index(value.len())];
        prop_assert_eq!(verified(&signed, cut, &body), Err(Reason::SignatureMalformed));
    }

    #[test]
    fn no_other_header_verifies(value in bytes(0..80), body in bytes(0..40)) {
        let signed = signature(BASE64, b"key");
        prop_assert_ne!(verified(&signed, &value, &body), Ok(()));
    }

    #[test]
    fn every_key_that_is_accepted_verifies(
        keys in prop::collection::btree_set("[a-z]{1,20}", 2..5),
        body in bytes(0..40),
    ) {
        let mut keys: Vec<_> = keys.into_iter().collect();
        let stranger = keys.pop().unwrap();
        let signed = signature(BASE64, keys[0].as_bytes());
        let all = keys[1..].iter().fold(signed, |all, key| all.or(&secret(key)));
        let by = |key: &str| signature(BASE64, key.as_bytes()).sign(&body);
        for key in &keys {
            prop_assert_eq!(verified(&all, by(key).as_bytes(), &body), Ok(()));
        }
        let refused = verified(&all, by(&stranger).as_bytes(), &body);
        prop_assert_eq!(refused, Err(Reason::SignatureMismatch));
    }
}
