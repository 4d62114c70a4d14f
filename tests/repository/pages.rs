//! The pages: what they name and link to exists, and their tables are those of the
//! manifest. Their snippets are documentation tests of the crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

const README: &str = include_str!("../../README.md");
const MANIFEST: &str = include_str!("../../Cargo.toml");
const INBOX: &str = include_str!("../../crates/inbox/Cargo.toml");
const PROGRAM: &str = include_str!("../../crates/cli/Cargo.toml");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a command prints, a line each.
fn lines(program: &str, arguments: &[&str]) -> BTreeSet<PathBuf> {
    let output = Command::new(program).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(PathBuf::from).collect()
}

/// The files of the repository that have one of these extensions, and their text.
fn texts(extensions: &[&str]) -> Vec<(PathBuf, String)> {
    let files = lines("git", &["ls-files", "--cached", "--others", "--exclude-standard"]);
    let wanted = |file: &PathBuf| {
        let extension = file.extension().and_then(|it| it.to_str());
        extension.is_some_and(|it| extensions.contains(&it)) && root().join(file).exists()
    };
    let read = |file: PathBuf| (file.clone(), fs::read_to_string(root().join(file)).unwrap());
    files.into_iter().filter(wanted).map(read).collect()
}

/// The targets of Markdown links and images outside of code: `[…](target)`, and
/// `[…]: target` in a line of its own.
fn links(page: &str) -> Vec<String> {
    let mut in_code = false;
    let prose = page.lines().filter(|line| {
        in_code ^= line.starts_with("```");
        !in_code
    });
    let targets = |line: &str| -> Vec<String> {
        if let Some((_, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
            return vec![target.to_owned()];
        }
        let inline = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        inline.map(|(target, _)| target.to_owned()).collect()
    };
    prose.flat_map(targets).collect()
}

/// `docs/../README.md` is `README.md`.
fn resolved(page: &Path, target: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for component in page.parent().unwrap().join(target).components() {
        match component {
            Component::ParentDir => assert!(path.pop(), "{target} leads out of the repository"),
            other => path.push(other),
        }
    }
    path
}

#[test]
fn every_link_leads_somewhere() {
    let mut found = 0;
    for (page, text) in texts(&["md"]) {
        for link in links(&text) {
            let target = link.split('#').next().unwrap();
            if !target.is_empty() && !target.contains("://") {
                found += 1;
                assert!(
                    root().join(resolved(&page, target)).exists(),
                    "{}: {link}",
                    page.display()
                );
            }
        }
    }
    assert!(found > 20, "{found} links");
}

/// `src/lib.rs` in backticks, in a page, a comment or a script.
#[test]
fn every_file_that_is_named_exists() {
    const FOLDERS: [&str; 9] =
        ["src", "tests", "examples", "docs", "crates", "servers", "tools", "fuzz", "benches"];
    let (mut found, mut missing) = (0, Vec::new());
    for (file, text) in texts(&["md", "rs", "toml", "sh", "yml"]) {
        for name in text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)) {
            let name = name.split([' ', ':']).next().unwrap();
            let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
            let Some((folder, inside)) = name.split_once('/') else { continue };
            // The fuzz targets' inputs and outputs are not kept in the repository.
            let is_kept = !inside.starts_with("corpus") && !inside.starts_with("artifacts");
            if FOLDERS.contains(&folder) && name.chars().all(plain) && is_kept {
                found += 1;
                let path = root().join(name);
                if !path.exists() && !path.with_extension("rs").exists() {
                    missing.push(format!("{}: {name}", file.display()));
                }
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(found > 50, "{found} names");
}

/// docs/claims.md names a test as `tests/laws/bodies.rs::its_name`, and a part of `.ci/run`.
#[test]
fn what_checks_a_claim_exists() {
    let script = fs::read_to_string(root().join(".ci/run")).unwrap();
    let (mut found, mut missing) = (0, Vec::new());
    for name in include_str!("../../docs/claims.md").split('`').skip(1).step_by(2) {
        let is_there = if let Some((file, test)) = name.split_once("::") {
            let text = fs::read_to_string(root().join(file)).unwrap_or_default();
            ["(", "<"].iter().any(|next| text.contains(&format!("fn {test}{next}")))
        } else if let Some(part) = name.strip_prefix(".ci/run ") {
            script.contains(&format!("\n{part}() {{"))
        } else {
            continue;
        };
        found += 1;
        if !is_there {
            missing.push(name);
        }
    }
    assert_eq!(missing, [""; 0]);
    assert!(found > 150, "{found} names");
}

/// The walks of CONTRIBUTING.md name files inside of `src`: by their path there, with a `*`
/// for each adapter, or by their name alone, if they are in the folder of the walk.
#[test]
fn every_file_of_a_walk_exists() {
    const PORT_OUT: &str = "bandwidth/port_out";
    let page = include_str!("../../CONTRIBUTING.md");
    let walks = page.split("\n## ").filter(|section| section.starts_with("The way of a"));
    let mut found = 0;
    for walk in walks {
        for name in walk
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|name| Path::new(name).extension().is_some_and(|ext| ext == "rs"))
        {
            let places = match name.split_once('*') {
                Some((before, after)) => {
                    ["axum", "actix"].map(|adapter| format!("{before}{adapter}{after}")).to_vec()
                }
                None => vec![name.to_owned()],
            };
            for place in places {
                let src = root().join("src");
                let there = src.join(&place).exists() || src.join(PORT_OUT).join(&place).exists();
                assert!(there, "{place}");
                found += 1;
            }
        }
    }
    assert!(found > 20, "{found} files");
}

/// On docs.rs a guide has no other pages beside it. So `src/guide.rs` gives each name
/// that stands for another page, `[name]: page.md`, a target of its own.
#[test]
fn every_link_of_a_guide_leads_somewhere_on_docs_rs() {
    let guides = include_str!("../../src/guide.rs");
    for guide in guides.split("/// ").filter(|text| text.contains("include_str!(\"../docs/")) {
        let name = guide.split("../docs/").nth(1).unwrap().split('"').next().unwrap();
        let page = fs::read_to_string(root().join("docs").join(name)).unwrap();
        let links = links(&page).into_iter().filter(|link| !link.contains("://"));
        for link in links.filter(|link| !link.starts_with('#')) {
            let definition = page.lines().find(|line| line.ends_with(&format!("]: {link}")));
            let named = definition.unwrap_or_else(|| panic!("{name}: write [text][name]: {link}"));
            let named = format!("/// {}", &named[..=named.find(':').unwrap()]);
            assert!(guides.contains(&named), "{name}: {named} has no target in src/guide.rs");
        }
    }
}

/// rustdoc hides lines that begin with `# `; whoever reads the page elsewhere sees them.
#[test]
fn a_snippet_is_whole_wherever_it_is_read() {
    for (page, text) in texts(&["md"]) {
        for rest in text.split("```rust").skip(1) {
            let snippet = rest.split("\n```").next().unwrap();
            let hidden = snippet.lines().find(|line| line.starts_with("# "));
            assert_eq!(hidden, None, "{}", page.display());
        }
    }
}

/// What docs/testing.md shows as a test of a handler is a test here.
#[test]
fn the_test_of_a_handler_is_one_of_these_tests() {
    let (_title, test) = include_str!("../webhooks/handler.rs").split_once("\n\n").unwrap();
    assert!(include_str!("../../docs/testing.md").contains(&format!("```rust\n{test}```\n")));
}

#[test]
fn the_table_of_features_is_that_of_the_manifest() {
    let (_, section) = README.split_once("# Features\n").unwrap();
    let rows = section.split("\n## ").next().unwrap().lines();
    let rows = rows.filter(|line| line.starts_with('|')).skip(2);
    let documented: Vec<Vec<_>> =
        rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect();

    let (_, features) = MANIFEST.split_once("\n[features]\n").unwrap();
    let features = features.split("\n\n").next().unwrap();
    let features: BTreeSet<_> =
        features.lines().map(|line| line.split(" = ").next().unwrap()).collect();
    let default = MANIFEST.lines().find(|line| line.starts_with("default = ")).unwrap();
    for row in &documented {
        let name = row[0].trim_matches('`');
        assert!(features.contains(name), "{name}");
        assert_eq!(row[1] == "yes", default.contains(&format!("\"{name}\"")), "{name}");
    }
    assert_eq!(documented.len() + 1, features.len(), "all but `default`");
}

#[test]
fn the_version_of_rust_is_that_of_the_manifest() {
    let of = |manifest: &'static str| {
        let line = manifest.lines().find(|line| line.starts_with("rust-version = ")).unwrap();
        line.split('"').nth(1).unwrap()
    };
    let needs = |manifest| format!("needs Rust {}.", of(manifest));
    assert!(README.contains(&needs(MANIFEST)));
    assert!(include_str!("../../docs/inbox.md").contains(&needs(INBOX)));
    let least = format!("\n## Minimum supported Rust version\n\n{}.\n", of(INBOX));
    assert!(include_str!("../../crates/inbox/README.md").ends_with(&least));
}

