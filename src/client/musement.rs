//! Musement's partner API: ask for an order, or for a delivery to be sent again.

mod order;

pub use order::{Order, OrderItem};

use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use uuid::Uuid;

use crate::client::request::Endpoint;
use crate::client::{self, RequestError, ResponseError};
use crate::secret::Secret;

/// Asks Musement's partner API about orders whose deliveries were lost.
///
/// Musement does not guarantee deliveries, so ask about orders that have been
/// silent for too long. Some changes are never sent. Only standard activity
/// products are notified, so poll orders with gifts and other special products.
/// The newer guide does not list `REFUND_STARTED` among its triggers, so a
/// refund can come as a surprise.
///
/// Send the requests with the HTTP client of your choice, and read what it
/// returns. Every request has the headers `X-Musement-Application`,
/// `X-Musement-Version: 3.4.0` and `Authorization: Bearer …`; the last one is
/// marked sensitive.
///
/// Source: Musement partner API, "Order item webhook", "Order status" and
/// "Update order item".
///
/// ```
/// use order_webhooks::{Secret, client::musement::Api, musement::OrderItemStatus};
/// use uuid::Uuid;
///
/// let token = Secret::new("token-of-the-partner-api")?;
/// let api = Api::new("https://api.example.com/v3", "acme", &token)?;
/// let order = Uuid::try_parse("8e9e5c6e-ea7d-4934-8753-f00954f30d00")?;
/// let request = api.order(order);
/// assert_eq!(
///     request.uri(),
///     "https://api.example.com/v3/orders/8e9e5c6e-ea7d-4934-8753-f00954f30d00",
/// );
///
/// // Send the request with a client of your choice.
/// let response = http::Response::new(br#"{"status":"OK","items":[{"status":"OK"}]}"#);
/// let order = Api::read_order(response)?;
/// assert_eq!(order.items[0].status, OrderItemStatus::Ok);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Api(Endpoint);

impl Api {
    /// The API at this base URL, for this application, with this bearer token.
    /// Musement gives all three to a partner; the token is good for a time.
    ///
    /// # Errors
    ///
    /// [`RequestError::BaseUrl`] for a base URL that is not `https`
    /// (`http` is for loopback addresses), or that has a query or a username;
    /// [`RequestError::HeaderValue`] for an application that is empty or blank, and
    /// for an application or a token with a line break.
    pub fn new(base: &str, application: &str, token: &Secret) -> Result<Self, RequestError> {
        const APPLICATION: HeaderName = HeaderName::from_static("x-musement-application");
        const VERSION: HeaderName = HeaderName::from_static("x-musement-version");
        if application.trim().is_empty() {
            return Err(RequestError::HeaderValue);
        }
        let application = application.parse().map_err(|_| RequestError::HeaderValue)?;
        let endpoint = Endpoint::new(base)?
            .with_header(APPLICATION, application)
            .with_header(VERSION, HeaderValue::from_static("3.4.0"))
            .with_header(header::AUTHORIZATION, client::bearer(token)?);
        Ok(Self(endpoint))
    }

    /// Asks for an order: `GET {base}/orders/{orderUuid}`. The answer is for
    /// [`read_order`](Self::read_order).
    #[must_use]
    pub fn order(&self, order_uuid: Uuid) -> Request<Vec<u8>> {
        self.0.request(Method::GET, &format!("/orders/{order_uuid}"))
    }

    /// Asks Musement to send the webhook of an item once more:
    /// `POST {base}/orders/{orderUuid}/items/{orderItemUuid}/notifications`. The
    /// answer is for
    /// [`read_notification_requested`](Self::read_notification_requested); the
    /// webhook comes as any other does.
    #[must_use]
    pub fn request_notification(
        &self,
        order_uuid: Uuid,
        order_item_uuid: Uuid,
    ) -> Request<Vec<u8>> {
        let path = format!("/orders/{order_uuid}/items/{order_item_uuid}/notifications");
        self.0.request(Method::POST, &path)
    }

    /// Reads the answer to [`order`](Self::order). Bound its length and its time
    /// where it is received.
    ///
    /// # Errors
    ///
    /// For any status but 200, and for a body that is not an [`Order`]. The error
    /// keeps the answer.
    pub fn read_order<B: AsRef<[u8]>>(response: Response<B>) -> Result<Order, ResponseError<B>> {
        client::read(response, |status| status == StatusCode::OK, Order::parse_unverified)
    }

    /// Reads the answer to [`request_notification`](Self::request_notification),
    /// which is in its status.
    ///
    /// # Errors
    ///
    /// For any status but 200 to 299; which of them Musement gives is not
    /// documented. The error keeps the answer.
    pub fn read_notification_requested<B: AsRef<[u8]>>(
        response: Response<B>,
    ) -> Result<(), ResponseError<B>> {
        client::read(response, |status| status.is_success(), |_| Ok(()))
    }
}
