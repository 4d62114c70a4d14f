#!/usr/bin/env bash
# Runs the unit tests that need no network and no clock under Miri, which stops
# at undefined behaviour. The crate has no unsafe code of its own; what it calls
# has.
#
# Needs a nightly toolchain, and says so if there is none.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ $# -gt 0 ]]; then
  echo "usage: $0" >&2
  exit 2
fi

if ! cargo +nightly --version >/dev/null 2>&1; then
  echo "skipped: no nightly toolchain (rustup toolchain install nightly)"
  exit "${REQUIRE_ALL:-0}"
fi
rustup component add --toolchain nightly miri rust-src >/dev/null 2>&1 ||
  { echo "skipped: the nightly toolchain has no miri"; exit "${REQUIRE_ALL:-0}"; }

# Random tests read a seed from the system, and one case of each is slow enough.
# Left out: servers and their bodies (system calls that Miri does not know), the
# loops over megabytes, the senders, and the suites that are read from files.
# A backtrace takes Miri longer than a test waits.
export MIRIFLAGS=-Zmiri-disable-isolation PROPTEST_CASES=${PROPTEST_CASES:-2} RUST_BACKTRACE=0
cargo +nightly miri test --lib -- \
  auth:: bandwidth:: error:: head:: limits:: musement:: porterbuddy:: rejection:: secret:: tracking:: wire:: \
  --skip testing:: --skip suite --skip too_much_of_it --skip depth_is_limited --skip every_length --skip long \
  --skip any_wrong_character --skip any_two_wrong --skip base64_is_read_as --skip endless
