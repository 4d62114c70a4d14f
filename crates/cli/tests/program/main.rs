//! The program itself, started, sent to, and attacked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod application;
mod command_line;
mod forward;
mod http;
mod listen;
mod page;
mod program;
mod replay;
mod send;
mod subscriptions;
