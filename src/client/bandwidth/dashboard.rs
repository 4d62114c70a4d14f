//! The requests for v1 subscriptions, and their answers.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;

use crate::client::bandwidth::{Subscription, SubscriptionState};
use crate::client::request::{Endpoint, segment};
use crate::client::{self, RequestError, ResponseError, ResponseErrorKind};
use crate::wire::text::printable;
use crate::wire::xml::Reader;

const XML: HeaderValue = HeaderValue::from_static("application/xml");

/// Makes the requests that create, replace, list and delete a [`Subscription`], for
/// the HTTP client of your choice, and reads the answers.
///
/// ```
/// use order_webhooks::Credentials;
/// use order_webhooks::bandwidth::OrderType;
/// use order_webhooks::client::bandwidth::{Callback, Dashboard, Subscription};
///
/// let api_user = Credentials::new("api-user", "api-password")?;
/// let dashboard = Dashboard::new(Dashboard::PRODUCTION, "9900000", api_user.authorization())?;
/// let uri = "https://dashboard.bandwidth.com/api/accounts/9900000/subscriptions";
/// assert_eq!(dashboard.list().uri(), uri);
///
/// let credentials = Credentials::new("bandwidth-user", "bandwidth-password")?;
/// let callback = Callback::new("https://shop.example/hook", credentials)?;
/// let wanted = Subscription::to_orders(OrderType::PortIns, callback, Subscription::TEN_YEARS)?;
/// let request = dashboard.create(&wanted);
/// assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), ("POST", uri));
///
/// let answer = http::Response::builder().status(201).header("location", format!("{uri}/s-1"));
/// assert_eq!(Dashboard::read_created(answer.body("")?)?, "s-1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`Subscription::next_step`] says which of them to send;
/// `examples/subscription.rs` does it.
///
/// Source: Bandwidth numbers documentation, "Subscriptions v1", and numbers API
/// specification, "Subscriptions".
#[derive(Debug, Clone)]
pub struct Dashboard {
    endpoint: Endpoint,
    subscriptions: String,
}

impl Dashboard {
    /// The base URL of the live system.
    pub const PRODUCTION: &'static str = "https://dashboard.bandwidth.com/api";
    /// The base URL of the test system.
    pub const TEST: &'static str = "https://test.dashboard.bandwidth.com/api";

    /// The account with this id, at this base URL: [`PRODUCTION`](Self::PRODUCTION),
    /// [`TEST`](Self::TEST), or that of Bandwidth's newer platform,
    /// `https://api.bandwidth.com/api/v2`.
    ///
    /// `authorization` is the value of the `Authorization` header: that of an API
    /// user from [`Credentials::authorization`], or a token of `OAuth2` from
    /// [`client::bearer`], which Bandwidth's newer platform recommends. It is marked
    /// sensitive. A token is good for a time: make a new `Dashboard` with each.
    ///
    /// # Errors
    ///
    /// [`RequestError::BaseUrl`] for a base URL that is not `https` (`http` is for
    /// loopback addresses); [`RequestError::Id`] for an account id such as `""` or
    /// `"../1"`; [`RequestError::HeaderValue`] for an empty `authorization`.
    ///
    /// [`Credentials::authorization`]: crate::Credentials::authorization
    /// [`client::bearer`]: crate::client::bearer
    pub fn new(
        base: &str,
        account_id: &str,
        mut authorization: HeaderValue,
    ) -> Result<Self, RequestError> {
        if authorization.is_empty() {
            return Err(RequestError::HeaderValue);
        }
        authorization.set_sensitive(true);
        let endpoint =
            Endpoint::new(base)?.with_header(AUTHORIZATION, authorization).with_header(ACCEPT, XML);
        let subscriptions = format!("/accounts/{}/subscriptions", segment(account_id)?);
        Ok(Self { endpoint, subscriptions })
    }

    /// Lists the subscriptions of the account: `GET …/subscriptions`. The answer is
    /// for [`read_list`](Self::read_list).
    #[must_use]
    pub fn list(&self) -> Request<Vec<u8>> {
        self.endpoint.request(Method::GET, &self.subscriptions)
    }

    /// Creates this subscription: `POST …/subscriptions`. The answer is for
    /// [`read_created`](Self::read_created).
    ///
    /// The body holds the subscription's credentials.
    #[must_use]
    pub fn create(&self, subscription: &Subscription) -> Request<Vec<u8>> {
        self.send(Method::POST, &self.subscriptions, subscription)
    }

    /// Replaces the subscription that has this id: `PUT …/subscriptions/{id}`. The
    /// answer is for [`read_replaced`](Self::read_replaced).
    ///
    /// Bandwidth sets whatever is left out back to its default, the password too, so
    /// the whole subscription is sent: URL, expiry, credentials and all.
    ///
    /// # Errors
    ///
    /// [`RequestError::Id`] for an id that could lead to another resource: `""`, `".."`,
    /// `"a/b"`.
    pub fn replace(
        &self,
        id: &str,
        subscription: &Subscription,
    ) -> Result<Request<Vec<u8>>, RequestError> {
        Ok(self.send(Method::PUT, &self.subscription(id)?, subscription))
    }

