//! A header that comes twice never authenticates.

use order_webhooks::bandwidth::{
    DenialReason, NotificationWebhook, PortOutAnswer, PortOutWebhook, SubscriptionWebhook,
};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{Reason, Webhook};
use proptest::prelude::*;
use serde_json::Value;

use crate::{RIGHT, auth, bytes, deliver, secret};

#[track_caller]
fn repeated<W: Webhook>(webhook: &W, name: &str, headers: &[(&str, &[u8])], body: &[u8]) {
    let rejection = deliver(webhook, headers, body).err().unwrap();
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
        others in prop::collection::vec(prop_oneof![bytes(0..20), Just(RIGHT.to_vec())], 1..4),
        first in any::<bool>(),
        body in bytes(0..40),
    ) {
        let values = |right: &[u8]| {
            let mut values = others.clone();
            values.insert(if first { 0 } else { others.len() }, right.to_vec());
            values
        };
        let basic = values(RIGHT);
        let headers: Vec<_> = basic.iter().map(|value| ("Authorization", &value[..])).collect();
        repeated(&OrderItemWebhook::new(auth()), "authorization", &headers, &body);
        repeated(&NotificationWebhook::new(auth()), "authorization", &headers, &body);
        let port_out = PortOutWebhook::new(auth(), DenialReason::InvalidRequest.into());
        repeated(&port_out, "authorization", &headers, &body);
        let v2 = SubscriptionWebhook::<Value>::new(&secret()).with_senders(auth());
        repeated(&v2, "authorization", &headers, &body);

        let porterbuddy = OrderWebhook::new(&secret());
        let signatures = values(porterbuddy.signature().sign(&body).as_bytes());
        let name = "X-Porterbuddy-HMAC-SHA256";
        let headers: Vec<_> = signatures.iter().map(|value| (name, &value[..])).collect();
        repeated(&porterbuddy, name, &headers, &body);
        let v2 = SubscriptionWebhook::<Value>::new(&secret());
        let name = "x-bandwidth-signature-sha-256";
        let headers: Vec<_> = signatures.iter().map(|value| (name, &value[..])).collect();
        repeated(&v2, name, &headers, &body);
    }
}
