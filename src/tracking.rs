//! Recognise duplicates and late arrivals: which thing an event is about, and
//! how new it is.
//!
//! # A queue of your own
//!
//! If SQS, Kafka, a table of jobs or anything else brings deliveries to your worker,
//! you need one table more: what was applied last of each thing. [`decide`] says what
//! becomes of a delivery. Here the table is a map:
//!
//! ```
//! # #[cfg(feature = "musement")] {
//! use std::collections::HashMap;
//! use order_webhooks::tracking::Tracked;
//! use order_webhooks::musement::OrderItemUpdate;
//! use order_webhooks::tracking::{Applied, Decision, Key, decide};
//!
//! /// Keys, revisions and message ids have a text form for your database.
//! type Table = HashMap<Key, Applied<&'static str>>;
//!
//! fn apply(table: &mut Table, message_id: &'static str, update: &OrderItemUpdate) -> bool {
//!     let key = update.key();
//!     let new = Applied { revision: update.revision(), delivery: message_id };
//!     match decide(table.get(&key), new) {
//!         Decision::Apply(row) => {
//!             // Change your own tables here, in the same transaction.
//!             table.insert(key, row);
//!             true
//!         }
//!         Decision::Stale => false,
//!     }
//! }
//!
//! let update = |version: u64| OrderItemUpdate::parse_unverified(format!(
//!     r#"{{"order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_item_status":"OK",
//!     "order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_version":{version}}}"#
//! ).as_bytes());
//! let mut table = Table::new();
//! assert!(apply(&mut table, "message-1", &update(22)?));
//! assert!(!apply(&mut table, "message-2", &update(22)?), "it came twice");
//! assert!(!apply(&mut table, "message-3", &update(21)?), "it came late");
//! assert!(apply(&mut table, "message-4", &update(23)?));
//! # }
//! # Ok::<(), order_webhooks::ParseError>(())
//! ```
//!
//! The same over one table of a database is `crates/inbox/examples/own_queue.rs`. The
//! crate `order-webhooks-inbox` has the queue as well: it keeps a delivery before
//! you answer it, and survives a crash.

/// Writes a type by its `Display` and reads it by its `FromStr`.
macro_rules! serde_by_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

mod decision;
mod digest;
mod key;
mod revision;

pub use decision::{Applied, Decision, decide};
pub use digest::ContentDigest;
pub use key::Key;
pub use revision::{Revision, Standing};

pub use crate::wire::time::Timestamp;

/// An event that says which thing it is about, and how new it is.
///
/// The events of order items, orders and notifications have a key and a
/// revision, and so do the answers of the providers' APIs: you can treat what
/// you received and what you asked for alike. For a body without a schema, take
/// its [`ContentDigest`]. Key and revision have a text form for a database; it
/// stays the same in all versions of this crate.
///
/// No provider signs a delivery id or the time of a delivery, so the receiver
/// has to recognise duplicates, replays and late arrivals. The events
/// themselves say enough:
///
/// | event | key | revision |
/// |---|---|---|
/// | Musement `OrderItemUpdate` | `order_item_uuid` | `order_item_version`, a count; without it: `Unknown` |
/// | Musement `OrderItem`, polled | `uuid` | none: `Unknown` |
/// | Porterbuddy `OrderStatusUpdate`, received or polled | `orderId` | `statusUpdatedAt` and the content; without it, or without an offset in it: `Unknown` |
/// | Bandwidth `OrderNotification` | `OrderId` | `LastModifiedDate` and the content; without a date: `Unknown` |
/// | Bandwidth `NoteNotification` | order, date and digest of the note: every note is a thing of its own | as the order's |
/// | Bandwidth `EventNotification` | digest of type and numbers | none: `Unknown` |
///
/// Two events of one time and different content cannot be put in order: either
/// may be the newer one. Events of different keys are never compared.
///
/// ```
/// # #[cfg(feature = "porterbuddy")] {
/// use order_webhooks::{porterbuddy::OrderStatusUpdate, tracking::{Standing, Tracked}};
///
/// let ready = br#"{"orderId":"394326","orderStatus":"ready",
///   "statusUpdatedAt":"2021-06-08T12:16:40.32538Z"}"#;
/// let delivered = br#"{"orderId":"394326","orderStatus":"delivered",
///   "statusUpdatedAt":"2021-06-08T17:02:11+02:00"}"#;
/// let ready = OrderStatusUpdate::parse_unverified(ready)?;
/// let delivered = OrderStatusUpdate::parse_unverified(delivered)?;
///
/// assert_eq!(delivered.key().as_str(), "porterbuddy.order:394326");
/// assert_eq!(delivered.compare(&ready), Standing::Newer);
/// assert_eq!(ready.compare(&ready), Standing::Same);
/// # }
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
pub trait Tracked {
    /// The thing that the event is about.
    fn key(&self) -> Key;

    /// How new the event is.
    fn revision(&self) -> Revision;

    /// Whether this event is newer than another one, the same or older.
    fn compare<T: Tracked + ?Sized>(&self, other: &T) -> Standing {
        if self.key() == other.key() {
            self.revision().compare(&other.revision())
        } else {
            Standing::Unknown
        }
    }
}
