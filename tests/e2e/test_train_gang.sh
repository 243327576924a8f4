#!/usr/bin/env bash
# qgrid train under mpirun: the bits of one process from any number of ranks, also when ranks are
# killed, when it is stopped and goes on elsewhere; mistakes are told once.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

C=$T/config.json
$PYTHON - "$C" "$T/long.json" <<'PY'
import json, sys
c = json.load(open("jobs/finetune.json"))
c.update({"output": "unused", "epochs": 2, "batch": 8, "qat": "int8", "checkpoint": {"steps": 5}})
for path, texts in (sys.argv[2], 92), (sys.argv[1], 44): # the last batch is not full
    c["dataset"]["sample"] = c["validation"]["sample"] = {"count": texts, "seed": 1}
    json.dump(c, open(path, "w"), indent=1)
PY

train() { # RANKS OUTPUT [OPTIONS]
    timeout -k 5 $HANG mpirun -np "$1" "$QGRID" train --progress log "$C" --output "$T/$2" "${@:3}"
}
same() { # OUTPUT: has the bits of one process
    cmp "$T/alone/model.safetensors" "$T/$1/model.safetensors" && cmp "$T/alone/training.jsonl" "$T/$1/training.jsonl"
}
nothing_beside() { ! ls -d "$T/$1".* 2>/dev/null; }
log_has() { grep -qF -- "$1" "$T/log"; }
once() { # PIECE STATUS COMMAND...: it fails so, and says the piece once
    local piece=$1 want=$2 status
    "${@:3}" >"$T/log" 2>&1
    status=$?
    cat "$T/log"
    [ $status -eq "$want" ] && [ "$(grep -cF -- "$piece" "$T/log")" = 1 ]
}
wait_for() { # PID PIECE: a line of a training's log
    WHILE=$1 wait_until "line '$2'" log_has "$2"
}

ok "one process" timeout $HANG "$QGRID" train --progress none "$C" --output "$T/alone"
for np in 2 3 4 8; do
    ok "$np ranks" train $np "on$np"
    ok "have its bits" same "on$np"
    ok "and leave the model alone" nothing_beside "on$np"
done
ok "--fresh replaces what is there" train 2 on2 --fresh
ok "with the same bits" same on2
once_note() { train "$@" >"$T/log" 2>&1 && same "$2" && [ "$(grep -c 'ranks were started' "$T/log")" = 1 ]; }
ok "a rank that cannot take part is idle" once_note 3 idle
ok "which is said" log_has "3 ranks were started, 2 train: a gang has a power of two of members, here at most 8 (/leaves)"
ok "fewer ranks than there are, on demand" once_note 4 few --set /ranks=2
ok "which is said, too" log_has "4 ranks were started, 2 train: a gang has a power of two of members, here at most 2 (/ranks)"

ok "ranks that are no power of two" once "/ranks: 3 is not a power of two" 2 train 2 bad --set /ranks=3
ok "more ranks than leaves" once "/ranks: 16 ranks cannot share 8 leaves: at most one rank a leaf" 2 train 2 bad --set /ranks=16
ok "the same in one process" once "/ranks: 16 ranks cannot share 8 leaves" 2 "$QGRID" train "$C" --output "$T/bad" --set /ranks=16
ok "an unknown key" once "unknown key 'epoch', did you mean 'epochs'?" 2 train 3 bad --set /epoch=3
ok "data that are not there" once "none.tsv: /dataset: cannot open" 2 train 2 bad --set /dataset/path=none.tsv
ok "the same where rank 0 is not in the gang" once "none.tsv: /dataset: cannot open" 2 train 3 bad --set /dataset/path=none.tsv
ok "an output that is there" once "exists and is not empty; --fresh replaces" 2 train 2 alone
ok "a usage mistake" once "a config file is missing" 2 mpirun -np 2 "$QGRID" train
ok "a training that explodes" once "the samples of step 1 are: " 1 train 4 bad --set /learning_rate=1e30 --set /warmup=0
ok "is told once" sh -c "test \$(grep -c 'the samples of step 1 are' '$T/log') = 1"
ok "nothing was written by any of these" sh -c "rm -f '$T/bad.checkpoint'; ! ls -d '$T'/bad*"

# From here on trainings are hurt in their second epoch, which takes long enough for that.
C=$T/long.json
ok "one process, for longer" timeout $HANG "$QGRID" train --progress none "$C" --output "$T/alone" --fresh
loses() { # RANKS VICTIM OUTPUT [OPTIONS]: a rank is killed in the second epoch, the others go on
    local np=$1 victim=$2 output=$3 pid who
    : >"$T/log"
    timeout -k 5 $HANG mpirun --enable-recovery -np "$np" "$QGRID" train --progress log "$C" --output "$T/$output" "${@:4}" >>"$T/log" 2>&1 &
    pid=$!
    wait_for $pid " texts, " && who=$(rank_of "$T/$output" "$victim") && wait_for $pid "epoch 1/2" || return 1
    kill -9 "$who"
    wait $pid
    cat "$T/log"
    log_has "rank $victim died" && log_has "goes on after" && same "$output" && nothing_beside "$output"
}
ok "a killed member: the others form a gang and go on to the same bits" loses 4 3 killed
ok "two ranks become one" loses 2 1 halved
ok "the first member, which holds lock and pen, may be the killed one" loses 3 1 headless
ok "--fresh does not make it begin anew" loses 4 2 killed --fresh

stopped() { # SIGNAL WHO OUTPUT: the exit status is mpirun's; the signal goes to mpirun or rank 0
    local pid who
    : >"$T/log"
    mpirun -np 2 "$QGRID" train --progress log "$C" --output "$T/$3" >>"$T/log" 2>&1 &
    pid=$!
    wait_for $pid "epoch 1/2" || return 1
    if [ "$2" = mpirun ]; then who=$pid; else who=$(rank_of "$T/$3" 0); fi
    kill -"$1" "$who"
    wait $pid
    local status=$?
    cat "$T/log"
    return $status
}
fails 75 "Interrupted; the same command continues." "SIGTERM to rank 0" stopped TERM rank0 stopped
ok "leaves a checkpoint and nothing else" sh -c "test -s '$T/stopped.checkpoint' && ! ls -d '$T'/stopped '$T'/stopped.lock '$T'/stopped.qgrid-* 2>/dev/null"
goes_on() { train "$@" >"$T/log" 2>&1 && log_has "goes on after" && same "$2" && nothing_beside "$2"; }
ok "four ranks continue to the same bits" goes_on 4 stopped
fails 75 "Interrupted; the same command continues." "SIGUSR1 to mpirun" stopped USR1 mpirun usr1
ok "one process continues to the same bits" sh -c "'$QGRID' train --progress log '$C' --output '$T/usr1' 2>&1 | grep 'goes on after'"
ok "all of them" same usr1
: >"$T/log"
"$QGRID" train --progress log "$C" --output "$T/single" 2>>"$T/log" >/dev/null &
single=$!
wait_for $single "epoch 1/2"
kill -TERM $single
wait $single
ok "and what one process left is continued by two" goes_on 2 single
finish
