//! Changes the library in every way that cargo-mutants lists, and runs the tests over each
//! change. `tools/mutants.sh` runs it and says how it is used.
//!
//! All mutants are built at once, each behind a switch, in a copy of the checkout. What the
//! compiler refuses is taken out. Each test runs once to record which switches it reaches, and
//! then each mutant runs with the tests that reach it, until one fails twice.
#![allow(unreachable_pub, clippy::print_stdout, reason = "a program")]
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "it stops at what goes wrong, and numbers are small"
)]

mod build;
mod suite;
mod switches;

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};
use std::time::Instant;

use build::Copy;
use suite::Suite;
use switches::Mutant;

/// How many mutants run at once.
const WORKERS: usize = 3;
/// Has a reason for each that no test notices.
const PAGE: &str = "docs/mutants.md";

/// What became of a mutant.
#[derive(Clone, PartialEq)]
enum Outcome {
    Unviable,
    /// By a test of this program.
    Caught(String),
    TimedOut,
    /// The tests that notice it fail without it as well.
    Unclear,
    Missed,
}

fn main() -> ExitCode {
    let begun = Instant::now();
    let minutes = || begun.elapsed().as_secs().div_ceil(60);
    let files: Vec<String> = std::env::args().skip(1).collect();
    let out = std::env::var("MUTANTS_OUT").unwrap_or_else(|_| "target/mutants".into());
    let out = std::path::absolute(out).unwrap();
    let mutants = listed(&files);
    println!("{} mutants", mutants.len());

    let mut copy = Copy::of_checkout(&out);
    let unviable = copy.with_switches(&mutants);
    println!("{} unviable, {} without a place for a switch", unviable.len(), copy.unplaced.len());
    let suite = Suite::traced(&copy, &[]);
    println!("{} tests have run, {} min", suite.len(), minutes());

    let mut outcomes: BTreeMap<usize, Outcome> =
        unviable.into_iter().map(|n| (n, Outcome::Unviable)).collect();
    let try_all = |numbers: Vec<usize>, workers, suite: &Suite| {
        suite::in_parallel(numbers, workers, |n| {
            let outcome = suite.try_mutant(Some(n));
            report(n, &mutants[n], &outcome);
            (n, outcome)
        })
    };
    let switched = |n: &usize| !outcomes.contains_key(n) && !copy.unplaced.contains(n);
    let switched = (0..mutants.len()).filter(switched).collect();
    outcomes.extend(try_all(switched, WORKERS, &suite));

    println!("{} min; those that took too long or are not clear, one at a time:", minutes());
    let doubtful = |it: &Outcome| matches!(it, Outcome::TimedOut | Outcome::Unclear);
    let again = outcomes.iter().filter(|(_, it)| doubtful(it)).map(|(n, _)| *n).collect();
    outcomes.extend(try_all(again, 1, &suite));

    println!("{} min; those that were missed, with other features of the dependencies:", minutes());
    let missed = outcomes.iter().filter(|(_, it)| **it == Outcome::Missed).map(|(n, _)| *n);
    outcomes.extend(try_all(missed.collect(), WORKERS, &Suite::traced(&copy, &["unified"])));

    println!("{} min; those without a switch, one at a time:", minutes());
    for n in copy.unplaced.clone() {
        let built = copy.build_alone(&mutants[n]);
        let outcome = if built { suite.try_mutant(None) } else { Outcome::Unviable };
        report(n, &mutants[n], &outcome);
        outcomes.insert(n, outcome);
    }

    let lines: String = outcomes.iter().map(|(n, it)| line(*n, &mutants[*n], it)).collect();
    std::fs::write(out.join("outcomes.txt"), lines).unwrap();
    println!("\n{}\n{} min", table(&mutants, &outcomes), minutes());
    let missed = outcomes
        .iter()
        .filter(|(_, it)| matches!(it, Outcome::Unclear | Outcome::Missed))
        .map(|(n, _)| *n);
    let unexplained = unexplained(missed.map(|n| &mutants[n]));
    for mutant in &unexplained {
        println!("no reason in {PAGE}: {}", mutant.name);
    }
    if unexplained.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Those that the page does not have. Each line of it is for one, wherever in its file that is.
fn unexplained<'m>(missed: impl Iterator<Item = &'m Mutant>) -> Vec<&'m Mutant> {
    let mut page = std::fs::read_to_string(PAGE).unwrap();
    let is_new = |mutant: &&Mutant| {
        let change = format!("`{}`", mutant.change());
        let found = page.contains(&change);
        page = page.replacen(&change, "", 1);
        !found
    };
    missed.filter(is_new).collect()
}

fn listed(files: &[String]) -> Vec<Mutant> {
    let mut command = Command::new("cargo");
    command.args(["mutants", "--list", "--json", "--package", "order-webhooks"]);
    command.args(files.iter().flat_map(|file| ["--file", file]));
    serde_json::from_slice(&build::output(&mut command)).unwrap()
}

fn line(n: usize, mutant: &Mutant, outcome: &Outcome) -> String {
    let outcome = match outcome {
        Outcome::Unviable => "unviable",
        Outcome::Caught(by) => &format!("caught by {by}"),
        Outcome::TimedOut => "caught by the time limit",
        Outcome::Unclear => "unclear",
        Outcome::Missed => "missed",
    };
    format!("{n} {outcome}: {}\n", mutant.name)
}

fn report(n: usize, mutant: &Mutant, outcome: &Outcome) {
    if matches!(outcome, Outcome::TimedOut | Outcome::Unclear | Outcome::Missed) {
        print!("{}", line(n, mutant, outcome));
    }
}

/// A line for each folder of the source, and one for all.
fn table(mutants: &[Mutant], outcomes: &BTreeMap<usize, Outcome>) -> String {
    let mut rows: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for (n, outcome) in outcomes {
        let column = match outcome {
            Outcome::Unviable => 1,
            Outcome::Caught(_) | Outcome::TimedOut => 2,
            Outcome::Unclear | Outcome::Missed => 3,
        };
        for row in [mutants[*n].folder(), "all"] {
            let row = rows.entry(row).or_default();
            row[0] += 1;
            row[column] += 1;
        }
    }
    let all = rows.remove("all").into_iter().map(|row| ("all", row));
    let rows = rows.into_iter().chain(all);
    let rows = rows.map(|(name, [all, unviable, caught, missed])| {
        format!("| `{name}` | {all} | {unviable} | {caught} | {missed} |\n")
    });
    let title =
        "| what was changed | mutants | unviable | caught | missed |\n|---|---|---|---|---|\n";
    title.to_owned() + &rows.collect::<String>()
}
