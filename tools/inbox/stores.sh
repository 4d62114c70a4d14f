#!/usr/bin/env bash
# The suite of the inbox's stores, on PostgreSQL and on NATS JetStream. Starts
# both from Debian's packages, which it installs if they are missing; where it
# cannot, it says so in a line. (On SQLite the suite is part of `cargo test -p inbox`.)
#
#     tools/inbox/stores.sh [postgres|nats|both]
set -euo pipefail
case $#:${1:-both} in
  [01]:postgres | [01]:nats | [01]:both) ;;
  *) echo "usage: $0 [postgres|nats|both]" >&2; exit 2 ;;
esac
cd "$(dirname "$0")/../.."
# shellcheck source=tools/inbox/engines.sh
. tools/inbox/engines.sh

what=${1:-both}
case $what in postgres | nats | both) ;; *) sed -n '6s/^# *//p' "$0" >&2; exit 2 ;; esac

# One test after the other: some of them crash the server.
suite() {
  cargo test --quiet "$@" --no-run
  in_group timeout 600 cargo test --quiet "$@" -- --ignored --test-threads 1 "${filter[@]}"
}

if [ "$what" != nats ]; then
  if start_postgres; then
    printf '== the inbox on %s\n' "$("$(postgres_bin)/postgres" --version)"
    filter=(postgres)
    suite -p inbox --test inbox
  else
    printf '== skipped: the inbox on PostgreSQL, which is not here and cannot be installed\n'
  fi
fi

if [ "$what" != postgres ]; then
  if start_nats; then
    printf '== the inbox on %s\n' "$("$NATS_SERVER" --version)"
    filter=()
    suite -p inbox-nats
  else
    printf '== skipped: the inbox on NATS, which is not here and cannot be installed\n'
  fi
fi
