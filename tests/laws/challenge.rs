//! The challenge: a pure function of the head. What the adapters make of it is in
//! `tests/adapters`.

use order_webhooks::bandwidth::NotificationWebhook;
use order_webhooks::musement::OrderItemWebhook;

use super::credentials::{MALFORMED, MISMATCH, SCHEME, of_both};
use super::repeated_header::AUTHORIZATION as REPEATED;
use crate::{ACCEPTED, Headers, deliver, said};
use fixtures::samples::{ORDER_NOTIFICATION, u_pq};

pub(crate) const ASKED: &str = "401 asked for credentials";

#[test]
fn a_sender_is_asked_for_credentials() {
    let table: &[(Headers<'_>, &str)] = &[
        (&[], ASKED),
        (&[("Proxy-Authorization", b"Basic dTpwOnE=")], ASKED),
        (&[("X-Authorization", b"Basic dTpwOnE=")], ASKED),
        (&[("Authorization", b"Basic dTpwOnE=")], ACCEPTED),
        (&[("authorization", b"Basic dTpwOnE=")], ACCEPTED),
        (&[("Authorization", b"Basic eDp5")], MISMATCH),
        (&[("Authorization", b"Basic dQ==")], MALFORMED),
        (&[("Authorization", b"Bearer x")], SCHEME),
        (&[("Authorization", b"Basic dTpwOnE="), ("Authorization", b"Basic eDp5")], REPEATED),
    ];
    for (headers, expected) in table {
        assert_eq!(of_both(&u_pq(), headers), *expected, "{headers:?}");
    }
}

/// Whatever the body is: a first request may have any, or none.
#[test]
fn the_body_of_a_first_request_does_not_matter() {
    let large = b"x".repeat(2_000_000);
    for body in [ORDER_NOTIFICATION.as_bytes(), b"", b"<!DOCTYPE a>", b"\xff", &large] {
        assert_eq!(said(&NotificationWebhook::new(u_pq()), &[], body), ASKED);
    }
}

/// Only a request without credentials is a normal step of the exchange.
#[test]
fn a_challenge_is_told_from_a_refusal() {
    let webhook = OrderItemWebhook::new(u_pq());
    assert!(deliver(&webhook, "POST", &[], b"").unwrap_err().is_challenge());
    let refused = deliver(&webhook, "POST", &[("authorization", b"x")], b"").unwrap_err();
    assert!(!refused.is_challenge());
}
