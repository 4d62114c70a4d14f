//! Signatures and credentials, beside the hash alone and beside a check by hand.
#![allow(missing_docs, clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use divan::{Bencher, black_box};
use http::{HeaderMap, HeaderName, HeaderValue};
use order_webhooks::{
    BasicAuth, Head, Secret,
    auth::{BodySignature, SignatureEncoding},
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

const LENGTHS: [usize; 4] = [200, 1 << 10, 1 << 16, 1 << 20];
const HEADER: HeaderName = HeaderName::from_static("x-signature");
const AUTHORIZATION: &str = "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==";

fn main() {
    divan::main();
}

fn headers(name: HeaderName, value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("hooks.example.com"));
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert(name, value.parse().unwrap());
    headers
}

#[divan::bench(args = LENGTHS)]
fn sha2_alone(bencher: Bencher<'_, '_>, length: usize) {
    let body = vec![b'x'; length];
    bencher.bench(|| Sha256::digest(black_box(&body)));
}

#[divan::bench(args = LENGTHS)]
fn signature(bencher: Bencher<'_, '_>, length: usize) {
    let body = vec![b'x'; length];
    let key = Secret::new("porterbuddy-api-key").unwrap();
    let signed = BodySignature::new(HEADER, SignatureEncoding::Base64, &key);
    let headers = headers(HEADER, &signed.sign(&body));
    bencher.bench(|| {
        let signature = signed.read(&Head::new("POST", black_box(&headers))).unwrap();
        signed.verify(&signature, black_box(&body)).unwrap();
    });
}

#[divan::bench]
fn basic_decoded_and_compared_by_hand(bencher: Bencher<'_, '_>) {
    let headers = headers(http::header::AUTHORIZATION, AUTHORIZATION);
    bencher.bench(|| {
        let value = black_box(&headers).get(http::header::AUTHORIZATION).unwrap();
        let mut pair = [0; 96];
        let token = value.as_bytes().strip_prefix(b"Basic ").unwrap();
        let length = STANDARD.decode_slice(token, &mut pair).unwrap();
        let mut halves = pair.get(..length).unwrap().splitn(2, |byte| *byte == b':');
        bool::from(
            halves.next().unwrap().ct_eq(black_box(b"JohnSmith"))
                & halves.next().unwrap().ct_eq(black_box(b"Swordfish")),
        )
    });
}

#[divan::bench]
fn basic(bencher: Bencher<'_, '_>) {
    let auth = BasicAuth::new("JohnSmith", "Swordfish").unwrap();
    let headers = headers(http::header::AUTHORIZATION, AUTHORIZATION);
    bencher.bench(|| auth.authenticate(&Head::new("POST", black_box(&headers))).unwrap());
}

#[divan::bench]
fn challenge(bencher: Bencher<'_, '_>) {
    let auth = BasicAuth::new("JohnSmith", "Swordfish").unwrap();
    let headers = headers(HEADER, "x");
    bencher.bench(|| auth.authenticate(&Head::new("POST", black_box(&headers))).unwrap_err());
}
