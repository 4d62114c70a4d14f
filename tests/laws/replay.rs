//! Nothing that is signed tells a replay from the first delivery: both verify,
//! and keys and revisions tell them apart (`tests/webhooks/tracking.rs`).

use order_webhooks::bandwidth::NotificationWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::tracking::Standing;
use order_webhooks::{Tracked, Webhook};

use super::signature::NAME;
use crate::outcome;
use fixtures::law::{Law, row};
use fixtures::samples::{ORDER_STATUS, ORDER_STATUS_SIGNATURE, PORTERBUDDY_KEY, U_P, secret, u_p};

const TABLE: &str = "CONFORMANCE, Transport, replay, leaks";

pub(crate) const LAW: Law = Law {
    title: "Replay: what is verified twice is told by its key and revision",
    rows: &[
        row("the same signed body twice", "verified twice: Same", TABLE, |cases| {
            let webhook = OrderWebhook::new(&secret(PORTERBUDDY_KEY));
            let headers = [(NAME, ORDER_STATUS_SIGNATURE.as_bytes())];
            let deliver = || outcome(&webhook, &headers, ORDER_STATUS.as_bytes()).unwrap();
            cases.of("twice", compared(&webhook, &deliver(), &deliver()));
        }),
        row("COMPLETE before PROCESSING", "verified twice: Older", TABLE, |cases| {
            let webhook = NotificationWebhook::new(u_p());
            let at = |status: &str, time: &str| {
                let body = format!(
                    "<Notification><SubscriptionId>s</SubscriptionId><OrderId>o</OrderId>\
                     <Status>{status}</Status><LastModifiedDate>{time}</LastModifiedDate>\
                     </Notification>"
                );
                let headers = [("authorization", U_P.as_bytes())];
                outcome(&webhook, &headers, body.as_bytes()).unwrap()
            };
            let complete = at("COMPLETE", "2023-09-12T15:11:31.705Z");
            let processing = at("PROCESSING", "2023-09-12T15:11:30Z");
            cases.of("PROCESSING, which is second", compared(&webhook, &complete, &processing));
        }),
    ],
};

/// What the second is to the first, of the same thing.
fn compared<W: Webhook<Event: Tracked>>(_: &W, first: &W::Event, second: &W::Event) -> String {
    assert_eq!(first.key(), second.key());
    let standing: Standing = second.compare(first);
    format!("verified twice: {standing:?}")
}

#[test]
fn a_replay_verifies_and_is_told_from_news() {
    LAW.holds();
}
