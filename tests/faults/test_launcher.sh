#!/usr/bin/env bash
# Launchers that die: mpirun, killed in the midst of predictions and of a training, and a rank whose
# own parent is gone. What was lost is open, never failed; the lock is free; the same command goes on
# to the same bits.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

cat >"$T/job.json" <<EOF
{
  "name": "launcher", "output": "$T/ref.h5", "labels": ["positive", "neutral", "negative"],
  "unit_tokens": 64,
  "models": {"finetuned": "models/mini-finetuned"},
  "datasets": {"smsa": "datasets/test.tsv"},
  "experiments": {"a": {"model": "finetuned", "dataset": "smsa"}},
  "precisions": ["fp32", "fp16", "int8", "int4_g32"]
}
EOF
cat >"$T/train.json" <<EOF
{
  "name": "training", "output": "$T/train-ref.h5", "labels": ["positive", "neutral", "negative"], "max_length": 32,
  "models": {"original": {"path": "models/mini-original", "head": "random"},
             "tuned": {"train": {"from": "original", "dataset": "smsa", "validation": "smsa",
                                 "batch": 32, "epochs": 4, "learning_rate": 1e-3}}},
  "datasets": {"smsa": {"path": "datasets/test.tsv", "format": "smsa", "normalize": "whitespace"}},
  "experiments": {"t": {"model": "tuned", "dataset": "smsa"}},
  "precisions": ["fp32"]
}
EOF
ok "the undisturbed run" run_np 2 "$T/job.json"
ok "the undisturbed training" run_np 1 "$T/train.json"
RANDOM=12
units=$(units_done "$T/ref.h5")

gone() { [ -z "$(rank_of "$1")" ]; }
none_failed() { # OUTPUT
    ! h5dump -y -d /cells/state -d /units/state "$1" | grep -qE '^ *2|, 2,|, 2$' && "$QGRID" verify "$1"
}
kill_launcher() { # JOB OUTPUT RANKS WHAT-TO-WAIT-FOR...: kill -9 of mpirun alone
    local job=$1 out=$2 np=$3 pid
    shift 3
    mpirun -np "$np" "$QGRID" run --progress none "$job" --output "$out" >"$T/log" 2>&1 &
    pid=$!
    WHILE=$pid wait_until "results file" test -e "$out" && WHILE=$pid wait_until "moment" "$@" || return 1
    kill -9 $pid
    wait $pid 2>/dev/null
    wait_until "end of all ranks" gone "$out" || return 1
    [ ! -e "$out.lock" ] || { echo "the lock is still there"; cat "$T/log"; return 1; }
    none_failed "$out"
}
attempt() { # NUMBER
    local out="$T/kill$1.h5"
    kill_launcher "$T/job.json" "$out" $(($1 % 3 + 2)) has_units "$out" $((RANDOM % (units * 2 / 3))) &&
        run_np $(($1 % 4)) "$T/job.json" --output "$out" && same_results "$T/ref.h5" "$out"
}
for i in 1 2 3 4 5 6; do
    ok "mpirun is killed, the same command goes on ($i)" attempt $i
done

saved() { compgen -G "$T/cache2/trained/*.state*" || compgen -G "$T/cache2/trained/*/*"; }
training() {
    QGRID_CACHE="$T/cache2" kill_launcher "$T/train.json" "$T/train.h5" 3 saved
}
ok "mpirun is killed while a gang trains" training
ok "the same command goes on with the training" env QGRID_CACHE="$T/cache2" timeout -k 5 $HANG mpirun -np 2 "$QGRID" run --progress none "$T/train.json" --output "$T/train.h5"
ok "to the same bits" same_results "$T/train-ref.h5" "$T/train.h5"

# The rank's parent, a shell, dies; mpirun goes on, and so does rank 0.
cat >"$T/wrapper" <<EOF
#!/bin/sh
echo \$\$ >"$T/parent"
"$QGRID" "\$@"
exit 1
EOF
chmod +x "$T/wrapper"
orphan() {
    local out="$T/orphan.h5" pid
    timeout -k 5 $HANG mpirun --enable-recovery -np 1 "$QGRID" run --progress none "$T/job.json" --output "$out" \
        : -np 1 "$T/wrapper" run --progress none "$T/job.json" --output "$out" >"$T/log" 2>&1 &
    pid=$!
    WHILE=$pid wait_until "results file" test -e "$out" && WHILE=$pid wait_until "progress" has_units "$out" 5 || return 1
    kill -9 "$(cat "$T/parent")"
    wait $pid
    cat "$T/log"
    grep -q "rank 1 \(has lost its launcher\|died\)" "$T/log" && none_failed "$out" && same_results "$T/ref.h5" "$out"
}
ok "a rank without a launcher leaves, and its work goes to others" orphan
finish
