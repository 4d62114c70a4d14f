//! JSON into values, by `serde_json`.
//!
//! A body that reads is read once. Of one that does not, [`careful`] and
//! [`explain`] say why.

mod careful;
mod explain;

use std::collections::HashMap;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use self::explain::explain;
use crate::error::{ParseError, ParseErrorKind};

/// An event of a provider: an object whose fields are text, numbers, or ignored.
///
/// A number that `serde_json` would round comes as its text, and one that it
/// refuses, such as `1e999999`, does not matter where it is not needed.
pub(crate) fn event<T: DeserializeOwned>(body: &[u8]) -> Result<T, ParseError> {
    let text = object(body)?;
    serde_json::from_str(text).or_else(|_| carefully(text))
}

/// Another document of a provider: an object of any depth.
pub(crate) fn document<T: DeserializeOwned>(body: &[u8]) -> Result<T, ParseError> {
    let text = object(body)?;
    serde_json::from_str(text)
        .map_err(|_| carefully::<T>(text).err().unwrap_or_else(|| explain::<T>(text)))
}

/// A value of a type that is not ours. What it says of an error can hold anything,
/// so the error has its path and its place, and no words of it.
pub(crate) fn foreign<T: DeserializeOwned>(body: &[u8]) -> Result<T, ParseError> {
    let text = text(body)?;
    serde_json::from_str(text).map_err(|_| explain::<T>(text))
}

/// The body as text, without its byte order mark, which no place counts.
fn text(body: &[u8]) -> Result<&str, ParseError> {
    let text = str::from_utf8(body).map_err(|error| {
        ParseError::new(ParseErrorKind::Encoding).at_offset(body, error.valid_up_to())
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The text of an object. The structs of serde take an array of the values of
/// their fields as well.
fn object(body: &[u8]) -> Result<&str, ParseError> {
    let text = text(body)?;
    let value = text.trim_start_matches([' ', '\t', '\n', '\r']);
    if value.starts_with('{') {
        return Ok(text);
    }
    Err(match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => {
            let start = text.len().saturating_sub(value.len());
            let kind = ParseErrorKind::Invalid("an object".into());
            ParseError::new(kind).at_offset(text.as_bytes(), start)
        }
        Err(_) => explain::<IgnoredAny>(text),
    })
}

/// An object, of which a place is named by its field.
type Fields = HashMap<String, Option<IgnoredAny>>;

/// Reads what `serde_json` would not, or says what is wrong with it.
#[cold]
fn carefully<T: DeserializeOwned>(text: &str) -> Result<T, ParseError> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(value) => careful::read(value, text),
        Err(_) => Err(explain::<Fields>(text)),
    }
}

#[cfg(test)]
mod tests;
