//! JSON into values, by `serde_json`.
//!
//! A body that can be read is read once. An event that cannot is read again by
//! [`flat`], as an object of raw values. Anything else that cannot is read again by
//! [`explain`], which says where it broke.

mod explain;
mod flat;

use serde::de::{DeserializeOwned, IgnoredAny};

use self::explain::explained;
pub(crate) use self::flat::{lossy, scalar};
use crate::error::{ParseError, ParseErrorKind};
use crate::wire::text;

/// An event of a provider: an object whose fields are text, numbers, or ignored.
///
/// Numbers are kept exactly, and those that nobody reads do not matter, such as
/// `1e999999`.
pub(crate) fn event<T: DeserializeOwned>(body: &[u8]) -> Result<T, ParseError> {
    let text = object(body)?;
    serde_json::from_str(text).or_else(|_| flat::read(body, text))
}

/// Another object, of any depth. Its type is ours.
#[cfg(all(feature = "client", any(feature = "musement", feature = "porterbuddy")))]
pub(crate) fn document<T: DeserializeOwned>(body: &[u8]) -> Result<T, ParseError> {
    let text = object(body)?;
    serde_json::from_str(text).or_else(|said| {
        let read = explained(body, text);
        read.map_err(|error| explain::with_name(error, &said))
    })
}

/// Any value. The type may be a user's, whose errors can quote the body: ours has the
/// path and the place, and no words of theirs.
pub(crate) fn value<T: DeserializeOwned>(body: &[u8]) -> Result<T, ParseError> {
    let text = text_of(body)?;
    serde_json::from_str(text).or_else(|_| explained(body, text))
}

/// The value as it is whatever features `serde_json` has in this program:
/// `preserve_order` keeps the order of names, and `arbitrary_precision` the digits.
#[cfg(all(feature = "client", feature = "musement"))]
pub(crate) fn normalize(value: &mut serde_json::Value) {
    fn normalize_numbers(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Array(items) => items.iter_mut().for_each(normalize_numbers),
            serde_json::Value::Object(fields) => fields.values_mut().for_each(normalize_numbers),
            serde_json::Value::Number(digits) => {
                if let Some(plain) = number(digits) {
                    *digits = plain;
                }
            }
            _ => {}
        }
    }
    value.sort_all_objects();
    normalize_numbers(value);
}

/// The number as `serde_json` has it without `arbitrary_precision`: a `u64`, an `i64`, or
/// the nearest `f64`. Of one that is too large for that there is none.
#[cfg(all(feature = "client", any(feature = "musement", feature = "porterbuddy")))]
pub(crate) fn number(digits: &serde_json::Number) -> Option<serde_json::Number> {
    let nearest = digits.as_f64()?;
    let whole = digits.as_u64().map(Into::into).or_else(|| digits.as_i64().map(Into::into));
    let is_minus_zero = nearest.to_bits() == (-0.0_f64).to_bits();
    whole.filter(|_| !is_minus_zero).or_else(|| serde_json::Number::from_f64(nearest))
}

/// The text of an object. The structs of serde take an array of the values of their
/// fields as well.
fn object(body: &[u8]) -> Result<&str, ParseError> {
    let text = text_of(body)?;
    if text.starts_with('{') {
        return Ok(text);
    }
    explained::<IgnoredAny>(body, text)?;
    let kind = ParseErrorKind::Invalid("an object".into());
    Err(ParseError::new(kind).at_offset(body, offset_in(body, text)))
}

/// The body as text, without what stands around the document.
fn text_of(body: &[u8]) -> Result<&str, ParseError> {
    let text = text::of(body)?.trim_end_matches(text::is_padding);
    Ok(text.trim_start_matches(|c| text::is_padding(c) && c != '\0'))
}

/// Where in the body a part of its text begins.
fn offset_in(body: &[u8], part: &str) -> usize {
    part.as_ptr().addr().saturating_sub(body.as_ptr().addr())
}

#[cfg(test)]
mod tests;
