//! Nothing that is signed tells a replay from the first delivery: both verify,
//! and keys and revisions tell them apart (`tests/webhooks/tracking.rs`).

use order_webhooks::bandwidth::NotificationWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::tracking::Standing;
use order_webhooks::tracking::Tracked;

use super::signature::NAME;
use crate::outcome;
use fixtures::samples::{ORDER_STATUS, ORDER_STATUS_SIGNATURE, PORTERBUDDY_KEY, U_P, secret, u_p};

#[test]
fn the_same_delivery_verifies_twice_and_is_the_same() {
    let webhook = OrderWebhook::new(&secret(PORTERBUDDY_KEY));
    let headers = [(NAME, ORDER_STATUS_SIGNATURE.as_bytes())];
    let deliver = || outcome(&webhook, &headers, ORDER_STATUS.as_bytes()).unwrap();
    let (first, second) = (deliver(), deliver());
    assert_eq!(first.key(), second.key());
    assert_eq!(second.compare(&first), Standing::Same);
}

#[test]
fn a_delivery_that_was_overtaken_verifies_and_is_older() {
    let webhook = NotificationWebhook::new(u_p());
    let at = |status: &str, time: &str| {
        let body = format!(
            "<Notification><SubscriptionId>s</SubscriptionId><OrderId>o</OrderId>\
             <Status>{status}</Status><LastModifiedDate>{time}</LastModifiedDate></Notification>"
        );
        outcome(&webhook, &[("authorization", U_P.as_bytes())], body.as_bytes()).unwrap()
    };
    let complete = at("COMPLETE", "2023-09-12T15:11:31.705Z");
    let processing = at("PROCESSING", "2023-09-12T15:11:30Z");
    assert_eq!(complete.key(), processing.key());
    assert_eq!(processing.compare(&complete), Standing::Older);
}
