#!/usr/bin/env bash
# The receivers of `servers`: their table of deliveries; the crate and the Worker for
# wasm32-unknown-unknown, and the Worker in workerd, the runtime of Cloudflare.
#
# Needs cargo, and npm for workerd. The target, workerd and the wasm-bindgen that belongs
# to Cargo.lock are installed if they are missing, the two programs into target/tools.
# What is left out is said; with REQUIRE_ALL=1 that is an error.
set -euo pipefail
[ $# -eq 0 ] || { echo "usage: tools/servers.sh" >&2; exit 2; }
cd "$(dirname "$0")/.."
skipped=0
wasm=wasm32-unknown-unknown

cargo test --locked -p deliveries -p receiver-hyper -p receiver-lambda -p receiver-poem \
  -p receiver-rocket -p shop

rustup target add $wasm >/dev/null 2>&1 || true
if [ -d "$(rustc --print target-libdir --target $wasm)" ]; then
  cargo check --locked --lib -p order-webhooks --target $wasm
  cargo clippy --locked --no-deps -p receiver-worker --target $wasm -- -D warnings
  tools=$PWD/target/tools
  export PATH=$tools/bin:$tools/node_modules/.bin:$PATH
  version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock)
  if [ "$(wasm-bindgen --version 2>/dev/null)" != "wasm-bindgen $version" ]; then
    cargo install wasm-bindgen-cli --version "$version" --no-default-features --root "$tools" ||
      true
  fi
  command -v workerd >/dev/null || npm install --prefix "$tools" --no-audit --no-fund workerd || true
  if command -v workerd >/dev/null && command -v wasm-bindgen >/dev/null; then
    cargo test --locked -p receiver-worker -- --ignored
  else
    echo "skipped: the Worker, because workerd or wasm-bindgen cannot be installed"
    skipped=1
  fi
else
  echo "skipped: $wasm, which is not installed"
  skipped=1
fi
exit $((skipped * ${REQUIRE_ALL:-0}))
