//! Basic credentials (RFC 7617), compared in constant time.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::Zeroizing;

use crate::auth::challenge::ChallengeState;
use crate::error::ConfigError;
use crate::secret::Secret;

/// Username and password together; longer ones are refused when they are built.
const LONGEST: usize = 383;

/// The characters of base64 that the longest pair, with its colon, takes. A
/// presented token that is longer is refused unread.
const LONGEST_TOKEN: usize = 512;

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
    /// control character in either (`"a\n"`), and more than 383 bytes in all.
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

    fn padded_token(&self) -> Zeroizing<Token> {
        Zeroizing::new(padded(self.token().as_bytes()))
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
/// use order_webhooks::auth::ChallengeState;
/// use order_webhooks::{BasicAuth, Head};
///
/// let auth = BasicAuth::new("JohnSmith", "Marlin")?.or("JohnSmith", "Swordfish")?;
/// let headers = [("Authorization", "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==")];
/// assert_eq!(auth.state(&Head::new("POST", &headers)), ChallengeState::Authenticated);
/// let headers = [("Authorization", "Basic eDp5")];
/// assert_eq!(auth.state(&Head::new("POST", &headers)), ChallengeState::Mismatch);
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
///
/// # Timing
///
/// Username and password are compared together, in constant time, with every
/// accepted pair, over 512 bytes whatever their length. What the time of a check
/// tells is the number of accepted pairs, and the form of what was presented.
///
/// # Other encodings than UTF-8
///
/// Credentials are bytes. Characters outside ASCII come as UTF-8 from senders
/// that follow the challenge's `charset`, and as Latin-1 from some that do not;
/// only the former match. ASCII avoids the question.
#[derive(Clone)]
pub struct BasicAuth {
    accepted: Vec<Arc<Zeroizing<Token>>>,
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
        self.accepted.push(Arc::new(credentials.padded_token()));
        Ok(self)
    }

    /// Asks for credentials in this realm instead of `webhooks`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidRealm`] if it is empty, or holds a quote, a
    /// backslash or anything but printable ASCII: `"my \"shop\""`.
    pub fn with_realm(mut self, realm: &str) -> Result<Self, ConfigError> {
        self.challenge = challenge(realm)?;
        Ok(self)
    }

    /// The value of the `WWW-Authenticate` header that asks for the credentials.
    #[must_use]
    pub fn challenge(&self) -> &HeaderValue {
        &self.challenge
    }

    /// Where a delivery with this one value of `Authorization` stands:
    /// authenticated, or why not.
    pub fn check(&self, authorization: &[u8]) -> ChallengeState {
        let token = match token(authorization) {
            Ok(token) => token,
            Err(state) => return state,
        };
        let presented = padded(token);
        let mut accepted = Choice::from(0);
        for expected in &self.accepted {
            accepted |= are_equal(expected, &presented);
        }
        if accepted.into() {
            ChallengeState::Authenticated
        } else if is_pair(token) {
            ChallengeState::Mismatch
        } else {
            ChallengeState::Malformed
        }
    }
}

impl From<&Credentials> for BasicAuth {
    fn from(credentials: &Credentials) -> Self {
        Self {
            accepted: vec![Arc::new(credentials.padded_token())],
            challenge: HeaderValue::from_static(r#"Basic realm="webhooks", charset="UTF-8""#),
        }
    }
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicAuth").field("accepted", &self.accepted.len()).finish_non_exhaustive()
    }
}

/// The base64 of a pair, padded with zeros to one size, and its length. Base64
/// has one spelling only, so comparing it is comparing the pair.
type Token = [u64; LONGEST_TOKEN / 8 + 1];

fn padded(token: &[u8]) -> Token {
    let (whole, rest) = token.as_chunks::<8>();
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let mut padded: Token = [0; _];
    let [length, words @ ..] = &mut padded;
    *length = token.len() as u64;
    for (word, bytes) in words.iter_mut().zip(whole.iter().chain([&last])) {
        *word = u64::from_ne_bytes(*bytes);
    }
    padded
}

/// Looks at all of both, wherever they differ.
fn are_equal(expected: &Token, presented: &Token) -> Choice {
    let words = expected.iter().zip(presented);
    words.fold(0, |difference, (one, other)| difference | (one ^ other)).ct_eq(&0)
}

/// The token after `Basic` and its spaces.
fn token(authorization: &[u8]) -> Result<&[u8], ChallengeState> {
    let Some((scheme, rest)) = authorization.split_at_checked(b"Basic".len()) else {
        return Err(ChallengeState::OtherScheme);
    };
    if !scheme.eq_ignore_ascii_case(b"Basic") {
        return Err(ChallengeState::OtherScheme);
    }
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    let token = rest.get(spaces..).unwrap_or_default();
    if spaces == 0 || token.is_empty() || token.len() > LONGEST_TOKEN {
        return Err(ChallengeState::Malformed);
    }
    Ok(token)
}

/// Whether a refused token is the base64 of something with a colon.
fn is_pair(token: &[u8]) -> bool {
    let mut pair = [0; LONGEST_TOKEN];
    let decoded = STANDARD.decode_slice(token, &mut pair);
    decoded.is_ok_and(|length| pair.iter().take(length).any(|byte| *byte == b':'))
}

/// The realm comes first and is quoted, since some senders read nothing else;
/// `charset` makes the others encode credentials as UTF-8 (RFC 7617, section
/// 2.1).
fn challenge(realm: &str) -> Result<HeaderValue, ConfigError> {
    let printable = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    if realm.trim().is_empty() || !realm.bytes().all(printable) {
        return Err(ConfigError::InvalidRealm);
    }
    HeaderValue::try_from(format!(r#"Basic realm="{realm}", charset="UTF-8""#))
        .map_err(|_| ConfigError::InvalidRealm)
}

#[cfg(test)]
mod tests;
