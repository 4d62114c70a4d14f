//! Text: a body as text, short texts, text that XML can hold, and text that is shown or
//! put into an address.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{ParseError, ParseErrorKind};
use crate::wire::lenient;

/// The body as text, without the byte order marks before it.
pub(crate) fn of(body: &[u8]) -> Result<&str, ParseError> {
    let text = str::from_utf8(body).map_err(|error| {
        ParseError::new(ParseErrorKind::Encoding).at_offset(body, error.valid_up_to())
    })?;
    Ok(text.trim_start_matches('\u{feff}'))
}

/// Whether a character around a document is no part of it: white space of any kind,
/// and what buffers and editors leave at the end, a NUL, Ctrl-Z or a byte order mark.
pub(crate) fn is_padding(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\0' | '\u{1a}' | '\u{feff}')
}

/// The text with a replacement character, U+FFFD, for each character that XML
/// cannot hold (production 2). It is the policy for what is read and for what is
/// written.
pub(crate) fn holdable(text: Cow<'_, str>) -> Cow<'_, str> {
    if is_plain(&text) || !text.contains(is_not_allowed) {
        return text;
    }
    Cow::Owned(text.replace(is_not_allowed, "\u{fffd}"))
}

/// Whether a quick look finds neither such a character nor a carriage return.
pub(crate) fn is_plain(text: &str) -> bool {
    // No early exit, so that the loop is vectorized. U+FFFE and U+FFFF begin with
    // the byte 0xEF.
    let suspicious = |byte| byte == b'\r' || byte == 0xef || is_control(byte);
    !text.bytes().fold(false, |any, byte| any | suspicious(byte))
}

fn is_control(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')
}

/// A `char` is no surrogate, so these are left.
fn is_not_allowed(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}') || u8::try_from(c).is_ok_and(is_control)
}

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

/// The text with its control characters escaped.
impl<const N: usize> fmt::Display for ShortText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&printable(self.as_str()))
    }
}

impl<const N: usize> fmt::Debug for ShortText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl<const N: usize> Serialize for ShortText<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// From text, or from a whole number, which is kept as its digits.
impl<'de, const N: usize> Deserialize<'de> for ShortText<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::text(deserializer)
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
mod tests {
    use super::*;

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
