//! JSON into values.
//!
//! `serde_json` decides what JSON is and what is wrong with it. What it lets
//! through in fields that nobody reads (lone surrogates, depth, numbers out of range) is
//! refused here too, so that a body is either JSON everywhere or not at all.

mod flat;
mod place;
mod refusal;

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor,
};

use crate::error::{ParseError, ParseErrorKind};

/// The text of one field, unescaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    pub(crate) value: Cow<'a, str>,
    /// The byte of the body at which the value, with its quotes, starts.
    pub(crate) at: Option<usize>,
}

impl Text<'_> {
    /// The value of the field, or the error that it is not what it should be.
    pub(crate) fn convert<T>(
        &self,
        field: &'static str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ParseError> {
        read(&self.value).ok_or_else(|| {
            let error = ParseError::new(ParseErrorKind::Invalid(expected.into())).in_field(field);
            match self.at {
                Some(at) => error.at_byte(at),
                None => error,
            }
        })
    }
}

/// The text fields of a flat object.
///
/// The `required` ones must be strings, an `optional` one can be absent or
/// null. Other fields can hold anything that is JSON.
#[allow(clippy::type_complexity)]
pub(crate) fn text_fields<'a, const R: usize, const O: usize>(
    body: &'a [u8],
    required: &[&'static str; R],
    optional: &[&'static str; O],
) -> Result<([Text<'a>; R], [Option<Text<'a>>; O]), ParseError> {
    let source = Source::new(body)?;
    let fields = Fields { required, optional };
    match flat::text_fields(source.text, source.base, fields) {
        Some(slots) => slots.finish(fields),
        None => careful_text_fields(source, fields)?.finish(fields),
    }
}

/// The way that every body can go: all that the short way leaves is decided here.
fn careful_text_fields<'a, const R: usize, const O: usize>(
    source: Source<'a>,
    fields: Fields<'_, R, O>,
) -> Result<Slots<'a, R, O>, ParseError> {
    source.read(|deserializer| deserializer.deserialize_map(FieldsVisitor { source, fields }))
}

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
    source.read(|deserializer| Strict.deserialize(deserializer))?;
    source.read(|deserializer| T::deserialize(deserializer))
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
        read: impl FnOnce(
            &mut serde_json::Deserializer<serde_json::de::StrRead<'a>>,
        ) -> serde_json::Result<T>,
    ) -> Result<T, ParseError> {
        let mut deserializer = serde_json::Deserializer::from_str(self.text);
        read(&mut deserializer)
            .and_then(|value| deserializer.end().map(|()| value))
            .map_err(|error| refusal::explain(&error, self))
    }
}

/// The names of the fields to read. A field's number is its place among the
/// required ones, followed by the optional ones.
#[derive(Clone, Copy)]
struct Fields<'n, const R: usize, const O: usize> {
    required: &'n [&'static str; R],
    optional: &'n [&'static str; O],
}

impl<const R: usize, const O: usize> Fields<'_, R, O> {
    fn name(self, number: usize) -> Option<&'static str> {
        self.required.get(number).or_else(|| self.optional.get(number.checked_sub(R)?)).copied()
    }

    /// The number of a field, tried first at `hint`: senders keep an order.
    fn number(self, name: &str, hint: usize) -> Option<usize> {
        if self.name(hint) == Some(name) {
            return Some(hint);
        }
        self.required.iter().chain(self.optional).position(|&known| known == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Slot<'a> {
    Absent,
    Null,
    Text(Text<'a>),
}

impl<'a> Slot<'a> {
    fn text(self) -> Option<Text<'a>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Null => None,
        }
    }
}

