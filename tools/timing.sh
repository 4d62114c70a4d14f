#!/usr/bin/env bash
# Whether the time of a comparison tells about a secret (dudect): a million
# timed samples a bench, in a row until one has |t| below 4.5, three rows at
# most. A busy machine exceeds 4.5 now and then; a leak does it every time.
# The control, a plain ==, has to exceed it three times.
#
#   tools/timing.sh              every bench, some minutes
#   tools/timing.sh signature    those whose name contains this, and the control
set -euo pipefail
cd "$(dirname "$0")/.."

names=$(sed -n '/^ctbench_main!/,$s/^    \([a-z_]*\),*$/\1/p' tools/timing/src/main.rs)
if [[ $# -gt 1 ]] || ! grep -qFe "${1:-}" <<<"$names"; then
  printf 'usage: %s [PART OF A NAME]\n%s\n' "$0" "$names" >&2
  exit 2
fi
CARGO_PROFILE_RELEASE_LTO=thin cargo build --quiet --release -p order-webhooks-timing --target-dir target/timing
program=target/timing/release/order-webhooks-timing

# The t of one run.
t() {
  "$program" --filter "$1" | sed -n 's/.*max t = \([+-][0-9.]*\).*/\1/p'
}

failed=0
printf '%-38s %s\n' bench 't of each run'
for name in $names; do
  case $name in *"${1:-}"* | control*) ;; *) continue ;; esac
  runs=()
  flagged=0
  for _ in 1 2 3; do
    run=$(t "$name")
    runs+=("$run")
    if awk -v t="$run" 'BEGIN { exit !(t > -4.5 && t < 4.5) }'; then break; fi
    flagged=$((flagged + 1))
  done
  verdict=ok
  if [[ $name == control* ]]; then
    if [[ $flagged -ne 3 ]]; then verdict='FAILED: the harness does not see a leak'; fi
  elif [[ $flagged -eq 3 ]]; then
    verdict='FAILED: the time tells'
  fi
  [[ $verdict == ok ]] || failed=1
  printf '%-38s %s  %s\n' "$name" "${runs[*]}" "$verdict"
done
exit $failed
