//! Nothing is accepted without proof: what would accept everything cannot be built.

use std::time::Duration;

use order_webhooks::bandwidth::Subscriber;
use order_webhooks::{Allowlist, BasicAuth, ConfigError, Credentials, Limits, Secret};

use fixtures::law::{Cases, Law, row};
use fixtures::samples::u_pq;

const BASIC: &str = "CONFORMANCE, Basic credentials";
const RFC: &str = "RFC 7617, 2";
const DESIGN: &str = "DESIGN, law 1";

pub(crate) const LAW: Law = Law {
    title: "Law 1, fail closed: what cannot be built",
    rows: &[
        row(
            "an empty secret or key",
            "the secret is empty",
            "CVE-2026-45363, ruby-jwt; CVE-2026-49852, joserfc; CVE-2026-44699, LibJWT; GHSA-8wpc-h4q6-8fxv, fast-jwt: with an empty key nothing was verified",
            |cases| {
                cases.of("text", built(Secret::new("")));
                cases.of("bytes", built(Secret::new(Vec::new())));
            },
        ),
        row("an empty account of a subscriber", "the secret is empty", DESIGN, |cases| {
            cases.of("", built(Subscriber::new("", ["2223331000"])));
        }),
        row("an empty username", "the username is empty", BASIC, |cases| {
            credentials(cases, &[("", "p"), ("", ""), ("", "Swordfish")]);
        }),
        row("an empty password", "the password is empty", BASIC, |cases| {
            credentials(cases, &[("u", ""), ("JohnSmith", "")]);
        }),
        row("a username with a colon", "the username contains a colon", RFC, |cases| {
            credentials(cases, &[("a:b", "p"), (":", "p")]);
        }),
        row(
            "NUL, CR, LF, tab, ESC, DEL or another control character in either",
            "the username or the password contains a control character",
            RFC,
            |cases| {
                let names = ["a\0b", "u\0", "a\rb", "a\nb", "a\tb", "a\x7fb", "a\u{80}b"];
                credentials(cases, &names.map(|name| (name, "p")));
                let passwords = ["\0", "p\r", "p\r\n", "p\x1b[2J", "p\x7f", "p\u{85}"];
                credentials(cases, &passwords.map(|password| ("u", password)));
            },
        ),
        row(
            "more than 191 bytes of both together",
            "username and password are longer than 191 bytes together",
            "so that every comparison is as long",
            |cases| credentials(cases, &[("u", &"x".repeat(191)), (&"x".repeat(191), "p")]),
        ),
        row(
            "a realm that is empty, or holds a quote, a backslash, a line break, no ASCII",
            "the realm must be printable ASCII without quotes and backslashes, and not empty",
            "RFC 9110, 11.5",
            |cases| {
                for realm in ["", "  ", "a\"b", "a\\b", "a\r\nb", "caf\u{e9}"] {
                    cases.of(realm.escape_debug(), built(u_pq().with_realm(realm)));
                }
            },
        ),
        row("an allowlist without entries", "the allowlist is empty", DESIGN, |cases| {
            cases.of("[]", built(Allowlist::new(<[&str; 0]>::default())));
        }),
        row(
            "an allowlist of every address, by however many entries",
            "the allowlist lets everyone in",
            DESIGN,
            |cases| {
                for entries in [
                    &["0.0.0.0/0"][..],
                    &["::/0"],
                    &["::ffff:0.0.0.0/96"],
                    &["0.0.0.0/1", "128.0.0.0/1"],
                    &["128.0.0.0/1", "10.0.0.1", "0.0.0.0/2", "64.0.0.0/2"],
                    &["::/1", "8000::/1", "10.0.0.1"],
                    &["0.0.0.0/1", "::ffff:128.0.0.0/97"],
                ] {
                    cases.of(format!("{entries:?}"), built(Allowlist::new(entries)));
                }
            },
        ),
        row(
            "an entry that is no address and no network, in the second place",
            "entry 2 of the allowlist is neither an address nor a network",
            DESIGN,
            |cases| {
                for entry in [
                    "",
                    "example.org",
                    "203.0.113",
                    "10.0.0.0/33",
                    "::/129",
                    "10.0.0.0/",
                    "10.0.0.0/+8",
                    "10.0.0.0/-8",
                    "10.0.0.0/8/8",
                    "::ffff:10.0.0.0/95",
                    " 10.0.0.1",
                ] {
                    cases.of(entry, built(Allowlist::new(["10.0.0.1", entry])));
                }
            },
        ),
        row(
            "a limit of no bytes or of no time",
            "a limit must be more than zero",
            DESIGN,
            |cases| {
                cases.of("bytes", built(Limits::new(0, Duration::MAX)));
                cases.of("time", built(Limits::new(1, Duration::ZERO)));
            },
        ),
    ],
};

fn built<T>(built: Result<T, ConfigError>) -> String {
    built.map_or_else(|error| error.to_string(), |_| "built".to_owned())
}

/// In each of the places where credentials are configured.
fn credentials(cases: &mut Cases, pairs: &[(&str, &str)]) {
    for (username, password) in pairs {
        let pair = format!("{username:?} {password:?}");
        cases.of(&pair, built(BasicAuth::new(username, password)));
        cases.of(&pair, built(u_pq().or(username, password)));
        cases.of(&pair, built(Credentials::new(username, password)));
    }
}

#[test]
fn what_would_accept_everything_cannot_be_built() {
    LAW.holds();
    assert!(Allowlist::new(["0.0.0.0/1", "128.0.0.0/2"]).is_ok());
    assert!(Credentials::new("u", &"x".repeat(190)).is_ok());
}
