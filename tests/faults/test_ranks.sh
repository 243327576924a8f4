#!/usr/bin/env bash
# Ranks that die, fall silent or are told to stop, and launchers that are ended.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/faults.sh

J=$T/job.json
two_cells "$T/ref.h5" 64 >"$J"
ok "the undisturbed run" run_np 2 "$J" --only '*e'

gone() { [ -z "$(rank_of "$1")" ]; }
no_lock() { [ ! -e "$1.lock" ]; }
wound() { # STATUS SIGNAL WHO OUTPUT ONLY [MPIRUN OPTIONS]: a run of 3 ranks; WHO is a rank or mpirun
    local want=$1 signal=$2 who=$3 out=$4 only=$5 pid status
    shift 5
    timeout -k 5 $HANG mpirun "$@" -np 3 "$QGRID" run --progress none "$J" --output "$out" --only "$only" --stall-timeout 6s &
    pid=$!
    WHILE=$pid wait_until "progress" has_units "$out" 1 || return 1
    if [ "$who" = mpirun ]; then
        kill "-$signal" "$(pgrep -P $pid)" || return 1
    elif ! kill "-$signal" "$(rank_of "$out" "$who")" 2>/dev/null; then # it was over before anybody looked
        wait $pid
        rm -f "$out"
        wound "$want" "$signal" "$who" "$out" "$only" "$@"
        return
    fi
    wait $pid
    status=$?
    [ $status -eq "$want" ] || { echo "status $status"; return 1; }
    wait_until "end of all ranks" gone "$out"
}
has_status() { local want=$1 status; shift; "$@"; status=$?; [ $status -eq "$want" ]; }
goes_on() { # FILE: whose latency may have been timed before it was hurt, as the reference's was not
    run_np 2 "$J" --output "$1" --only '*e' && h5diff "$T/ref.h5" "$1" /predictions /predictions
}

begun=$SECONDS
ok "rank 0 killed: the others leave" wound 0 KILL 0 "$T/dead.h5" '*' --enable-recovery
ok "within a minute, however busy the machine is" [ $((SECONDS - begun)) -lt 60 ]
ok "and the same command goes on" goes_on "$T/dead.h5"
ok "a signal to one worker is a wish of the run" wound 75 USR1 2 "$T/one.h5" '*'
ok "its lock is released" no_lock "$T/one.h5"
ok "and the same command goes on" goes_on "$T/one.h5"
for how in --enable-recovery --oversubscribe; do # the second changes nothing
    ok "a worker stopped for ever is left behind, status 0 ($how)" wound 0 STOP 2 "$T/silent$how.h5" '*e' $how
    ok "with the bits of the undisturbed run ($how)" same_results "$T/ref.h5" "$T/silent$how.h5"
done
dies_early() { # OUTPUT: rank 1 dies when the others are about to start MPI, and wait for it
    # shellcheck disable=SC2016
    timeout -k 5 $HANG mpirun --enable-recovery -np 3 sh -c '
        if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then
            until [ "$(pgrep -c -P $PPID -x qgrid)" = 2 ]; do :; done
            kill -9 $$
        fi
        exec "$@"' sh "$QGRID" run --progress none "$J" --output "$1" --only '*e' 2>&1 | tee "$T/early"
    grep -q 'a rank died before the run has begun: leaving' "$T/early" && wait_until "end of all ranks" gone "$1" && no_lock "$1"
}
ok "a rank that dies before the run has begun: the others leave" dies_early "$T/early.h5"
stops_late() { # OUTPUT: a worker that is stopped when all is done, on its way out, is woken
    FAULTY_CALL=finalize FAULTY_PATH=2 FAULTY_AT=1 FAULTY_DO=stop timeout -k 5 $HANG mpirun -np 3 env LD_PRELOAD="$FAULTY" \
        "$QGRID" run --progress none "$J" --output "$1" --only '*e' && same_results "$T/ref.h5" "$1"
}
rank_stopped() { grep -q '^State:.T' "/proc/$(rank_of "$1" 0)/status"; } # OUTPUT
is_alone() { [ -z "$(rank_of "$1" 1)$(rank_of "$1" 2)" ]; } # OUTPUT
reports_alone() { # OUTPUT: rank 0, stopped at its report, until nobody else is left
    local pid
    small_job "$1" datasets/test.tsv | sed "s|\"labels\"|\"report\": \"$T/pages\", &|" >"$T/report.json"
    FAULTY_CALL="open rename" FAULTY_PATH='*/index.html*' FAULTY_AT=1 FAULTY_DO=stop timeout -k 5 $HANG mpirun -np 3 \
        env LD_PRELOAD="$FAULTY" "$QGRID" run --progress none "$T/report.json" --output "$1" &
    pid=$!
    WHILE=$pid wait_until "report" rank_stopped "$1" || return 1
    WHILE=$pid wait_until "end of the others" is_alone "$1" || return 1
    kill -CONT "$(rank_of "$1" 0)"
    wait $pid && [ -s "${1%.h5}/index.html" ]
}
ok "nobody waits in MPI_Finalize for a report" reports_alone "$T/report.h5"
ok "a worker stopped in MPI_Finalize does not spoil mpirun's status" stops_late "$T/late.h5"
for signal in TERM HUP INT; do
    # In the background a shell has SIGINT ignored; mpirun catches it all the same.
    ok "SIG$signal to mpirun, whose own status is 1" wound 1 $signal mpirun "$T/$signal.h5" '*'
    ok "releases the lock" no_lock "$T/$signal.h5"
    ok "says what it left" has_status 75 "$QGRID" status "$T/$signal.h5"
done
finish
