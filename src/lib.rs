//! Receive the order webhooks of Musement, Porterbuddy and Bandwidth.

mod adapter;
pub mod auth;
#[cfg(feature = "bandwidth")]
pub mod bandwidth;
mod error;
mod fallback;
mod head;
mod limits;
mod log;
#[cfg(feature = "musement")]
pub mod musement;
mod policy;
#[cfg(feature = "porterbuddy")]
pub mod porterbuddy;
mod receipt;
mod rejection;
mod secret;
mod tracking;
mod webhook;
mod wire;

#[cfg(feature = "actix")]
pub use adapter::actix;
#[cfg(feature = "axum")]
pub use adapter::axum;
#[cfg(feature = "tower")]
pub use adapter::tower;
pub use auth::{
    Allowlist, BasicAuth, BodySignature, ChallengeState, Credentials, Signature, SignatureEncoding,
};
pub use error::{ConfigError, ParseError, ParseErrorKind};
pub use fallback::{FallbackError, FallbackErrorKind};
pub use head::{Field, Head, Headers};
pub use limits::Limits;
pub use policy::{Delivered, DeliveryPolicy, Retries};
pub use receipt::Receipt;
pub use rejection::{Answer, CredentialsFault, Reason, Rejection};
pub use secret::Secret;
pub use tracking::{ContentDigest, Key, Revision, Standing, Tracked};
pub use webhook::{Extract, Pending, Verified, Webhook};
