# shellcheck shell=sh
# wget; shows its credentials when it is asked for them.
url=$1 user=$2 password=$3 body=$4 expect=$5
[ "$expect" = expect ] && set -- --header='Expect: 100-continue' || set --
wget -S -O /dev/null --tries=1 --user="$user" --password="$password" "$@" \
  --header='Content-Type: application/xml' --post-file="$body" "$url" 2>&1 |
  sed -n 's/^ *HTTP\/1.1 \([0-9]*\).*/\1/p' | tail -1
