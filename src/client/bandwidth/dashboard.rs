//! Creating, listing and deleting v1 subscriptions: the requests, and what their
//! responses say.

use std::fmt;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};

use crate::auth::Credentials;
use crate::bandwidth::document::Value as _;
use crate::client::bandwidth::{Subscription, SubscriptionState};
use crate::error::ParseError;
use crate::wire::open::{percent_encoded, printable};
use crate::wire::xml::Reader;

const XML: HeaderValue = HeaderValue::from_static("application/xml");

/// Makes the requests that create, list and delete a [`Subscription`], for the
/// HTTP client of your choice, and reads the responses.
///
/// ```
/// use order_webhooks::Credentials;
/// use order_webhooks::bandwidth::OrderType;
/// use order_webhooks::client::bandwidth::{Callback, Dashboard, Expiry, Subscription};
///
/// let dashboard = Dashboard::new("9900000", &Credentials::new("api-user", "api-password")?)?;
/// let request = dashboard.list();
/// let uri = "https://dashboard.bandwidth.com/api/accounts/9900000/subscriptions";
/// assert_eq!(request.uri(), uri);
///
/// let credentials = Credentials::new("bandwidth-user", "bandwidth-password")?;
/// let callback = Callback::new("https://shop.example/hook", credentials)?;
/// let subscription = Subscription::to_orders(OrderType::PortIns, callback, Expiry::TEN_YEARS);
/// let request = dashboard.create(&subscription);
/// assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("POST", uri));
///
/// let response = http::Response::builder().status(201).header("location", format!("{uri}/s-1"));
/// assert_eq!(Dashboard::subscription_id(&response.body("")?)?, "s-1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`Subscription::next_step`] says which of them to send at start-up;
/// `examples/subscription.rs` does it.
///
/// Source: Bandwidth numbers documentation, "Subscriptions v1".
#[derive(Clone)]
pub struct Dashboard {
    subscriptions: Uri,
    authorization: HeaderValue,
}

/// The account id is empty or holds something other than letters, digits and
/// hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account id must be letters, digits and hyphens")]
#[non_exhaustive]
pub struct InvalidAccountId;

