//! What a delivery costs: heap allocations and instructions. They are counted and not
//! timed, so that no machine is too slow. The allocator of this program counts.
#![cfg(all(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::format_collect,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, and numbers are small"
)]

mod allocations;
mod linear;
