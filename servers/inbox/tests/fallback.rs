//! The fallback ends by itself.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

#[test]
fn the_fallback_brings_what_was_lost() {
    let output = Command::new(env!("CARGO_BIN_EXE_fallback")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
