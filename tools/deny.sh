#!/usr/bin/env bash
# Licences, duplicates and sources of what the published crates depend on, and the
# advisories against everything in the workspace.
#
# Needs cargo; cargo-deny is installed if it is missing. Where the database of
# advisories cannot be reached, a line says so; with REQUIRE_ALL=1 that is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ $# -gt 0 ]]; then
  echo "usage: $0" >&2
  exit 2
fi

cargo deny --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-deny

deny() { cargo deny --all-features --manifest-path "$1/Cargo.toml" check "${@:2}"; }

# The program needs every exception in deny.toml, so one that is out of date shows here.
deny crates/cli --deny unmatched-skip --deny license-not-encountered licenses bans sources
deny . --allow unmatched-skip --allow license-not-encountered licenses bans sources
# sqlx is made of second versions of some crates.
deny crates/inbox --allow license-not-encountered licenses sources
if cargo deny fetch db >/dev/null 2>&1; then
  cargo deny --workspace --all-features check --disable-fetch advisories
else
  echo "skipped: advisories, because the database cannot be reached"
  exit "${REQUIRE_ALL:-0}"
fi
