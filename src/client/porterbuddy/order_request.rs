//! The request that places an order at Porterbuddy. It also subscribes to the
//! webhook of that order.
//!
//! Fields that have no type here are kept in `other`, and times and numbers
//! keep the form in which they came, so a request that is read and written
//! again says the same. Two things are lost: a typed field that is `null` is
//! left out, and numbers in `other` have the precision of `u64`, `i64` or
//! `f64`, unless your program has `serde_json` with `arbitrary_precision`. `Debug`
//! leaves out what is, or can be, data of a customer.

mod goods;
mod number;
mod parties;
mod window;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::goods::{BarCode, Item, Parcel, Price};
pub use self::number::Number;
pub use self::parties::{Address, Destination, Origin, Verifications};
pub use self::window::{DeliveryWindow, PickupWindow};
use crate::error::ParseError;
use crate::wire::json;

/// Shows the fields named. The others are data of a customer, or can be.
macro_rules! debug_only {
    ($type:ident: $($field:ident),*) => {
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($type))
                    $(.field(stringify!($field), &self.$field))*
                    .finish_non_exhaustive()
            }
        }
    };
}
use debug_only;

/// An order request.
///
/// On the wire it is a JSON object. Times are written with and without seconds,
/// numbers as numbers and as text; each comes back as it was read.
///
/// Source: Porterbuddy developer documentation, "Porterbuddy order webhook", which
/// prints a whole request.
///
/// ```
/// use order_webhooks::client::porterbuddy::OrderRequest;
/// use order_webhooks::client::porterbuddy::order_request::{
///     Address, DeliveryWindow, Destination, Origin, Parcel, PickupWindow,
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pickup = PickupWindow::new(
///     "2023-02-13T10:00+02:00",
///     "2023-02-13T20:00+02:00",
/// );
/// let shop = Address::new("Keysers Gate", "3", "0165", "Oslo", "Norway");
/// let origin = Origin::new("Nils Johansen", shop, vec![pickup]);
///
/// let home = Address::new("Høyenhallveien", "25", "0678", "Oslo", "Norway");
/// let mut destination = Destination::new("Roger Olsen", home);
/// destination.delivery_window = Some(DeliveryWindow::new(
///     "2023-02-13T17:30:00+01:00",
///     "2023-02-13T19:30:00+01:00",
///     "the token that came with this window",
/// ));
///
/// let parcel = Parcel::new(20, 10, 35, 600);
/// let mut order = OrderRequest::new(origin, destination, vec![parcel], "delivery");
/// order.order_reference = Some("order-12345".to_owned());
/// order.status_webhook_url = Some("https://shop.example/statusUpdated".to_owned());
/// assert_eq!(OrderRequest::parse_unverified(order.to_json().as_bytes())?, order);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[non_exhaustive]
pub struct OrderRequest {
    /// Where the parcels are picked up.
    pub origin: Origin,
    /// Where they are delivered.
    pub destination: Destination,
    /// What is carried.
    pub parcels: Vec<Parcel>,
    /// What is in the parcels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Item>>,
    /// The kind of delivery: `delivery`.
    pub product: String,
    /// A hint for the courier, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub courier_instructions: Option<String>,
    /// The shop's own name of the order, `order-12345`. The webhook gives it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_reference: Option<String>,
    /// The reference of the shop's transport management system (TMS), `TMS-4711`.
    /// The webhook and the order status give it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tms_reference: Option<String>,
    /// Where the webhook is sent. It must be reachable without authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_webhook_url: Option<String>,
    /// The fields that are not typed here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

debug_only!(OrderRequest: product, order_reference, tms_reference, origin, destination, parcels, items);

impl OrderRequest {
    /// A request with what every order has.
    #[must_use]
    pub fn new(
        origin: Origin,
        destination: Destination,
        parcels: Vec<Parcel>,
        product: impl Into<String>,
    ) -> Self {
        Self {
            origin,
            destination,
            parcels,
            items: None,
            product: product.into(),
            courier_instructions: None,
            order_reference: None,
            tms_reference: None,
            status_webhook_url: None,
            other: Map::new(),
        }
    }

    /// Reads a request. Nothing proves who wrote it.
    ///
    /// # Errors
    ///
    /// If the body is not a JSON object in UTF-8, lacks a field that is not an `Option`
    /// (`origin.address.city: missing at line 1 column 120`), has a typed field twice, or
    /// has one of another type
    /// (`parcels[0].weightGrams: not what is expected at line 1 column 446`).
    pub fn parse_unverified(body: &[u8]) -> Result<Self, ParseError> {
        json::document(body)
    }

    /// Writes the request as a JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        // It fails only where a key is not text, and all of them are.
        serde_json::to_string(self).unwrap_or_default()
    }
}
