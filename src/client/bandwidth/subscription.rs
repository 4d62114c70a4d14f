//! A v1 subscription, as it is asked for.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use http::uri::Scheme;
use zeroize::Zeroizing;

use crate::auth::Credentials;
use crate::bandwidth::{EventType, OrderType};
use crate::wire::xml::element_into;

/// The longest username, in characters.
const LONGEST_USERNAME: usize = 100;

/// A v1 subscription to ask for: what Bandwidth should send, where to, and for
/// how long.
///
/// On the wire it is a `<Subscription>`. The credentials of the [`Callback`] are
/// those that the webhook then asks for; one [`Credentials`] value makes both:
///
/// ```
/// use order_webhooks::bandwidth::{NotificationWebhook, OrderType};
/// use order_webhooks::client::bandwidth::{Callback, Subscription};
/// use order_webhooks::{BasicAuth, Credentials};
///
/// let credentials = Credentials::new("bandwidth-user", "bandwidth-password")?;
/// let webhook = NotificationWebhook::new(BasicAuth::from(&credentials));
/// let callback = Callback::new("https://shop.example/hook", credentials)?;
/// let subscription =
///     Subscription::to_orders(OrderType::PortIns, callback, Subscription::TEN_YEARS)?;
/// assert!(subscription.to_xml().contains("<Expiry>315360000</Expiry>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A subscription ends; [`next_step`](Self::next_step) says when to renew it.
///
/// Source: Bandwidth numbers documentation, "Subscriptions v1".
pub struct Subscription {
    topic: Topic,
    order_id: Option<String>,
    callback: Callback,
    expiry: Duration,
    number_format: Option<NumberFormat>,
    former_url: Option<String>,
}

/// What a subscription is about: orders or events. [`Subscription::to_orders`]
/// and [`Subscription::to_events`] choose.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Topic {
    /// Orders of a type.
    Orders(OrderType),
    /// Events of a type.
    Events(EventType),
}

/// How a subscription writes telephone numbers. [`TelephoneNumber`] reads both.
///
/// Source: Bandwidth numbers API specification, "Subscriptions".
///
/// [`TelephoneNumber`]: crate::bandwidth::TelephoneNumber
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NumberFormat {
    /// Ten digits for `+1`, and E.164 for the rest; the default of version 1 of the
    /// API. On the wire: `LEGACY`.
    Legacy,
    /// `+12223331000`; the default of version 2 of the API. On the wire: `E164`.
    E164,
}

/// The URL that a subscription sends to, and the credentials that it shows
/// there. [`Subscription`] has an example.
pub struct Callback {
    url: String,
    credentials: Option<Credentials>,
    public_key: Option<String>,
}

/// Why a subscription cannot be asked for.
///
/// Bandwidth would refuse it, or would take it and then call nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscriptionError {
    /// The URL is not an absolute `https` or `http` URL with a host, or has white
    /// space or a fragment in it: `shop.example/hook`.
    #[error("the URL must be https or http, with a host, without white space and fragment")]
    Url,
    /// The URL has a username in it: `https://user:pass@shop.example`. The
    /// credentials of the [`Callback`] are the place for that.
    #[error("the URL must not contain a username or a password")]
    UserInUrl,
    /// Bandwidth calls ports 80, 443, and 1024 to 65535 only.
    #[error("the port of the URL must be 80, 443, or 1024 to 65535")]
    Port,
    /// Bandwidth takes a username of at most 100 characters.
    #[error("the username is longer than 100 characters")]
    Username,
    /// A `PublicKey` is the base64 of a PEM file with its BEGIN and END lines, and
    /// without a private key.
    #[error("the public key must be the base64 of a PEM file without a private key")]
    PublicKey,
    /// An expiry is one second or more, without a fraction: not 500 ms, not 1.5 s.
    #[error("the expiry must be whole seconds, and at least one")]
    Expiry,
    /// The order type, the event type or the order id is empty or has a control
    /// character or white space around it. Without an order id a subscription is
    /// one to every order.
    #[error("an order type, an event type and an order id must not be empty or padded")]
    Topic,
}

