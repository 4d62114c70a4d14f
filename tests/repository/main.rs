//! What holds of the repository: how the crate is built, what is published, and
//! that its pages say what is true.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod architecture;
mod pages;
