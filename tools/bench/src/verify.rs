//! The signature of a body, and Basic credentials.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use order_webhooks::{
    BasicAuth, Head, Secret,
    auth::{BodySignature, SignatureEncoding},
};
use sha2::{Digest as _, Sha256};

use crate::by_hand::{self, Signer};
use crate::measure::Way;

const KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const SHOPIFY: HeaderName = HeaderName::from_static("x-shopify-hmac-sha256");

/// The headers that a proxy and an HTTP client put around the one that counts.
fn headers(more: impl IntoIterator<Item = (HeaderName, String)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "hooks.example.com"),
        ("user-agent", "Apache-HttpClient/4.5.13 (Java/17.0.2)"),
        ("accept", "*/*"),
        ("content-type", "application/json"),
        ("content-length", "190"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-proto", "https"),
        ("x-request-id", "8e9e5c6e-ea7d-4934-8753-f00954f30d00"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.extend(more.into_iter().map(|(name, value)| (name, value.parse().unwrap())));
    headers
}

pub fn body(length: usize) -> Vec<u8> {
    br#"{"orderId":"394326","orderStatus":"delivered"}"#.iter().copied().cycle().take(length).collect()
}

/// Everybody verifies this body: header, decoding and comparison included.
pub fn ways(body: &[u8]) -> Vec<Way<'_>> {
    let signature = |key: &[u8], text: &[u8]| {
        let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text);
        STANDARD.encode(mac.finalize().into_bytes())
    };
    let signed = headers([(SHOPIFY, signature(KEY.as_bytes(), body))]);

    let ours = BodySignature::new(SHOPIFY, SignatureEncoding::Base64, &Secret::new(KEY).unwrap());
    let webhook_verify = webhook_verify::Secret::new(KEY);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let standard = [&b"msg_1"[..], format!(".{now}.").as_bytes(), body].concat();
    let standard = format!("v1,{}", signature(KEY.as_bytes(), &standard));
    let standard_signed = headers(
        [
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", &now.to_string()),
            ("webhook-signature", &standard),
        ]
        .map(|(name, value)| (HeaderName::from_static(name), value.to_owned())),
    );
    let standard_signed_too = standard_signed.clone();
    let standard = standardwebhooks::Webhook::from_bytes(KEY.into()).unwrap();
    let svix = svix::webhooks::Webhook::from_bytes(KEY.into()).unwrap();
    let ring_key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, KEY.as_bytes());
    let aws_key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, KEY.as_bytes());
    let prepared = Signer::new(KEY);

    let by_hand = signed.clone();
    let by_ring = signed.clone();
    let by_aws = signed.clone();
    let by_webhook_verify = signed.clone();
    vec![
        Way::new("sha2", move || Sha256::digest(body)),
        Way::new("ours", move || {
            let head = Head::new("POST", &signed);
            let signature = ours.read(&head).unwrap();
            ours.verify(&signature, body).unwrap();
        }),
        Way::new("by hand", move || {
            assert!(prepared.verify(by_hand.get(SHOPIFY).unwrap().as_bytes(), body));
        }),
        Way::new("ring", move || {
            let value = by_ring.get(SHOPIFY).unwrap();
            let mut digest = [0; 32];
            assert_eq!(STANDARD.decode_slice(value, &mut digest), Ok(32));
            ring::hmac::verify(&ring_key, body, &digest).unwrap();
        }),
        Way::new("aws-lc-rs", move || {
            let value = by_aws.get(SHOPIFY).unwrap();
            let mut digest = [0; 32];
            assert_eq!(STANDARD.decode_slice(value, &mut digest), Ok(32));
            aws_lc_rs::hmac::verify(&aws_key, body, &digest).unwrap();
        }),
        Way::new("webhook-verify", move || {
            let options = webhook_verify::VerifyOptions::default();
            let provider = webhook_verify::Provider::Shopify;
            webhook_verify::verify(provider, &by_webhook_verify, body, &webhook_verify, options)
                .unwrap();
        }),
        Way::new("standardwebhooks", move || {
            standard.verify(body, &standard_signed).unwrap();
        }),
        Way::new("svix", move || {
            svix.verify(body, &standard_signed_too).unwrap();
        }),
    ]
}

/// Everybody checks the credentials of this head.
pub fn basic() -> Vec<Way<'static>> {
    const VALUE: &str =
        "Basic bXVzZW1lbnQtcHJvZHVjdGlvbjpTd29yZGZpc2gtNzctaXMtbm90LWEtZ29vZC1vbmU=";
    let plain = STANDARD.decode(VALUE.strip_prefix("Basic ").unwrap()).unwrap();
    let (username, password) = std::str::from_utf8(&plain).unwrap().split_once(':').unwrap();
    let shown = headers([(AUTHORIZATION, VALUE.to_owned())]);
    let shown_too = shown.clone();
    let nothing = headers([]);
    let auth = BasicAuth::new(username, password).unwrap();
    let challenge = auth.clone();
    let (username, password) = (username.to_owned(), password.to_owned());
    vec![
        Way::new("ours", move || auth.authenticate(&Head::new("POST", &shown)).unwrap()),
        Way::new("decode and subtle", move || {
            let value = shown_too.get(AUTHORIZATION).unwrap().as_bytes();
            assert!(by_hand::authorized(value, &username, &password));
        }),
        Way::new("ours, challenge", move || {
            challenge.authenticate(&Head::new("POST", &nothing)).unwrap_err()
        }),
    ]
}
