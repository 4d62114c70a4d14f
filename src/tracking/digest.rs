//! The digest of a delivery's content.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::error::{ParseError, ParseErrorKind};

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

    /// The digest of what an event says, which is what it is as JSON.
    #[cfg(any(feature = "musement", feature = "porterbuddy", feature = "bandwidth"))]
    pub(crate) fn of_event(event: &impl serde::Serialize) -> Self {
        // An event is texts under names, and no such thing fails to be written.
        Self::of(&serde_json::to_vec(event).unwrap_or_default())
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

serde_by_text!(ContentDigest);

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
}
