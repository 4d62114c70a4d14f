//! The challenge of RFC 7235 and RFC 7617, as a pure function of one head.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;

use crate::auth::basic::{BasicAuth, LONGEST_TOKEN};
use crate::head::Head;
use crate::rejection::Reason;

/// Where a delivery is between the challenge and the right credentials (RFC
/// 7235, RFC 7617).
///
/// The receiver remembers nothing from one request to the next, so the second
/// request may go to another server than the first.
///
/// | `Authorization` | state | answer | to a port-out |
/// |---|---|---|---|
/// | absent | challenged | 401 with the challenge | the same |
/// | once, right | authenticated | go on to the body | the same |
/// | once, of another scheme than Basic | other scheme | 401 with the challenge | 200 and the chosen verdict |
/// | once, malformed | malformed | 401 with the challenge | 200 and the chosen verdict |
/// | once, wrong | mismatch | 401 with the challenge | 200 and the chosen verdict |
/// | more than once | repeated | 400 | 200 and the chosen verdict |
///
/// ```
/// use order_webhooks::auth::ChallengeState;
/// use order_webhooks::{BasicAuth, Head};
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
    /// Another scheme than Basic, such as `Bearer x`: ask again.
    OtherScheme,
    /// Not the base64 of a username, a colon and a password, such as
    /// `Basic dQ==`, or longer than any that can be right: ask again.
    Malformed,
    /// Well formed, and not the right ones: ask again.
    Mismatch,
    /// `Authorization` came more than once, be it with the same value.
    Repeated,
}

impl BasicAuth {
    /// Where the delivery with this head stands.
    pub fn state(&self, head: &Head<'_>) -> ChallengeState {
        match head.header(&AUTHORIZATION) {
            Ok(None) => ChallengeState::Challenged,
            Ok(Some(value)) => self.check(value),
            Err(_) => ChallengeState::Repeated,
        }
    }

    /// Where a delivery with this one value of `Authorization` stands:
    /// authenticated, or why not.
    pub fn check(&self, authorization: &[u8]) -> ChallengeState {
        match token(authorization) {
            Err(state) => state,
            Ok(token) if self.accepts(token) => ChallengeState::Authenticated,
            Ok(token) if is_pair(token) => ChallengeState::Mismatch,
            Ok(_) => ChallengeState::Malformed,
        }
    }

    /// Accepts an authenticated delivery only.
    ///
    /// # Errors
    ///
    /// The reason that goes with every other [`ChallengeState`].
    pub fn authenticate(&self, head: &Head<'_>) -> Result<(), Reason> {
        let challenge = || self.challenge().clone();
        Err(match self.state(head) {
            ChallengeState::Authenticated => return Ok(()),
            ChallengeState::Challenged => Reason::Challenged(challenge()),
            ChallengeState::OtherScheme => Reason::CredentialsScheme(challenge()),
            ChallengeState::Malformed => Reason::CredentialsMalformed(challenge()),
            ChallengeState::Mismatch => Reason::CredentialsMismatch(challenge()),
            ChallengeState::Repeated => Reason::RepeatedHeader(AUTHORIZATION),
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: (&str, &str) = ("Authorization", "Basic dTpwOnE=");
    const WRONG: (&str, &str) = ("Authorization", "Basic eDp5");
    const MALFORMED: (&str, &str) = ("Authorization", "Basic dQ==");
    const OTHER: (&str, &str) = ("authorization", "Bearer x");

    #[test]
    fn the_table() {
        use ChallengeState as S;
        use Reason as R;
        let auth = BasicAuth::new("u", "p:q").unwrap();
        let challenge = || auth.challenge().clone();
        for (headers, state, outcome) in [
            (&[][..], S::Challenged, Err(R::Challenged(challenge()))),
            (&[RIGHT], S::Authenticated, Ok(())),
            (&[WRONG], S::Mismatch, Err(R::CredentialsMismatch(challenge()))),
            (&[MALFORMED], S::Malformed, Err(R::CredentialsMalformed(challenge()))),
            (&[OTHER], S::OtherScheme, Err(R::CredentialsScheme(challenge()))),
            (&[RIGHT, RIGHT], S::Repeated, Err(R::RepeatedHeader(AUTHORIZATION))),
            (&[RIGHT, WRONG], S::Repeated, Err(R::RepeatedHeader(AUTHORIZATION))),
        ] {
            let head = Head::new("POST", &headers);
            assert_eq!(auth.state(&head), state, "{headers:?}");
            assert_eq!(auth.authenticate(&head), outcome, "{headers:?}");
        }
    }
}
