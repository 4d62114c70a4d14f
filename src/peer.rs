//! The sender's address.

use std::net::{IpAddr, Ipv4Addr};

/// The sender's address, as the server knows it.
///
/// Behind a proxy, let a middleware of yours put it into the request's
/// extensions, with [`from_header`](Self::from_header). Every adapter, and
/// [`Head::of`](crate::Head::of), then takes it in place of the connection's
/// address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerAddress(pub IpAddr);

impl PeerAddress {
    /// No address, `0.0.0.0`. It lets nobody in, and the address of the
    /// connection does not count either.
    pub const UNKNOWN: Self = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

    /// The address that the extensions of a request hold.
    pub(crate) fn of(extensions: &http::Extensions) -> Option<IpAddr> {
        extensions.get::<Self>().map(|peer| peer.0)
    }
}
