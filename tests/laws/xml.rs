//! Bodies of XML, put together for the tables: they go through Bandwidth's
//! webhook for notifications.

use order_webhooks::bandwidth::NotificationWebhook;
use serde_json::Value;

use crate::outcome;
use fixtures::samples::{U_P, u_p};

/// The event as JSON, or the refusal without what all of them begin with.
#[track_caller]
pub(crate) fn event(body: impl AsRef<[u8]>) -> Result<Value, String> {
    let webhook = NotificationWebhook::new(u_p());
    match outcome(&webhook, &[("authorization", U_P.as_bytes())], body.as_ref()) {
        Ok(event) => Ok(serde_json::to_value(event).unwrap()),
        Err(refused) => Err(refused
            .strip_prefix("400 the body does not parse: ")
            .unwrap_or_else(|| panic!("{refused}"))
            .to_owned()),
    }
}

/// The refusal at this byte of a body without line feeds.
pub(crate) fn refused(why: &str, byte: usize) -> Result<Value, String> {
    Err(format!("{why} at line 1 column {}", byte + 1))
}

pub(crate) const START: &str = "<Notification><SubscriptionId>s</SubscriptionId>";
pub(crate) const END: &str = "</Notification>";

/// A notification with these elements after its `SubscriptionId`.
pub(crate) fn with(elements: &str) -> String {
    format!("{START}{elements}{END}")
}

/// The event of a notification with nothing else in it.
pub(crate) fn bare() -> Value {
    event(with("")).unwrap()
}

/// Where the content of a `Message` begins in such a notification.
pub(crate) const MESSAGE_AT: usize = START.len() + "<Message>".len();

/// What a `Message` with this content says, or the refusal.
pub(crate) fn message(content: &str) -> String {
    match event(with(&format!("<Message>{content}</Message>"))) {
        Ok(event) => event.get("Message").map_or("none", |text| text.as_str().unwrap()).to_owned(),
        Err(refused) => refused,
    }
}
