//! One header, one value: a header that authenticates and comes twice, equal or
//! not, never authenticates.

use order_webhooks::bandwidth::{
    DenialReason, NotificationWebhook, PortOutAnswer, PortOutWebhook, V2Webhook,
};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Reason, Webhook};
use proptest::prelude::*;
use serde_json::Value;

use super::credentials::of_both;
use super::signature::sent;
use crate::{Headers, bytes, deliver, said};
use fixtures::samples::{JEFE, U_P, U_PQ, V, WHAT, secret, u_p, u_pq};

pub(crate) const AUTHORIZATION: &str = "400 header authorization given more than once";
const SIGNATURE: &str = "400 header x-porterbuddy-hmac-sha256 given more than once";

/// In any case of the name.
#[test]
fn credentials_that_come_twice_are_refused() {
    for values in [
        &[U_PQ, U_PQ][..],
        &[U_PQ, U_PQ, U_PQ],
        &[U_PQ, "Basic dTpw"],
        &["Basic dTpw", U_PQ],
        &[U_PQ, ""],
    ] {
        let names = ["Authorization", "authorization", "AUTHORIZATION"];
        let headers: Vec<_> =
            names.into_iter().zip(values).map(|(name, value)| (name, value.as_bytes())).collect();
        assert_eq!(of_both(&u_pq(), &headers), AUTHORIZATION, "{values:?}");
    }
}

#[test]
fn a_signature_that_comes_twice_is_refused() {
    for other in [V, "AAAA", ""] {
        assert_eq!(sent(&[V.as_bytes(), other.as_bytes()], WHAT.as_bytes()), SIGNATURE, "{other}");
    }
}

#[test]
fn an_encoding_that_comes_twice_is_refused() {
    for other in [&b"identity"[..], b"gzip"] {
        let headers: Headers<'_> = &[
            ("x-porterbuddy-hmac-sha256", V.as_bytes()),
            ("Content-Encoding", b"identity"),
            ("content-encoding", other),
        ];
        let outcome = said(&OrderWebhook::new(&secret(JEFE)), headers, WHAT.as_bytes());
        assert_eq!(outcome, "415 the body is encoded");
    }
}

#[track_caller]
fn repeated<W: Webhook>(webhook: &W, name: &str, headers: &[(&str, &[u8])], body: &[u8]) {
    let rejection = deliver(webhook, "POST", headers, body).err().unwrap();
    assert_eq!(rejection.reason(), &Reason::RepeatedHeader(name.parse().unwrap()));
    assert_eq!(rejection.verified_body(), None);
    let response = rejection.to_response();
    if W::NAME == "bandwidth.port_out" {
        // An error status would approve the port-out.
        let denied = PortOutAnswer::deny(DenialReason::InvalidRequest).to_xml(None);
        assert_eq!((response.status().as_u16(), response.body()), (200, &denied.into()));
    } else {
        assert_eq!(response.status(), 400);
        assert!(response.body().is_empty());
    }
}

proptest! {
    #[test]
    fn a_header_seen_twice_never_authenticates(
        others in prop::collection::vec(prop_oneof![bytes(0..20), Just(U_P.as_bytes().to_vec())], 1..4),
        first in any::<bool>(),
        body in bytes(0..40),
    ) {
        let values = |right: &[u8]| {
            let mut values = others.clone();
            values.insert(if first { 0 } else { others.len() }, right.to_vec());
            values
        };
        let basic = values(U_P.as_bytes());
        let headers: Vec<_> = basic.iter().map(|value| ("Authorization", &value[..])).collect();
        repeated(&OrderItemWebhook::new(u_p()), "authorization", &headers, &body);
        repeated(&NotificationWebhook::new(u_p()), "authorization", &headers, &body);
        let port_out = PortOutWebhook::new(u_p(), DenialReason::InvalidRequest.into());
        repeated(&port_out, "authorization", &headers, &body);
        let v2 = V2Webhook::<Value>::new(&secret(JEFE)).with_senders(u_p());
        repeated(&v2, "authorization", &headers, &body);

        let porterbuddy = OrderWebhook::new(&secret(JEFE));
        let signatures = values(porterbuddy.signature().sign(&body).as_bytes());
        let name = "X-Porterbuddy-HMAC-SHA256";
        let headers: Vec<_> = signatures.iter().map(|value| (name, &value[..])).collect();
        repeated(&porterbuddy, name, &headers, &body);
        let v2 = V2Webhook::<Value>::new(&secret(JEFE));
        let name = "x-bandwidth-signature-sha-256";
        let headers: Vec<_> = signatures.iter().map(|value| (name, &value[..])).collect();
        repeated(&v2, name, &headers, &body);
    }
}
