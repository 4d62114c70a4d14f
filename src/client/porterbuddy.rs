//! Porterbuddy's API: the order request, and the status of an order.

pub mod order_request;

pub use order_request::OrderRequest;

use http::{HeaderName, Method, Request, Response, StatusCode};

use crate::client::request::{Endpoint, secret_value, segment};
use crate::client::{self, RequestError, ResponseError};
use crate::porterbuddy::OrderStatusUpdate;
use crate::secret::Secret;

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

    /// Asks for the status of the order with this id of Porterbuddy's:
    /// `GET {base}/order/{orderId}/status`. The answer is for
    /// [`read_order_status`](Self::read_order_status).
    ///
    /// # Errors
    ///
    /// [`RequestError::Id`] for an id that could lead to another resource: `""`,
    /// `".."`, `"1/2"`.
    pub fn order_status(&self, order_id: &str) -> Result<Request<Vec<u8>>, RequestError> {
        Ok(self.get(&format!("/order/{}/status", segment(order_id)?)))
    }

    /// Asks by the shop's own reference, [`OrderRequest::order_reference`]:
    /// `GET {base}/order/order-reference/{ref}/status`. The answer is for
    /// [`read_order_status`](Self::read_order_status).
    ///
    /// # Errors
    ///
    /// The same as [`order_status`](Self::order_status). A reference with a slash
    /// in it is refused, too: ask by another one.
    pub fn order_status_by_order_reference(
        &self,
        order_reference: &str,
    ) -> Result<Request<Vec<u8>>, RequestError> {
        Ok(self.get(&format!("/order/order-reference/{}/status", segment(order_reference)?)))
    }

    /// Asks by the reference of the shop's transport management system,
    /// [`OrderRequest::tms_reference`]: `GET {base}/order/tms-reference/{ref}/status`.
    /// The answer is for [`read_order_status`](Self::read_order_status).
    ///
    /// # Errors
    ///
    /// The same as
    /// [`order_status_by_order_reference`](Self::order_status_by_order_reference).
    pub fn order_status_by_tms_reference(
        &self,
        tms_reference: &str,
    ) -> Result<Request<Vec<u8>>, RequestError> {
        Ok(self.get(&format!("/order/tms-reference/{}/status", segment(tms_reference)?)))
    }

    fn get(&self, path: &str) -> Request<Vec<u8>> {
        self.0.request(Method::GET, path)
    }

    /// Reads the answer to any of these. Bound its length and its time where it is
    /// received.
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
