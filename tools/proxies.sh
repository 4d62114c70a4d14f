#!/usr/bin/env bash
# Runs the configurations of nginx and Caddy that docs/proxy.md prints, in front of a
# server that is up, down, hangs, closes the connection or answers an error, with
# and without client certificates and forged headers. Prints a table, and fails
# when an answer is not the right one. Takes two minutes.
#
#   tools/proxies.sh
#
# The blocks run as they are printed; only paths of certificates and ports are
# replaced. Needs nginx, caddy, openssl, curl and python3, and installs Debian's where
# it may. All traffic stays on 127.0.0.1.
set -euo pipefail
[ $# -eq 0 ] || { echo "usage: tools/proxies.sh" >&2; exit 2; }
cd "$(dirname "$0")/.."

for program in nginx caddy openssl curl python3; do
  command -v $program >/dev/null && continue
  if command -v apt-get >/dev/null && [[ $(id -u) -eq 0 ]]; then
    apt-get install -y -q --no-install-recommends $program >/dev/null
  fi
  command -v $program >/dev/null || { echo "$program is missing" >&2; exit 2; }
done

work=$(mktemp -d)
chmod 755 "$work"
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

# A free port for each of the things that listen.
read -r server nginx caddy caddy_http < <(python3 - <<'PY'
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
print(*(s.getsockname()[1] for s in sockets))
PY
)

# The authority of Bandwidth's certificates and a stranger's, and the proxy's own.
for name in bandwidth-ca strangers-ca hooks; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$name" \
    -keyout "$work/$name.key" -out "$work/$name.pem" 2>/dev/null
done
for name in bandwidth strangers; do
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
    -keyout "$work/$name.key" -out "$work/$name.csr" 2>/dev/null
  openssl x509 -req -in "$work/$name.csr" -CA "$work/$name-ca.pem" -CAkey "$work/$name-ca.key" \
    -CAcreateserial -days 2 -out "$work/$name.pem" 2>/dev/null
done
chmod 644 "$work"/*

# The page's block of this language.
block() {
  sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/{/^\`\`\`/d;p}" docs/proxy.md |
    sed "s|/etc/ssl/|$work/|; s|127\.0\.0\.1:3000|127.0.0.1:$server|; s|listen 443 |listen 127.0.0.1:$nginx |"
}

{
  printf 'pid %s/nginx.pid;\nerror_log %s/nginx.log;\nevents {}\nhttp {\naccess_log off;\n' "$work" "$work"
  for place in client_body proxy fastcgi uwsgi scgi; do
    printf '%s_temp_path %s/nginx-%s;\n' $place "$work" $place
  done
  block nginx
  printf '}\n'
} >"$work/nginx.conf"

{
  printf '{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n'
  printf '\thttps_port %s\n\thttp_port %s\n}\n' "$caddy" "$caddy_http"
  block caddyfile
} >"$work/Caddyfile"

nginx -q -t -c "$work/nginx.conf"
nginx -g 'daemon off;' -c "$work/nginx.conf" &
pids+=($!)
HOME=$work XDG_DATA_HOME=$work XDG_CONFIG_HOME=$work \
  caddy run --config "$work/Caddyfile" --adapter caddyfile >"$work/caddy.log" 2>&1 &
pids+=($!)

printf '%s, Caddy %s\n' "$(nginx -v 2>&1 | sed 's/nginx version: //')" "$(caddy version | cut -d' ' -f1)"
if ! python3 tools/proxies/run.py "$work" "$server" "nginx=$nginx" "caddy=$caddy"; then
  tail -n 5 "$work/nginx.log" "$work/caddy.log" >&2
  exit 1
fi
