//! Port-outs over real servers, on four runtimes: an answer in every case, and the
//! guard of it under pressure. They have a process of their own, because they
//! need its threads and are about time.
#![cfg(feature = "bandwidth")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod answers;
mod cut_off;
mod fixture;
mod guard;
mod layers;
