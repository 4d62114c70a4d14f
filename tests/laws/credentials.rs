//! A header shows a pair of credentials, or it does not: the forms of RFC 7617.
//! The webhooks of Musement and Bandwidth have to agree on each.

use order_webhooks::bandwidth::NotificationWebhook;
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::{BasicAuth, Credentials, auth::ChallengeState};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::{ACCEPTED, Headers, bytes, flipped, said};
use fixtures::law::{Law, row};
use fixtures::samples::{ORDER_ITEM, ORDER_NOTIFICATION, U_PQ, u_pq};

pub(crate) const SCHEME: &str = "401 credentials refused: another scheme than Basic";
pub(crate) const MALFORMED: &str = "401 credentials refused: malformed";
pub(crate) const MISMATCH: &str = "401 credentials refused: not the expected ones";

const TABLE: &str = "CONFORMANCE, Basic credentials";
const RFC: &str = "RFC 7617, 2";

pub(crate) const LAW: Law = Law {
    title: "Law 1, fail closed: credentials",
    rows: &[
        row("`Basic`, `basic`, `BASIC`; two spaces and more after it", ACCEPTED, RFC, |cases| {
            let forms = [U_PQ, "basic dTpwOnE=", "BASIC dTpwOnE=", "bAsIc dTpwOnE="];
            cases.each(forms, u_pq_by);
            let spaced = ["Basic  dTpwOnE=", "Basic    dTpwOnE=", "Basic          dTpwOnE="];
            cases.each(spaced, u_pq_by);
            // Spaces are no token, however many.
            cases.each([format!("Basic {}dTpwOnE=", " ".repeat(65_536))], u_pq_by);
        }),
        row("`dTpwOnE=`: user `u`, password `p:q`", ACCEPTED, RFC, |cases| {
            cases.each(["Basic dTpwOnE="], u_pq_by);
        }),
        row("`dTog`: a password of one space", ACCEPTED, RFC, |cases| {
            let auth = BasicAuth::new("u", " ").unwrap();
            cases.each(["Basic dTog"], |value| said_by_both(&auth, value));
        }),
        row(
            "a tab or 0xA0 after the scheme, nothing after it, no space",
            MALFORMED,
            TABLE,
            |cases| {
                cases.each(
                    [&b"Basic\tdTpwOnE="[..], b"Basic \tdTpwOnE=", b"Basic\xa0dTpwOnE="],
                    u_pq_by,
                );
                cases.each(["Basic", "Basic ", "Basic         ", "BasicdTpwOnE="], u_pq_by);
            },
        ),
        row("`dQ==`: no colon", MALFORMED, TABLE, |cases| cases.each(["Basic dQ=="], u_pq_by)),
        row("`dTpwIB==`, `dTpwOnF=`: bits in the padding", MALFORMED, "RFC 4648, 3.5", |cases| {
            cases.each(["Basic dTpwIB==", "Basic dTpwOnF="], u_pq_by);
        }),
        row("unpadded, padded too much, padded inside", MALFORMED, TABLE, |cases| {
            let forms = ["Basic dTpwOnE", "Basic dTpwOnE==", "Basic dTpw====", "Basic dTo=dTpw"];
            cases.each(forms, u_pq_by);
            cases.each(["Basic ===="], u_pq_by);
        }),
        row("white space, a comma, quotes, parameters, no base64", MALFORMED, TABLE, |cases| {
            let forms = [
                "Basic dTpwOnE= ",
                "Basic dTpw OnE=",
                "Basic dTpwOnE=,",
                "Basic \"dTpwOnE=\"",
                "Basic realm=\"webhooks\"",
                "Basic u:p:q",
            ];
            cases.each(forms, u_pq_by);
        }),
        row("`Basic …, Basic …` in one header", MALFORMED, "RFC 9110, 5.3", |cases| {
            cases.each(["Basic dTpwOnE=, Basic dTpwOnE="], u_pq_by);
        }),
        row("bytes that are no base64: 0xE9, 0xFF, NUL", MALFORMED, TABLE, |cases| {
            let forms = [
                &b"Basic \xe9\xff"[..],
                b"Basic dTp\xe9OnE=",
                b"Basic dTpwOnE\0",
                b"Basic dTpwOnE=\0",
                b"Basic dTpwOnE=\0\0\0\0",
            ];
            cases.each(forms, u_pq_by);
        }),
        row("any bytes inside the base64", MISMATCH, TABLE, |cases| {
            cases.each(["Basic 6Tpw", "Basic 6TpwOnE="], u_pq_by);
        }),
        row("an empty user or password, or both", MISMATCH, TABLE, |cases| {
            cases.each(["Basic Og==", "Basic dTo=", "Basic OnA6cQ=="], u_pq_by);
        }),
        row(
            "another user, another password, a part of the right one, more than it",
            MISMATCH,
            TABLE,
            |cases| {
                cases.each(["Basic djpwOnE=", "Basic dTpwOnI=", "Basic djpwOnI="], u_pq_by);
                cases.each(
                    ["Basic dTpw", "Basic dTpwOnFx", "Basic dTpwOnEA", "Basic VTpwOnE="],
                    u_pq_by,
                );
            },
        ),
        row("`Bearer x`, `Digest …`, `Negotiate …`", SCHEME, "RFC 9110, 11.4", |cases| {
            let digest = "Digest username=\"u\", realm=\"webhooks\", uri=\"/\"";
            cases.each(["Bearer x", "Bearer dTpwOnE=", digest, "Negotiate dTpwOnE="], u_pq_by);
            cases.each(["Digest username=\"u\""], u_pq_by);
        }),
        row("no scheme, a part of one, nothing, other bytes", SCHEME, TABLE, |cases| {
            cases.each(["", " ", " Basic dTpwOnE=", "dTpwOnE=", "Basi"], u_pq_by);
            cases.each([&b"\xff\xfe\xfd\xfc\xfb \xfa"[..]], u_pq_by);
        }),
        row(
            "a token of 260 characters, 64 KiB of it: refused before it is decoded",
            MALFORMED,
            TABLE,
            |cases| {
                let tokens = [
                    "dTpw".repeat(65),
                    "Ojo6".repeat(65),
                    "dTpw".repeat(16_384),
                    "A".repeat(65_530),
                ];
                cases.each(tokens.map(|token| format!("Basic {token}")), u_pq_by);
            },
        ),
        row("… and one of 256, the longest that is decoded", MISMATCH, TABLE, |cases| {
            let tokens = ["dTpw".repeat(64), "Ojo6".repeat(64)];
            cases.each(tokens.map(|token| format!("Basic {token}")), u_pq_by);
        }),
        row("`é` and `ü` as UTF-8", ACCEPTED, "RFC 7617, 2.1", |cases| {
            cases.each(["Basic w6k6w7w="], |value| said_by_both(&umlauts(), value));
        }),
        row("… as Latin-1, or as a letter and an accent", MISMATCH, "RFC 7617, 2.1", |cases| {
            cases.each(["Basic 6Tr8", "Basic ZcyBOsO8"], |value| said_by_both(&umlauts(), value));
        }),
        row("several pairs are configured, one of them is shown", ACCEPTED, TABLE, |cases| {
            for pair in [("a", "1"), ("b", "2"), ("a", "3")] {
                cases.of(format!("{pair:?}"), of_three(pair));
            }
        }),
        row("… and one made of two of them", MISMATCH, TABLE, |cases| {
            for pair in [("a", "2"), ("b", "1"), ("b", "3")] {
                cases.of(format!("{pair:?}"), of_three(pair));
            }
        }),
    ],
};

