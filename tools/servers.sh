#!/usr/bin/env bash
# The receivers of `servers`: clippy; their table of deliveries; the crate and the
# module for wasm32-unknown-unknown.
#
# Needs cargo; `rustup target add wasm32-unknown-unknown` for the module, and node
# for its host. It says what it leaves out. Five minutes at first on two busy
# cores, and five seconds when nothing has changed.
set -euo pipefail
[ $# -eq 0 ] || { echo "usage: tools/servers.sh" >&2; exit 2; }
cd "$(dirname "$0")/.."
export CARGO_PROFILE_DEV_DEBUG=0
started=$SECONDS
receivers=(-p deliveries -p receiver-hyper -p receiver-lambda -p receiver-poem -p receiver-rocket -p receiver-worker -p shop)
# The inbox over NATS, and what sends to it: the scripts in tools/inbox run them.
inbox=(-p drive -p inbox -p inbox-nats)
wasm=wasm32-unknown-unknown

cargo clippy --locked --all-targets --no-deps "${receivers[@]}" "${inbox[@]}" -- -D warnings
cargo test --locked "${receivers[@]}"

if [ -d "$(rustc --print target-libdir --target $wasm)" ]; then
  cargo clippy --locked --no-deps -p receiver-worker --target $wasm -- -D warnings
  cargo build --locked --release -p receiver-worker --target $wasm
  cargo check --locked --lib --target $wasm
else
  echo "not built for $wasm: it is not installed"
fi
command -v node >/dev/null || echo "not run in a host of JavaScript: there is no node"
echo "$((SECONDS - started)) s"
