//! Basic credentials (RFC 7617), compared in constant time.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::Zeroizing;

use crate::auth::challenge;
use crate::error::ConfigError;
use crate::rejection::CredentialsFault;
use crate::secret::Secret;

/// Username and password together; longer ones are refused when they are built.
const LONGEST: usize = 3_000;

/// A presented token longer than this is refused unread; the longest that can
/// be right has 4,004 characters.
const LONGEST_TOKEN: usize = 4_096;

/// Expected tokens are padded to a multiple of this many bytes, and that is all
/// that the time of a comparison tells about their length.
const BLOCK: usize = 128;

/// A username and a password, as a sender shows them.
///
/// The same value can be registered with a provider and make the [`BasicAuth`]
/// that expects it. `Debug` shows neither of the two.
pub struct Credentials {
    username: Secret,
    password: Secret,
}

impl Credentials {
    /// The credentials with this username and this password.
    ///
    /// # Errors
    ///
    /// For an empty username or password, a colon in the username (`"a:b"`), a
    /// control character in either (`"a\n"`), and more than 3,000 bytes in all.
    pub fn new(username: &str, password: &str) -> Result<Self, ConfigError> {
        if username.contains(':') {
            return Err(ConfigError::ColonInUsername);
        }
        if username.chars().chain(password.chars()).any(char::is_control) {
            return Err(ConfigError::ControlCharacter);
        }
        if username.len().saturating_add(password.len()) > LONGEST {
            return Err(ConfigError::CredentialsTooLong);
        }
        Ok(Self {
            username: Secret::new(username).map_err(|_| ConfigError::EmptyUsername)?,
            password: Secret::new(password).map_err(|_| ConfigError::EmptyPassword)?,
        })
    }

    /// The username, as UTF-8.
    #[must_use]
    pub fn username(&self) -> &Secret {
        &self.username
    }

    /// The password, as UTF-8.
    #[must_use]
    pub fn password(&self) -> &Secret {
        &self.password
    }

    /// The value of an `Authorization` header that shows them, such as
    /// `Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==`, marked as sensitive.
    #[must_use]
    pub fn authorization(&self) -> HeaderValue {
        let value = Zeroizing::new(["Basic ", self.token().as_str()].concat());
        // Base64 and "Basic " are visible ASCII, so this is always a value.
        let mut value = HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }

    fn token(&self) -> Zeroizing<String> {
        let pair = Zeroizing::new([self.username.expose(), b":", self.password.expose()].concat());
        Zeroizing::new(STANDARD.encode(&*pair))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(redacted)")
    }
}

/// The credentials that a receiver accepts, and the realm that it asks for them
/// in.
///
/// On the wire they are `Authorization: Basic` and the base64 of the username, a
/// colon and the password (RFC 7617, section 2): the documented sample of
/// Musement, `JohnSmith` and `Swordfish`, is
/// `Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==`. The scheme is taken in any case, with
/// one space and more after it. Base64 has one spelling only: padded, with the
/// unused bits zero.
///
/// Several credentials can be accepted at once, while a sender changes over:
///
/// ```
/// use order_webhooks::{BasicAuth, CredentialsFault};
///
/// let auth = BasicAuth::new("JohnSmith", "Swordfish")?.or("JohnSmith", "Marlin")?;
/// assert_eq!(auth.check(b"Basic Sm9oblNtaXRoOlN3b3JkZmlzaA=="), Ok(()));
/// assert_eq!(auth.check(b"Basic eDp5"), Err(CredentialsFault::Mismatch));
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
///
/// # Timing
///
/// Username and password are compared together, in constant time, with every
/// accepted pair. What the time of a check tells is the number of accepted
/// pairs and the length of each, rounded up to blocks of 128 characters of
/// base64; most pairs have one block.
///
/// # Other encodings than UTF-8
///
/// Credentials are bytes. Characters outside ASCII come as UTF-8 from senders
/// that follow the challenge's `charset`, and as Latin-1 from some that do not;
/// only the former match. ASCII avoids the question.
#[derive(Clone)]
pub struct BasicAuth {
    accepted: Vec<Arc<Expected>>,
    challenge: HeaderValue,
}

impl BasicAuth {
    /// Accepts this username with this password.
    ///
    /// # Errors
    ///
    /// The same as [`Credentials::new`].
    pub fn new(username: &str, password: &str) -> Result<Self, ConfigError> {
        Ok(Self::from(&Credentials::new(username, password)?))
    }

