#!/usr/bin/env bash
# A unit that ends the process each time, or takes longer than any run is given, is not begun for ever:
# attempts are counted across runs, and are nobody else's charge. What is interrupted in good order is no
# attempt. The crash is a SIGKILL at the moment a process opens the packed int8 model.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/faults.sh

two_cells "$T/ref.h5" 256 >"$T/job.json"
cells() { run_np "$1" "$T/job.json" --only '*e' "${@:2}"; } # RANKS OPTIONS...: all but latency
ok "the undisturbed run" cells 2

DEADLY=(env FAULTY_CALL=open FAULTY_PATH='*-int8/model.safetensors' FAULTY_AT=1 FAULTY_DO=kill LD_PRELOAD="$FAULTY"
    "$QGRID" run --progress none "$T/job.json" --only '*e' --output)
# shellcheck disable=SC2086 # options of mpirun
crashing() { # OUTPUT [MPIRUN OPTIONS]: one run; a rank dies of the int8 model
    if [ "$2" = alone ]; then
        "${DEADLY[@]}" "$1"
    else
        timeout -k 5 $HANG mpirun $2 -np 2 "${DEADLY[@]}" "$1"
    fi
}
status_says() { "$QGRID" status "$1" | grep -qE -- "$2"; } # OUTPUT PATTERN
ends() { # OUTPUT HOW: run after run, at most three die
    local status n first=1
    [ "$2" = alone ] || first='[12]'
    rm -rf "$QGRID_CACHE"
    for n in 1 2 3 4; do
        { crashing "$1" "$2"; status=$?; } 2>/dev/null
        echo "run $n: $status"
        # Of two ranks the other may try it as well before the launcher ends it: never more than that.
        if [ "$n" = 1 ] && [ $status -ne 3 ]; then
            status_says "$1" "unit.*byte.*died on it or lacked memory $first times" || { "$QGRID" status "$1"; return 1; }
        fi
        [ $status -eq 3 ] && break
        [ "$n" -lt 4 ] || return 1
    done
    [ "$n" = 4 ] || [ "$2" != alone ]
}
blames() { # OUTPUT: byte alone, with the reason
    "$QGRID" status "$1"
    status_says "$1" '^ *failed  a/byte  .*ranks died while computing this unit, 3 times' &&
        status_says "$1" '2 done, 1 failed' && "$QGRID" verify "$1"
}
mended() { cells 2 --output "$1" --retry-failed && same_results "$T/ref.h5" "$1" && ! status_says "$1" 'died on it'; }
for how in alone --oversubscribe; do # one process; two ranks
    ok "the unit that ends the run three times is failed ($how)" ends "$T/dies$how.h5" $how
    ok "and no other ($how)" blames "$T/dies$how.h5"
    ok "--retry-failed forgets the attempts, the bits are right ($how)" mended "$T/dies$how.h5"
done

attempts() { # OUTPUT [WHAT]: of all open units together
    "$PYTHON" -c 'import h5py, sys
with h5py.File(sys.argv[1]) as f: print(f["/timing/units/" + sys.argv[2]][:][f["/units/state"][:] == 0].sum())' "$1" "${2:-attempts}"
}
counts() { [ "$(attempts "$1" "$2")" = "$3" ]; } # OUTPUT WHAT N
gone() { [ -z "$(rank_of "$1")" ]; }
measuring() { # OUTPUT SIGNALLED SIGNAL: a run that is hurt while it measures latency
    local out=$1 pid
    mpirun -np 2 "$QGRID" run --progress none "$T/job.json" --only 'a/single/latency' --output "$out" >"$T/log" 2>&1 &
    pid=$!
    WHILE=$pid wait_until "results file" test -e "$out" && WHILE=$pid wait_until "unit in hand" in_hand "$out" || return 1
    if [ "$2" = all ]; then # as at a time limit
        # shellcheck disable=SC2046
        kill "-$3" $(rank_of "$out")
    else
        kill "-$3" $pid
    fi
    wait $pid 2>/dev/null
    wait_until "end of all ranks" gone "$out"
}
packed() { [ "$(units_done "$1")" -ge "$packs" ]; }
in_hand() { packed "$1" && [ "$(attempts "$1")" -gt "$before" ]; }
packs=1
limit() { # OUTPUT: killed again and again
    local i
    for i in 1 2 3; do
        before=$((i - 1))
        measuring "$1" all KILL && counts "$1" attempts "$i" || return 1
    done
}
L=$T/limit.h5
ok "a unit that takes longer than the time limit is counted" limit "$L"
fails 3 "ranks died while computing this unit, 3 times, in several runs" "and failed the fourth time" run_np 2 "$T/job.json" --only 'a/single/latency' --output "$L"
dropped() { # OUTPUT: ended by SIGTERM to mpirun, which leaves no time to finish
    before=0
    measuring "$1" mpirun TERM && counts "$1" attempts 0 && counts "$1" dropped 1 || return 1
    "$PYTHON" -c 'import h5py, sys
with h5py.File(sys.argv[1], "r+") as f: f["/timing/units/dropped"][f["/timing/units/dropped"][:] == 1] = 9' "$1" &&
        measuring "$1" mpirun TERM && counts "$1" attempts 0 && counts "$1" dropped 10
}
ok "one that is dropped unfinished is counted apart" dropped "$T/dropped.h5"
fails 3 "dropped unfinished 10 times: it takes longer than a run is given" "and failed after the tenth time" run_np 2 "$T/job.json" --only 'a/single/latency' --output "$T/dropped.h5"
orderly() { # OUTPUT: many runs that stop at once
    local i
    for i in 1 2 3 4 5; do
        cells 2 --output "$1" --max-time 0.01s
        case $? in 0 | 75) ;; *) return 1 ;; esac
    done
    counts "$1" attempts 0 && counts "$1" dropped 0 && cells 2 --output "$1" && same_results "$T/ref.h5" "$1"
}
ok "what is interrupted in good order is no attempt" orderly "$T/orderly.h5"
finish
