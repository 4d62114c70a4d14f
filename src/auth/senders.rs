//! Who may send: credentials, addresses, or both.

use std::sync::Arc;

use crate::auth::{Allowlist, BasicAuth};
use crate::head::Head;
use crate::rejection::Reason;

/// Who may send to a webhook that is not signed: those who have the
/// credentials, those who send from an address of the list, or those who do
/// both.
///
/// There is no value that lets everyone in.
///
/// ```
/// use order_webhooks::{Allowlist, BasicAuth, auth::Senders};
///
/// let auth = BasicAuth::new("JohnSmith", "Swordfish")?;
/// let addresses = Allowlist::new(["203.0.113.0/24"])?;
/// let by_credentials = Senders::from(auth.clone());
/// let by_address = Senders::from(addresses.clone());
/// let by_both: Senders = addresses.with(auth);
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Senders(Arc<Rule>);

#[derive(Debug)]
enum Rule {
    Credentials(BasicAuth),
    Addresses(Allowlist),
    Both(Allowlist, BasicAuth),
}

impl Senders {
    /// Accepts a delivery of one of these senders only.
    ///
    /// Where both are required, the address is checked first, so that a
    /// stranger does not learn whether its credentials are right.
    ///
    /// # Errors
    ///
    /// The same as [`BasicAuth::authenticate`] and [`Allowlist::authenticate`].
    pub fn authenticate(&self, head: &Head<'_>) -> Result<(), Reason> {
        match &*self.0 {
            Rule::Credentials(auth) => auth.authenticate(head),
            Rule::Addresses(addresses) => addresses.authenticate(head),
            Rule::Both(addresses, auth) => {
                addresses.authenticate(head)?;
                auth.authenticate(head)
            }
        }
    }
}

impl From<BasicAuth> for Senders {
    fn from(auth: BasicAuth) -> Self {
        Self(Arc::new(Rule::Credentials(auth)))
    }
}

impl From<Allowlist> for Senders {
    fn from(addresses: Allowlist) -> Self {
        Self(Arc::new(Rule::Addresses(addresses)))
    }
}

impl Allowlist {
    /// Asks for these credentials as well.
    #[must_use]
    pub fn with(self, auth: BasicAuth) -> Senders {
        Senders(Arc::new(Rule::Both(self, auth)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_two_is_enough_only_if_one_is_asked_for() {
        let auth = BasicAuth::new("u", "p:q").unwrap();
        let addresses = Allowlist::new(["203.0.113.7"]).unwrap();
        let none: &[(&str, &str)] = &[];
        let right: &[(&str, &str)] = &[("Authorization", "Basic dTpwOnE=")];
        let wrong: &[(&str, &str)] = &[("Authorization", "Basic eDp5")];
        let asked = || Err(Reason::Challenged(auth.challenge().clone()));
        let mismatch = || Err(Reason::CredentialsMismatch(auth.challenge().clone()));
        let stranger = || Err(Reason::AddressRefused("203.0.113.8".parse().unwrap()));
        let credentials = Senders::from(auth.clone());
        let address = Senders::from(addresses.clone());
        let both = addresses.with(auth.clone());
        for (headers, from, by_credentials, by_address, by_both) in [
            (none, "203.0.113.7", asked(), Ok(()), asked()),
            (right, "203.0.113.7", Ok(()), Ok(()), Ok(())),
            (wrong, "203.0.113.7", mismatch(), Ok(()), mismatch()),
            (none, "203.0.113.8", asked(), stranger(), stranger()),
            (right, "203.0.113.8", Ok(()), stranger(), stranger()),
            (wrong, "203.0.113.8", mismatch(), stranger(), stranger()),
        ] {
            let head = Head::new("POST", &headers).with_peer(from.parse().unwrap());
            assert_eq!(credentials.authenticate(&head), by_credentials, "{headers:?} {from}");
            assert_eq!(address.authenticate(&head), by_address, "{headers:?} {from}");
            assert_eq!(both.authenticate(&head), by_both, "{headers:?} {from}");
        }
    }
}
