#!/usr/bin/env bash
# Runs that die: SIGKILL of rank 0, of a worker or of everything after a random share of the work,
# then resume on another number of ranks; and recovery from a lost worker within a run.
. "$(dirname "$0")/../support/sh.sh"

cat >"$T/job.json" <<EOF
{
  "name": "kill", "output": "$T/ref.h5", "labels": ["positive", "neutral", "negative"],
  "unit_tokens": 64,
  "models": {"finetuned": "models/mini-finetuned"},
  "datasets": {"smsa": "datasets/test.tsv",
               "tweets": {"path": "datasets/INA_TweetsPPKM_Labeled_Pure.csv", "format": "tweets"}},
  "experiments": {"a": {"model": "finetuned", "dataset": "smsa"}, "b": {"model": "finetuned", "dataset": "tweets"}},
  "precisions": ["fp32", "fp16", "int8", "int4_g32", "int4_g128_a8"]
}
EOF
J=$T/job.json
ok "the undisturbed run" run_np 2 "$J"
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
is_open() { # OUTPUT: no file yet, or one with work left; what is there is sound
    [ -e "$1" ] || return 0
    h5dump -H "$1" >/dev/null && "$QGRID" verify "$1" || return 1
    "$QGRID" status "$1"
    [ $? -eq 75 ] || { echo "it was done before it was killed"; return 1; }
}

attempt() { # NUMBER: kill a run, resume on other ranks, compare
    local out="$T/kill$1.h5" np=$((RANDOM % 3 + 2))
    killed "$1" "$out" $np && is_open "$out" &&
        run_np $(($1 % 4)) "$J" --output "$out" && same_results "$T/ref.h5" "$out" && rm -f "$out"
}
for i in $(seq 16); do
    ok "killed run $i is resumed to the same bits" attempt "$i"
done

recovers() { # a worker dies, the run goes on by itself
    local out="$T/recover.h5" pid
    timeout -k 5 $HANG mpirun --enable-recovery -np 3 "$QGRID" run --progress none "$J" --output "$out" --set /unit_tokens=16 &
    pid=$!
    WHILE=$pid wait_until "results file" test -e "$out" && WHILE=$pid wait_until "progress" has_units "$out" 100 || return 1
    # shellcheck disable=SC2046
    kill -9 $(rank_of "$out" 2)
    wait $pid
    "$QGRID" status "$out"
}
ok "with --enable-recovery a run survives a lost worker" recovers
ok "a fresh run cut in the same way" run_np 1 "$J" --output "$T/recover-ref.h5" --set /unit_tokens=16
ok "the recovered run has the same bits" same_results "$T/recover-ref.h5" "$T/recover.h5"
ok "and it did lose a rank" sh -c "h5dump -d /timing/run/lost_ranks '$T/recover.h5' | grep -q '(0): 1'"

finish
