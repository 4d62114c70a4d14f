//! Porterbuddy's sender and its events.

use std::time::Duration;

use http::{HeaderName, Uri};

use crate::auth::{BodySignature, SignatureEncoding};
use crate::porterbuddy::{OrderStatus, OrderStatusUpdate};
use crate::secret::Secret;
use crate::testing::policy::{Delivered, DeliveryPolicy, Retries};
use crate::testing::sender::Sender;
use crate::tracking::Timestamp;

/// How Porterbuddy delivers: any status from 200 to 299 within 10 s confirms. After
/// another it tries twice more, at rising intervals.
///
/// Source: Porterbuddy developer documentation, "Order webhook".
pub const POLICY: DeliveryPolicy = DeliveryPolicy::new(
    Delivered::Any2xx,
    Some(Duration::from_secs(10)),
    Retries::Rising { times: 2 },
);

impl Sender {
    /// Porterbuddy: JSON, signed with the API key.
    pub fn porterbuddy(url: Uri, api_key: &Secret) -> Self {
        let header = HeaderName::from_static("x-porterbuddy-hmac-sha256");
        let signature = BodySignature::new(header, SignatureEncoding::Base64, api_key);
        Self::new(url, POLICY).signing(signature)
    }
}

/// An order that has been delivered, with the fields of the documented example.
///
/// ```
/// use order_webhooks::testing::{Payload, porterbuddy};
///
/// let mut update = porterbuddy::order_status_update();
/// update.order_id = "394327".into();
/// update.pickup_time = None;
/// assert_eq!(
///     update.to_body(),
///     r#"{"orderId":"394327","orderStatus":"delivered","pickupDate":"2023-02-13","statusUpdatedAt":"2023-02-13T13:16:40.32538Z","orderReference":"order-12345"}"#,
/// );
/// ```
#[must_use]
pub fn order_status_update() -> OrderStatusUpdate {
    OrderStatusUpdate {
        order_id: "394326".into(),
        order_status: OrderStatus::Delivered,
        pickup_date: Some("2023-02-13".into()),
        pickup_time: Some("2023-02-13T15:00:00+02:00".into()),
        status_updated_at: Some("2023-02-13T13:16:40.32538Z".into()),
        order_reference: Some("order-12345".into()),
        tms_reference: None,
    }
}

/// One update for every documented status, each a minute after the one before.
///
/// Porterbuddy spells `cancelled` with one `l`, too. That is the same status once it
/// is read, so send it as text:
///
/// ```
/// use order_webhooks::porterbuddy::{OrderStatus, OrderStatusUpdate};
/// use order_webhooks::testing::{Payload, porterbuddy};
///
/// let mut update = porterbuddy::order_status_update();
/// update.order_status = OrderStatus::Other("canceled".into());
/// let arrived = OrderStatusUpdate::parse_unverified(&update.to_body())?;
/// assert_eq!(arrived.order_status, OrderStatus::Cancelled);
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
#[must_use]
pub fn order_status_updates() -> Vec<OrderStatusUpdate> {
    let mut update = order_status_update();
    let mut updates = Vec::new();
    for status in OrderStatus::KNOWN {
        update.order_status = status.clone();
        updates.push(update.clone());
        let later = update.status_updated_at.as_ref().and_then(Timestamp::to_offset_date_time);
        let later = later.map(|time| time.saturating_add(time::Duration::MINUTE));
        update.status_updated_at = later.map(Timestamp::rfc3339);
    }
    updates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_that_of_the_documentation() {
        let key = Secret::new("porterbuddy-api-key").unwrap();
        let sender = Sender::porterbuddy("/porterbuddy".parse().unwrap(), &key);
        let request = sender.delivery(&order_status_update()).request().unwrap();
        let body = r#"{"orderId":"394326","orderStatus":"delivered","pickupDate":"2023-02-13","pickupTime":"2023-02-13T15:00:00+02:00","statusUpdatedAt":"2023-02-13T13:16:40.32538Z","orderReference":"order-12345"}"#;
        assert_eq!(request.body(), body);
        let headers = request.headers();
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["content-length"], body.len().to_string());
        assert_eq!(headers["x-porterbuddy-hmac-sha256"].len(), 44);
        assert_eq!(headers.len(), 3);
    }

    #[test]
    fn there_is_one_update_for_every_status() {
        let updates = order_status_updates();
        let statuses: Vec<_> = updates.iter().map(|u| u.order_status.clone()).collect();
        assert_eq!(statuses, OrderStatus::KNOWN);
    }

    #[test]
    fn what_arrives_is_what_was_made() {
        for update in order_status_updates() {
            let body = crate::testing::Payload::to_body(&update);
            assert_eq!(OrderStatusUpdate::parse_unverified(&body), Ok(update));
        }
    }
}
