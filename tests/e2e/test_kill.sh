#!/usr/bin/env bash
# Runs that die: SIGKILL of rank 0, of a worker or of everything after a random share of the work,
# then resume on another number of ranks; and recovery from a lost worker within a run. Latency,
# measured after all else, takes minutes: no run is over before it is killed. What goes on leaves it out.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

cat >"$T/job.json" <<EOF
{
  "name": "kill", "output": "$T/ref.h5", "labels": ["positive", "neutral", "negative"],
  "unit_tokens": 64,
  "models": {"finetuned": "models/mini-finetuned"},
  "datasets": {"smsa": "datasets/test.tsv",
               "tweets": {"path": "datasets/INA_TweetsPPKM_Labeled_Pure.csv", "format": "tweets"}},
  "experiments": {"a": {"model": "finetuned", "dataset": "smsa"}, "b": {"model": "finetuned", "dataset": "tweets"}},
  "precisions": [{"precision": "fp32", "name": "single"}, {"precision": "fp16", "name": "half_size"},
                 {"precision": "int8", "name": "byte"}, {"precision": "int4_g32", "name": "nibble"},
                 {"precision": "int4_g128_a8", "name": "nibble_times_byte"}],
  "latency": {"runs": 2000, "samples": 50}
}
EOF
J=$T/job.json
but_latency() { run_np "$1" "$J" --only '*e' "${@:2}"; } # RANKS OPTIONS...: cells end in e, but for .../latency
ok "the undisturbed run" but_latency 2
RANDOM=7
units=$(units_done "$T/ref.h5")

started() { compgen -G "$1*"; } # OUTPUT: its lock or its beginnings

killed() { # NUMBER OUTPUT RANKS: start a run, kill rank 0, rank 1 or everything in its midst
    local out=$2 who=() pid
    case $(($1 % 3)) in 0) who=(0) ;; 1) who=(1) ;; esac
    setsid timeout -k 5 $HANG mpirun -np "$3" "$QGRID" run --progress none "$J" --output "$out" >/dev/null 2>&1 &
    pid=$!
    if [ "$1" -lt 4 ]; then # the creation of the file among them
        WHILE=$pid wait_until "lock of the run" started "$out" || return 1
    else
        WHILE=$pid wait_until "results file" test -e "$out" || return 1
        WHILE=$pid wait_until "progress" has_units "$out" $((RANDOM % (units / 2))) || return 1
    fi
    # shellcheck disable=SC2046
    kill -9 $(rank_of "$out" "${who[@]}") || return 1
    wait $pid
    wait_until "end of all ranks" gone "$out"
}
gone() { [ -z "$(rank_of "$1")" ]; }
sound() { # OUTPUT: if it is there
    [ ! -e "$1" ] || { h5dump -H "$1" >/dev/null && "$QGRID" verify "$1"; }
}

attempt() { # NUMBER: kill a run, resume on other ranks, compare
    local out="$T/kill$1.h5" np=$((RANDOM % 3 + 2))
    killed "$1" "$out" $np && sound "$out" &&
        but_latency $(($1 % 4)) --output "$out" && same_results "$T/ref.h5" "$out" && rm -f "$out"
}
for i in $(seq 8); do # by the hundred in tests/soak/test_kills.sh
    ok "killed run $i is resumed to the same bits" attempt "$i"
done

recovers() { # a worker dies, the run goes on by itself
    local out="$T/recover.h5" pid who
    timeout -k 5 $HANG mpirun --enable-recovery -np 3 "$QGRID" run --progress none "$J" --output "$out" --only '*e' --set /unit_tokens=16 &
    pid=$!
    WHILE=$pid wait_until "results file" test -e "$out" && who=$(rank_of "$out" 2) && WHILE=$pid wait_until "progress" has_units "$out" 10 || return 1
    kill -9 "$who"
    wait $pid
    "$QGRID" verify "$out"
}
ok "with --enable-recovery a run survives a lost worker" recovers
ok "a fresh run cut in the same way" but_latency 1 --output "$T/recover-ref.h5" --set /unit_tokens=16
ok "the recovered run has the same bits" same_results "$T/recover-ref.h5" "$T/recover.h5"
ok "and it did lose a rank" sh -c "h5dump -d /timing/run/lost_ranks '$T/recover.h5' | grep -q '(0): 1'"

finish