    /// Accepts this pair as well, for the time in which a sender changes from
    /// the one to the other.
    ///
    /// # Errors
    ///
    /// The same as [`Credentials::new`].
    pub fn or(mut self, username: &str, password: &str) -> Result<Self, ConfigError> {
        let credentials = Credentials::new(username, password)?;
        self.accepted.push(Arc::new(Expected::new(&credentials)));
        Ok(self)
    }

    /// Asks for credentials in this realm instead of `webhooks`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidRealm`] if it is empty, or holds a quote, a
    /// backslash or anything but printable ASCII: `"my \"shop\""`.
    pub fn with_realm(mut self, realm: &str) -> Result<Self, ConfigError> {
        self.challenge = challenge::header_value(realm)?;
        Ok(self)
    }

    /// The value of the `WWW-Authenticate` header that asks for the credentials.
    #[must_use]
    pub fn challenge(&self) -> &HeaderValue {
        &self.challenge
    }

    /// Checks the value of an `Authorization` header.
    ///
    /// # Errors
    ///
    /// Says what is wrong, for the log. The response is the same in every case.
    pub fn check(&self, authorization: &[u8]) -> Result<(), CredentialsFault> {
        let token = token(authorization)?;
        let mut accepted = Choice::from(0);
        for expected in &self.accepted {
            accepted |= expected.matches(token);
        }
        if accepted.into() {
            Ok(())
        } else if is_credentials(token) {
            Err(CredentialsFault::Mismatch)
        } else {
            Err(CredentialsFault::Malformed)
        }
    }
}

impl From<&Credentials> for BasicAuth {
    fn from(credentials: &Credentials) -> Self {
        Self {
            accepted: vec![Arc::new(Expected::new(credentials))],
            challenge: challenge::default_header_value(),
        }
    }
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicAuth").field("accepted", &self.accepted.len()).finish_non_exhaustive()
    }
}

/// The base64 of an accepted pair, padded with zeros to whole blocks. Since it
/// has one spelling only, comparing it is comparing the pair.
struct Expected {
    blocks: Zeroizing<Vec<[u64; BLOCK / 8]>>,
    length: u64,
}

impl Expected {
    fn new(credentials: &Credentials) -> Self {
        let token = credentials.token();
        Self {
            blocks: Zeroizing::new(token.as_bytes().chunks(BLOCK).map(words).collect()),
            length: token.len() as u64,
        }
    }

    fn matches(&self, token: &[u8]) -> Choice {
        let mut presented = token.chunks(BLOCK);
        let mut difference = self.length ^ token.len() as u64;
        for block in self.blocks.iter() {
            let other = words(presented.next().unwrap_or_default());
            for (word, other) in block.iter().zip(&other) {
                difference |= word ^ other;
            }
        }
        difference.ct_eq(&0)
    }
}

/// A block as words, padded with zeros.
fn words(bytes: &[u8]) -> [u64; BLOCK / 8] {
    let mut block = [0; BLOCK];
    for (to, from) in block.iter_mut().zip(bytes) {
        *to = *from;
    }
    let mut words = [0; BLOCK / 8];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

/// The token after `Basic` and its spaces.
fn token(authorization: &[u8]) -> Result<&[u8], CredentialsFault> {
    let Some((scheme, rest)) = authorization.split_at_checked(b"Basic".len()) else {
        return Err(CredentialsFault::Scheme);
    };
    if !scheme.eq_ignore_ascii_case(b"Basic") {
        return Err(CredentialsFault::Scheme);
    }
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    let token = rest.get(spaces..).unwrap_or_default();
    if spaces == 0 || token.is_empty() || token.len() > LONGEST_TOKEN {
        return Err(CredentialsFault::Malformed);
    }
    Ok(token)
}

/// Whether a refused token is the base64 of something with a colon. Decoded in
/// pieces, so that refusing takes no memory.
fn is_credentials(token: &[u8]) -> bool {
    let (groups, rest) = token.as_chunks::<4>();
    let mut colon = false;
    let mut padded = false;
    for group in groups {
        let mut bytes = [0; 3];
        match STANDARD.decode_slice(group, &mut bytes) {
            Ok(length) if !padded => {
                padded = length < bytes.len();
                colon |= bytes.contains(&b':');
            }
            _ => return false,
        }
    }
    colon && rest.is_empty()
}

#[cfg(test)]
mod tests;
