//! The laws of the crate, a file and a table each: inputs, and the outcome that each
//! of them must have. Every delivery goes through a public webhook, head first, without a
//! server; `tests/adapters` sends over connections.
#![cfg(all(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::large_stack_arrays,
    clippy::panic,
    clippy::ref_option,
    reason = "a test fails by panicking, and may be slow"
)]

mod addresses;
mod bodies;
mod challenge;
mod constant_time;
mod credentials;
mod fail_closed;
mod json;
mod leading_zeros;
mod log;
mod long_inputs;
mod no_panic_depth;
mod proven_sender_heard;
mod raw_bytes;
mod receipts;
mod redaction;
mod repeated_header;
mod replay;
mod round_trip;
mod signature;
mod signed_parts;
mod statuses;
mod unreadable;
mod vectors;
mod xml;

use proptest::prelude::*;

use fixtures::deliver::{ACCEPTED, Headers, deliver, outcome, refusal, said};

fn bytes(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), length)
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[bit / 8] ^= 1 << (bit % 8);
    flipped
}
