//! The request of a delivery, as it goes over the wire.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};

use crate::testing::delivery::{Delivery, Stage};
use crate::testing::forgery::{Forgery, other_password};

impl Delivery {
    /// The request that is due, or `None` once the delivery has ended.
    #[must_use]
    pub fn request(&self) -> Option<Request<Bytes>> {
        let (bare, body) = match self.stage {
            Stage::Ended(_) => return None,
            Stage::Bare if !self.sender.bare_body => (true, Bytes::new()),
            Stage::Bare => (true, self.body.clone()),
            Stage::Proven => (false, self.body.clone()),
        };
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.sender.url.clone();
        let length = HeaderValue::from(request.body().len());
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, self.sender.media_type.clone());
        headers.insert(CONTENT_LENGTH, length);
        if let Some(right) = self.sender.credentials.as_ref().filter(|_| !bare) {
            let wrong = || other_password(right);
            for value in Forgery::values(self.forged_credentials, right, wrong) {
                headers.append(AUTHORIZATION, value);
            }
        }
        for (name, value) in &self.sender.headers {
            headers.append(name, value.clone());
        }
        self.sign(&mut request);
        self.come_from_the_address(&mut request);
        Some(request)
    }

    fn sign(&self, request: &mut Request<Bytes>) {
        let signed = match (&self.signed, request.body().is_empty()) {
            (Some(signed), false) => signed.clone(),
            _ => request.body().clone(),
        };
        let Some(signature) = &self.sender.signature else { return };
        let mut headers = request.headers().clone();
        signature.sign_into(&mut headers, &signed);
        let Some(right) = headers.remove(signature.header()) else { return };
        let wrong = || {
            let mut headers = headers.clone();
            signature.sign_into(&mut headers, &[&signed, &b"x"[..]].concat());
            headers.remove(signature.header()).unwrap_or(HeaderValue::from_static(""))
        };
        let values = Forgery::values(self.forged_signature, &right, wrong);
        for value in values {
            headers.append(signature.header(), value);
        }
        *request.headers_mut() = headers;
    }

    /// What axum's `into_make_service_with_connect_info` says of a connection.
    #[cfg(feature = "axum")]
    fn come_from_the_address(&self, request: &mut Request<Bytes>) {
        if let Some(address) = self.sender.address {
            let info = axum::extract::ConnectInfo(std::net::SocketAddr::new(address, 0));
            request.extensions_mut().insert(info);
        }
    }

    #[cfg(not(feature = "axum"))]
    #[allow(clippy::unused_self, reason = "nobody else reads an address out of a request")]
    fn come_from_the_address(&self, _: &mut Request<Bytes>) {}
}
