//! The challenge: a pure function of the head, in every state of it. What the
//! adapters make of the same table is in `tests/adapters`.

use order_webhooks::bandwidth::NotificationWebhook;
use order_webhooks::musement::OrderItemWebhook;

use super::credentials::{MALFORMED, MISMATCH, SCHEME, of_both};
use super::repeated_header::AUTHORIZATION as REPEATED;
use crate::{ACCEPTED, Headers, deliver, said};
use fixtures::law::{Law, row};
use fixtures::samples::{ORDER_NOTIFICATION, U_PQ, u_pq};

pub(crate) const ASKED: &str = "401 asked for credentials";

const DESIGN: &str = "DESIGN, The challenge, as a table";

pub(crate) const LAW: Law = Law {
    title: "Law 10, the challenge: every 401 has one `WWW-Authenticate: Basic realm=\"…\", charset=\"UTF-8\"`",
    rows: &[
        row("no `Authorization`", ASKED, DESIGN, |cases| {
            cases.of("none", of_both(&u_pq(), &[]));
            let value = U_PQ.as_bytes();
            for name in ["Proxy-Authorization", "X-Authorization"] {
                cases.of(name, of_both(&u_pq(), &[(name, value)]));
            }
        }),
        row("present once, right", ACCEPTED, DESIGN, |cases| shown(cases, &["Basic dTpwOnE="])),
        row("present once, wrong", MISMATCH, DESIGN, |cases| shown(cases, &["Basic eDp5"])),
        row("present once, malformed", MALFORMED, DESIGN, |cases| shown(cases, &["Basic dQ=="])),
        row("present once, another scheme", SCHEME, DESIGN, |cases| shown(cases, &["Bearer x"])),
        row("present more than once", REPEATED, DESIGN, |cases| {
            shown(cases, &["Basic dTpwOnE=", "Basic eDp5"]);
        }),
        row(
            "no `Authorization`, over any body: an event, none, a DTD, no UTF-8, 2 MB",
            ASKED,
            "CONFORMANCE, How real senders behave",
            |cases| {
                let large = b"x".repeat(2_000_000);
                let bodies = [ORDER_NOTIFICATION.as_bytes(), b"", b"<!DOCTYPE a>", b"\xff", &large];
                cases.each(bodies, |body| said(&NotificationWebhook::new(u_pq()), &[], body));
            },
        ),
        row(
            "credentials at once, without having been asked",
            ACCEPTED,
            "CONFORMANCE, How real senders behave",
            |cases| {
                let headers: Headers<'_> = &[("authorization", U_PQ.as_bytes())];
                let webhook = NotificationWebhook::new(u_pq());
                cases.of("at once", said(&webhook, headers, ORDER_NOTIFICATION.as_bytes()));
            },
        ),
    ],
};

fn shown(cases: &mut fixtures::law::Cases, values: &[&str]) {
    let headers: Vec<_> = values.iter().map(|value| ("Authorization", value.as_bytes())).collect();
    cases.of(format!("{values:?}"), of_both(&u_pq(), &headers));
}

#[test]
fn a_sender_is_asked_for_credentials_as_the_table_says() {
    LAW.holds();
}

/// Only a request without credentials is a normal step of the exchange.
#[test]
fn a_challenge_is_told_from_a_refusal() {
    let webhook = OrderItemWebhook::new(u_pq());
    assert!(deliver(&webhook, "POST", &[], b"").unwrap_err().is_challenge());
    let refused = deliver(&webhook, "POST", &[("authorization", b"x")], b"").unwrap_err();
    assert!(!refused.is_challenge());
}
