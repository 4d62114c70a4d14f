//! An order, as the partner API answers.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::error::ParseError;
use crate::musement::{KIND, OrderItemStatus, as_uuid};
use crate::tracking::{ContentDigest, Key, Revision, Tracked};
use crate::wire::{json, lenient};

/// An order, as `GET /orders/{orderUuid}` answers.
///
/// On the wire it is a JSON object with `status` and `items`; other fields are
/// ignored. It serialises to and deserialises from the same names.
///
/// Source: Musement partner API, "Order status" and the description of the
/// fallback in "Order item webhook".
///
/// ```
/// use order_webhooks::client::musement::Order;
/// use order_webhooks::musement::OrderItemStatus;
///
/// let body = br#"{"status":"OK","items":[
///   {"uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","status":"OK","vouchers":[{}]},
///   {"uuid":"3e2ff1ac-1c1c-4c0c-b7e8-7a3a2b9b2d11","status":"PENDING"}]}"#;
/// let order = Order::parse_unverified(body)?;
/// assert_eq!(order.items[1].status, OrderItemStatus::Pending);
/// assert!(order.items[1].vouchers.is_none());
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Order {
    /// The status of the order as a whole, as it came; its values are not
    /// documented.
    #[serde(deserialize_with = "lenient::text")]
    pub status: String,
    /// The items of the order.
    pub items: Vec<OrderItem>,
}

/// An item of an [`Order`], which has an example.
///
/// `Debug` does not show the vouchers: anyone who has one can use it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderItem {
    /// The item, as in `order_item_uuid` of the webhook. The pages that this
    /// crate is built on name it in the paths of the API only, so it may be
    /// missing from an answer. One that is no UUID is `None`.
    #[serde(default, deserialize_with = "optional_uuid")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Uuid>,
    /// Where the item stands now.
    pub status: OrderItemStatus,
    /// The vouchers, as they came: Musement gives them while the item is
    /// [`OrderItemStatus::Ok`], and does not document their form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouchers: Option<serde_json::Value>,
}

impl Order {
    /// Reads the body of an answer. Nothing but the connection that it came
    /// over proves who gave it.
    ///
    /// # Errors
    ///
    /// For anything but a JSON object in UTF-8, without `status` or `items`, or with
    /// an item without `status` (`items[0].status: missing at line 1 column 26`).
    pub fn parse_unverified(body: &[u8]) -> Result<Self, ParseError> {
        json::document(body)
    }
}

/// The thing is the order item, the same as of an
/// [`OrderItemUpdate`](crate::musement::OrderItemUpdate). The answer has no
/// documented version, so it cannot be put in order. Where the status is not
/// the one that you applied,
/// [`Api::request_notification`](crate::client::musement::Api::request_notification)
/// asks for an update, which has a version.
impl Tracked for OrderItem {
    fn key(&self) -> Key {
        match self.uuid {
            Some(uuid) => Key::new(KIND, &uuid.to_string()),
            None => Key::of_digest(KIND, &self.content()),
        }
    }

    fn revision(&self) -> Revision {
        Revision::unordered(self.content())
    }
}

impl OrderItem {
    fn content(&self) -> ContentDigest {
        let mut same = self.clone();
        if let Some(vouchers) = &mut same.vouchers {
            json::normalize(vouchers);
        }
        ContentDigest::of_event(&same)
    }
}

impl fmt::Debug for OrderItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrderItem")
            .field("uuid", &self.uuid)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

fn optional_uuid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
    lenient::optional(deserializer, as_uuid)
}