/// The fields found so far.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Slots<'a, const R: usize, const O: usize> {
    required: [Slot<'a>; R],
    optional: [Slot<'a>; O],
}

impl<'a, const R: usize, const O: usize> Slots<'a, R, O> {
    const EMPTY: Self =
        Self { required: [const { Slot::Absent }; R], optional: [const { Slot::Absent }; O] };

    /// The slot of a field that was not given before.
    fn vacant(&mut self, number: usize) -> Option<&mut Slot<'a>> {
        self.required
            .get_mut(number)
            .or_else(|| self.optional.get_mut(number.checked_sub(R)?))
            .filter(|slot| matches!(slot, Slot::Absent))
    }

    #[allow(clippy::type_complexity)]
    fn finish(
        self,
        fields: Fields<'_, R, O>,
    ) -> Result<([Text<'a>; R], [Option<Text<'a>>; O]), ParseError> {
        let mut missing = None;
        let mut names = fields.required.iter();
        let required = self.required.map(|slot| {
            let name = names.next();
            slot.text().unwrap_or_else(|| {
                missing = missing.or(name);
                Text { value: Cow::Borrowed(""), at: None }
            })
        });
        match missing {
            None => Ok((required, self.optional.map(Slot::text))),
            Some(&name) => Err(ParseError::new(ParseErrorKind::Missing).in_field(name)),
        }
    }
}

struct FieldsVisitor<'a, 'n, const R: usize, const O: usize> {
    source: Source<'a>,
    fields: Fields<'n, R, O>,
}

impl<'a, const R: usize, const O: usize> Visitor<'a> for FieldsVisitor<'a, '_, R, O> {
    type Value = Slots<'a, R, O>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self { source, fields } = self;
        let mut slots = Slots::EMPTY;
        let mut hint = 0;
        for entry in 0.. {
            let Some(number) = map.next_key_seed(Key { fields, hint })? else {
                break;
            };
            let Some(number) = number else {
                map.next_value_seed(Strict)?;
                continue;
            };
            hint = number.wrapping_add(1);
            let Some(slot) = slots.vacant(number) else {
                return Err(A::Error::duplicate_field(fields.name(number).unwrap_or_default()));
            };
            *slot = map.next_value_seed(Value { source, entry, nullable: number >= R })?;
        }
        Ok(slots)
    }
}

/// A key, as the number of its field, or none for a field that nobody reads.
struct Key<'n, const R: usize, const O: usize> {
    fields: Fields<'n, R, O>,
    hint: usize,
}

impl<'de, const R: usize, const O: usize> DeserializeSeed<'de> for Key<'_, R, O> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<const R: usize, const O: usize> Visitor<'_> for Key<'_, R, O> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.fields.number(name, self.hint))
    }
}

/// The value of a field that is read.
struct Value<'a> {
    source: Source<'a>,
    /// How many entries of the object come before it.
    entry: usize,
    nullable: bool,
}

impl<'a> DeserializeSeed<'a> for Value<'a> {
    type Value = Slot<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Slot<'a>, D::Error> {
        if self.nullable {
            deserializer.deserialize_option(self)
        } else {
            deserializer.deserialize_str(self)
        }
    }
}

impl<'a> Visitor<'a> for Value<'a> {
    type Value = Slot<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_none<E: Error>(self) -> Result<Slot<'a>, E> {
        Ok(Slot::Null)
    }

    fn visit_some<D: Deserializer<'a>>(self, deserializer: D) -> Result<Slot<'a>, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'a str) -> Result<Slot<'a>, E> {
        // The text of the value is a part of the source, one byte after its quote.
        let start = self.source.text.as_ptr().addr();
        let at = value.as_ptr().addr().checked_sub(start).and_then(|at| at.checked_sub(1));
        let at = at.and_then(|at| at.checked_add(self.source.base));
        Ok(Slot::Text(Text { value: Cow::Borrowed(value), at }))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Slot<'a>, E> {
        let at = place::of_entry(self.source.text, self.entry);
        let at = at.and_then(|at| at.checked_add(self.source.base));
        Ok(Slot::Text(Text { value: Cow::Owned(value.to_owned()), at }))
    }
}

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
