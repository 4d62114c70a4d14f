//! The sender's reading of a challenge.

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// Whether some `WWW-Authenticate` asks for Basic credentials and quotes a realm.
///
/// The scheme is taken in any case and may be one of several in a header (RFC
/// 9110, section 11.6.1). The realm may be empty: Bandwidth's own example is
/// `Basic realm=""`. It has to be quoted, because some HTTP clients see no
/// challenge otherwise.
pub(super) fn asks_for_basic(headers: &HeaderMap) -> bool {
    headers.get_all(WWW_AUTHENTICATE).iter().any(|value| is_basic(value.as_bytes()))
}

fn is_basic(value: &[u8]) -> bool {
    let mut in_basic = false;
    for item in items(value) {
        // A challenge starts with its scheme, a space and its first parameter;
        // an item without that space is one more parameter of the same one.
        let (scheme, parameter) = match item.iter().position(|byte| *byte == b' ') {
            Some(space) => item.split_at(space),
            None => (&b""[..], item),
        };
        if !scheme.is_empty() && !scheme.contains(&b'=') {
            in_basic = scheme.eq_ignore_ascii_case(b"Basic");
        }
        if in_basic && is_quoted_realm(parameter.trim_ascii()) {
            return true;
        }
    }
    false
}

fn is_quoted_realm(parameter: &[u8]) -> bool {
    let Some((name, value)) = parameter.split_at_checked(b"realm=".len()) else { return false };
    let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    name.eq_ignore_ascii_case(b"realm=") && quoted.is_some()
}

/// The parts between the commas that are not quoted.
fn items(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    let comma = move |byte: &u8| {
        let outside = !quoted;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => return outside && *byte == b',',
        }
        false
    };
    value.split(comma).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn what_asks_for_basic_credentials() {
        for (value, asks) in [
            (r#"Basic realm="webhooks", charset="UTF-8""#, true),
            (r#"Basic realm="""#, true),
            (r#"basic REALM="a, b""#, true),
            (r#"Basic charset="UTF-8", realm="x""#, true),
            (r#"Digest realm="x", nonce="y", Basic realm="z""#, true),
            (r#"Basic  realm="x""#, true),
            (r#"Digest opaque\, Basic realm="x""#, true),
            ("Basic", false),
            ("Basic realm=webhooks", false),
            (r#"Digest realm="x""#, false),
            (r#"Digest realm="x, Basic realm=""#, false),
            (r#"Digest realm="\", Basic realm=", nonce="n""#, false),
            (r#"Basic charset="UTF-8", Digest realm="x""#, false),
            (r#"Bearer realm="x""#, false),
            (r#"realm="x""#, false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
            assert_eq!(asks_for_basic(&headers), asks, "{value}");
        }
    }

    #[test]
    fn one_header_of_several_is_enough() {
        let mut headers = HeaderMap::new();
        assert!(!asks_for_basic(&headers));
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(r#"Digest realm="x""#));
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="x""#));
        assert!(asks_for_basic(&headers));
    }
}
