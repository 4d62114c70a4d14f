//! Values as providers write them: text for a number, a number for text, and
//! anything at all in a field that is optional.
//!
//! The functions read from every format of serde, so that an event that was
//! written to a queue comes back from it.

use std::fmt;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

use crate::wire::json;

/// What `read` makes of text, or of the digits of a whole number. Another value
/// (null, a list, an object, `true`) is none, as is text that `read` does not take.
///
/// # Errors
///
/// For a number that is neither `u64` nor `i64`, which may have been rounded before
/// it got here. `json::event` gives it once more, as it is written.
pub(crate) fn optional<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(Lenient { read, exact: false })
}

/// The same for what identifies a thing: none is an error, and so is a lone surrogate.
pub(crate) fn required<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    some(deserializer.deserialize_any(Lenient { read, exact: true })?, expected)
}

/// Reads text, for `#[serde(deserialize_with)]` on a field that is required.
pub(crate) fn text<'de, D: Deserializer<'de>, T: for<'t> From<&'t str>>(
    deserializer: D,
) -> Result<T, D::Error> {
    some(optional(deserializer, |text| Some(T::from(text)))?, "text")
}

/// Reads text that is not empty or white space, for `#[serde(deserialize_with)]` on a
/// field that identifies a thing.
pub(crate) fn id<'de, D: Deserializer<'de>, T: for<'t> From<&'t str>>(
    deserializer: D,
) -> Result<T, D::Error> {
    required(deserializer, "text of at least one character", |text| {
        (!text.chars().all(char::is_whitespace)).then(|| T::from(text))
    })
}

fn some<T, E: Error>(value: Option<T>, expected: &'static str) -> Result<T, E> {
    value.ok_or_else(|| E::invalid_value(Unexpected::Other("value"), &expected))
}

/// Reads text, for `#[serde(deserialize_with)]` on a field that is optional.
pub(crate) fn optional_text<'de, D: Deserializer<'de>, T: for<'t> From<&'t str>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    optional(deserializer, |text| Some(T::from(text)))
}

const EXACT: &str = "exact as a number";

struct Lenient<R> {
    read: R,
    /// A lone surrogate is an error, and not U+FFFD.
    exact: bool,
}

impl<'de, T, R: FnOnce(&str) -> Option<T>> Visitor<'de> for Lenient<R> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<T>, E> {
        Ok((self.read)(text))
    }

    /// A value as JSON writes it, from `json::event`.
    fn visit_bytes<E: Error>(self, json: &[u8]) -> Result<Option<T>, E> {
        let Some(text) = json::scalar(json) else { return Ok(None) };
        match str::from_utf8(&text) {
            Ok(text) => Ok((self.read)(text)),
            Err(_) if self.exact => {
                Err(E::invalid_value(Unexpected::Other("text"), &"text without lone surrogates"))
            }
            Err(_) => Ok((self.read)(&json::lossy(&text))),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<T>, E> {
        Ok((self.read)(&number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<T>, E> {
        Ok((self.read)(&number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Option<T>, E> {
        Err(E::invalid_type(Unexpected::Float(number), &EXACT))
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
        /// So `serde_json` hands a number over once any crate in the build has switched
        /// its feature `arbitrary_precision` on.
        const NUMBER: &str = "$serde_json::private::Number";
        while let Some(key) = object.next_key::<String>()? {
            if key == NUMBER {
                let number = object.next_value::<String>()?;
                let whole = number.parse::<u64>().map(|whole| whole.to_string());
                let whole = whole.or_else(|_| number.parse::<i64>().map(|whole| whole.to_string()));
                return match whole {
                    Ok(whole) if whole == number => Ok((self.read)(&number)),
                    _ => Err(Error::invalid_type(Unexpected::Other("number"), &EXACT)),
                };
            }
            object.next_value::<IgnoredAny>()?;
        }
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
        for number in ["0.5", "-0", "1e2", "18446744073709551616", "-9223372036854775809"] {
            let rounded = read(&mut serde_json::Deserializer::from_str(number));
            let error = rounded.unwrap_err().to_string();
            assert!(error.contains("expected exact as a number"), "{number}: {error}");
        }
    }

    #[test]
    fn a_number_is_the_same_with_arbitrary_precision() {
        for number in ["7", "-7", "18446744073709551615", "-9223372036854775808"] {
            let json = format!(r#"{{"$serde_json::private::Number":"{number}"}}"#);
            let whole = read(&mut serde_json::Deserializer::from_str(&json)).unwrap();
            assert_eq!(whole.as_deref(), Some(number));
        }
        for number in ["0.5", "-0", "1e2", "18446744073709551616", "-9223372036854775809", "x"] {
            let json = format!(r#"{{"$serde_json::private::Number":"{number}"}}"#);
            let error = read(&mut serde_json::Deserializer::from_str(&json)).unwrap_err();
            assert!(error.to_string().contains("expected exact as a number"), "{number}: {error}");
        }
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
    fn another_format_is_read_or_told_what_is_wanted() {
        assert_eq!(read(Wrapped("a")), Ok(Some("a".to_owned())));
        let visitor = Lenient { read: |text: &str| Some(text.to_owned()), exact: false };
        let newtype = StrDeserializer::<ValueError>::new("a");
        let refused = visitor.visit_newtype_struct(newtype).unwrap_err().to_string();
        assert_eq!(refused, "invalid type: newtype struct, expected a value");
    }

    /// So a value comes from `json::event`.
    #[test]
    fn bytes_are_a_value_as_json_writes_it() {
        for (json, value) in [
            (r#""a\u0062""#, Some("ab")),
            (r#""a\ud800""#, Some("a\u{fffd}")),
            ("-1.50e9", Some("-1.50e9")),
            ("null", None),
            ("true", None),
            (r#"["a"]"#, None),
            (r#"{"a":"b"}"#, None),
        ] {
            let bytes = BytesDeserializer::<ValueError>::new(json.as_bytes());
            assert_eq!(read(bytes), Ok(value.map(str::to_owned)), "{json}");
        }
        let id = BytesDeserializer::<ValueError>::new(br#""a\ud800""#);
        let refused = required(id, "text", |text| Some(text.to_owned())).unwrap_err().to_string();
        assert_eq!(refused, "invalid value: text, expected text without lone surrogates");
    }
}
