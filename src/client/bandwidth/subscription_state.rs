//! A v1 subscription that Bandwidth has, and what to do about it.

use std::fmt;
use std::time::Duration;

use crate::bandwidth::document::Document as _;
use crate::client::bandwidth::subscription::{ROOT, SubscriptionElements, seconds};
use crate::client::bandwidth::{NumberFormat, Subscription, Topic};
use crate::error::ParseError;
use crate::wire::xml::Reader;

/// A v1 subscription as Bandwidth returns it.
///
/// On the wire it is a `<Subscription>`, whatever Bandwidth wraps it in. It has
/// no password. [`Subscription::next_step`] has an example. A `URL` in quotes,
/// as Bandwidth prints it, is read without them.
///
/// Source: Bandwidth numbers API specification, "Subscriptions", the samples of
/// `GET`.
#[derive(Clone, PartialEq, Eq)]
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
    /// The form of its numbers.
    pub number_format: Option<NumberFormat>,
    /// How the last callback was answered: `200 OK`.
    pub last_answer: Option<String>,
}

impl SubscriptionState {
    /// Reads every subscription with an id in an answer of Bandwidth's, whatever it
    /// is wrapped in.
    ///
    /// # Errors
    ///
    /// For what cannot be read as XML at all.
    pub(super) fn read_all(body: &[u8]) -> Result<Vec<Self>, ParseError> {
        let (reader, root) = Reader::open_any(body)?;
        let mut reader = reader.lenient();
        let mut states = Vec::new();
        if root == ROOT {
            states.extend(Self::read(&mut reader)?);
        }
        let mut depth = 1_usize;
        while depth > 0 {
            match reader.child()? {
                Some(name) if name == ROOT => {
                    states.extend(Self::read(&mut reader)?);
                }
                Some(_) => depth = depth.saturating_add(1),
                None => depth = depth.saturating_sub(1),
            }
        }
        reader.finish()?;
        Ok(states)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, ParseError> {
        let mut elements = SubscriptionElements::default();
        elements.fill(reader)?;
        let topic = elements.topic();
        let SubscriptionElements { subscription_id, order_id, callback, number_format, .. } =
            elements;
        Ok(subscription_id.map(|id| Self {
            id,
            topic,
            order_id,
            url: callback.url.map(|url| url.trim_matches(['"', '\'']).to_owned()),
            time_left: callback.expiry.as_deref().and_then(seconds),
            username: callback.credentials.basic.username,
            public_key: callback.credentials.public_key,
            number_format: number_format.or(callback.number_format),
            last_answer: callback.status,
        }))
    }
}

impl fmt::Debug for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionState")
            .field("id", &self.id)
            .field("topic", &self.topic)
            .field("order_id", &self.order_id)
            .field("time_left", &self.time_left)
            .field("number_format", &self.number_format)
            .field("last_answer", &self.last_answer)
            .finish_non_exhaustive()
    }
}

/// What to do so that a subscription is there; see [`Subscription::next_step`],
/// which has an example.
///
/// To renew or change a subscription, create the new one first and then delete
/// the old one. So nothing is missed, and [`Tracked`](crate::Tracked)
/// recognises what both send in between.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum NextStep {
    /// It is there as it should be, and lasts long enough.
    Nothing,
    /// It is not there: create it.
    Create,
    /// It is there and ends soon: create it, and then delete the one with this id.
    Renew {
        /// The id of the one that ends.
        id: String,
    },
    /// One of the same topic and order calls another URL, shows another username or
    /// writes numbers in another form: create the wanted one, and then delete the
    /// one with this id, unless it belongs to somebody else.
    Change {
        /// The id of the one that differs.
        id: String,
    },
}

impl Subscription {
    /// What to do so that this subscription is there, given what is there now.
    /// `margin` is how long it must still last: longer than until you look
    /// again.
    ///
    /// ```
    /// use std::time::Duration;
    /// use order_webhooks::Credentials;
    /// use order_webhooks::bandwidth::OrderType;
    /// use order_webhooks::client::bandwidth::{
    ///     Callback, Dashboard, Expiry, NextStep, Subscription,
    /// };
    ///
    /// let answer = http::Response::new(
    ///     "<SubscriptionsResponse><Subscriptions><Subscription><SubscriptionId>s-1\
    ///      </SubscriptionId><OrderType>portins</OrderType><CallbackSubscription>\
    ///      <URL>\"https://shop.example/hook\"</URL><Expiry>3600</Expiry><Status>200 OK</Status>\
    ///      <CallbackCredentials><BasicAuthentication><Username>u</Username>\
    ///      </BasicAuthentication></CallbackCredentials></CallbackSubscription>\
    ///      </Subscription></Subscriptions></SubscriptionsResponse>",
    /// );
    /// let there = Dashboard::subscriptions(&answer)?;
    /// let callback = Callback::new("https://shop.example/hook", Credentials::new("u", "p")?)?;
    /// let wanted = Subscription::to_orders(OrderType::PortIns, callback, Expiry::TEN_YEARS);
    ///
    /// let hour = Duration::from_secs(3600);
    /// assert_eq!(wanted.next_step(&there, hour / 2), NextStep::Nothing);
    /// assert_eq!(wanted.next_step(&there, hour), NextStep::Renew { id: "s-1".into() });
    /// assert_eq!(wanted.next_step(&[], hour), NextStep::Create);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_step(&self, there: &[SubscriptionState], margin: Duration) -> NextStep {
        let rank = |step: &NextStep| match step {
            NextStep::Nothing => 0,
            NextStep::Renew { .. } => 1,
            NextStep::Change { .. } => 2,
            NextStep::Create => 3,
        };
        let alike = there.iter().filter(|state| self.is_about_the_same(state));
        let steps = alike.map(|state| {
            if !self.is_as_wanted(state) {
                NextStep::Change { id: state.id.clone() }
            } else if state.time_left.is_none_or(|left| left <= margin) {
                NextStep::Renew { id: state.id.clone() }
            } else {
                NextStep::Nothing
            }
        });
        steps.min_by_key(rank).unwrap_or(NextStep::Create)
    }

    fn is_about_the_same(&self, state: &SubscriptionState) -> bool {
        state.topic.as_ref() == Some(self.topic()) && state.order_id.as_deref() == self.order_id()
    }

    fn is_as_wanted(&self, state: &SubscriptionState) -> bool {
        let callback = self.callback();
        let username = callback.credentials().map(|credentials| credentials.username().expose());
        let format = self.number_format().unwrap_or(&NumberFormat::Legacy);
        // Whether Bandwidth returns the last two is not documented.
        state.url.as_deref() == Some(callback.url())
            && state.username.as_deref().map(str::as_bytes) == username
            && state.number_format.as_ref().is_none_or(|there| there == format)
            && (state.public_key.is_none() || state.public_key.as_deref() == callback.public_key())
    }
}

#[cfg(test)]
mod tests;
