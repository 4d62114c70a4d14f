//! How bytes become values, and where they fail to.

pub(crate) mod open;
pub(crate) mod text;
#[cfg(feature = "bandwidth")]
#[allow(dead_code)]
pub(crate) mod xml;
