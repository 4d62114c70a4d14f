use super::*;
use http::{HeaderMap, HeaderValue};

#[track_caller]
fn check(name: &HeaderName, lines: &[&str], proxies: usize, expected: Option<&str>) {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    let proxies = NonZeroUsize::new(proxies).unwrap();
    let peer = PeerAddress::from_header(&headers, name, proxies);
    let expected = expected.map(|address| PeerAddress(address.parse().unwrap()));
    assert_eq!(peer, expected, "{lines:?} behind {proxies}");
}

#[test]
fn x_forwarded_for_is_counted_from_the_right_over_all_its_lines() {
    let name = HeaderName::from_static("x-forwarded-for");
    for (lines, proxies, expected) in [
        (&[][..], 1, None),
        (&[""], 1, None),
        (&["203.0.113.7"], 1, Some("203.0.113.7")),
        (&["203.0.113.7"], 2, None),
        (&["198.51.100.1, 203.0.113.7"], 1, Some("203.0.113.7")),
        (&["198.51.100.1, 203.0.113.7"], 2, Some("198.51.100.1")),
        (&["198.51.100.1", "203.0.113.7"], 1, Some("203.0.113.7")),
        (&["198.51.100.1", "203.0.113.7,10.0.0.1"], 2, Some("203.0.113.7")),
        (&["198.51.100.1", "203.0.113.7,10.0.0.1"], 3, Some("198.51.100.1")),
        (&["198.51.100.1,, 203.0.113.7"], 2, None),
        (&["203.0.113.7,"], 1, None),
        (&["\t203.0.113.7\t"], 1, Some("203.0.113.7")),
        (&["203.0.113.7:4711"], 1, Some("203.0.113.7")),
        (&["2001:db8::1"], 1, Some("2001:db8::1")),
        (&["[2001:db8::1]"], 1, Some("2001:db8::1")),
        (&["[2001:db8::1]:4711"], 1, Some("2001:db8::1")),
        (&["198.51.100.1, unknown"], 1, None),
        (&["198.51.100.1, \u{e9}"], 1, None),
        (&["198.51.100.1 203.0.113.7"], 1, None),
        (&["for=203.0.113.7"], 1, None),
        (&["0203.0.113.7"], 1, None),
    ] {
        check(&name, lines, proxies, expected);
    }
}

#[test]
fn forwarded_is_counted_the_same_and_read_by_its_grammar() {
    for (lines, proxies, expected) in [
        (&[][..], 1, None),
        (&["for=203.0.113.7"], 1, Some("203.0.113.7")),
        (&["For=203.0.113.7;proto=https; by=10.0.0.1"], 1, Some("203.0.113.7")),
        (&["proto=http;FOR=\"203.0.113.7:80\""], 1, Some("203.0.113.7")),
        (&[r#"for="[2001:db8::1]:4711""#], 1, Some("2001:db8::1")),
        (&[r#"for="[2001:db8::1]""#], 1, Some("2001:db8::1")),
        (&["for=198.51.100.1, for=203.0.113.7"], 1, Some("203.0.113.7")),
        (&["for=198.51.100.1, for=203.0.113.7"], 2, Some("198.51.100.1")),
        (&["for=198.51.100.1", "for=203.0.113.7"], 1, Some("203.0.113.7")),
        (&["for=198.51.100.1", "for=203.0.113.7"], 3, None),
        (&["for=198.51.100.1, proto=http"], 1, None),
        (&["for=198.51.100.1;for=203.0.113.7"], 1, None),
        (&["for=unknown"], 1, None),
        (&["for=_hidden"], 1, None),
        (&["203.0.113.7"], 1, None),
        // What stands in quotes is one value.
        (&[r#"for=198.51.100.1;by="a, for=10.0.0.1", for=203.0.113.7"#], 2, Some("198.51.100.1")),
        (&[r#"for=198.51.100.1;by="a\", for=10.0.0.1", for=203.0.113.7"#], 2, Some("198.51.100.1")),
        // A sender that leaves a quote open hides what the proxy adds, and gets nowhere.
        (&[r#"for=198.51.100.1;by="x, for=203.0.113.7"#], 1, None),
        (&[r#"for="198.51.100.1, for="[2001:db8::1]""#], 1, None),
        (&[r#"for=198.51.100.1;by=", for="[2001:db8::1]:1""#], 1, None),
        (&[r#"for="198.51.100.1"", for=203.0.113.7"#], 1, None),
        // Outside of quotes a backslash is a character like others.
        (&[r#"for=198.51.100.1;by=\", for=203.0.113.7"#], 1, None),
    ] {
        check(&FORWARDED, lines, proxies, expected);
    }
}
