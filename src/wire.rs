//! How bytes become values, and where they fail to.

#[cfg(feature = "bandwidth")]
#[allow(dead_code)]
pub(crate) mod xml;
