//! An HMAC-SHA256 (RFC 2104, FIPS 180-4) over the body, given in a header.

use std::{fmt, iter};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;

use crate::head::Head;
use crate::rejection::Reason;
use crate::secret::Secret;

mod parts;

pub use self::parts::{SignedPart, SignedTime};

/// How the 32 bytes of a signature are written in the header. [`BodySignature`]
/// has an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureEncoding {
    /// Base64 of the standard alphabet with padding, 44 characters (RFC 4648,
    /// section 4): `W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=`.
    Base64,
    /// 64 hexadecimal digits in either case: `5bdcc146…`.
    Hex,
}

/// A signature as the sender claims it: read by [`BodySignature::read`], not
/// yet compared.
#[must_use = "a signature proves nothing until it is verified"]
pub struct Signature {
    /// The sender's claims: one, or several where the header is a list.
    digest: [u8; 32],
    other_digests: Vec<[u8; 32]>,
    /// What is signed in front of the body.
    before_body: Vec<u8>,
}

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
/// number of keys, the number of signatures in the header and the length of the
/// body, and nothing else.
///
/// ```
/// use order_webhooks::{Head, Reason, Secret, auth::{BodySignature, SignatureEncoding}};
///
/// let key = Secret::new("Jefe")?;
/// let signed = BodySignature::new("X-Signature".parse()?, SignatureEncoding::Base64, &key);
/// let headers = [("X-Signature", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=")];
/// let signature = signed.read(&Head::new("POST", &headers))?;
/// assert_eq!(signed.verify(&signature, b"what do ya want for nothing?"), Ok(()));
/// assert_eq!(signed.verify(&signature, b"something else"), Err(Reason::SignatureMismatch));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Some providers write a text in front of the signature
/// ([`with_prefix`](Self::with_prefix)), send several signatures in one header
/// ([`in_list`](Self::in_list)), or sign a time or an id together with the body
/// ([`before_body`](Self::before_body)). Stripe does all three, with
/// `Stripe-Signature: t=1492774577,v1=5257a869…,v0=6ffbb59b…`:
///
/// ```
/// use order_webhooks::auth::{BodySignature, SignatureEncoding, SignedPart, SignedTime};
/// # use order_webhooks::Secret;
/// use std::time::{Duration, SystemTime};
///
/// # let key = Secret::new("whsec_test")?;
/// let time = SignedTime::in_list("t=", Duration::from_secs(300), SystemTime::now);
/// let signed = BodySignature::new("Stripe-Signature".parse()?, SignatureEncoding::Hex, &key)
///     .with_prefix("v1=")
///     .in_list(',')
///     .before_body([SignedPart::Time(time), SignedPart::Text(".")]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct BodySignature {
    header: HeaderName,
    encoding: SignatureEncoding,
    prefix: &'static str,
    separator: Option<char>,
    before_body: Vec<SignedPart>,
    keys: Vec<Hmac<Sha256>>,
}

impl BodySignature {
    /// Expects the signature in this header, written in this encoding, made with
    /// this key.
    #[must_use]
    pub fn new(header: HeaderName, encoding: SignatureEncoding, key: &Secret) -> Self {
        let signed = Self {
            header,
            encoding,
            prefix: "",
            separator: None,
            before_body: Vec::new(),
            keys: Vec::new(),
        };
        signed.or(key)
    }

    /// Accepts signatures made with this key as well.
    #[must_use]
    pub fn or(mut self, key: &Secret) -> Self {
        // HMAC takes keys of every length. If it did not, nothing would verify.
        self.keys.extend(Hmac::new_from_slice(key.expose()));
        self
    }

