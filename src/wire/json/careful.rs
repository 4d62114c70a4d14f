//! JSON that `serde_json` did not read, once more: as it is written, value by
//! value.
//!
//! A value here knows its own place, a number is never rounded, and the errors of
//! serde's derives arrive as what they are (a missing field and its name, not an
//! English sentence), because the error type is ours.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, Error, Expected, IntoDeserializer, MapAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment};

use super::explain::at_path;
use crate::error::{ParseError, ParseErrorKind};

/// As many objects and arrays in each other as `serde_json` opens.
const DEEPEST: usize = 127;

/// The value, or what is wrong with it and where in the text around it.
pub(super) fn read<T: DeserializeOwned>(value: &RawValue, text: &str) -> Result<T, ParseError> {
    let careful = Careful { value, depth: 0 };
    serde_path_to_error::deserialize(careful).map_err(|error| {
        let fault = error.inner();
        let value = at(value, error.path()).unwrap_or(value);
        // The value is a part of the text, and so is the second value of a field.
        let place = fault.place(value).saturating_sub(text.as_ptr().addr());
        let explained = ParseError::new(fault.kind.clone()).at_offset(text.as_bytes(), place);
        at_path(explained, error.path(), fault.field)
    })
}

/// The value at this path.
fn at<'a>(value: &'a RawValue, path: &Path) -> Option<&'a RawValue> {
    path.iter().try_fold(value, |value, step| match step {
        Segment::Map { key } => {
            entries(value).find(|(name, _)| name == key).map(|(_, value)| value)
        }
        Segment::Seq { index } => list(value).get(*index).copied(),
        Segment::Enum { .. } | Segment::Unknown => None,
    })
}

/// The entries of an object, in order.
fn entries(value: &RawValue) -> impl Iterator<Item = (Cow<'_, str>, &RawValue)> {
    let entries = serde_json::from_str(value.get()).map(|Entries(entries)| entries);
    entries.unwrap_or_default().into_iter().map(|(key, value)| (name(key), value))
}

/// The text of a key. One with a lone surrogate is no text, and no field's name.
fn name(key: &RawValue) -> Cow<'_, str> {
    let json = key.get();
    let plain = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
    match plain.filter(|name| !name.contains('\\')) {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())),
    }
}

/// The values of an array.
fn list(value: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(value.get()).unwrap_or_default()
}

/// One value, of which `serde_json` has seen that it is JSON.
#[derive(Clone, Copy)]
struct Careful<'a> {
    value: &'a RawValue,
    /// How many objects and arrays are around it.
    depth: usize,
}

impl<'a> Careful<'a> {
    fn inside(self, value: &'a RawValue) -> Self {
        Self { value, depth: self.depth.saturating_add(1) }
    }
}

impl<'de> Deserializer<'de> for Careful<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let json = self.value.get();
        match json.as_bytes().first() {
            Some(b'{' | b'[') if self.depth >= DEEPEST => Err(ParseErrorKind::TooDeep.into()),
            Some(b'{') => {
                let values = entries(self.value).map(|(key, value)| (key, self.inside(value)));
                visitor.visit_map(MapDeserializer::new(values))
            }
            Some(b'[') => {
                let values = list(self.value).into_iter().map(|value| self.inside(value));
                visitor.visit_seq(SeqDeserializer::new(values))
            }
            Some(b'"') => match serde_json::from_str(json) {
                Ok(text) => visitor.visit_string(text),
                // Of text that is known to be JSON, nothing else is left to refuse.
                Err(_) => Err(ParseErrorKind::Syntax("lone surrogate".into()).into()),
            },
            Some(b'n') => visitor.visit_unit(),
            Some(b't') => visitor.visit_bool(true),
            Some(b'f') => visitor.visit_bool(false),
            _ => match json.parse() {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_str(json),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value.get() {
            "null" => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier
    }
}

impl<'a> IntoDeserializer<'a, Fault> for Careful<'a> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The entries of an object, in order, with their keys as they are written.
struct Entries<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// What is wrong with a value.
#[derive(Debug)]
struct Fault {
    kind: ParseErrorKind,
    /// The field of the value that is missing or there twice.
    field: Option<&'static str>,
}

impl Fault {
    /// Where it is, as an address: at the end of a value that lacks a field, at the
    /// second one of two, or else at the start.
    fn place(&self, value: &RawValue) -> usize {
        let start = value.get().as_ptr().addr();
        let named = |name: &str| Some(name) == self.field;
        match self.kind {
            ParseErrorKind::Missing => start.saturating_add(value.get().len()).saturating_sub(1),
            ParseErrorKind::Repeated => entries(value)
                .filter(|(name, _)| named(name))
                .nth(1)
                .map_or(start, |(_, second)| second.get().as_ptr().addr()),
            _ => start,
        }
    }
}

impl From<ParseErrorKind> for Fault {
    fn from(kind: ParseErrorKind) -> Self {
        Self { kind, field: None }
    }
}

impl Error for Fault {
    fn custom<T: fmt::Display>(_: T) -> Self {
        ParseErrorKind::Invalid("what is expected".into()).into()
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        ParseErrorKind::Invalid(expected.to_string().into()).into()
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        ParseErrorKind::Invalid(expected.to_string().into()).into()
    }

    fn missing_field(field: &'static str) -> Self {
        Self { field: Some(field), ..ParseErrorKind::Missing.into() }
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self { field: Some(field), ..ParseErrorKind::Repeated.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for Fault {}
