#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    allow(dead_code, unused_imports, reason = "there is no store")
)]

#[cfg(doctest)]
#[doc = include_str!("../../../docs/inbox.md")]
struct Guide;

#[cfg(all(doctest, feature = "jetstream"))]
#[doc = include_str!("../../../docs/jetstream.md")]
struct JetStreamGuide;

mod applied;
mod attempt;
mod clock;
mod delivery;
mod error;
mod held;
mod inbox;
mod keep;
mod keeper;
mod operate;
mod queue;
mod schema;
mod settings;
mod worker;
mod workers;

pub use applied::Database;
#[cfg(feature = "jetstream")]
pub use async_nats;
pub use delivery::{Delivery, Tx};
pub use error::Error;
pub use inbox::Inbox;
pub use keeper::Keeper;
pub use operate::{Finding, SetAside, WebhookStatus};
#[cfg(feature = "jetstream")]
pub use queue::jetstream::JetStream;
pub use settings::Settings;
pub use sqlx;
