//! What is published holds together: every link of a page leads to a file of the
//! package or to the web, and no test goes along.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// The files of the package.
fn files() -> BTreeSet<PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args(["package", "-p", "order-webhooks", "--list", "--allow-dirty", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(PathBuf::from).collect()
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

/// On docs.rs a guide has no other pages beside it. So `src/guide.rs` gives each name
/// that stands for another page, `[name]: page.md`, a target of its own.
#[test]
fn every_link_of_a_guide_leads_somewhere_on_docs_rs() {
    let guides = include_str!("../../src/guide.rs");
    for guide in guides.split("/// ").filter(|text| text.contains("include_str!(\"../docs/")) {
        let name = guide.split("../docs/").nth(1).unwrap().split('"').next().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let page = fs::read_to_string(root.join("docs").join(name)).unwrap();
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in files().iter().filter(|file| file.extension().is_some_and(|it| it == "md")) {
        let text = fs::read_to_string(root.join(page)).unwrap();
        for rest in text.split("```rust").skip(1) {
            let hidden =
                rest.split("\n```").next().unwrap().lines().find(|it| it.starts_with("# "));
            assert_eq!(hidden, None, "{}", page.display());
        }
    }
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
