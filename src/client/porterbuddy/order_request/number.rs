use std::fmt;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::wire::json;

/// From here on, what is neither `u64` nor `i64` can have been rounded when it
/// was read.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number, or a text that holds one.
///
/// Porterbuddy's own request has `"weightGrams": 600` in a parcel and
/// `"weightGrams": "600"` in an item. Each is written as it was read; a number
/// that is too large for that is refused.
///
/// ```
/// use order_webhooks::client::porterbuddy::order_request::Number;
///
/// let price = Number::text("79900");
/// assert_eq!(price.as_u64(), Some(79_900));
/// assert_eq!(Number::text("+79900").as_u64(), None);
/// assert_ne!(price, Number::from(79_900_u64));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Number(Form);

#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Form {
    Number(serde_json::Number),
    Text(Box<str>),
}

impl Number {
    /// A number that is written as text: `"79900"`.
    #[must_use]
    pub fn text(digits: impl Into<String>) -> Self {
        Self(Form::Text(digits.into().into_boxed_str()))
    }

    /// Whether it is written as text.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self.0, Form::Text(_))
    }

    /// The number, if it is a whole one from 0 to 2⁶⁴ − 1.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match &self.0 {
            Form::Number(number) => number.as_u64(),
            Form::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            Form::Text(_) => None,
        }
    }

    /// The number, or the nearest one that is an `f64`.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match &self.0 {
            Form::Number(number) => number.as_f64(),
            Form::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        }
    }
}

impl From<u32> for Number {
    fn from(number: u32) -> Self {
        Self(Form::Number(number.into()))
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(Form::Number(number.into()))
    }
}

/// As it is written: `600` or `"600"`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Number(number) => number.fmt(f),
            Form::Text(text) => write!(f, "{text:?}"),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Number(number) => match exact(&number) {
                Some(number) => Ok(Self(Form::Number(number))),
                None => {
                    Err(D::Error::invalid_value(Unexpected::Other("number"), &"exact as a number"))
                }
            },
            Value::String(text) => Ok(Self(Form::Text(text.into()))),
            _ => Err(D::Error::invalid_type(Unexpected::Other("value"), &"a number")),
        }
    }
}

/// The number, unless it may have been rounded.
fn exact(digits: &serde_json::Number) -> Option<serde_json::Number> {
    let number = json::number(digits)?;
    let is_whole = number.is_u64() || number.is_i64();
    (is_whole || number.as_f64()?.abs() < EXACT).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_may_have_been_rounded_is_refused() {
        let read = |json| serde_json::from_str::<Number>(json);
        for (written, kept) in [
            ("9007199254740991.0", "9007199254740991.0"),
            ("-9007199254740991.0", "-9007199254740991.0"),
            ("9007199254740993", "9007199254740993"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("0.5", "0.5"),
            ("0.50", "0.5"),
            ("1e2", "100.0"),
            ("-0", "-0.0"),
            ("0", "0"),
        ] {
            assert_eq!(read(written).unwrap().to_string(), kept);
        }
        for rounded in [
            "9007199254740992.0",
            "-9007199254740993.0",
            "18446744073709551616",
            "-9223372036854775809",
        ] {
            let error = read(rounded).unwrap_err().to_string();
            assert!(error.contains("expected exact as a number"), "{error}");
        }
    }
}