#[test]
fn credentials_are_read_as_rfc_7617_says() {
    LAW.holds();
}

/// What both webhooks say to these headers.
#[track_caller]
pub(crate) fn of_both(auth: &BasicAuth, headers: Headers<'_>) -> String {
    let musement = OrderItemWebhook::new(auth.clone());
    let bandwidth = NotificationWebhook::new(auth.clone());
    let by_musement = said(&musement, headers, ORDER_ITEM.as_bytes());
    assert_eq!(said(&bandwidth, headers, ORDER_NOTIFICATION.as_bytes()), by_musement);
    by_musement
}

#[track_caller]
fn said_by_both(auth: &BasicAuth, value: &[u8]) -> String {
    of_both(auth, &[("Authorization", value)])
}

#[track_caller]
fn u_pq_by(value: &[u8]) -> String {
    said_by_both(&u_pq(), value)
}

fn umlauts() -> BasicAuth {
    BasicAuth::new("é", "ü").unwrap()
}

fn of_three((username, password): (&str, &str)) -> String {
    let auth = BasicAuth::new("a", "1").unwrap().or("b", "2").unwrap().or("a", "3").unwrap();
    let value = Credentials::new(username, password).unwrap().authorization();
    said_by_both(&auth, value.as_bytes())
}

/// RFC 7617 and RFC 4648, section 4, one step at a time: the pair that a header
/// shows, as bytes.
fn obvious_pair(header: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let space = header.iter().position(|byte| *byte == b' ')?;
    if !header[..space].eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let token: Vec<u8> = header[space..].iter().copied().skip_while(|byte| *byte == b' ').collect();
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    if token.is_empty() || !token.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut bits = String::new();
    for digit in &token[..token.len() - padding] {
        let value = ALPHABET.iter().position(|known| known == digit)?;
        bits.push_str(&format!("{value:06b}"));
    }
    let unused = bits.split_off(bits.len() - padding * 2);
    if unused.contains('1') {
        return None;
    }
    let byte = |bits: &[u8]| u8::from_str_radix(str::from_utf8(bits).unwrap(), 2).unwrap();
    let pair: Vec<u8> = bits.as_bytes().chunks(8).map(byte).collect();
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some((pair[..colon].to_vec(), pair[colon + 1..].to_vec()))
}

