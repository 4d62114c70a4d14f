use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Number, debug_only};

/// A parcel: what the courier carries.
///
/// [`OrderRequest`](crate::client::porterbuddy::OrderRequest) has an example.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[non_exhaustive]
pub struct Parcel {
    /// `Shoes`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The width in centimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width_cm: Option<Number>,
    /// The height in centimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height_cm: Option<Number>,
    /// The depth in centimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth_cm: Option<Number>,
    /// The weight in grams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_grams: Option<Number>,
    /// The shop's own name of the parcel: `12345`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parcel_shipment_identifier: Option<String>,
    /// The fields that are not typed here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

debug_only!(Parcel: width_cm, height_cm, depth_cm, weight_grams, parcel_shipment_identifier);

impl Parcel {
    /// A parcel of this width, height and depth in centimetres, and of this
    /// weight in grams.
    #[must_use]
    pub fn new(width_cm: u32, height_cm: u32, depth_cm: u32, weight_grams: u32) -> Self {
        Self {
            width_cm: Some(width_cm.into()),
            height_cm: Some(height_cm.into()),
            depth_cm: Some(depth_cm.into()),
            weight_grams: Some(weight_grams.into()),
            ..Self::default()
        }
    }
}

/// An item: what was bought.
///
/// It is a part of an [`OrderRequest`](crate::client::porterbuddy::OrderRequest).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[non_exhaustive]
pub struct Item {
    /// `Fancy Sneakers`
    pub name: String,
    /// The shop's number of the article: `FANCYSNEAKER43`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// The weight in grams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_grams: Option<Number>,
    /// The width in centimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width_cm: Option<Number>,
    /// The height in centimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height_cm: Option<Number>,
    /// The depth in centimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth_cm: Option<Number>,
    /// `Fancy sneakers (red/blue) in size 43`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `shoes`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// `Fancy Footwear Corp.`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Where there is a picture of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// What it costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The code that is printed on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bar_code: Option<BarCode>,
    /// The fields that are not typed here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

debug_only!(Item: weight_grams, width_cm, height_cm, depth_cm);

impl Item {
    /// An item with nothing but a name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            sku: None,
            weight_grams: None,
            width_cm: None,
            height_cm: None,
            depth_cm: None,
            description: None,
            category: None,
            brand: None,
            image_url: None,
            price: None,
            bar_code: None,
            other: Map::new(),
        }
    }
}

/// A price: an amount and its currency.
///
/// It is a part of an [`OrderRequest`](crate::client::porterbuddy::OrderRequest).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[non_exhaustive]
pub struct Price {
    /// The amount in the smallest unit of the currency: `"79900"` for 799 kroner.
    pub fractional_denomination: Number,
    /// The currency: `NOK`.
    pub currency: String,
    /// The fields that are not typed here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

debug_only!(Price: fractional_denomination, currency);

impl Price {
    /// A price.
    #[must_use]
    pub fn new(fractional_denomination: Number, currency: impl Into<String>) -> Self {
        Self { fractional_denomination, currency: currency.into(), other: Map::new() }
    }
}

/// A bar code and its symbology.
///
/// It is a part of an [`OrderRequest`](crate::client::porterbuddy::OrderRequest).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[non_exhaustive]
pub struct BarCode {
    /// What it says: `123-456-789`.
    pub value: String,
    /// Its symbology: `CODE128`.
    pub r#type: String,
    /// The fields that are not typed here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

debug_only!(BarCode: value, r#type);

impl BarCode {
    /// A bar code.
    #[must_use]
    pub fn new(value: impl Into<String>, r#type: impl Into<String>) -> Self {
        Self { value: value.into(), r#type: r#type.into(), other: Map::new() }
    }
}
