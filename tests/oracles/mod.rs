//! What must hold for any bytes, as functions that panic if it does not. The
//! fuzz targets in `fuzz/` and `tests/random/fuzz_smoke.rs` call the same ones.
//!
//! Where there is another reader for the same thing it is the judge:
//! `serde_json::Value` for JSON, roxmltree for XML, and for headers the slow and
//! obvious way.

pub mod headers;
pub mod json;
pub mod pipeline;
pub mod xml;

/// A target: its name, and what must hold.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: [Target; 13] = [
    ("musement", json::musement),
    ("porterbuddy", json::porterbuddy),
    ("order_request", json::order_request),
    ("subscription", json::subscription),
    ("notification", xml::notification),
    ("port_out", xml::port_out),
    ("basic_header", headers::basic),
    ("signature_header", headers::signature),
    ("musement_webhook", pipeline::musement),
    ("porterbuddy_webhook", pipeline::porterbuddy),
    ("notification_webhook", pipeline::notification),
    ("port_out_webhook", pipeline::port_out),
    ("subscription_webhook", pipeline::subscription),
];
