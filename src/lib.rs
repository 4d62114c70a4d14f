//! Receive the order webhooks of Musement, Porterbuddy and Bandwidth.

pub mod auth;
mod error;
mod head;
mod rejection;
mod secret;
mod wire;

pub use auth::{
    Allowlist, BasicAuth, BodySignature, ChallengeState, Credentials, Signature, SignatureEncoding,
};
pub use error::{ConfigError, ParseError, ParseErrorKind};
pub use head::{Field, Head, Headers};
pub use rejection::{Answer, CredentialsFault, Reason, Rejection};
pub use secret::Secret;
