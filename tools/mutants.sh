#!/usr/bin/env bash
# Changes the crate in every way that cargo-mutants knows, one at a time, and
# runs the tests over each change. What no test notices is listed in the end;
# docs/mutants.md says why each of those is left.
#
#   tools/mutants.sh             the whole crate (hours)
#   tools/mutants.sh core        who may send, and what is answered
#   tools/mutants.sh FILE ...    these files
#
# Needs cargo. MUTANTS_OUT is where the results go (target/mutants), and
# MUTANTS_TESTS the tests to run, such as "--lib --test laws" (for core
# those that need no server, else all).
set -euo pipefail
cd "$(dirname "$0")/.."

for file in "$@"; do
  if [[ $file != core && ! -f $file ]]; then
    echo "$0: $file is no file (usage: $0 [core | FILE...])" >&2
    exit 2
  fi
done

cargo mutants --version >/dev/null 2>&1 || cargo install --locked cargo-mutants

files=()
tests="--lib --tests"
if [[ "${1:-}" == core ]]; then
  for file in src/auth/*.rs src/{answer,error,head,limits,rejection,secret,webhook}.rs \
    src/bandwidth/port_out/{answer,denial,subscriber,webhook}.rs; do
    files+=(--file "$file")
  done
  tests="--lib --test laws --test webhooks"
else
  for file in "$@"; do files+=(--file "$file"); done
fi

out=${MUTANTS_OUT:-target/mutants}
mkdir -p "$out"
# Without debug information a mutant links in half the time; fewer random cases
# find what many find, since every mutant gets new ones.
export CARGO_PROFILE_DEV_DEBUG=0 PROPTEST_CASES=${PROPTEST_CASES:-48}
cargo mutants --output "$out" --timeout 120 --minimum-test-timeout 60 --no-shuffle --colors never \
  "${files[@]}" -- --features axum,actix,tower,tracing ${MUTANTS_TESTS:-$tests}
