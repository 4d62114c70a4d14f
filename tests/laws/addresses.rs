//! Addresses: alone, or together with credentials. Which address counts, the
//! connection's or the middleware's, is tested over the servers.

use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::{Allowlist, Head, Rejection, WebhookExt as _};

use super::challenge::ASKED;
use super::credentials::MISMATCH;
use crate::{ACCEPTED, Headers, refusal};
use fixtures::law::{Cases, Law, row};
use fixtures::samples::{U_P, X_Y, u_p};

const UNKNOWN: &str = "403 the sender's address is not known";
const REFUSED: &str = "403 the sender's address is not allowed";
const DESIGN: &str = "DESIGN, law 10";

const RIGHT: Headers<'_> = &[("authorization", U_P.as_bytes())];
const WRONG: Headers<'_> = &[("authorization", X_Y.as_bytes())];

/// The list has `203.0.113.7` and `2001:db8::/32`.
pub(crate) const LAW: Law = Law {
    title: "Law 10, addresses: the list has `203.0.113.7` and `2001:db8::/32`",
    rows: &[
        row("no address", UNKNOWN, DESIGN, |cases| {
            by_address(cases, None, RIGHT);
            by_both(cases, None, RIGHT);
        }),
        row("another address, whatever the credentials are", REFUSED, DESIGN, |cases| {
            for headers in [RIGHT, WRONG, &[]] {
                by_address(cases, Some("203.0.113.8"), headers);
                by_both(cases, Some("203.0.113.8"), headers);
            }
            by_address(cases, Some("::203.0.113.7"), RIGHT);
            by_both(cases, Some("::203.0.113.7"), RIGHT);
        }),
        row(
            "an address of the list, as IPv4, as IPv6, mapped",
            ACCEPTED,
            "RFC 4291, 2.5.5.2",
            |cases| {
                for address in ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8:1::1"] {
                    by_address(cases, Some(address), RIGHT);
                    by_both(cases, Some(address), RIGHT);
                }
                by_address(cases, Some("203.0.113.7"), &[]);
                by_address(cases, Some("203.0.113.7"), WRONG);
            },
        ),
        row("… where credentials are asked for too, without them", ASKED, DESIGN, |cases| {
            by_both(cases, Some("203.0.113.7"), &[]);
        }),
        row("… with wrong ones", MISMATCH, DESIGN, |cases| {
            by_both(cases, Some("203.0.113.7"), WRONG);
        }),
    ],
};

fn list() -> Allowlist {
    Allowlist::new(["203.0.113.7", "2001:db8::/32"]).unwrap()
}

fn by_address(cases: &mut Cases, peer: Option<&str>, headers: Headers<'_>) {
    judged(cases, &OrderItemWebhook::new(list()), peer, headers);
}

fn by_both(cases: &mut Cases, peer: Option<&str>, headers: Headers<'_>) {
    judged(cases, &OrderItemWebhook::new(list().with(u_p())), peer, headers);
}

fn judged(cases: &mut Cases, webhook: &OrderItemWebhook, peer: Option<&str>, headers: Headers<'_>) {
    let head = Head::new("POST", &headers);
    let head = match peer {
        Some(peer) => head.with_peer(peer.parse().unwrap()),
        None => head,
    };
    let outcome = match webhook.authenticate(&head) {
        Ok(_) => ACCEPTED.to_owned(),
        Err(rejection) => {
            let rejection: Rejection = rejection;
            refusal(&rejection, b"")
        }
    };
    cases.of(format!("{peer:?}, {} headers", headers.len()), outcome);
}

#[test]
fn a_sender_comes_from_an_address_of_the_list() {
    LAW.holds();
}
