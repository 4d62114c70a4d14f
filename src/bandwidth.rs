//! Bandwidth: telephone number orders, events and port-outs.
//!
//! | webhook | you receive | your handler returns |
//! |---|---|---|
//! | [`NotificationWebhook`] | a [`Notification`]: an order changed or got a note, or something happened to a number | [`Accepted`](crate::Accepted) |
//! | [`PortOutWebhook`] | a [`PortOutValidationRequest`]: may this number leave? | a [`PortOutAnswer`] |
//! | [`V2Webhook`] | the JSON of a v2 subscription, as [`Json`] or as a type of yours | [`Accepted`](crate::Accepted) |
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! use axum::Router;
//! use order_webhooks::axum::{Verified, receive};
//! use order_webhooks::bandwidth::{Notification, NotificationWebhook};
//! use order_webhooks::{Accepted, BasicAuth};
//!
//! async fn on_notification(notification: Verified<NotificationWebhook>) -> Accepted {
//!     if let Notification::Order(order) = notification.event() {
//!         println!("{:?} {:?} is {:?}", order.order_type, order.order_id, order.status);
//!     }
//!     Accepted
//! }
//!
//! let webhook = NotificationWebhook::new(BasicAuth::new("bandwidth-user", "bandwidth-password")?);
//! let app: Router = Router::new().route("/bandwidth", receive(webhook, on_notification));
//! # }
//! # Ok::<(), order_webhooks::ConfigError>(())
//! ```
//!
//! **A notification is sent once.** It counts as delivered with a 200, and is never sent
//! again; the crate `order-webhooks-inbox` keeps it before it is answered. On the routes
//! `receive` its handler goes on to its end even if Bandwidth closes the connection. A
//! handler behind an extractor, [`tower`](crate::tower) or [`body`](crate::body) is
//! dropped then, so let it spawn a task. **A port-out that is not answered is
//! approved**; read the [guide](crate::guide::port_outs) first.
//!
//! # The challenge
//!
//! Bandwidth shows its credentials only when it is asked for them. The webhooks ask:
//!
//! ```text
//! Bandwidth                                       your server
//!     │  POST, no Authorization                        │
//!     ├───────────────────────────────────────────────▶│
//!     │        401, WWW-Authenticate: Basic realm="…"  │
//!     │◀───────────────────────────────────────────────┤
//!     │  POST, Authorization: Basic …, the same body   │
//!     ├───────────────────────────────────────────────▶│
//!     │                                           200  │
//!     │◀───────────────────────────────────────────────┤
//! ```
//!
//! Without `WWW-Authenticate` on the 401 there is no second request, and the
//! notification is lost.
//!
//! Source: Bandwidth numbers documentation, "Webhooks", "Order Webhook", "Event
//! Webhook", "Portout Validation Webhook" and "Subscriptions".

pub(crate) mod document;
mod notification;
mod order;
mod port_out;
mod telephone_number;
mod v2;
mod webhook;

pub use notification::{EventNotification, NoteNotification, Notification, OrderNotification};
pub use order::{EventType, OrderStatus, OrderType};
#[cfg(feature = "body")]
pub use port_out::PortOutFailure;
#[cfg(feature = "body")]
pub(crate) use port_out::guard;
pub use port_out::{
    AcceptableValues, Denial, DenialReason, PortOutAnswer, PortOutValidationRequest,
    PortOutWebhook, Subscriber, Subscribers,
};
pub use telephone_number::TelephoneNumber;
pub use v2::{Json, V2Webhook};
pub use webhook::NotificationWebhook;