impl Callback {
    /// This URL, with the credentials that Bandwidth shows there after a challenge:
    /// those that the [`NotificationWebhook`] is built with.
    ///
    /// Bandwidth calls `https` URLs whose certificate is of a known authority, and
    /// not expired. An `http` URL shows the password to everybody on the way.
    ///
    /// # Errors
    ///
    /// [`SubscriptionError::Url`] for `"shop.example/hook"`,
    /// [`UserInUrl`](SubscriptionError::UserInUrl) for
    /// `"https://user:pass@shop.example"`, [`Port`](SubscriptionError::Port) for
    /// `"https://shop.example:81"`, and [`Username`](SubscriptionError::Username) for
    /// one of 101 characters.
    ///
    /// [`NotificationWebhook`]: crate::bandwidth::NotificationWebhook
    pub fn new(url: &str, credentials: Credentials) -> Result<Self, SubscriptionError> {
        let username = String::from_utf8_lossy(credentials.username().expose());
        if username.chars().count() > LONGEST_USERNAME {
            return Err(SubscriptionError::Username);
        }
        Ok(Self { credentials: Some(credentials), ..Self::without_credentials(url)? })
    }

    /// This URL, without credentials: for a webhook that checks addresses, or
    /// behind a proxy that checks certificates. **A webhook that asks for
    /// credentials refuses every notification of such a subscription, and none
    /// comes again.**
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new) for the URL.
    pub fn without_credentials(url: &str) -> Result<Self, SubscriptionError> {
        check_url(url)?;
        Ok(Self { url: url.to_owned(), credentials: None, public_key: None })
    }

    /// With this `PublicKey`: the base64 of a PEM file, `LS0tLS1CRUdJTi…`
    /// (`base64 -w0 server.pem`).
    ///
    /// It pins the certificate of **your own server**: Bandwidth compares it with
    /// the one that your server shows. It does not prove Bandwidth to you. When you
    /// renew the certificate with another key, every notification is lost until the
    /// subscription has the new one.
    ///
    /// # Errors
    ///
    /// [`SubscriptionError::PublicKey`] for anything but the base64 of a PEM file with
    /// its BEGIN and END lines, and for a file with a private key in it.
    pub fn with_public_key(mut self, public_key: &str) -> Result<Self, SubscriptionError> {
        let pem = STANDARD.decode(public_key).map(Zeroizing::new);
        if !pem.is_ok_and(|pem| is_public_pem(&pem)) {
            return Err(SubscriptionError::PublicKey);
        }
        self.public_key = Some(public_key.to_owned());
        Ok(self)
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
    /// Bandwidth's own default: 86,400 seconds.
    pub const ONE_DAY: Duration = Duration::from_secs(86_400);
    /// 315,360,000 seconds.
    pub const TEN_YEARS: Duration = Duration::from_secs(315_360_000);

    /// A subscription to the orders of this type, which ends after `expiry`.
    ///
    /// # Errors
    ///
    /// [`SubscriptionError::Expiry`] for `expiry` under a second or with a fraction of
    /// one, and [`SubscriptionError::Topic`] for an order type that is `""`.
    pub fn to_orders(
        order_type: OrderType,
        callback: Callback,
        expiry: Duration,
    ) -> Result<Self, SubscriptionError> {
        Self::new(Topic::Orders(order_type), callback, expiry)
    }

    /// A subscription to the events of this type, which ends after `expiry`.
    ///
    /// # Errors
    ///
    /// The same as [`to_orders`](Self::to_orders).
    pub fn to_events(
        event_type: EventType,
        callback: Callback,
        expiry: Duration,
    ) -> Result<Self, SubscriptionError> {
        Self::new(Topic::Events(event_type), callback, expiry)
    }

    fn new(topic: Topic, callback: Callback, expiry: Duration) -> Result<Self, SubscriptionError> {
        let (_, word) = topic.element();
        if !is_word(word) {
            return Err(SubscriptionError::Topic);
        }
        if expiry.as_secs() == 0 || expiry.subsec_nanos() != 0 {
            return Err(SubscriptionError::Expiry);
        }
        Ok(Self { topic, order_id: None, callback, expiry, number_format: None, former_url: None })
    }

    /// Only about this order. The subscription then ends when the order is final,
    /// or after its expiry.
    ///
    /// # Errors
    ///
    /// [`SubscriptionError::Topic`] for `""`, which would mean every order.
    pub fn with_order_id(mut self, order_id: impl Into<String>) -> Result<Self, SubscriptionError> {
        let order_id = order_id.into();
        if !is_word(&order_id) {
            return Err(SubscriptionError::Topic);
        }
        self.order_id = Some(order_id);
        Ok(self)
    }

    /// With numbers in this form. Otherwise it is the default of the API's version.
    #[must_use]
    pub fn with_number_format(mut self, format: NumberFormat) -> Self {
        self.number_format = Some(format);
        self
    }

    /// Moved here from this URL: a subscription to the same that calls `url` is
    /// yours as well, so [`next_step`](Self::next_step) replaces it instead of
    /// creating another.
    #[must_use]
    pub fn moved_from(mut self, url: impl Into<String>) -> Self {
        self.former_url = Some(url.into());
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
    pub fn expiry(&self) -> Duration {
        self.expiry
    }

    /// The form of its numbers.
    #[must_use]
    pub fn number_format(&self) -> Option<NumberFormat> {
        self.number_format
    }

    pub(super) fn former_url(&self) -> Option<&str> {
        self.former_url.as_deref()
    }

    /// The `<Subscription>` document, with everything that was said. It holds the
    /// username and the password.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut xml = "<?xml version=\"1.0\"?><Subscription>".to_owned();
        let (element, word) = self.topic.element();
        element_into(&mut xml, element, word);
        if let Some(order_id) = &self.order_id {
            element_into(&mut xml, "OrderId", order_id);
        }
        xml.push_str("<CallbackSubscription>");
        element_into(&mut xml, "URL", &self.callback.url);
        element_into(&mut xml, "Expiry", &self.expiry.as_secs().to_string());
        self.callback.write_credentials(&mut xml);
        xml.push_str("</CallbackSubscription>");
        if let Some(format) = self.number_format {
            element_into(&mut xml, "NumberFormat", format.as_str());
        }
        xml.push_str("</Subscription>");
        xml
    }
}

