#!/usr/bin/env bash
# Guards the public API. Compares it with docs/public-api.txt and prints the
# difference. (Whether a version allows for a change is for `.ci/run semver`.)
#
#   tools/api.sh             compare
#   tools/api.sh --write     write docs/public-api.txt anew
#
# Needs a nightly toolchain, and says so if there is none;
# cargo-public-api is installed if it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ $# -gt 1 || ${1:---write} != --write ]]; then
  echo "usage: $0 [--write]" >&2
  exit 2
fi
if ! cargo +nightly --version >/dev/null 2>&1; then
  echo "skipped: no nightly toolchain (rustup toolchain install nightly)"
  exit "${REQUIRE_ALL:-0}"
fi
cargo public-api --version >/dev/null 2>&1 || cargo install --locked cargo-public-api

listing=docs/public-api.txt
now=$(mktemp)
trap 'rm -f "$now" "$now.log"' EXIT
# Without what every type has: blanket and automatic implementations, and derives.
if ! cargo +nightly public-api --all-features -sss >"$now" 2>"$now.log"; then
  cat "$now.log" >&2
  exit 1
fi

# The guides are pages of the documentation and no items.
sed -i '/ order_webhooks::guide/d' "$now"

if [[ ${1:-} == --write ]]; then
  cp "$now" $listing
  exit
fi

if ! diff -u $listing "$now"; then
  echo "the public API is not that of $listing: tools/api.sh --write, and a line in the changelog"
  exit 1
fi
echo "the public API is that of $listing"
