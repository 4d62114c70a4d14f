//! The sender's address.

use std::net::IpAddr;

/// The sender's address, as the server knows it.
///
/// Put into a request's extensions by the server's own middleware, it counts
/// everywhere: in every adapter it stands in for the address of the connection,
/// and [`Head::of`](crate::Head::of) takes it. Behind a proxy that is how a
/// webhook that checks addresses gets the sender's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeerAddress(pub IpAddr);

impl PeerAddress {
    /// The address that the extensions of a request hold.
    pub(crate) fn of(extensions: &http::Extensions) -> Option<IpAddr> {
        extensions.get::<Self>().map(|peer| peer.0)
    }
}
