//! What a delivery takes from the heap: nothing but what the event owns.
//!
//! Allocations are counted, so that no machine is too slow for this test.

use allocation_counter::measure;
use order_webhooks::bandwidth::{Notification, NotificationWebhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{
    Allowlist, Head, Webhook, WebhookExt as _,
    auth::{BodySignature, SignatureEncoding},
};

use fixtures::samples::{
    JOHN_SMITH, ORDER_ITEM, ORDER_STATUS, PORTERBUDDY_KEY, X_Y, john_smith, secret,
};

/// The heap allocations of this work when it is repeated.
fn allocations<T>(mut work: impl FnMut() -> T) -> u64 {
    drop(work());
    measure(|| drop(work())).count_total
}

fn map(headers: &[(&'static str, &str)]) -> http::HeaderMap {
    let mut map = http::HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    map
}

#[test]
fn a_signature_is_verified_or_refused_without_any() {
    let header = http::HeaderName::from_static("x-signature");
    let [key, next, other] = ["key", "next", "other"].map(secret);
    for (encoding, prefix) in [(SignatureEncoding::Base64, ""), (SignatureEncoding::Hex, "sha256=")]
    {
        let signed = |key| BodySignature::new(header.clone(), encoding, key).with_prefix(prefix);
        let by = |key| signed(key).sign(ORDER_STATUS.as_bytes());
        let (by_key, by_next, by_other) = (by(&key), by(&next), by(&other));
        let signed = signed(&key).or(&next);
        for (case, values) in [
            ("by the key", &[&*by_key][..]),
            ("by the next key", &[&by_next]),
            ("by another key", &[&by_other]),
            ("without", &[]),
            ("twice", &[&by_key, &by_key]),
            ("too short", &[&by_key[1..]]),
            ("not of the alphabet", &["*".repeat(by_key.len()).leak()]),
            ("endless", &["A".repeat(100_000).leak()]),
        ] {
            let headers: Vec<_> = values.iter().map(|value| ("x-signature", *value)).collect();
            let (map, pairs) = (map(&headers), &headers[..]);
            for headers in [&map as &dyn order_webhooks::webhook::Headers, &pairs] {
                let verified = || {
                    let signature = signed.read(&Head::new("POST", headers))?;
                    signed.verify(&signature, ORDER_STATUS.as_bytes())
                };
                assert_eq!(allocations(verified), 0, "{case} {encoding:?}");
            }
        }
    }
}

#[test]
fn credentials_are_verified_challenged_or_refused_without_any() {
    let auth = john_smith();
    let auth = auth.or("JohnSmith", "Marlin").unwrap().with_realm("orders").unwrap();
    for values in [
        &[JOHN_SMITH][..],
        &["Basic Sm9oblNtaXRoOlN3b3JkZmlzaB=="],
        &[X_Y],
        &["Basic *"],
        &["Basic"],
        &["Bearer Sm9oblNtaXRoOlN3b3JkZmlzaA=="],
        &[""],
        &[],
        &[JOHN_SMITH, JOHN_SMITH],
        &["Basic ".repeat(10_000).leak()],
    ] {
        let headers: Vec<_> = values.iter().map(|value| ("authorization", *value)).collect();
        let map = map(&headers);
        let head = Head::new("POST", &map);
        // A realm of one's own is shared, not copied, once it was first handed out.
        assert_eq!(allocations(|| auth.authenticate(&head)), 0, "{values:?}");
    }
}

#[test]
fn addresses_are_verified_or_refused_without_any() {
    let senders = Allowlist::new(["203.0.113.7", "198.51.100.0/24", "2001:db8::/32"]).unwrap();
    let map = http::HeaderMap::new();
    for address in ["203.0.113.7", "198.51.100.9", "203.0.113.8", "2001:db8::1", "::1"] {
        let head = Head::new("POST", &map).with_peer(address.parse().unwrap());
        assert_eq!(allocations(|| senders.authenticate(&head)), 0, "{address}");
    }
    assert_eq!(allocations(|| senders.authenticate(&Head::new("POST", &map))), 0);
}

#[test]
fn a_head_is_refused_without_any() {
    let map = map(&[("authorization", X_Y)]);
    let webhook = OrderItemWebhook::new(john_smith());
    for method in ["POST", "GET"] {
        let head = Head::new(method, &map);
        assert_eq!(allocations(|| webhook.authenticate(&head).unwrap_err()), 0, "{method}");
    }
}

/// The event of a body that is there, in the type that servers keep it in.
fn whole<W: Webhook>(webhook: &W, headers: &http::HeaderMap, body: &[u8]) -> u64 {
    let kept = bytes::Bytes::copy_from_slice(body);
    let deliver = || {
        let pending = webhook.authenticate(&Head::new("POST", headers)).unwrap();
        pending.verify(kept.clone()).unwrap()
    };
    // The first clone of the bytes makes them shared.
    allocations(deliver)
}

#[test]
fn an_order_item_takes_none_at_all() {
    let webhook = OrderItemWebhook::new(john_smith());
    let headers = map(&[("authorization", JOHN_SMITH)]);
    assert_eq!(whole(&webhook, &headers, ORDER_ITEM.as_bytes()), 0);
}

#[test]
fn an_order_takes_its_id_and_its_reference() {
    let webhook = OrderWebhook::new(&secret(PORTERBUDDY_KEY));
    let signature = webhook.signature().sign(ORDER_STATUS.as_bytes());
    let headers = map(&[("x-porterbuddy-hmac-sha256", &signature)]);
    assert_eq!(whole(&webhook, &headers, ORDER_STATUS.as_bytes()), 2);
}

fn notification(numbers: usize) -> Vec<u8> {
    let list: String = (0..numbers)
        .map(|n| {
            format!("<TelephoneNumber>{}</TelephoneNumber>", 2_223_331_000_usize.wrapping_add(n))
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><Notification><SubscriptionId>390-f-42-89-40</SubscriptionId>\
         <OrderType>orders</OrderType><OrderId>c5d8d076-345c-45d7-87b3-803a35cca89b</OrderId>\
         <CustomerOrderId>2020-08-26-3</CustomerOrderId><Status>COMPLETE</Status>\
         <Message>Created</Message><CompletedTelephoneNumbers>{list}</CompletedTelephoneNumbers>\
         <LastModifiedDate>2023-09-12T15:11:31.705Z</LastModifiedDate></Notification>"
    )
    .into_bytes()
}

#[test]
fn numbers_take_none_each() {
    for (numbers, most) in [(1, 9), (1_000, 18), (100_000, 25)] {
        let body = notification(numbers);
        let taken = allocations(|| Notification::parse_unverified(&body).unwrap());
        assert!(taken <= most, "{taken} for {numbers}");
    }
    let webhook = NotificationWebhook::new(john_smith());
    let headers = map(&[("authorization", JOHN_SMITH)]);
    assert!(whole(&webhook, &headers, &notification(10_000)) <= 26);
}
