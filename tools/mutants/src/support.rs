//! What the switches call; tools/mutants puts this file into a copy of the crate.
#![allow(missing_docs, dead_code, unreachable_pub)]

use std::fs::File;
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The mutant that runs, and where to write down which switches are reached.
static SET: OnceLock<(usize, Option<File>)> = OnceLock::new();
static REACHED: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];

pub fn on(number: usize) -> bool {
    let (mutant, trace) = SET.get_or_init(|| {
        let number = std::env::var("MUTANT").ok().and_then(|it| it.parse().ok());
        let trace = std::env::var_os("MUTANT_TRACE");
        let trace =
            trace.and_then(|file| File::options().append(true).create(true).open(file).ok());
        (number.unwrap_or(usize::MAX), trace)
    });
    if let Some(mut trace) = trace.as_ref()
        && !REACHED[number].swap(true, Ordering::Relaxed)
    {
        // One write, and no allocation: a test may count them.
        let mut line = [0; 8];
        let _ = writeln!(&mut line[..], "{number:7}").and_then(|()| trace.write_all(&line));
    }
    *mutant == number
}

/// For functions that return some iterator: there both ways have to be of one type.
pub fn either<T, A: Iterator<Item = T>, B: Iterator<Item = T>>(
    number: usize,
    mutated: impl FnOnce() -> A,
    real: impl FnOnce() -> B,
) -> Either<A, B> {
    if on(number) { Either::Mutated(mutated()) } else { Either::Real(real()) }
}

pub enum Either<A, B> {
    Mutated(A),
    Real(B),
}

impl<T, A: Iterator<Item = T>, B: Iterator<Item = T>> Iterator for Either<A, B> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match self {
            Self::Mutated(it) => it.next(),
            Self::Real(it) => it.next(),
        }
    }
}
