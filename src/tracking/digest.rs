//! The digest of a delivery's content.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

use crate::error::{ParseError, ParseErrorKind};
#[cfg(any(feature = "musement", feature = "porterbuddy"))]
use crate::wire::time::Timestamp;

/// The SHA-256 of what a delivery says, for deliveries that have no id and no
/// version to compare.
///
/// Its text form is 64 lower-case hexadecimal digits. A digest keeps text out of
/// sight; it does not protect what can be guessed, such as a telephone number.
///
/// Source: FIPS 180-4.
///
/// ```
/// use order_webhooks::tracking::ContentDigest;
///
/// let digest = ContentDigest::of(b"what do ya want for nothing?");
/// let text = digest.to_string();
/// assert_eq!(text, "b381e7fec653fc3ab9b178272366b8ac87fed8d31cb25ed1d0e1f3318644c89c");
/// assert_eq!(text.parse(), Ok(digest));
/// # Ok::<(), order_webhooks::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentDigest([u8; 32]);

impl ContentDigest {
    /// The digest of these bytes, such as the body of a delivery.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for ContentDigest {
    fn from(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentDigest({self})")
    }
}

impl FromStr for ContentDigest {
    type Err = ParseError;

    /// # Errors
    ///
    /// For anything but 64 lower-case hexadecimal digits: `""`, `"B381"`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        // Of lower-case digits only, so that one digest has one text.
        let mut digest = [0; 32];
        match base16ct::lower::decode(text, &mut digest) {
            Ok(_) if text.len() == 64 => Ok(Self(digest)),
            _ => Err(ParseError::new(ParseErrorKind::Invalid("a digest".into()))),
        }
    }
}

impl Serialize for ContentDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The digest of a list of values, each absent or text.
///
/// Every value goes in with its length, so that no two lists have the same
/// bytes.
#[cfg(any(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
pub(crate) struct Fields(Sha256);

#[cfg(any(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
impl Fields {
    pub(crate) fn new() -> Self {
        Self(Sha256::new())
    }

    pub(crate) fn with(mut self, value: Option<&str>) -> Self {
        match value {
            None => self.0.update([0]),
            Some(text) => self.text(text),
        }
        self
    }

    /// A moment, whatever the offset that it was written with, or else the text.
    #[cfg(any(feature = "musement", feature = "porterbuddy"))]
    pub(crate) fn with_timestamp(self, time: Option<&Timestamp>) -> Self {
        match time.map(|time| (time.to_offset_date_time(), time)) {
            Some((Some(at), _)) => self.with(Some(&at.unix_timestamp_nanos().to_string())),
            Some((None, time)) => self.with(Some(time.as_str())),
            None => self.with(None),
        }
    }

    /// A list of any length within the list.
    #[cfg(feature = "bandwidth")]
    pub(crate) fn with_each(mut self, texts: impl Iterator<Item: AsRef<str>>) -> Self {
        texts.for_each(|text| self.text(text.as_ref()));
        self.0.update([2]);
        self
    }

    fn text(&mut self, text: &str) {
        self.0.update([1]);
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }

    pub(crate) fn digest(self) -> ContentDigest {
        ContentDigest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_fips_180_4() {
        let abc = ContentDigest::of(b"abc").to_string();
        assert_eq!(abc, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn the_text_comes_back_and_nothing_else_does() {
        let digest = ContentDigest::of(b"");
        let text = digest.to_string();
        assert_eq!(format!("{digest:?}"), format!("ContentDigest({text})"));
        assert_eq!(text.parse(), Ok(digest));
        assert_eq!(ContentDigest::from(*digest.as_bytes()), digest);
        assert_eq!(digest.as_bytes().map(|byte| format!("{byte:02x}")).concat(), text);
        assert_eq!(serde_json::to_string(&digest).unwrap(), format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<ContentDigest>(&format!("\"{text}\"")).unwrap(), digest);
        for wrong in
            ["", &text[1..], &text.to_uppercase(), &format!("{text}0"), &text.replace('e', "g")]
        {
            let error = wrong.parse::<ContentDigest>().unwrap_err();
            assert_eq!(error.to_string(), "not a digest", "{wrong}");
        }
    }

    #[test]
    #[cfg(feature = "bandwidth")]
    fn no_two_lists_have_the_same_digest() {
        let digests = [
            Fields::new().digest(),
            Fields::new().with(None).digest(),
            Fields::new().with(Some("")).digest(),
            Fields::new().with(Some("ab")).with(Some("c")).digest(),
            Fields::new().with(Some("a")).with(Some("bc")).digest(),
            Fields::new().with(None).with(Some("")).digest(),
            Fields::new().with_each([""; 0].into_iter()).digest(),
            Fields::new().with_each([""].into_iter()).digest(),
            Fields::new().with_each(["ab"].into_iter()).with_each(["c"].into_iter()).digest(),
            Fields::new()
                .with_each(["ab", "c"].into_iter())
                .with_each([""; 0].into_iter())
                .digest(),
        ];
        for (i, digest) in digests.iter().enumerate() {
            assert!(!digests[..i].contains(digest), "{i}");
        }
    }
}
