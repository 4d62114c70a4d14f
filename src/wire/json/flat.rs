//! An event as an object of raw values.
//!
//! Every value knows its place, no number was rounded, and a value that nobody reads
//! can be anything. serde's derives say what is missing or given twice as a
//! [`Fault`], and not as an English sentence.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer as _, Error, Expected, MapAccess};
use serde::de::{Unexpected, Visitor};
use serde_json::value::RawValue;
use serde_path_to_error::Segment;

use super::explain::{end, refused, shown_key};
use super::offset_in;
use crate::error::{ParseError, ParseErrorKind};

/// Reads an event, or says what is wrong with it and where.
#[cold]
pub(super) fn read<T: DeserializeOwned>(body: &[u8], text: &str) -> Result<T, ParseError> {
    let fields = fields(body, text)?;
    let values = fields.iter().map(|(name, value)| (text_of(name), value.get().as_bytes()));
    serde_path_to_error::deserialize(MapDeserializer::new(values)).map_err(|error| {
        let named = error.path().iter().find_map(|step| match step {
            Segment::Map { key } => Some(key.clone()),
            _ => None,
        });
        let Fault(mut fault) = error.into_inner();
        if let Some(name) = named {
            fault = fault.in_field(name);
        }
        let mut values = fields.iter().filter(|(name, _)| Some(&*text_of(name)) == fault.field());
        let place = match fault.kind() {
            // The end of the object.
            ParseErrorKind::Missing => text.get(text.len().saturating_sub(1)..),
            ParseErrorKind::Repeated => values.nth(1).map(|(_, value)| value.get()),
            _ => values.next().map(|(_, value)| value.get()),
        };
        fault.at_offset(body, offset_in(body, place.unwrap_or(text)))
    })
}

/// The name and the value.
type Field<'t> = (&'t RawValue, &'t RawValue);

/// The fields of an object, in order.
fn fields<'t>(body: &[u8], text: &'t str) -> Result<Vec<Field<'t>>, ParseError> {
    let mut fields = Fields::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    if let Err(error) = reader.deserialize_map(&mut fields) {
        let begun = fields.begun.map(text_of).unwrap_or_default();
        let field = if begun.is_empty() { "" } else { shown_key(&begun) };
        return Err(refused(body, text, &error, field));
    }
    end(body, text, &mut reader)?;
    Ok(fields.read)
}

#[derive(Default)]
struct Fields<'t> {
    read: Vec<Field<'t>>,
    /// The name of the field whose value is being read.
    begun: Option<&'t RawValue>,
}

impl<'t> Visitor<'t> for &mut Fields<'t> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(name) = object.next_key()? {
            self.begun = Some(name);
            self.read.push((name, object.next_value()?));
            self.begun = None;
        }
        Ok(())
    }
}

/// The name of a field. One with a lone surrogate is nobody's.
fn text_of(name: &RawValue) -> Cow<'_, str> {
    match scalar(name.get().as_bytes()) {
        Some(Cow::Borrowed(name)) => String::from_utf8_lossy(name),
        Some(Cow::Owned(name)) => Cow::Owned(lossy(&name)),
        None => Cow::Borrowed(""),
    }
}

/// The text of a value that is text, and the digits of a number, as they are written.
/// Of any other value there is none.
///
/// It is UTF-8, but for lone surrogates: each is three bytes, as UTF-8 would write it.
pub(crate) fn scalar(json: &[u8]) -> Option<Cow<'_, [u8]>> {
    match json {
        [b'"', plain @ .., b'"'] if !plain.contains(&b'\\') => Some(Cow::Borrowed(plain)),
        [b'"', ..] => serde_json::Deserializer::from_slice(json).deserialize_bytes(Bytes).ok(),
        [b'-' | b'0'..=b'9', ..] => Some(Cow::Borrowed(json)),
        _ => None,
    }
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Cow<'static, [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_bytes<E>(self, text: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_vec()))
    }
}

/// The text with U+FFFD for each lone surrogate.
pub(crate) fn lossy(text: &[u8]) -> String {
    let mut whole = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        whole.push_str(chunk.valid());
        // Of the three bytes, each comes by itself, and only the first is this one.
        if chunk.invalid() == [0xed] {
            whole.push(char::REPLACEMENT_CHARACTER);
        }
    }
    whole
}

/// What is wrong, in the terms of our own error.
#[derive(Debug)]
struct Fault(ParseError);

impl Fault {
    fn invalid(expected: String) -> Self {
        Self(ParseError::new(ParseErrorKind::Invalid(expected.into())))
    }
}

impl Error for Fault {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::invalid("what is expected".into())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid(expected.to_string())
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid(expected.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self(ParseError::new(ParseErrorKind::Missing).in_field(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self(ParseError::new(ParseErrorKind::Repeated).in_field(field))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Fault {}
