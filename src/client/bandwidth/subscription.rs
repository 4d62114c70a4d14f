//! A v1 subscription, as it is asked for.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::auth::Credentials;
use crate::bandwidth::document::{self, Document as _, Value as _, document};
use crate::bandwidth::{EventType, OrderType};
use crate::error::{ParseError, ParseErrorKind};
use crate::wire::open::open_enum;

pub(super) const ROOT: &str = "Subscription";

/// A v1 subscription to ask for: what Bandwidth should send, where to, and for
/// how long.
///
/// On the wire it is a `<Subscription>`. The credentials of the [`Callback`] are
/// those that the webhook then asks for; one [`Credentials`] value makes both:
///
/// ```
/// use order_webhooks::bandwidth::{NotificationWebhook, OrderType};
/// use order_webhooks::client::bandwidth::{Callback, Expiry, Subscription};
/// use order_webhooks::{BasicAuth, Credentials};
///
/// let credentials = Credentials::new("bandwidth-user", "bandwidth-password")?;
/// let webhook = NotificationWebhook::new(BasicAuth::from(&credentials));
/// let callback = Callback::new("https://shop.example/hook", credentials)?;
/// let subscription = Subscription::to_orders(OrderType::PortIns, callback, Expiry::TEN_YEARS);
/// assert!(subscription.to_xml().contains("<Expiry>315360000</Expiry>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A subscription ends; [`next_step`](Self::next_step) says when to renew it.
///
/// Source: Bandwidth numbers documentation, "Subscriptions v1".
pub struct Subscription {
    pub(super) topic: Topic,
    pub(super) order_id: Option<String>,
    pub(super) callback: Callback,
    pub(super) expiry: Expiry,
    pub(super) number_format: Option<NumberFormat>,
}

/// What a subscription is about: orders or events. [`Subscription::to_orders`]
/// and [`Subscription::to_events`] choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// Orders of a type.
    Orders(OrderType),
    /// Events of a type.
    Events(EventType),
}

/// How long a subscription lasts. One with an order id ends earlier, when that
/// order is final. [`Subscription`] has an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// For this long, in whole seconds.
    After(Duration),
    /// Bandwidth's default, without an `Expiry`: **it ends after a day**, so
    /// renew it before that.
    OneDay,
}

impl Expiry {
    /// 315,360,000 seconds.
    pub const TEN_YEARS: Self = Self::After(Duration::from_secs(315_360_000));
}

open_enum! {
    /// How a subscription writes telephone numbers. [`TelephoneNumber`] reads both.
    ///
    /// Source: Bandwidth numbers API specification, "Subscriptions".
    ///
    /// [`TelephoneNumber`]: crate::bandwidth::TelephoneNumber
    pub enum NumberFormat {
        /// Ten digits for `+1`, and E.164 for the rest; the default of version 1 of
        /// the API.
        Legacy = "LEGACY",
        /// `+12223331000`; the default of version 2 of the API.
        E164 = "E164",
    }
}

/// The URL that a subscription sends to, and the credentials that it shows
/// there. [`Subscription`] has an example.
pub struct Callback {
    url: String,
    credentials: Option<Credentials>,
    public_key: Option<String>,
}

/// The URL does not start with `https://` or `http://`, or has white space in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the URL must start with https:// or http:// and have no white space")]
#[non_exhaustive]
pub struct InvalidUrl;

impl Callback {
    /// This URL, with the credentials that Bandwidth shows there after a challenge:
    /// those that the [`NotificationWebhook`] is built with.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] for a URL such as `"shop.example/hook"`.
    ///
    /// [`NotificationWebhook`]: crate::bandwidth::NotificationWebhook
    pub fn new(url: &str, credentials: Credentials) -> Result<Self, InvalidUrl> {
        Ok(Self { credentials: Some(credentials), ..Self::without_credentials(url)? })
    }

