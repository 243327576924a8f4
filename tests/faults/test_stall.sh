#!/usr/bin/env bash
# Nobody is dead and nothing goes on: all workers silent, rank 0 silent, everybody, the launcher, and a
# rank of another machine (one with another host name), which rank 0 cannot kill. Latency, measured after
# all else, takes some seconds (minutes in the long job), so that no run is over before it is hurt.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/faults.sh

J=$T/job.json
two_cells "$T/ref.h5" 64 >"$T/long.json"
sed 's/"runs": 2000, "samples": 50/"runs": 8, "samples": 30/' "$T/long.json" >"$J"
ok "the undisturbed run" run_np 2 "$J"
ok "another, which never comes to its latency" run_np 2 "$T/long.json" --output "$T/long-ref.h5" --only '*e'
cat >"$T/elsewhere" <<'EOF'
#!/bin/sh
# elsewhere HOST COMMAND...: on a machine of that name
exec unshare -u sh -c 'hostname "$1" && shift && exec "$@"' sh "$@"
EOF
chmod +x "$T/elsewhere"

gone() { [ -z "$(rank_of "$1")" ]; }
in_state() { local s; s=$(sed 's/.*) //' "/proc/$2/stat") && [ "${s%% *}" = "$1" ]; } # LETTER PID
run_of_3() { # OUTPUT LAST [MPIRUN OPTIONS]: in the background; LAST: what comes before the last rank's qgrid
    local out=$1 last=$2
    shift 2
    # shellcheck disable=SC2086
    timeout -k 5 $HANG mpirun "$@" -np 2 "$QGRID" run --progress none "$J" --output "$out" --stall-timeout 2s \
        : -np 1 $last "$QGRID" run --progress none "$J" --output "$out" --stall-timeout 2s >"$T/log" 2>&1 &
    pid=$!
    WHILE=$pid wait_until "progress" has_units "$out" 4
}
stopped() { # PID...
    local p
    kill -STOP "$@" || return 1
    for p; do wait_until "stop" in_state T "$p" || return 1; done
}
ends() { # STATUS OUTPUT
    local status
    wait "$pid"
    status=$?
    cat "$T/log"
    [ $status -eq "$1" ] || { echo "status $status"; return 1; }
    wait_until "end of all ranks" gone "$2"
}
left() { "$QGRID" status "$1"; [ $? -eq "$2" ]; } # OUTPUT STATUS
goes_on() { run_np 2 "$J" --output "$1" --only '*e' && same_results "$T/long-ref.h5" "$1"; }

silent() { # OUTPUT LAST MPIRUN-OPTION RANK...: these stop for ever
    local out=$1 last=$2 how=$3 who=() r
    shift 3
    run_of_3 "$out" "$last" "$how" || return 1
    for r; do who+=("$(rank_of "$out" "$r")"); done
    stopped "${who[@]}" && ends 0 "$out" && same_results "$T/ref.h5" "$out"
}
for how in --enable-recovery --oversubscribe; do # the second changes nothing
    ok "all workers fall silent: rank 0 computes alone ($how)" silent "$T/all$how.h5" "" $how 1 2
done
if ! "$T/elsewhere" other true 2>/dev/null; then
    skip "a silent rank on another machine" "no namespaces here (unshare -u needs root)" 2
else
    for how in --enable-recovery --oversubscribe; do
        ok "a silent rank on another machine is not waited for ($how)" silent "$T/other$how.h5" "$T/elsewhere other" $how 2
    done
fi

J=$T/long.json # what cannot come to its end by itself
headless() { # OUTPUT STATUS MPIRUN-OPTION: rank 0 stops for ever; five times the time-out later the others give up
    run_of_3 "$1" "" "$3" && stopped "$(rank_of "$1" 0)" && ends "$2" "$1"
}
ok "rank 0 falls silent: the others end the run" headless "$T/zero.h5" 75 --oversubscribe
ok "what is open stays open" left "$T/zero.h5" 75
ok "and the same command goes on" goes_on "$T/zero.h5"
ok "so they do with recovery, whose status is 0" headless "$T/zero-recovery.h5" 0 --enable-recovery
ok "and the same command goes on then, too" goes_on "$T/zero-recovery.h5"

everybody() { # OUTPUT: nobody is left to notice; what ends the launcher ends all
    local ranks r
    run_of_3 "$1" "" --oversubscribe || return 1
    mapfile -t ranks < <(for r in 0 1 2; do rank_of "$1" $r; done)
    stopped "${ranks[@]}" && kill -TERM "$(pgrep -P "$pid")" && ends 1 "$1"
}
ok "all ranks are stopped: SIGTERM to mpirun ends them" everybody "$T/none.h5"
ok "and the same command goes on after that" goes_on "$T/none.h5"

J=$T/job.json
ended() { local p; for p in $(rank_of "$1" "$2"); do in_state Z "$p" || return 1; done; } # OUTPUT RANK
frozen() { # OUTPUT: the work is done; then the ranks leave, and nobody waits for mpirun
    local launcher r
    run_of_3 "$1" "" --oversubscribe || return 1
    launcher=$(pgrep -P "$pid")
    stopped "$launcher" || return 1
    for r in 0 1 2; do wait_until "end of rank $r" ended "$1" $r || return 1; done
    left "$1" 0 && [ ! -e "$1.lock" ] && same_results "$T/ref.h5" "$1" || return 1
    kill -CONT "$launcher"
    wait "$pid"
    echo "mpirun's status: $?"
    wait_until "end of all ranks" gone "$1"
}
ok "a frozen launcher: the run comes to its end without it" frozen "$T/frozen.h5"
finish
