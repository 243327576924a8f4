# shellcheck shell=bash
# faults.sh - small jobs; a run whose calls fail or are its last, by tests/support/faulty_io.c; after sh.sh.
#
# `faulty "CALLS" PATTERN AT WHAT COMMAND...` runs a command under the library, `count_calls "CALLS"
# PATTERN COMMAND...` says how many of its calls count.
FAULTY=${QGRID%/qgrid}/tests/support/faulty_io.so
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"

faulty() ( # CALLS PATTERN AT WHAT COMMAND...
    export FAULTY_CALL=$1 FAULTY_PATH=$2 FAULTY_AT=$3 FAULTY_DO=$4 LD_PRELOAD=$FAULTY
    shift 4
    "$@"
)

count_calls() { # CALLS PATTERN COMMAND...
    local calls=$1 pattern=$2
    shift 2
    : >"$T/calls.log"
    (export FAULTY_LOG=$T/calls.log && faulty "$calls" "$pattern" 0 EIO "$@") >/dev/null 2>&1
    wc -l <"$T/calls.log"
}

some_of() { # N MOST: numbers of 1 to N, MOST of them at even distances from a random first; all with MOST=all
    if [ "$2" = all ] || [ "$1" -le "$2" ]; then
        seq "$1"
    else
        awk -v n="$1" -v most="$2" -v first="$RANDOM" 'BEGIN {
            step = n / most; first = first / 32768 * step
            for (i = 0; i < most; i++) print 1 + int(first + i * step) }'
    fi
}

small_job() { # OUTPUT [TEXTS]: on standard output
    cat <<END
{
  "name": "small", "output": "$1", "labels": ["positive", "neutral", "negative"],
  "models": {"finetuned": "models/mini-finetuned"},
  "datasets": {"smsa": "$2"},
  "experiments": {"a": {"model": "finetuned", "dataset": "smsa"}},
  "precisions": ["fp32", "int8"]
}
END
}

two_cells() { # OUTPUT UNIT_TOKENS: cells a/single, a/byte and their latency, which takes minutes, on standard output
    cat <<END
{
  "name": "two", "output": "$1", "labels": ["positive", "neutral", "negative"], "unit_tokens": $2,
  "models": {"finetuned": "models/mini-finetuned"}, "datasets": {"smsa": "datasets/test.tsv"},
  "experiments": {"a": {"model": "finetuned", "dataset": "smsa"}},
  "precisions": [{"precision": "fp32", "name": "single"}, {"precision": "int8", "name": "byte"}],
  "latency": {"runs": 2000, "samples": 50}
}
END
}

# Open MPI 4.1.4 with PMIx 4.2.2 sometimes waits for itself for ever in its own finalize, when all ranks are gone.
stuck=0 # launchers that did
launcher_ends() { # PID: waits for a launcher without ranks, ends it after a minute; its status
    timeout 60 tail --pid="$1" -f /dev/null || { stuck=$((stuck + 1)) && kill -9 "$1"; }
    wait "$1" 2>/dev/null
}

digest_of() { "$QGRID" digest "$1" | cut -d' ' -f1; }
