//! The sender's address out of a proxy's header.

use std::future::{Ready, ready};
use std::num::NonZeroUsize;
use std::task::{Context, Poll};

use actix_web::HttpMessage as _;
use actix_web::dev::{Service, ServiceRequest, Transform};
use http::HeaderName;

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
/// The name of the header is one of the `http` crate's version 1.
///
/// ```
/// use std::num::NonZeroUsize;
/// use actix_web::App;
/// use http::HeaderName;
/// use order_webhooks::actix::SetPeerAddress;
///
/// let header = HeaderName::from_static("x-forwarded-for");
/// let one_proxy = SetPeerAddress::new(header, NonZeroUsize::MIN);
/// let app = App::new().wrap(one_proxy);
/// # let _ = app;
/// ```
#[derive(Debug, Clone)]
pub struct SetPeerAddress {
    header: HeaderName,
    proxies: NonZeroUsize,
}

impl SetPeerAddress {
    /// Takes the address that the outermost of this many proxies, all of them
    /// yours, wrote into this header.
    #[must_use]
    pub fn new(header: HeaderName, proxies: NonZeroUsize) -> Self {
        Self { header, proxies }
    }
}

impl<S: Service<ServiceRequest>> Transform<S, ServiceRequest> for SetPeerAddress {
    type Response = S::Response;
    type Error = S::Error;
    type Transform = PeerAddressSet<S>;
    type InitError = ();
    type Future = Ready<Result<PeerAddressSet<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(PeerAddressSet { set: self.clone(), inner }))
    }
}

/// The service that [`SetPeerAddress`] makes.
#[derive(Debug)]
pub struct PeerAddressSet<S> {
    set: SetPeerAddress,
    inner: S,
}

impl<S: Service<ServiceRequest>> Service<ServiceRequest> for PeerAddressSet<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&self, request: ServiceRequest) -> S::Future {
        let SetPeerAddress { header, proxies } = &self.set;
        let peer = PeerAddress::from_header(request.headers(), header, *proxies);
        request.extensions_mut().insert(peer.unwrap_or(PeerAddress::UNKNOWN));
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::Error;
    use actix_web::dev::ServiceResponse;
    use http::header::FORWARDED;

    use super::*;

    /// A service that is not ready.
    struct Busy;

    impl Service<ServiceRequest> for Busy {
        type Response = ServiceResponse;
        type Error = Error;
        type Future = Ready<Result<ServiceResponse, Error>>;

        fn poll_ready(&self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Pending
        }

        fn call(&self, request: ServiceRequest) -> Self::Future {
            ready(Ok(request.into_response(actix_web::HttpResponse::Ok())))
        }
    }

    #[test]
    fn it_is_ready_when_the_service_inside_is() {
        let set = SetPeerAddress::new(FORWARDED, NonZeroUsize::MIN);
        let service = set.new_transform(Busy).into_inner().unwrap();
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(service.poll_ready(&mut context).is_pending());
    }
}
