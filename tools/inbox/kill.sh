#!/usr/bin/env bash
# Kills the inbox (servers/inbox) with SIGKILL again and again while
# deliveries come in, and then looks whether every delivery that was answered 200
# is in the store, once, and whether the newest of every thing is what is applied.
#
#     tools/inbox/kill.sh [sqlite|postgres|both] [seconds]
#
# sqlite is one server with a file. postgres is two servers with a private cluster
# on a loopback address, which is crashed now and then as well; it is installed
# with apt if it is missing. Wants python3.
set -euo pipefail
cd "$(dirname "$0")/../.."

what=${1:-both}
seconds=${2:-30}
case $what in sqlite | postgres | both) ;; *) echo "usage: $0 [sqlite|postgres|both] [seconds]" >&2; exit 2 ;; esac

cargo build --quiet -p inbox --bin inbox
inbox=$(cargo metadata --format-version 1 --no-deps |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/debug/inbox

# shellcheck source=tools/inbox/engines.sh
. tools/inbox/engines.sh

if [ "$what" != postgres ]; then
  printf '== SQLite, one server, %s s\n' "$seconds"
  DATABASE="$folder/inbox.db" in_group python3 tools/inbox/kill.py "$inbox" 1 "$seconds"
fi

if [ "$what" != sqlite ]; then
  start_postgres || { echo "PostgreSQL is not here and cannot be installed" >&2; exit 1; }
  printf '== PostgreSQL, two servers, %s s\n' "$seconds"
  CRASH=$DATABASE_CRASH in_group python3 tools/inbox/kill.py "$inbox" 2 "$seconds"
fi
