#!/usr/bin/env bash
# fuzz.sh SECONDS [TARGET...] - runs each fuzz target of build/fuzz for so long, on one core and
# behind everything else. What it finds on the way stays in build/fuzz/corpus/TARGET and is where
# the next run starts; what breaks a target is left as build/fuzz/TARGET-crash-..., -timeout-...
# or -oom-..., to be mended and added to tests/fuzz/corpus/TARGET. Fails when anything was found.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 2
seconds=$1 found=0
shift
tmp=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/fuzz-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export TMPDIR=$tmp ASAN_OPTIONS=malloc_context_size=8
export OPENBLAS_NUM_THREADS=1
if [ $# -eq 0 ]; then
    for source in tests/fuzz/fuzz_*.c; do
        name=${source##*/fuzz_}
        set -- "$@" "${name%.c}"
    done
fi
TIMEFORMAT='%U %S' # seconds of processor time
printf '%-12s %12s %10s %10s %9s\n' target executions edges 'cpu s' findings
for target in "$@"; do
    own=build/fuzz/corpus/$target log=build/fuzz/$target.log
    mkdir -p "$own"
    rm -f "build/fuzz/$target"-{crash,timeout,oom,leak}-*
    limit=5
    case $target in assignment | result | results) limit=60 ;; esac # their first input makes a study
    options=(-max_total_time="$seconds" -timeout="$limit" -malloc_limit_mb=512 -rss_limit_mb=2048
        -max_len=32768 -print_final_stats=1 -artifact_prefix="build/fuzz/$target-")
    if [ -e "tests/fuzz/dictionaries/$target.dict" ]; then
        options+=(-dict="tests/fuzz/dictionaries/$target.dict")
    fi
    { time nice -n 19 "build/fuzz/fuzz_$target" "${options[@]}" "$own" "tests/fuzz/corpus/$target" >"$log" 2>&1; } 2>"$tmp/time"
    cpu=$(awk 'END {printf "%.0f", $1 + $2}' "$tmp/time")
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    edges=$(grep -aoE 'cov: [0-9]+' "$log" | tail -n 1)
    findings=$(find build/fuzz -maxdepth 1 -name "$target-crash-*" -o -maxdepth 1 -name "$target-timeout-*" \
        -o -maxdepth 1 -name "$target-oom-*" -o -maxdepth 1 -name "$target-leak-*" | wc -l)
    printf '%-12s %12s %10s %10s %9d\n' "$target" "${executions:--}" "${edges#cov: }" "$cpu" "$findings"
    if [ "$findings" -gt 0 ] || [ -z "$executions" ]; then
        tail -n 20 "$log" | sed 's/^/    | /'
        found=1
    fi
done
exit $found
