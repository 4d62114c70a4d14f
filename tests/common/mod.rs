//! What the tests share: the samples, laws as tables, and a sender that decides about
//! every byte it writes.
#![allow(dead_code, reason = "no test needs all of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

pub(crate) mod clock;
pub(crate) mod deliver;
pub(crate) mod law;
pub(crate) mod port_outs;
pub(crate) mod samples;
pub(crate) mod sender;
