//! Nothing is accepted without proof: what would accept everything cannot be built.

use std::time::Duration;

use order_webhooks::bandwidth::Subscriber;
use order_webhooks::{Allowlist, BasicAuth, ConfigError, Credentials, Limits, Secret};

use fixtures::samples::u_pq;

fn refused<T>(built: Result<T, ConfigError>) -> String {
    built.err().unwrap().to_string()
}

/// With an empty key nothing was verified: CVE-2026-45363 (ruby-jwt), CVE-2026-49852
/// (joserfc), CVE-2026-44699 (`LibJWT`), GHSA-8wpc-h4q6-8fxv (fast-jwt).
#[test]
fn an_empty_secret() {
    for refusal in [
        refused(Secret::new("")),
        refused(Secret::from_bytes(Vec::new())),
        refused(Subscriber::new("", ["2223331000"])),
    ] {
        assert_eq!(refusal, "the secret is empty");
    }
}

/// RFC 7617, section 2, in each of the places where credentials are configured.
#[test]
fn credentials_that_no_header_can_show() {
    const USERNAME: &str = "the username is empty";
    const PASSWORD: &str = "the password is empty";
    const COLON: &str = "the username contains a colon";
    const IN_USERNAME: &str = "the username contains a control character";
    const IN_PASSWORD: &str = "the password contains a control character";
    const LONG: &str = "username and password are longer than 191 bytes together";
    let long = &"x".repeat(191);
    for (username, password, expected) in [
        ("", "p", USERNAME),
        ("", "", USERNAME),
        ("", "Swordfish", USERNAME),
        ("u", "", PASSWORD),
        ("JohnSmith", "", PASSWORD),
        ("a:b", "p", COLON),
        (":", "p", COLON),
        ("a\0b", "p", IN_USERNAME),
        ("u\0", "p", "the username ends with a control character"),
        ("a\rb", "p", IN_USERNAME),
        ("a\nb", "p", IN_USERNAME),
        ("a\tb", "p", IN_USERNAME),
        ("a\x7fb", "p", IN_USERNAME),
        ("a\u{80}b", "p", IN_USERNAME),
        ("u", "\0", "the password begins with a control character"),
        ("u", "p\r", "the password ends with a line end"),
        ("u", "p\n", "the password ends with a line end"),
        (" u", "p", "the username begins with white space"),
        ("u", " ", "the password begins with white space"),
        ("u", "p\t", "the password ends with white space"),
        ("\u{feff}u", "p", "the username begins with a byte order mark"),
        ("u", "p\x1b[2J", IN_PASSWORD),
        ("u", "p\x7fq", IN_PASSWORD),
        ("u", "p\u{85}q", IN_PASSWORD),
        ("u", long, LONG),
        (long, "p", LONG),
    ] {
        let case = format!("{username:?} {password:?}");
        assert_eq!(refused(BasicAuth::new(username, password)), expected, "{case}");
        assert_eq!(refused(u_pq().or(username, password)), expected, "{case}");
        assert_eq!(refused(Credentials::new(username, password)), expected, "{case}");
    }
    assert!(Credentials::new("u", &long[1..]).is_ok());
}

/// RFC 9110, section 11.5.
#[test]
fn a_realm_that_no_challenge_can_show() {
    for realm in ["", "  ", "a\"b", "a\\b", "a\r\nb", "caf\u{e9}"] {
        assert_eq!(
            refused(u_pq().with_realm(realm)),
            "the realm must be printable ASCII without quotes and backslashes, and not empty",
            "{realm:?}"
        );
    }
}

#[test]
fn an_allowlist_that_allows_nobody_or_everybody() {
    assert_eq!(refused(Allowlist::new(<[&str; 0]>::default())), "the allowlist is empty");
    for everybody in [
        &["0.0.0.0/0"][..],
        &["::/0"],
        &["::ffff:0.0.0.0/96"],
        &["0.0.0.0/1", "128.0.0.0/1"],
        &["128.0.0.0/1", "10.0.0.1", "0.0.0.0/2", "64.0.0.0/2"],
        &["::/1", "8000::/1", "10.0.0.1"],
        &["0.0.0.0/1", "::ffff:128.0.0.0/97"],
    ] {
        let refusal = refused(Allowlist::new(everybody));
        assert_eq!(refusal, "the allowlist lets everyone in", "{everybody:?}");
    }
    assert!(Allowlist::new(["0.0.0.0/1", "128.0.0.0/2"]).is_ok());
    #[rustfmt::skip]
    let entries = [
        "", "example.org", "203.0.113", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8",
        "10.0.0.0/-8", "10.0.0.0/8/8", "::ffff:10.0.0.0/95", " 10.0.0.1",
    ];
    for entry in entries {
        assert_eq!(
            refused(Allowlist::new(["10.0.0.1", entry])),
            "entry 2 of the allowlist is neither an address nor a network",
            "{entry:?}"
        );
    }
}

#[test]
fn a_limit_of_zero() {
    for limits in [Limits::new(0, Duration::MAX), Limits::new(1, Duration::ZERO)] {
        assert_eq!(refused(limits), "a limit must be more than zero");
    }
}
