# shellcheck shell=sh
# curl; sends Expect: 100-continue by itself above 1 MiB.
how=$1 url=$2 user=$3 password=$4 body=$5 expect=$6
header='Expect:'
[ "$expect" = expect ] && header='Expect: 100-continue'
exec curl -sS -o /dev/null -w '%{http_code}' "$how" -u "$user:$password" -H "$header" \
  -H 'Content-Type: application/xml' --data-binary "@$body" "$url"
