#!/usr/bin/env bash
# Licences, duplicates and sources of every dependency, and the advisories
# against them as far as the database can be reached.
#
# Needs cargo; cargo-deny is installed if it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ $# -gt 0 ]]; then
  echo "usage: $0" >&2
  exit 2
fi

cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny

cargo deny --all-features check licenses bans sources
if cargo deny fetch db >/dev/null 2>&1; then
  cargo deny --all-features check advisories
else
  echo "advisories not checked: the database cannot be reached"
fi
