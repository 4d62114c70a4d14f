//! Values as serde writes them under the provider's forms.
#![allow(clippy::ref_option, reason = "serde calls these with a reference to the field")]

use serde::Serializer;
use time::OffsetDateTime;

use crate::wire::time as timestamp;

#[cfg(feature = "bandwidth")]
pub(crate) fn rfc3339<S: Serializer>(
    time: &Option<OffsetDateTime>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => to.collect_str(&timestamp::rfc3339(*time)),
        None => to.serialize_none(),
    }
}
