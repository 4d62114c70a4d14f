//! The senders, for tests and for development.
//!
//! Nobody can make a provider send to a laptop. A [`Sender`] behaves as its
//! provider documents: it builds the requests, shows its credentials or its
//! signature, waits to be asked where the provider does, reads the answers and
//! says what the provider does next. There is one for every webhook, with sample
//! events that can be changed. It has no clock and no network: 40 minutes of
//! retries take no time.
//!
//! A test of your own handler, in memory, for axum and every other tower
//! service; `run_on_actix` is the same for actix-web:
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "musement"))] {
//! use axum::{Router, routing::post};
//! use order_webhooks::musement::OrderItemWebhook;
//! use order_webhooks::testing::{Forgery, Sender, Verdict, musement};
//! use order_webhooks::{BasicAuth, Credentials, Receipt, axum::Verified};
//!
//! async fn on_update(_: Verified<OrderItemWebhook>) -> Receipt {
//!     Receipt::Accepted
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let credentials = Credentials::new("JohnSmith", "Swordfish")?;
//! let webhook = OrderItemWebhook::new(BasicAuth::from(&credentials));
//! let app: Router = Router::new().route("/musement", post(on_update)).with_state(webhook);
//!
//! let sender = Sender::musement("/musement".parse()?, &credentials);
//! let delivery = sender.delivery(&musement::order_item_update());
//! let report = delivery.clone().run_on(app.clone()).await;
//! assert_eq!(report.verdict, Verdict::Delivered, "{report}");
//! let report = delivery.forged(Forgery::Wrong).run_on(app).await;
//! assert_eq!(report.statuses(), [Some(401); 11], "{report}");
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
mod report;
mod request;
mod sender;
#[cfg(feature = "tower")]
mod service;
mod verdict;

pub use delivery::Delivery;
pub use disorder::{Random, doubled, reordered};
pub use forgery::{Forgery, damage};
pub use payload::Payload;
pub use policy::{Delivered, DeliveryPolicy, Retries};
pub use report::{Exchange, Report};
pub use sender::Sender;
pub use verdict::{Failure, Next, Verdict};
