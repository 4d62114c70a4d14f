//! A header shows a pair of credentials, or it does not: the forms of RFC 7617.
//! The webhooks of Musement and Bandwidth have to agree on each.

use order_webhooks::bandwidth::NotificationWebhook;
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::{BasicAuth, Credentials, auth::ChallengeState};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::{ACCEPTED, Headers, bytes, flipped, said};
use fixtures::oracles::headers::pair;
use fixtures::samples::{ORDER_ITEM, ORDER_NOTIFICATION, u_pq};

pub(crate) const SCHEME: &str = "401 credentials refused: another scheme than Basic";
pub(crate) const MALFORMED: &str = "401 credentials refused: malformed";
pub(crate) const MISMATCH: &str = "401 credentials refused: not the expected ones";

/// RFC 7617, section 2. The user is `u` and the password `p:q`.
#[test]
fn credentials_are_read_as_rfc_7617_says() {
    let table: &[(&[u8], &str)] = &[
        (b"Basic dTpwOnE=", ACCEPTED),
        (b"basic dTpwOnE=", ACCEPTED),
        (b"BASIC dTpwOnE=", ACCEPTED),
        (b"bAsIc dTpwOnE=", ACCEPTED),
        (b"Basic  dTpwOnE=", ACCEPTED),
        (b"Basic    dTpwOnE=", ACCEPTED),
        (b"Basic          dTpwOnE=", ACCEPTED),
        // Another white space after the scheme, nothing after it, no space.
        (b"Basic\tdTpwOnE=", MALFORMED),
        (b"Basic \tdTpwOnE=", MALFORMED),
        (b"Basic\xa0dTpwOnE=", MALFORMED),
        (b"Basic", MALFORMED),
        (b"Basic ", MALFORMED),
        (b"Basic         ", MALFORMED),
        (b"BasicdTpwOnE=", MALFORMED),
        // No colon.
        (b"Basic dQ==", MALFORMED),
        // Bits in the padding, and the padding itself (RFC 4648, section 3.5).
        (b"Basic dTpwIB==", MALFORMED),
        (b"Basic dTpwOnF=", MALFORMED),
        (b"Basic dTpwOnE", MALFORMED),
        (b"Basic dTpwOnE==", MALFORMED),
        (b"Basic dTpw====", MALFORMED),
        (b"Basic dTo=dTpw", MALFORMED),
        (b"Basic ====", MALFORMED),
        // No base64.
        (b"Basic dTpwOnE= ", MALFORMED),
        (b"Basic dTpw OnE=", MALFORMED),
        (b"Basic dTpwOnE=,", MALFORMED),
        (b"Basic \"dTpwOnE=\"", MALFORMED),
        (b"Basic realm=\"webhooks\"", MALFORMED),
        (b"Basic u:p:q", MALFORMED),
        (b"Basic \xe9\xff", MALFORMED),
        (b"Basic dTp\xe9OnE=", MALFORMED),
        (b"Basic dTpwOnE\0", MALFORMED),
        (b"Basic dTpwOnE=\0", MALFORMED),
        (b"Basic dTpwOnE=\0\0\0\0", MALFORMED),
        // Two in one header (RFC 9110, section 5.3).
        (b"Basic dTpwOnE=, Basic dTpwOnE=", MALFORMED),
        // Any bytes are credentials.
        (b"Basic 6Tpw", MISMATCH),
        (b"Basic 6TpwOnE=", MISMATCH),
        // An empty user, an empty password, both.
        (b"Basic OnA6cQ==", MISMATCH),
        (b"Basic dTo=", MISMATCH),
        (b"Basic Og==", MISMATCH),
        // Another user, another password, a part of the right one, more than it.
        (b"Basic djpwOnE=", MISMATCH),
        (b"Basic dTpwOnI=", MISMATCH),
        (b"Basic djpwOnI=", MISMATCH),
        (b"Basic dTpw", MISMATCH),
        (b"Basic dTpwOnFx", MISMATCH),
        (b"Basic dTpwOnEA", MISMATCH),
        (b"Basic VTpwOnE=", MISMATCH),
        // RFC 9110, section 11.4.
        (b"Bearer x", SCHEME),
        (b"Bearer dTpwOnE=", SCHEME),
        (b"Digest username=\"u\", realm=\"webhooks\", uri=\"/\"", SCHEME),
        (b"Digest username=\"u\"", SCHEME),
        (b"Negotiate dTpwOnE=", SCHEME),
        (b"", SCHEME),
        (b" ", SCHEME),
        (b" Basic dTpwOnE=", SCHEME),
        (b"dTpwOnE=", SCHEME),
        (b"Basi", SCHEME),
        (b"\xff\xfe\xfd\xfc\xfb \xfa", SCHEME),
    ];
    for (value, expected) in table {
        assert_eq!(said_by_both(&u_pq(), value), *expected, "{}", value.escape_ascii());
    }
}

