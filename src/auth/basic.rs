//! Basic credentials (RFC 7617), compared in constant time.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::Zeroizing;

use crate::error::ConfigError;
use crate::secret::{Secret, check_ends};

/// Username and password together; longer ones are refused when they are built.
const LONGEST: usize = 191;

/// The characters of base64 that the longest pair, with its colon, takes. A
/// presented token that is longer is refused unread.
pub(super) const LONGEST_TOKEN: usize = 256;

/// A username and a password, as a sender shows them.
///
/// The same value can be registered with a provider and make the [`BasicAuth`]
/// that expects it. `Debug` shows neither of the two.
///
/// ```
/// use order_webhooks::{BasicAuth, Credentials};
///
/// let credentials = Credentials::new("JohnSmith", "Swordfish")?;
/// assert_eq!(credentials.authorization(), "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==");
/// let auth = BasicAuth::from(&credentials);
/// # let _ = auth;
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
pub struct Credentials {
    username: Secret,
    password: Secret,
}

impl Credentials {
    /// The credentials with this username and this password.
    ///
    /// # Errors
    ///
    /// For an empty username or password, a colon in the username (`"a:b"`), white
    /// space or a line end at either end of one (`"a\n"`), a control character in
    /// one, and more than 191 bytes in all. The error says which of the two it is.
    pub fn new(username: &str, password: &str) -> Result<Self, ConfigError> {
        if username.contains(':') {
            return Err(ConfigError::ColonInUsername);
        }
        for (value, text) in [("username", username), ("password", password)] {
            check_ends(value, text)?;
            if text.chars().any(char::is_control) {
                return Err(ConfigError::ControlCharacter { value });
            }
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
/// accepted pair, over 256 bytes whatever their length. The time of a check
/// tells how many pairs are accepted, and in which form the credentials came,
/// and nothing else.
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

    /// Accepts this pair as well, while a sender changes from one to the other.
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
        self.challenge = challenge(realm)?;
        Ok(self)
    }

    /// The value of the `WWW-Authenticate` header that asks for the credentials.
    #[must_use]
    pub fn challenge(&self) -> &HeaderValue {
        &self.challenge
    }

    /// Whether this token is that of an accepted pair.
    pub(super) fn accepts(&self, token: &[u8]) -> bool {
        let presented = padded(token);
        let mut accepted = Choice::from(0);
        for expected in &self.accepted {
            accepted |= expected.matches(&presented, token.len());
        }
        accepted.into()
    }
}

impl From<&Credentials> for BasicAuth {
    fn from(credentials: &Credentials) -> Self {
        Self {
            accepted: vec![Arc::new(Expected::new(credentials))],
            challenge: HeaderValue::from_static(r#"Basic realm="webhooks", charset="UTF-8""#),
        }
    }
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicAuth").field("accepted", &self.accepted.len()).finish_non_exhaustive()
    }
}

/// The base64 of a pair, padded with zeros to one size. Base64 has one spelling
/// only, so comparing it is comparing the pair.
struct Expected {
    token: Zeroizing<[u8; LONGEST_TOKEN]>,
    length: Zeroizing<usize>,
}

impl Expected {
    fn new(credentials: &Credentials) -> Self {
        let token = credentials.token();
        Self { token: Zeroizing::new(padded(token.as_bytes())), length: token.len().into() }
    }

    /// Looks at every byte of both, wherever they differ, sixteen at a time.
    fn matches(&self, presented: &[u8; LONGEST_TOKEN], length: usize) -> Choice {
        let (words, []) = self.token.as_chunks() else { return Choice::from(0) };
        let (others, []) = presented.as_chunks() else { return Choice::from(0) };
        let equal = words.iter().zip(others).fold(Choice::from(1), |equal, (word, other)| {
            equal & u128::from_ne_bytes(*word).ct_eq(&u128::from_ne_bytes(*other))
        });
        equal & self.length.ct_eq(&length)
    }
}

fn padded(token: &[u8]) -> [u8; LONGEST_TOKEN] {
    let mut padded = [0; LONGEST_TOKEN];
    if let Some(start) = padded.get_mut(..token.len()) {
        start.copy_from_slice(token);
    }
    padded
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
