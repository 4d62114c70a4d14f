#!/usr/bin/env bash
# Measures the inbox: deliveries kept a second and the time to an answer at 1, 64
# and 512 connections, beside the same rows written by hand in batches and beside a
# server that keeps nothing; growth with a million rows; memory. Sender, server and
# store share this machine.
#
#     tools/inbox/measure.sh [sqlite|postgres|nats|all] [seconds]
set -euo pipefail
if [[ $# -gt 2 || ! ${1:-all} =~ ^(sqlite|postgres|nats|all)$ || ! ${2:-5} =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: $0 [sqlite|postgres|nats|all] [seconds]" >&2
  exit 2
fi
cd "$(dirname "$0")/../.."
# shellcheck source=tools/inbox/engines.sh
. tools/inbox/engines.sh

what=${1:-all}
seconds=${2:-5}
manifest=examples/workspace/Cargo.toml
cargo build --quiet --release --manifest-path $manifest
cargo build --quiet --release --example inbox --example axum_server
drive=examples/workspace/target/release/drive
first=0
server=

stop_server() { if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; server=; fi; }
engines_stop=(stop_server "${engines_stop[@]}")

start() {
  stop_server
  port=$(free_port)
  ADDR=127.0.0.1:$port "$@" >/dev/null 2>>"$folder/server.log" &
  server=$!
  until python3 -c "import socket; socket.create_connection(('127.0.0.1', $port))" 2>/dev/null; do
    kill -0 $server || { tail "$folder/server.log" >&2; exit 1; }
    sleep 0.1
  done
}

# The memory of the server at its highest, in MB.
memory() { awk '/VmHWM/ { printf "%.0f", $2 / 1024 }' "/proc/$server/status"; }

row() { printf '%-34s %12s %10s %10s %10s %10s %8s\n' "$@"; }

load() {
  for connections in 1 64 512; do
    read -r _ rate p50 p99 p999 failed < <("$drive" load --address "127.0.0.1:$port" \
      --connections $connections --seconds "$seconds" --first $first "${@:2}")
    first=$((first + 10000000))
    row "$1, $connections" "$rate" "$p50" "$p99" "$p999" "$(memory)" "$failed"
  done
}

# The time to an answer at half of the highest rate, 64 connections.
half() {
  read -r _ rate _ < <("$drive" load --address "127.0.0.1:$port" --seconds "$seconds" --first $first)
  first=$((first + 10000000))
  read -r _ rate p50 p99 p999 failed < <("$drive" load --address "127.0.0.1:$port" \
    --seconds "$seconds" --first $first --rate $((rate / 2)))
  first=$((first + 10000000))
  row "$1, at half of the rate" "$rate" "$p50" "$p99" "$p999" "$(memory)" "$failed"
}

by_hand() {
  for batch in 1 64 512; do
    row "$1 by hand, in batches of $batch" "$("$drive" by-hand --store "$1" --batch $batch --seconds "$seconds" --first $first)" - - - - -
    first=$((first + 10000000))
  done
}

settled() {
  "$drive" by-hand --store "$1" --batch 1000 --settled 1000000 --first $first >/dev/null
  first=$((first + 10000000))
}

measure() {
  store=$1
  shift
  start env ROLE=receiver "$@"
  load "$store"
  half "$store"
  stop_server
  by_hand "$store"
  start "$@"
  load "$store, with its worker"
  [ "$store" = nats ] && return
  stop_server
  settled "$store"
  start env ROLE=receiver "$@"
  load "$store, a million rows more"
  stop_server
}

row 'what, connections' 'a second' 'p50 ms' 'p99 ms' 'p99.9 ms' 'memory MB' 'failed'
start target/release/examples/axum_server
load 'no store'
half 'no store'
stop_server
if [ "$what" = sqlite ] || [ "$what" = all ]; then
  export DATABASE=$folder/inbox.db
  measure sqlite target/release/examples/inbox
fi
if [ "$what" = postgres ] || [ "$what" = all ]; then
  start_postgres && measure postgres target/release/examples/inbox
  unset DATABASE_URL
fi
if [ "$what" = nats ] || [ "$what" = all ]; then
  start_nats && measure nats examples/workspace/target/release/inbox-nats
fi
