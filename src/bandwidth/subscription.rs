//! What a v1 subscription is made of.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::auth::Credentials;
use crate::bandwidth::element::{self, Slot};
use crate::bandwidth::{EventType, OrderType};
use crate::error::{ConfigError, ParseError, ParseErrorKind};
use crate::wire::escape::element_into;
use crate::wire::xml::Reader;

/// A v1 subscription: what Bandwidth is to tell, where, for how long, and with
/// which credentials.
///
/// On the wire it is a `<Subscription>`. The credentials are those that the
/// webhook then asks for; one [`Credentials`] value makes both:
///
/// ```
/// use std::time::Duration;
/// use order_webhooks::bandwidth::{NotificationWebhook, OrderType, Subscription};
/// use order_webhooks::{BasicAuth, Credentials};
///
/// let credentials = Credentials::new("bandwidth-user", "bandwidth-password")?;
/// let webhook = NotificationWebhook::new(BasicAuth::from(&credentials));
/// let subscription = Subscription::to_orders(OrderType::PortIns, "https://shop.example/hook")?
///     .with_expiry(Duration::from_secs(3_122_064_000))
///     .with_credentials(credentials);
/// assert!(subscription.to_xml().contains("<Expiry>3122064000</Expiry>"));
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
///
/// Source: Bandwidth numbers documentation, "Subscriptions v1".
pub struct Subscription {
    topic: Topic,
    order_id: Option<String>,
    url: String,
    expiry: Option<Duration>,
    credentials: Option<Credentials>,
}

/// What a subscription is about: one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// Orders of a type.
    Orders(OrderType),
    /// Events of a type.
    Events(EventType),
}

impl Subscription {
    /// A subscription to the orders of this type, told to this URL.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidUrl`] for a URL such as `"shop.example/hook"`.
    pub fn to_orders(order_type: OrderType, url: &str) -> Result<Self, ConfigError> {
        Self::new(Topic::Orders(order_type), url)
    }

    /// A subscription to the events of this type, told to this URL.
    ///
    /// # Errors
    ///
    /// The same as [`to_orders`](Self::to_orders).
    pub fn to_events(event_type: EventType, url: &str) -> Result<Self, ConfigError> {
        Self::new(Topic::Events(event_type), url)
    }

    fn new(topic: Topic, url: &str) -> Result<Self, ConfigError> {
        if !is_http(url) {
            return Err(ConfigError::InvalidUrl);
        }
        let url = url.to_owned();
        Ok(Self { topic, order_id: None, url, expiry: None, credentials: None })
    }

    /// Only about this order.
    #[must_use]
    pub fn with_order_id(mut self, order_id: impl Into<String>) -> Self {
        self.order_id = Some(order_id.into());
        self
    }

    /// For this long, in whole seconds.
    #[must_use]
    pub fn with_expiry(mut self, expiry: Duration) -> Self {
        self.expiry = Some(expiry);
        self
    }

    /// With these credentials, shown after a challenge.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
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

    /// The URL that is called.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How long it holds.
    #[must_use]
    pub fn expiry(&self) -> Option<Duration> {
        self.expiry
    }

