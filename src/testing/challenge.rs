//! The sender's reading of a challenge.

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use http_auth::parser::ChallengeParser;

/// Whether some `WWW-Authenticate` asks for Basic credentials and quotes a realm.
///
/// The scheme is taken in any case and may be one of several in a header (RFC
/// 9110, section 11.6.1). The realm may be empty: Bandwidth's own example is
/// `Basic realm=""`. It has to be quoted, because some HTTP clients see no
/// challenge otherwise.
pub(super) fn asks_for_basic(headers: &HeaderMap) -> bool {
    let values = headers.get_all(WWW_AUTHENTICATE).iter();
    values.filter_map(|value| value.to_str().ok()).any(is_basic)
}

fn is_basic(value: &str) -> bool {
    // The parser tells values apart, and not whether they are quoted.
    let is_quoted = |text: &str| value.contains(&format!("=\"{text}\""));
    let challenges = ChallengeParser::new(value).map_while(Result::ok);
    challenges
        .filter(|challenge| challenge.scheme.eq_ignore_ascii_case("Basic"))
        .flat_map(|challenge| challenge.params)
        .any(|(name, value)| name.eq_ignore_ascii_case("realm") && is_quoted(value.as_escaped()))
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
            (r#"Digest opaque\, Basic realm="x""#, false),
            (r#"Negotiate, Basic realm="x""#, true),
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
