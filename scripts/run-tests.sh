#!/usr/bin/env bash
# run-tests.sh [TEST...] - runs every test program and script, adds up what they say.
#
# A test program prints cmocka's closing lines (on standard error); a script ends with
# "N passed, N failed, N skipped". The last line here is the sum. Fails when a case failed, a
# program died, or fewer cases ran than tests/expected-count says.
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build/release}
MODE=${MODE:-release}
export BUILD MODE QGRID="$PWD/$BUILD/qgrid" QGRID_TOOLS="$PWD/$BUILD/tools"
export QGRID_SHARED="${QGRID_SHARED:-$PWD/../shared}"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl_base_warn_component_unused=0
export OMPI_MCA_btl_vader_single_copy_mechanism=none OPENBLAS_NUM_THREADS=1
export UBSAN_OPTIONS=print_stacktrace=1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export QGRID_CACHE="${QGRID_CACHE:-$tmp/cache}" TMPDIR="$tmp"

if [ $# -gt 0 ]; then
    list=("$@")
else
    list=(tests/unit/test_*.c tests/kernels/test_*.c tests/golden/test_*.c tests/fuzz/test_*.c
        tests/mpi/test_*.c tests/mpi/test_*.sh tests/e2e/test_*.sh)
fi
passed=0 failed=0 skipped=0

for t in "${list[@]}"; do
    [ -e "$t" ] || [ -e "$t.c" ] || continue
    log=$tmp/log start=$(date +%s)
    # Open MPI itself leaks; leak checking stays on where MPI_Init is never called.
    leaks=0
    if [[ $t == tests/unit/* ]]; then leaks=1; fi
    export ASAN_OPTIONS=handle_segv=2:detect_leaks=$leaks
    case $t in
    *.sh) timeout -k 10 2400 bash "$t" >"$log" 2>&1 ;;
    tests/mpi/*)
        : >"$log"
        ranks=(1 2 3 7)
        if [[ $t == */test_gang* ]]; then ranks=(1 2 8); fi # gangs of 1, 2, 4 and 8 of them
        for np in "${ranks[@]}"; do
            timeout -k 10 300 mpirun -np $np "$BUILD/${t%.c}" >>"$log" 2>&1 || echo "np $np: status $?" >>"$log"
        done
        ! grep -q '^np [0-9]*: status' "$log" ;;
    *) timeout -k 10 1200 "$BUILD/${t%.c}" >"$log" 2>&1 ;;
    esac
    rc=$?
    sum() { grep -aoE "$1" "$log" | grep -aoE '[0-9]+' | awk '{s += $1} END {print s + 0}'; }
    if [[ $t == *.sh ]]; then
        closing=$(grep -aE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)
        read -r p f s <<<"$(echo "$closing" | tr -cd '0-9 ')"
        p=${p:-0} f=${f:-0} s=${s:-0}
    else
        p=$(sum '^\[  PASSED  \] [0-9]+ test') f=$(sum '^\[  FAILED  \] [0-9]+ test') s=$(sum '^\[  SKIPPED \] [0-9]+ test')
    fi
    if [ $rc -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
    if [ $((p + f + s)) -eq 0 ]; then f=1; fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    printf '  %-44s %4d passed %3d failed %3d skipped  %3d s\n' "${t%.c}" "$p" "$f" "$s" $(($(date +%s) - start))
    if [ "$f" -gt 0 ]; then sed 's/^/    | /' "$log" | grep -av '\[       OK \]\|\[ RUN      \]' | tail -n 60; fi
    grep -a 'SKIPPED:' "$log" | sed 's/^/    | /' | sort | uniq -c | head -n 5
done

want=$(cat tests/expected-count 2>/dev/null || echo 0)
if [ $# -eq 0 ] && [ $((passed + skipped)) -lt "$want" ]; then
    echo "only $((passed + skipped)) cases ran, tests/expected-count says $want"
    failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