/// The README of the inbox says that its user chooses the stores.
#[test]
fn the_inbox_has_no_feature_by_default() {
    assert!(INBOX.contains("\n[features]\ndefault = []\n"));
}

#[test]
fn what_is_published_forbids_unsafe_code() {
    assert!(MANIFEST.contains("\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"));
    for manifest in [MANIFEST, INBOX, PROGRAM] {
        let lints = manifest.split("\n[lints]\n").nth(1).unwrap();
        assert!(lints.starts_with("workspace = true\n"), "{lints}");
    }
}

/// The advisories of SECURITY.md and `Cargo.toml`, and the first versions without them.
#[test]
fn no_manifest_allows_a_version_with_an_advisory() {
    for (name, mended) in [("bytes", [1, 11, 1]), ("time", [0, 3, 47]), ("quick-xml", [0, 41, 0])] {
        let named = format!("{name} = ");
        let lines = [MANIFEST, INBOX, PROGRAM].map(str::lines).into_iter().flatten();
        let lines: Vec<_> = lines.filter(|line| line.starts_with(&named)).collect();
        assert!(!lines.is_empty(), "{name}");
        for line in lines {
            let version = line.split('"').find(|text| text.starts_with(char::is_numeric)).unwrap();
            let version: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
            assert!(version[..] >= mended[..], "{line}");
        }
    }
}

