//! What an operator sees of the inbox.

use std::fmt;
use std::time::Duration;

use order_webhooks::envelope::Envelope;
use time::OffsetDateTime;

use crate::clock;

/// What waits in the inbox; see [`Inbox::status`](crate::Inbox::status).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookStatus {
    /// The webhook, such as `"musement.order_item"`.
    pub webhook: String,
    /// How many of its deliveries wait, those that are being worked on among them.
    pub waiting: u64,
    /// How many were set aside for a person.
    pub set_aside: u64,
    /// When the oldest of those that wait was verified.
    pub oldest: Option<OffsetDateTime>,
}

impl WebhookStatus {
    pub(crate) fn of(row: (String, i64, i64, Option<i64>)) -> Self {
        let (webhook, waiting, set_aside, oldest) = row;
        let count = |count: i64| u64::try_from(count).unwrap_or_default();
        let oldest = oldest.map(clock::instant);
        Self { webhook, waiting: count(waiting), set_aside: count(set_aside), oldest }
    }

    /// How long the oldest of those that wait has waited. With several workers that
    /// keep up it is a second or less.
    #[must_use]
    pub fn oldest_age(&self) -> Option<Duration> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let age = now.saturating_sub(self.oldest?.unix_timestamp());
        Some(Duration::from_secs(age.try_into().unwrap_or_default()))
    }
}

/// A delivery that was set aside; see [`Inbox::set_aside`](crate::Inbox::set_aside).
///
/// The envelope holds customer data. It serialises to one line of JSON, so you can
/// export set-aside deliveries with `serde_json::to_string(&it.envelope)`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetAside {
    /// The number of the delivery in the inbox.
    pub number: i64,
    /// The key of the thing, such as `"porterbuddy.order:394326"`.
    pub key: String,
    /// How many tries have failed.
    pub failures: i64,
    /// Why the last one did.
    pub cause: Option<String>,
    /// The delivery.
    pub envelope: Envelope,
}

/// Number, key, failures, cause, webhook, body, and when it was verified.
pub(crate) type SetAsideRow = (i64, String, i64, Option<String>, String, Vec<u8>, i64);

impl SetAside {
    pub(crate) fn of(row: SetAsideRow) -> Self {
        let (number, key, failures, cause, webhook, body, at) = row;
        let envelope = Envelope::new(&webhook, body, clock::instant(at));
        Self { number, key, failures, cause, envelope }
    }
}

/// Something that is wrong with a database, or will be; see
/// [`Inbox::check`](crate::Inbox::check).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// A word that stays the same, such as `"large_log"`.
    pub code: &'static str,
    /// What was found, and what to do.
    pub text: String,
}

impl Finding {
    pub(crate) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}