    /// The credentials that are shown.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The `<Subscription>` document. It holds the username and the password.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut xml = String::new();
        xml.push_str("<?xml version=\"1.0\"?><Subscription>");
        match &self.topic {
            Topic::Orders(order_type) => element_into(&mut xml, "OrderType", order_type.as_str()),
            Topic::Events(event_type) => element_into(&mut xml, "EventType", event_type.as_str()),
        }
        if let Some(order_id) = &self.order_id {
            element_into(&mut xml, "OrderId", order_id);
        }
        xml.push_str("<CallbackSubscription>");
        element_into(&mut xml, "URL", &self.url);
        if let Some(expiry) = self.expiry {
            element_into(&mut xml, "Expiry", &expiry.as_secs().to_string());
        }
        if let Some(credentials) = &self.credentials {
            xml.push_str("<CallbackCredentials><BasicAuthentication>");
            element_into(&mut xml, "Username", text(credentials.username().expose()));
            element_into(&mut xml, "Password", text(credentials.password().expose()));
            xml.push_str("</BasicAuthentication></CallbackCredentials>");
        }
        xml.push_str("</CallbackSubscription></Subscription>");
        xml
    }

    /// Reads a `<Subscription>`.
    ///
    /// # Errors
    ///
    /// For anything but a well-formed `<Subscription>` in UTF-8, without a URL,
    /// with both or neither of `OrderType` and `EventType`, with an `Expiry`
    /// that is not a number of seconds, and with credentials that
    /// [`Credentials::new`] refuses.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::open(body, "Subscription")?;
        let mut order_type = Slot::default();
        let mut event_type = Slot::default();
        let mut order_id = Slot::default();
        let mut callback = Slot::default();
        while let Some(name) = reader.child()? {
            match name {
                "OrderType" => order_type.fill(&mut reader, name, element::word)?,
                "EventType" => event_type.fill(&mut reader, name, element::word)?,
                "OrderId" => order_id.fill(&mut reader, name, element::text)?,
                "CallbackSubscription" => callback.fill(&mut reader, name, Callback::read)?,
                _ => reader.skip()?,
            }
        }
        let end = reader.at();
        reader.finish()?;
        let topic = match (order_type.optional(), event_type.optional()) {
            (Some(order_type), None) => Topic::Orders(order_type),
            (None, Some(event_type)) => Topic::Events(event_type),
            (None, None) => {
                return Err(ParseError::new(ParseErrorKind::Missing)
                    .in_field("OrderType")
                    .at_byte(end));
            }
            (Some(_), Some(_)) => {
                return Err(invalid("alone beside OrderType", end).in_field("EventType"));
            }
        };
        let Callback { url, expiry, credentials } =
            callback.required("CallbackSubscription", end)?;
        Ok(Self { topic, order_id: order_id.optional(), url, expiry, credentials })
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("topic", &self.topic)
            .field("order_id", &self.order_id)
            .field("expiry", &self.expiry)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

struct Callback {
    url: String,
    expiry: Option<Duration>,
    credentials: Option<Credentials>,
}

impl Callback {
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, ParseError> {
        let mut url = Slot::default();
        let mut expiry = Slot::default();
        let mut credentials = Slot::default();
        while let Some(name) = reader.child()? {
            match name {
                "URL" => url.fill(reader, name, read_url)?,
                "Expiry" => expiry.fill(reader, name, read_seconds)?,
                "CallbackCredentials" => credentials.fill(reader, name, read_credentials)?,
                _ => reader.skip()?,
            }
        }
        let url = url.required("URL", reader.at())?;
        Ok(Some(Self { url, expiry: expiry.optional(), credentials: credentials.optional() }))
    }
}

fn read_url(reader: &mut Reader<'_>) -> Result<Option<String>, ParseError> {
    let at = reader.at();
    match element::text(reader)? {
        Some(url) if !is_http(&url) => Err(invalid("an http or https URL", at)),
        url => Ok(url),
    }
}

fn read_seconds(reader: &mut Reader<'_>) -> Result<Option<Duration>, ParseError> {
    let at = reader.at();
    let Some(text) = element::text(reader)? else { return Ok(None) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = digits.then(|| text.parse().ok()).flatten();
    seconds
        .map(|seconds| Some(Duration::from_secs(seconds)))
        .ok_or_else(|| invalid("a number of seconds", at))
}

fn read_credentials(reader: &mut Reader<'_>) -> Result<Option<Credentials>, ParseError> {
    let mut credentials = Slot::default();
    while let Some(name) = reader.child()? {
        match name {
            "BasicAuthentication" => credentials.fill(reader, name, read_pair)?,
            _ => reader.skip()?,
        }
    }
    Ok(credentials.optional())
}

fn read_pair(reader: &mut Reader<'_>) -> Result<Option<Credentials>, ParseError> {
    let at = reader.at();
    let mut username = Slot::default();
    let mut password = Slot::default();
    while let Some(name) = reader.child()? {
        match name {
            "Username" => username.fill(reader, name, element::text)?,
            "Password" => password.fill(reader, name, element::text)?,
            _ => reader.skip()?,
        }
    }
    let end = reader.at();
    let username = Zeroizing::new(username.required("Username", end)?);
    let password = Zeroizing::new(password.required("Password", end)?);
    Credentials::new(&username, &password)
        .map(Some)
        .map_err(|_| invalid("a username and a password that Basic can carry", at))
}

fn invalid(expected: &'static str, at: usize) -> ParseError {
    ParseError::new(ParseErrorKind::Invalid(expected.into())).at_byte(at)
}

fn is_http(url: &str) -> bool {
    let authority = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    authority.is_some_and(|rest| !rest.is_empty())
        && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Credentials are built from text, so their bytes are text.
fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests;
