//! The tests: which switches each reaches, and whether one notices a mutant.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::build::{Copy, output};
use crate::{Outcome, WORKERS};

/// These read the repository, and not what the library does.
const NOT_OF_THE_LIBRARY: &str = "repository";
const FIRST: [&str; 2] = ["the unit tests", "laws"];
/// A test that takes longer runs when the quicker ones have noticed nothing.
const QUICK: Duration = Duration::from_secs(1);
const SHORTEST_LIMIT: Duration = Duration::from_secs(20);

struct Test {
    program: usize,
    name: String,
    takes: Duration,
    reaches: BTreeSet<usize>,
}

#[derive(PartialEq)]
enum Verdict {
    Passed,
    /// These tests.
    Failed(Vec<String>),
    TooLong,
}

pub struct Suite {
    root: PathBuf,
    /// In the order in which they run.
    programs: Vec<(String, PathBuf)>,
    tests: Vec<Test>,
}

impl Suite {
    /// Builds the tests, beside these packages, and runs each alone. One that fails without a mutant is left out.
    pub fn traced(copy: &Copy, beside: &[&str]) -> Self {
        let mut programs = copy.programs(beside);
        programs.retain(|(name, _)| name != NOT_OF_THE_LIBRARY);
        programs.sort_by_key(|(name, _)| FIRST.iter().position(|it| it == name).unwrap_or(9));
        let mut suite = Self { root: copy.root.clone(), programs, tests: Vec::new() };
        let names = |program: usize| -> Vec<_> {
            let ignored = suite.names(program, &["--ignored"]);
            let all = suite.names(program, &[]);
            all.difference(&ignored).map(|name| (program, name.clone())).collect()
        };
        let mut left: Vec<_> = (0..suite.programs.len()).flat_map(names).collect();
        // What fails on a busy machine has two more tries by itself.
        for workers in [WORKERS, 1, 1] {
            let trace = |(program, name)| suite.trace(program, name);
            let traced = in_parallel(std::mem::take(&mut left), workers, trace);
            for test in traced {
                match test {
                    Ok(test) => suite.tests.push(test),
                    Err(failed) => left.push(failed),
                }
            }
        }
        for (_, name) in left {
            println!("left out, as it fails without a mutant: {name}");
        }
        suite
    }

    pub fn len(&self) -> usize {
        self.tests.len()
    }

    fn names(&self, program: usize, arguments: &[&str]) -> BTreeSet<String> {
        let mut list = Command::new(&self.programs[program].1);
        list.args(["--list", "--format", "terse"]).args(arguments).current_dir(&self.root);
        let list = String::from_utf8(output(&mut list)).unwrap();
        list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
    }

    fn trace(&self, program: usize, name: String) -> Result<Test, (usize, String)> {
        let file = self.root.join(format!("trace-{program}-{}", name.replace("::", "-")));
        let begun = Instant::now();
        let set = ("MUTANT_TRACE", file.display().to_string());
        let verdict = self.run(program, &[&name], Duration::from_secs(300), &set);
        let trace = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(&file);
        if verdict != Verdict::Passed {
            return Err((program, name));
        }
        let reaches = trace.lines().map(|line| line.trim().parse().unwrap()).collect();
        Ok(Test { program, name, takes: begun.elapsed(), reaches })
    }

    /// Runs the tests that reach this mutant, or without one all, until one notices.
    pub fn try_mutant(&self, n: Option<usize>) -> Outcome {
        let mut batches: BTreeMap<_, Vec<&Test>> = BTreeMap::new();
        for test in self.tests.iter().filter(|it| n.is_none_or(|n| it.reaches.contains(&n))) {
            batches.entry((test.takes > QUICK, test.program)).or_default().push(test);
        }
        for ((_, program), tests) in batches {
            let names: Vec<_> = tests.iter().map(|it| it.name.as_str()).collect();
            let usual: Duration = tests.iter().map(|it| it.takes).sum();
            let limit = SHORTEST_LIMIT.max(usual * 10);
            let run = |n: Option<usize>, names: &[&str]| {
                let set = ("MUTANT", n.map_or(String::new(), |n| n.to_string()));
                self.run(program, names, limit, &set)
            };
            let failed = match run(n, &names) {
                Verdict::Passed => continue,
                Verdict::TooLong => return Outcome::TimedOut,
                Verdict::Failed(failed) => failed,
            };
            // Of a process that has died nobody knows which test it was.
            let is_failed = |name: &&str| failed.is_empty() || failed.iter().any(|it| it == *name);
            let failed: Vec<_> = names.into_iter().filter(is_failed).collect();
            if run(n, &failed) != Verdict::Passed {
                let is_clear = n.is_none() || run(None, &failed) == Verdict::Passed;
                let by = self.programs[program].0.clone();
                return if is_clear { Outcome::Caught(by) } else { Outcome::Unclear };
            }
        }
        Outcome::Missed
    }

    /// Runs tests of one program. `timeout` ends the servers that they start as well, and
    /// a mutant may ask for any amount of memory.
    fn run(
        &self,
        program: usize,
        names: &[&str],
        limit: Duration,
        set: &(&str, String),
    ) -> Verdict {
        let output = Command::new("prlimit")
            .arg("--as=8000000000")
            .args(["timeout", "--kill-after=1", &limit.as_secs().to_string()])
            .arg(&self.programs[program].1)
            .args(["--exact", "--test-threads=2"])
            .args(names)
            .env(set.0, &set.1)
            .envs([("PROPTEST_CASES", "16"), ("PROPTEST_RNG_SEED", "1")])
            .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true")
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .unwrap();
        match output.status.code() {
            Some(0) => Verdict::Passed,
            Some(124 | 137) => Verdict::TooLong,
            _ => {
                let said = String::from_utf8_lossy(&output.stdout);
                let failed = said.lines().filter_map(|line| line.strip_suffix(" ... FAILED"));
                // A name may have ` - should panic` behind it.
                let names = failed.filter_map(|line| line.split(' ').nth(1));
                Verdict::Failed(names.map(str::to_owned).collect())
            }
        }
    }
}

/// The results, in no order.
pub fn in_parallel<T: Send, R: Send>(
    items: Vec<T>,
    workers: usize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let (items, results) = (Mutex::new(items.into_iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some(item) = items.lock().unwrap().next() else { return };
                    let result = work(item);
                    results.lock().unwrap().push(result);
                }
            });
        }
    });
    results.into_inner().unwrap()
}
