//! Porterbuddy: home deliveries.

pub mod order_request;

pub use order_request::OrderRequest;
