//! The ways in which a sender proves who it is.
//!
//! Each is useful on its own, with or without the webhooks of this crate.

mod allowlist;
mod basic;
mod challenge;
mod senders;
mod signature;

pub use allowlist::Allowlist;
pub use basic::{BasicAuth, Credentials};
pub use challenge::ChallengeState;
pub use senders::Senders;
pub use signature::{BodySignature, Signature, SignatureEncoding, SignedPart, SignedTime};
