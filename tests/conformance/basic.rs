//! Basic credentials and the challenge, over the webhooks of Musement and
//! Bandwidth, which have to agree.

use order_webhooks::bandwidth::{Notification, NotificationWebhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::{BasicAuth, ConfigError, Credentials};

use crate::{Headers, check_rejection, deliver, outcome};

const MUSEMENT: &[u8] = include_bytes!("../data/musement/order-item.json");
const BANDWIDTH: &[u8] = include_bytes!("../data/bandwidth/order-notification.xml");

const ASKED: &str = "401 asked for credentials";
const SCHEME: &str = "401 credentials refused: another scheme than Basic";
const MALFORMED: &str = "401 credentials refused: malformed";
const MISMATCH: &str = "401 credentials refused: not the expected ones";
const REPEATED: &str = "400 header authorization given more than once";

/// The credentials `u` and `p:q`.
fn auth() -> BasicAuth {
    BasicAuth::new("u", "p:q").unwrap()
}

/// What both webhooks say; whether they have an event is all that is left of it.
#[track_caller]
fn of_both(auth: BasicAuth, headers: Headers<'_>) -> Result<(), String> {
    let musement = OrderItemWebhook::new(auth.clone());
    let bandwidth = NotificationWebhook::new(auth);
    let by_musement = outcome(&musement, headers, MUSEMENT).map(drop);
    let by_bandwidth = outcome(&bandwidth, headers, BANDWIDTH).map(drop);
    assert_eq!(by_musement, by_bandwidth);
    by_musement
}

#[track_caller]
fn of_value(auth: BasicAuth, value: &[u8]) -> Result<(), String> {
    of_both(auth, &[("Authorization", value)])
}

#[test]
fn the_header() {
    for (value, expected) in [
        // dTpwOnE= is `u:p:q`.
        (&b"Basic dTpwOnE="[..], Ok(())),
        (b"basic dTpwOnE=", Ok(())),
        (b"BASIC dTpwOnE=", Ok(())),
        (b"bAsIc dTpwOnE=", Ok(())),
        (b"Basic  dTpwOnE=", Ok(())),
        (b"Basic          dTpwOnE=", Ok(())),
        (b"Basic\tdTpwOnE=", Err(MALFORMED)),
        (b"Basic \tdTpwOnE=", Err(MALFORMED)),
        (b"Basic\xa0dTpwOnE=", Err(MALFORMED)),
        (b"Basic", Err(MALFORMED)),
        (b"Basic ", Err(MALFORMED)),
        (b"Basic         ", Err(MALFORMED)),
        (b"BasicdTpwOnE=", Err(MALFORMED)),
        (b" Basic dTpwOnE=", Err(SCHEME)),
        (b"", Err(SCHEME)),
        (b" ", Err(SCHEME)),
        (b"dTpwOnE=", Err(SCHEME)),
        (b"Basi", Err(SCHEME)),
        // No colon; a colon and nothing else; `u:`; `:p`.
        (b"Basic dQ==", Err(MALFORMED)),
        (b"Basic Og==", Err(MISMATCH)),
        (b"Basic dTo=", Err(MISMATCH)),
        (b"Basic OnA6cQ==", Err(MISMATCH)),
        // Bits in the padding, no padding, too much of it, some in between.
        (b"Basic dTpwIB==", Err(MALFORMED)),
        (b"Basic dTpwOnF=", Err(MALFORMED)),
        (b"Basic dTpwOnE", Err(MALFORMED)),
        (b"Basic dTpwOnE==", Err(MALFORMED)),
        (b"Basic dTpw====", Err(MALFORMED)),
        (b"Basic dTo=dTpw", Err(MALFORMED)),
        (b"Basic ====", Err(MALFORMED)),
        // White space and other things after and in it.
        (b"Basic dTpwOnE= ", Err(MALFORMED)),
        (b"Basic dTpw OnE=", Err(MALFORMED)),
        (b"Basic dTpwOnE=, Basic dTpwOnE=", Err(MALFORMED)),
        (b"Basic dTpwOnE=,", Err(MALFORMED)),
        (b"Basic \"dTpwOnE=\"", Err(MALFORMED)),
        (b"Basic realm=\"webhooks\"", Err(MALFORMED)),
        (b"Basic u:p:q", Err(MALFORMED)),
        // Any bytes at all: outside the base64, and inside it (`\xe9:p`).
        (b"Basic \xe9\xff", Err(MALFORMED)),
        (b"Basic dTpwOnE\0", Err(MALFORMED)),
        (b"Basic 6Tpw", Err(MISMATCH)),
        (b"\xff\xfe\xfd\xfc\xfb \xfa", Err(SCHEME)),
        // Another user, another password, both, and parts of the right ones.
        (b"Basic djpwOnE=", Err(MISMATCH)),
        (b"Basic dTpwOnI=", Err(MISMATCH)),
        (b"Basic djpwOnI=", Err(MISMATCH)),
        (b"Basic dTpw", Err(MISMATCH)),
        (b"Basic dTpwOnFx", Err(MISMATCH)),
        (b"Basic dTpwOnEA", Err(MISMATCH)),
        (b"Basic VTpwOnE=", Err(MISMATCH)),
        // Other schemes.
        (b"Bearer x", Err(SCHEME)),
        (b"Bearer dTpwOnE=", Err(SCHEME)),
        (b"Digest username=\"u\", realm=\"webhooks\", uri=\"/\"", Err(SCHEME)),
        (b"Negotiate dTpwOnE=", Err(SCHEME)),
    ] {
        let expected = expected.map_err(str::to_owned);
        assert_eq!(of_value(auth(), value), expected, "{}", value.escape_ascii());
    }
}

#[test]
fn no_header_is_a_challenge_and_two_are_an_error() {
    let right = ("Authorization", &b"Basic dTpwOnE="[..]);
    let wrong = ("authorization", &b"Basic dTpw"[..]);
    for (headers, expected) in [
        (&[][..], Err(ASKED)),
        (&[("Proxy-Authorization", &b"Basic dTpwOnE="[..])], Err(ASKED)),
        (&[("X-Authorization", b"Basic dTpwOnE=")], Err(ASKED)),
        (&[right], Ok(())),
        (&[right, right], Err(REPEATED)),
        (&[right, wrong], Err(REPEATED)),
        (&[wrong, right], Err(REPEATED)),
        (&[right, ("AUTHORIZATION", b"")], Err(REPEATED)),
        (&[right, right, right], Err(REPEATED)),
    ] {
        assert_eq!(of_both(auth(), headers), expected.map_err(str::to_owned));
    }
}

/// The first request is never parsed, whether it comes with a body, without
/// one, or with one that would not parse.
#[test]
fn the_challenge_does_not_look_at_the_body() {
    let webhook = NotificationWebhook::new(auth());
    for body in [BANDWIDTH, b"", b"<!DOCTYPE a>", b"\xff", &b"x".repeat(2_000_000)] {
        assert_eq!(outcome(&webhook, &[], body).unwrap_err(), ASKED);
    }
    let rejection = deliver(&webhook, "POST", &[], b"").unwrap_err();
    assert!(rejection.is_challenge());
    let rejection = deliver(&webhook, "POST", &[("authorization", b"x")], b"").unwrap_err();
    assert!(!rejection.is_challenge());
}

#[test]
fn an_authorization_of_64_kib_is_refused_before_it_is_decoded() {
    let right = format!("Basic {}dTpwOnE=", " ".repeat(65_536));
    assert_eq!(of_value(auth(), right.as_bytes()), Ok(()), "spaces are no token");
    let token = "dTpw".repeat(16_384);
    assert_eq!(of_value(auth(), format!("Basic {token}").as_bytes()), Err(MALFORMED.to_owned()));
    // The longest that is looked at, and one group more.
    let token = "dTpw".repeat(64);
    assert_eq!(of_value(auth(), format!("Basic {token}").as_bytes()), Err(MISMATCH.to_owned()));
    let token = "dTpw".repeat(65);
    assert_eq!(of_value(auth(), format!("Basic {token}").as_bytes()), Err(MALFORMED.to_owned()));
}

/// The responses are equal to the byte; the reasons, too, say the same.
#[test]
fn a_wrong_user_and_a_wrong_password_get_the_same_response() {
    let webhook = OrderItemWebhook::new(auth());
    let presented = |username, password| {
        let value = Credentials::new(username, password).unwrap().authorization();
        let headers = [("authorization", value.as_bytes())];
        let rejection = deliver(&webhook, "POST", &headers, MUSEMENT).unwrap_err();
        check_rejection(&rejection, MUSEMENT);
        (format!("{:?}", rejection.to_response()), rejection.to_string())
    };
    let wrong_password = presented("u", "p:x");
    assert_eq!(presented("x", "p:q"), wrong_password);
    assert_eq!(presented("x", "y"), wrong_password);
    assert_eq!(presented("a much longer username", "and password"), wrong_password);
}

#[test]
fn what_cannot_be_built() {
    for (username, password, error) in [
        ("", "p", ConfigError::EmptyUsername),
        ("u", "", ConfigError::EmptyPassword),
        ("", "", ConfigError::EmptyUsername),
        ("a:b", "p", ConfigError::ColonInUsername),
        (":", "p", ConfigError::ColonInUsername),
        ("a\0b", "p", ConfigError::ControlCharacter),
        ("a\rb", "p", ConfigError::ControlCharacter),
        ("a\nb", "p", ConfigError::ControlCharacter),
        ("a\tb", "p", ConfigError::ControlCharacter),
        ("a\x7fb", "p", ConfigError::ControlCharacter),
        ("a\u{80}b", "p", ConfigError::ControlCharacter),
        ("u", "\0", ConfigError::ControlCharacter),
        ("u", "p\r\n", ConfigError::ControlCharacter),
        ("u", "p\x1b[2J", ConfigError::ControlCharacter),
        ("u", "p\x7f", ConfigError::ControlCharacter),
    ] {
        assert_eq!(BasicAuth::new(username, password).unwrap_err(), error, "{username:?}");
        assert_eq!(auth().or(username, password).unwrap_err(), error, "{username:?}");
        assert_eq!(Credentials::new(username, password).unwrap_err(), error, "{username:?}");
    }
}

/// Characters outside ASCII match as UTF-8 only: `é:ü` as UTF-8, then as Latin-1.
#[test]
fn credentials_are_bytes() {
    let auth = BasicAuth::new("é", "ü").unwrap();
    assert_eq!(of_value(auth.clone(), b"Basic w6k6w7w="), Ok(()));
    assert_eq!(of_value(auth.clone(), b"Basic 6Tr8"), Err(MISMATCH.to_owned()));
    // Not even another form of the same text: an e and a combining acute accent.
    assert_eq!(of_value(auth, b"Basic ZcyBOsO8"), Err(MISMATCH.to_owned()));
}

#[test]
fn several_credentials_at_once() {
    let auth = BasicAuth::new("a", "1").unwrap().or("b", "2").unwrap().or("a", "3").unwrap();
    for (username, password, expected) in [
        ("a", "1", Ok(())),
        ("b", "2", Ok(())),
        ("a", "3", Ok(())),
        ("a", "2", Err(MISMATCH)),
        ("b", "1", Err(MISMATCH)),
    ] {
        let value = Credentials::new(username, password).unwrap().authorization();
        let outcome = of_value(auth.clone(), value.as_bytes());
        assert_eq!(outcome, expected.map_err(str::to_owned), "{username} {password}");
    }
}

/// A sender that shows its credentials at once is as welcome as one that waits.
#[test]
fn credentials_at_once() {
    let webhook = NotificationWebhook::new(auth());
    let headers: Headers<'_> = &[("authorization", b"Basic dTpwOnE=")];
    let Notification::Order(order) = outcome(&webhook, headers, BANDWIDTH).unwrap() else {
        panic!("not an order");
    };
    assert_eq!(order.customer_order_id.as_deref(), Some("customer-order-1"));
}
