//! A signature proves the sender in one form and in no other. Every case goes to a
//! webhook that takes any body, to Porterbuddy's, and to that of Bandwidth's v2
//! subscriptions. For the last two the body is signed well and is no JSON.

use order_webhooks::{
    Head, ParseError, Reason, Receipt, Webhook,
    auth::{BodySignature, Signature, SignatureEncoding},
    bandwidth::SubscriptionWebhook,
    porterbuddy::OrderWebhook,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use crate::{ACCEPTED, bytes, flipped, said};
use fixtures::law::{Cases, Law, row};
use fixtures::samples::{JEFE, V, V_IN_HEX, WHAT, secret};

pub(crate) const NAME: &str = "x-porterbuddy-hmac-SHA256";

pub(crate) const MISSING: &str = "403 no signature";
pub(crate) const MALFORMED: &str = "403 the signature is malformed";
pub(crate) const MISMATCH: &str = "403 the signature does not match the body";

const TABLE: &str = "CONFORMANCE, Signature";

/// What `V` becomes if it is written in another way.
fn rewritten(cases: &mut Cases, forms: &[&str]) {
    let forms = forms.iter().map(|form| form.replace("{V}", V));
    cases.each(forms, |value| sent(&[value], WHAT.as_bytes()));
}

pub(crate) const LAW: Law = Law {
    title: "Law 1, fail closed: a signature",
    rows: &[
        row("`V`, the signature", ACCEPTED, "RFC 4231, 4.3", |cases| rewritten(cases, &["{V}"])),
        row("none", MISSING, TABLE, |cases| cases.of("", sent(&[], WHAT.as_bytes()))),
        row("an empty header", MALFORMED, TABLE, |cases| rewritten(cases, &[""])),
        row(
            "every prefix of `V`, 0 to 43 characters",
            MALFORMED,
            "RUSTSEC-2024-0010, svix: the comparison ended with the shorter text",
            |cases| {
                cases
                    .each((0..V.len()).map(|length| &V[..length]), |v| sent(&[v], WHAT.as_bytes()));
            },
        ),
        row(
            "`V` ending in `OEN=`: other bits in the padding",
            MALFORMED,
            "RFC 4648, 3.5",
            |cases| {
                cases.each([V.replace("OEM=", "OEN=")], |v| sent(&[v], WHAT.as_bytes()));
            },
        ),
        row(
            "the 64 ends of `V`: 48 with bits in the padding",
            MALFORMED,
            "RFC 4648, 3.5",
            |cases| cases.each(ends(|n| n % 4 != 0), |v| sent(&[v], WHAT.as_bytes())),
        ),
        row("… and 15 of another digest", MISMATCH, "RFC 4648, 3.5", |cases| {
            cases.each(ends(|n| n % 4 == 0), |v| sent(&[v], WHAT.as_bytes()));
        }),
        row("`V` and one character more, without its `=`, with `==`", MALFORMED, TABLE, |cases| {
            let bare = V.trim_end_matches('=');
            let forms = [format!("{V}A"), bare.to_owned(), format!("{V}="), format!("{bare}A")];
            cases.each(forms, |v| sent(&[v], WHAT.as_bytes()));
        }),
        row("a space, tab or line break inside or around", MALFORMED, TABLE, |cases| {
            rewritten(cases, &[" {V}", "{V} "]);
            for space in [" ", "\t", "\n", "\r\n"] {
                cases.each([format!("{}{space}{}", &V[..20], &V[20..])], |v| {
                    sent(&[v], WHAT.as_bytes())
                });
            }
        }),
        row("the URL-safe alphabet", MALFORMED, "RFC 4648, 5", |cases| {
            // The digest of this body has a `+` and a `/` in its base64.
            let body = b"body 0";
            let v = any_body(JEFE).0.sign(body);
            assert!(v.contains('+') && v.contains('/') && sent(&[v.as_bytes()], body) == ACCEPTED);
            let all = v.replace('+', "-").replace('/', "_");
            let forms = [v.replace('+', "-"), v.replace('/', "_"), all.replace('=', ""), all];
            cases.each(forms, |value| sent(&[value], body));
        }),
        row("the digest in hex", MALFORMED, TABLE, |cases| {
            cases.each([V_IN_HEX, &V_IN_HEX.to_uppercase()], |v| sent(&[v], WHAT.as_bytes()));
        }),
        row(
            "`sha256=` or `v1,` before it; quoted, between colons, percent-encoded",
            MALFORMED,
            "GitHub, Standard Webhooks, RFC 9421: forms of others",
            |cases| {
                rewritten(cases, &["sha256={V}", "v1,{V}", "\"{V}\"", ":{V}:"]);
                cases.each([V.replace('=', "%3D")], |v| sent(&[v], WHAT.as_bytes()));
            },
        ),
        row("`V,V` in one header", MALFORMED, TABLE, |cases| {
            rewritten(cases, &["{V},{V}", "{V} {V}"]);
        }),
        row(
            "`sha256=`, `undefined`, other text",
            MALFORMED,
            "GHSA-pwfr-8pq7-x9qv, @octokit/webhooks: it ended the process",
            |cases| {
                cases.each([&b"undefined"[..], b"sha256=", b"\xff\x00\r\n"], |v| {
                    sent(&[v], WHAT.as_bytes())
                });
            },
        ),
        row("a byte 0xE9, 0xFF or NUL in it", MALFORMED, TABLE, |cases| {
            let mut latin_1 = V.as_bytes().to_vec();
            latin_1[3] = 0xe9;
            let bodies = [latin_1, [V.as_bytes(), b"\0"].concat(), vec![0xff; 44]];
            cases.each(bodies, |v| sent(&[v], WHAT.as_bytes()));
        }),
        row("any one or two characters that base64 has not", MALFORMED, TABLE, wrong_characters),
        row(
            "64 KiB of `A`, 100 kB of `A`",
            MALFORMED,
            "GHSA-pwfr-8pq7-x9qv, @octokit/webhooks",
            |cases| {
                cases.each([b"A".repeat(65_536), b"A".repeat(100_000)], |v| {
                    sent(&[v], WHAT.as_bytes())
                });
            },
        ),
        row(
            "the signature of another body or by another key",
            MISMATCH,
            "CVE-2025-53548, @clerk/backend: it was taken for the right one",
            |cases| {
                let of_another_body = any_body(JEFE).0.sign(b"{}");
                let by_another_key = any_body("another").0.sign(WHAT.as_bytes());
                cases.each([of_another_body, by_another_key], |v| sent(&[v], WHAT.as_bytes()));
            },
        ),
        row(
            "a digest of zeros, the digest by an empty key, an unkeyed SHA-256",
            MISMATCH,
            TABLE,
            |cases| {
                let digests = [
                    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                    "dtnnGU59vDqgC76P+59vy1qTIXD5cflIuyq2FgfSudY=",
                    "s4Hn/sZT/Dq5sXgnI2a4rIf+2NMcsl7R0OHzMYZEyJw=",
                ];
                cases.each(digests, |v| sent(&[v], WHAT.as_bytes()));
            },
        ),
        row("an old and a new key are configured, either is used", ACCEPTED, TABLE, |cases| {
            for (first, second) in [("old", "new"), ("new", "old")] {
                let both = AnyBody(any_body(first).0.or(&secret(second)));
                for key in ["old", "new"] {
                    let v = any_body(key).0.sign(WHAT.as_bytes());
                    cases.of(key, said(&both, &[(NAME, v.as_bytes())], WHAT.as_bytes()));
                }
            }
        }),
        row("… and a third is used", MISMATCH, TABLE, |cases| {
            for (first, second) in [("old", "new"), ("new", "old")] {
                let both = AnyBody(any_body(first).0.or(&secret(second)));
                let v = any_body("other").0.sign(WHAT.as_bytes());
                cases.of(first, said(&both, &[(NAME, v.as_bytes())], WHAT.as_bytes()));
            }
        }),
        row(
            "in hex, where hex is wanted: the 64 digits in either case, after the prefix",
            ACCEPTED,
            "RFC 4231, 4.3",
            |cases| {
                let forms =
                    [format!("sha256={V_IN_HEX}"), format!("sha256={}", V_IN_HEX.to_uppercase())];
                cases.each(forms, in_hex);
            },
        ),
        row(
            "… without the prefix, or with it in capitals; a digit less or more, another letter",
            MALFORMED,
            TABLE,
            |cases| {
                let v = format!("sha256={V_IN_HEX}");
                let forms = [
                    V_IN_HEX.to_owned(),
                    "sha256=".to_owned(),
                    v[..v.len() - 1].to_owned(),
                    format!("{v}0"),
                    v.to_uppercase(),
                    v.replace('5', "g"),
                    V.to_owned(),
                ];
                cases.each(forms, in_hex);
            },
        ),
        row(
            "no signature, and whatever else is wrong",
            MISSING,
            "the signature is asked for first",
            |cases| {
                let headers: [(&str, &[u8]); 2] =
                    [("content-encoding", b"gzip"), ("authorization", b"x")];
                let webhook = OrderWebhook::new(&secret(JEFE));
                cases.of("encoded", said(&webhook, &headers, WHAT.as_bytes()));
            },
        ),
    ],
};

#[test]
fn a_signature_proves_the_sender_in_one_form_only() {
    LAW.holds();
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
    let bandwidth = SubscriptionWebhook::<Value>::new(&secret(JEFE));
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

/// `V` with another last character before its `=`, of those with such a value.
fn ends(take: impl Fn(usize) -> bool) -> Vec<String> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let others = alphabet.chars().enumerate().filter(|(value, _)| take(*value));
    let ends = others.map(|(_, digit)| format!("{}{digit}=", &V[..42]));
    let ends: Vec<_> = ends.filter(|end| end != V).collect();
    assert!(ends.len() == 48 || ends.len() == 15);
    ends
}

/// Each place, and each two, with a character that is none of the alphabet. Two
/// must not make up for each other.
fn wrong_characters(cases: &mut Cases) {
    let signed = any_body(JEFE).0;
    let read = |value: &[u8]| {
        let headers = [(NAME, value)];
        let read = signed.read(&Head::new("POST", &headers)).map(drop);
        read.map_or_else(
            |reason| format!("{} {reason}", reason.status().as_u16()),
            |()| ACCEPTED.into(),
        )
    };
    for wrong in [b'-', b'_', b'=', b' ', b'\t', b'\n', 0xe9, 0xff, 0] {
        for first in 0..V.len() - 1 {
            for second in first..V.len() - 1 {
                let mut value = V.as_bytes().to_vec();
                (value[first], value[second]) = (wrong, wrong);
                cases.of(format!("{first} {second} {wrong}"), read(&value));
            }
        }
    }
    for last in [b'A', b'-', b' ', 0xff] {
        let mut value = V.as_bytes().to_vec();
        value[43] = last;
        cases.of(format!("43 {last}"), read(&value));
    }
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
    BodySignature::new(HEADER, encoding, &Secret::new(key).unwrap()).with_prefix(prefix)
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
