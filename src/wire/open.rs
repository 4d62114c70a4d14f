//! Text of a provider: lists of words that it may add to, short texts, and text
//! that is shown or put into an address.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// An enum of a provider's words. Unknown words become `Other`, with their text.
///
/// A word with a second spelling names it after the first, `"a" | "b"`; the first
/// is the one that is written.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$doc:meta])* $variant:ident = $word:literal $(| $spelling:literal)*,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[$doc])*
                ///
                #[doc = concat!("On the wire: `", $word, "`" $(, " or `", $spelling, "`")*, ".")]
                $variant,
            )+
            /// A word that is not in the list, as it came.
            Other(Box<str>),
        }

        impl $name {
            /// Every word of the list, in its order.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// The word as the provider writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word $(| $spelling)* => Self::$variant,)+
                    other => Self::Other(other.into()),
                }
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        /// The word as the provider writes it, with control characters escaped.
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&$crate::wire::open::printable(self.as_str()))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        /// From text, or from a whole number, which is kept as its digits.
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::lenient::text(deserializer)
            }
        }
    };
}

pub(crate) use open_enum;

/// Text that is kept without a heap allocation up to `N` bytes, which are at
/// most 255.
///
/// By hand, because the crates for it hold 24 bytes at most, and a timestamp has
/// up to 35.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ShortText<const N: usize>(Repr<N>);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Repr<const N: usize> {
    /// The text, filled up with zeros, and its length; compared in this order.
    Inline([u8; N], u8),
    Heap(Box<str>),
}

impl<const N: usize> ShortText<N> {
    pub(crate) fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Inline(bytes, length) => {
                let text = bytes.get(..usize::from(*length)).unwrap_or_default();
                str::from_utf8(text).unwrap_or_default()
            }
            Repr::Heap(text) => text,
        }
    }
}

impl<const N: usize> From<&str> for ShortText<N> {
    fn from(text: &str) -> Self {
        let mut bytes = [0; N];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(start), Ok(length)) => {
                start.copy_from_slice(text.as_bytes());
                Self(Repr::Inline(bytes, length))
            }
            _ => Self(Repr::Heap(text.into())),
        }
    }
}

/// The text with its control characters escaped, so that it can neither break a
/// line of a log nor command a terminal.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unprintable(character) {
            escaped.extend(character.escape_debug());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Control characters, and those that reorder or split the text around them.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// All but RFC 3986's unreserved characters (sections 2.1 and 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The text with everything but unreserved characters encoded, in capital digits.
pub(crate) fn percent_encoded(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, RESERVED).into()
}

/// Whether [`percent_encoded`] writes some text so.
pub(crate) fn is_percent_encoded(text: &str) -> bool {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.is_ok_and(|decoded| percent_encoded(&decoded) == text)
}

#[cfg(test)]
#[allow(unreachable_pub, reason = "the macro makes public enums")]
mod tests {
    use super::*;

    open_enum! {
        /// For the tests.
        pub enum Fruit {
            /// An apple.
            Apple = "apple",
            /// A mango.
            Mango = "mango" | "mangue",
        }
    }

    #[test]
    fn known_words_are_variants_in_every_spelling() {
        assert_eq!(Fruit::from("apple"), Fruit::Apple);
        assert_eq!(Fruit::from("mangue"), Fruit::Mango);
        assert_eq!(Fruit::from("mangue").as_str(), "mango");
        assert_eq!(Fruit::KNOWN, [Fruit::Apple, Fruit::Mango]);
    }

    #[test]
    fn another_word_keeps_its_text_and_prints_harmless() {
        let fruit = Fruit::from("Apple\n\x1b[2J");
        assert_eq!(fruit, Fruit::Other("Apple\n\x1b[2J".into()));
        assert_eq!(fruit.as_str(), "Apple\n\x1b[2J");
        assert_eq!(fruit.to_string(), "Apple\\n\\u{1b}[2J");
        assert_eq!(format!("{:>6}", Fruit::Apple), " apple");
    }

    #[test]
    #[cfg(any(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
    fn every_word_comes_back_from_serde() {
        for word in ["\"apple\"", "\"mango\"", "\"pear\"", "\"\""] {
            let fruit: Fruit = serde_json::from_str(word).unwrap();
            assert_eq!(serde_json::to_string(&fruit).unwrap(), word);
        }
        assert_eq!(serde_json::from_str::<Fruit>("7").unwrap(), Fruit::Other("7".into()));
        assert!(serde_json::from_str::<Fruit>("null").is_err());
    }

    #[test]
    fn text_of_every_length_comes_back() {
        for text in ["", "2223331000", "é", "a\0b", &"1".repeat(22), &"1".repeat(23)] {
            assert_eq!(ShortText::<22>::from(text).as_str(), text);
            assert!(ShortText::<22>::from(text) == text.into());
        }
        assert!(ShortText::<22>::from("a") != "a\0".into());
        assert!(ShortText::<22>::from("ab") < "b".into());
    }

    #[test]
    fn only_unreserved_characters_are_left_as_they_are() {
        for (text, encoded) in [
            ("", ""),
            ("azAZ09-._~", "azAZ09-._~"),
            ("a/b?c#d", "a%2Fb%3Fc%23d"),
            ("100% é", "100%25%20%C3%A9"),
            ("\0\n", "%00%0A"),
        ] {
            assert_eq!(percent_encoded(text), encoded);
            assert!(is_percent_encoded(encoded));
        }
        for text in ["%", "%2", "%2f", "%41", "%zz", "%C3", "a b", "é"] {
            assert!(!is_percent_encoded(text), "{text}");
        }
    }

    #[test]
    fn only_control_characters_are_escaped() {
        for (text, printed) in [
            ("", ""),
            ("COMPLETE", "COMPLETE"),
            ("a \"quoted\" café", "a \"quoted\" café"),
            ("\x1b[2J", "\\u{1b}[2J"),
            ("a\r\nb\tc\0", "a\\r\\nb\\tc\\0"),
            ("\u{85}", "\\u{85}"),
            ("\u{202E}txt", "\\u{202e}txt"),
        ] {
            assert_eq!(printable(text), printed);
        }
    }
}