    /// Deletes the subscription that has this id: `DELETE …/subscriptions/{id}`. The
    /// answer is for [`read_deleted`](Self::read_deleted).
    ///
    /// **Bandwidth does not ask whose it is.** The list of the account has the
    /// subscriptions of all your services.
    ///
    /// # Errors
    ///
    /// The same as [`replace`](Self::replace).
    pub fn delete(&self, id: &str) -> Result<Request<Vec<u8>>, RequestError> {
        Ok(self.endpoint.request(Method::DELETE, &self.subscription(id)?))
    }

    /// Reads the answer to [`list`](Self::list), or to a `GET` of one subscription.
    /// One without an id is left out: nothing could be done with it.
    ///
    /// # Errors
    ///
    /// For any status but 200, for a body that is not XML, and for one that is about
    /// something else: `the root element is <html> at line 1 column 1`.
    pub fn read_list<B: AsRef<[u8]>>(
        response: Response<B>,
    ) -> Result<Vec<SubscriptionState>, ResponseError<B>> {
        client::read(response, |status| status == StatusCode::OK, SubscriptionState::read_all)
    }

    /// Reads the answer to [`create`](Self::create): the id of the subscription, from
    /// the `Location`.
    ///
    /// # Errors
    ///
    /// For any status but 201. **409** means that a subscription to the same is there
    /// already: list again, and take the [next step](Subscription::next_step) from
    /// that. [`ResponseErrorKind::NoId`] for a 201 whose `Location` does not end in
    /// `subscriptions/` and an id; the subscription is there all the same.
    pub fn read_created<B: AsRef<[u8]>>(response: Response<B>) -> Result<String, ResponseError<B>> {
        if response.status() != StatusCode::CREATED {
            let kind = ResponseErrorKind::Status(response.status());
            return Err(ResponseError::new(kind, response));
        }
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        match location.and_then(id_in) {
            Some(id) => Ok(id),
            None => Err(ResponseError::new(ResponseErrorKind::NoId, response)),
        }
    }

    /// Reads the answer to [`replace`](Self::replace), which is in its status.
    ///
    /// # Errors
    ///
    /// For any status but 200 to 299. 404 means that the subscription has ended in
    /// between: list again.
    pub fn read_replaced<B: AsRef<[u8]>>(response: Response<B>) -> Result<(), ResponseError<B>> {
        client::read(response, |status| status.is_success(), |_| Ok(()))
    }

    /// Reads the answer to [`delete`](Self::delete). A subscription that was gone
    /// before (404) is fine, too.
    ///
    /// # Errors
    ///
    /// For any other status than 200 to 299 and 404.
    pub fn read_deleted<B: AsRef<[u8]>>(response: Response<B>) -> Result<(), ResponseError<B>> {
        let is_gone = |status: StatusCode| status.is_success() || status == StatusCode::NOT_FOUND;
        client::read(response, is_gone, |_| Ok(()))
    }

    /// What Bandwidth says about a request that it refused: its code and its
    /// description, such as `12104 The URL is not valid`. They are the first `Code` or
    /// `ErrorCode` and the first `Description` in the answer's XML, with control
    /// characters escaped; the documentation does not give the schema.
    #[must_use]
    pub fn explain<B: AsRef<[u8]>>(error: &ResponseError<B>) -> Option<String> {
        let body = error.response().body().as_ref();
        let code = first_text(body, &["Code", "ErrorCode"]);
        let said: Vec<_> = code.into_iter().chain(first_text(body, &["Description"])).collect();
        (!said.is_empty()).then(|| said.join(" "))
    }

    fn subscription(&self, id: &str) -> Result<String, RequestError> {
        Ok(format!("{}/{}", self.subscriptions, segment(id)?))
    }

    fn send(&self, method: Method, path: &str, subscription: &Subscription) -> Request<Vec<u8>> {
        let mut request = self.endpoint.request(method, path);
        request.headers_mut().insert(CONTENT_TYPE, XML);
        *request.body_mut() = subscription.to_xml().into_bytes();
        request
    }
}

/// The id at the end of `…/subscriptions/{id}`.
fn id_in(location: &str) -> Option<String> {
    let path = location.split(['?', '#']).next()?;
    let (_, id) = path.rsplit_once("/subscriptions/")?;
    let id = percent_decode_str(id.strip_suffix('/').unwrap_or(id)).decode_utf8().ok()?;
    segment(&id).is_ok().then(|| id.into_owned())
}

/// The text of the first element with one of these names, whatever it is nested in,
/// as far as the document can be read.
fn first_text(body: &[u8], names: &[&str]) -> Option<String> {
    let (reader, _root) = Reader::open_any(body).ok()?;
    let mut reader = reader.lenient();
    let mut depth = 1_usize;
    while depth > 0 {
        match reader.child().ok()? {
            Some(name) if names.contains(&name) => {
                return reader.text().ok().map(|text| printable(&text).into_owned());
            }
            Some(_) => depth = depth.saturating_add(1),
            None => depth = depth.saturating_sub(1),
        }
    }
    None
}

#[cfg(test)]
mod tests;
