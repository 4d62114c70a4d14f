//! What to do so that a subscription is there.

use std::time::Duration;

use http::Uri;

use crate::client::bandwidth::{Subscription, SubscriptionState};

/// What to do so that a subscription is there; see [`Subscription::next_step`],
/// which has an example.
///
/// Deleting is never a step. A subscription that is not wanted any more, and one
/// of somebody else, stays until you [delete](super::Dashboard::delete) it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub enum NextStep {
    /// It is there as it should be, and lasts long enough.
    Nothing,
    /// None there is yours: [create](super::Dashboard::create) it.
    Create,
    /// Yours is there, and ends soon or differs:
    /// [replace](super::Dashboard::replace) it.
    Replace {
        /// The id of yours.
        id: String,
    },
}

impl Subscription {
    /// What to do so that this subscription is there, given what is there now.
    ///
    /// `margin` is how long it must still last: longer than until you look again, and
    /// shorter than its [expiry](Self::expiry). Bandwidth never tells a password, so
    /// nobody can see that it has changed: with [`Duration::MAX`] as the margin a
    /// subscription that is there is replaced in any case. Do that when your
    /// service starts.
    ///
    /// Yours is one to the same orders or events, with the same order id, that calls
    /// the same URL, or the one that this was [moved from](Self::moved_from).
    /// Other services of the account have other URLs, so nothing of theirs is
    /// touched.
    ///
    /// ```
    /// use std::time::Duration;
    /// use order_webhooks::Credentials;
    /// use order_webhooks::bandwidth::OrderType;
    /// use order_webhooks::client::bandwidth::{Callback, Dashboard, NextStep, Subscription};
    ///
    /// let answer = http::Response::new(
    ///     "<SubscriptionsResponse><Subscriptions><Subscription><SubscriptionId>s-1\
    ///      </SubscriptionId><OrderType>portins</OrderType><CallbackSubscription>\
    ///      <URL>\"https://shop.example/hook\"</URL><Expiry>3600</Expiry><Status>200 OK</Status>\
    ///      <CallbackCredentials><BasicAuthentication><Username>u</Username>\
    ///      </BasicAuthentication></CallbackCredentials></CallbackSubscription>\
    ///      </Subscription></Subscriptions></SubscriptionsResponse>",
    /// );
    /// let there = Dashboard::read_list(answer)?;
    /// let callback = Callback::new("https://shop.example/hook", Credentials::new("u", "p")?)?;
    /// let wanted = Subscription::to_orders(OrderType::PortIns, callback, Subscription::TEN_YEARS)?;
    ///
    /// let hour = Duration::from_secs(3600);
    /// assert_eq!(wanted.next_step(&there, hour / 2), NextStep::Nothing);
    /// assert_eq!(wanted.next_step(&there, hour), NextStep::Replace { id: "s-1".into() });
    /// assert_eq!(wanted.next_step(&[], hour), NextStep::Create);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_step(&self, there: &[SubscriptionState], margin: Duration) -> NextStep {
        match self.find(there) {
            None => NextStep::Create,
            Some(ours) if self.is_as_wanted(ours) && ours.lasts_longer_than(margin) => {
                NextStep::Nothing
            }
            Some(ours) => NextStep::Replace { id: ours.id.clone() },
        }
    }

    /// The one of these that is yours, as [`next_step`](Self::next_step) decides it:
    /// to look at its [last answer](SubscriptionState::last_answer), or to
    /// [delete](super::Dashboard::delete) it. Of several it is the best.
    #[must_use]
    pub fn find<'a>(&self, there: &'a [SubscriptionState]) -> Option<&'a SubscriptionState> {
        let ours = there.iter().filter(|state| self.is_ours(state));
        ours.max_by_key(|state| (self.is_here(state), self.is_as_wanted(state), state.time_left))
    }

    fn is_ours(&self, state: &SubscriptionState) -> bool {
        let target = (state.topic.as_ref(), state.order_id.as_deref());
        let moved = self.former_url().is_some_and(|former| calls(state, former));
        target == (Some(self.topic()), self.order_id()) && (self.is_here(state) || moved)
    }

    fn is_here(&self, state: &SubscriptionState) -> bool {
        calls(state, self.callback().url())
    }

    /// Whether nothing that can be seen differs. Whether Bandwidth returns the key and
    /// the form of the numbers is not documented.
    fn is_as_wanted(&self, state: &SubscriptionState) -> bool {
        let callback = self.callback();
        let username = callback.credentials().map(|credentials| credentials.username().expose());
        let (format, key) = (self.number_format(), callback.public_key());
        self.is_here(state)
            && state.username.as_deref().map(str::as_bytes) == username
            && (format.is_none() || state.number_format.is_none_or(|there| Some(there) == format))
            && (state.public_key.is_none() || state.public_key.as_deref() == key)
    }
}

impl SubscriptionState {
    fn lasts_longer_than(&self, margin: Duration) -> bool {
        self.time_left.is_some_and(|left| left > margin)
    }
}

/// Whether it calls this URL, in whatever spelling of RFC 3986, section 6.2: the case
/// of scheme and host, a default port, and the slash of an empty path say nothing.
fn calls(state: &SubscriptionState, url: &str) -> bool {
    let Some(called) = state.url.as_deref() else { return false };
    let parts = |uri: &Uri| {
        let scheme = uri.scheme_str()?;
        let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        let host = uri.host()?.to_ascii_lowercase();
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Some((scheme.to_owned(), host, port, path.to_owned()))
    };
    match (called.parse(), url.parse()) {
        (Ok(called), Ok(url)) => parts(&called) == parts(&url),
        _ => called == url,
    }
}

#[cfg(test)]
mod tests;
