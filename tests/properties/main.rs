//! What holds for every input: what is signed verifies and nothing else does,
//! what is written is read, nothing panics, and nothing secret shows.
#![cfg(all(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::ref_option
)]

mod any_body;
mod credentials;
mod leaks;
mod round_trip;
mod signature;
mod twice;

use bytes::Bytes;
use order_webhooks::{BasicAuth, Head, Receive as _, Rejection, Secret, Verified, Webhook};
use proptest::prelude::*;

fn deliver<W: Webhook>(
    webhook: &W,
    headers: &[(&str, &[u8])],
    body: &[u8],
) -> Result<Verified<W>, Rejection> {
    webhook.authenticate(&Head::new("POST", &headers))?.verify(Bytes::copy_from_slice(body))
}

fn bytes(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), length)
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[bit / 8] ^= 1 << (bit % 8);
    flipped
}

fn auth() -> BasicAuth {
    BasicAuth::new("u", "p").unwrap()
}

fn secret() -> Secret {
    Secret::new("Jefe").unwrap()
}

const RIGHT: &[u8] = b"Basic dTpw";
