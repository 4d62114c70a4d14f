//! The question whether a telephone number may be ported out: everything about
//! it, from the webhook to the threads on which its handlers run.

mod answer;
mod denial;
mod failure;
#[cfg(feature = "body")]
pub(crate) mod guard;
mod kept;
#[cfg(feature = "body")]
mod report;
mod request;
mod subscriber;
mod subscribers;
mod webhook;

pub use answer::{IntoPortOutAnswer, PortOutAnswer};
pub use denial::{AcceptableValues, Denial, DenialReason};
pub use failure::PortOutFailure;
pub use request::PortOutValidationRequest;
pub use subscriber::Subscriber;
pub use subscribers::{RecordConflict, Subscribers};
pub use webhook::{InvalidDeadline, PortOutWebhook};
