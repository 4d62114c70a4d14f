//! A telephone number, as Bandwidth writes it.

use std::fmt;

use serde::{Serialize, Serializer};

/// The longest number that is kept without a heap allocation. A number has ten
/// digits; a notification can have a hundred thousand of them.
const INLINE: usize = 22;

/// A telephone number as Bandwidth writes it: ten digits without `+1`, such as
/// `2223331000`. Text of another form is kept as it came.
///
/// A number is customer data: `Debug` does not show it. [`as_str`](Self::as_str)
/// gives it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TelephoneNumber(Repr);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Repr {
    /// The text, filled up with zeros, and its length; compared in this order.
    Inline([u8; INLINE], u8),
    Heap(Box<str>),
}

impl TelephoneNumber {
    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Inline(bytes, length) => {
                let text = bytes.get(..usize::from(*length)).unwrap_or_default();
                str::from_utf8(text).unwrap_or_default()
            }
            Repr::Heap(text) => text,
        }
    }

    /// Whether it has the documented form of ten digits.
    #[must_use]
    pub fn is_ten_digits(&self) -> bool {
        let text = self.as_str();
        text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl From<&str> for TelephoneNumber {
    fn from(text: &str) -> Self {
        let mut bytes = [0; INLINE];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(start), Ok(length)) => {
                start.copy_from_slice(text.as_bytes());
                Self(Repr::Inline(bytes, length))
            }
            _ => Self(Repr::Heap(text.into())),
        }
    }
}

impl Serialize for TelephoneNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Debug for TelephoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TelephoneNumber(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_every_length_comes_back() {
        for text in
            ["", "2223331000", "+12223331000", "é", "a\0b", &"1".repeat(22), &"1".repeat(23)]
        {
            assert_eq!(TelephoneNumber::from(text).as_str(), text);
        }
    }

    #[test]
    fn only_ten_digits_have_the_documented_form() {
        assert!(TelephoneNumber::from("2223331000").is_ten_digits());
        for text in ["", "222333100", "22233310000", "+12223331000", "222333100x"] {
            assert!(!TelephoneNumber::from(text).is_ten_digits(), "{text}");
        }
    }

    #[test]
    fn it_does_not_show() {
        let number = TelephoneNumber::from("2223331000");
        assert_eq!(format!("{number:?}"), "TelephoneNumber(redacted)");
    }
}
