//! The challenge of RFC 7235 and RFC 7617, as a pure function of one head.

use http::header::AUTHORIZATION;

use crate::auth::basic::BasicAuth;
use crate::head::Head;
use crate::rejection::Reason;

/// Where a delivery stands between being asked for credentials and having shown
/// them.
///
/// Nothing is remembered from one request to the next: the second request of a
/// sender can reach another server than the first.
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

    /// Goes on with an authenticated delivery only.
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
