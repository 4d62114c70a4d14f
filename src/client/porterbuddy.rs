//! Porterbuddy's API: the order request, and the status of an order.

pub mod order_request;

pub use order_request::OrderRequest;

use http::{HeaderName, Method, Request, Response, StatusCode};

use crate::client::request::{Endpoint, secret_value};
use crate::client::{self, RequestError, ResponseError};
use crate::porterbuddy::OrderStatusUpdate;
use crate::secret::Secret;
use crate::wire::open;

/// Asks Porterbuddy's API about orders whose deliveries were lost.
///
/// After three tries a delivery is lost, so ask about orders that have been
/// silent for too long. Send the request with the HTTP client of your choice,
/// and read what it returns: the same object as the webhook's, so you can treat
/// both alike. The API key goes into the header `x-api-key`, marked sensitive.
/// Let the client follow no redirects: many would take the key along.
///
/// Source: Porterbuddy developer documentation, "Fetch order status".
///
/// ```
/// use order_webhooks::{Secret, client::porterbuddy::Api, porterbuddy::OrderStatus};
///
/// let api = Api::new(&Secret::new("porterbuddy-api-key")?)?;
/// let request = api.order_status("394326")?;
/// assert_eq!(request.uri(), "https://api.porterbuddy.com/order/394326/status");
///
/// // Send the request with a client of your choice.
/// let response = http::Response::new(br#"{"orderId":"394326","orderStatus":"ready"}"#);
/// let update = Api::read_order_status(response)?;
/// assert_eq!(update.order_status, OrderStatus::Ready);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Api(Endpoint);

/// An order id that cannot be a part of a URL's path: empty, `.`, `..`, or longer
/// than a URL can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the order id must fit into the path of a URL, and not be empty, `.` or `..`")]
pub struct InvalidOrderId;

impl Api {
    /// The base URL of the live system.
    pub const PRODUCTION: &'static str = "https://api.porterbuddy.com";
    /// The base URL of the test system.
    pub const TEST: &'static str = "https://api.porterbuddy-test.com";

    /// The live system, with this API key.
    ///
    /// # Errors
    ///
    /// [`RequestError::HeaderValue`] for a key with a line break.
    pub fn new(api_key: &Secret) -> Result<Self, RequestError> {
        Self::at(Self::PRODUCTION, api_key)
    }

    /// The system at this base URL, such as [`Api::TEST`], with this API
    /// key.
    ///
    /// # Errors
    ///
    /// [`RequestError::BaseUrl`] for a base URL that is not `https`
    /// (`http` is for loopback addresses), or that has a query or a username;
    /// [`RequestError::HeaderValue`] for a key with a line break.
    pub fn at(base: &str, api_key: &Secret) -> Result<Self, RequestError> {
        const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
        Ok(Self(Endpoint::new(base)?.with_header(API_KEY, secret_value("", api_key)?)))
    }

    /// Asks for the status of an order: `GET {base}/order/{orderId}/status`. The
    /// answer is for [`read_order_status`](Self::read_order_status).
    ///
    /// # Errors
    ///
    /// [`InvalidOrderId`] for `""`, `"."` and `".."`, which clients take for
    /// another path, and for an id of some 60,000 characters.
    pub fn order_status(&self, order_id: &str) -> Result<Request<Vec<u8>>, InvalidOrderId> {
        if matches!(order_id, "" | "." | "..") {
            return Err(InvalidOrderId);
        }
        let path = format!("/order/{}/status", open::percent_encoded(order_id));
        self.0.request(Method::GET, &path).ok_or(InvalidOrderId)
    }

    /// Reads the answer to [`order_status`](Self::order_status). Bound its length
    /// and its time where it is received.
    ///
    /// # Errors
    ///
    /// For any status but 200, and for a body that is not an
    /// [`OrderStatusUpdate`]. The error keeps the answer.
    pub fn read_order_status<B: AsRef<[u8]>>(
        response: Response<B>,
    ) -> Result<OrderStatusUpdate, ResponseError<B>> {
        let is_answer = |status| status == StatusCode::OK;
        client::read(response, is_answer, OrderStatusUpdate::parse_unverified)
    }
}
