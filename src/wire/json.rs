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
