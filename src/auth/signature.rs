//! An HMAC-SHA256 (RFC 2104, FIPS 180-4) over the body, given in a header.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;

use crate::auth::hmac::Key;
use crate::head::{Field, Head};
use crate::rejection::Reason;
use crate::secret::Secret;

/// How the 32 bytes of a signature are written in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureEncoding {
    /// Base64 of the standard alphabet with padding, 44 characters (RFC 4648,
    /// section 4): `W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=`.
    Base64,
    /// 64 hexadecimal digits in either case, after a fixed text, which may be
    /// empty: `sha256=5bdcc146…` has the prefix `sha256=`.
    Hex {
        /// The text before the digits.
        prefix: &'static str,
    },
}

/// A signature as a sender claims it: read from the head, not yet compared.
#[must_use = "a signature proves nothing until it is verified"]
pub struct Signature([u8; 32]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(redacted)")
    }
}

/// Checks that a header holds the HMAC-SHA256 of the body's exact bytes.
///
/// The keys are prepared once, when it is built. Several keys can be accepted at
/// once, while a sender changes over; each of them is tried on every delivery.
/// The comparison takes constant time.
///
/// ```
/// use order_webhooks::{BodySignature, Head, Reason, Secret, SignatureEncoding};
///
/// let header = http::HeaderName::from_static("x-signature");
/// let signed = BodySignature::new(header, SignatureEncoding::Base64, &Secret::new("Jefe")?);
/// let headers = [("X-Signature", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=")];
/// let signature = signed.read(&Head::new("POST", &headers))?;
/// assert_eq!(signed.verify(&signature, b"what do ya want for nothing?"), Ok(()));
/// assert_eq!(signed.verify(&signature, b"something else"), Err(Reason::SignatureMismatch));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct BodySignature {
    header: HeaderName,
    encoding: SignatureEncoding,
    keys: Vec<Key>,
}

impl BodySignature {
    /// Expects the signature in this header, written in this encoding, made with
    /// this key.
    #[must_use]
    pub fn new(header: HeaderName, encoding: SignatureEncoding, key: &Secret) -> Self {
        Self { header, encoding, keys: vec![Key::new(key.expose())] }
    }

    /// Accepts signatures made with this key as well.
    #[must_use]
    pub fn or(mut self, key: &Secret) -> Self {
        self.keys.push(Key::new(key.expose()));
        self
    }

    /// The name of the header.
    #[must_use]
    pub fn header(&self) -> &HeaderName {
        &self.header
    }

    /// Reads the claimed signature, before the body is there.
    ///
    /// # Errors
    ///
    /// [`Reason::SignatureMissing`] without the header,
    /// [`Reason::RepeatedHeader`] if it comes twice, even with equal values, and
    /// [`Reason::SignatureMalformed`] for anything but 32 bytes in the expected
    /// encoding: the URL-safe alphabet, missing or doubled padding, bits in the
    /// padding, white space, two signatures with a comma.
    pub fn read(&self, head: &Head<'_>) -> Result<Signature, Reason> {
        match head.field(&self.header) {
            Field::Absent => Err(Reason::SignatureMissing),
            Field::Once(value) => {
                self.encoding.decode(value).map(Signature).ok_or(Reason::SignatureMalformed)
            }
            Field::Repeated => Err(Reason::RepeatedHeader(self.header.clone())),
        }
    }

    /// Compares the claimed signature with that of the body's bytes as they came.
    ///
    /// # Errors
    ///
    /// [`Reason::SignatureMismatch`] if it was made with none of the keys.
    pub fn verify(&self, signature: &Signature, body: &[u8]) -> Result<(), Reason> {
        let mut matches = false;
        for key in &self.keys {
            matches |= key.verifies(body, &signature.0);
        }
        if matches { Ok(()) } else { Err(Reason::SignatureMismatch) }
    }

    /// The value of the header that a sender with the first key would send.
    #[must_use]
    pub fn sign(&self, body: &[u8]) -> String {
        self.keys.first().map_or_else(String::new, |key| self.encoding.encode(&key.sign(body)))
    }
}

impl fmt::Debug for BodySignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodySignature")
            .field("header", &self.header)
            .field("encoding", &self.encoding)
            .field("keys", &self.keys.len())
            .finish()
    }
}

impl SignatureEncoding {
    fn decode(self, value: &[u8]) -> Option<[u8; 32]> {
        match self {
            Self::Base64 => decode_base64(value),
            Self::Hex { prefix } => decode_hex(value.strip_prefix(prefix.as_bytes())?),
        }
    }

    fn encode(self, digest: &[u8]) -> String {
        match self {
            Self::Base64 => STANDARD.encode(digest),
            Self::Hex { prefix } => {
                let digits = digest.iter().map(|byte| format!("{byte:02x}"));
                std::iter::once(prefix.to_owned()).chain(digits).collect()
            }
        }
    }
}

/// RFC 4648, section 4, for 32 bytes and nothing else: whole words, where a
/// decoder for every length goes by the byte.
fn decode_base64(text: &[u8]) -> Option<[u8; 32]> {
    let text: &[u8; 44] = text.try_into().ok()?;
    let (groups, _) = text.as_chunks::<4>();
    let [.., a, b, c, b'='] = *text else { return None };
    let [a, b, c] = [a, b, c].map(sextet);
    // The last character has two bits more than there are bytes.
    let mut invalid = a | b | c | (c & 3) << 6;
    // Three bytes each; the last has two, and fills up the words.
    let mut values = [0; 12];
    let [.., last, _] = &mut values;
    *last = a << 18 | b << 12 | c << 6;
    for (value, group) in values.iter_mut().zip(groups.iter().take(10)) {
        let [a, b, c, d] = group.map(sextet);
        invalid |= a | b | c | d;
        *value = a << 18 | b << 12 | c << 6 | d;
    }
    let words = values
        .as_chunks()
        .0
        .iter()
        .flat_map(|[a, b, c, d]| [a << 8 | b >> 16, b << 16 | c >> 8, c << 24 | d]);
    let mut digest = [0; 32];
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_be_bytes();
    }
    (invalid < 64).then_some(digest)
}

/// The six bits of a character of the standard alphabet, or else more of them.
fn sextet(character: u8) -> u32 {
    SEXTETS.get(usize::from(character)).copied().unwrap_or(u8::MAX).into()
}

const SEXTETS: [u8; 256] = {
    let mut sextets = [0; 256];
    let mut rest: &mut [u8] = &mut sextets;
    let mut character = 0_u8;
    while let [sextet, more @ ..] = rest {
        *sextet = match character {
            b'A'..=b'Z' => character.wrapping_sub(b'A'),
            b'a'..=b'z' => character.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => character.wrapping_sub(b'0').wrapping_add(52),
            b'+' => 62,
            b'/' => 63,
            _ => u8::MAX,
        };
        rest = more;
        character = character.wrapping_add(1);
    }
    sextets
};

fn decode_hex(digits: &[u8]) -> Option<[u8; 32]> {
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let mut digest = [0; 32];
    if pairs.len() != digest.len() {
        return None;
    }
    for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
        let high = char::from(*high).to_digit(16)?;
        let low = char::from(*low).to_digit(16)?;
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests;
