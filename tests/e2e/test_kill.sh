#!/usr/bin/env bash
# Runs that die: SIGKILL of rank 0, of a worker or of everything at random moments, then resume on
# another number of ranks; and recovery from a lost worker within a run.
. "$(dirname "$0")/../support/sh.sh"

cat >"$T/job.json" <<EOF
{
  "name": "kill", "output": "$T/ref.h5", "labels": ["positive", "neutral", "negative"],
  "unit_tokens": 64,
  "models": {"finetuned": "models/mini-finetuned"},
  "datasets": {"smsa": "datasets/test.tsv",
               "tweets": {"path": "datasets/INA_TweetsPPKM_Labeled_Pure.csv", "format": "tweets"}},
  "experiments": {"a": {"model": "finetuned", "dataset": "smsa"}, "b": {"model": "finetuned", "dataset": "tweets"}},
  "precisions": ["fp32", "fp16", "int8", "int8_tensor", "int4", "int4_g32", "nf4", "int4_g128_a8"]
}
EOF
J=$T/job.json
ok "the undisturbed run" run_np 2 "$J"
RANDOM=7

pids_of() { # OUTPUT RANK: processes of a run, by rank (empty: all of them and mpirun)
    local p
    for p in $(pgrep -f -- "$1"); do
        if [ -z "$2" ]; then
            echo "$p"
        elif tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$2"; then
            echo "$p"
        fi
    done
}

attempt() { # NUMBER: start, kill at a random moment, resume on other ranks, compare
    local out="$T/kill$1.h5" np=$((RANDOM % 3 + 2)) who delay
    case $(($1 % 3)) in 0) who=0 ;; 1) who=1 ;; 2) who="" ;; esac
    delay=$(printf '0.%03d' $((RANDOM % 900 + 20)))
    setsid mpirun -np $np "$QGRID" run --progress none "$J" --output "$out" >/dev/null 2>&1 &
    if [ "$1" -lt 4 ]; then # the creation of the file among them
        for _ in $(seq 400); do
            compgen -G "$out*" >/dev/null && break
            sleep 0.005
        done
    else
        sleep "$delay"
    fi
    # shellcheck disable=SC2046
    kill -9 $(pids_of "$out" "$who") 2>/dev/null && kills=$((kills + 1))
    for _ in $(seq 200); do
        [ -z "$(pids_of "$out" "")" ] && break
        sleep 0.05
    done
    # shellcheck disable=SC2046
    kill -9 $(pids_of "$out" "") 2>/dev/null
    wait
    if [ -e "$out" ]; then
        h5dump -H "$out" >/dev/null || return 1
        "$QGRID" verify "$out" || return 1
    fi
    run_np $(($1 % 4)) "$J" --output "$out" && same_results "$T/ref.h5" "$out" && rm -f "$out"
}
kills=0
for i in $(seq 20); do
    ok "killed run $i is resumed to the same bits" attempt "$i"
done

ok "nearly all of them were killed in time" test $kills -ge 15

recovers() { # a worker dies, the run goes on by itself
    local out="$T/recover.h5"
    mpirun --enable-recovery -np 3 "$QGRID" run --progress none "$J" --output "$out" --set /unit_tokens=16 &
    for _ in $(seq 400); do
        [ -e "$out" ] && break
        sleep 0.005
    done
    sleep 0.1
    # shellcheck disable=SC2046
    kill -9 $(pids_of "$out" 2)
    wait
    "$QGRID" status "$out"
}
ok "with --enable-recovery a run survives a lost worker" recovers
ok "a fresh run cut in the same way" run_np 1 "$J" --output "$T/recover-ref.h5" --set /unit_tokens=16
ok "the recovered run has the same bits" same_results "$T/recover-ref.h5" "$T/recover.h5"
ok "and it did lose a rank" sh -c "h5dump -d /timing/run/lost_ranks '$T/recover.h5' | grep -q '(0): 1'"

finish