/// With what docs/servers.md tells to add, the receivers in `servers` can be built.
#[test]
fn what_is_to_be_added_for_a_server_is_what_its_receiver_has() {
    let page = include_str!("../../docs/servers.md");
    for (server, folder) in [
        ("hyper 1", "hyper"),
        ("poem 3", "poem"),
        ("Rocket 0.5", "rocket"),
        ("AWS Lambda", "lambda"),
        ("a Cloudflare Worker", "worker"),
    ] {
        let row = page.lines().find(|line| line.starts_with(&format!("| {server} | "))).unwrap();
        let mut added = BTreeMap::new();
        for command in row.split('`').filter_map(|text| text.strip_prefix("cargo add ")) {
            let (crates, features) = command.split_once(" --features ").unwrap_or((command, ""));
            for name in crates.split(' ') {
                added.insert(name, features.split(',').collect::<Vec<_>>());
            }
        }
        let manifest = root().join("servers").join(folder).join("Cargo.toml");
        let manifest = fs::read_to_string(manifest).unwrap();
        let (_, needed) = manifest.split_once("\n[dependencies]\n").unwrap();
        for line in needed.lines().take_while(|line| !line.is_empty()) {
            let (name, rest) = line.split_once(" = ").unwrap();
            if name == "shop" {
                continue;
            }
            let features = added.get(name).unwrap_or_else(|| panic!("{server}: {name}"));
            // What is left out of the default features there, a user has.
            if !rest.contains("default-features = false") {
                let (_, wanted) = rest.split_once("features = [").unwrap_or_default();
                for feature in wanted.split('"').skip(1).step_by(2) {
                    assert!(features.contains(&feature), "{server}: {name}, {feature}");
                }
            }
        }
    }
}

/// What a published source includes is published, and the tests are not.
#[test]
fn the_package_is_whole() {
    let list = ["package", "-p", "order-webhooks", "--list", "--allow-dirty", "--offline"];
    let files = lines(env!("CARGO"), &list);
    for source in files.iter().filter(|file| file.extension().is_some_and(|it| it == "rs")) {
        let text = fs::read_to_string(root().join(source)).unwrap();
        for marker in ["include_str!(\"", "include_bytes!(\"", "#[path = \""] {
            for rest in text.split(marker).skip(1) {
                let target = rest.split('"').next().unwrap();
                // Unit tests are compiled in the repository only.
                let is_published = files.contains(&resolved(source, target));
                assert!(
                    is_published || source.starts_with("src"),
                    "{}: {target}",
                    source.display()
                );
            }
        }
    }
    let left: Vec<_> = files
        .iter()
        .filter(|file| file.starts_with("tests") && !file.starts_with("tests/data"))
        .collect();
    assert_eq!(left, Vec::<&PathBuf>::new());
    for file in ["LICENSE-APACHE", "LICENSE-MIT", "SECURITY.md", "CHANGELOG.md", "src/lib.rs"] {
        assert!(files.contains(Path::new(file)), "{file}");
    }
}
