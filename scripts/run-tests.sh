#!/usr/bin/env bash
# run-tests.sh [TEST...] - runs every test program and script, adds up what they say.
#
# Programs, and scripts that say "May run beside other tests.", run JOBS at a time (one more than there
# are processors, unless it is set: some mostly wait). What measures times or needs the machine runs
# alone after them.
#
# A test program prints cmocka's closing lines (on standard error); a script ends with
# "N passed, N failed, N skipped". The last line here is the sum. Fails when a case failed, a
# program died, or fewer cases ran than tests/expected-count says.
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build/release}
MODE=${MODE:-release}
JOBS=${JOBS:-$(($(nproc) + 1))}
export BUILD MODE QGRID="$PWD/$BUILD/qgrid" QGRID_TOOLS="$PWD/$BUILD/tools"
export QGRID_SHARED="${QGRID_SHARED:-$PWD/../shared}"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl_base_warn_component_unused=0
export OMPI_MCA_btl_vader_single_copy_mechanism=none OPENBLAS_NUM_THREADS=1
export UBSAN_OPTIONS=print_stacktrace=1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# shellcheck disable=SC2046 # several processes
trap 'kill $(jobs -p); exit 130' INT TERM
export QGRID_CACHE="${QGRID_CACHE:-$tmp/cache}" TMPDIR="$tmp"

limited() { # SECONDS COMMAND...: in the background, so that a signal to this shell reaches it
    timeout -k 10 "$@" &
    wait $!
}

execute() { # TEST
    local np ranks=(1 2 3 7) status=0
    case $1 in
    *.sh) limited 2400 bash "$1" ;;
    tests/mpi/*)
        if [[ $1 == */test_gang* ]]; then ranks=(1 2 8); fi # gangs of 1, 2, 4 and 8 of them
        for np in "${ranks[@]}"; do
            limited 1200 mpirun -np "$np" "$BUILD/${1%.c}" || { status=$? && echo "np $np: status $status"; }
        done
        return $status ;;
    *) limited 1200 "$BUILD/${1%.c}" ;;
    esac
}

sum() { grep -aoE "$2" "$1" | grep -aoE '[0-9]+' | awk '{s += $1} END {print s + 0}'; } # LOG PATTERN

run_one() { # NUMBER TEST: leaves NUMBER.log and NUMBER.sum, "passed failed skipped seconds"
    local log=$tmp/$1.log t=$2 start=$SECONDS rc p f s leaks=0
    trap 'kill $!; exit 143' TERM
    # Open MPI itself leaks; leak checking stays on where MPI_Init is never called.
    if [[ $t == tests/unit/* ]]; then leaks=1; fi
    export ASAN_OPTIONS=handle_segv=2:detect_leaks=$leaks
    execute "$t" >"$log" 2>&1
    rc=$?
    if [[ $t == *.sh ]]; then
        read -r p f s <<<"$(grep -aE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1 | tr -cd '0-9 ')"
        p=${p:-0} f=${f:-0} s=${s:-0}
    else
        p=$(sum "$log" '^\[  PASSED  \] [0-9]+ test')
        f=$(sum "$log" '^\[  FAILED  \] [0-9]+ test')
        s=$(sum "$log" '^\[  SKIPPED \] [0-9]+ test')
    fi
    if [ $rc -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
    if [ $((p + f + s)) -eq 0 ]; then f=1; fi
    echo "$p $f $s $((SECONDS - start))" >"$tmp/$1.sum"
}

passed=0 failed=0 skipped=0
report() { # NUMBER
    local log=$tmp/$1.log t=${list[$1]} p=0 f=1 s=0 seconds=0
    : >>"$log"
    [ ! -e "$tmp/$1.sum" ] || read -r p f s seconds <"$tmp/$1.sum"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    printf '  %-44s %4d passed %3d failed %3d skipped  %3d s\n' "${t%.c}" "$p" "$f" "$s" "$seconds"
    if [ "$f" -gt 0 ]; then
        sed 's/^/    | /' "$log" | grep -av '\[       OK \]\|\[ RUN      \]' | tail -n 60
        grep -aE -A 4 '^FAILED|^\[  FAILED  \] [^0-9]|Error: |ERROR: ' "$log" | cut -c1-200 | head -n 24 | sed "s|^|${t%.c}: |" >>"$tmp/failures"
    fi
    grep -a 'SKIPPED:' "$log" | sed 's/^/    | /' | sort | uniq -c | head -n 5
}

reported=0
report_ready() { # of what has ended, all that is next in the list
    while [ -e "$tmp/$reported.sum" ]; do
        report $reported
        reported=$((reported + 1))
    done
}

runs_beside_others() { # TEST
    [[ $1 == *.c ]] || grep -q '^# May run beside other tests\.$' "$1"
}

if [ $# -gt 0 ]; then
    asked=("$@")
else
    asked=(tests/e2e/test_*.sh tests/unit/test_*.c tests/kernels/test_*.c tests/golden/test_*.c
        tests/fuzz/test_*.c tests/mpi/test_*.c tests/mpi/test_*.sh tests/faults/test_*.sh)
fi
list=() alone=()
for t in "${asked[@]}"; do
    [ -e "$t" ] || { [ -e "$t.c" ] && t=$t.c; } || continue
    if runs_beside_others "$t"; then list+=("$t"); else alone+=("$t"); fi
done
together=${#list[@]}
list+=("${alone[@]}")

for i in "${!list[@]}"; do
    most=$JOBS
    if [ "$i" -ge "$together" ]; then most=1; fi
    while [ "$(jobs -pr | wc -l)" -ge "$most" ]; do
        wait -n
        report_ready
    done
    run_one "$i" "${list[$i]}" &
done
wait
while [ $reported -lt ${#list[@]} ]; do
    report $reported
    reported=$((reported + 1))
done

# Once more at the end, where somebody who sees only the last lines sees them.
[ ! -s "$tmp/failures" ] || { echo "what failed:" && cat "$tmp/failures"; }
want=$(cat tests/expected-count 2>/dev/null || echo 0)
if [ $# -eq 0 ] && [ $((passed + skipped)) -lt "$want" ]; then
    echo "only $((passed + skipped)) cases ran, tests/expected-count says $want"
    failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
