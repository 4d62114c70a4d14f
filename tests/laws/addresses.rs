//! Addresses: alone, or together with credentials. Which address counts, the
//! connection's or the middleware's, is tested over the servers.

use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::{Allowlist, Head, WebhookExt as _};

use super::challenge::ASKED;
use super::credentials::MISMATCH;
use crate::{ACCEPTED, Headers, refusal};
use fixtures::samples::{U_P, X_Y, u_p};

const UNKNOWN: &str = "403 the server does not give the sender's address";
const MISSING: &str = "403 no proxy has written the sender's address";
const REFUSED: &str = "403 the sender's address is not allowed";

fn judged(webhook: &OrderItemWebhook, peer: &str, headers: Headers<'_>) -> String {
    let head = Head::new("POST", &headers);
    let head = match peer.parse() {
        Ok(peer) => head.with_peer(peer),
        Err(_) => head,
    };
    match webhook.authenticate(&head) {
        Ok(_) => ACCEPTED.to_owned(),
        Err(rejection) => refusal(&rejection, b""),
    }
}

/// RFC 4291, section 2.5.5.2, for the addresses that are mapped.
#[test]
fn a_sender_comes_from_an_address_of_the_list() {
    let right: Headers<'_> = &[("authorization", U_P.as_bytes())];
    let wrong: Headers<'_> = &[("authorization", X_Y.as_bytes())];
    let list = Allowlist::new(["203.0.113.7", "2001:db8::/32"]).unwrap();
    let by_address = OrderItemWebhook::new(list.clone());
    let by_both = OrderItemWebhook::new(list.with(u_p()));
    // By the address alone, and together with credentials.
    for (peer, headers, alone, together) in [
        ("none", right, UNKNOWN, UNKNOWN),
        ("0.0.0.0", right, MISSING, MISSING),
        ("203.0.113.8", right, REFUSED, REFUSED),
        ("203.0.113.8", wrong, REFUSED, REFUSED),
        ("203.0.113.8", &[], REFUSED, REFUSED),
        ("::203.0.113.7", right, REFUSED, REFUSED),
        ("203.0.113.7", right, ACCEPTED, ACCEPTED),
        ("203.0.113.7", wrong, ACCEPTED, MISMATCH),
        ("203.0.113.7", &[], ACCEPTED, ASKED),
        ("::ffff:203.0.113.7", right, ACCEPTED, ACCEPTED),
        ("2001:db8:1::1", right, ACCEPTED, ACCEPTED),
    ] {
        assert_eq!(judged(&by_address, peer, headers), alone, "{peer}");
        assert_eq!(judged(&by_both, peer, headers), together, "{peer}");
    }
}
