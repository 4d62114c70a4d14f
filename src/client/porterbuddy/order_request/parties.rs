use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{DeliveryWindow, Number, PickupWindow, debug_only};

/// Where the parcels are picked up, and from whom.
///
/// [`OrderRequest`](crate::client::porterbuddy::OrderRequest) has an example.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[non_exhaustive]
pub struct Origin {
    /// The name of the sender.
    pub name: String,
    /// The address.
    pub address: Address,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The country of the telephone number: `+47`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_country_code: Option<String>,
    /// The telephone number without its country: `65127865`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// When the parcels can be picked up.
    pub pickup_windows: Vec<PickupWindow>,
    /// The fields that are not typed here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

debug_only!(Origin: pickup_windows);

impl Origin {
    /// An origin without e-mail address and telephone number.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        address: Address,
        pickup_windows: Vec<PickupWindow>,
    ) -> Self {
        Self {
            name: name.into(),
            address,
            email: None,
            phone_country_code: None,
            phone_number: None,
            pickup_windows,
            other: Map::new(),
        }
    }
}

/// Where the parcels are delivered, to whom and how.
///
/// [`OrderRequest`](crate::client::porterbuddy::OrderRequest) has an example.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[non_exhaustive]
pub struct Destination {
    /// The name of the recipient.
    pub name: String,
    /// The address.
    pub address: Address,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The country of the telephone number: `+47`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_country_code: Option<String>,
    /// The telephone number without its country: `65789832`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// When the parcels are to be delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_window: Option<DeliveryWindow>,
    /// What is checked at the door.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verifications: Option<Verifications>,
    /// The fields that are not typed here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

debug_only!(Destination: delivery_window, verifications);

impl Destination {
    /// A destination with nothing but a name and an address.
    #[must_use]
    pub fn new(name: impl Into<String>, address: Address) -> Self {
        Self {
            name: name.into(),
            address,
            email: None,
            phone_country_code: None,
            phone_number: None,
            delivery_window: None,
            verifications: None,
            other: Map::new(),
        }
    }
}

/// A postal address, such as Keysers Gate 3, 0165 Oslo.
///
/// [`OrderRequest`](crate::client::porterbuddy::OrderRequest) has an example.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[non_exhaustive]
pub struct Address {
    /// `Keysers Gate`
    pub street_name: String,
    /// `3`
    pub street_number: String,
    /// `0165`
    pub postal_code: String,
    /// `Oslo`
    pub city: String,
    /// `Norway`
    pub country: String,
    /// The fields that are not typed here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

debug_only!(Address:);

impl Address {
    /// An address.
    #[must_use]
    pub fn new(
        street_name: impl Into<String>,
        street_number: impl Into<String>,
        postal_code: impl Into<String>,
        city: impl Into<String>,
        country: impl Into<String>,
    ) -> Self {
        Self {
            street_name: street_name.into(),
            street_number: street_number.into(),
            postal_code: postal_code.into(),
            city: city.into(),
            country: country.into(),
            other: Map::new(),
        }
    }
}

/// What is checked when the parcels are handed over.
///
/// It is a part of an [`OrderRequest`](crate::client::porterbuddy::OrderRequest).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[non_exhaustive]
pub struct Verifications {
    /// The age in years that the recipient must have; 0 for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_age_check: Option<Number>,
    /// Whether, or how, the customer confirms the receipt. The form of the value is
    /// not known to us, so it is any JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_customer_receipt: Option<Value>,
    /// How the delivery is verified. The form of the value is not known to us, so it
    /// is any JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_verification: Option<Value>,
    /// The parcels can be left at the door. Deprecated by the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leave_at_doorstep: Option<bool>,
    /// The recipient must show an identity document. Deprecated by the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_check: Option<bool>,
    /// The recipient must sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_signature: Option<bool>,
    /// Nobody but the recipient can take the parcels. Deprecated by the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_to_recipient: Option<bool>,
    /// The fields that are not typed here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

debug_only!(Verifications: minimum_age_check,
    leave_at_doorstep, id_check, require_signature,
    only_to_recipient);
