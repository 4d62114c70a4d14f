//! An order, as the partner API answers.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use crate::error::ParseError;
use crate::musement::OrderItemStatus;
use crate::musement::order_item_update::KIND;
use crate::tracking::{Fields, Key, Revision, Tracked};
use crate::wire::json;

/// An order, as `GET /orders/{orderUuid}` answers.
///
/// On the wire it is a JSON object with `status` and `items`; other fields are
/// ignored.
///
/// Source: Musement partner API, "Order status" and the description of the
/// fallback in "Order item webhook".
///
/// ```
/// use order_webhooks::musement::{Order, OrderItemStatus};
///
/// let body = br#"{"status":"OK","items":[
///   {"uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","status":"OK","vouchers":[{}]},
///   {"uuid":"3e2ff1ac-1c1c-4c0c-b7e8-7a3a2b9b2d11","status":"PENDING"}]}"#;
/// let order = Order::parse(body)?;
/// assert_eq!(order.items[1].status, OrderItemStatus::Pending);
/// assert!(order.items[1].vouchers.is_none());
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Order {
    /// The status of the order as a whole, as it came; its values are not
    /// documented.
    pub status: String,
    /// The items of the order.
    pub items: Vec<OrderItem>,
}

/// An item of an [`Order`].
///
/// `Debug` does not show the vouchers: whoever has one can use it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrderItem {
    /// The item, as in `order_item_uuid` of the webhook. The pages that this
    /// crate is built on name it in the paths of the API only, so it may be
    /// missing from an answer.
    pub uuid: Option<Uuid>,
    /// Where the item stands now.
    pub status: OrderItemStatus,
    /// The vouchers, as they came: Musement gives them while the item is
    /// [`OrderItemStatus::Ok`], and does not document their form.
    pub vouchers: Option<serde_json::Value>,
}

impl Order {
    /// Reads the body of an answer.
    ///
    /// # Errors
    ///
    /// For anything but a JSON object in UTF-8, without `status` or `items`, with
    /// an item without `status`, or with a `uuid` that is none
    /// (`items[0].uuid: not a UUID`).
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let Object(order): Object<OrderFields> = json::document(body)?;
        let items = order.items.into_iter().map(|Object(item)| OrderItem::from(item)).collect();
        Ok(Self { status: order.status, items })
    }
}

/// The thing is the order item, the same as of an
/// [`OrderItemUpdate`](crate::musement::OrderItemUpdate). The answer has no
/// documented version, so nothing can be told. Where the status is another than
/// the one applied,
/// [`Fallback::request_notification`](crate::musement::Fallback::request_notification)
/// asks for an update, which has a version.
impl Tracked for OrderItem {
    fn key(&self) -> Key {
        match self.uuid {
            Some(uuid) => Key::new(KIND, &uuid.to_string()),
            None => Key::of_digest(KIND, &self.content().digest()),
        }
    }

    fn revision(&self) -> Revision {
        Revision::untold(self.content().digest())
    }
}

impl OrderItem {
    fn content(&self) -> Fields {
        let vouchers = self.vouchers.as_ref().map(ToString::to_string);
        Fields::new().with(Some(self.status.as_str())).with(vouchers.as_deref())
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

/// An object and nothing else: the structs of serde also take an array of their
/// fields' values.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// The fields that are read, under their names on the wire.
#[derive(Deserialize)]
struct OrderFields {
    status: String,
    items: Vec<Object<OrderItemFields>>,
}

#[derive(Deserialize)]
struct OrderItemFields {
    #[serde(default, deserialize_with = "uuid")]
    uuid: Option<Uuid>,
    status: String,
    #[serde(default)]
    vouchers: Option<serde_json::Value>,
}

impl From<OrderItemFields> for OrderItem {
    fn from(item: OrderItemFields) -> Self {
        let status = OrderItemStatus::from(&*item.status);
        Self { uuid: item.uuid, status, vouchers: item.vouchers }
    }
}

fn uuid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let read = |text: String| {
        let invalid = || D::Error::invalid_value(Unexpected::Str(&text), &"a UUID");
        Uuid::try_parse(&text).map_err(|_| invalid())
    };
    text.map(read).transpose()
}
