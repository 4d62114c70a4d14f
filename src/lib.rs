//! Receive the order webhooks of Musement, Porterbuddy and Bandwidth.

mod error;
mod head;
#[cfg(feature = "porterbuddy")]
pub mod porterbuddy;
mod secret;
mod wire;

pub use error::{ConfigError, ParseError, ParseErrorKind};
pub use head::{Field, Head, Headers};
pub use secret::Secret;
