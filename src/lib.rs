//! Receive the order webhooks of Musement, Porterbuddy and Bandwidth: the sender
//! is verified, the body becomes a typed event, and every delivery is answered
//! the way its provider expects.
//!
//! ```no_run
//! # #[cfg(all(feature = "axum", feature = "musement"))] mod example {
//! use axum::{Router, routing::post};
//! use order_webhooks::{BasicAuth, Receipt, axum::Verified, musement::OrderItemWebhook};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?);
//!     let app = Router::new().route("/musement", post(on_update)).with_state(webhook);
//!     Ok(axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await?)
//! }
//!
//! async fn on_update(update: Verified<OrderItemWebhook>) -> Receipt {
//!     println!("{} is now {}", update.order_item_uuid, update.order_item_status);
//!     Receipt::Accepted
//! }
//! # }
//! ```
//!
//! # Where to go
//!
//! | you want to | go to |
//! |---|---|
//! | receive in axum, actix-web, tower or hyper | [`axum`], [`actix`], [`tower`], [`body`] |
//! | receive Musement's, Porterbuddy's or Bandwidth's webhooks | [`musement`], [`porterbuddy`], [`bandwidth`] |
//! | answer port-outs | the [guide](guide::port_outs), [`PortOutWebhook`](bandwidth::PortOutWebhook) |
//! | test a handler | the [guide](guide::testing), [`testing`] |
//! | keep deliveries, and work on them later | the [guide](guide::inbox), [`envelope`] |
//! | recognise duplicates and late arrivals | [`tracking`] |
//! | subscribe at Bandwidth | the [guide](guide::subscriptions), [`client::bandwidth`] |
//! | ask a provider for lost deliveries | [`client`] |
//! | run behind a proxy | the [guide](guide::proxy), [`PeerAddress`] |
//! | use another server | the [guide](guide::servers), [`WebhookExt`] |
//! | receive from another provider | the [guide](guide::provider), [`Webhook`] |
//! | know what a refused sender gets | the [guide](guide::conformance), [`Reason`] |
//!
//! # From a delivery to an event
//!
//! Every delivery takes the same steps: the webhook checks the head, then the
//! bytes of the body as they came, and parses only what is verified. You get a
//! [`Verified`] event, or a [`Rejection`] with the complete response to the sender.
//! The core is plain functions: no async, no I/O, no clock.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod adapter;
mod answer;
pub mod auth;
#[cfg(feature = "bandwidth")]
pub mod bandwidth;
#[cfg(feature = "client")]
pub mod client;
pub mod envelope;
mod error;
mod forwarded;
mod head;
mod limits;
mod log;
#[cfg(feature = "musement")]
pub mod musement;
#[cfg(feature = "porterbuddy")]
pub mod porterbuddy;
mod rejection;
mod secret;
pub mod signed;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tracking;
pub mod webhook;
mod wire;

#[cfg(feature = "actix")]
pub use adapter::actix;
#[cfg(feature = "axum")]
pub use adapter::axum;
#[cfg(feature = "body")]
pub use adapter::body;
#[cfg(feature = "tower")]
pub use adapter::tower;
#[doc(inline)]
pub use answer::{Accepted, Receipt};
pub use auth::{Allowlist, BasicAuth, Credentials};
pub use error::{ConfigError, ParseError};
pub use head::{Head, PeerAddress};
pub use limits::Limits;
pub use rejection::{Reason, Rejection};
pub use secret::Secret;
#[doc(inline)]
pub use tracking::Tracked;
#[doc(inline)]
pub use webhook::{Verified, Webhook, WebhookExt};

#[cfg_attr(docsrs, doc(auto_cfg = false))]
#[cfg(all(any(doc, doctest), feature = "axum", feature = "actix", feature = "testing"))]
pub mod guide;
