# shellcheck shell=bash disable=SC2034 # its variables are for the scripts that source it
# sh.sh - cases of shell tests: `ok "sentence" COMMAND...`, `fails STATUS "piece of the message"
# "sentence" COMMAND...`, `skip "sentence" why [cases]`, and `finish` at the end. What happens in the
# background is waited for by `wait_until "what" COMMAND...`, never by a time.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
QGRID=${QGRID:-$PWD/build/release/qgrid}
TOOLS=${QGRID_TOOLS:-$PWD/build/release/tools}
SHARED=${QGRID_SHARED:-$PWD/../shared}
PYTHON=/usr/bin/python3
HANG=1200 # seconds after which nothing is expected any more, however busy the machine is
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_btl_base_warn_component_unused=0 OMPI_MCA_btl_vader_single_copy_mechanism=none
passed=0 failed=0 skipped=0
T=$(mktemp -d)
export QGRID_CACHE="$T/cache"
trap 'rm -rf "$T"' EXIT

ok() {
    local name=$1
    shift
    if "$@" >"$T/out" 2>&1; then
        passed=$((passed + 1))
    else
        echo "FAILED (status $?): $name: $*"
        tail -n 12 "$T/out"
        failed=$((failed + 1))
    fi
}

fails() {
    local want=$1 piece=$2 name=$3 status
    shift 3
    "$@" >"$T/out" 2>&1
    status=$?
    if [ $status -eq "$want" ] && grep -qF -- "$piece" "$T/out"; then
        passed=$((passed + 1))
    else
        echo "FAILED: $name: status $status (want $want), message lacks '$piece':"
        tail -n 12 "$T/out"
        failed=$((failed + 1))
    fi
}

skip() { # SENTENCE WHY [CASES]
    echo "SKIPPED: $1: $2"
    skipped=$((skipped + ${3:-1}))
}

run_np() { # RANKS ARGUMENTS...
    local np=$1
    shift
    if [ "$np" = 0 ]; then
        timeout -k 5 $HANG "$QGRID" run --progress none "$@"
    else
        timeout -k 5 $HANG mpirun -np "$np" "$QGRID" run --progress none "$@"
    fi
}

# Numbers of ranks whose bits are compared: some here; tests/soak/test_all_ranks.sh says which else, in RANKS.
some_ranks() { echo "${RANKS:-$*}"; }

wait_until() { # WHAT COMMAND...: until the command succeeds; with WHILE=PID before it, while that process lives
    local what=$1 end=$((SECONDS + HANG)) last
    shift
    while true; do
        last=0
        [ -z "${WHILE:-}" ] || kill -0 "$WHILE" 2>/dev/null || last=1
        "$@" >/dev/null 2>&1 && return 0
        [ $last -eq 0 ] || { echo "process $WHILE ended, and there was no $what"; return 1; }
        [ $SECONDS -lt $end ] || { echo "in $HANG s there was no $what"; return 1; }
        sleep 0.02
    done
}

file_has() { grep -qF -- "$2" "$1"; }

rank_of() { # PATTERN [RANK]: processes with the pattern in their command, of that rank or all of them and mpirun
    local p
    for p in $(pgrep -f -- "$1"); do
        if [ $# -eq 1 ] || tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$2"; then
            echo "$p"
        fi
    done
}

units_done() { # FILE: how many units of a run are in its results file, also while it runs
    h5dump -y -d /units/state "$1" 2>/dev/null | sed '1,/DATA {/d' | tr -cd 1 | wc -c
}
has_units() { [ "$(units_done "$1")" -ge "$2" ]; } # FILE N

same_results() { h5diff --exclude-path /timing "$1" "$2"; }

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ $failed -eq 0 ]
}
