#!/usr/bin/env bash
# Measures the crate beside its neighbours: times, heap allocations, instructions,
# and what it costs to depend on. Draws the plots in docs/. Fails when a target is
# missed.
#
#   tools/bench/run.sh              everything, a quarter of an hour
#   tools/bench/run.sh times heap   these parts, a minute each once it is built
#
# The parts are times, heap, instructions (needs valgrind, or says that nothing was
# counted) and cost (clean builds, which take most of the time).
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
export CARGO_TARGET_DIR="$target"
missed=0

for part in "$@"; do
    case $part in times | heap | instructions | cost) ;; *)
        echo "$0: unknown part $part (times, heap, instructions, cost)" >&2
        exit 2
        ;;
    esac
done
parts=${*:-times heap instructions cost}

wanted() {
    case " $parts " in *" $1 "*) ;; *) return 1 ;; esac
}

# Builds with these features, and runs.
run() {
    cargo build --quiet --release --locked --features "$1"
    shift
    "$target/release/order-webhooks-bench" "$@" || missed=1
}

echo "## Machine"
echo
echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1 || uname -m)," \
    "$(getconf _NPROCESSORS_ONLN) cores$(grep -qw sha_ni /proc/cpuinfo 2>/dev/null && echo ', SHA extensions');" \
    "$(rustc --version)"
echo
if wanted times; then
    echo "## Time"
    echo
    run "" times "$root/docs"
fi
if wanted instructions; then
    echo "## Instructions"
    echo
    run "" instructions
fi
if wanted heap; then
    echo "## Heap"
    echo
    run allocations heap
fi
if wanted cost; then
    echo "## What it costs to depend on"
    echo
    echo "| crate | features | crates built | clean build, debug (processor time) | release |"
    echo "|---|---|---|---|---|"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT

    # Builds an empty program that depends on this, from scratch; others' downloads are kept.
    cost() {
        rm -rf "$work/cost"
        mkdir -p "$work/cost/src"
        echo 'fn main() {}' >"$work/cost/src/main.rs"
        printf '[package]\nname = "cost"\nedition = "2024"\n[workspace]\n[dependencies]\n%s\n' "$3" \
            >"$work/cost/Cargo.toml"
        cargo fetch --quiet --manifest-path "$work/cost/Cargo.toml"
        built=$(cargo tree --manifest-path "$work/cost/Cargo.toml" --edges normal,build --prefix none |
            sed 's/ (\*)$//; s/ (proc-macro)$//; 1d' | sort -u | grep -c .)
        debug=$(seconds)
        release=$(seconds --release)
        echo "| $1 | $2 | $built | $debug | $release |"
    }
    # The time that passed, and that of all processors together, which a busy machine
    # disturbs less.
    seconds() {
        TIMEFORMAT='%R %U %S'
        { time CARGO_TARGET_DIR="$work/cost/target" cargo build --quiet --offline \
            --manifest-path "$work/cost/Cargo.toml" "$@" >/dev/null 2>&1; } 2>&1 |
            awk '{ printf "%.0f s (%.0f s)", $1, $2 + $3 }'
    }
    ours() {
        cost "**order-webhooks**" "$1" "order-webhooks = { path = \"$root\"${2:+, }$2 }"
    }

    ours "default" ""
    for provider in musement porterbuddy bandwidth; do
        ours "$provider alone" "default-features = false, features = [\"$provider\"]"
    done
    cost "axum" "default" 'axum = "0.8.4"'
    ours "default, axum" 'features = ["axum"]'
    cost "actix-web" "none" 'actix-web = { version = "4.11", default-features = false }'
    ours "default, actix" 'features = ["actix"]'
    ours "default, tower" 'features = ["tower"]'
    cost "webhook-verify" "default" 'webhook-verify = "=0.1.0"'
    cost "standardwebhooks" "default" 'standardwebhooks = "=1.0.1"'
    cost "svix" "default" 'svix = "=2.9.1"'
    cost "serde_json, time, uuid, hmac, sha2, quick-xml" "by hand" 'serde = { version = "1", features = ["derive"] }
serde_json = "1"
time = { version = "0.3", features = ["serde-well-known", "macros"] }
uuid = { version = "1", features = ["serde"] }
hmac = "0.13"
sha2 = "0.11"
base64 = "0.23"
subtle = "2.6"
quick-xml = { version = "0.42", features = ["serialize"] }
http = "1"'
fi
exit "$missed"
