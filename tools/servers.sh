#!/usr/bin/env bash
# The receivers of `servers`: their table of deliveries; the crate and one receiver
# for wasm32-unknown-unknown.
#
# Needs cargo, and node for the host of the WebAssembly module. The target is added by
# rustup if it is missing. What is left out is said; with REQUIRE_ALL=1 that is an error.
set -euo pipefail
[ $# -eq 0 ] || { echo "usage: tools/servers.sh" >&2; exit 2; }
cd "$(dirname "$0")/.."
skipped=0
wasm=wasm32-unknown-unknown

cargo test --locked -p deliveries -p receiver-hyper -p receiver-lambda -p receiver-poem \
  -p receiver-rocket -p receiver-worker -p shop

rustup target add $wasm >/dev/null 2>&1 || true
if [ -d "$(rustc --print target-libdir --target $wasm)" ]; then
  cargo clippy --locked --no-deps -p receiver-worker --target $wasm -- -D warnings
  cargo test --locked -p receiver-worker in_an_interpreter -- --ignored
  if command -v node >/dev/null; then
    cargo test --locked -p receiver-worker in_node -- --ignored
  else
    echo "skipped: a host of JavaScript, because there is no node"
    skipped=1
  fi
  cargo check --locked --lib -p order-webhooks --target $wasm
else
  echo "skipped: $wasm, which is not installed"
  skipped=1
fi
exit $((skipped * ${REQUIRE_ALL:-0}))