    /// This URL, without credentials: for a webhook that checks addresses, or
    /// behind a proxy that checks certificates. **A webhook that asks for
    /// credentials refuses every notification of such a subscription, and none
    /// comes again.**
    ///
    /// # Errors
    ///
    /// The same as [`new`](Self::new).
    pub fn without_credentials(url: &str) -> Result<Self, InvalidUrl> {
        if !is_http(url) {
            return Err(InvalidUrl);
        }
        Ok(Self { url: url.to_owned(), credentials: None, public_key: None })
    }

    /// With this `PublicKey`, in base64, beside the credentials or instead of them.
    #[must_use]
    pub fn with_public_key(mut self, public_key: impl Into<String>) -> Self {
        self.public_key = Some(public_key.into());
        self
    }

    /// The URL that is called.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The credentials that are shown.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The `PublicKey`, in base64.
    #[must_use]
    pub fn public_key(&self) -> Option<&str> {
        self.public_key.as_deref()
    }
}

impl Subscription {
    /// A subscription to the orders of this type.
    #[must_use]
    pub fn to_orders(order_type: OrderType, callback: Callback, expiry: Expiry) -> Self {
        Self::new(Topic::Orders(order_type), callback, expiry)
    }

    /// A subscription to the events of this type.
    #[must_use]
    pub fn to_events(event_type: EventType, callback: Callback, expiry: Expiry) -> Self {
        Self::new(Topic::Events(event_type), callback, expiry)
    }

    fn new(topic: Topic, callback: Callback, expiry: Expiry) -> Self {
        Self { topic, order_id: None, callback, expiry, number_format: None }
    }

    /// Only about this order, and until it is final.
    #[must_use]
    pub fn with_order_id(mut self, order_id: impl Into<String>) -> Self {
        self.order_id = Some(order_id.into());
        self
    }

    /// With numbers in this form.
    #[must_use]
    pub fn with_number_format(mut self, format: NumberFormat) -> Self {
        self.number_format = Some(format);
        self
    }

    /// What it is about.
    #[must_use]
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// The order that it is limited to.
    #[must_use]
    pub fn order_id(&self) -> Option<&str> {
        self.order_id.as_deref()
    }

    /// Where it sends to.
    #[must_use]
    pub fn callback(&self) -> &Callback {
        &self.callback
    }

    /// How long it lasts.
    #[must_use]
    pub fn expiry(&self) -> Expiry {
        self.expiry
    }

    /// The form of its numbers.
    #[must_use]
    pub fn number_format(&self) -> Option<&NumberFormat> {
        self.number_format.as_ref()
    }

    /// The `<Subscription>` document. It holds the username and the password.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let elements = SubscriptionElements {
            order_type: match &self.topic {
                Topic::Orders(order_type) => Some(order_type.clone()),
                Topic::Events(_) => None,
            },
            event_type: match &self.topic {
                Topic::Events(event_type) => Some(event_type.clone()),
                Topic::Orders(_) => None,
            },
            order_id: self.order_id.clone(),
            callback: CallbackElements {
                url: Some(self.callback.url.clone()),
                expiry: match self.expiry {
                    Expiry::After(time) => Some(time.as_secs().to_string()),
                    Expiry::OneDay => None,
                },
                credentials: CredentialElements {
                    basic: self.callback.credentials.as_ref().map(Basic::of).unwrap_or_default(),
                    public_key: self.callback.public_key.clone(),
                },
                ..Default::default()
            },
            number_format: self.number_format.clone(),
            ..Default::default()
        };
        document::to_xml(ROOT, |xml| elements.write_into(xml))
    }

    /// Reads a `<Subscription>` that asks for one, as [`to_xml`](Self::to_xml)
    /// writes it. What Bandwidth returns is a
    /// [`SubscriptionState`](crate::client::bandwidth::SubscriptionState).
    ///
    /// # Errors
    ///
    /// For anything but a `<Subscription>` in UTF-8, without a URL, with both or
    /// neither of `OrderType` and `EventType`, with an `Expiry` that is not a
    /// number of seconds, and with credentials that [`Credentials::new`] refuses.
    pub fn parse_unverified(body: &[u8]) -> Result<Self, ParseError> {
        let (elements, end) = SubscriptionElements::parse(body, ROOT)?;
        let fault = |kind, field| ParseError::new(kind).in_field(field).at_offset(body, end);
        let missing = |field| fault(ParseErrorKind::Missing, field);
        let invalid =
            |what: &'static str, field| fault(ParseErrorKind::Invalid(what.into()), field);
        if elements.order_type.is_some() && elements.event_type.is_some() {
            return Err(invalid("alone beside OrderType", "EventType"));
        }
        let topic = elements.topic().ok_or_else(|| missing("OrderType"))?;
        let SubscriptionElements { order_id, callback, number_format, .. } = elements;
        let url = callback.url.ok_or_else(|| missing("URL"))?;
        let mut read = Callback::without_credentials(&url)
            .map_err(|InvalidUrl| invalid("an http or https URL", "URL"))?;
        let CredentialElements { basic, public_key } = callback.credentials;
        read.public_key = public_key;
        if !basic.is_absent() {
            let username = basic.username.ok_or_else(|| missing("Username"))?;
            let password = Zeroizing::new(basic.password.ok_or_else(|| missing("Password"))?);
            let credentials = Credentials::new(&username, &password).map_err(|_| {
                invalid("a username and a password that Basic can carry", "BasicAuthentication")
            })?;
            read.credentials = Some(credentials);
        }
        let expiry = match &callback.expiry {
            None => Expiry::OneDay,
            Some(text) => {
                let time = seconds(text).ok_or_else(|| invalid("a number of seconds", "Expiry"))?;
                Expiry::After(time)
            }
        };
        Ok(Self { topic, order_id, callback: read, expiry, number_format })
    }
}

