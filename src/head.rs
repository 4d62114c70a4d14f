//! The head of a delivery: its method, its headers and the sender's address.

use std::fmt;
use std::net::IpAddr;

use http::HeaderName;

/// What a delivery says under one header name.
///
/// A header that decides whether a delivery is accepted may come once. Two
/// values, even equal ones, are [`Field::Repeated`], so that no part of a chain
/// of proxies can take another one for the value than the receiver does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    /// No such header.
    Absent,
    /// One header with this value, as it came: any bytes, not always UTF-8.
    Once(&'a [u8]),
    /// More than one header of this name.
    Repeated,
}

impl<'a> Field<'a> {
    /// What the values found under one name amount to.
    pub fn of(mut values: impl Iterator<Item = &'a [u8]>) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => Self::Once(value),
            (Some(_), Some(_)) => Self::Repeated,
        }
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Once(_) => "Once(redacted)",
            Self::Repeated => "Repeated",
        })
    }
}

/// Headers that can be looked up by name, in whatever type a server keeps them.
///
/// It is implemented for [`http::HeaderMap`] and for slices and arrays of
/// name and value; a server with a type of its own implements one function.
pub trait Headers {
    /// What stands under this name, whatever the case of its letters.
    fn field(&self, name: &HeaderName) -> Field<'_>;
}

impl Headers for http::HeaderMap {
    fn field(&self, name: &HeaderName) -> Field<'_> {
        Field::of(self.get_all(name).iter().map(http::HeaderValue::as_bytes))
    }
}

fn field_of_pairs<'a, N: AsRef<str>, V: AsRef<[u8]>>(
    pairs: &'a [(N, V)],
    name: &HeaderName,
) -> Field<'a> {
    let named = |(key, _): &&(N, V)| key.as_ref().eq_ignore_ascii_case(name.as_str());
    Field::of(pairs.iter().filter(named).map(|(_, value)| value.as_ref()))
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for &[(N, V)] {
    fn field(&self, name: &HeaderName) -> Field<'_> {
        field_of_pairs(self, name)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const L: usize> Headers for [(N, V); L] {
    fn field(&self, name: &HeaderName) -> Field<'_> {
        field_of_pairs(self, name)
    }
}

/// The head of a delivery: what can be looked at before its body is there.
///
/// ```
/// use order_webhooks::Head;
///
/// let headers = [("authorization", "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==")];
/// let head = Head::new("POST", &headers);
/// # let _ = head;
/// ```
#[derive(Clone, Copy)]
pub struct Head<'a> {
    method: &'a str,
    headers: &'a dyn Headers,
    peer: Option<IpAddr>,
}

impl<'a> Head<'a> {
    /// The head with this method (`POST`, in capitals as on the wire) and these
    /// headers.
    #[must_use]
    pub fn new(method: &'a str, headers: &'a dyn Headers) -> Self {
        Self { method, headers, peer: None }
    }

    /// The head of an [`http::Request`].
    #[must_use]
    pub fn of<B>(request: &'a http::Request<B>) -> Self {
        Self::new(request.method().as_str(), request.headers())
    }

    /// The head of the [`http::request::Parts`] of a request.
    #[must_use]
    pub fn of_parts(parts: &'a http::request::Parts) -> Self {
        Self::new(parts.method.as_str(), &parts.headers)
    }

    /// The same head with the address of the sender, for webhooks that check it.
    ///
    /// Behind a proxy the connection's address is the proxy's. Take the
    /// sender's from the proxy's own header only if the proxy always sets it.
    #[must_use]
    pub fn with_peer(mut self, peer: IpAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &'a str {
        self.method
    }

    /// What stands under this header name.
    #[must_use]
    pub fn field(&self, name: &HeaderName) -> Field<'a> {
        self.headers.field(name)
    }

    /// The sender's address, if the server gave it.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }
}

impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("method", &self.method)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};

    const NAME: HeaderName = HeaderName::from_static("x-signature");

    #[test]
    fn a_header_map_tells_none_one_and_more() {
        let mut map = HeaderMap::new();
        assert_eq!(map.field(&NAME), Field::Absent);
        map.append(NAME, HeaderValue::from_static("a"));
        assert_eq!(map.field(&NAME), Field::Once(b"a"));
        map.append(NAME, HeaderValue::from_static("a"));
        assert_eq!(map.field(&NAME), Field::Repeated);
    }

    #[test]
    fn pairs_tell_the_same_in_any_case_of_the_name() {
        assert_eq!([("x-other", "a")].field(&NAME), Field::Absent);
        assert_eq!([("X-Signature", "a")].field(&NAME), Field::Once(b"a"));
        assert_eq!([("X-Signature", "a"), ("x-signature", "a")].field(&NAME), Field::Repeated);
        let slice: &[(&str, &str)] = &[("X-SIGNATURE", "b")];
        assert_eq!(slice.field(&NAME), Field::Once(b"b"));
    }

    #[test]
    fn debug_shows_no_value() {
        assert_eq!(format!("{:?}", Field::Once(b"Basic c2VjcmV0")), "Once(redacted)");
        let headers = [("authorization", "Basic c2VjcmV0")];
        let head = format!("{:?}", Head::new("POST", &headers));
        assert_eq!(head, "Head { method: \"POST\", peer: None, .. }");
    }
}
