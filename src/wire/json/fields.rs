//! The text fields of a flat object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::{Source, Strict, flat, place, refusal};
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
#[allow(clippy::type_complexity, reason = "two arrays, taken apart at once by the caller")]
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
pub(super) fn careful_text_fields<'a, const R: usize, const O: usize>(
    source: Source<'a>,
    fields: Fields<'_, R, O>,
) -> Result<Slots<'a, R, O>, ParseError> {
    source
        .read(|reader| reader.deserialize_map(FieldsVisitor { source, fields }))
        .map_err(|error| refusal::explain(&error, source))
}

/// The names of the fields to read. A field's number is its place among the
/// required ones, followed by the optional ones.
#[derive(Clone, Copy)]
pub(super) struct Fields<'n, const R: usize, const O: usize> {
    pub(super) required: &'n [&'static str; R],
    pub(super) optional: &'n [&'static str; O],
}

impl<const R: usize, const O: usize> Fields<'_, R, O> {
    pub(super) fn name(self, number: usize) -> Option<&'static str> {
        self.required.get(number).or_else(|| self.optional.get(number.checked_sub(R)?)).copied()
    }

    pub(super) fn number(self, name: &str) -> Option<usize> {
        self.required.iter().chain(self.optional).position(|&known| known == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Slot<'a> {
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
pub(super) struct Slots<'a, const R: usize, const O: usize> {
    required: [Slot<'a>; R],
    optional: [Slot<'a>; O],
}

impl<'a, const R: usize, const O: usize> Slots<'a, R, O> {
    pub(super) const EMPTY: Self =
        Self { required: [const { Slot::Absent }; R], optional: [const { Slot::Absent }; O] };

    /// The slot of a field that was not given before.
    pub(super) fn vacant(&mut self, number: usize) -> Option<&mut Slot<'a>> {
        self.required
            .get_mut(number)
            .or_else(|| self.optional.get_mut(number.checked_sub(R)?))
            .filter(|slot| matches!(slot, Slot::Absent))
    }

    #[allow(clippy::type_complexity, reason = "two arrays, taken apart at once by the caller")]
    pub(super) fn finish(
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

pub(super) struct FieldsVisitor<'a, 'n, const R: usize, const O: usize> {
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
        if self.fields.name(self.hint) == Some(name) {
            return Ok(Some(self.hint));
        }
        Ok(self.fields.number(name))
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
