#!/usr/bin/env bash
# Kills by the hundred: KILLS (200) of each kind (a worker, rank 0, the launcher, everything) at random
# moments, the making of the file and the end among them, on idle and on busy cores. After each one the same
# command goes on, on another number of ranks: nothing is lost, the digest is that of the undisturbed run.
#     KILLS=50 SEED=7 KINDS="worker rank0" LOADS=idle tests/soak/test_kills.sh
. "$(dirname "$0")/../support/sh.sh"
. tests/support/faults.sh
KILLS=${KILLS:-200} SEED=${SEED:-$$}
RANDOM=$SEED
exec 3>&1 # how far it is
echo "seed $SEED"
small_job "$T/ref.h5" datasets/test.tsv | sed 's/"labels"/"unit_tokens": 64, "labels"/' >"$T/job.json"
J=$T/job.json
ok "the undisturbed run" run_np 2 "$J"
want=$(digest_of "$T/ref.h5")
begun=$(date +%s%N)
run_np 3 "$J" --output "$T/timed.h5" >/dev/null 2>&1
whole=$((($(date +%s%N) - begun) / 1000000)) # ms of a run: kills are spread over a little more

gone() { # no rank is left; mpirun may be
    local p
    for p in $(rank_of "$1"); do
        [ "$(cat "/proc/$p/comm" 2>/dev/null)" != qgrid ] || return 1
    done
}
victims() { # KIND OUTPUT LAUNCHER
    case $1 in
    worker) rank_of "$2" 1 ;;
    rank0) rank_of "$2" 0 ;;
    launcher) echo "$3" ;;
    all) rank_of "$2" ;;
    esac
}
hit=0
one() { # KIND OUTPUT
    local pid np=$((RANDOM % 3 + 2)) after=$((RANDOM * whole / 32768 + RANDOM % 50)) last=()
    rm -f "$2" "$2".*
    mpirun -np $np "$QGRID" run --progress none "$J" --output "$2" >"$T/log" 2>&1 &
    pid=$!
    sleep "$((after / 1000)).$(printf %03d $((after % 1000)))" # the moment is the point
    mapfile -t last < <(victims "$1" "$2" $pid)
    if [ ${#last[@]} -gt 0 ] && kill -9 "${last[@]}" 2>/dev/null; then hit=$((hit + 1)); fi
    wait_until "end of all ranks" gone "$2" || return 1
    launcher_ends $pid
    [ ! -e "$2" ] || "$QGRID" verify "$2" >/dev/null || { echo "verify after ${after} ms on $np ranks"; return 1; }
    run_np $((RANDOM % 4)) "$J" --output "$2" || return 1
    [ "$(digest_of "$2")" = "$want" ] || { echo "another digest after ${after} ms on $np ranks"; return 1; }
}
series() { # KIND
    local i
    hit=0
    for ((i = 0; hit < KILLS && i < 20 * KILLS; i++)); do
        { one "$1" "$T/k.h5"; } 2>/dev/null || { echo "$1, run $i"; return 1; }
        [ $((i % 20)) -ne 19 ] || echo "$1: $hit kills in $((i + 1)) runs, $stuck launchers that did not end" >&3
    done
    echo "$hit kills in $i runs"
    [ $hit -eq "$KILLS" ]
}
burn() { while true; do :; done; }
for load in ${LOADS:-idle busy}; do
    burners=()
    if [ "$load" = busy ]; then
        for _ in $(seq $(($(nproc) * 2))); do
            burn &
            burners+=($!)
        done
    fi
    for kind in ${KINDS:-worker rank0 launcher all}; do
        ok "$KILLS kills of kind $kind on $load cores" series "$kind"
        tail -n 1 "$T/out"
    done
    [ ${#burners[@]} -eq 0 ] || kill "${burners[@]}"
done
finish
