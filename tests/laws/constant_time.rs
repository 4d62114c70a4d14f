//! Nothing tells which part of a secret was wrong. How long a comparison takes is
//! measured by `tools/timing.sh`: no outcome shows it. Advisories about that are
//! CVE-2018-6596 (django-anymail), CVE-2022-43411 and CVE-2022-43412 (Jenkins
//! plugins), CVE-2024-45052 (Fides), CVE-2024-47178 (basic-auth-connect),
//! CVE-2026-47783 (memcached) and GHSA-c35v-qwqg-87jc (express-basic-auth).

use order_webhooks::Credentials;
use order_webhooks::musement::OrderItemWebhook;

use crate::deliver;
use fixtures::samples::{john_smith, u_pq};

/// GHSA-hcw2-2r9c-gc6p and GHSA-c967-2652-gfjm, CasaOS: an unknown user was told apart.
#[test]
fn a_wrong_user_and_a_wrong_password_get_the_same_response() {
    for (auth, username, password) in [
        (u_pq(), "u", "p:x"),
        (u_pq(), "x", "p:q"),
        (u_pq(), "x", "y"),
        (u_pq(), "a much longer username", "and password"),
        (john_smith(), "JohnSmith", "x"),
        (john_smith(), "x", "Swordfish"),
        (john_smith(), "x", "x"),
    ] {
        let value = Credentials::new(username, password).unwrap().authorization();
        let headers = [("authorization", value.as_bytes())];
        let rejection = deliver(&OrderItemWebhook::new(auth), "POST", &headers, b"").unwrap_err();
        assert_eq!(
            format!("{:?} {rejection}", rejection.to_response()),
            "Response { status: 401, version: HTTP/1.1, headers: {\"www-authenticate\": \
             \"Basic realm=\\\"webhooks\\\", charset=\\\"UTF-8\\\"\"}, body: b\"\" } \
             credentials refused: not the expected ones",
            "{username} {password}"
        );
    }
}
