//! A copy of the checkout, with switches, that compiles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::switches::{self, Mutant};

pub struct Copy {
    pub root: PathBuf,
    out: PathBuf,
    /// The mutants for which there is no place.
    pub unplaced: Vec<usize>,
}

impl Copy {
    pub fn of_checkout(out: &Path) -> Self {
        let root = out.join("copy");
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        let files = "git ls-files -z --cached --others --exclude-standard";
        let copy = format!("{files} | xargs -0 cp --parents --target-directory \"$0\" 2>/dev/null");
        Command::new("sh").args(["-c", &copy]).arg(&root).status().unwrap();
        Self { root, out: out.to_owned(), unplaced: Vec::new() }
    }

    /// Puts every mutant behind a switch that the compiler takes, and says which it refuses.
    pub fn with_switches(&mut self, mutants: &[Mutant]) -> BTreeSet<usize> {
        let mut files: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (n, mutant) in mutants.iter().enumerate() {
            files.entry(&mutant.file).or_default().push(n);
        }
        let sources: BTreeMap<_, _> =
            files.keys().map(|file| (*file, fs::read_to_string(file).unwrap())).collect();
        let library = fs::read_to_string("src/lib.rs").unwrap() + "\nmod mutants;\n";
        fs::write(self.root.join("src/lib.rs"), library).unwrap();
        let count = format!("const COUNT: usize = {};\n", mutants.len());
        let support = include_str!("support.rs").to_owned() + &count;
        fs::write(self.root.join("src/mutants.rs"), support).unwrap();

        let mut unviable = BTreeSet::new();
        loop {
            let mut added = BTreeMap::new();
            self.unplaced.clear();
            for (file, of_file) in &files {
                let left = of_file.iter().filter(|n| !unviable.contains(*n));
                let left: Vec<_> = left.map(|n| (*n, &mutants[*n])).collect();
                let switched = switches::place(&sources[file], &left).unwrap();
                fs::write(self.root.join(file), &switched.source).unwrap();
                unviable.extend(switched.unviable);
                let placed: BTreeSet<_> = switched.added.iter().map(|(_, n)| *n).collect();
                let numbers = left.iter().map(|(n, _)| *n);
                self.unplaced
                    .extend(numbers.filter(|n| !placed.contains(n) && !unviable.contains(n)));
                added.insert(*file, switched.added);
            }
            let refused = self.refused(&added);
            if refused.is_empty() {
                return unviable;
            }
            println!("{} refused", refused.len());
            unviable.extend(refused);
        }
    }

    /// The mutants in whose text the compiler finds an error.
    fn refused(&self, added: &BTreeMap<&str, Vec<(Range<usize>, usize)>>) -> BTreeSet<usize> {
        let mut check = self.cargo(&["check", "--lib"]);
        let mut refused = BTreeSet::new();
        for message in messages(&mut check) {
            let message = &message["message"];
            if message["level"] != "error" || message["spans"] == Value::Array(Vec::new()) {
                continue;
            }
            // An error about two ways that differ may name the unchanged one as the wrong one.
            let (primary, others): (Vec<_>, Vec<_>) = message["spans"]
                .as_array()
                .unwrap()
                .iter()
                .partition(|it| it["is_primary"] == true);
            let of = |spans: &[&Value]| -> BTreeSet<usize> {
                spans.iter().filter_map(|span| mutant_at(span, added)).collect()
            };
            let mut guilty = of(&primary);
            if guilty.is_empty() {
                guilty = of(&others);
            }
            assert!(!guilty.is_empty(), "no mutant's error: {}", message["rendered"]);
            refused.extend(guilty);
        }
        refused
    }

    /// Whether the library and its tests can be built with this mutant and no switch in its file.
    pub fn build_alone(&self, mutant: &Mutant) -> bool {
        let path = self.root.join(&mutant.file);
        let switched = fs::read_to_string(&path).unwrap();
        let source = fs::read_to_string(&mutant.file).unwrap();
        fs::write(&path, mutant.applied(&source)).unwrap();
        let built = self.cargo(&["test", "--no-run"]).output().unwrap().status.success();
        fs::write(&path, switched).unwrap();
        built
    }

    /// The test programs, by the names of their targets, built together with these packages.
    pub fn programs(&self, beside: &[&str]) -> Vec<(String, PathBuf)> {
        let mut build = self.cargo(&["test", "--no-run"]);
        build.args(beside.iter().flat_map(|package| ["--package", package]));
        let programs = messages(&mut build).into_iter().filter(|it| it["profile"]["test"] == true);
        let program = |it: Value| {
            let path: PathBuf = it["executable"].as_str()?.into();
            let library = it["target"]["kind"][0] == "lib";
            let name = if library { "the unit tests" } else { it["target"]["name"].as_str()? };
            Some((name.to_owned(), path))
        };
        programs.filter_map(program).collect()
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new("cargo");
        cargo.args(arguments).args(["--package", "order-webhooks", "--all-features"]);
        cargo.args(["--message-format", "json"]).current_dir(&self.root);
        cargo.env("CARGO_TARGET_DIR", self.out.join("target")).env("CARGO_PROFILE_DEV_DEBUG", "0");
        cargo
    }
}

/// The mutant in whose text this begins, or the call of a macro that this is made by.
fn mutant_at(span: &Value, added: &BTreeMap<&str, Vec<(Range<usize>, usize)>>) -> Option<usize> {
    let start = usize::try_from(span["byte_start"].as_u64().unwrap()).unwrap();
    let texts = added.get(span["file_name"].as_str()?);
    let here = texts.and_then(|texts| texts.iter().find(|text| text.0.contains(&start)));
    match here {
        Some((_, n)) => Some(*n),
        None => mutant_at(span["expansion"].get("span")?, added),
    }
}

fn messages(cargo: &mut Command) -> Vec<Value> {
    let output = cargo.stderr(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn output(command: &mut Command) -> Vec<u8> {
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{command:?}");
    output.stdout
}
