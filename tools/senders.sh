#!/usr/bin/env bash
# Sends to both example servers with HTTP clients that differ in how they meet a
# challenge (tools/senders/run.py says how): bodies small, of 1.6 MB and of 8 MB, plain, in
# chunks, with Expect: 100-continue, on a connection that is closed for writing after the
# request, and on one that is kept for 6 s; with right and with wrong credentials. Every
# delivery has to arrive once. Prints a table.
#
#   tools/senders.sh             every client
#   tools/senders.sh curl go     those whose name contains one of these
#
# Needs python3. Installs what is missing of Debian's packages; without the right to do so
# it skips the clients that are not there, and says so; with REQUIRE_ALL=1 that is an
# error. All traffic stays on 127.0.0.1.
set -euo pipefail
cd "$(dirname "$0")/.."

clients=$(sed -n 's/^    ("\([^"]*\)", .*/\1/p' tools/senders/run.py)
for part in "$@"; do
  if ! grep -qiFe "$part" <<<"$clients"; then
    printf 'no client is called %s\n%s\n' "$part" "$clients" >&2
    exit 2
  fi
done

# Installed one by one, so that a missing one costs only its own client.
if command -v apt-get >/dev/null && [[ $(id -u) -eq 0 ]]; then
  missing=()
  for package in curl wget default-jdk-headless libhttpclient5-java golang-go; do
    case $package in
      curl | wget) command -v "$package" >/dev/null && continue ;;
      golang-go) command -v go >/dev/null && continue ;;
    esac
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  if [[ ${#missing[@]} -gt 0 ]]; then
    apt-get update -qq >/dev/null
    for package in "${missing[@]}"; do
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" \
        >/dev/null 2>&1 || echo "not installed: $package"
    done
  fi
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

jars=$(find /usr/share/java -maxdepth 1 -name '*.jar' \( -name 'httpc*' -o -name 'slf4j-api.jar' \
  -o -name 'slf4j-nop.jar' \) 2>/dev/null | paste -sd: || true)
mkdir -p "$work/classes"
for source in tools/senders/*.java; do
  javac -nowarn -cp "$jars" -d "$work/classes" "$source" 2>"$work/javac.log" ||
    { echo "not built: $source"; head -3 "$work/javac.log"; }
done
go build -o "$work/go-send" tools/senders/send.go || true

cargo build --quiet --all-features --example axum_server --example actix_server
SENDERS_WORK=$work SENDERS_JARS=$jars python3 tools/senders/run.py \
  "${CARGO_TARGET_DIR:-target}/debug/examples" "$@"
