//! What is read of a header is in `tests/laws/credentials.rs`, and what cannot be
//! built in `tests/laws/fail_closed.rs`.

use super::*;
use crate::auth::ChallengeState::{Authenticated, Mismatch};
use zeroize::{Zeroize as _, ZeroizeOnDrop};

fn auth() -> BasicAuth {
    BasicAuth::new("u", "p:q").unwrap()
}

#[test]
fn every_length_matches_itself_and_nothing_next_to_it() {
    for length in [1, 2, 3, 90, 91, 92, 93, 94, 95, 96, 188, 189, 190] {
        let password = "x".repeat(length);
        let right = Credentials::new("u", &password).unwrap();
        let longer = Credentials::new("u", &"x".repeat(length + 1));
        let auth = BasicAuth::from(&right);
        assert_eq!(auth.check(right.authorization().as_bytes()), Authenticated, "{length}");
        if let Ok(longer) = longer {
            let value = longer.authorization();
            assert_eq!(auth.check(value.as_bytes()), Mismatch, "{length}");
        }
        let mut cut = right.authorization().as_bytes().to_vec();
        cut.truncate(cut.len() - 4);
        assert_ne!(auth.check(&cut), Authenticated, "{length}");
    }
}

#[test]
fn any_wrong_character_is_a_mismatch() {
    let right = Credentials::new("JohnSmith", &"Swordfish".repeat(19)).unwrap();
    let auth = BasicAuth::from(&right);
    let value = right.authorization();
    for place in "Basic ".len()..value.len() {
        let mut wrong = value.as_bytes().to_vec();
        wrong[place] = if wrong[place] == b'A' { b'B' } else { b'A' };
        assert_ne!(auth.check(&wrong), Authenticated, "{place}");
    }
}

/// Two wrong words of sixteen characters do not make up for each other.
#[test]
fn any_two_wrong_characters_are_a_mismatch() {
    let right = Credentials::new("JohnSmith", &"Swordfish".repeat(19)).unwrap();
    let auth = BasicAuth::from(&right);
    let value = right.authorization();
    let places = || ("Basic ".len()..value.len()).step_by(4);
    for (one, other) in places().flat_map(|one| places().map(move |other| (one, other))) {
        let mut wrong = value.as_bytes().to_vec();
        for place in [one, other] {
            wrong[place] = if value.as_bytes()[place] == b'A' { b'B' } else { b'A' };
        }
        assert_ne!(auth.check(&wrong), Authenticated, "{one} and {other}");
    }
}

/// Two differences that are the same do not make up for each other.
#[test]
fn characters_in_another_order_are_a_mismatch() {
    let right = b"Basic dTpwOnFy";
    assert_eq!(BasicAuth::new("u", "p:qr").unwrap().check(right), Authenticated);
    for one in 10..right.len() {
        for other in 10..one {
            let mut swapped = *right;
            swapped.swap(one, other);
            let value = swapped.escape_ascii();
            assert_eq!(BasicAuth::new("u", "p:qr").unwrap().check(&swapped), Mismatch, "{value}");
        }
    }
}

#[test]
fn the_documented_sample_of_musement() {
    let credentials = Credentials::new("JohnSmith", "Swordfish").unwrap();
    assert_eq!(credentials.authorization(), "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==");
    assert_eq!(credentials.username().expose(), b"JohnSmith");
    assert_eq!(credentials.password().expose(), b"Swordfish");
}

#[test]
fn the_challenge_is_quoted_and_names_the_charset() {
    assert_eq!(auth().challenge(), r#"Basic realm="webhooks", charset="UTF-8""#);
    let auth = auth().with_realm("port-outs of Acme").unwrap();
    assert_eq!(auth.challenge(), r#"Basic realm="port-outs of Acme", charset="UTF-8""#);
}

/// The memory of credentials is overwritten when they are dropped.
#[test]
fn the_pairs_are_wiped() {
    fn wiped<T: ZeroizeOnDrop>(_: &T) {}
    let credentials = Credentials::new("u", "p").unwrap();
    wiped(&credentials.token());
    let Expected { mut token, mut length } = Expected::new(&credentials);
    wiped(&token);
    wiped(&length);
    token.zeroize();
    length.zeroize();
    assert_eq!((*token, *length), ([0; LONGEST_TOKEN], 0));
}
