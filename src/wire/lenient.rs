//! Values as providers write them: text for a number, a number for text, and
//! anything at all in a field that is optional.
//!
//! The functions read from every format of serde, so that an event that was
//! written to a queue comes back from it.

use std::fmt;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

/// What `read` makes of text, or of the digits of a whole number. Another value
/// (null, a list, an object, `true`) is none, as is text that `read` does not take.
///
/// # Errors
///
/// For a number that is neither `u64` nor `i64`: it was rounded before it got
/// here. `json::event` gives it once more, as its text.
pub(crate) fn optional<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(Lenient(read))
}

/// The same, but none is an error.
pub(crate) fn required<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let value = optional(deserializer, read)?;
    value.ok_or_else(|| Error::invalid_value(Unexpected::Other("value"), &expected))
}

/// Reads text, for `#[serde(deserialize_with)]` on a field that is required.
pub(crate) fn text<'de, D: Deserializer<'de>, T: for<'t> From<&'t str>>(
    deserializer: D,
) -> Result<T, D::Error> {
    required(deserializer, "text", |text| Some(T::from(text)))
}

/// Reads text, for `#[serde(deserialize_with)]` on a field that is optional.
pub(crate) fn optional_text<'de, D: Deserializer<'de>, T: for<'t> From<&'t str>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    optional(deserializer, |text| Some(T::from(text)))
}

struct Lenient<R>(R);

impl<'de, T, R: FnOnce(&str) -> Option<T>> Visitor<'de> for Lenient<R> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<T>, E> {
        Ok(self.0(text))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<T>, E> {
        Ok(self.0(&number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<T>, E> {
        Ok(self.0(&number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Option<T>, E> {
        Err(E::invalid_type(Unexpected::Float(number), &"exact as a number"))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<Option<T>, D::Error> {
        some.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<T>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Option<T>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{BytesDeserializer, Error as ValueError, StrDeserializer};
    use serde::forward_to_deserialize_any;

    use super::*;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
        optional(deserializer, |text| Some(text.to_owned()))
    }

    #[test]
    fn what_is_no_text_and_no_number_is_none_and_is_read_to_its_end() {
        for (json, value) in [
            (r#""a""#, Some("a")),
            ("7", Some("7")),
            ("-7", Some("-7")),
            ("null", None),
            ("true", None),
            ("[]", None),
            ("[1,[2]]", None),
            ("{}", None),
            (r#"{"a":{"b":[1]}}"#, None),
        ] {
            let mut deserializer = serde_json::Deserializer::from_str(json);
            assert_eq!(read(&mut deserializer).unwrap().as_deref(), value, "{json}");
            deserializer.end().unwrap();
        }
        let rounded = read(&mut serde_json::Deserializer::from_str("0.5")).unwrap_err().to_string();
        assert!(
            rounded.starts_with("invalid type: floating point `0.5`, expected exact"),
            "{rounded}"
        );
    }

    /// A format that writes `Some(…)`.
    struct Wrapped(&'static str);

    impl<'de> Deserializer<'de> for Wrapped {
        type Error = ValueError;

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            visitor.visit_some(StrDeserializer::new(self.0))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }

    #[test]
    fn another_format_is_read_or_refused_with_a_reason() {
        assert_eq!(read(Wrapped("a")), Ok(Some("a".to_owned())));
        let refused = read(BytesDeserializer::<ValueError>::new(b"a")).unwrap_err().to_string();
        assert_eq!(refused, "invalid type: byte array, expected a value");
    }
}
