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
    /// Filled up with zero bytes, which no number from a document has.
    Inline([u8; INLINE]),
    Heap(Box<str>),
}

impl TelephoneNumber {
    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Inline(bytes) => {
                let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
                bytes.get(..end).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default()
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
        if text.len() > INLINE || text.contains('\0') {
            return Self(Repr::Heap(text.into()));
        }
        let mut bytes = [0; INLINE];
        for (to, from) in bytes.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        Self(Repr::Inline(bytes))
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
