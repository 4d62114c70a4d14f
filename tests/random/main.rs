//! Random inputs: the fuzz targets without a fuzzer, and the receiver against the senders.
#![cfg(all(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod delivery;
mod fuzz_smoke;