/// The longest token that is decoded has 256 characters. Spaces belong to no token.
#[test]
fn a_long_token_is_refused_before_it_is_decoded() {
    for (value, expected) in [
        (format!("Basic {}dTpwOnE=", " ".repeat(65_536)), ACCEPTED),
        (format!("Basic {}", "dTpw".repeat(64)), MISMATCH),
        (format!("Basic {}", "Ojo6".repeat(64)), MISMATCH),
        (format!("Basic {}", "dTpw".repeat(65)), MALFORMED),
        (format!("Basic {}", "Ojo6".repeat(65)), MALFORMED),
        (format!("Basic {}", "dTpw".repeat(16_384)), MALFORMED),
        (format!("Basic {}", "A".repeat(65_530)), MALFORMED),
    ] {
        assert_eq!(said_by_both(&u_pq(), value.as_bytes()), expected, "{} bytes", value.len());
    }
}

/// RFC 7617, section 2.1: UTF-8. A letter and its accent are not one character.
#[test]
fn characters_beyond_ascii_are_utf_8() {
    for (username, password, value, expected) in [
        ("u", "p q", "Basic dTpwIHE=", ACCEPTED),
        ("é", "ü", "Basic w6k6w7w=", ACCEPTED),
        ("é", "ü", "Basic 6Tr8", MISMATCH),
        ("é", "ü", "Basic ZcyBOsO8", MISMATCH),
    ] {
        let auth = BasicAuth::new(username, password).unwrap();
        assert_eq!(said_by_both(&auth, value.as_bytes()), expected, "{value}");
    }
}

#[test]
fn one_of_several_pairs_is_shown() {
    let auth = BasicAuth::new("a", "1").unwrap().or("b", "2").unwrap().or("a", "3").unwrap();
    for (username, password, expected) in [
        ("a", "1", ACCEPTED),
        ("b", "2", ACCEPTED),
        ("a", "3", ACCEPTED),
        ("a", "2", MISMATCH),
        ("b", "1", MISMATCH),
        ("b", "3", MISMATCH),
    ] {
        let value = Credentials::new(username, password).unwrap().authorization();
        assert_eq!(said_by_both(&auth, value.as_bytes()), expected, "{username} {password}");
    }
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

fn username() -> impl Strategy<Value = String> {
    "[!-9;-~é€🚚]([ -9;-~é€🚚]{0,38}[!-9;-~é€🚚])?"
}

fn password() -> impl Strategy<Value = String> {
    "[!-~é€🚚]([ -~é€🚚]{0,30}[!-~é€🚚])?"
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
        let shown = (right.0.as_bytes().to_vec(), right.1.as_bytes().to_vec());
        prop_assert_eq!(pair(header.as_bytes()), Some(shown));

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
            let shown = pair(header);
            let says = shown == Some((b"u".to_vec(), b"p".to_vec()));
            prop_assert_eq!(auth.check(header) == ChallengeState::Authenticated, says, "{}", header.escape_ascii());
            let mismatch = auth.check(header) == ChallengeState::Mismatch;
            prop_assert_eq!(mismatch, shown.is_some() && !says, "{}", header.escape_ascii());
        }
    }
}
