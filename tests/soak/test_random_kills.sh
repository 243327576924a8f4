#!/usr/bin/env bash
# A run under constant random kills: every EVERY seconds (10) a rank or mpirun is killed, for MINUTES (10). It goes on
# with --enable-recovery; when rank 0 or mpirun is gone it is started again. In the end the digest is that of a run that
# nobody disturbed.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/faults.sh
MINUTES=${MINUTES:-10} EVERY=${EVERY:-10}
exec 3>&1 # how far it is

json() { # OUTPUT: long enough for some kills
    small_job "$1" datasets/test.tsv |
        sed 's/"labels"/"unit_tokens": 16, "labels"/; s/\["fp32", "int8"\]/["fp32", "int8"], "explain": {"methods": [{"method": "lime", "samples": 1000}, {"method": "shap", "evaluations": 700}, {"method": "integrated_gradients", "steps": 60}], "samples": {"per_class": 10}, "faithfulness": {"k": [1, 3]}, "floor_draws": 2}/'
}
json "$T/o.h5" >"$T/job.json"
ok "the undisturbed run" timeout "$HANG" mpirun -np 2 "$QGRID" run --progress none "$T/job.json" --output "$T/ref.h5"
want=$(digest_of "$T/ref.h5")

begin() {
    mpirun --enable-recovery -np 4 "$QGRID" run --progress none "$T/job.json" >>"$T/log" 2>&1 &
    launcher=$!
    starts=$((starts + 1)) started=$SECONDS
}
victims() { pgrep -f -- "$T/job.json"; } # mpirun among them
no_ranks() { ! victims | grep -qvx "$launcher"; }
finished() { "$QGRID" status "$T/o.h5" >/dev/null 2>&1; }
say() { echo "after $((SECONDS / 60)) min: $kills kills, $starts starts, $rounds runs finished, $stuck launchers that did not end" >&3; }
# The file is made anew when it is finished early: every round has to come to the same bits.
constant_kills() {
    local end=$((SECONDS + 60 * MINUTES)) next=$((SECONDS + EVERY)) victim
    begin
    while [ $SECONDS -lt $end ]; do
        sleep 0.2
        if ! kill -0 $launcher 2>/dev/null || { no_ranks && [ $SECONDS -ge $((started + 30)) ]; }; then
            launcher_ends $launcher
            wait_until "end of all ranks" no_ranks || return 1
            if finished; then
                [ "$(digest_of "$T/o.h5")" = "$want" ] || { echo "round $rounds: another digest" && return 1; }
                rounds=$((rounds + 1))
                rm -f "$T/o.h5"
            fi
            begin
        elif [ $SECONDS -ge $next ]; then
            victim=$(victims | shuf -n 1)
            [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null && kills=$((kills + 1))
            [ $((kills % 6)) -ne 0 ] || say
            next=$((SECONDS + EVERY))
        fi
    done
    return 0
}
last_run() { # until it is done; a unit that ranks were killed on three times is failed until it is asked for again
    local tries
    wait_until "end of all ranks" no_ranks || return 1
    launcher_ends $launcher
    for tries in $(seq 20); do
        mpirun -np 2 "$QGRID" run --progress none --retry-failed "$T/job.json" >>"$T/log" 2>&1 &
        launcher=$!
        wait_until "end of all ranks" no_ranks || return 1
        launcher_ends $launcher
        finished && return 0
        echo "try $tries was not the last"
    done
    tail "$T/log"
    return 1
}
launcher=0 starts=0 kills=0 rounds=0
if constant_kills; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
echo "$kills kills in $MINUTES minutes, $starts starts, $rounds runs finished on the way, $stuck launchers that did not end"
ok "somebody was killed" test $kills -gt 0
ok "the run ends in the end" last_run
ok "with the same digest" test "$(digest_of "$T/o.h5")" = "$want"
ok "and nothing is damaged" "$QGRID" verify "$T/o.h5"
finish
