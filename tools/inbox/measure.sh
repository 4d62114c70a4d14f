#!/usr/bin/env bash
# Measures the inbox: deliveries kept a second and the time to an answer at 1, 64
# and 512 connections, beside the same rows written by hand in batches and beside a
# server that keeps nothing; growth with a million rows; memory; the CPU time that
# a delivery takes of the server and of the engine; what it takes of the disk.
# Sender, server and engine share this machine.
#
#     tools/inbox/measure.sh [sqlite|postgres|nats|all] [seconds]
#
# Six minutes with 5 seconds for each line, if all is built.
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
case $what in sqlite | postgres | nats | all) ;; *) sed -n '8s/^# *//p' "$0" >&2; exit 2 ;; esac
cargo build --quiet --release -p drive -p inbox-nats
cargo build --quiet --release -p inbox --bin inbox
cargo build --quiet --release --example axum_server
drive=target/release/drive
first=0
server=
store=
kept=0

stop_server() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
  fi
}
engines_stop=(stop_server)

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

# The processes of the engine under the server.
engine() {
  case $store in
    postgres) { head -n 1 "$POSTGRES_DATA/postmaster.pid"; pgrep -P "$(head -n 1 "$POSTGRES_DATA/postmaster.pid")"; } ;;
    nats) cat "$folder/nats.pid" ;;
  esac
}

# The CPU time that these processes have taken, in microseconds.
cpu() {
  local sum=0 process
  for process in "$@"; do
    sum=$((sum + $(awk '{ print ($14 + $15) * 10000 }' "/proc/$process/stat" 2>/dev/null || echo 0)))
  done
  echo $sum
}

# The memory of the server at its highest, in MB.
memory() { awk '/VmHWM/ { printf "%.0f", $2 / 1024 }' "/proc/$server/status"; }

# What the store takes of the disk, in bytes.
disk() {
  case $store in
    sqlite) du -cb "$DATABASE"* | tail -n 1 | cut -f 1 ;;
    postgres) du -sb "$POSTGRES_DATA/base" | cut -f 1 ;;
    nats) du -sb "$folder/nats" | cut -f 1 ;;
  esac
}

row() { printf '%-34s %9s %8s %8s %8s %9s %9s %9s %7s\n' "$@"; }

# Prints a row, and sets `rate`.
send() {
  local name=$1 engine server_cpu engine_cpu p50 p99 p999 failed sent
  shift
  mapfile -t engine < <(engine)
  server_cpu=$(cpu "$server") engine_cpu=$(cpu "${engine[@]}")
  read -r _ rate p50 p99 p999 failed < <("$drive" load --address "127.0.0.1:$port" \
    --seconds "$seconds" --first $first "$@")
  first=$((first + 10000000))
  sent=$(awk "BEGIN { print int($rate * $seconds) + 1 }")
  kept=$((kept + sent))
  server_cpu=$((($(cpu "$server") - server_cpu) / sent))
  engine_cpu=$((($(cpu "${engine[@]}") - engine_cpu) / sent))
  [ "${#engine[@]}" -gt 0 ] || engine_cpu=-
  row "$name" "$rate" "$p50" "$p99" "$p999" "$server_cpu" "$engine_cpu" "$(memory)" "$failed"
}

load() {
  for connections in 1 64 512; do
    send "$1, $connections" --connections $connections
    if [ $connections = 64 ]; then at_64=$rate; fi
  done
}

by_hand() {
  for batch in 1 64 512; do
    rate=$("$drive" by-hand --store "$store" --batch $batch --seconds "$seconds" --first $first)
    first=$((first + 10000000))
    row "$store by hand, in batches of $batch" "$rate" - - - - - - -
    if [ $batch = 64 ]; then
      awk "BEGIN { printf \"%.2f of this at 64 connections\\n\", $at_64 / $rate }"
    fi
  done
}

measure() {
  store=$1
  shift
  start env ROLE=receiver "$@"
  local before kept=0
  before=$(disk)
  load "$store"
  awk "BEGIN { printf \"%.0f bytes on the disk for a delivery\\n\", ($(disk) - $before) / $kept }"
  send "$store, at half of the rate" --rate $((at_64 / 2))
  stop_server
  by_hand
  start "$@"
  load "$store, with its worker"
  [ "$store" = nats ] && return
  stop_server
  "$drive" by-hand --store "$store" --batch 1000 --settled 1000000 --first $first >/dev/null
  first=$((first + 10000000))
  start env ROLE=receiver "$@"
  load "$store, a million rows more"
  stop_server
}

row 'what, connections' 'a second' 'p50 ms' 'p99 ms' 'p99.9' 'server us' 'engine us' 'memory MB' failed
start target/release/examples/axum_server
load 'no store'
send 'no store, at half of the rate' --rate $((at_64 / 2))
stop_server
if [ "$what" = sqlite ] || [ "$what" = all ]; then
  export DATABASE=$folder/inbox.db
  measure sqlite target/release/inbox
fi
if [ "$what" = postgres ] || [ "$what" = all ]; then
  start_postgres && measure postgres target/release/inbox
  unset DATABASE_URL
fi
if [ "$what" = nats ] || [ "$what" = all ]; then
  start_nats && measure nats target/release/inbox-nats
fi
