# shellcheck shell=bash
# Private engines for the scripts beside this file, which source it: PostgreSQL and
# nats-server from Debian's packages, on loopback addresses, below a folder that is
# removed when the script ends.

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  echo "$0: the scripts beside this file source it; call one of them" >&2
  exit 2
fi

folder=$(mktemp -d)
chmod 755 "$folder"
engines_stop=()
group=

stop_engines() {
  if [ -n "$group" ]; then kill -9 -- "-$group" 2>/dev/null || true; fi
  for stop in "${engines_stop[@]}"; do $stop >/dev/null 2>&1 || true; done
  rm -rf "$folder"
}
trap stop_engines EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Runs a program, in a group of its own. Whatever of it is left ends with the script.
in_group() {
  setsid "$@" &
  group=$!
  wait "$group"
}

# Not one of those that the system gives to outgoing connections: it stays free while
# its server is killed and started again.
free_port() {
  python3 -c '
import random, socket
while True:
    port = random.randrange(10000, 32000)
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            continue
    print(port)
    break'
}

# Installs a Debian package if its program is missing. Says no where that cannot be done.
install_package() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  (timeout 120 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -qq -y \
    --no-install-recommends -o Dpkg::Options::=--force-confold "$1") >"$folder/apt.log" 2>&1
}

postgres_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

# Sets DATABASE_URL, DATABASE_CRASH and POSTGRES_DATA. Says no where there is no server.
start_postgres() {
  if [ -z "$(postgres_bin)" ]; then
    [ "$(id -u)" = 0 ] || return 1
    # The package would start a cluster of its own.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
      echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    install_package postgresql || return 1
  fi
  local bin port data=$folder/postgres user=()
  bin=$(postgres_bin)
  [ -n "$bin" ] || return 1
  mkdir "$data"
  # The server does not run as root.
  if [ "$(id -u)" = 0 ]; then
    user=(runuser -u postgres --)
    chown postgres "$data" || return 1
  fi
  port=$(free_port)
  "${user[@]}" "$bin/initdb" -D "$data" -A trust -U inbox -E UTF8 >"$folder/initdb.log" 2>&1 || return 1
  cat >>"$data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = ''
CONF
  postgres_control="${user[*]} $bin/pg_ctl -D $data -l $data/log -w"
  engines_stop+=(stop_postgres)
  $postgres_control start >/dev/null || return 1
  export POSTGRES_DATA=$data
  export DATABASE_URL=postgres://inbox@127.0.0.1:$port/postgres
  export DATABASE_CRASH="$postgres_control -m immediate restart"
}

# Even if it was paused.
stop_postgres() {
  local postmaster
  postmaster=$(head -n 1 "$folder/postgres/postmaster.pid")
  pkill -CONT -P "$postmaster" || true
  kill -CONT "$postmaster"
  $postgres_control -m immediate stop
}

find_nats() { PATH=$PATH:/usr/sbin:/usr/local/sbin command -v nats-server; }

# Sets NATS_SERVER, the program.
need_nats() {
  find_nats >/dev/null || install_package nats-server || return 1
  export NATS_SERVER
  NATS_SERVER=$(find_nats)
}

# Sets NATS_URL and NATS_CRASH: one server. Says no where there is none.
start_nats() {
  need_nats || return 1
  local port
  port=$(free_port)
  cat >"$folder/nats.sh" <<RUN
#!/bin/sh
[ -f $folder/nats.pid ] && kill -9 \$(cat $folder/nats.pid) 2>/dev/null
rm -f $folder/nats.pid
[ "\$1" = stop ] && exit
$NATS_SERVER -a 127.0.0.1 -p $port -js -sd $folder/nats >>$folder/nats.log 2>&1 &
echo \$! >$folder/nats.pid
for _ in \$(seq 200); do
  python3 -c 'import socket; socket.create_connection(("127.0.0.1", $port))' 2>/dev/null && exit
  sleep 0.05
done
exit 1
RUN
  chmod +x "$folder/nats.sh"
  engines_stop+=("$folder/nats.sh stop")
  "$folder/nats.sh" start || return 1
  export NATS_URL=nats://127.0.0.1:$port
  export NATS_CRASH="$folder/nats.sh start"
}
