//! Receive the order webhooks of Musement, Porterbuddy and Bandwidth: the sender
//! is verified, the body becomes a typed event, and every delivery is answered
//! the way its provider expects.
//!
//! ```no_run
//! # #[cfg(all(feature = "axum", feature = "musement"))] mod example {
//! use axum::{Router, routing::post};
//! use order_webhooks::{BasicAuth, axum::Verified, musement::{OrderItemWebhook, Receipt}};
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
//! # Webhooks
//!
//! A webhook is the rules of one endpoint: a value, built once at start-up.
//!
//! | webhook | its sender is proven by | event |
//! |---|---|---|
//! | [`musement::OrderItemWebhook`] | [`BasicAuth`], an [`Allowlist`], or both | [`musement::OrderItemUpdate`] |
//! | [`porterbuddy::OrderWebhook`] | [`BodySignature`](auth::BodySignature) | [`porterbuddy::OrderStatusUpdate`] |
//! | [`bandwidth::NotificationWebhook`] | [`BasicAuth`] by challenge | [`bandwidth::Notification`] |
//! | [`bandwidth::PortOutWebhook`] | [`BasicAuth`] by challenge | [`bandwidth::PortOutValidationRequest`] |
//! | [`bandwidth::SubscriptionWebhook`] | [`BodySignature`](auth::BodySignature), and [`BasicAuth`] if set | JSON, or a type of yours |
//! | yours: the trait [`Webhook`] | | |
//!
//! # From a delivery to an event
//!
//! There is one way: the head is decided first, then the body's bytes are checked
//! as they came, and only what is verified is parsed. The result is a
//! [`Verified`] event, or a [`Rejection`] with the complete response to the
//! sender. Nothing on the way is async, does I/O or reads a clock; the adapters
//! bring head and body in, within [`Limits`], and carry the response out.
//!
//! # Features
//!
//! `musement`, `porterbuddy` and `bandwidth`, on by default, are the providers;
//! `axum`, `actix`, `tower` and `body` are the adapters, and `testing` the senders;
//! `tracing` logs each delivery. Without an adapter, see [`Receive`].

mod adapter;
mod answer;
pub mod auth;
#[cfg(feature = "bandwidth")]
pub mod bandwidth;
pub mod envelope;
mod error;
pub mod fallback;
mod forwarded;
mod head;
mod limits;
mod log;
#[cfg(feature = "musement")]
pub mod musement;
mod peer;
#[cfg(feature = "porterbuddy")]
pub mod porterbuddy;
mod receipt;
mod rejection;
mod secret;
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
pub use auth::{Allowlist, BasicAuth, Credentials};
pub use error::{ConfigError, ParseError};
pub use head::Head;
pub use limits::Limits;
pub use peer::PeerAddress;
pub use receipt::Receipt;
pub use rejection::{Reason, Rejection};
pub use secret::Secret;
pub use tracking::Tracked;
pub use webhook::{Receive, Verified, Webhook};

#[cfg(all(doctest, feature = "axum", feature = "actix"))]
#[doc = include_str!("../README.md")]
struct Readme;
