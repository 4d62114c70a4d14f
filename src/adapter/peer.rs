//! The sender's address, when it is not the connection's.

use std::net::IpAddr;

/// The sender's address, as the server knows it.
///
/// Put into a request's extensions by the server's own middleware, it stands in
/// for the address of the connection. Behind a proxy that is how a webhook that
/// checks addresses gets the sender's: from the header that the proxy sets, and
/// only if the proxy sets it on every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

/// The address that the extensions of a request give: the server's own word
/// first, and then axum's of the connection.
#[cfg(feature = "tower")]
pub(super) fn of(extensions: &http::Extensions) -> Option<IpAddr> {
    let given = extensions.get::<PeerAddress>().map(|peer| peer.0);
    #[cfg(feature = "axum")]
    let given = given.or_else(|| {
        let info = extensions.get::<::axum::extract::ConnectInfo<std::net::SocketAddr>>();
        info.map(|info| info.0.ip())
    });
    given
}