impl Dashboard {
    /// The dashboard of this account, with the credentials of an API user.
    ///
    /// # Errors
    ///
    /// [`InvalidAccountId`] for an id that is empty or holds something other than
    /// letters, digits and hyphens: `"../1"`.
    pub fn new(account_id: &str, credentials: &Credentials) -> Result<Self, InvalidAccountId> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if account_id.is_empty() || !account_id.bytes().all(plain) {
            return Err(InvalidAccountId);
        }
        let uri =
            format!("https://dashboard.bandwidth.com/api/accounts/{account_id}/subscriptions");
        let subscriptions = uri.parse().map_err(|_| InvalidAccountId)?;
        Ok(Self { subscriptions, authorization: credentials.authorization() })
    }

    /// The request that creates this subscription. Its body holds the
    /// subscription's credentials.
    #[must_use]
    pub fn create(&self, subscription: &Subscription) -> Request<Vec<u8>> {
        let body = subscription.to_xml().into_bytes();
        let mut request = self.request(Method::POST, self.subscriptions.clone(), body);
        request.headers_mut().insert(CONTENT_TYPE, XML);
        request
    }

    /// The request that lists the account's subscriptions; see
    /// [`subscriptions`](Self::subscriptions).
    #[must_use]
    pub fn list(&self) -> Request<Vec<u8>> {
        self.request(Method::GET, self.subscriptions.clone(), Vec::new())
    }

    /// The request that deletes the subscription with this id; see
    /// [`deleted`](Self::deleted).
    #[must_use]
    pub fn delete(&self, id: &str) -> Request<Vec<u8>> {
        let uri = format!("{}/{}", self.subscriptions, percent_encoded(id));
        // What is percent-encoded makes a URI.
        let uri = uri.parse().unwrap_or_else(|_| self.subscriptions.clone());
        self.request(Method::DELETE, uri, Vec::new())
    }

    fn request(&self, method: Method, uri: Uri, body: Vec<u8>) -> Request<Vec<u8>> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(ACCEPT, XML);
        request
    }

    /// The id of the subscription that was created, from the response's
    /// `Location`.
    ///
    /// # Errors
    ///
    /// [`DashboardError`] for any status but 201, and for a 201 without an id.
    pub fn subscription_id<B: AsRef<[u8]>>(
        response: &Response<B>,
    ) -> Result<String, DashboardError> {
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let id = location.and_then(|location| {
            let path = location.split(['?', '#']).next()?;
            path.trim_end_matches('/').rsplit('/').next().filter(|id| !id.is_empty())
        });
        match id {
            Some(id) if response.status() == StatusCode::CREATED => Ok(id.to_owned()),
            _ => Err(DashboardError::of(response)),
        }
    }

    /// The subscriptions that the account has, from the response to
    /// [`list`](Self::list), or to a `GET` of one of them. One without an id is
    /// left out: nothing could be done with it.
    ///
    /// # Errors
    ///
    /// [`DashboardError`] for any status but 200, and for a body that is no XML.
    pub fn subscriptions<B: AsRef<[u8]>>(
        response: &Response<B>,
    ) -> Result<Vec<SubscriptionState>, DashboardError> {
        if response.status() != StatusCode::OK {
            return Err(DashboardError::of(response));
        }
        let read = SubscriptionState::read_all(response.body().as_ref());
        read.map_err(|fault| DashboardError { fault: Some(fault), ..DashboardError::of(response) })
    }

    /// Reads the response to [`delete`](Self::delete). A subscription that was
    /// gone before (404) is fine, too.
    ///
    /// # Errors
    ///
    /// [`DashboardError`] for any other status than 200 to 299 and 404.
    pub fn deleted<B: AsRef<[u8]>>(response: &Response<B>) -> Result<(), DashboardError> {
        let status = response.status();
        if status.is_success() || status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        Err(DashboardError::of(response))
    }
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dashboard")
            .field("subscriptions", &self.subscriptions)
            .finish_non_exhaustive()
    }
}

/// Why Bandwidth did not do what was asked, as it says.
///
/// The code and the description are those of the first `Code` or `ErrorCode` and
/// the first `Description` of the response's XML, whatever they stand in; the
/// documentation does not give its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DashboardError {
    /// The status of the response.
    pub status: StatusCode,
    /// Bandwidth's code of the error.
    pub code: Option<String>,
    /// What Bandwidth says about it.
    pub description: Option<String>,
    /// Why the body of a list could not be read.
    pub fault: Option<ParseError>,
}

impl DashboardError {
    fn of<B: AsRef<[u8]>>(response: &Response<B>) -> Self {
        let status = response.status();
        let mut error = Self { status, code: None, description: None, fault: None };
        if let Ok((reader, _root)) = Reader::open_any(response.body().as_ref()) {
            // Whatever was read before the body breaks is told.
            error.fill(reader.lenient()).ok();
        }
        error
    }

    /// Reads elements in whatever they are nested, as far as the document goes.
    fn fill(&mut self, mut reader: Reader<'_>) -> Result<(), ParseError> {
        let mut depth = 1_usize;
        while depth > 0 {
            let Some(name) = reader.child()? else {
                depth = depth.saturating_sub(1);
                continue;
            };
            match name {
                "Code" | "ErrorCode" if self.code.is_none() => self.code.read(&mut reader)?,
                "Description" if self.description.is_none() => {
                    self.description.read(&mut reader)?;
                }
                _ => depth = depth.saturating_add(1),
            }
        }
        Ok(())
    }
}

impl fmt::Display for DashboardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the dashboard answered {}", self.status.as_u16())?;
        for text in [&self.code, &self.description].into_iter().flatten() {
            write!(f, " {}", printable(text))?;
        }
        match &self.fault {
            Some(fault) => write!(f, ", and the body does not parse: {fault}"),
            None => Ok(()),
        }
    }
}

/// The message is whole, so there is no `source()` to print after it.
impl std::error::Error for DashboardError {}

#[cfg(test)]
mod tests;
