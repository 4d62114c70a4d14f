//! The addresses and networks that a sender sends from.

use std::net::IpAddr;
use std::sync::Arc;

use crate::error::ConfigError;
use crate::head::Head;
use crate::rejection::Reason;

/// Addresses and networks that may send.
///
/// An IPv4 address that a dual-stack socket shows as IPv6 (`::ffff:203.0.113.7`)
/// is treated as the IPv4 address that it is.
///
/// An address proves less than credentials or a signature: it is right for
/// whoever shares the sender's network, and behind a proxy it is the proxy's,
/// unless the server takes the sender's from the proxy and gives that.
///
/// ```
/// use order_webhooks::Allowlist;
///
/// let senders = Allowlist::new(["203.0.113.7", "198.51.100.0/24", "2001:db8::/32"])?;
/// assert!(senders.contains("198.51.100.9".parse()?));
/// assert!(senders.contains("::ffff:203.0.113.7".parse()?));
/// assert!(!senders.contains("203.0.113.8".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Allowlist(Arc<[Network]>);

impl Allowlist {
    /// Takes addresses (`203.0.113.7`, `2001:db8::1`) and networks in CIDR
    /// notation (`198.51.100.0/24`; RFC 4632, section 3.1). Bits after the
    /// prefix are ignored.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptyAllowlist`] for no entries at all, and
    /// [`ConfigError::InvalidNetwork`] with the position of an entry that is
    /// neither: `"10.0.0.0/33"`, `"example.org"`, and every network with the
    /// prefix 0, since it would let everyone in.
    pub fn new<S: AsRef<str>>(entries: impl IntoIterator<Item = S>) -> Result<Self, ConfigError> {
        let networks: Result<Arc<[_]>, _> = (1..)
            .zip(entries)
            .map(|(position, entry)| {
                Network::parse(entry.as_ref()).ok_or(ConfigError::InvalidNetwork { position })
            })
            .collect();
        match networks {
            Ok(networks) if networks.is_empty() => Err(ConfigError::EmptyAllowlist),
            networks => networks.map(Self),
        }
    }

    /// Whether this address may send.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }

    /// Goes on with a delivery from an address in the list only.
    ///
    /// # Errors
    ///
    /// [`Reason::AddressUnknown`] if the head has no address, and
    /// [`Reason::AddressRefused`] if it has another one.
    pub fn authenticate(&self, head: &Head<'_>) -> Result<(), Reason> {
        match head.peer() {
            None => Err(Reason::AddressUnknown),
            Some(peer) if self.contains(peer) => Ok(()),
            Some(_) => Err(Reason::AddressRefused),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    fn parse(entry: &str) -> Option<Self> {
        let (address, prefix) = match entry.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (entry, None),
        };
        let written: IpAddr = address.parse().ok()?;
        let address = written.to_canonical();
        let bits = bits(written);
        let prefix = match prefix {
            None => bits,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| (1..=bits).contains(prefix))?
            }
            Some(_) => return None,
        };
        // An IPv4-mapped network counts its prefix from the start of the IPv6 form.
        let mapped = bits.saturating_sub(self::bits(address));
        let prefix = prefix.checked_sub(mapped).filter(|prefix| *prefix > 0)?;
        Some(Self { address, prefix })
    }

    fn contains(self, address: IpAddr) -> bool {
        let shift = bits(address).saturating_sub(self.prefix);
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

fn bits(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn contains(entry: &str, address: &str) -> bool {
        Allowlist::new([entry]).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn addresses_and_networks() {
        for (entry, address, inside) in [
            ("203.0.113.7", "203.0.113.7", true),
            ("203.0.113.7", "203.0.113.6", false),
            ("203.0.113.7/32", "203.0.113.7", true),
            ("198.51.100.0/24", "198.51.100.0", true),
            ("198.51.100.0/24", "198.51.100.255", true),
            ("198.51.100.0/24", "198.51.101.0", false),
            ("198.51.100.9/24", "198.51.100.1", true),
            ("128.0.0.0/1", "255.0.0.1", true),
            ("128.0.0.0/1", "127.0.0.1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::1", "2001:db8::1", true),
            ("2001:db8::1", "2001:db8::2", false),
            ("203.0.113.7", "::ffff:203.0.113.7", true),
            ("::ffff:203.0.113.7", "203.0.113.7", true),
            ("::ffff:203.0.113.0/120", "203.0.113.9", true),
            ("::ffff:203.0.113.0/120", "203.0.114.9", false),
            ("203.0.113.7", "2001:db8::1", false),
            ("2001:db8::1", "203.0.113.7", false),
        ] {
            assert_eq!(contains(entry, address), inside, "{entry} {address}");
        }
    }

    #[test]
    fn what_cannot_be_built() {
        let none: [&str; 0] = [];
        assert_eq!(Allowlist::new(none).unwrap_err(), ConfigError::EmptyAllowlist);
        for entry in [
            "",
            "example.org",
            "203.0.113",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/-8",
            "10.0.0.0/8/8",
            "0.0.0.0/0",
            "::/0",
            "::ffff:0.0.0.0/96",
            "::ffff:10.0.0.0/95",
            " 10.0.0.1",
        ] {
            let error = Allowlist::new(["10.0.0.1", entry]).unwrap_err();
            assert_eq!(error, ConfigError::InvalidNetwork { position: 2 }, "{entry}");
        }
    }

    #[test]
    fn a_head_needs_an_address_of_the_list() {
        let list = Allowlist::new(["203.0.113.7"]).unwrap();
        let headers: [(&str, &str); 0] = [];
        let head = Head::new("POST", &headers);
        assert_eq!(list.authenticate(&head), Err(Reason::AddressUnknown));
        let from = |address: &str| head.with_peer(address.parse().unwrap());
        assert_eq!(list.authenticate(&from("203.0.113.8")), Err(Reason::AddressRefused));
        assert_eq!(list.authenticate(&from("203.0.113.7")), Ok(()));
    }
}
