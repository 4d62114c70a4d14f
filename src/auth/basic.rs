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
mod tests {
    use super::*;
    use CredentialsFault::{Malformed, Mismatch, Scheme};

    fn auth() -> BasicAuth {
        BasicAuth::new("u", "p:q").unwrap()
    }

    #[test]
    fn the_header_is_read_as_rfc_7617_says() {
        let table: &[(&[u8], Result<(), CredentialsFault>)] = &[
            (b"Basic dTpwOnE=", Ok(())),
            (b"basic dTpwOnE=", Ok(())),
            (b"BASIC dTpwOnE=", Ok(())),
            (b"Basic    dTpwOnE=", Ok(())),
            (b"Basic\tdTpwOnE=", Err(Malformed)),
            (b"Basic", Err(Malformed)),
            (b"Basic ", Err(Malformed)),
            (b"BasicdTpwOnE=", Err(Malformed)),
            (b"", Err(Scheme)),
            (b"Bearer x", Err(Scheme)),
            (b"Digest username=\"u\"", Err(Scheme)),
            (b"Basic dQ==", Err(Malformed)),
            (b"Basic dTpwOnE", Err(Malformed)),
            (b"Basic dTpwOnF=", Err(Malformed)),
            (b"Basic dTpwOnE= ", Err(Malformed)),
            (b"Basic dTpwOnE=, Basic dTpwOnE=", Err(Malformed)),
            (b"Basic dTo=dTpw", Err(Malformed)),
            (b"Basic dTp\xE9OnE=", Err(Malformed)),
            (b"Basic dTpw", Err(Mismatch)),
            (b"Basic dTpwOnI=", Err(Mismatch)),
            (b"Basic djpwOnE=", Err(Mismatch)),
            (b"Basic 6TpwOnE=", Err(Mismatch)),
        ];
        for (value, outcome) in table {
            assert_eq!(auth().check(value), *outcome, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn bits_in_the_padding_are_refused() {
        let auth = BasicAuth::new("u", "p").unwrap();
        assert_eq!(auth.check(b"Basic dTpw"), Ok(()));
        let auth = BasicAuth::new("u", " ").unwrap();
        assert_eq!(auth.check(b"Basic dTog"), Ok(()));
        assert_eq!(auth.check(b"Basic dTpwIB=="), Err(Malformed));
    }

    #[test]
    fn every_length_matches_itself_and_nothing_next_to_it() {
        for length in [1, 90, 91, 92, 93, 94, 95, 96, 190, 191, 192, 1_000, 2_999] {
            let password = "x".repeat(length);
            let right = Credentials::new("u", &password).unwrap();
            let longer = Credentials::new("u", &"x".repeat(length + 1));
            let auth = BasicAuth::from(&right);
            assert_eq!(auth.check(right.authorization().as_bytes()), Ok(()), "{length}");
            if let Ok(longer) = longer {
                let value = longer.authorization();
                assert_eq!(auth.check(value.as_bytes()), Err(Mismatch), "{length}");
            }
            let mut cut = right.authorization().as_bytes().to_vec();
            cut.truncate(cut.len() - 4);
            assert_ne!(auth.check(&cut), Ok(()), "{length}");
        }
    }

    #[test]
    fn any_wrong_character_is_a_mismatch() {
        let right = Credentials::new("JohnSmith", &"Swordfish".repeat(20)).unwrap();
        let auth = BasicAuth::from(&right);
        let value = right.authorization();
        for place in "Basic ".len()..value.len() {
            let mut wrong = value.as_bytes().to_vec();
            wrong[place] = if wrong[place] == b'A' { b'B' } else { b'A' };
            assert!(auth.check(&wrong).is_err(), "{place}");
        }
    }

    #[test]
    fn several_credentials_are_accepted_at_once() {
        let auth = BasicAuth::new("a", "1").unwrap().or("b", "2").unwrap();
        for (user, password, outcome) in
            [("a", "1", Ok(())), ("b", "2", Ok(())), ("a", "2", Err(Mismatch))]
        {
            let shown = Credentials::new(user, password).unwrap().authorization();
            assert_eq!(auth.check(shown.as_bytes()), outcome, "{user}");
        }
    }

    #[test]
    fn an_endless_token_is_refused_unread() {
        let mut value = b"Basic ".to_vec();
        value.resize(65_536, b'A');
        assert_eq!(auth().check(&value), Err(Malformed));
    }

    #[test]
    fn what_cannot_be_built() {
        let long = "x".repeat(3_000);
        for (username, password, error) in [
            ("", "p", ConfigError::EmptyUsername),
            ("u", "", ConfigError::EmptyPassword),
            ("a:b", "p", ConfigError::ColonInUsername),
            ("u\0", "p", ConfigError::ControlCharacter),
            ("u", "p\r", ConfigError::ControlCharacter),
            ("u", "p\u{7f}", ConfigError::ControlCharacter),
            ("u", "p\u{85}", ConfigError::ControlCharacter),
            ("u", &long, ConfigError::CredentialsTooLong),
        ] {
            assert_eq!(BasicAuth::new(username, password).unwrap_err(), error);
            assert_eq!(auth().or(username, password).unwrap_err(), error);
        }
    }

    #[test]
    fn nothing_shows() {
        let credentials = Credentials::new("JohnSmith", "Swordfish").unwrap();
        assert_eq!(format!("{credentials:?}"), "Credentials(redacted)");
        assert_eq!(format!("{:?}", credentials.authorization()), "Sensitive");
        assert_eq!(format!("{:?}", BasicAuth::from(&credentials)), "BasicAuth { accepted: 1, .. }");
    }

    #[test]
    fn the_documented_sample_of_musement() {
        let credentials = Credentials::new("JohnSmith", "Swordfish").unwrap();
        assert_eq!(credentials.authorization(), "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==");
        assert_eq!(credentials.username().expose(), b"JohnSmith");
        assert_eq!(credentials.password().expose(), b"Swordfish");
    }
}
