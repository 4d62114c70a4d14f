//! Requests to a provider's API.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use zeroize::Zeroizing;

use crate::client::RequestError;
use crate::secret::Secret;
use crate::wire::text::percent_encoded;

/// The longest base URL, in bytes.
const LONGEST_BASE: usize = 2_000;

/// The longest id, in bytes. With the longest base URL it still fits into a [`Uri`].
const LONGEST_ID: usize = 255;

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
        if !protected || !plain || !named || base.len() > LONGEST_BASE {
            return Err(RequestError::BaseUrl);
        }
        let base = format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/'));
        Ok(Self { base, headers: Vec::new() })
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// A request for this path, which starts with a slash. Ids in it come from
    /// [`segment`].
    pub(crate) fn request(&self, method: Method, path: &str) -> Request<Vec<u8>> {
        let mut request = Request::new(Vec::new());
        *request.method_mut() = method;
        // A base URL and ids of bounded length always make a URL.
        *request.uri_mut() = format!("{}{path}", self.base).parse().unwrap_or_default();
        request.headers_mut().extend(self.headers.iter().cloned());
        request
    }
}

/// The header values may be secret.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("base", &self.base).finish_non_exhaustive()
    }
}

/// The id as one segment of a path.
///
/// # Errors
///
/// [`RequestError::Id`] for an id that a client, a proxy or a server could take for
/// another path.
pub(crate) fn segment(id: &str) -> Result<Cow<'_, str>, RequestError> {
    let leaves = matches!(id, "" | "." | "..") || id.trim() != id;
    let splits = id.contains(|c: char| matches!(c, '/' | '\\') || c.is_control());
    if leaves || splits || id.len() > LONGEST_ID {
        return Err(RequestError::Id);
    }
    Ok(percent_encoded(id))
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
    fn an_id_is_one_segment_or_refused() {
        for (id, written) in [
            ("390-f-42e89-40", Ok("390-f-42e89-40")),
            ("1?x=y#z", Ok("1%3Fx%3Dy%23z")),
            ("a b@c:80;d", Ok("a%20b%40c%3A80%3Bd")),
            ("%2e%2e", Ok("%252e%252e")),
            ("...", Ok("...")),
            ("é", Ok("%C3%A9")),
            ("", Err(RequestError::Id)),
            (".", Err(RequestError::Id)),
            ("..", Err(RequestError::Id)),
            (" ", Err(RequestError::Id)),
            (" ..", Err(RequestError::Id)),
            ("1\u{a0}", Err(RequestError::Id)),
            ("a/b", Err(RequestError::Id)),
            ("../admin", Err(RequestError::Id)),
            ("a\\b", Err(RequestError::Id)),
            ("a\r\nx: y", Err(RequestError::Id)),
            ("a\0", Err(RequestError::Id)),
        ] {
            assert_eq!(segment(id).as_deref(), written.as_ref().copied(), "{id:?}");
        }
        let (longest, longer) = ("9".repeat(255), "9".repeat(256));
        assert_eq!(segment(&longest).as_deref(), Ok(&*longest));
        assert_eq!(segment(&longer), Err(RequestError::Id));
        assert_eq!(segment(&"é".repeat(32_768)), Err(RequestError::Id));
    }

    #[test]
    fn the_longest_base_and_the_longest_ids_make_a_url() {
        let base = format!("https://api.example.com/{}", "x".repeat(1_976));
        assert_eq!(base.len(), LONGEST_BASE);
        let id = "\u{1f600}".repeat(63);
        let id = segment(&id).unwrap();
        let path = format!("/{id}/{id}/status");
        let request = Endpoint::new(&base).unwrap().request(Method::GET, &path);
        assert_eq!(request.uri().to_string(), format!("{base}{path}"));
    }

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
            let request = Endpoint::new(base).unwrap().request(Method::GET, "/x");
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
            &format!("https://api.example.com/{}", "x".repeat(LONGEST_BASE)),
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
            let secret = Secret::from_bytes(secret).unwrap();
            let error = secret_value("", &secret).unwrap_err();
            assert_eq!(error, RequestError::HeaderValue);
        }
    }
}
