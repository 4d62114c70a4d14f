#!/usr/bin/env bash
# Shows that the inbox holds: sends deliveries, doubled and shuffled, to two
# receivers with three workers, kills a node of the engine, a receiver and a worker
# every few seconds, cuts the leader off once, and then compares what the inbox
# holds with what the senders were told.
#
#     tools/inbox/cluster.sh [--store nats|postgres] [--deliveries N] [--seed N] [--kill-every SECONDS]
#
# NATS is three nodes with three replicas, PostgreSQL is one server that is crashed.
# All of it runs on loopback addresses. More options: tools/drive.
set -euo pipefail
options=("$@")
while (($#)); do
  case $1 in
    --*=*) option=${1%%=*}; shift ;;
    *) option=$1; shift $(($# > 1 ? 2 : 1)) ;;
  esac
  case $option in
    --store | --deliveries | --seed | --kill-every | --receivers | --workers | --at-once) ;;
    *) sed -n '7s/^# *//p' "$0" >&2; exit 2 ;;
  esac
done
set -- "${options[@]}"
cd "$(dirname "$0")/../.."
# shellcheck source=tools/inbox/engines.sh
. tools/inbox/engines.sh

store=nats
for ((i = 0; i < ${#options[@]}; i++)); do
  case ${options[i]} in
    --store) store=${options[i + 1]:-} ;;
    --store=*) store=${options[i]#*=} ;;
  esac
done

# Both, even if one is enough: other packages would have other features, and all be built again.
packages=(-p drive -p inbox-nats)
case $store in
  nats)
    need_nats || { echo "nats-server is not here and cannot be installed" >&2; exit 1; }
    cargo build --quiet --release "${packages[@]}"
    inbox=target/release/inbox-nats
    ;;
  postgres)
    start_postgres || { echo "PostgreSQL is not here and cannot be installed" >&2; exit 1; }
    cargo build --quiet --release "${packages[@]}"
    cargo build --quiet --release -p inbox --bin inbox
    inbox=target/release/inbox
    ;;
  *) sed -n '7s/^# *//p' "$0" >&2; exit 2 ;;
esac
mkdir "$folder/cluster"
if ! in_group target/release/drive cluster --inbox "$inbox" \
  --nats-server "${NATS_SERVER:-nats-server}" --folder "$folder/cluster" "$@"; then
  tail -n 5 "$folder"/cluster/*.log >&2
  exit 1
fi
