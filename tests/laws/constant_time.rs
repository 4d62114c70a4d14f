//! Nothing tells which part of a secret was wrong. How long a comparison takes is
//! measured by `tools/timing.sh`: no outcome shows it. Advisories about that are
//! CVE-2018-6596 (django-anymail), CVE-2022-43411 and CVE-2022-43412 (Jenkins
//! plugins), CVE-2024-45052 (Fides), CVE-2024-47178 (basic-auth-connect),
//! CVE-2026-47783 (memcached) and GHSA-c35v-qwqg-87jc (express-basic-auth).

use std::time::Instant;

use order_webhooks::auth::{BodySignature, ChallengeState, SignatureEncoding};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::{BasicAuth, Credentials, Head, Secret};

use crate::deliver;
use fixtures::samples::{john_smith, u_pq};

/// GHSA-hcw2-2r9c-gc6p and GHSA-c967-2652-gfjm, `CasaOS`: an unknown user was told apart.
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

/// Every key is tried on every delivery: with the right key first among 64, verifying
/// takes as long as with the right key last. A loop that ended at the first match would
/// be some 60 times as fast.
#[test]
fn the_place_of_the_right_key_does_not_show() {
    let key = |n: usize| Secret::new(format!("key {n}")).unwrap();
    let header = http::HeaderName::from_static("x-signature");
    let of = |n| BodySignature::new(header.clone(), SignatureEncoding::Hex, &key(n));
    let all = (1..64).fold(of(0), |signed, n| signed.or(&key(n)));
    let body = vec![b'x'; 16 * 1_024];
    let quickest = |right: usize| {
        let headers = [("x-signature", of(right).sign(&body))];
        let signature = all.read(&Head::new("POST", &headers)).unwrap();
        let measure = |_| {
            let start = Instant::now();
            assert_eq!(all.verify(&signature, &body), Ok(()));
            start.elapsed()
        };
        (0..5).map(measure).min().unwrap()
    };
    let (first, last) = (quickest(0), quickest(63));
    assert!(first * 4 > last, "{first:?} with the first key, {last:?} with the last");
}

/// As with keys, so with credentials.
#[test]
fn the_place_of_the_right_credentials_does_not_show() {
    let password = |n: usize| format!("password {n}");
    let all = BasicAuth::new("u", &password(0)).unwrap();
    let all = (1..64).fold(all, |auth, n| auth.or("u", &password(n)).unwrap());
    let quickest = |right: usize| {
        let value = Credentials::new("u", &password(right)).unwrap().authorization();
        let measure = |_| {
            let start = Instant::now();
            assert_eq!(all.check(value.as_bytes()), ChallengeState::Authenticated);
            start.elapsed()
        };
        (0..20).map(measure).min().unwrap()
    };
    let (first, last) = (quickest(0), quickest(63));
    assert!(first * 4 > last, "{first:?} with the first pair, {last:?} with the last");
}
