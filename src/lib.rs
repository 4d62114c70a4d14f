//! Receive the order webhooks of Musement, Porterbuddy and Bandwidth.

pub mod auth;
mod error;
mod head;
mod limits;
mod log;
mod policy;
mod receipt;
mod rejection;
mod secret;
mod webhook;
mod wire;

pub use auth::{
    Allowlist, BasicAuth, BodySignature, ChallengeState, Credentials, Signature, SignatureEncoding,
};
pub use error::{ConfigError, ParseError, ParseErrorKind};
pub use head::{Field, Head, Headers};
pub use limits::Limits;
pub use policy::{Delivered, DeliveryPolicy, Retries};
pub use receipt::Receipt;
pub use rejection::{Answer, CredentialsFault, Reason, Rejection};
pub use secret::Secret;
pub use webhook::{Extract, Pending, Verified, Webhook};
