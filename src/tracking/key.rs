//! The thing that an event is about.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::error::{ParseError, ParseErrorKind};
use crate::tracking::ContentDigest;
use crate::wire::text;

/// The thing that an event is about, such as one order of one provider.
///
/// Its text form is a kind, a colon and an id, `porterbuddy.order:394326`: at
/// most 257 characters of ASCII without spaces. Characters of an id other than
/// letters, digits and `-._~` are percent-encoded (RFC 3986, section 2.1), and
/// an id of more than 128 characters is replaced by its digest,
/// `sha256=` and 64 hexadecimal digits. A key holds an id of the provider or a
/// digest, and nothing else of an event.
///
/// ```
/// use order_webhooks::tracking::Key;
///
/// let key = Key::new("acme.stock", "shelf 7");
/// assert_eq!(key.as_str(), "acme.stock:shelf%207");
/// assert_eq!("acme.stock:shelf%207".parse(), Ok(key));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Box<str>);

/// The longest encoded part that is kept as it is.
const LONGEST: usize = 128;
const DIGEST: &str = "sha256=";

impl Key {
    /// The thing of this kind, named after the provider and the thing, with the
    /// id that the provider gave it.
    #[must_use]
    pub fn new(kind: &str, id: &str) -> Self {
        Self(format!("{}:{}", part(kind), part(id)).into())
    }

    /// A thing of this kind that has no id: the digest of what is said about it
    /// stands in.
    #[must_use]
    pub fn of_digest(kind: &str, digest: &ContentDigest) -> Self {
        Self(format!("{}:{DIGEST}{digest}", part(kind)).into())
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn part(text: &str) -> Cow<'_, str> {
    let encoded = text::percent_encoded(text);
    if encoded.len() > LONGEST {
        return format!("{DIGEST}{}", ContentDigest::of(text.as_bytes())).into();
    }
    encoded
}

/// Whether this is what [`part`] makes of some text.
fn is_part(encoded: &str) -> bool {
    match encoded.strip_prefix(DIGEST) {
        Some(digest) => digest.parse::<ContentDigest>().is_ok(),
        None => encoded.len() <= LONGEST && text::is_percent_encoded(encoded),
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.0)
    }
}

impl FromStr for Key {
    type Err = ParseError;

    /// # Errors
    ///
    /// For text that is not a key's: `"394326"`, `"porterbuddy.order:394 326"`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text.split_once(':') {
            Some((kind, id)) if is_part(kind) && is_part(id) => Ok(Self(text.into())),
            _ => Err(ParseError::new(ParseErrorKind::Invalid("a key".into()))),
        }
    }
}

serde_by_text!(Key);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_kept_readable_and_harmless() {
        let sha = "sha256=";
        let long = format!("k:{sha}{}", ContentDigest::of("é".repeat(22).as_bytes()));
        for (id, text) in [
            ("394326", "k:394326"),
            ("", "k:"),
            ("a:b/c?d=é\0", "k:a%3Ab%2Fc%3Fd%3D%C3%A9%00"),
            ("100%", "k:100%25"),
            (&"x".repeat(128), &format!("k:{}", "x".repeat(128))),
            (&"é".repeat(22), &long),
        ] {
            assert_eq!(Key::new("k", id).as_str(), text);
            assert_eq!(text.parse(), Ok(Key::new("k", id)));
        }
    }

    #[test]
    fn a_digest_cannot_be_taken_for_an_id() {
        let digest = ContentDigest::of(b"");
        let key = Key::of_digest("k", &digest);
        assert_ne!(key, Key::new("k", &format!("sha256={digest}")));
        assert_eq!(format!("{key:?}"), format!("Key(k:sha256={digest})"));
        assert_eq!(key.to_string().parse(), Ok(key));
    }

    #[test]
    fn other_text_is_no_key() {
        for text in ["", "394326", "k:394 326", "k:a:b", "k:%2", "k:%2f", "k:%41", "k:%zz", "k:é"]
        {
            assert_eq!(text.parse::<Key>().unwrap_err().to_string(), "not a key", "{text}");
        }
        for text in [format!("k:{}", "x".repeat(129)), "k:sha256=00".to_owned()] {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_key_comes_back_from_its_text(kind in ".{0,12}", id in ".{0,200}") {
            let key = Key::new(&kind, &id);
            prop_assert!(key.as_str().len() <= 257 && key.as_str().is_ascii());
            prop_assert_eq!(key.as_str().parse::<Key>(), Ok(key));
        }

        #[test]
        fn different_ids_make_different_keys(a in ".{0,50}", b in ".{0,50}") {
            prop_assert_eq!(a == b, Key::new("k", &a) == Key::new("k", &b));
        }
    }
}
