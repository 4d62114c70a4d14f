//! The sender's address behind proxies.
//!
//! The crates that read these headers take one line of them or count from the
//! left, where the sender writes. What is needed is short: elements between
//! commas that stand outside quotes, and one address of each.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;

use http::HeaderName;
use http::header::FORWARDED;

use crate::head::{Headers, PeerAddress};

impl PeerAddress {
    /// The address of the sender, as your own proxies wrote it into this
    /// header: `X-Forwarded-For`, or `Forwarded` (RFC 7239).
    ///
    /// Each proxy adds the address of who connected to it at the right end, and
    /// everything further left is what the sender wrote itself. So the address is
    /// counted from the right, by the number of proxies that are **yours**, over
    /// all lines of the header. With one proxy it is the last one.
    ///
    /// It is `None`, and a webhook that checks addresses refuses the delivery, if
    /// the header is missing or shorter than that, is malformed, or has something
    /// else than an address there (`unknown`, `_hidden`). A port after the
    /// address is left out.
    ///
    /// Count right: with a number that is too large, senders choose their own
    /// address. Take the header that your proxies write: the other one comes
    /// through as the sender wrote it. And let nobody but the proxies reach the
    /// server, or anybody can write the header.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use http::{HeaderMap, HeaderName, header::FORWARDED};
    /// use order_webhooks::PeerAddress;
    ///
    /// let one = NonZeroUsize::MIN;
    /// let name = HeaderName::from_static("x-forwarded-for");
    /// let mut headers = HeaderMap::new();
    /// headers.append(&name, "198.51.100.1, 203.0.113.7".parse()?);
    /// let peer = PeerAddress::from_header(&headers, &name, one);
    /// assert_eq!(peer, Some(PeerAddress("203.0.113.7".parse()?)));
    ///
    /// headers.append(FORWARDED, r#"for="[2001:db8::1]:4711";proto=https"#.parse()?);
    /// let peer = PeerAddress::from_header(&headers, &FORWARDED, one);
    /// assert_eq!(peer, Some(PeerAddress("2001:db8::1".parse()?)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A layer does this for every request: `tower::SetPeerAddressLayer` for axum and
    /// everything that takes layers, `actix::SetPeerAddress` for actix-web. Where the
    /// header gives no address, both put [`UNKNOWN`](Self::UNKNOWN) into the request.
    /// In a middleware of your own, do that, too. Otherwise the address of the
    /// connection would count, which is the proxy's.
    ///
    /// # Traps
    ///
    /// - actix-web's `ConnectionInfo::realip_remote_addr()` takes the **first**
    ///   address, of `Forwarded` before `X-Forwarded-For`: a sender with one
    ///   line `Forwarded: for=203.0.113.7` gets in as that address.
    /// - `headers().get("x-forwarded-for")` takes the first line only. A proxy that
    ///   adds a line of its own leaves the sender's line the first.
    #[must_use]
    pub fn from_header(
        headers: &dyn Headers,
        header: &HeaderName,
        proxies: NonZeroUsize,
    ) -> Option<Self> {
        let is_forwarded = *header == FORWARDED;
        let lines = (0..).map_while(|nth| headers.value(header, nth));
        let mut addresses = Vec::new();
        for line in lines {
            let line = std::str::from_utf8(line).ok()?;
            if is_forwarded {
                addresses.extend(outside_quotes(line, ',')?.into_iter().map(address_in_element));
            } else {
                addresses.extend(line.split(',').map(address));
            }
        }
        let from_the_left = addresses.len().checked_sub(proxies.get())?;
        addresses.get(from_the_left).copied().flatten().map(Self)
    }
}

/// The parts between separators that stand outside of quoted strings, or `None`
/// if a quote is left open: then nobody can tell where the sender's part ends.
fn outside_quotes(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(|character| {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        character == separator && !quoted
    });
    let parts = parts.collect();
    (!quoted).then_some(parts)
}

/// The one `for` of an element such as `for=203.0.113.7;proto=https`.
fn address_in_element(element: &str) -> Option<IpAddr> {
    let pairs = outside_quotes(element, ';')?;
    let pairs = pairs.into_iter().filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    let (Some((_, value)), None) = (values.next(), values.next()) else { return None };
    let value = value.trim();
    match value.strip_prefix('"') {
        Some(quoted) => address(quoted.strip_suffix('"')?),
        None => address(value),
    }
}

/// `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1`, `[2001:db8::1]` or
/// `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Ok(with_port) = text.parse::<SocketAddr>() {
        return Some(with_port.ip());
    }
    let bracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    match bracketed {
        Some(v6) => v6.parse().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests;
