//! Creating a v1 subscription: the request, and what its response says.

use std::fmt;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};

use crate::auth::Credentials;
use crate::bandwidth::Subscription;
use crate::bandwidth::element;
use crate::error::ConfigError;
use crate::wire::text::printable;
use crate::wire::xml::Reader;

/// Makes the request that creates a [`Subscription`], for whatever HTTP client
/// there is, and reads the response.
///
/// ```
/// use order_webhooks::Credentials;
/// use order_webhooks::bandwidth::{Dashboard, OrderType, Subscription};
///
/// let dashboard = Dashboard::new("9900000", &Credentials::new("api-user", "api-password")?)?;
/// let subscription = Subscription::to_orders(OrderType::PortIns, "https://shop.example/hook")?;
/// let request = dashboard.create(&subscription);
/// let uri = "https://dashboard.bandwidth.com/api/accounts/9900000/subscriptions";
/// assert_eq!(request.uri(), uri);
///
/// let response = http::Response::builder().status(201).header("location", format!("{uri}/s-1"));
/// assert_eq!(Dashboard::subscription_id(&response.body("")?)?, "s-1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Source: Bandwidth numbers documentation, "Subscriptions v1".
#[derive(Clone)]
pub struct Dashboard {
    subscriptions: Uri,
    authorization: HeaderValue,
}

impl Dashboard {
    /// The dashboard of this account, with the credentials of an API user.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidAccountId`] for an id that is empty or holds
    /// something other than letters, digits and hyphens: `"../1"`.
    pub fn new(account_id: &str, credentials: &Credentials) -> Result<Self, ConfigError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if account_id.is_empty() || !account_id.bytes().all(plain) {
            return Err(ConfigError::InvalidAccountId);
        }
        let uri =
            format!("https://dashboard.bandwidth.com/api/accounts/{account_id}/subscriptions");
        let subscriptions = uri.parse().map_err(|_| ConfigError::InvalidAccountId)?;
        Ok(Self { subscriptions, authorization: credentials.authorization() })
    }

    /// The request that creates this subscription. Its body holds the
    /// subscription's credentials.
    #[must_use]
    pub fn create(&self, subscription: &Subscription) -> Request<Vec<u8>> {
        let mut request = Request::new(subscription.to_xml().into_bytes());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.subscriptions.clone();
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/xml"));
        request
    }

    /// The id of the subscription that was created, out of the response's
    /// `Location`.
    ///
    /// # Errors
    ///
    /// [`DashboardError`] for any status but 201, and for a 201 without an id.
    pub fn subscription_id<B: AsRef<[u8]>>(
        response: &Response<B>,
    ) -> Result<String, DashboardError> {
        let status = response.status();
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let id = location.and_then(|location| {
            let path = location.split(['?', '#']).next()?;
            path.trim_end_matches('/').rsplit('/').next().filter(|id| !id.is_empty())
        });
        match id {
            Some(id) if status == StatusCode::CREATED => Ok(id.to_owned()),
            _ => Err(DashboardError::read(status, response.body().as_ref())),
        }
    }
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dashboard")
            .field("subscriptions", &self.subscriptions)
            .finish_non_exhaustive()
    }
}

/// Why a subscription was not created, as Bandwidth says.
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
}

impl DashboardError {
    fn read(status: StatusCode, body: &[u8]) -> Self {
        let mut error = Self { status, code: None, description: None };
        if let Ok((mut reader, _root)) = Reader::open_any(body) {
            error.fill(&mut reader);
        }
        error
    }

    /// Reads elements in whatever they are nested, as far as the document goes.
    fn fill(&mut self, reader: &mut Reader<'_>) {
        let mut depth = 1_u32;
        while depth > 0 {
            let found = match reader.child() {
                Ok(Some("Code" | "ErrorCode")) if self.code.is_none() => &mut self.code,
                Ok(Some("Description")) if self.description.is_none() => &mut self.description,
                Ok(Some(_)) => {
                    depth = depth.saturating_add(1);
                    continue;
                }
                Ok(None) => {
                    depth = depth.saturating_sub(1);
                    continue;
                }
                Err(_) => return,
            };
            match element::text(reader) {
                Ok(text) => *found = text,
                Err(_) => return,
            }
        }
    }
}

impl fmt::Display for DashboardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the subscription was not created: {}", self.status.as_u16())?;
        for text in [&self.code, &self.description].into_iter().flatten() {
            write!(f, " {}", printable(text))?;
        }
        Ok(())
    }
}

impl std::error::Error for DashboardError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bandwidth::OrderType;

    fn dashboard() -> Dashboard {
        let credentials = Credentials::new("JohnSmith", "Swordfish").unwrap();
        Dashboard::new("9900000", &credentials).unwrap()
    }

    fn response(status: u16, location: &str, body: &'static str) -> Response<&'static str> {
        Response::builder().status(status).header("location", location).body(body).unwrap()
    }

    #[test]
    fn the_request() {
        let subscription = Subscription::to_orders(OrderType::Orders, "https://a/b").unwrap();
        let request = dashboard().create(&subscription);
        assert_eq!(request.method(), "POST");
        let uri = "https://dashboard.bandwidth.com/api/accounts/9900000/subscriptions";
        assert_eq!(request.uri(), uri);
        let headers = request.headers();
        assert_eq!(headers["authorization"], "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==");
        assert_eq!(headers["content-type"], "application/xml");
        assert_eq!(headers["accept"], "application/xml");
        assert_eq!(headers.len(), 3);
        assert_eq!(*request.body(), subscription.to_xml().as_bytes());
        assert!(!format!("{request:?}").contains("U3dvcmRmaXNo"));
    }

    #[test]
    fn an_account_id_cannot_leave_its_place_in_the_path() {
        let credentials = Credentials::new("u", "p").unwrap();
        for id in ["", "../1", "1/2", "1?a", "1#", "%2e", " 1"] {
            let error = Dashboard::new(id, &credentials).unwrap_err();
            assert_eq!(error, ConfigError::InvalidAccountId, "{id}");
        }
    }

    #[test]
    fn the_id_is_the_end_of_the_location() {
        for location in [
            "https://dashboard.bandwidth.com/api/accounts/1/subscriptions/390-f-42e89-40",
            "/accounts/1/subscriptions/390-f-42e89-40/",
            "390-f-42e89-40?x=1",
        ] {
            let id = Dashboard::subscription_id(&response(201, location, ""));
            assert_eq!(id.as_deref(), Ok("390-f-42e89-40"), "{location}");
        }
    }

    #[test]
    fn a_failure_is_told_as_bandwidth_tells_it() {
        let nested = "<SubscriptionResponse><ResponseStatus><ErrorCode>12104</ErrorCode>\
                      <Description>The URL is\nnot valid</Description></ResponseStatus>\
                      </SubscriptionResponse>";
        let listed = "<Errors><Error><Code>1</Code><Description>a</Description></Error>\
                      <Error><Code>2</Code><Description>b</Description></Error></Errors>";
        let refused = "the subscription was not created: ";
        for (status, location, body, message) in [
            (400, "", nested, "400 12104 The URL is\\nnot valid"),
            (400, "/s-1", listed, "400 1 a"),
            (401, "", "", "401"),
            (500, "", "<a><Code>7</Code><b", "500 7"),
            (201, "", "", "201"),
            (200, "/s-1", "", "200"),
        ] {
            let error = Dashboard::subscription_id(&response(status, location, body)).unwrap_err();
            assert_eq!(error.to_string(), format!("{refused}{message}"));
        }
    }
}
