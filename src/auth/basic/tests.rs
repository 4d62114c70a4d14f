use super::*;
use CredentialsFault::{Malformed, Mismatch, Scheme};

fn auth() -> BasicAuth {
    BasicAuth::new("u", "p:q").unwrap()
}

#[test]
fn the_header_is_read_as_rfc_7617_says() {
    let table: &[(&[u8], Result<(), CredentialsFault>)] = &[
        (b"Basic dTpwOnE=", Ok(())),
        (b"basic dTpwOnE=", Ok(())),
        (b"BASIC dTpwOnE=", Ok(())),
        (b"Basic    dTpwOnE=", Ok(())),
        (b"Basic\tdTpwOnE=", Err(Malformed)),
        (b"Basic", Err(Malformed)),
        (b"Basic ", Err(Malformed)),
        (b"BasicdTpwOnE=", Err(Malformed)),
        (b"", Err(Scheme)),
        (b"Bearer x", Err(Scheme)),
        (b"Digest username=\"u\"", Err(Scheme)),
        (b"Basic dQ==", Err(Malformed)),
        (b"Basic dTpwOnE", Err(Malformed)),
        (b"Basic dTpwOnF=", Err(Malformed)),
        (b"Basic dTpwOnE= ", Err(Malformed)),
        (b"Basic dTpwOnE=, Basic dTpwOnE=", Err(Malformed)),
        (b"Basic dTo=dTpw", Err(Malformed)),
        (b"Basic dTp\xE9OnE=", Err(Malformed)),
        (b"Basic dTpw", Err(Mismatch)),
        (b"Basic dTpwOnI=", Err(Mismatch)),
        (b"Basic djpwOnE=", Err(Mismatch)),
        (b"Basic 6TpwOnE=", Err(Mismatch)),
    ];
    for (value, outcome) in table {
        assert_eq!(auth().check(value), *outcome, "{}", value.escape_ascii());
    }
}

#[test]
fn bits_in_the_padding_are_refused() {
    let auth = BasicAuth::new("u", "p").unwrap();
    assert_eq!(auth.check(b"Basic dTpw"), Ok(()));
    let auth = BasicAuth::new("u", " ").unwrap();
    assert_eq!(auth.check(b"Basic dTog"), Ok(()));
    assert_eq!(auth.check(b"Basic dTpwIB=="), Err(Malformed));
}

#[test]
fn every_length_matches_itself_and_nothing_next_to_it() {
    for length in [1, 90, 91, 92, 93, 94, 95, 96, 190, 191, 192, 1_000, 2_999] {
        let password = "x".repeat(length);
        let right = Credentials::new("u", &password).unwrap();
        let longer = Credentials::new("u", &"x".repeat(length + 1));
        let auth = BasicAuth::from(&right);
        assert_eq!(auth.check(right.authorization().as_bytes()), Ok(()), "{length}");
        if let Ok(longer) = longer {
            let value = longer.authorization();
            assert_eq!(auth.check(value.as_bytes()), Err(Mismatch), "{length}");
        }
        let mut cut = right.authorization().as_bytes().to_vec();
        cut.truncate(cut.len() - 4);
        assert_ne!(auth.check(&cut), Ok(()), "{length}");
    }
}

#[test]
fn any_wrong_character_is_a_mismatch() {
    let right = Credentials::new("JohnSmith", &"Swordfish".repeat(20)).unwrap();
    let auth = BasicAuth::from(&right);
    let value = right.authorization();
    for place in "Basic ".len()..value.len() {
        let mut wrong = value.as_bytes().to_vec();
        wrong[place] = if wrong[place] == b'A' { b'B' } else { b'A' };
        assert!(auth.check(&wrong).is_err(), "{place}");
    }
}

#[test]
fn several_credentials_are_accepted_at_once() {
    let auth = BasicAuth::new("a", "1").unwrap().or("b", "2").unwrap();
    for (user, password, outcome) in
        [("a", "1", Ok(())), ("b", "2", Ok(())), ("a", "2", Err(Mismatch))]
    {
        let shown = Credentials::new(user, password).unwrap().authorization();
        assert_eq!(auth.check(shown.as_bytes()), outcome, "{user}");
    }
}

#[test]
fn an_endless_token_is_refused_unread() {
    let mut value = b"Basic ".to_vec();
    value.resize(65_536, b'A');
    assert_eq!(auth().check(&value), Err(Malformed));
}

#[test]
fn what_cannot_be_built() {
    let long = "x".repeat(3_000);
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
