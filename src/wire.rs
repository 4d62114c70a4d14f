//! How bytes become values, and where they fail to.

#[allow(dead_code, unused_imports)]
#[cfg(any(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
pub(crate) mod json;
#[allow(dead_code)]
pub(crate) mod time;
