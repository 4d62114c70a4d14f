//! Musement's sender and its events.

use http::Uri;
use uuid::Uuid;

use crate::auth::Credentials;
use crate::musement::{OrderItemStatus, OrderItemUpdate};
use crate::testing::policy::{Delivered, DeliveryPolicy, Retries};
use crate::testing::sender::Sender;
use crate::tracking::Timestamp;

/// How Musement delivers: 200 and nothing else confirms, and a delivery that fails
/// comes again. It does not say when or how often.
///
/// Source: Musement partner API, "Order item webhook".
pub const POLICY: DeliveryPolicy =
    DeliveryPolicy::new(Delivered::Exactly200, None, Retries::Unscheduled);

impl Sender {
    /// Musement: JSON, with the credentials in the first request.
    pub fn musement(url: Uri, credentials: &Credentials) -> Self {
        Self::new(url, POLICY).with_credentials(credentials)
    }
}

/// The sample of Musement's documentation: an item that is `OK`.
///
/// ```
/// use order_webhooks::musement::OrderItemStatus;
/// use order_webhooks::testing::musement;
///
/// let mut update = musement::order_item_update();
/// update.order_item_status = OrderItemStatus::Refunded;
/// update.order_item_version = Some(23);
/// ```
#[must_use]
pub fn order_item_update() -> OrderItemUpdate {
    let time = Some(Timestamp::from("2018-12-10T13:12:40+0000"));
    OrderItemUpdate {
        order_id: Some("13459345".into()),
        order_uuid: Uuid::from_u128(0x8e9e_5c6e_ea7d_4934_8753_f009_54f3_0d00),
        order_created: time.clone(),
        order_updated: time.clone(),
        order_version: Some(16),
        order_item_uuid: Uuid::from_u128(0x1104_5e18_e3ca_42e1_acb4_0d5b_e750_36fd),
        order_item_created: time.clone(),
        order_item_updated: time,
        order_item_version: Some(22),
        order_item_status: OrderItemStatus::Ok,
    }
}

/// One update for every documented status, each a version and a minute after the
/// one before.
#[must_use]
pub fn order_item_updates() -> Vec<OrderItemUpdate> {
    let mut update = order_item_update();
    let mut updates = Vec::new();
    for status in OrderItemStatus::KNOWN {
        update.order_item_status = status.clone();
        updates.push(update.clone());
        let later = update.order_item_updated.as_ref().and_then(Timestamp::to_offset_date_time);
        let later = later.map(|time| time.saturating_add(time::Duration::MINUTE));
        update.order_item_updated = later.map(Timestamp::basic_offset);
        update.order_updated.clone_from(&update.order_item_updated);
        update.order_version = update.order_version.map(|version| version.saturating_add(1));
        update.order_item_version =
            update.order_item_version.map(|version| version.saturating_add(1));
    }
    updates
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000","order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"22","order_item_status":"OK"}"#;

    #[test]
    fn the_sample_is_that_of_the_documentation() {
        let credentials = Credentials::new("JohnSmith", "Swordfish").unwrap();
        let sender = Sender::musement("/musement".parse().unwrap(), &credentials);
        let request = sender.delivery(&order_item_update()).request().unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.body(), SAMPLE);
        let headers = request.headers();
        assert_eq!(headers["authorization"], "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["content-length"], SAMPLE.len().to_string());
        assert_eq!(headers.len(), 3);
    }

    #[test]
    fn what_arrives_is_what_was_made() {
        for update in order_item_updates() {
            let body = crate::testing::Payload::to_body(&update);
            assert_eq!(OrderItemUpdate::parse_unverified(&body), Ok(update));
        }
    }

    #[test]
    fn there_is_one_update_for_every_status() {
        let updates = order_item_updates();
        let statuses: Vec<_> = updates.iter().map(|u| u.order_item_status.clone()).collect();
        assert_eq!(statuses, OrderItemStatus::KNOWN);
        assert!(updates.is_sorted_by_key(|update| update.order_item_version));
    }
}
