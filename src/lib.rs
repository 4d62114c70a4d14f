//! Receive the order webhooks of Musement, Porterbuddy and Bandwidth: the sender is verified, the
//! body becomes a typed event, and every delivery is answered the way its provider expects.
//!
//! ```no_run
//! # #[cfg(all(feature = "axum", feature = "musement"))] mod example {
//! # #[derive(Clone)] struct Db; impl Db { async fn save(&self, _: impl Sized, _: impl Sized) -> std::io::Result<()> { Ok(()) } }
//! use axum::{Router, extract::State};
//! use order_webhooks::{BasicAuth, Receipt, axum::{Verified, receive}, musement::OrderItemWebhook};
//!
//! # fn app(db: Db) -> Result<Router, order_webhooks::ConfigError> {
//! let webhook = OrderItemWebhook::new(BasicAuth::new("JohnSmith", "Swordfish")?);
//! let app = Router::new().route("/musement", receive(webhook, on_update)).with_state(db);
//! # Ok(app) }
//!
//! async fn on_update(State(db): State<Db>, update: Verified<OrderItemWebhook>) -> std::io::Result<Receipt> {
//!     db.save(update.order_item_uuid, &update.order_item_status).await?; // an error: Musement sends again
//!     Ok(Receipt::Accepted)
//! }
//! # }
//! ```
//!
//! | you want to | go to | feature |
//! |---|---|---|
//! | receive from Musement | [`musement`] | `musement`, on by default |
//! | receive from Porterbuddy | [`porterbuddy`] | `porterbuddy`, on by default |
//! | receive from Bandwidth | [`bandwidth`], [`PortOutWebhook`](bandwidth::PortOutWebhook) | `bandwidth`, on by default |
//! | receive from GitHub, Stripe or anyone else | the [guide](guide::provider), [`signed`], [`Webhook`] | |
//! | run in axum or actix-web | [`axum`], [`actix`] | `axum`, `actix` |
//! | run in hyper or another server | the [guide](guide::servers), [`body`], [`tower`], [`WebhookExt`] | `body`, `tower` |
//! | answer port-outs | the [guide](guide::port_outs) | `bandwidth` |
//! | load secrets, and change them without a gap | the [guide](guide::secrets), [`Secret`], [`BasicAuth`] | |
//! | read the log, and count what happens | the [guide](guide::logging) | `tracing` |
//! | run behind a proxy | the [guide](guide::proxy), [`PeerAddress`] | |
//! | subscribe, and ask for lost deliveries | the [guide](guide::subscriptions), [`client`] | `client` |
//! | keep deliveries, and apply each once | the crate `order-webhooks-inbox`, [`tracking`], [`envelope`] | |
//! | test a handler | the [guide](guide::testing), [`testing`] | `testing` |
//!
//! Every delivery takes the same way ([conformance](guide::conformance) has each answer):
//!
//! ```text
//! head ──▶ body ──▶ signature ──▶ parse ──▶ handler ──▶ 200, or 503 to get it again
//!   │        │          │           └ 400, and the rejection has the body
//!   │        │          └ 403
//!   │        └ 413 too large, 408 too slow, 400 cut short, 415 encoded
//!   └ 405 not a POST, 401 credentials, 403 address or signature, 400 a header twice
//! ```

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
pub use answer::{Accepted, Receipt};
#[doc(inline)]
pub use auth::{Allowlist, BasicAuth, Credentials};
pub use error::{ConfigError, ParseError};
pub use head::{Head, PeerAddress};
pub use limits::Limits;
pub use rejection::{Reason, Rejection};
pub use secret::Secret;
#[doc(inline)]
pub use webhook::{Verified, Webhook, WebhookExt};

#[cfg_attr(docsrs, doc(auto_cfg = false))]
#[cfg(all(any(doc, doctest), feature = "axum", feature = "actix", feature = "testing"))]
pub mod guide;
