//! The sender's address.

use std::net::{IpAddr, Ipv4Addr};

/// The sender's address, as the server knows it.
///
/// Put into a request's extensions by the server's own middleware, it counts
/// everywhere: in every adapter it stands in for the address of the connection,
/// and [`Head::of`](crate::Head::of) takes it. Behind a proxy that is how a
/// webhook that checks addresses gets the sender's: from
/// [`from_header`](Self::from_header).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerAddress(pub IpAddr);

impl PeerAddress {
    /// No address, `0.0.0.0`: with it nobody is let in, not even by the address of
    /// the connection.
    pub const UNKNOWN: Self = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

    /// The address that the extensions of a request hold.
    pub(crate) fn of(extensions: &http::Extensions) -> Option<IpAddr> {
        extensions.get::<Self>().map(|peer| peer.0)
    }
}
