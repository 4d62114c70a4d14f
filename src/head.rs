//! The head of a delivery: its method, its headers and the sender's address.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::rejection::Reason;

/// Headers that can be looked up by name, in whatever type a server keeps them.
///
/// It is implemented for [`http::HeaderMap`], for slices, arrays and `Vec`s of name
/// and value, and for maps from name to value. (A map has lost the second line of a
/// header that came twice; prefer what keeps it.) For a server with a type of its own
/// you write one function:
///
/// ```
/// use http::HeaderName;
/// use order_webhooks::{Head, webhook::Headers};
///
/// struct Lines(Vec<(String, Vec<u8>)>);
///
/// impl Headers for Lines {
///     fn value(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
///         let mut lines = self.0.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name.as_str()));
///         lines.nth(nth).map(|(_, value)| value.as_slice())
///     }
/// }
///
/// let lines = Lines(vec![("Authorization".to_owned(), b"Basic dTpw".to_vec())]);
/// let head = Head::new("POST", &lines);
/// assert_eq!(head.header(&http::header::AUTHORIZATION)?, Some(&b"Basic dTpw"[..]));
/// # Ok::<(), order_webhooks::Reason>(())
/// ```
pub trait Headers: Sync {
    /// The value of the nth header of this name, counted from 0, as it came: any
    /// bytes, not always UTF-8. The case of a name's letters does not matter.
    fn value(&self, name: &HeaderName, nth: usize) -> Option<&[u8]>;

    /// The values of the first two headers of this name. A map that finds both in
    /// one look implements it; the others need not.
    fn first_two(&self, name: &HeaderName) -> [Option<&[u8]>; 2] {
        [self.value(name, 0), self.value(name, 1)]
    }
}

impl Headers for HeaderMap {
    fn value(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
        self.get_all(name).iter().nth(nth).map(HeaderValue::as_bytes)
    }

    fn first_two(&self, name: &HeaderName) -> [Option<&[u8]>; 2] {
        let mut values = self.get_all(name).iter().map(HeaderValue::as_bytes);
        [values.next(), values.next()]
    }
}

fn value_in_pairs<'a, N: AsRef<str> + 'a, V: AsRef<[u8]> + 'a>(
    pairs: impl IntoIterator<Item = (&'a N, &'a V)>,
    name: &HeaderName,
    nth: usize,
) -> Option<&'a [u8]> {
    let named = |(key, _): &(&N, &V)| key.as_ref().eq_ignore_ascii_case(name.as_str());
    pairs.into_iter().filter(named).nth(nth).map(|(_, value)| value.as_ref())
}

impl<N: AsRef<str> + Sync, V: AsRef<[u8]> + Sync> Headers for &[(N, V)] {
    fn value(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
        value_in_pairs(self.iter().map(|(name, value)| (name, value)), name, nth)
    }
}

impl<N: AsRef<str> + Sync, V: AsRef<[u8]> + Sync, const L: usize> Headers for [(N, V); L] {
    fn value(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
        value_in_pairs(self.iter().map(|(name, value)| (name, value)), name, nth)
    }
}

impl<N: AsRef<str> + Sync, V: AsRef<[u8]> + Sync> Headers for Vec<(N, V)> {
    fn value(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
        value_in_pairs(self.iter().map(|(name, value)| (name, value)), name, nth)
    }
}

impl<N, V, S> Headers for HashMap<N, V, S>
where
    N: AsRef<str> + Sync,
    V: AsRef<[u8]> + Sync,
    S: Sync,
{
    fn value(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
        value_in_pairs(self, name, nth)
    }
}

impl<N: AsRef<str> + Sync, V: AsRef<[u8]> + Sync> Headers for BTreeMap<N, V> {
    fn value(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
        value_in_pairs(self, name, nth)
    }
}

