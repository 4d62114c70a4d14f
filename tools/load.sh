#!/usr/bin/env bash
# Puts both example servers under load on 127.0.0.1 for a minute each: good senders,
# forged deliveries, challenges, bodies beyond the limit, and senders of one byte a
# second, all at once. Every answer has to be the one that is due, the memory has to
# stay flat, and the slowest good sender has to be served within the shortest time that
# a provider allows, 10 s.
#
#   tools/load.sh [SECONDS]      default 60
#
# Needs cargo, jq and openssl; oha is installed if it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
if [[ $# -gt 1 || ! $seconds =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: $0 [SECONDS]" >&2
  exit 2
fi
command -v oha >/dev/null || cargo install --quiet --locked oha
cargo build --quiet --release --example axum_server --example actix_server

limit=65536
slow_senders=40
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
# Beyond the limit, and not so far that it is not read to its end.
head -c $((limit * 4)) /dev/zero | tr '\0' x >"$work/large"

sign() { openssl dgst -sha256 -hmac "$1" -binary "$2" | openssl base64 -A; }
data=tests/data
order=$data/porterbuddy/order-status.json
musement='Authorization: Basic Sm9oblNtaXRoOlN3b3JkZmlzaA=='
bandwidth='Authorization: Basic YmFuZHdpZHRoLXVzZXI6YmFuZHdpZHRoLXBhc3N3b3Jk'
signed="x-porterbuddy-hmac-SHA256: $(sign porterbuddy-api-key $order)"
forged="x-porterbuddy-hmac-SHA256: $(sign another-key $order)"
none='X-None: none'

# Name, path, header, body, the status that is due, connections.
kinds=(
  "good, Musement|/musement|$musement|$data/musement/order-item.json|200|4"
  "good, Porterbuddy|/porterbuddy|$signed|$order|200|4"
  "good, Bandwidth|/bandwidth/notifications|$bandwidth|$data/bandwidth/order-notification.xml|200|4"
  "good, port-out|/bandwidth/port-out|$bandwidth|$data/bandwidth/port-out.xml|200|4"
  "forged signature|/porterbuddy|$forged|$order|403|8"
  "forged credentials|/bandwidth/notifications|$musement|$data/bandwidth/order-notification.xml|401|8"
  "no credentials|/bandwidth/port-out|$none|$data/bandwidth/port-out.xml|401|8"
  "too large|/bandwidth/notifications|$bandwidth|$work/large|413|4"
  "too large, unknown|/bandwidth/notifications|$none|$work/large|401|4"
)

# Sends a byte a second, with the right credentials, until the server answers.
crawl() { # port, file for the answers
  local until=$((SECONDS + seconds)) line part byte
  while [ "$SECONDS" -lt "$until" ]; do
    line=
    if exec 3<>"/dev/tcp/127.0.0.1/$1"; then
      printf 'POST /musement HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n%s\r\n\r\n' "$musement" >&3
      for byte in {1..30}; do
        printf ' ' >&3 || break
        part=
        if read -r -t 1 part <&3; then line+=$part && break; fi
        line+=$part
      done
      exec 3>&-
    fi
    line=${line%$'\r'}
    printf '%s\n' "${line:-none}" >>"$2"
  done
} 2>/dev/null

memory() { awk '/^VmRSS:/ { print int($2 / 1024) }' "/proc/$server/status"; }

failed=0
failure() { printf 'FAILED %s\n' "$*"; failed=1; }

load() { # name of the example
  local url line port pids=() samples=() number kind name path header body status connections
  : >"$work/log"
  ADDR=127.0.0.1:0 BODY_LIMIT=$limit "${CARGO_TARGET_DIR:-target}/release/examples/$1" \
    >/dev/null 2>"$work/log" &
  server=$!
  until url=$(sed -n 's/^listening on //p' "$work/log") && [ -n "$url" ]; do sleep 0.1; done
  port=${url##*:}

  rm -f "$work"/answers.*
  for ((number = 0; number < slow_senders; number++)); do
    crawl "$port" "$work/answers.$number" &
    pids+=($!)
  done
  for number in "${!kinds[@]}"; do
    IFS='|' read -r name path header body status connections <<<"${kinds[number]}"
    oha --no-tui --output-format json -w -t 30s -z "${seconds}s" -c "$connections" -m POST \
      -H "$header" -D "$body" "$url$path" >"$work/$number.json" &
    pids+=($!)
  done
  for ((number = 0; number < 10; number++)); do
    sleep "$((seconds / 12 + 1))"
    samples+=("$(memory)")
  done
  wait "${pids[@]}" || true

  printf '\n%s, %s s\n\n' "$1" "$seconds"
  printf '| sender | right answers | others | errors | 99 %% within | slowest |\n|---|---|---|---|---|---|\n'
  for number in "${!kinds[@]}"; do
    IFS='|' read -r name path header body status connections <<<"${kinds[number]}"
    line=$(jq -r --arg status "$status" '
      (.statusCodeDistribution[$status] // 0) as $right
      | ([.statusCodeDistribution[]] | add // 0) as $all
      | ([.errorDistribution[]] | add // 0) as $errors
      | [$right, $all - $right, $errors, (.latencyPercentiles.p99 // 0) * 1000, (.summary.slowest // 0) * 1000]
      | map(round) | join(" ")' "$work/$number.json")
    read -r right others errors within slowest <<<"$line"
    printf '| %s | %s | %s | %s | %s ms | %s ms |\n' "$name" "$right" "$others" "$errors" "$within" "$slowest"
    if [ "$right" -eq 0 ] || [ "$others" -gt 0 ] || [ "$errors" -gt 0 ]; then
      failure "$1: $name: $line"
    fi
    if [[ $name == good* && $slowest -gt 10000 ]]; then failure "$1: $name took $slowest ms"; fi
  done
  timeouts=$(cat "$work"/answers.* | grep -c '^HTTP/1.1 408' || true)
  others=$(cat "$work"/answers.* | grep -vc '^HTTP/1.1 408' || true)
  printf '| a byte a second | %s | %s | | | |\n\nmemory in MiB: %s\n' "$timeouts" "$others" "${samples[*]}"
  if [ "$timeouts" -eq 0 ] || [ "$others" -gt 0 ]; then
    failure "$1: a byte a second: $(sort -u "$work"/answers.* | paste -sd,)"
  fi
  settled=$(printf '%s\n' "${samples[@]:0:5}" | sort -n | tail -1)
  last=$(printf '%s\n' "${samples[@]:5}" | sort -n | tail -1)
  if [ "$last" -gt $((settled * 12 / 10 + 4)) ]; then failure "$1: memory grew from $settled to $last MiB"; fi
  kill "$server"
  wait "$server" || true
  server=
}

load axum_server
load actix_server
[ "$failed" -ne 0 ] || printf '\nevery answer is the one that is due, memory is flat, good senders are served in time\n'
exit "$failed"
