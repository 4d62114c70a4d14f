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

stop_engines() {
  for stop in "${engines_stop[@]}"; do $stop || true; done
  rm -rf "$folder"
}
trap stop_engines EXIT

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Installs a Debian package if its program is missing. Says no where that cannot be done.
install_package() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends "$1") >"$folder/apt.log" 2>&1
}

postgres_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

# Sets DATABASE_URL and DATABASE_CRASH.
start_postgres() {
  if [ -z "$(postgres_bin)" ]; then
    # The package would start a cluster of its own.
    mkdir -p /etc/postgresql-common 2>/dev/null &&
      echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    install_package postgresql || return 1
  fi
  local bin port data=$folder/postgres user=()
  bin=$(postgres_bin)
  mkdir "$data"
  # The server does not run as root.
  if [ "$(id -u)" = 0 ]; then
    user=(runuser -u postgres --)
    chown postgres "$data"
  fi
  port=$(free_port)
  "${user[@]}" "$bin/initdb" -D "$data" -A trust -U inbox -E UTF8 >/dev/null
  cat >>"$data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$data'
CONF
  postgres_control="${user[*]} $bin/pg_ctl -D $data -l $data/log -w"
  engines_stop+=("$postgres_control -m immediate -s stop")
  $postgres_control start >/dev/null
  export POSTGRES_DATA=$data
  export DATABASE_URL=postgres://inbox@127.0.0.1:$port/postgres
  export DATABASE_CRASH="$postgres_control -m immediate restart"
}

find_nats() { PATH=$PATH:/usr/sbin:/usr/local/sbin command -v nats-server; }

# Sets NATS_SERVER, the program.
need_nats() {
  find_nats >/dev/null || install_package nats-server || return 1
  export NATS_SERVER
  NATS_SERVER=$(find_nats)
}

# Sets NATS_URL and NATS_CRASH: one server.
start_nats() {
  need_nats || return 1
  local port
  port=$(free_port)
  cat >"$folder/nats.sh" <<RUN
#!/bin/sh
[ -f $folder/nats.pid ] && kill -9 \$(cat $folder/nats.pid) 2>/dev/null
[ "\$1" = stop ] && exit
$NATS_SERVER -a 127.0.0.1 -p $port -js -sd $folder/nats >>$folder/nats.log 2>&1 &
echo \$! >$folder/nats.pid
until python3 -c 'import socket; socket.create_connection(("127.0.0.1", $port))' 2>/dev/null; do sleep 0.05; done
RUN
  chmod +x "$folder/nats.sh"
  engines_stop+=("$folder/nats.sh stop")
  "$folder/nats.sh" start
  export NATS_URL=nats://127.0.0.1:$port
  export NATS_CRASH="$folder/nats.sh start"
}
