#!/bin/sh
# run-bench.sh - every benchmark of tests/bench, one after another.
cd "$(dirname "$0")/.." || exit 2
uptime
for b in tests/bench/*.c; do
    [ -e "$b" ] || continue
    echo "== ${b%.c}"
    "${BUILD:-build/release}/${b%.c}" || exit 1
done
