# shellcheck shell=bash disable=SC2034 # its variables are for the scripts that source it
# sh.sh - cases of shell tests: `ok "sentence" COMMAND...`, `fails STATUS "piece of the message"
# "sentence" COMMAND...`, `skip "sentence" why [cases]`, and `finish` at the end.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
QGRID=${QGRID:-$PWD/build/release/qgrid}
TOOLS=${QGRID_TOOLS:-$PWD/build/release/tools}
SHARED=${QGRID_SHARED:-$PWD/../shared}
PYTHON=/usr/bin/python3
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
        timeout -k 5 300 "$QGRID" run --progress none "$@"
    else
        timeout -k 5 300 mpirun -np "$np" "$QGRID" run --progress none "$@"
    fi
}

same_results() { h5diff --exclude-path /timing "$1" "$2"; }

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ $failed -eq 0 ]
}
