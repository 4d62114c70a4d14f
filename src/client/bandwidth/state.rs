//! A v1 subscription that Bandwidth has.

use std::fmt;
use std::time::Duration;

use crate::bandwidth::{EventType, OrderType};
use crate::client::bandwidth::{NumberFormat, Topic};
use crate::error::ParseError;
use crate::wire::xml::Reader;

/// A v1 subscription as Bandwidth returns it.
///
/// On the wire it is a `<Subscription>`, whatever Bandwidth wraps it in. It has
/// no password. [`Subscription::next_step`](super::Subscription::next_step) has an
/// example. A `URL` in quotes, as Bandwidth prints it, is read without them.
///
/// Source: Bandwidth numbers API specification, "Subscriptions", the samples of
/// `GET`.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SubscriptionState {
    /// Bandwidth's id of the subscription.
    pub id: String,
    /// What it is about, if Bandwidth says it.
    pub topic: Option<Topic>,
    /// The order that it is limited to.
    pub order_id: Option<String>,
    /// The URL that is called.
    pub url: Option<String>,
    /// How long it still lasts: Bandwidth's `Expiry` in seconds.
    pub time_left: Option<Duration>,
    /// The username that is shown after a challenge.
    pub username: Option<String>,
    /// The `PublicKey`, in base64.
    pub public_key: Option<String>,
    /// The form of its numbers, if it is a known one.
    pub number_format: Option<NumberFormat>,
    /// How the last callback was answered, `200 OK` and perhaps the body; `READY`
    /// before the first one.
    pub last_answer: Option<String>,
}

impl SubscriptionState {
    /// Reads every subscription with an id in an answer of Bandwidth's, whatever it
    /// is wrapped in.
    ///
    /// # Errors
    ///
    /// For what cannot be read as XML at all, and for a document without
    /// subscriptions that is not about them: a page of HTML is no empty list.
    pub(super) fn read_all(body: &[u8]) -> Result<Vec<Self>, ParseError> {
        const ROOT: &str = "Subscription";
        let (reader, root) = Reader::open_any(body)?;
        let mut reader = reader.lenient();
        let mut states = Vec::new();
        if root == ROOT {
            states.extend(Self::read(&mut reader)?);
        }
        let mut depth = 1_usize;
        while depth > 0 {
            match reader.child()? {
                Some(name) if name == ROOT => states.extend(Self::read(&mut reader)?),
                Some(_) => depth = depth.saturating_add(1),
                None => depth = depth.saturating_sub(1),
            }
        }
        reader.finish()?;
        if states.is_empty() && !root.starts_with(ROOT) {
            Reader::open(body, "SubscriptionsResponse")?;
        }
        Ok(states)
    }

    /// Reads the open `<Subscription>`, and closes it.
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, ParseError> {
        let mut id = None;
        let (mut order_type, mut event_type) = (None, None);
        let (mut expiry, mut number_format) = (None, None);
        let mut state = Self::default();
        let mut depth = 1_usize;
        while depth > 0 {
            let field = match reader.child()? {
                None => {
                    depth = depth.saturating_sub(1);
                    continue;
                }
                Some("CallbackSubscription" | "CallbackCredentials" | "BasicAuthentication") => {
                    depth = depth.saturating_add(1);
                    continue;
                }
                Some("SubscriptionId") => &mut id,
                Some("OrderType") => &mut order_type,
                Some("EventType") => &mut event_type,
                Some("OrderId") => &mut state.order_id,
                Some("URL") => &mut state.url,
                Some("Expiry") => &mut expiry,
                Some("Status") => &mut state.last_answer,
                Some("Username") => &mut state.username,
                Some("PublicKey") => &mut state.public_key,
                Some("NumberFormat") => &mut number_format,
                Some(_) => {
                    reader.skip()?;
                    continue;
                }
            };
            // Of several the first that says something counts.
            let text = reader.text()?;
            if field.is_none() && !text.is_empty() {
                *field = Some(text.into_owned());
            }
        }
        let orders = order_type.map(|text| Topic::Orders(OrderType::from(&*text)));
        state.topic = orders.or(event_type.map(|text| Topic::Events(EventType::from(&*text))));
        state.url = state.url.map(|url| url.trim_matches(['"', '\'']).to_owned());
        state.time_left = expiry.and_then(|text| text.parse().ok()).map(Duration::from_secs);
        state.number_format = number_format.as_deref().and_then(NumberFormat::from_text);
        Ok(id.map(|id| Self { id, ..state }))
    }
}

/// Neither the URL, which can hold a token, nor the username, nor the last answer,
/// which can hold a body, is shown.
impl fmt::Debug for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionState")
            .field("id", &self.id)
            .field("topic", &self.topic)
            .field("order_id", &self.order_id)
            .field("time_left", &self.time_left)
            .field("number_format", &self.number_format)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
