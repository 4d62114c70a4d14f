//! Which thing an event is about, and where the event stands in the life of
//! that thing.

mod digest;
mod key;
mod revision;

pub use digest::ContentDigest;
#[cfg(any(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
pub(crate) use digest::Fields;
pub use key::Key;
pub use revision::{Revision, Standing};

pub use crate::wire::time::Timestamp;

/// An event that says which thing it is about and where it stands in the life of
/// that thing.
///
/// The events of order items, orders and notifications are, and so are the
/// answers of the providers' APIs, so that what was received and what was asked
/// for make one stream. A body without a schema is told by its
/// [`ContentDigest`]. Key and revision have a text form for a database; it stays
/// the same in all versions of this crate.
///
/// No provider signs a delivery id or the time of a delivery, so duplicates,
/// replays and late arrivals are for the receiver to tell. What they can be told
/// by is in the events themselves:
///
/// | event | key | revision |
/// |---|---|---|
/// | Musement `OrderItemUpdate` | `order_item_uuid` | `order_item_version`, a count; without it cannot tell |
/// | Musement `OrderItem`, polled | `uuid` | none: cannot tell |
/// | Porterbuddy `OrderStatusUpdate`, received or polled | `orderId` | `statusUpdatedAt` and the content; without it, or without an offset in it, cannot tell |
/// | Bandwidth `OrderNotification` | `OrderId` | `LastModifiedDate` and the content; without a date cannot tell |
/// | Bandwidth `NoteNotification` | order, date and digest of the note: every note is a thing of its own | as the order's |
/// | Bandwidth `EventNotification` | digest of subscription, type and numbers | none: cannot tell |
///
/// Two events of one time and different content are not ordered: the later one
/// to arrive may be either. Events of different keys are never compared.
///
/// ```
/// # #[cfg(feature = "porterbuddy")] {
/// use order_webhooks::{Tracked, porterbuddy::OrderStatusUpdate, tracking::Standing};
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

    /// Where the event stands in the life of that thing.
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
