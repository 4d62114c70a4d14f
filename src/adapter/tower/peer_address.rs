//! The sender's address out of a proxy's header.

use std::num::NonZeroUsize;
use std::task::{Context, Poll};

use http::{HeaderName, Request};
use tower_layer::Layer;
use tower_service::Service;

use crate::head::PeerAddress;

/// Takes the sender's address from the header in which your own proxies write it,
/// and puts it as a [`PeerAddress`] into the extensions of each request.
///
/// A webhook with an `Allowlist` checks that address. Where the header has none,
/// it is [`PeerAddress::UNKNOWN`], and the delivery is refused with
/// [`Reason::AddressMissing`](crate::Reason::AddressMissing).
/// [`PeerAddress::from_header`] says how the proxies are counted, and what must be
/// true of them.
///
/// ```
/// use std::num::NonZeroUsize;
/// use axum::Router;
/// use http::HeaderName;
/// use order_webhooks::tower::SetPeerAddressLayer;
///
/// let header = HeaderName::from_static("x-forwarded-for");
/// let one_proxy = SetPeerAddressLayer::new(header, NonZeroUsize::MIN);
/// let app: Router = Router::new().layer(one_proxy);
/// ```
#[derive(Debug, Clone)]
pub struct SetPeerAddressLayer {
    header: HeaderName,
    proxies: NonZeroUsize,
}

impl SetPeerAddressLayer {
    /// Takes the address that the outermost of this many proxies, all of them
    /// yours, wrote into this header.
    #[must_use]
    pub fn new(header: HeaderName, proxies: NonZeroUsize) -> Self {
        Self { header, proxies }
    }
}

impl<S> Layer<S> for SetPeerAddressLayer {
    type Service = SetPeerAddress<S>;

    fn layer(&self, inner: S) -> SetPeerAddress<S> {
        SetPeerAddress { layer: self.clone(), inner }
    }
}

/// The service that [`SetPeerAddressLayer`] makes.
#[derive(Debug, Clone)]
pub struct SetPeerAddress<S> {
    layer: SetPeerAddressLayer,
    inner: S,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for SetPeerAddress<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let SetPeerAddressLayer { header, proxies } = &self.layer;
        let peer = PeerAddress::from_header(request.headers(), header, *proxies);
        request.extensions_mut().insert(peer.unwrap_or(PeerAddress::UNKNOWN));
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use http::header::FORWARDED;
    use tower::limit::ConcurrencyLimit;

    use super::*;

    #[test]
    fn it_is_ready_when_the_service_inside_is() {
        let inner = tower::service_fn(async |_: Request<()>| Ok::<_, ()>(()));
        let layer = SetPeerAddressLayer::new(FORWARDED, NonZeroUsize::MIN);
        let mut context = Context::from_waker(std::task::Waker::noop());
        for (most, is_ready) in [(1, true), (0, false)] {
            let mut service = layer.layer(ConcurrencyLimit::new(inner, most));
            assert_eq!(service.poll_ready(&mut context).is_ready(), is_ready, "{most}");
        }
    }
}