fn username() -> impl Strategy<Value = String> {
    "[ -9;-~é€🚚]{1,40}"
}

fn password() -> impl Strategy<Value = String> {
    "[ -~é€🚚]{1,32}"
}

proptest! {
    #[test]
    fn credentials_match_themselves_and_no_others(
        right in (username(), password()),
        other in (username(), password()),
        place in any::<Index>(),
    ) {
        let credentials = Credentials::new(&right.0, &right.1).unwrap();
        let auth = BasicAuth::from(&credentials);
        let header = credentials.authorization();
        prop_assert_eq!(auth.check(header.as_bytes()), ChallengeState::Authenticated);
        let pair = (right.0.as_bytes().to_vec(), right.1.as_bytes().to_vec());
        prop_assert_eq!(obvious_pair(header.as_bytes()), Some(pair));

        let presented = Credentials::new(&other.0, &other.1).unwrap().authorization();
        let expected = if right == other { ChallengeState::Authenticated } else { ChallengeState::Mismatch };
        prop_assert_eq!(auth.check(presented.as_bytes()), expected);

        let token = "Basic ".len() * 8;
        let bit = token + place.index(header.len() * 8 - token);
        let changed = flipped(header.as_bytes(), bit);
        prop_assert_ne!(auth.check(&changed), ChallengeState::Authenticated, "{}", changed.escape_ascii());
    }

    /// Near misses and anything else: it matches if, and only if, the obvious
    /// reading is the pair.
    #[test]
    fn a_header_matches_if_it_says_the_pair(
        header in prop_oneof![
            "(Basic|basic|BASIC|Basi|Bearer|)[ \t]{0,3}[A-Za-z0-9+/]{0,8}={0,3}",
            "Basic (dTpw|dTpwOnE=|dTpx|dTo=|dQ==|OnA=|Og==|dTpwIA==|dTpwIB==|[A-Za-z0-9+/=]{4}){1,3}",
            "[bB][aA][sS][iI][cC] {1,4}dTpw",
        ],
        raw in bytes(0..40),
    ) {
        let auth = BasicAuth::new("u", "p").unwrap();
        for header in [header.as_bytes(), &raw] {
            let pair = obvious_pair(header);
            let says = pair == Some((b"u".to_vec(), b"p".to_vec()));
            prop_assert_eq!(auth.check(header) == ChallengeState::Authenticated, says, "{}", header.escape_ascii());
            let mismatch = auth.check(header) == ChallengeState::Mismatch;
            prop_assert_eq!(mismatch, pair.is_some() && !says, "{}", header.escape_ascii());
        }
    }
}
