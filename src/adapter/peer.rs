//! The sender's address, as the extensions of a request give it.

use std::net::IpAddr;

use crate::peer::PeerAddress;

/// The server's own word first, and then axum's of the connection.
pub(super) fn of(extensions: &http::Extensions) -> Option<IpAddr> {
    let given = PeerAddress::of(extensions);
    #[cfg(feature = "axum")]
    let given = given.or_else(|| {
        let info = extensions.get::<::axum::extract::ConnectInfo<std::net::SocketAddr>>();
        info.map(|info| info.0.ip())
    });
    given
}
