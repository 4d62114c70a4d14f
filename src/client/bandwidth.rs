//! Bandwidth's dashboard API: create, list and delete v1 subscriptions.

mod dashboard;
mod subscription;
mod subscription_state;

pub use dashboard::{Dashboard, DashboardError, InvalidAccountId};
pub use subscription::{Callback, Expiry, InvalidUrl, NumberFormat, Subscription, Topic};
pub use subscription_state::{NextStep, SubscriptionState};
