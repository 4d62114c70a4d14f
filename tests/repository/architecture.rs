//! How the crate is built: floors, and a core without I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use order_webhooks::bandwidth::{NotificationWebhook, PortOutWebhook};
use order_webhooks::musement::OrderItemWebhook;
use order_webhooks::porterbuddy::OrderWebhook;
use order_webhooks::{BasicAuth, Secret};

/// The floors of the crate, from the lowest. A file imports from lower floors
/// and from its own module.
const FLOORS: [&[&str]; 10] = [
    &["error"],
    &["secret", "limits", "answer"],
    &["rejection"],
    &["head"],
    &["auth", "forwarded", "log", "wire"],
    &["tracking"],
    &["webhook"],
    &["musement", "porterbuddy", "bandwidth", "signed"],
    &["adapter", "client", "envelope"],
    &["testing", "guide"],
];

/// The floors that nothing asynchronous, no I/O and no clock may be on.
const CORE: usize = 7;

/// What a port-out's handlers and reporter run on: beside the webhook that it
/// belongs to, and only with the feature `body`.
const GUARD: &str = "bandwidth/port_out/guard";
const REPORT: &str = "bandwidth/port_out/report";

fn floor(module: &str) -> usize {
    let floor = FLOORS.iter().position(|floor| floor.contains(&module));
    floor.unwrap_or_else(|| panic!("`{module}` has no floor"))
}

/// Every file of the crate but its root: the module it is in, where it is, and
/// its lines before the unit tests.
fn sources() -> Vec<(String, PathBuf, Vec<String>)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, files) } else { files.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let inside = |path: &Path| path.strip_prefix(&root).unwrap().to_owned();
    let of_tests = |path: &Path| inside(path).components().any(|part| part.as_os_str() == "tests");
    files
        .retain(|path| !of_tests(path) && !path.ends_with("lib.rs") && !path.ends_with("tests.rs"));
    let read = |path: PathBuf| {
        let inside = inside(&path);
        let module = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = module.trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
        let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
        (module, path, lines.map(str::to_owned).collect())
    };
    files.into_iter().map(read).collect()
}

#[test]
fn a_file_imports_from_lower_floors_only() {
    let mut imports = 0;
    for (module, path, lines) in sources() {
        for line in lines {
            for after in line.split("crate::").skip(1) {
                let end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
                let imported = after.split(end).next().unwrap();
                imports += 1;
                let allowed = imported == module || floor(imported) < floor(&module);
                assert!(allowed, "{} imports {imported}: {line}", path.display());
            }
        }
    }
    assert!(imports > 100, "the test reads the imports");
}

/// The senders name the file of what they import, so a circle shows.
#[test]
fn the_files_of_the_senders_import_each_other_in_no_circle() {
    let file = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let imports: BTreeMap<String, BTreeSet<String>> = sources()
        .into_iter()
        .filter(|(module, path, _)| module == "testing" && !path.ends_with("testing.rs"))
        .map(|(_, path, lines)| {
            let imported = lines.iter().filter_map(|line| line.split("crate::testing::").nth(1));
            let first = |rest: &str| rest.split([':', ';']).next().unwrap().to_owned();
            (file(&path), imported.map(first).collect())
        })
        .collect();
    assert!(imports["delivery"].contains("sender"), "the test reads the imports");
    for start in imports.keys() {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&String> = imports[start].iter().collect();
        while let Some(name) = next.pop() {
            assert_ne!(name, start, "{start} is in a circle");
            if seen.insert(name) {
                next.extend(imports.get(name).into_iter().flatten());
            }
        }
    }
}

#[test]
fn the_core_knows_no_runtime_no_io_and_no_clock() {
    #[rustfmt::skip]
    let foreign = [
        "async ", ".await", "tokio", "axum::", "actix_web", "std::net::Tcp", "std::fs", "std::io",
        "std::thread", "std::env", "Instant", "SystemTime::now", "::now()",
    ];
    for (module, path, lines) in sources().into_iter().filter(|(m, ..)| floor(m) <= CORE) {
        if [GUARD, REPORT].iter().any(|guard| path.to_string_lossy().contains(guard)) {
            continue;
        }
        for line in lines {
            let found = foreign.iter().find(|word| line.contains(*word));
            assert_eq!(found, None, "{} ({module}): {line}", path.display());
        }
    }
}

/// Whatever is public goes from thread to thread, as servers need it.
#[test]
fn what_is_public_is_send_and_sync() {
    use order_webhooks::{
        Allowlist, ConfigError, Credentials, Limits, ParseError, Reason, Rejection, Verified,
        auth::{BodySignature, Signature},
        bandwidth::{self, V2Webhook},
        client::{self, ResponseError},
        testing,
        tracking::{Key, Revision},
        webhook::Answer,
    };
    fn both<T: Send + Sync>() {}
    both::<(Allowlist, BasicAuth, BodySignature, Credentials, Secret, Signature, Limits)>();
    both::<(ConfigError, ParseError, Reason, Rejection, Answer, ResponseError)>();
    both::<(OrderItemWebhook, Verified<OrderItemWebhook>, client::musement::Api)>();
    both::<(OrderWebhook, Verified<OrderWebhook>, client::porterbuddy::Api)>();
    both::<(NotificationWebhook, Verified<NotificationWebhook>)>();
    both::<(PortOutWebhook, Verified<PortOutWebhook>, bandwidth::Subscriber)>();
    both::<(V2Webhook, Verified<V2Webhook>)>();
    both::<(client::bandwidth::Subscription, client::bandwidth::Dashboard, bandwidth::PortOutAnswer)>(
    );
    both::<(Key, Revision, client::porterbuddy::OrderRequest)>();
    both::<(testing::Sender, testing::Delivery, testing::Report, testing::Next)>();
    both::<(testing::Verdict, testing::Random)>();
}
