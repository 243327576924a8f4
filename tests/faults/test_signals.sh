#!/usr/bin/env bash
# SIGTERM, SIGINT, SIGHUP and SIGUSR1 to qgrid and to mpirun: before the program is there, while the job is
# loaded, planned and made into a file, in the midst; second signals; warned again and again. A moment is held
# by a process that stops itself at a call. In the background a shell has SIGINT ignored, which a program
# keeps: env gives it back. test_ranks.sh has more of mpirun.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/faults.sh

two_cells "$T/ref.h5" 64 >"$T/job.json"
ok "the undisturbed run" run_np 2 "$T/job.json" --only '*e'
in_state() { local s; s=$(sed 's/.*) //' "/proc/$2/stat") && [ "${s%% *}" = "$1" ]; } # LETTER PID
ends() { # STATUS OUTPUT
    local status
    wait "$pid"
    status=$?
    cat "$T/log"
    [ $status -eq "$1" ] || { echo "status $status"; return 1; }
    [ ! -e "$2.lock" ] || { echo "its lock is there"; return 1; }
}
held() { # OUTPUT CALLS PATTERN SIGNAL: the process stops before the first such call, and is told then
    local out=$1
    env --default-signal=INT FAULTY_CALL="$2" FAULTY_PATH="$3" FAULTY_AT=1 FAULTY_DO=stop LD_PRELOAD="$FAULTY" \
        "$QGRID" run --progress none "$T/job.json" --output "$out" --only '*e' >"$T/log" 2>&1 &
    pid=$!
    WHILE=$pid wait_until "stop" in_state T "$pid" || return 1
    kill "-$4" "$pid" && kill -CONT "$pid" && ends 75 "$out"
}
goes_on() { run_np 2 "$T/job.json" --output "$1" --only '*e' && same_results "$T/ref.h5" "$1"; }
for signal in TERM INT HUP USR1; do
    ok "SIG$signal while the job is loaded" held "$T/load$signal.h5" open "$T/job.json" $signal
    ok "nothing is begun" test ! -e "$T/load$signal.h5"
    ok "SIG$signal while it is planned" held "$T/plan$signal.h5" open '*/test.tsv' $signal
    ok "SIG$signal while the file is made" held "$T/made$signal.h5" rename "$T/made$signal.h5" $signal
    ok "and the same command goes on" goes_on "$T/made$signal.h5"
done

in_hand() { # OUTPUT: all is done but for latency, and that is measured
    has_units "$1" "$units" && "$PYTHON" -c 'import h5py, sys
with h5py.File(sys.argv[1]) as f: sys.exit(not f["/timing/units/attempts"][:][f["/units/state"][:] == 0].any())' "$1"
}
units=$(units_done "$T/ref.h5")
midst() { # OUTPUT SIGNAL...: in the midst of a long unit; the second signal once the first is obeyed
    local out=$1 signal line="stop requested: finishing what runs"
    shift
    env --default-signal=INT "$QGRID" run --progress none "$T/job.json" --output "$out" >"$T/log" 2>&1 &
    pid=$!
    WHILE=$pid wait_until "results file" test -e "$out" && WHILE=$pid wait_until "unit" in_hand "$out" || return 1
    for signal; do
        kill "-$signal" "$pid" && WHILE=$pid wait_until "answer" file_has "$T/log" "$line" || return 1
        line="stop requested with haste"
        sleep 0.7 # what comes within half a second is the same wish
    done
    ends 75 "$out"
}
for signal in TERM INT HUP USR1; do
    ok "two SIG$signal in the midst" midst "$T/midst$signal.h5" $signal $signal
    ok "and the same command goes on ($signal)" goes_on "$T/midst$signal.h5"
done

cat >"$T/late" <<'EOF'
#!/bin/sh
# late FOLDER COMMAND...: says that it is there, and waits for `go` before the command begins
: >"$1/up$OMPI_COMM_WORLD_RANK"
while [ ! -e "$1/go" ]; do sleep 0.05; done
shift
exec "$@"
EOF
chmod +x "$T/late"
early() { # OUTPUT SIGNAL: to mpirun before the program is there
    local out=$1
    rm -f "$T"/up* "$T/go"
    mpirun -np 2 "$T/late" "$T" "$QGRID" run --progress none "$T/job.json" --output "$out" --only '*e' >"$T/log" 2>&1 &
    pid=$!
    WHILE=$pid wait_until "start" test -e "$T/up1" || return 1
    kill "-$2" $pid
    wait $pid
    status=$?
    : >"$T/go"
    cat "$T/log"
    [ $status -ne 0 ] && [ ! -e "$out" ] && [ ! -e "$out.lock" ]
}
for signal in TERM USR1; do # the program cannot know of it: mpirun's own status
    ok "SIG$signal to mpirun before the program is there: nothing is begun" early "$T/early$signal.h5" $signal
done

gone() { [ -z "$(rank_of "$1")" ]; }
over() { ! kill -0 "$pid" 2>/dev/null || has_units "$1" "$2"; }
warned() { # OUTPUT: until it is finished
    local n units=0 status=75
    for ((n = 0; status == 75 && n < 100; n++)); do
        mpirun -np 2 "$QGRID" run --progress none "$T/job.json" --output "$1" --only '*e' >"$T/log" 2>&1 &
        pid=$!
        WHILE=$pid wait_until "results file" test -e "$1"
        wait_until "progress" over "$1" $((units + 1))
        kill -USR1 $pid 2>/dev/null
        wait $pid
        status=$?
        [ ! -e "$1.lock" ] || return 1
        units=$(units_done "$1")
        ((units += 5))
    done
    echo "$n runs, status $status"
    [ $status = 0 ] && same_results "$T/ref.h5" "$1"
}
warned_in_time() { # OUTPUT: once more where the run was over before anybody looked
    local tries
    for tries in 1 2 3 4 5 6; do
        warned "$1" >"$T/runs" || return 1
        cat "$T/runs"
        ! grep -q '^1 runs' "$T/runs" || [ "$tries" = 6 ] || { rm -f "$1" && continue; }
        break
    done
    ! grep -q '^1 runs' "$T/runs"
}
ok "warned by SIGUSR1 again and again until it is finished" warned_in_time "$T/warned.h5"
finish
