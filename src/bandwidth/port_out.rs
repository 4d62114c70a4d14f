//! The question whether a telephone number may be ported out: everything about
//! it, from the webhook to the threads on which its handlers run.

mod answer;
mod denial;
#[cfg(feature = "body")]
mod failure;
#[cfg(feature = "body")]
pub(crate) mod guard;
#[cfg(feature = "body")]
mod report;
mod request;
mod subscriber;
mod subscribers;
#[cfg(feature = "body")]
mod survive;
mod webhook;

pub use answer::PortOutAnswer;
pub use denial::{AcceptableValues, Denial, DenialReason};
#[cfg(feature = "body")]
pub use failure::PortOutFailure;
pub use request::PortOutValidationRequest;
pub use subscriber::Subscriber;
pub use subscribers::Subscribers;
pub use webhook::PortOutWebhook;
