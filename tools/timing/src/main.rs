//! Dudect over every comparison of a secret.
//!
//! What is presented is always the same, and wrong. The two classes of a bench
//! are two secrets that it is compared with, which a leak would tell apart: one
//! that differs at its first character against one that differs at its last, and
//! so on. So no time that depends on what is presented, which is no secret, can
//! be taken for a leak. A million comparisons are timed in random order. The last
//! bench is a control: `==`, which the harness has to flag.

use std::hint::black_box;

use dudect_bencher::rand::RngExt as _;
use dudect_bencher::{BenchRng, Class, CtRunner, ctbench_main};
use order_webhooks::bandwidth::{PortOutAnswer, PortOutValidationRequest, Subscriber};
use order_webhooks::{
    BasicAuth, Credentials, Head, Secret,
    auth::{BodySignature, ChallengeState, SignatureEncoding},
};

const SAMPLES: usize = 1_000_000;

/// Operations in one sample; a clock ticks in tens of nanoseconds.
const REPEATS: usize = 8;

/// Times `is_right`, which never is, with one of two secrets.
///
/// Each sample builds its secret anew, and the allocator puts it where the last
/// one was: a place in memory has a time of its own.
fn compare<S>(
    runner: &mut CtRunner,
    random: &mut BenchRng,
    [left, right]: [impl Fn() -> S; 2],
    is_right: impl Fn(&S) -> bool,
) {
    assert!(!is_right(&left()) && !is_right(&right()), "both classes are wrong");
    for _ in 0..SAMPLES {
        let is_left: bool = random.random();
        let secret = if is_left { left() } else { right() };
        let class = if is_left { Class::Left } else { Class::Right };
        runner.run_one(class, || {
            for _ in 0..REPEATS {
                black_box(is_right(black_box(&secret)));
            }
        });
    }
}

/// A password of 44 characters, which makes the whole token 76 long.
const PASSWORD: &str = "Swordfish-Swordfish-Swordfish-Swordfish-0123";
const OTHER_AT_FIRST: &str = "swordfish-Swordfish-Swordfish-Swordfish-0123";
const OTHER_AT_LAST: &str = "Swordfish-Swordfish-Swordfish-Swordfish-0124";
const OTHER_EVERYWHERE: &str = "0123-hsifdrowS-hsifdrowS-hsifdrowS-hsifdrowS";

fn basic(runner: &mut CtRunner, random: &mut BenchRng, accepted: [&[(&str, &str)]; 2]) {
    let header = Credentials::new("JohnSmith", PASSWORD).unwrap().authorization();
    let secrets = accepted.map(|accepted| {
        move || {
            let ((user, password), others) = accepted.split_first().unwrap();
            let first = BasicAuth::new(user, password).unwrap();
            others.iter().fold(first, |auth, (user, password)| auth.or(user, password).unwrap())
        }
    });
    compare(runner, random, secrets, |auth| {
        auth.check(header.as_bytes()) == ChallengeState::Authenticated
    });
}

fn basic_password_first_or_last(runner: &mut CtRunner, random: &mut BenchRng) {
    basic(runner, random, [&[("JohnSmith", OTHER_AT_FIRST)], &[("JohnSmith", OTHER_AT_LAST)]]);
}

fn basic_user_or_password(runner: &mut CtRunner, random: &mut BenchRng) {
    basic(runner, random, [&[("johnSmith", PASSWORD)], &[("JohnSmith", OTHER_AT_LAST)]]);
}

fn basic_one_or_all(runner: &mut CtRunner, random: &mut BenchRng) {
    basic(runner, random, [&[("JohnSmith", OTHER_AT_LAST)], &[("htimSnhoJ", OTHER_EVERYWHERE)]]);
}

/// A known user with a wrong password against an unknown user, where several
/// pairs are accepted.
fn basic_known_or_unknown_user_of_two(runner: &mut CtRunner, random: &mut BenchRng) {
    let known = [("JaneSmith", OTHER_EVERYWHERE), ("JohnSmith", OTHER_EVERYWHERE)];
    let unknown = [("JaneSmith", OTHER_EVERYWHERE), ("JoanSmith", OTHER_EVERYWHERE)];
    basic(runner, random, [&known, &unknown]);
}

