//! Dudect over every comparison of a secret.
//!
//! Each bench has two classes of wrong input that a leak would tell apart, and
//! times a million of them in random order. Both classes are copied to the same
//! place first, so that what differs is nothing but their bytes. The last bench
//! is a control: `==`, which the harness has to flag.

use std::hint::black_box;

use dudect_bencher::rand::RngExt as _;
use dudect_bencher::{BenchRng, Class, CtRunner, ctbench_main};
use order_webhooks::bandwidth::{PortOutValidationRequest, Subscriber};
use order_webhooks::{BasicAuth, BodySignature, Credentials, Head, Secret, SignatureEncoding};

const SAMPLES: usize = 1_000_000;

/// Operations in one sample; a clock ticks in tens of nanoseconds.
const REPEATS: usize = 8;

/// Times `operation` on one of two inputs of the same length.
fn compare(
    runner: &mut CtRunner,
    random: &mut BenchRng,
    left: &[u8],
    right: &[u8],
    operation: impl Fn(&[u8]) -> bool,
) {
    assert_eq!(left.len(), right.len());
    assert!(!operation(left) && !operation(right), "both classes are wrong");
    let mut input = left.to_vec();
    for _ in 0..SAMPLES {
        let (class, bytes) =
            if random.random() { (Class::Left, left) } else { (Class::Right, right) };
        input.copy_from_slice(black_box(bytes));
        runner.run_one(class, || {
            for _ in 0..REPEATS {
                black_box(operation(black_box(&input)));
            }
        });
    }
}

fn presented(username: &str, password: &str) -> Vec<u8> {
    Credentials::new(username, password).unwrap().authorization().as_bytes().to_vec()
}

/// A password of 44 characters, which makes the whole token 76 long.
const PASSWORD: &str = "Swordfish-Swordfish-Swordfish-Swordfish-0123";

fn with_password(change: impl Fn(&mut String)) -> Vec<u8> {
    let mut password = PASSWORD.to_owned();
    change(&mut password);
    presented("JohnSmith", &password)
}

fn basic(runner: &mut CtRunner, random: &mut BenchRng, left: &[u8], right: &[u8]) {
    let auth = BasicAuth::new("JohnSmith", PASSWORD).unwrap();
    compare(runner, random, left, right, |value| auth.check(value).is_ok());
}

fn basic_password_first_or_last(runner: &mut CtRunner, random: &mut BenchRng) {
    let first = with_password(|password| password.replace_range(..1, "s"));
    let last = with_password(|password| password.replace_range(43.., "4"));
    basic(runner, random, &first, &last);
}

fn basic_user_or_password(runner: &mut CtRunner, random: &mut BenchRng) {
    let user = presented("johnSmith", PASSWORD);
    let password = with_password(|password| password.replace_range(43.., "4"));
    basic(runner, random, &user, &password);
}

fn basic_one_or_all(runner: &mut CtRunner, random: &mut BenchRng) {
    let one = with_password(|password| password.replace_range(43.., "4"));
    let all = presented("xxxxxxxxx", &"x".repeat(44));
    basic(runner, random, &one, &all);
}

/// A known user with a wrong password against an unknown user, where several
/// pairs are accepted.
fn basic_known_or_unknown_user_of_two(runner: &mut CtRunner, random: &mut BenchRng) {
    let auth = BasicAuth::new("JohnSmith", PASSWORD).unwrap().or("JaneSmith", PASSWORD).unwrap();
    let known = presented("JaneSmith", &PASSWORD.replace('3', "4"));
    let unknown = presented("JoanSmith", &PASSWORD.replace('3', "4"));
    compare(runner, random, &known, &unknown, |value| auth.check(value).is_ok());
}

const BODY: &[u8] = b"what do ya want for nothing?";

fn signature(runner: &mut CtRunner, random: &mut BenchRng, left: &[u8], right: &[u8]) {
    let header = http::HeaderName::from_static("x-signature");
    let key = Secret::new("Jefe").unwrap();
    let signed = BodySignature::new(header, SignatureEncoding::Base64, &key);
    compare(runner, random, left, right, |value| {
        let headers = [("x-signature", value)];
        let signature = signed.read(&Head::new("POST", &headers));
        signature.is_ok_and(|signature| signed.verify(&signature, BODY).is_ok())
    });
}

fn signature_first_or_last(runner: &mut CtRunner, random: &mut BenchRng) {
    // The right one is W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=.
    let first = b"X9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
    let last = b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEQ=";
    signature(runner, random, first, last);
}

fn signature_one_or_all(runner: &mut CtRunner, random: &mut BenchRng) {
    let one = b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEQ=";
    let all = b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    signature(runner, random, one, all);
}

const RECORD: [&str; 3] = ["777000777000777000777000", "0123456789", "021540000"];

/// A question of which one of the three values is another one. Many copies, so
/// that no class has the better place in memory.
fn questions(edits: [(usize, &str); 2]) -> [Vec<PortOutValidationRequest>; 2] {
    let mut questions = [Vec::new(), Vec::new()];
    for _ in 0..32 {
        for (class, (field, value)) in edits.into_iter().enumerate() {
            let mut values = RECORD;
            values[field] = value;
            let [account, pin, zip] = values;
            let xml = format!(
                "<PortOutValidationRequest><AccountNumber>{account}</AccountNumber><Pin>{pin}</Pin>\
                 <ZipCode>{zip}</ZipCode><TelephoneNumbers><TelephoneNumber>2223331000\
                 </TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>"
            );
            let question = PortOutValidationRequest::parse_unverified(xml.as_bytes());
            questions[class].push(question.unwrap());
        }
    }
    questions
}

fn subscriber(runner: &mut CtRunner, random: &mut BenchRng, edits: [(usize, &str); 2]) {
    let [account, pin, zip] = RECORD;
    let subscriber = Subscriber::new(account, ["2223331000"]).unwrap();
    let subscriber = subscriber.with_pin(pin).unwrap().with_zip_code(zip).unwrap();
    let [left, right] = questions(edits);
    for _ in 0..SAMPLES {
        let (class, all) =
            if random.random() { (Class::Left, &left) } else { (Class::Right, &right) };
        let question = &all[random.random_range(0..all.len())];
        runner.run_one(class, || black_box(subscriber.judge(black_box(question))));
    }
}

fn subscriber_account_first_or_last(runner: &mut CtRunner, random: &mut BenchRng) {
    let edits = [(0, "877000777000777000777000"), (0, "777000777000777000777001")];
    subscriber(runner, random, edits);
}

fn subscriber_pin_first_or_last(runner: &mut CtRunner, random: &mut BenchRng) {
    subscriber(runner, random, [(1, "9123456789"), (1, "0123456780")]);
}

/// 44 bytes, as long as a signature.
fn control_equals_first_or_last(runner: &mut CtRunner, random: &mut BenchRng) {
    let right = b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=".to_vec();
    let first = b"X9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
    let last = b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEQ=";
    compare(runner, random, first, last, |value| value == black_box(&right[..]));
}

ctbench_main!(
    basic_password_first_or_last,
    basic_user_or_password,
    basic_one_or_all,
    basic_known_or_unknown_user_of_two,
    signature_first_or_last,
    signature_one_or_all,
    subscriber_account_first_or_last,
    subscriber_pin_first_or_last,
    control_equals_first_or_last
);