    /// Expects this text in front of the signature: `sha256=` for
    /// `sha256=5bdcc146…`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &'static str) -> Self {
        self.prefix = prefix;
        self
    }

    /// Expects a list in the header, whose items this character separates. Every item
    /// that begins with the [prefix](Self::with_prefix) is a signature, and one of them
    /// has to be right. Other items are ignored. White space around an item is not
    /// skipped.
    #[must_use]
    pub fn in_list(mut self, separator: char) -> Self {
        self.separator = Some(separator);
        self
    }

    /// Expects that these parts are signed in front of the body, one after the other
    /// and with nothing in between: `webhook-id`, `.`, a time and `.` for
    /// `msg_1.1614265330.{"test": 1}`. The body is always signed.
    #[must_use]
    pub fn before_body(mut self, parts: impl IntoIterator<Item = SignedPart>) -> Self {
        self.before_body = parts.into_iter().collect();
        self
    }

    /// The name of the header.
    #[must_use]
    pub fn header(&self) -> &HeaderName {
        &self.header
    }

    /// Reads the claimed signature, before the body is there, and checks the time that
    /// is signed.
    ///
    /// # Errors
    ///
    /// - [`Reason::SignatureMissing`] without the header, or without the header of a
    ///   part that is signed.
    /// - [`Reason::RepeatedHeader`] if one of them comes twice, even with equal values.
    /// - [`Reason::SignatureMalformed`] for anything but 32 bytes in the expected
    ///   encoding: the URL-safe alphabet, missing or doubled padding, bits in the
    ///   padding, white space, two signatures with a comma where no list is expected; a
    ///   list without a signature; a time that is missing, comes twice in a list, or is
    ///   not a number of seconds: `2021-02-25`.
    /// - [`Reason::Expired`] if the signed time is further from now than the
    ///   [`SignedTime`] tolerates.
    pub fn read(&self, head: &Head<'_>) -> Result<Signature, Reason> {
        let Some(value) = head.header(&self.header)? else {
            return Err(Reason::SignatureMissing);
        };
        let items = || self.items(value);
        let (mut digest, mut other_digests) = (None, Vec::new());
        for item in items() {
            let Some(text) = self.without_prefix(item) else { continue };
            let Some(claimed) = self.encoding.decode(text) else {
                return Err(Reason::SignatureMalformed);
            };
            match digest {
                None => digest = Some(claimed),
                Some(_) => other_digests.push(claimed),
            }
        }
        let Some(digest) = digest else { return Err(Reason::SignatureMalformed) };
        let mut before_body = Vec::new();
        for part in &self.before_body {
            part.read(head, items(), &mut before_body)?;
        }
        Ok(Signature { digest, other_digests, before_body })
    }

    /// An empty prefix is not compared: its address may be one that nothing can be read from,
    /// and on processors with AVX-512 a `memcmp` of no bytes there takes 40 ns.
    fn without_prefix<'v>(&self, item: &'v [u8]) -> Option<&'v [u8]> {
        if self.prefix.is_empty() { Some(item) } else { item.strip_prefix(self.prefix.as_bytes()) }
    }

    fn items<'v>(&self, value: &'v [u8]) -> impl Iterator<Item = &'v [u8]> {
        let mut rest = Some(value);
        iter::from_fn(move || {
            let text = rest?;
            let is_separator = |byte: &u8| self.separator == Some(char::from(*byte));
            // Without a list nothing has to be searched.
            let end = self.separator.and_then(|_| text.iter().position(is_separator));
            let (item, after) = end.and_then(|end| text.split_at_checked(end)).unzip();
            rest = after.and_then(|after| after.get(1..));
            Some(item.unwrap_or(text))
        })
    }

    /// Compares the claimed signature with that of the body's bytes as they came.
    ///
    /// # Errors
    ///
    /// [`Reason::SignatureMismatch`] if it was made with none of the keys.
    pub fn verify(&self, signature: &Signature, body: &[u8]) -> Result<(), Reason> {
        let mut matches = false;
        for key in &self.keys {
            let mut mac = key.clone();
            mac.update(&signature.before_body);
            mac.update(body);
            // Once for each key, however many signatures a forger puts into the header.
            let expected = mac.finalize();
            let claimed = iter::once(&signature.digest).chain(&signature.other_digests);
            for digest in claimed {
                // `CtOutput` compares in constant time.
                matches |= expected == CtOutput::new((*digest).into());
            }
        }
        if matches { Ok(()) } else { Err(Reason::SignatureMismatch) }
    }

    /// The value of the header that a sender with the first key would send.
    ///
    /// If headers are signed in front of the body, use [`sign_into`](Self::sign_into):
    /// this method takes them for empty.
    #[must_use]
    pub fn sign(&self, body: &[u8]) -> String {
        self.value(&HeaderMap::new(), body)
    }

    /// Adds the headers that a sender with the first key would send: the signature and,
    /// if it has a header of its own, the time. Other headers that are signed have to be
    /// there.
    ///
    /// ```
    /// use order_webhooks::auth::{BodySignature, SignatureEncoding, SignedPart};
    /// # use order_webhooks::Secret;
    ///
    /// # let key = Secret::new("acme-key")?;
    /// let signed = BodySignature::new("X-Signature".parse()?, SignatureEncoding::Hex, &key)
    ///     .before_body([SignedPart::Header("X-Id".parse()?), SignedPart::Text(".")]);
    /// let mut request = http::Request::post("/acme").header("X-Id", "17").body("{}")?;
    /// signed.sign_into(request.headers_mut(), b"{}");
    /// assert_eq!(request.headers()["X-Signature"].len(), 64);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sign_into(&self, headers: &mut HeaderMap, body: &[u8]) {
        for part in &self.before_body {
            part.write_header(headers);
        }
        if let Ok(mut value) = HeaderValue::try_from(self.value(headers, body)) {
            value.set_sensitive(true);
            headers.insert(self.header.clone(), value);
        }
    }

    /// What a sender with these other headers would send.
    fn value(&self, headers: &HeaderMap, body: &[u8]) -> String {
        let Some(key) = self.keys.first() else { return String::new() };
        let (mut value, mut before_body) = (String::new(), Vec::new());
        for part in &self.before_body {
            if let Some(item) = part.write(headers, &mut before_body) {
                value.push_str(&item);
                value.extend(self.separator);
            }
        }
        let mac = key.clone().chain_update(before_body).chain_update(body);
        value.push_str(self.prefix);
        value.push_str(&self.encoding.encode(&mac.finalize().into_bytes()));
        value
    }
}

impl fmt::Debug for BodySignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodySignature")
            .field("header", &self.header)
            .field("encoding", &self.encoding)
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
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
            Self::Hex => base16ct::mixed::decode(value, &mut digest).ok()?.len(),
        };
        (length == digest.len()).then_some(digest)
    }

    fn encode(self, digest: &[u8]) -> String {
        match self {
            Self::Base64 => STANDARD.encode(digest),
            Self::Hex => base16ct::lower::encode_string(digest),
        }
    }
}

#[cfg(test)]
mod tests;
