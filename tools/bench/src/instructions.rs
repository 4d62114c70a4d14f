//! Instructions instead of time, counted by callgrind: what a machine that is busy
//! cannot disturb.

use std::hint::black_box;
use std::process::Command;

use order_webhooks::bandwidth::Notification;

use crate::bodies;

/// Compares reading 100,000 numbers with reading 1,000, and says whether the target
/// holds. Without valgrind it says that it has counted nothing.
pub fn print() -> bool {
    let Some([thousand, most]) = both() else {
        println!("not counted: valgrind is not installed\n");
        return true;
    };
    let ratio = most as f64 / thousand as f64;
    let holds = ratio < 101.005;
    let verdict = if holds { "holds" } else { "**MISSED**" };
    println!("parse B, n = 100,000: {ratio:.1} × n = 1,000 (≤ 101), {verdict}\n");
    holds
}

fn both() -> Option<[u64; 2]> {
    let mut counted = [0; 2];
    for (numbers, counted) in [1_000, 100_000].into_iter().zip(&mut counted) {
        // The start of a process and the making of the body do not count.
        *counted = count(numbers, 1)?.checked_sub(count(numbers, 0)?)?;
    }
    Some(counted)
}

fn count(numbers: usize, times: usize) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args(["parse", &numbers.to_string(), &times.to_string()])
        .output()
        .ok()?;
    let told = String::from_utf8(output.stderr).ok()?;
    let counted = told.lines().find_map(|line| line.split_once("Collected : "));
    counted?.1.trim().parse().ok()
}

/// What is counted.
pub fn parse(numbers: usize, times: usize) {
    let body = bodies::bandwidth(numbers, false);
    for _ in 0..times {
        black_box(Notification::parse_unverified(black_box(body.as_bytes())).unwrap());
    }
}
