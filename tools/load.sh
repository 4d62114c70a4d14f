#!/usr/bin/env bash
# Puts both example servers under load on 127.0.0.1 for a minute each: good
# senders, forged deliveries, challenges, bodies beyond the limit, and senders of
# one byte a second, all at once. No answer may be another one than is due, the
# memory has to stay flat, and the slowest good sender has to be served within
# the shortest time that a provider allows, 10 s.
#
#   tools/load.sh [SECONDS]      default 60
#
# Needs cargo, wrk (Debian's package, installed if it is missing and that is
# allowed), openssl and python3.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
if [[ $# -gt 1 || ! $seconds =~ ^[0-9]+$ ]]; then
  echo "usage: $0 [SECONDS]" >&2
  exit 2
fi

if ! command -v wrk >/dev/null; then
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk >/dev/null
fi
cargo build --quiet --release --example axum_server --example actix_server

python3 tools/load/run.py "${CARGO_TARGET_DIR:-target}/release/examples" "$seconds"
