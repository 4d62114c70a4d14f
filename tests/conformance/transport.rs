//! Methods, bounds, replay. Bodies that are slow, cut, or longer than declared
//! need a connection and are tested over the servers.

use std::time::Duration;

use order_webhooks::bandwidth::NotificationWebhook;
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{
    Allowlist, BasicAuth, Head, Limits, Reason, Receive as _, Rejection, Secret, Webhook,
};

use crate::{Headers, check_rejection, deliver, outcome};

const AUTHORIZED: Headers<'_> = &[("authorization", b"Basic dTpw")];
const MUSEMENT: &[u8] = include_bytes!("../data/musement/order-item.json");

fn auth() -> BasicAuth {
    BasicAuth::new("u", "p").unwrap()
}

fn second() -> Duration {
    Duration::from_secs(1)
}

/// A method is refused before credentials are asked for.
#[test]
fn only_post() {
    let webhook = OrderItemWebhook::new(auth());
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "POSTS", ""]
    {
        for headers in [AUTHORIZED, &[]] {
            let rejection = deliver(&webhook, method, headers, MUSEMENT).unwrap_err();
            check_rejection(&rejection, MUSEMENT);
            assert_eq!(*rejection.reason(), Reason::Method, "{method}");
            assert_eq!(rejection.status(), 405);
        }
    }
}

#[test]
fn a_body_of_the_limit_and_one_byte_more() {
    let limit = MUSEMENT.len();
    let webhook =
        |limit| OrderItemWebhook::new(auth()).with_limits(Limits::new(limit, second()).unwrap());
    let update = outcome(&webhook(limit), AUTHORIZED, MUSEMENT).unwrap();
    assert_eq!(update.order_id.unwrap().as_str(), "13459345");
    assert_eq!(
        outcome(&webhook(limit - 1), AUTHORIZED, MUSEMENT).unwrap_err(),
        format!("413 the body is longer than {} bytes", limit - 1)
    );
}

/// 1,048,576 bytes are read and 1,048,577 are not, by every webhook.
#[test]
fn the_default_limit() {
    fn of<W: Webhook>(webhook: &W, headers: Headers<'_>, body: &[u8]) -> String {
        outcome(webhook, headers, body).map(drop).unwrap_err()
    }
    let body = vec![b' '; 1_048_577];
    let (fits, exceeds) = (&body[1..], &body[..]);
    let too_large = "413 the body is longer than 1048576 bytes";

    let musement = OrderItemWebhook::new(auth());
    let no_json =
        "400 the body does not parse: unexpected end of the document at line 1 column 1048577";
    assert_eq!(of(&musement, AUTHORIZED, fits), no_json);
    assert_eq!(of(&musement, AUTHORIZED, exceeds), too_large);

    let bandwidth = NotificationWebhook::new(auth());
    assert_eq!(of(&bandwidth, AUTHORIZED, fits), no_json);
    assert_eq!(of(&bandwidth, AUTHORIZED, exceeds), too_large);

    let porterbuddy = OrderWebhook::new(&Secret::new("key").unwrap());
    let name = "x-porterbuddy-hmac-sha256";
    let signature = porterbuddy.signature().sign(fits);
    assert_eq!(of(&porterbuddy, &[(name, signature.as_bytes())], fits), no_json);
    // What is too long is not hashed: a wrong signature is not noticed.
    assert_eq!(of(&porterbuddy, &[(name, signature.as_bytes())], exceeds), too_large);
}

/// What an adapter says when there is no complete body.
#[test]
fn a_body_that_cannot_be_read() {
    let webhook = OrderItemWebhook::new(auth());
    for (reason, status, message) in [
        (Reason::TooLarge { limit: 4 }, 413, "the body is longer than 4 bytes"),
        (Reason::TooSlow { limit: second() }, 408, "the body did not come within 1s"),
        (Reason::Incomplete, 400, "the body is incomplete"),
    ] {
        let pending = webhook.authenticate(&Head::new("POST", &AUTHORIZED)).unwrap();
        let rejection: Rejection = pending.fail(reason.clone());
        check_rejection(&rejection, b"");
        assert_eq!(*rejection.reason(), reason);
        assert_eq!((rejection.status().as_u16(), &*rejection.to_string()), (status, message));
    }
}

#[test]
fn addresses() {
    let list = || Allowlist::new(["203.0.113.7", "2001:db8::/32"]).unwrap();
    let by_address = OrderItemWebhook::new(list());
    let by_both = OrderItemWebhook::new(list().with(auth()));
    let (unknown, refused) =
        ("403 the sender's address is not known", "403 the sender's address is not allowed");
    let asked = "401 asked for credentials";
    for (peer, headers, address_says, both_say) in [
        (None, AUTHORIZED, Err(unknown), Err(unknown)),
        (Some("203.0.113.8"), AUTHORIZED, Err(refused), Err(refused)),
        (Some("203.0.113.8"), &[][..], Err(refused), Err(refused)),
        (Some("203.0.113.7"), AUTHORIZED, Ok(()), Ok(())),
        (Some("203.0.113.7"), &[], Ok(()), Err(asked)),
        (Some("::ffff:203.0.113.7"), AUTHORIZED, Ok(()), Ok(())),
        (Some("2001:db8:1::1"), AUTHORIZED, Ok(()), Ok(())),
        (Some("::203.0.113.7"), AUTHORIZED, Err(refused), Err(refused)),
    ] {
        for (webhook, expected) in [(&by_address, address_says), (&by_both, both_say)] {
            let head = Head::new("POST", &headers);
            let head = match peer {
                Some(peer) => head.with_peer(peer.parse().unwrap()),
                None => head,
            };
            let outcome = webhook.authenticate(&head).map(drop).map_err(|rejection: Rejection| {
                check_rejection(&rejection, b"");
                format!("{} {rejection}", rejection.status().as_u16())
            });
            assert_eq!(outcome, expected.map_err(str::to_owned), "{peer:?}");
        }
    }
}

/// Nothing that is signed tells a replay from the first delivery: both verify,
/// and what the event brings tells them apart.
#[test]
fn the_same_signed_body_twice() {
    let webhook = OrderWebhook::new(&Secret::new("key").unwrap());
    let body = include_bytes!("../data/porterbuddy/order-status.json");
    let signature = webhook.signature().sign(body);
    let headers: Headers<'_> = &[("x-porterbuddy-hmac-SHA256", signature.as_bytes())];
    let first = outcome(&webhook, headers, body).unwrap();
    let again = outcome(&webhook, headers, body).unwrap();
    assert_eq!(first, again);
    assert!(first.status_updated_at.is_some());
}

#[test]
fn complete_before_processing() {
    let webhook = NotificationWebhook::new(auth());
    let at = |status: &str, time: &str| {
        let body = format!(
            "<Notification><SubscriptionId>s</SubscriptionId><OrderId>o</OrderId>\
             <Status>{status}</Status><LastModifiedDate>{time}</LastModifiedDate></Notification>"
        );
        let event = outcome(&webhook, AUTHORIZED, body.as_bytes()).unwrap();
        serde_json::to_value(event).unwrap()["LastModifiedDate"].as_str().unwrap().to_owned()
    };
    let complete = at("COMPLETE", "2023-09-12T15:11:31.705Z");
    let processing = at("PROCESSING", "2023-09-12T15:11:30Z");
    assert!(processing < complete);
}
