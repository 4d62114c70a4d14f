//! Nothing tells which part of a secret was wrong. How long a comparison takes is
//! measured by `tools/timing.sh`: no outcome shows it. Advisories about that are
//! CVE-2018-6596 (django-anymail), CVE-2022-43411 and CVE-2022-43412 (Jenkins
//! plugins), CVE-2024-45052 (Fides), CVE-2024-47178 (basic-auth-connect),
//! CVE-2026-47783 (memcached) and GHSA-c35v-qwqg-87jc (express-basic-auth).

use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::{BasicAuth, Credentials};

use super::credentials::MISMATCH;
use crate::{deliver, refusal};
use fixtures::law::{Cases, Law, row};
use fixtures::samples::{john_smith, u_pq};

pub(crate) const LAW: Law = Law {
    title: "Law 2, constant time: nothing tells which part was wrong",
    rows: &[
        row(
            "the right user and a wrong password",
            MISMATCH,
            "GHSA-hcw2-2r9c-gc6p, CasaOS: an unknown user was told apart",
            |cases| {
                presented(cases, u_pq(), &[("u", "p:x")]);
                presented(cases, john_smith(), &[("JohnSmith", "x")]);
            },
        ),
        row(
            "a wrong user, and any password: the same response, to the byte",
            MISMATCH,
            "GHSA-c967-2652-gfjm, CasaOS: the same",
            |cases| {
                let long = "a much longer username";
                presented(cases, u_pq(), &[("x", "p:q"), ("x", "y"), (long, "and password")]);
                presented(cases, john_smith(), &[("x", "Swordfish"), ("x", "x")]);
            },
        ),
    ],
};

fn presented(cases: &mut Cases, auth: BasicAuth, pairs: &[(&str, &str)]) {
    let webhook = OrderItemWebhook::new(auth);
    for (username, password) in pairs {
        let value = Credentials::new(username, password).unwrap().authorization();
        let headers = [("authorization", value.as_bytes())];
        let rejection = deliver(&webhook, "POST", &headers, b"").unwrap_err();
        let response = format!("{:?}", rejection.to_response());
        let of_a_wrong_password = r#"Response { status: 401, version: HTTP/1.1, headers: {"www-authenticate": "Basic realm=\"webhooks\", charset=\"UTF-8\""}, body: b"" }"#;
        assert_eq!(response, of_a_wrong_password);
        cases.of(username, refusal(&rejection, b""));
    }
}

#[test]
fn a_wrong_user_and_a_wrong_password_get_the_same_response() {
    LAW.holds();
}
