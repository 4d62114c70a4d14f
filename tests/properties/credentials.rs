//! A header matches if it says the pair, and not otherwise.

use order_webhooks::{BasicAuth, Credentials, auth::ChallengeState};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::{bytes, flipped};

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