document! {
    /// A `<Subscription>`, asked for or returned.
    pub(super) struct SubscriptionElements {
        pub(super) subscription_id: Option<String> = "SubscriptionId", shown;
        pub(super) order_type: Option<OrderType> = "OrderType", shown;
        pub(super) event_type: Option<EventType> = "EventType", shown;
        pub(super) order_id: Option<String> = "OrderId", shown;
        pub(super) callback: CallbackElements = "CallbackSubscription", hidden;
        pub(super) number_format: Option<NumberFormat> = "NumberFormat", shown;
    }
}

document! {
    pub(super) struct CallbackElements {
        pub(super) url: Option<String> = "URL", hidden;
        pub(super) expiry: Option<String> = "Expiry", shown;
        pub(super) status: Option<String> = "Status", shown;
        pub(super) credentials: CredentialElements = "CallbackCredentials", hidden;
        pub(super) number_format: Option<NumberFormat> = "NumberFormat", shown;
    }
}

document! {
    pub(super) struct CredentialElements {
        pub(super) basic: Basic = "BasicAuthentication", hidden;
        pub(super) public_key: Option<String> = "PublicKey", hidden;
    }
}

document! {
    pub(super) struct Basic {
        pub(super) username: Option<String> = "Username", hidden;
        pub(super) password: Option<String> = "Password", hidden;
    }
}

impl document::Word for NumberFormat {
    fn from_text(text: Cow<'_, str>) -> Self {
        Self::from(&*text)
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.as_str())
    }
}

impl Basic {
    fn of(credentials: &Credentials) -> Self {
        // Credentials are built from text, so their bytes are text.
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            username: Some(text(credentials.username().expose())),
            password: Some(text(credentials.password().expose())),
        }
    }
}

impl SubscriptionElements {
    pub(super) fn topic(&self) -> Option<Topic> {
        let events = || self.event_type.clone().map(Topic::Events);
        self.order_type.clone().map(Topic::Orders).or_else(events)
    }
}

/// A number of seconds, in digits.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().map(Duration::from_secs)
}

fn is_http(url: &str) -> bool {
    let authority = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    authority.is_some_and(|rest| !rest.is_empty())
        && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("topic", &self.topic)
            .field("order_id", &self.order_id)
            .field("callback", &self.callback)
            .field("expiry", &self.expiry)
            .field("number_format", &self.number_format)
            .finish()
    }
}

/// The URL can hold a token, and is not shown.
impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