/// The head of a delivery: what can be looked at before its body is there.
///
/// ```
/// use order_webhooks::Head;
///
/// let headers = [("authorization", "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==")];
/// let head = Head::new("POST", &headers);
/// assert_eq!(head.header(&http::header::CONTENT_TYPE)?, None);
/// # Ok::<(), order_webhooks::Reason>(())
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

    /// The same head with the address of the sender, for webhooks that check it;
    /// see [`PeerAddress`].
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

    /// The value of the one header of this name, or `None` without it.
    ///
    /// # Errors
    ///
    /// [`Reason::RepeatedHeader`] if it comes more than once, even with equal
    /// values: a proxy in front might look at the one, and the receiver at the
    /// other.
    pub fn header(&self, name: &HeaderName) -> Result<Option<&'a [u8]>, Reason> {
        match self.headers.first_two(name) {
            [_, Some(_)] => Err(Reason::RepeatedHeader(name.clone())),
            [value, None] => Ok(value),
        }
    }

    /// The sender's address, if the server gave it.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }
}

/// The head of a request, with the sender's address if its extensions hold a
/// [`PeerAddress`].
impl<'a, B> From<&'a http::Request<B>> for Head<'a> {
    fn from(request: &'a http::Request<B>) -> Self {
        let peer = PeerAddress::of(request.extensions());
        Self { method: request.method().as_str(), headers: request.headers(), peer }
    }
}

/// The head of the parts of a request, with the sender's address if its
/// extensions hold a [`PeerAddress`].
impl<'a> From<&'a http::request::Parts> for Head<'a> {
    fn from(parts: &'a http::request::Parts) -> Self {
        let peer = PeerAddress::of(&parts.extensions);
        Self { method: parts.method.as_str(), headers: &parts.headers, peer }
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

/// The sender's address, as the server knows it.
///
/// Behind a proxy, a layer puts it into the request's extensions; see
/// [`from_header`](Self::from_header). Every adapter, and a [`Head`] made from the
/// request, then takes it in place of the connection's address.
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

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: HeaderName = HeaderName::from_static("x-signature");

    #[track_caller]
    fn check(headers: &dyn Headers, expected: &Result<Option<&[u8]>, Reason>) {
        assert_eq!(Head::new("POST", headers).header(&NAME), *expected);
    }

    #[test]
    fn one_header_has_one_value_in_any_case_of_its_name() {
        let repeated = || Err(Reason::RepeatedHeader(NAME));
        check(&[("x-other", "a")], &Ok(None));
        check(&[("X-Signature", "a"), ("x-other", "b")], &Ok(Some(b"a")));
        check(&[("X-Signature", "a"), ("x-signature", "a")], &repeated());
        let slice: &[(&str, &str)] = &[("X-SIGNATURE", "b")];
        check(&slice, &Ok(Some(b"b")));
        let slice: &[(&str, &[u8])] = &[("x-signature", b"\xE9"), ("x-signature", b"")];
        check(&slice, &repeated());

        let vec = vec![("X-Signature".to_owned(), b"a".to_vec())];
        check(&vec, &Ok(Some(b"a")));
        check(&HashMap::<_, _>::from_iter(vec.clone()), &Ok(Some(b"a")));
        check(&BTreeMap::from_iter(vec), &Ok(Some(b"a")));
        let in_two_cases = [("X-Signature", "a"), ("x-signature", "a")];
        check(&HashMap::from(in_two_cases), &repeated());
        check(&BTreeMap::from(in_two_cases), &repeated());

        let mut map = HeaderMap::new();
        check(&map, &Ok(None));
        map.append(NAME, HeaderValue::from_static("a"));
        check(&map, &Ok(Some(b"a")));
        map.append(NAME, HeaderValue::from_static("a"));
        check(&map, &repeated());
    }

    #[test]
    fn the_address_is_that_of_the_extensions() {
        let mut request = http::Request::new(());
        assert_eq!(Head::from(&request).peer(), None);
        let address = IpAddr::from([203, 0, 113, 7]);
        request.extensions_mut().insert(PeerAddress(address));
        assert_eq!(Head::from(&request).peer(), Some(address));
        assert_eq!(Head::from(&request.into_parts().0).peer(), Some(address));
    }

    #[test]
    fn a_head_can_wait_on_another_thread() {
        fn is_send<T: Send + Sync>(_: &T) {}
        is_send(&Head::new("POST", &HeaderMap::new()));
    }

    #[test]
    fn debug_shows_no_value() {
        let headers = [("authorization", "Basic c2VjcmV0")];
        let head = format!("{:?}", Head::new("POST", &headers));
        assert_eq!(head, "Head { method: \"POST\", peer: None, .. }");
    }
}
