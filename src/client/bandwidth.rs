//! Bandwidth's dashboard API: v1 subscriptions to notifications.
//!
//! A [`Subscription`] says what you want, [`Dashboard`] makes the requests, and
//! [`Subscription::next_step`] decides which of them to send. The
//! [guide](crate::guide::subscriptions) goes from the credentials to the renewal.
//!
//! Source: Bandwidth numbers documentation, "Subscriptions v1", and numbers API
//! specification, "Subscriptions".

mod dashboard;
mod state;
mod subscription;
mod upkeep;

pub use dashboard::Dashboard;
pub use state::SubscriptionState;
pub use subscription::{Callback, NumberFormat, Subscription, SubscriptionError, Topic};
pub use upkeep::NextStep;
