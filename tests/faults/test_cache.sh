#!/usr/bin/env bash
# test_cache.sh - the cache cannot lie: models that change while they are read, packed and trained models that are damaged,
# truncated, half-written or gone, before and in the midst of a run. Whatever happens, numbers are those of the undisturbed run.
# May run beside other tests.
# shellcheck source=tests/support/sh.sh
. "$(dirname "$0")/../support/sh.sh"
cp -r tests/formats/. "$T"
cd "$T" || exit 2
export OPENBLAS_NUM_THREADS=1

run() { timeout $HANG "$QGRID" run job.json --progress none --fresh --output "$@"; }
same() { [ "$("$QGRID" digest "$1" | cut -d' ' -f1)" = "$("$QGRID" digest "$2" | cut -d' ' -f1)" ]; }
agree() { "$QGRID" diff "$1" "$2" | grep -qE "^(all cells agree|the same results)"; } # whatever the model's path is
says() { "${@:2}" >said 2>&1 && grep -qF -- "$1" said; }
silent() { "$@" >said 2>&1 && ! grep -q "packed again" said; }
flip() { # FILE SHARE: one bit, where that share of the file ends
    $PYTHON - "$@" <<'PY'
import os, sys
n, share = os.path.getsize(sys.argv[1]), float(sys.argv[2])
with open(sys.argv[1], 'r+b') as f:
    at = min(n - 1, int(n * share)); f.seek(at); b = f.read(1); f.seek(at); f.write(bytes([b[0] ^ 4]))
PY
}
packed() { echo "$QGRID_CACHE"/*-"$1"; } # PRECISION: its folder

ok "the undisturbed run" run ref.h5
ok "with what it packed" silent run twice.h5
ok "gives the same" same ref.h5 twice.h5

# ------------------------------------------------------------------ a model that is written to while it is read
poisoned() { # the model is another one after it was hashed, and before it is packed; says which end it took
    local status=0 pid
    rm -rf changing changing.h5 poison-cache
    cp -r model changing
    QGRID_CACHE=$T/poison-cache "$QGRID" run job.json --progress none --set /models/m=changing --output changing.h5 >said 2>&1 &
    pid=$!
    while [ ! -e changing.h5 ] && kill -0 $pid 2>/dev/null; do :; done
    kill -STOP $pid 2>/dev/null
    cp changing/model.safetensors kept
    flip changing/model.safetensors 0.6
    kill -CONT $pid 2>/dev/null
    wait $pid || status=$?
    cp kept changing/model.safetensors
    if [ $status -eq 0 ]; then agree ref.h5 changing.h5 || echo wrong >>ends; else grep -F "changing/model.safetensors: changed while" said >>ends; fi
}
many_poisoned() {
    : >ends
    for _ in 1 2 3 4 5 6 7 8; do
        poisoned
        [ -s ends ] && break
    done
    ! grep -q wrong ends && [ -s ends ]
}
ok "a model that changes between hash and packing is named, and nothing is computed of it" many_poisoned
later() { QGRID_CACHE=$T/poison-cache "$QGRID" run job.json --progress none --set /models/m=changing --output changing.h5; }
ok "the same command goes on once the model is what it was" later
ok "to the same results" agree ref.h5 changing.h5
ok "and a later run of the intact model is not deceived by the cache" env QGRID_CACHE="$T/poison-cache" "$QGRID" run job.json --progress none --output later.h5
ok "as its results say" same ref.h5 later.h5

# ------------------------------------------------------------------------------------- damaged packed models
for p in fp32 int8; do
    for hurt in "model.safetensors 0.02" "model.safetensors 0.5" "model.safetensors 1" "config.json 0.3" "qgrid.json 0.1" \
        "qgrid.json 0.9" "vocab.txt 0.5" "qgrid.sums 0" "qgrid.sums 0.4" "qgrid.sums 1"; do
        # shellcheck disable=SC2086
        set -- $hurt
        flip "$(packed $p)/$1" "$2"
        ok "a bit of $p's $1 at $2 is noticed, and the model packed again" says "it is packed again" run hurt.h5
        ok "with the same results" same ref.h5 hurt.h5
    done
done
damage() { # SENTENCE COMMAND
    sh -c "cd '$(packed int8)' && $2"
    ok "$1: packed again" says "packed again" run hurt.h5
    ok "$1: the same results" same ref.h5 hurt.h5
}
damage "truncated weights" "truncate -s -1 model.safetensors"
damage "empty weights" ": >model.safetensors"
damage "a missing file" "rm model.safetensors"
damage "a folder of an older format" "rm qgrid.sums; sed -i 's/\"format\": [0-9]*/\"format\": 2/' qgrid.json"
rm "$(packed int8)/qgrid.json"
ok "a folder that was half removed is packed again" run hurt.h5
ok "with the same results" same ref.h5 hurt.h5
ok "after which all is well" silent run hurt.h5

# -------------------------------------------------------------------------------- a folder of qgrid quantize
ok "a folder of the user's" "$QGRID" quantize -m model -p int8 -o mine
predict() { echo "bagus sekali" | "$QGRID" predict -m mine; }
ok "is read" predict
cp -r mine older
rm older/qgrid.sums
sed -i 's/"format": [0-9]*/"format": 2/' older/qgrid.json
fails 1 "run qgrid quantize again" "one of an older format is refused with what to do" sh -c "echo x | '$QGRID' predict -m older"
flip mine/model.safetensors 0.7
fails 1 "mine/model.safetensors: is damaged: its checksum is" "a damaged one is refused by the name of the file" predict
fails 1 "mine/model.safetensors: is damaged" "and stays as it is" predict

# ------------------------------------------------------------------------------------- in the midst of a run
$PYTHON - <<'PY'
import json
j = json.load(open('job.json'))
j['latency'] = {'runs': 10000, 'samples': 6}
j['explain']['methods'] = [{'method': 'lime', 'samples': 20000}, 'occlusion']
json.dump(j, open('long.json', 'w'))
PY
hurt_midway() { # OUTPUT COMMAND: on the packed int8 model, once its predictions are there; then status of the run
    local status=0 pid
    "$QGRID" run long.json --progress none --only 'e/int8*' --output "$1" >said 2>&1 &
    pid=$!
    WHILE=$pid wait_until "progress" has_units "$1" 2 || return 99
    kill -STOP $pid
    sh -c "cd '$(packed int8)' && $2"
    kill -CONT $pid
    wait $pid || status=$?
    return $status
}
ok "a longer run" "$QGRID" run long.json --progress none --only 'e/int8*' --output long.h5
cut_midway() {
    local status=0
    hurt_midway cut.h5 "truncate -s 100 model.safetensors" || status=$?
    [ $status -eq 1 ]
}
ok "weights truncated under a running job end it with status 1" cut_midway
ok "with one line that names the file" sh -c "[ \$(wc -l <said) -eq 1 ] && grep -q 'model.safetensors: was truncated, or can no longer be read' said"
ok "and without its lock" sh -c "[ ! -e cut.h5.lock ]"
ok "the same command goes on" says "packed again" "$QGRID" run long.json --progress none --only 'e/int8*' --output cut.h5
ok "to the same results" same long.h5 cut.h5
ok "a bit flipped under a running job" hurt_midway bit.h5 "printf '\\377' | dd of=model.safetensors bs=1 seek=5000 conv=notrunc status=none"
ok "is noticed" grep -qE "opened again|packed again" said
ok "and what was computed from it computed once more" same long.h5 bit.h5
ok "the cache deleted under a running job" hurt_midway gone.h5 "rm -rf '$QGRID_CACHE'"
ok "is made again" same long.h5 gone.h5

# -------------------------------------------------------------------------------------------- trained models
$PYTHON - <<'PY'
import json
j = json.load(open('job.json'))
t = {k: v for k, v in json.load(open('train.json')).items() if k not in ('output', 'checkpoint', 'labels', 'seed')}
t.update({'from': 'm', 'epochs': 2})
del j['explain']
j['models']['t'] = {'train': t}
j['experiments'] = {'e': {'model': 't', 'dataset': 'd'}}
json.dump(j, open('job.json', 'w'))
PY
ok "a job that trains" run trained.h5
folder=$(dirname "$(find "$QGRID_CACHE" -name training.jsonl)")
ok "its model is taken by the next" run again.h5
ok "and is the same" same trained.h5 again.h5
for hurt in "model.safetensors 0.5" "model.safetensors 1" "config.json 0.5" "training.json 0.9" "training.jsonl 0.5" "vocab.txt 0.5" "qgrid.sums 0.5"; do
    # shellcheck disable=SC2086
    set -- $hurt
    flip "$folder/$1" "$2"
    rm -f again.h5
    ok "a trained model with another bit in $1 is trained again" says "the model is trained again" run again.h5
    ok "to the same bits" same trained.h5 again.h5
done
rm "$folder/qgrid.sums"
ok "one that was never finished is none" says "the model is trained again" run again.h5
truncate -s -1 "$folder/model.safetensors"
ok "nor is one that was cut" says "the model is trained again" run again.h5
ok "with the same bits" same trained.h5 again.h5

# ------------------------------------------------------------------------------------- what crashes left behind
sleep 0 &
dead=$!
wait $dead
left=$QGRID_CACHE/x.tmp-$(hostname)-$dead-0123456789abcdef
other=$QGRID_CACHE/x.tmp-elsewhere-$dead-0123456789abcdef
young=$QGRID_CACHE/y.tmp-$(hostname)-$dead-0123456789abcdef
mkdir "$left" "$other" "$young"
touch "$left/model.safetensors"
touch -d "2 days ago" "$left" "$other"
rm -rf "$QGRID_CACHE"/*-int8
ok "a run that packs" run again.h5
ok "removes what a dead process of this host has left long ago" sh -c "[ ! -e '$left' ]"
ok "and nothing else" sh -c "[ -d '$other' ] && [ -d '$young' ]"
finish
