//! The challenge of RFC 7235 and RFC 7617, as a pure function of one head.

use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::auth::basic::BasicAuth;
use crate::error::ConfigError;
use crate::head::{Field, Head};
use crate::rejection::{CredentialsFault, Reason};

/// Where a delivery stands between being asked for credentials and having shown
/// them.
///
/// Nothing is remembered from one request to the next: the second request of a
/// sender can reach another server than the first.
///
/// | `Authorization` | state | answer |
/// |---|---|---|
/// | absent | challenged | 401 with the challenge |
/// | once, right | authenticated | go on to the body |
/// | once, wrong, malformed or of another scheme | denied | 401 with the challenge |
/// | more than once | repeated | 400 |
///
/// ```
/// use order_webhooks::{BasicAuth, ChallengeState, Head};
///
/// let auth = BasicAuth::new("bandwidth-user", "bandwidth-password")?;
/// let first: [(&str, &str); 0] = [];
/// assert_eq!(auth.state(&Head::new("POST", &first)), ChallengeState::Challenged);
///
/// let value = "Basic YmFuZHdpZHRoLXVzZXI6YmFuZHdpZHRoLXBhc3N3b3Jk";
/// let second = [("Authorization", value)];
/// assert_eq!(auth.state(&Head::new("POST", &second)), ChallengeState::Authenticated);
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum ChallengeState {
    /// No credentials: ask for them.
    Challenged,
    /// The right credentials.
    Authenticated,
    /// Other credentials than the right ones: ask again.
    Denied(CredentialsFault),
    /// `Authorization` came more than once.
    Repeated,
}

impl BasicAuth {
    /// Where the delivery with this head stands.
    pub fn state(&self, head: &Head<'_>) -> ChallengeState {
        match head.field(&AUTHORIZATION) {
            Field::Absent => ChallengeState::Challenged,
            Field::Once(value) => match self.check(value) {
                Ok(()) => ChallengeState::Authenticated,
                Err(fault) => ChallengeState::Denied(fault),
            },
            Field::Repeated => ChallengeState::Repeated,
        }
    }

    /// Goes on with an authenticated delivery only.
    ///
    /// # Errors
    ///
    /// The reason that goes with every other [`ChallengeState`].
    pub fn authenticate(&self, head: &Head<'_>) -> Result<(), Reason> {
        match self.state(head) {
            ChallengeState::Challenged => Err(Reason::Challenged(self.challenge().clone())),
            ChallengeState::Authenticated => Ok(()),
            ChallengeState::Denied(fault) => {
                Err(Reason::Credentials { fault, challenge: self.challenge().clone() })
            }
            ChallengeState::Repeated => Err(Reason::RepeatedHeader(AUTHORIZATION)),
        }
    }
}

pub(super) fn default_header_value() -> HeaderValue {
    HeaderValue::from_static(r#"Basic realm="webhooks", charset="UTF-8""#)
}

/// The realm comes first and is quoted, since some senders read nothing else;
/// `charset` makes the others encode credentials as UTF-8 (RFC 7617, section
/// 2.1).
pub(super) fn header_value(realm: &str) -> Result<HeaderValue, ConfigError> {
    let printable = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    if realm.trim().is_empty() || !realm.bytes().all(printable) {
        return Err(ConfigError::InvalidRealm);
    }
    HeaderValue::try_from(format!(r#"Basic realm="{realm}", charset="UTF-8""#))
        .map_err(|_| ConfigError::InvalidRealm)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth() -> BasicAuth {
        BasicAuth::new("u", "p:q").unwrap()
    }

    const RIGHT: (&str, &str) = ("Authorization", "Basic dTpwOnE=");
    const WRONG: (&str, &str) = ("Authorization", "Basic eDp5");
    const OTHER: (&str, &str) = ("authorization", "Bearer x");

    #[test]
    fn the_table() {
        type Row<'a> = (&'a [(&'a str, &'a str)], ChallengeState, Result<(), Reason>);
        let challenge = || auth().challenge().clone();
        let refused = |fault| Err(Reason::Credentials { fault, challenge: challenge() });
        let table: [Row<'_>; 6] = [
            (&[], ChallengeState::Challenged, Err(Reason::Challenged(challenge()))),
            (&[RIGHT], ChallengeState::Authenticated, Ok(())),
            (
                &[WRONG],
                ChallengeState::Denied(CredentialsFault::Mismatch),
                refused(CredentialsFault::Mismatch),
            ),
            (
                &[OTHER],
                ChallengeState::Denied(CredentialsFault::Scheme),
                refused(CredentialsFault::Scheme),
            ),
            (&[RIGHT, RIGHT], ChallengeState::Repeated, Err(Reason::RepeatedHeader(AUTHORIZATION))),
            (&[RIGHT, WRONG], ChallengeState::Repeated, Err(Reason::RepeatedHeader(AUTHORIZATION))),
        ];
        for (headers, state, outcome) in table {
            let head = Head::new("POST", &headers);
            assert_eq!(auth().state(&head), state, "{headers:?}");
            assert_eq!(auth().authenticate(&head), outcome, "{headers:?}");
        }
    }

    #[test]
    fn the_challenge_is_quoted_and_names_the_charset() {
        assert_eq!(auth().challenge(), r#"Basic realm="webhooks", charset="UTF-8""#);
        let auth = auth().with_realm("port-outs of Acme").unwrap();
        assert_eq!(auth.challenge(), r#"Basic realm="port-outs of Acme", charset="UTF-8""#);
    }

    #[test]
    fn a_realm_that_would_break_the_header_cannot_be_built() {
        for realm in ["", "  ", "a\"b", "a\\b", "a\r\nb", "caf\u{e9}"] {
            assert_eq!(auth().with_realm(realm).unwrap_err(), ConfigError::InvalidRealm, "{realm}");
        }
    }
}
