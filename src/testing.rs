//! The senders, for tests and for development.
//!
//! Nobody can make a provider send to a laptop. A [`Sender`] behaves as its
//! provider documents: it builds the requests, shows its credentials or its
//! signature, waits to be asked where the provider does, reads the answers and
//! says what the provider does next. There is one for every webhook, with sample
//! events that can be changed. It has no clock and no network: 40 minutes of
//! retries take no time.
//!
//! A test of a port-out handler, in memory, for axum and every other tower service;
//! `run_on_actix` is the same for actix-web, and [`Delivery::run`] takes a function from
//! request to response. The [guide](crate::guide::testing) has one for Musement.
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "bandwidth"))] {
//! use axum::Router;
//! use order_webhooks::axum::{Verified, port_out};
//! use order_webhooks::bandwidth::{DenialReason, PortOutAnswer, PortOutWebhook};
//! use order_webhooks::testing::{Forgery, Sender, Verdict, bandwidth};
//! use order_webhooks::{BasicAuth, Credentials};
//!
//! async fn on_port_out(_: Verified<PortOutWebhook>) -> PortOutAnswer {
//!     PortOutAnswer::Allow
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let credentials = Credentials::new("bandwidth-user", "bandwidth-password")?;
//! let otherwise = PortOutAnswer::deny(DenialReason::InvalidRequest);
//! let webhook = PortOutWebhook::new(BasicAuth::from(&credentials), otherwise);
//! let app: Router = Router::new().route("/port-out", port_out(webhook, on_port_out));
//!
//! let sender = Sender::port_out("/port-out".parse()?, &credentials);
//! let delivery = sender.delivery(&bandwidth::port_out_request());
//! let report = delivery.clone().run_on(app.clone()).await;
//! assert_eq!(report.verdict, Verdict::PortOutAllowed, "{report}");
//! let report = delivery.forged(Forgery::Wrong).run_on(app).await;
//! assert!(matches!(report.verdict, Verdict::PortOutDenied { .. }), "{report}");
//! # Ok(())
//! # }
//! # main().unwrap();
//! # }
//! ```
//!
//! # What is assumed
//!
//! The providers do not document everything. Where they do not, the senders
//! assume something, and the documentation of each item says so: the waits and
//! the number of retries in [`Retries`], the time allowed in
//! [`DeliveryPolicy`](DeliveryPolicy::ASSUMED_TIME_ALLOWED), and the rest in
//! [`Failure`] and [`Verdict`].

#[cfg(feature = "actix")]
mod actix;
#[cfg(feature = "bandwidth")]
pub mod bandwidth;
mod challenge;
mod delivery;
mod disorder;
mod forgery;
#[cfg(feature = "musement")]
pub mod musement;
mod payload;
mod policy;
#[cfg(feature = "bandwidth")]
mod port_out;
#[cfg(feature = "porterbuddy")]
pub mod porterbuddy;
mod random;
mod report;
mod request;
mod sender;
#[cfg(feature = "tower")]
mod service;
mod verdict;

pub use delivery::Delivery;
pub use disorder::{doubled, reordered};
pub use forgery::Forgery;
pub use payload::Payload;
pub use policy::{Delivered, DeliveryPolicy, Retries};
pub use random::Random;
pub use report::{Exchange, Report};
pub use sender::Sender;
pub use verdict::{Failure, Next, Verdict};
