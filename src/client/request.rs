//! Requests to a provider's API.

use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use zeroize::Zeroizing;

use crate::client::RequestError;
use crate::secret::Secret;

/// The longest base URL: it leaves room for every path in a [`Uri`].
const LONGEST: usize = 2_000;

/// Where an API is, and the headers that every request to it has.
#[derive(Clone)]
pub(crate) struct Endpoint {
    /// Without a slash at its end.
    base: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Endpoint {
    /// The API at this base URL, such as `https://api.example.com/v3`.
    pub(crate) fn new(base: &str) -> Result<Self, RequestError> {
        let uri: Uri = base.parse().map_err(|_| RequestError::BaseUrl)?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(RequestError::BaseUrl);
        };
        let protected =
            *scheme == Scheme::HTTPS || (*scheme == Scheme::HTTP && is_loopback(authority.host()));
        // A fragment is no part of a `Uri`, which drops it without a word.
        let plain = uri.query().is_none() && !base.contains('#');
        let named = !authority.host().is_empty() && !authority.as_str().contains('@');
        if !protected || !plain || !named || base.len() > LONGEST {
            return Err(RequestError::BaseUrl);
        }
        let base = format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/'));
        Ok(Self { base, headers: Vec::new() })
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// A request for the path, which starts with a slash; none if the path is
    /// too long for a URL.
    pub(crate) fn request(&self, method: Method, path: &str) -> Option<Request<Vec<u8>>> {
        let mut request = Request::new(Vec::new());
        *request.method_mut() = method;
        *request.uri_mut() = format!("{}{path}", self.base).try_into().ok()?;
        request.headers_mut().extend(self.headers.iter().cloned());
        Some(request)
    }
}

/// The header values may be secret.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("base", &self.base).finish_non_exhaustive()
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The value of a header that holds a secret: marked as such, and wiped with its
/// last copy.
pub(crate) fn secret_value(scheme: &str, secret: &Secret) -> Result<HeaderValue, RequestError> {
    let text = Zeroizing::new([scheme.as_bytes(), secret.expose()].concat());
    let value = HeaderValue::from_maybe_shared(Bytes::from_owner(text));
    let mut value = value.map_err(|_| RequestError::HeaderValue)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_https_or_loopback_and_nothing_but_a_base() {
        for (base, joined) in [
            ("https://api.example.com", "https://api.example.com/x"),
            ("https://api.example.com/", "https://api.example.com/x"),
            ("https://api.example.com:8443/api/v3/", "https://api.example.com:8443/api/v3/x"),
            ("HTTPS://api.example.com", "https://api.example.com/x"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000/x"),
            ("http://[::1]:3000", "http://[::1]:3000/x"),
            ("http://localhost", "http://localhost/x"),
        ] {
            let request = Endpoint::new(base).unwrap().request(Method::GET, "/x").unwrap();
            assert_eq!(request.uri().to_string(), joined, "{base}");
        }
        for base in [
            "",
            "/",
            "api.example.com",
            "//api.example.com",
            "ftp://api.example.com",
            "http://api.example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "https://",
            "https:///v3",
            "https://user:password@api.example.com",
            "https://api.example.com/v3?market=it",
            "https://api.example.com/v3#orders",
            "https://api.example.com/a b",
            "https://api.example.com/\r\n",
            &format!("https://api.example.com/{}", "x".repeat(LONGEST)),
        ] {
            assert_eq!(Endpoint::new(base).unwrap_err(), RequestError::BaseUrl, "{base}");
        }
    }

    #[test]
    fn a_secret_is_marked_and_no_second_header() {
        let value = secret_value("Bearer ", &Secret::new("abc").unwrap()).unwrap();
        assert_eq!(value, "Bearer abc");
        assert_eq!(format!("{value:?}"), "Sensitive");
        for secret in ["a\r\nx: y", "a\0", "a\x7f"] {
            let secret = Secret::new(secret).unwrap();
            let error = secret_value("", &secret).unwrap_err();
            assert_eq!(error, RequestError::HeaderValue);
        }
    }
}
