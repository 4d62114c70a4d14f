//! How bytes become values, and where they fail to.
#![cfg_attr(
    not(all(feature = "musement", feature = "porterbuddy", feature = "bandwidth")),
    allow(dead_code, unused_imports, unused_macros, reason = "a provider uses a part of this")
)]

pub(crate) mod json;
pub(crate) mod lenient;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod words;
#[cfg(feature = "bandwidth")]
pub(crate) mod xml;
