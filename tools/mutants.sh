#!/usr/bin/env bash
# Changes the library in every way that cargo-mutants knows, one at a time, and
# runs the tests over each change. docs/mutants.md has the reason for each that
# no test notices; one without a reason there is an error.
#
#   tools/mutants.sh             the whole library (an hour)
#   tools/mutants.sh FILE ...    these files
#
# Needs cargo, and prlimit and timeout of Linux. MUTANTS_OUT is where the results
# go (target/mutants): outcomes.txt has a line for each change, and copy is
# the library with all of them, where MUTANT=17 cargo test runs one.
set -euo pipefail
cd "$(dirname "$0")/.."

for file in "$@"; do
  if [[ ! -f $file ]]; then
    echo "$0: $file is no file (usage: $0 [FILE...])" >&2
    exit 2
  fi
done

# Which changes there are depends on its version.
version=27.1.0
[[ $(cargo mutants --version 2>/dev/null) == "cargo-mutants $version" ]] ||
  cargo install --quiet --locked cargo-mutants@$version
cargo run --quiet --release -p mutants -- "$@"
