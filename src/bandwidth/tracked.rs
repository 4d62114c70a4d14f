//! Which notification is about what, and which of two is the newer.

use crate::bandwidth::document::Document as _;
use crate::bandwidth::{
    EventNotification, NoteNotification, Notification, OrderNotification, Timestamp,
};
use crate::tracking::{Fields, Key, Revision, Tracked};

/// Each as the notification that it holds.
impl Tracked for Notification {
    fn key(&self) -> Key {
        match self {
            Self::Order(order) => order.key(),
            Self::Note(note) => note.key(),
            Self::Event(event) => event.key(),
        }
    }

    fn revision(&self) -> Revision {
        match self {
            Self::Order(order) => order.revision(),
            Self::Note(note) => note.revision(),
            Self::Event(event) => event.revision(),
        }
    }
}

/// The thing is the order, `bandwidth.order:` and its `OrderId`. The revision
/// is `LastModifiedDate`; two notifications of one date are the same if they
/// say the same, whichever subscriptions caused them. Otherwise they cannot be
/// put in order, so that of two statuses in one millisecond neither hides the
/// other. Without `LastModifiedDate` nothing can be put in order.
///
/// Without an `OrderId`, which is optional, the notification is a thing of its
/// own, `bandwidth.notification:` and a digest of it: the customer's own order
/// id may stand for several orders.
impl Tracked for OrderNotification {
    fn key(&self) -> Key {
        match &self.order_id {
            Some(id) => Key::new("bandwidth.order", id),
            None => Key::of_digest("bandwidth.notification", &self.content().digest()),
        }
    }

    fn revision(&self) -> Revision {
        let date = self.last_modified_date.as_ref().and_then(Timestamp::to_offset_date_time);
        let content = self.content_without(&["SubscriptionId", "OrderId", "LastModifiedDate"]);
        Revision::perhaps_dated(date, content.digest())
    }
}

impl OrderNotification {
    /// All that it says about the order.
    fn content(&self) -> Fields {
        self.content_without(&["SubscriptionId"])
    }
}

/// The thing is the note, `bandwidth.note:` and a digest of its text and of
/// what comes with it: a note is added to others and replaces none, so two
/// notes, even of one order, cannot be put in order, and none is ever too old.
/// The revision is that of the notification's [`order`](Self::order), which has
/// a key of its own: what a note's notification says about the order can be
/// compared with what others say.
impl Tracked for NoteNotification {
    fn key(&self) -> Key {
        let content = self.order.content().with(Some(&self.note)).digest();
        Key::of_digest("bandwidth.note", &content)
    }

    fn revision(&self) -> Revision {
        self.order.revision()
    }
}

/// The thing is what happened, `bandwidth.event:` and a digest of subscription,
/// type and numbers. An event has no id and no date, and the same can happen to
/// a number again: not even two that say the same are known to be the same.
impl Tracked for EventNotification {
    fn key(&self) -> Key {
        Key::of_digest("bandwidth.event", &self.content_without(&[]).digest())
    }

    fn revision(&self) -> Revision {
        Revision::untold(self.content_without(&[]).digest())
    }
}
