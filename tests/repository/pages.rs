//! The tables of the README, of CONTRIBUTING.md and of docs/ say what is true. The
//! README's snippets are documentation tests of the crate.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderValue};
use order_webhooks::testing::{self, Delivered, DeliveryPolicy, Retries};
use order_webhooks::{Limits, ParseError, Reason, webhook::ParseErrorKind};

const README: &str = include_str!("../../README.md");
const MANIFEST: &str = include_str!("../../Cargo.toml");

const CONTRIBUTING: &str = include_str!("../../CONTRIBUTING.md");
const CONFORMANCE: &str = include_str!("../../docs/conformance.md");
const ASSURANCE: &str = include_str!("../../docs/assurance.md");

/// The cells of the README's table under this heading.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    table_of(README, heading)
}

fn table_of(page: &'static str, heading: &str) -> Vec<Vec<&'static str>> {
    let heading = format!("# {heading}\n");
    let (_, section) = page.split_once(&heading).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// A policy, as the last three columns of the table put it.
fn cells(policy: DeliveryPolicy) -> [String; 3] {
    let delivered = match policy.delivered {
        Delivered::Exactly200 => "exactly 200",
        Delivered::Any2xx => "200 to 299",
        Delivered::ValidAnswer => "200 with a valid answer",
        _ => panic!("a new way to count as delivered"),
    };
    let waits = policy.time_allowed.map(|time| format!("{} s", time.as_secs()));
    let then = match policy.retries {
        Retries::Never => "**never sends again**".to_owned(),
        Retries::Unscheduled => "sends again".to_owned(),
        Retries::Undocumented => "not documented".to_owned(),
        Retries::Rising { times } => format!("sends {times} more times"),
        Retries::Every { times, interval } => {
            let minutes = interval.as_secs() / 60;
            format!(
                "sends {times} more times, every {minutes} min, then **the port-out is approved**"
            )
        }
        _ => panic!("a new way to try again"),
    };
    [delivered.to_owned(), waits.unwrap_or("not documented".to_owned()), then]
}

#[test]
fn the_table_of_webhooks_is_that_of_their_policies() {
    let policies = [
        ("`musement::OrderItemWebhook`", testing::musement::POLICY),
        ("`porterbuddy::OrderWebhook`", testing::porterbuddy::POLICY),
        ("`bandwidth::NotificationWebhook`", testing::bandwidth::NOTIFICATION_POLICY),
        ("`bandwidth::PortOutWebhook`", testing::bandwidth::PORT_OUT_POLICY),
        ("`bandwidth::SubscriptionWebhook<T>`", DeliveryPolicy::UNDOCUMENTED),
    ];
    let documented = table("The webhooks");
    assert_eq!(documented.len(), policies.len());
    for (row, (webhook, policy)) in documented.iter().zip(policies) {
        assert_eq!(row[0], webhook);
        assert_eq!(row[3..], cells(policy), "{webhook}");
    }
}

#[test]
fn the_table_of_statuses_is_that_of_the_reasons() {
    let challenge = HeaderValue::from_static("Basic realm=\"r\"");
    let limit = Duration::from_secs(10);
    let reasons = [
        Reason::RepeatedHeader(AUTHORIZATION),
        Reason::Incomplete,
        Reason::Unparsable(ParseError::new(ParseErrorKind::Missing)),
        Reason::Challenged(challenge.clone()),
        Reason::CredentialsMismatch(challenge),
        Reason::SignatureMissing,
        Reason::SignatureMalformed,
        Reason::SignatureMismatch,
        Reason::Expired,
        Reason::AddressUnknown,
        Reason::AddressRefused,
        Reason::Method,
        Reason::TooSlow { limit },
        Reason::TooLarge { limit: 1 },
        Reason::Encoded,
        Reason::Unconfigured,
    ];
    let statuses: BTreeSet<u16> = reasons.iter().map(|reason| reason.status().as_u16()).collect();
    let documented = table_of(CONFORMANCE, "Statuses");
    let documented: Vec<u16> = documented.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(documented, statuses.into_iter().collect::<Vec<_>>());

    let limits = Limits::default();
    assert!(
        CONFORMANCE.contains(&format!("not complete after {} s |", limits.body_time().as_secs()))
    );
    assert!(
        CONFORMANCE.contains(&format!("more than {} MiB |", limits.body_bytes() / 1024 / 1024))
    );
    assert_eq!(limits.drained_bytes(), 8 * 1024 * 1024);
    assert!(CONFORMANCE.contains("has been read, up to 8 MiB, or to eight times the limit"));
}

/// What the guide shows as a test of a handler is a test here.
#[test]
fn the_test_of_a_handler_is_one_of_these_tests() {
    let (_title, test) = include_str!("../webhooks/handler.rs").split_once("\n\n").unwrap();
    assert!(include_str!("../../docs/testing.md").contains(&format!("```rust\n{test}```\n")));
}

#[test]
fn the_table_of_features_is_that_of_the_manifest() {
    let (_, features) = MANIFEST.split_once("\n[features]\n").unwrap();
    let features = features.split("\n\n").next().unwrap();
    let names = |line: &'static str| line.split(" = ").next().unwrap();
    let features: BTreeSet<_> = features.lines().map(names).collect();
    let default = MANIFEST.lines().find(|line| line.starts_with("default = ")).unwrap();
    let documented = table("Features");
    for row in &documented {
        let name = row[0].trim_matches('`');
        assert!(features.contains(name), "{name}");
        assert_eq!(row[1] == "yes", default.contains(&format!("\"{name}\"")), "{name}");
    }
    assert_eq!(documented.len() + 1, features.len(), "all but `default`");
}

#[test]
fn the_version_of_rust_is_that_of_the_manifest() {
    let line = MANIFEST.lines().find(|line| line.starts_with("rust-version = ")).unwrap();
    let version = line.split('"').nth(1).unwrap();
    assert!(README.contains(&format!("needs Rust {version}.")));
}

/// The bar is ten lines of code, imports and closing brackets aside.
#[test]
fn the_quick_starts_are_short() {
    let starts: Vec<_> = README.split("```rust,no_run\n").skip(1).collect();
    assert_eq!(starts.len(), 2);
    for code in starts {
        let code = code.split("```").next().unwrap();
        let counts = |line: &&str| {
            !line.is_empty() && *line != "}" && !line.starts_with("use ") && !line.starts_with("# ")
        };
        let lines = code.lines().filter(counts).count();
        assert!(lines <= 10, "{lines}: {code}");
    }
}

/// The README names the very command that `.ci/run` calls.
#[test]
fn there_is_one_command_for_the_tests() {
    let command = "cargo test --all-features";
    assert!(README.contains(&format!("`{command}`")));
    assert!(CONTRIBUTING.contains(&format!("\n{command} ")));
    assert!(include_str!("../../.ci/run").contains(&format!("tests() {{ step {command}; }}")));
}

#[test]
fn the_table_of_scripts_has_every_script() {
    fn scripts(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            // A folder beside a script of its name holds parts of that script.
            if path.is_dir() && !path.with_extension("sh").exists() {
                scripts(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "sh") {
                found.insert(path.to_str().unwrap().to_owned());
            }
        }
    }
    let documented = table_of(CONTRIBUTING, "Scripts");
    let documented: BTreeSet<_> = documented.iter().map(|row| row[0].trim_matches('`')).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    scripts(&root.join("tools"), &mut found);
    let root = format!("{}/", root.display());
    let mut found: BTreeSet<_> = found.iter().map(|path| &path[root.len()..]).collect();
    found.insert(".ci/run");
    assert_eq!(documented, found);
}

/// Every advisory that the table names as the source of a row.
#[test]
fn the_number_of_advisories_is_that_of_the_tests() {
    let (_, tables) = CONFORMANCE.split_once("<!-- laws -->").unwrap();
    let words = tables.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let advisory = |word: &&str| {
        ["CVE-", "GHSA-", "RUSTSEC-"].iter().any(|database| word.starts_with(database))
    };
    let advisories: BTreeSet<_> = words.filter(advisory).collect();
    let rows = table_of(ASSURANCE, "How hard to break");
    let row = rows.iter().find(|row| row[0] == "advisories of comparable libraries").unwrap();
    assert_eq!(row[2], format!("{} tried, none applies", advisories.len()));
}