const BODY: &[u8] = b"what do ya want for nothing?";

/// All but the last bit of the signature of `BODY` with the key `Jefe`.
const SIGNATURE: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEI=";

/// Its last byte is wrong for the key `Jefe`, and its first for another key.
fn signature(runner: &mut CtRunner, random: &mut BenchRng, keys: [&[&str]; 2]) {
    let name = http::HeaderName::from_static("x-signature");
    let secrets = keys.map(|keys| {
        let name = &name;
        move || {
            let mut keys = keys.iter().map(|key| Secret::new(*key).unwrap());
            let first = keys.next().unwrap();
            let signed = BodySignature::new(name.clone(), SignatureEncoding::Base64, &first);
            keys.fold(signed, |signed, key| signed.or(&key))
        }
    });
    let headers = [("x-signature", SIGNATURE)];
    compare(runner, random, secrets, |signed| {
        let signature = signed.read(&Head::new("POST", &headers)).unwrap();
        signed.verify(&signature, BODY).is_ok()
    });
}

fn signature_first_or_last(runner: &mut CtRunner, random: &mut BenchRng) {
    signature(runner, random, [&["feJe"], &["Jefe"]]);
}

fn signature_old_or_new_key(runner: &mut CtRunner, random: &mut BenchRng) {
    signature(runner, random, [&["feJe", "Jefe"], &["Jefe", "feJe"]]);
}

/// The account number, PIN and ZIP code of the record; a question has others.
fn subscriber(runner: &mut CtRunner, random: &mut BenchRng, records: [[&str; 3]; 2]) {
    let question = PortOutValidationRequest::parse_unverified(
        b"<PortOutValidationRequest><AccountNumber>777000777000777000777000</AccountNumber>\
          <Pin>0123456789</Pin><ZipCode>021540000</ZipCode><TelephoneNumbers>\
          <TelephoneNumber>2223331000</TelephoneNumber></TelephoneNumbers>\
          </PortOutValidationRequest>",
    );
    let question = question.unwrap();
    let secrets = records.map(|[account, pin, zip]| {
        move || {
            let subscriber = Subscriber::new(account, ["2223331000"]).unwrap();
            subscriber.with_pin(pin).unwrap().with_zip_code(zip).unwrap()
        }
    });
    compare(runner, random, secrets, |subscriber| {
        subscriber.judge(black_box(&question)) == PortOutAnswer::Allow
    });
}

fn subscriber_account_first_or_last(runner: &mut CtRunner, random: &mut BenchRng) {
    let first = ["877000777000777000777000", "0123456789", "021540000"];
    let last = ["777000777000777000777001", "0123456789", "021540000"];
    subscriber(runner, random, [first, last]);
}

fn subscriber_pin_first_or_last(runner: &mut CtRunner, random: &mut BenchRng) {
    let first = ["777000777000777000777000", "9123456789", "021540000"];
    let last = ["777000777000777000777000", "0123456780", "021540000"];
    subscriber(runner, random, [first, last]);
}

/// 44 bytes, as long as a signature.
fn control_equals_first_or_last(runner: &mut CtRunner, random: &mut BenchRng) {
    let first = || PASSWORD.replacen('S', "s", 1);
    let last = || PASSWORD.replace("0123", "0124");
    let secrets: [fn() -> String; 2] = [first, last];
    compare(runner, random, secrets, |secret| secret.as_str() == black_box(PASSWORD));
}

ctbench_main!(
    basic_password_first_or_last,
    basic_user_or_password,
    basic_one_or_all,
    basic_known_or_unknown_user_of_two,
    signature_first_or_last,
    signature_old_or_new_key,
    subscriber_account_first_or_last,
    subscriber_pin_first_or_last,
    control_equals_first_or_last
);
