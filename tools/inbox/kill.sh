#!/usr/bin/env bash
# Kills the inbox (examples/inbox.rs) with SIGKILL again and again while
# deliveries come in, and then looks whether every delivery that was answered 200
# is in the store, once, and whether the newest of every thing is what is applied.
#
#     tools/inbox/kill.sh [sqlite|postgres|both] [seconds]
#
# sqlite is one server with a file. postgres is two servers with a private cluster
# on a loopback address, which is crashed now and then as well; it is installed
# with apt if it is missing, and tests/inbox.rs runs over it first. Wants python3.
set -euo pipefail
cd "$(dirname "$0")/../.."

what=${1:-both}
seconds=${2:-30}
case $what in sqlite | postgres | both) ;; *) echo "usage: $0 [sqlite|postgres|both] [seconds]" >&2; exit 2 ;; esac

cargo build --quiet --example inbox
inbox=$(cargo metadata --format-version 1 --no-deps |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/debug/examples/inbox

folder=$(mktemp -d)
chmod 755 "$folder"
as_user=()
stop() {
  if [ -f "$folder/cluster/postmaster.pid" ]; then
    "${as_user[@]}" "$bin/pg_ctl" -D "$folder/cluster" -m immediate stop >/dev/null || true
  fi
  rm -rf "$folder"
}
trap stop EXIT

if [ "$what" != postgres ]; then
  printf '== SQLite, one server, %s s\n' "$seconds"
  DATABASE="$folder/inbox.db" python3 tools/inbox/kill.py "$inbox" 1 "$seconds"
fi

if [ "$what" != sqlite ]; then
  find_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }
  bin=$(find_bin)
  if [ -z "$bin" ]; then
    # The package would start a cluster of its own.
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends postgresql >/dev/null
    bin=$(find_bin)
  fi
  # The server does not run as root.
  mkdir "$folder/cluster"
  if [ "$(id -u)" = 0 ]; then
    as_user=(runuser -u postgres --)
    chown postgres "$folder/cluster"
  fi
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  "${as_user[@]}" "$bin/initdb" -D "$folder/cluster" -A trust -U inbox -E UTF8 >/dev/null
  cat >>"$folder/cluster/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$folder/cluster'
CONF
  "${as_user[@]}" "$bin/pg_ctl" -D "$folder/cluster" -l "$folder/cluster/log" -w start >/dev/null
  url=postgres://inbox@127.0.0.1:$port/postgres
  DATABASE_URL=$url cargo test --quiet --test inbox
  printf '== PostgreSQL, two servers, %s s\n' "$seconds"
  DATABASE_URL=$url \
    CRASH="${as_user[*]} $bin/pg_ctl -D $folder/cluster -l $folder/cluster/log -w -m immediate restart" \
    python3 tools/inbox/kill.py "$inbox" 2 "$seconds"
fi