impl Topic {
    /// The element that says it, and its text.
    fn element(&self) -> (&'static str, &str) {
        match self {
            Self::Orders(order_type) => ("OrderType", order_type.as_str()),
            Self::Events(event_type) => ("EventType", event_type.as_str()),
        }
    }
}

impl NumberFormat {
    fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "LEGACY",
            Self::E164 => "E164",
        }
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        [Self::Legacy, Self::E164].into_iter().find(|format| format.as_str() == text)
    }
}

impl Callback {
    fn write_credentials(&self, xml: &mut String) {
        if self.credentials.is_none() && self.public_key.is_none() {
            return;
        }
        xml.push_str("<CallbackCredentials>");
        if let Some(credentials) = &self.credentials {
            // Credentials are built from text, so their bytes are text.
            let text = |bytes| Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
            xml.push_str("<BasicAuthentication>");
            element_into(xml, "Username", &text(credentials.username().expose()));
            element_into(xml, "Password", &text(credentials.password().expose()));
            xml.push_str("</BasicAuthentication>");
        }
        if let Some(public_key) = &self.public_key {
            element_into(xml, "PublicKey", public_key);
        }
        xml.push_str("</CallbackCredentials>");
    }
}

/// Whether the text is kept as it is in an element of its own.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains(char::is_control)
}

/// Whether Bandwidth can call the URL.
fn check_url(url: &str) -> Result<(), SubscriptionError> {
    // A fragment is no part of a `Uri`, which drops it without a word.
    let uri: Option<Uri> = url.parse().ok().filter(|_| !url.contains('#'));
    let uri = uri.ok_or(SubscriptionError::Url)?;
    let is_http = uri.scheme() == Some(&Scheme::HTTPS) || uri.scheme() == Some(&Scheme::HTTP);
    let authority = uri.authority().filter(|_| is_http).ok_or(SubscriptionError::Url)?;
    if authority.as_str().contains('@') {
        return Err(SubscriptionError::UserInUrl);
    }
    let port = authority.as_str().strip_prefix(authority.host());
    match port.map(|port| port.strip_prefix(':').map(str::parse::<u16>)) {
        _ if authority.host().is_empty() => Err(SubscriptionError::Url),
        Some(None | Some(Ok(80 | 443 | 1024..))) => Ok(()),
        _ => Err(SubscriptionError::Port),
    }
}

fn is_public_pem(pem: &[u8]) -> bool {
    let Ok(pem) = std::str::from_utf8(pem) else { return false };
    let label = pem.trim_start().strip_prefix("-----BEGIN ").and_then(|rest| {
        let (label, rest) = rest.split_once("-----")?;
        rest.contains(&format!("-----END {label}-----")).then_some(label)
    });
    label.is_some() && !pem.contains("PRIVATE KEY")
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("topic", &self.topic)
            .field("order_id", &self.order_id)
            .field("callback", &self.callback)
            .field("expiry", &self.expiry)
            .field("number_format", &self.number_format)
            .finish_non_exhaustive()
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
