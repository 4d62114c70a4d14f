//! What is published holds together: every link of a page leads to a file of the
//! package or to the web, and no test goes along.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// The files of the package.
fn files() -> BTreeSet<PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(PathBuf::from).collect()
}

/// The targets of Markdown links and images, `[…](target)`, outside of code.
fn links(page: &str) -> Vec<String> {
    let mut in_code = false;
    let prose = page.lines().filter(|line| {
        in_code ^= line.starts_with("```");
        !in_code
    });
    let targets = prose.flat_map(|line| line.split("](").skip(1));
    targets.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

/// `docs/../README.md` is `README.md`.
fn resolved(page: &Path, target: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for component in page.parent().unwrap().join(target).components() {
        match component {
            Component::ParentDir => assert!(path.pop(), "{target} leads out of the package"),
            other => path.push(other),
        }
    }
    path
}

#[test]
fn every_link_leads_somewhere() {
    let files = files();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = 0;
    for page in files.iter().filter(|file| file.extension().is_some_and(|it| it == "md")) {
        for link in links(&fs::read_to_string(root.join(page)).unwrap()) {
            let target = link.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            found += 1;
            let path = resolved(page, target);
            let in_it = files.iter().any(|file| file.starts_with(&path));
            assert!(in_it, "{}: {link} is not in the package", page.display());
        }
    }
    assert!(found > 5, "{found} links");
}

/// An example that is published can be built: what it includes is there.
#[test]
fn what_a_source_includes_is_there() {
    let files = files();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for source in files.iter().filter(|file| file.extension().is_some_and(|it| it == "rs")) {
        let text = fs::read_to_string(root.join(source)).unwrap();
        let included = ["include_str!(\"", "include_bytes!(\"", "#[path = \""];
        for marker in included {
            for rest in text.split(marker).skip(1) {
                let target = rest.split('"').next().unwrap();
                // Unit tests are compiled in the repository only.
                if source.starts_with("src") && target != "../README.md" {
                    continue;
                }
                let path = resolved(source, target);
                assert!(files.contains(&path), "{}: {target}", source.display());
            }
        }
    }
}

#[test]
fn the_tests_stay_at_home() {
    let files = files();
    let tests =
        files.iter().filter(|file| file.starts_with("tests") && !file.starts_with("tests/data"));
    assert_eq!(tests.collect::<Vec<_>>(), Vec::<&PathBuf>::new());
    for file in ["LICENSE-APACHE", "LICENSE-MIT", "SECURITY.md", "CHANGELOG.md", "src/lib.rs"] {
        assert!(files.contains(Path::new(file)), "{file}");
    }
}
