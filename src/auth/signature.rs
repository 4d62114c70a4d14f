//! An HMAC-SHA256 (RFC 2104, FIPS 180-4) over the body, given in a header.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderName;
use sha2::Sha256;

use crate::head::Head;
use crate::rejection::Reason;
use crate::secret::Secret;

/// How the 32 bytes of a signature are written in the header. [`BodySignature`]
/// has an example.
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

/// A signature as the sender claims it: read by [`BodySignature::read`], not
/// yet compared.
#[must_use = "a signature proves nothing until it is verified"]
pub struct Signature([u8; 32]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(redacted)")
    }
}

/// Checks that a header holds the HMAC-SHA256 (RFC 2104, FIPS 180-4) of the
/// body's exact bytes.
///
/// The keys are prepared once, when it is built. Several keys can be accepted
/// at once, while a sender changes over; each of them is tried on every
/// delivery. The comparison takes constant time: the time of a check tells the
/// number of keys and the length of the body, and nothing else.
///
/// ```
/// use order_webhooks::{Head, Reason, Secret, auth::{BodySignature, SignatureEncoding}};
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
    keys: Vec<Hmac<Sha256>>,
}

impl BodySignature {
    /// Expects the signature in this header, written in this encoding, made with
    /// this key.
    #[must_use]
    pub fn new(header: HeaderName, encoding: SignatureEncoding, key: &Secret) -> Self {
        Self { header, encoding, keys: Vec::new() }.or(key)
    }

    /// Accepts signatures made with this key as well.
    #[must_use]
    pub fn or(mut self, key: &Secret) -> Self {
        // HMAC takes keys of every length. If it did not, nothing would verify.
        self.keys.extend(Hmac::new_from_slice(key.expose()));
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
        let value = head.header(&self.header)?.ok_or(Reason::SignatureMissing)?;
        self.encoding.decode(value).map(Signature).ok_or(Reason::SignatureMalformed)
    }

    /// Compares the claimed signature with that of the body's bytes as they came.
    ///
    /// # Errors
    ///
    /// [`Reason::SignatureMismatch`] if it was made with none of the keys.
    pub fn verify(&self, signature: &Signature, body: &[u8]) -> Result<(), Reason> {
        let mut matches = false;
        for key in &self.keys {
            matches |= key.clone().chain_update(body).verify_slice(&signature.0).is_ok();
        }
        if matches { Ok(()) } else { Err(Reason::SignatureMismatch) }
    }

    /// The value of the header that a sender with the first key would send.
    #[must_use]
    pub fn sign(&self, body: &[u8]) -> String {
        let sign = |key: &Hmac<Sha256>| key.clone().chain_update(body).finalize().into_bytes();
        self.keys.first().map_or_else(String::new, |key| self.encoding.encode(&sign(key)))
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
    /// The bytes that are claimed, if there are as many as SHA-256 has.
    fn decode(self, value: &[u8]) -> Option<[u8; 32]> {
        let mut digest = [0; 32];
        let length = match self {
            // It is known here that this is the length, and the decoder is quicker for it.
            Self::Base64 if value.len() != 44 => return None,
            Self::Base64 => STANDARD.decode_slice(value, &mut digest).ok()?,
            Self::Hex { prefix } => {
                let digits = value.strip_prefix(prefix.as_bytes())?;
                base16ct::mixed::decode(digits, &mut digest).ok()?.len()
            }
        };
        (length == digest.len()).then_some(digest)
    }

    fn encode(self, digest: &[u8]) -> String {
        match self {
            Self::Base64 => STANDARD.encode(digest),
            Self::Hex { prefix } => [prefix, &base16ct::lower::encode_string(digest)].concat(),
        }
    }
}

#[cfg(test)]
mod tests;
