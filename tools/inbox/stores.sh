#!/usr/bin/env bash
# The suite of the inbox's stores, on PostgreSQL and on NATS JetStream. Starts
# both from Debian's packages, which it installs if they are missing; where it
# cannot, it says so in a line. (On SQLite the suite is part of `cargo test`.)
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

if [ "$what" != nats ]; then
  if start_postgres; then
    printf '== the inbox on %s\n' "$("$(postgres_bin)/postgres" --version)"
    # One after the other: a test crashes the server.
    timeout 300 cargo test --quiet --test inbox -- --ignored --test-threads 1 postgres
  else
    printf '== the inbox on PostgreSQL: skipped, it is not here and cannot be installed\n'
  fi
fi

if [ "$what" != postgres ]; then
  if start_nats; then
    printf '== the inbox on %s\n' "$("$NATS_SERVER" --version)"
    timeout 300 cargo test --quiet --manifest-path examples/workspace/Cargo.toml -p inbox-nats -- --ignored --test-threads 1
  else
    printf '== the inbox on NATS: skipped, it is not here and cannot be installed\n'
  fi
fi
