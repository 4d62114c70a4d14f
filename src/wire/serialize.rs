//! Values as serde writes them under the provider's forms.
#![allow(clippy::ref_option, reason = "serde calls these with a reference to the field")]
#![allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls these with a reference to the field"
)]

use serde::Serializer;
#[cfg(feature = "porterbuddy")]
use time::Date;
use time::OffsetDateTime;

use crate::wire::time as timestamp;

#[cfg(feature = "musement")]
pub(crate) fn basic<S: Serializer>(time: &OffsetDateTime, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&timestamp::basic(*time))
}

#[cfg(any(feature = "porterbuddy", feature = "bandwidth"))]
pub(crate) fn rfc3339<S: Serializer>(
    time: &Option<OffsetDateTime>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => to.collect_str(&timestamp::rfc3339(*time)),
        None => to.serialize_none(),
    }
}

#[cfg(feature = "porterbuddy")]
pub(crate) fn date<S: Serializer>(date: &Option<Date>, to: S) -> Result<S::Ok, S::Error> {
    match date {
        Some(date) => to.collect_str(&timestamp::date(*date)),
        None => to.serialize_none(),
    }
}
