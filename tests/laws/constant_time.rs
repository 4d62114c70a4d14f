//! Nothing tells which part of a secret was wrong. How long a comparison takes is
//! measured by `tools/timing.sh`: no outcome shows it. Advisories about that are
//! CVE-2018-6596 (django-anymail), CVE-2022-43411 and CVE-2022-43412 (Jenkins
//! plugins), CVE-2024-45052 (Fides), CVE-2024-47178 (basic-auth-connect),
//! CVE-2026-47783 (memcached) and GHSA-c35v-qwqg-87jc (express-basic-auth).

use std::time::{Duration, Instant};

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

/// The shortest time that each of two takes. They take turns, so that a busy machine
/// is busy for both.
fn quickest<T>(rounds: usize, two: &[T; 2], run: impl Fn(&T)) -> [Duration; 2] {
    let mut shortest = [Duration::MAX; 2];
    for _ in 0..rounds {
        for (shortest, one) in shortest.iter_mut().zip(two) {
            let start = Instant::now();
            run(one);
            *shortest = start.elapsed().min(*shortest);
        }
    }
    shortest
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
    let signatures = [0, 63].map(|right| {
        let headers = [("x-signature", of(right).sign(&body))];
        all.read(&Head::new("POST", &headers)).unwrap()
    });
    let [first, last] =
        quickest(5, &signatures, |signature| assert_eq!(all.verify(signature, &body), Ok(())));
    assert!(first * 4 > last, "{first:?} with the first key, {last:?} with the last");
}

/// As with keys, so with credentials.
#[test]
fn the_place_of_the_right_credentials_does_not_show() {
    let password = |n: usize| format!("password {n}");
    let all = BasicAuth::new("u", &password(0)).unwrap();
    let all = (1..64).fold(all, |auth, n| auth.or("u", &password(n)).unwrap());
    let values =
        [0, 63].map(|right| Credentials::new("u", &password(right)).unwrap().authorization());
    let [first, last] = quickest(20, &values, |value| {
        assert_eq!(all.check(value.as_bytes()), ChallengeState::Authenticated);
    });
    assert!(first * 4 > last, "{first:?} with the first pair, {last:?} with the last");
}
