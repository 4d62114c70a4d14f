//! The bodies, credentials, keys and signatures that the tests use. Where the
//! bodies come from stands in `tests/data/README.md`.

use order_webhooks::{BasicAuth, Secret};

pub(crate) const ORDER_ITEM: &str = include_str!("../data/musement/order-item.json");
pub(crate) const ORDER_STATUS: &str = include_str!("../data/porterbuddy/order-status.json");
pub(crate) const ORDER_STATUS_AS_PRINTED: &str =
    include_str!("../data/porterbuddy/order-status-as-printed.json");
pub(crate) const ORDER_REQUEST: &str = include_str!("../data/porterbuddy/order-request.json");
pub(crate) const ORDER_NOTIFICATION: &str =
    include_str!("../data/bandwidth/order-notification.xml");
pub(crate) const NOTE_NOTIFICATION: &str = include_str!("../data/bandwidth/note-notification.xml");
pub(crate) const EVENT_NOTIFICATION: &str =
    include_str!("../data/bandwidth/event-notification.xml");
pub(crate) const PORT_OUT: &str = include_str!("../data/bandwidth/port-out.xml");
pub(crate) const SUBSCRIPTION_UPDATE: &str =
    include_str!("../data/bandwidth/subscription-update.json");

/// What a 401 asks with.
pub(crate) const CHALLENGE: &str = r#"Basic realm="webhooks", charset="UTF-8""#;

/// `JohnSmith` and `Swordfish`, Musement's documented pair.
pub(crate) const JOHN_SMITH: &str = "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==";
/// `bandwidth-user` and `bandwidth-password`.
pub(crate) const BANDWIDTH_USER: &str = "Basic YmFuZHdpZHRoLXVzZXI6YmFuZHdpZHRoLXBhc3N3b3Jk";
/// `u` and `p`.
pub(crate) const U_P: &str = "Basic dTpw";
/// `u` and `p:q`.
pub(crate) const U_PQ: &str = "Basic dTpwOnE=";
/// `x` and `y`, which nobody accepts.
pub(crate) const X_Y: &str = "Basic eDp5";

/// The key that Porterbuddy's deliveries are signed with.
pub(crate) const PORTERBUDDY_KEY: &str = "porterbuddy-api-key";
/// The key of Bandwidth's v2 subscriptions.
pub(crate) const BANDWIDTH_KEY: &str = "bandwidth-secret";
/// `openssl dgst -sha256 -hmac porterbuddy-api-key -binary | base64` of [`ORDER_STATUS`].
pub(crate) const ORDER_STATUS_SIGNATURE: &str = "Ax1l0B3lO6KF7BPCwU3fa1p4L4CAMdd3UQjwzDOUp0E=";

/// RFC 4231, section 4.3: the key, the body, and its signature in base64 and in hex.
pub(crate) const JEFE: &str = "Jefe";
pub(crate) const WHAT: &str = "what do ya want for nothing?";
pub(crate) const V: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
pub(crate) const V_IN_HEX: &str =
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

pub(crate) fn john_smith() -> BasicAuth {
    BasicAuth::new("JohnSmith", "Swordfish").unwrap()
}

pub(crate) fn bandwidth_user() -> BasicAuth {
    BasicAuth::new("bandwidth-user", "bandwidth-password").unwrap()
}

pub(crate) fn u_p() -> BasicAuth {
    BasicAuth::new("u", "p").unwrap()
}

pub(crate) fn u_pq() -> BasicAuth {
    BasicAuth::new("u", "p:q").unwrap()
}

pub(crate) fn secret(key: &str) -> Secret {
    Secret::new(key).unwrap()
}
