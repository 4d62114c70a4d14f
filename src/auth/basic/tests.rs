use super::*;
use crate::auth::ChallengeState::{self, Authenticated, Malformed, Mismatch, OtherScheme};

fn auth() -> BasicAuth {
    BasicAuth::new("u", "p:q").unwrap()
}

#[test]
fn the_header_is_read_as_rfc_7617_says() {
    let table: &[(&[u8], ChallengeState)] = &[
        (b"Basic dTpwOnE=", Authenticated),
        (b"basic dTpwOnE=", Authenticated),
        (b"BASIC dTpwOnE=", Authenticated),
        (b"Basic    dTpwOnE=", Authenticated),
        (b"Basic\tdTpwOnE=", Malformed),
        (b"Basic", Malformed),
        (b"Basic ", Malformed),
        (b"BasicdTpwOnE=", Malformed),
        (b"", OtherScheme),
        (b"Bearer x", OtherScheme),
        (b"Digest username=\"u\"", OtherScheme),
        (b"Basic dQ==", Malformed),
        (b"Basic dTpwOnE", Malformed),
        (b"Basic dTpwOnF=", Malformed),
        (b"Basic dTpwOnE= ", Malformed),
        (b"Basic dTpwOnE=, Basic dTpwOnE=", Malformed),
        (b"Basic dTo=dTpw", Malformed),
        (b"Basic dTp\xE9OnE=", Malformed),
        (b"Basic dTpw", Mismatch),
        (b"Basic dTpwOnI=", Mismatch),
        (b"Basic djpwOnE=", Mismatch),
        (b"Basic 6TpwOnE=", Mismatch),
    ];
    for (value, outcome) in table {
        assert_eq!(auth().check(value), *outcome, "{}", value.escape_ascii());
    }
}

#[test]
fn bits_in_the_padding_are_refused() {
    let auth = BasicAuth::new("u", "p").unwrap();
    assert_eq!(auth.check(b"Basic dTpw"), Authenticated);
    let auth = BasicAuth::new("u", " ").unwrap();
    assert_eq!(auth.check(b"Basic dTog"), Authenticated);
    assert_eq!(auth.check(b"Basic dTpwIB=="), Malformed);
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

#[test]
fn several_credentials_are_accepted_at_once() {
    let auth = BasicAuth::new("a", "1").unwrap().or("b", "2").unwrap();
    for (user, password, outcome) in
        [("a", "1", Authenticated), ("b", "2", Authenticated), ("a", "2", Mismatch)]
    {
        let shown = Credentials::new(user, password).unwrap().authorization();
        assert_eq!(auth.check(shown.as_bytes()), outcome, "{user}");
    }
}

#[test]
fn an_endless_token_is_refused_unread() {
    let mut value = b"Basic ".to_vec();
    value.resize(65_536, b'A');
    assert_eq!(auth().check(&value), Malformed);
    let colons = |groups| ["Basic ", &"Ojo6".repeat(groups)].concat();
    assert_eq!(auth().check(colons(64).as_bytes()), Mismatch);
    assert_eq!(auth().check(colons(65).as_bytes()), Malformed);
}

#[test]
fn zeros_after_the_token_are_not_taken_for_padding() {
    assert_eq!(auth().check(b"Basic dTpwOnE=\0"), Malformed);
    assert_eq!(auth().check(b"Basic dTpwOnE=\0\0\0\0"), Malformed);
}

#[test]
fn what_cannot_be_built() {
    let long = "x".repeat(191);
    for (username, password, error) in [
        ("", "p", ConfigError::EmptyUsername),
        ("u", "", ConfigError::EmptyPassword),
        ("a:b", "p", ConfigError::ColonInUsername),
        ("u\0", "p", ConfigError::ControlCharacter),
        ("u", "p\r", ConfigError::ControlCharacter),
        ("u", "p\u{7f}", ConfigError::ControlCharacter),
        ("u", "p\u{85}", ConfigError::ControlCharacter),
        ("u", &long, ConfigError::CredentialsTooLong),
    ] {
        assert_eq!(BasicAuth::new(username, password).unwrap_err(), error);
        assert_eq!(auth().or(username, password).unwrap_err(), error);
    }
}

#[test]
fn nothing_shows() {
    let credentials = Credentials::new("JohnSmith", "Swordfish").unwrap();
    assert_eq!(format!("{credentials:?}"), "Credentials(redacted)");
    assert_eq!(format!("{:?}", credentials.authorization()), "Sensitive");
    assert_eq!(format!("{:?}", BasicAuth::from(&credentials)), "BasicAuth { accepted: 1, .. }");
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

#[test]
fn a_realm_that_would_break_the_header_cannot_be_built() {
    for realm in ["", "  ", "a\"b", "a\\b", "a\r\nb", "caf\u{e9}"] {
        assert_eq!(auth().with_realm(realm).unwrap_err(), ConfigError::InvalidRealm, "{realm}");
    }
}
