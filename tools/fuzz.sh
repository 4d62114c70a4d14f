#!/usr/bin/env bash
# Runs every fuzz target for some seconds, starting from the samples in
# tests/data and from what earlier runs have kept in fuzz/corpus.
#
#   tools/fuzz.sh            10 s a target, some four minutes in all
#   tools/fuzz.sh 3600       an hour a target
#   tools/fuzz.sh 60 port_out notification
#
# Needs a nightly toolchain and cargo-fuzz, which is installed if it is missing.
# Without a nightly toolchain it says so and runs nothing: the same checks, on
# inputs from a generator instead of a fuzzer, are in tests/random/fuzz_smoke.rs.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! [[ ${1:-10} =~ ^[0-9]+$ ]]; then
  echo "usage: $0 [SECONDS [TARGET...]]" >&2
  exit 2
fi

seconds=${1:-10}
shift || true

if ! cargo +nightly --version >/dev/null 2>&1; then
  echo "skipped: no nightly toolchain (rustup toolchain install nightly)"
  exit "${REQUIRE_ALL:-0}"
fi
cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz

mapfile -t known < <(cargo +nightly fuzz list)
for target in "$@"; do
  if ! printf '%s\n' "${known[@]}" | grep -qxe "$target"; then
    echo "$0: no target is called $target: ${known[*]}" >&2
    exit 2
  fi
done
targets=("$@")
[[ $# -gt 0 ]] || targets=("${known[@]}")

FUZZ_SEEDS="$PWD/fuzz/corpus" cargo test --quiet --all-features --test random write_seeds -- --ignored >/dev/null
cargo +nightly fuzz build --release

failed=()
printf '\n%-22s %12s %10s %8s %8s\n' target executions per-second coverage corpus
for target in "${targets[@]}"; do
  log=$(mktemp)
  dictionary=fuzz/tokens.dict
  if cargo +nightly fuzz run --release "$target" -- -max_total_time="$seconds" -dict="$dictionary" \
    -timeout=2 -rss_limit_mb=1024 -max_len=20000 -print_final_stats=1 >"$log" 2>&1; then
    state=
  else
    state=FAILED
    failed+=("$target")
    cp "$log" "fuzz/$target.log"
  fi
  stat() { sed -n "s/^stat::$1: *//p" "$log"; }
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
  corpus=$(find "fuzz/corpus/$target" -type f | wc -l)
  printf '%-22s %12s %10s %8s %8s %s\n' "$target" "$(stat number_of_executed_units)" \
    "$(stat average_exec_per_sec)" "$coverage" "$corpus" "$state"
  rm -f "$log"
done

if [[ ${#failed[@]} -gt 0 ]]; then
  echo "failed: ${failed[*]} (fuzz/<target>.log has the input)"
  exit 1
fi
echo "no findings"
