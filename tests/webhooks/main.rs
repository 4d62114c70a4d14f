//! Each webhook: what its provider documents, what becomes of it, and what is
//! built on it. No test here needs a server.
#![cfg(all(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unnecessary_wraps,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod bandwidth_notification;
mod bandwidth_port_out;
mod client;
mod handler;
mod handlers;
mod musement;
mod peer_address;
mod porterbuddy;
mod porterbuddy_order_request;
mod routes;
mod senders;
mod signed;
mod tracking;
