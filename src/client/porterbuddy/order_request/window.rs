use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::debug_only;
use crate::tracking::Timestamp;

/// When the parcels can be picked up.
///
/// [`OrderRequest`](crate::client::porterbuddy::OrderRequest) has an example.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[non_exhaustive]
pub struct PickupWindow {
    /// The first moment: `2023-02-13T10:00+02:00`.
    pub start: Timestamp,
    /// The last moment: `2023-02-13T17:30:00+01:00`.
    pub end: Timestamp,
    /// The fields that are not typed here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

debug_only!(PickupWindow: start, end);

impl PickupWindow {
    /// A window. [`Timestamp::rfc3339`] writes its times.
    #[must_use]
    pub fn new(start: impl Into<Timestamp>, end: impl Into<Timestamp>) -> Self {
        let (start, end) = (start.into(), end.into());
        Self { start, end, other: Map::new() }
    }
}

/// When the parcels are to be delivered.
///
/// [`OrderRequest`](crate::client::porterbuddy::OrderRequest) has an example.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[non_exhaustive]
pub struct DeliveryWindow {
    /// The first moment: `2023-02-13T10:00+02:00`.
    pub start: Timestamp,
    /// The last moment: `2023-02-13T17:30:00+01:00`.
    pub end: Timestamp,
    /// What Porterbuddy's availability check gave for this window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The fields that are not typed here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

debug_only!(DeliveryWindow: start, end);

impl DeliveryWindow {
    /// A window with its token.
    #[must_use]
    pub fn new(
        start: impl Into<Timestamp>,
        end: impl Into<Timestamp>,
        token: impl Into<String>,
    ) -> Self {
        let (start, end) = (start.into(), end.into());
        Self { start, end, token: Some(token.into()), other: Map::new() }
    }
}
