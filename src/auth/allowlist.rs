//! The addresses and networks that a sender sends from.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};

use crate::error::ConfigError;
use crate::head::Head;
use crate::rejection::Reason;

/// Addresses and networks that may send.
///
/// An IPv4 address that a dual-stack socket shows as IPv6 (`::ffff:203.0.113.7`)
/// is treated as the IPv4 address that it is.
///
/// An address proves less than credentials or a signature: everyone in the
/// sender's network has it, and behind a proxy it is the proxy's, unless the
/// server takes the sender's from a header; see
/// [`PeerAddress`](crate::PeerAddress).
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
pub struct Allowlist(Arc<[IpNet]>);

impl Allowlist {
    /// Takes addresses (`203.0.113.7`, `2001:db8::1`) and networks in CIDR
    /// notation (`198.51.100.0/24`; RFC 4632, section 3.1). Bits after the
    /// prefix are ignored.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptyAllowlist`] for no entries at all, and
    /// [`ConfigError::InvalidNetwork`] with the position of an entry that is
    /// neither: `"10.0.0.0/33"`, `"example.org"`. [`ConfigError::EveryAddress`]
    /// for networks that let everyone in, alone or together: `"0.0.0.0/0"`, or
    /// `"0.0.0.0/1"` and `"128.0.0.0/1"`.
    pub fn new<S: AsRef<str>>(entries: impl IntoIterator<Item = S>) -> Result<Self, ConfigError> {
        let mut networks = Vec::new();
        for (position, entry) in (1..).zip(entries) {
            let network = network(entry.as_ref());
            networks.push(network.ok_or(ConfigError::InvalidNetwork { position })?);
        }
        if networks.is_empty() {
            return Err(ConfigError::EmptyAllowlist);
        }
        if IpNet::aggregate(&networks).iter().any(|network| network.prefix_len() == 0) {
            return Err(ConfigError::EveryAddress);
        }
        Ok(Self(networks.into()))
    }

    /// Whether this address may send. An unspecified address, `0.0.0.0` or `::`,
    /// may not, whatever the list.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        // `0.0.0.0` and `::` are no sender's: they stand for an address that is not known.
        !address.is_unspecified() && self.0.iter().any(|network| network.contains(&address))
    }

    /// Accepts a delivery from an address in the list only.
    ///
    /// # Errors
    ///
    /// [`Reason::AddressUnknown`] if the head has no address,
    /// [`Reason::AddressMissing`] if it is
    /// [`PeerAddress::UNKNOWN`](crate::PeerAddress::UNKNOWN), and
    /// [`Reason::AddressRefused`] if it is another one.
    pub fn authenticate(&self, head: &Head<'_>) -> Result<(), Reason> {
        match head.peer() {
            None => Err(Reason::AddressUnknown),
            Some(peer) if self.contains(peer) => Ok(()),
            Some(peer) if peer.to_canonical().is_unspecified() => Err(Reason::AddressMissing),
            Some(peer) => Err(Reason::AddressRefused(peer)),
        }
    }
}

/// An address counts as the network of itself. A network of IPv4-mapped
/// addresses counts its prefix from the start of the IPv6 form; it is the IPv4
/// network that it stands for.
fn network(entry: &str) -> Option<IpNet> {
    let network = match entry.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => entry.parse().ok()?,
    };
    match (network, network.addr().to_canonical()) {
        (IpNet::V6(mapped), IpAddr::V4(address)) => {
            // A prefix that ends before the IPv4 part holds more than that part.
            let prefix = mapped.prefix_len().checked_sub(96)?;
            Ipv4Net::new(address, prefix).ok().map(IpNet::V4)
        }
        _ => Some(network),
    }
}

#[cfg(test)]
mod tests;
