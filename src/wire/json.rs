//! JSON into values.
//!
//! `serde_json` decides what JSON is and what is wrong with it. What it lets
//! through in fields that nobody reads (lone surrogates, depth, numbers out of range) is
//! refused here too, so that a body is either JSON everywhere or not at all.

mod fields;
mod flat;
mod place;
mod refusal;

use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

pub(crate) use self::fields::{Text, text_fields};
use crate::error::{ParseError, ParseErrorKind};

/// A document of any shape.
///
/// # Errors
///
/// The error names the field as `origin.pickupWindows[0].start`. Keys that do
/// not look like the name of a field are shown as `*`, and of the messages of
/// `T` only those parts are kept that do not depend on the body.
pub(crate) fn document<T: DeserializeOwned>(body: &[u8]) -> Result<T, ParseError> {
    let source = Source::new(body)?;
    // `T` skips the fields it does not know with less care.
    let checked = source.read(|reader| Strict.deserialize(reader));
    checked.map_err(|error| refusal::explain(&error, source))?;
    source.read(|reader| T::deserialize(reader)).map_err(|error| {
        let error = refusal::narrow::<T>(error, source);
        refusal::explain(&error, source)
    })
}

/// A body as text, without its byte order mark.
#[derive(Clone, Copy)]
struct Source<'a> {
    text: &'a str,
    /// The byte of the body at which the text starts.
    base: usize,
}

impl<'a> Source<'a> {
    fn new(body: &'a [u8]) -> Result<Self, ParseError> {
        let text = std::str::from_utf8(body).map_err(|error| {
            ParseError::new(ParseErrorKind::Encoding).at_byte(error.valid_up_to())
        })?;
        Ok(match text.strip_prefix('\u{feff}') {
            Some(text) => Self { text, base: '\u{feff}'.len_utf8() },
            None => Self { text, base: 0 },
        })
    }

    /// Reads the whole text.
    fn read<T>(
        self,
        read: impl FnOnce(&mut Reader<'a>) -> serde_json::Result<T>,
    ) -> serde_json::Result<T> {
        let mut reader = Reader::from_str(self.text);
        let value = read(&mut reader)?;
        reader.end().map(|()| value)
    }
}

type Reader<'a> = serde_json::Deserializer<serde_json::de::StrRead<'a>>;

/// Any value, looked at in full and dropped.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry_seed(Self, Self)?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests;
