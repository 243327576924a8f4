#!/usr/bin/env bash
# test_formats.sh - results files and checkpoints of other builds: of an older one (tests/formats), and of one that has
# another list of metrics, which h5py and a change of names in a checkpoint stand for.
# May run beside other tests.
# shellcheck source=tests/support/sh.sh
. "$(dirname "$0")/../support/sh.sh"
repository=$PWD
cp -r tests/formats/. "$T"
cd "$T" || exit 2
export OPENBLAS_NUM_THREADS=1

run() { timeout 120 "$QGRID" run job.json --progress none --output "$@"; }
edit() { # FILE PYTHON: what another program would have written, checksums included
    $PYTHON -c "import sys, h5py
with h5py.File(sys.argv[1], 'r+') as f: exec(sys.argv[2])" "$@" && $PYTHON "$repository/tests/support/seal.py" "$1"
}
holds() { $PYTHON -c "import sys, h5py, numpy as np
with h5py.File(sys.argv[1], 'r') as f: sys.exit(0 if eval(sys.argv[2]) else 1)" "$@"; }
same() { [ "$("$QGRID" digest "$1" | cut -d' ' -f1)" = "$("$QGRID" digest "$2" | cut -d' ' -f1)" ]; }
says() { "${@:2}" >"$T/said" 2>&1; grep -qF -- "$1" "$T/said"; }
# The units of predictions and explanations that the last run did: those have a time.
ran="[n for n, t in zip(f['/units/cell'][:], f['/timing/units/seconds'][:]) if t == t and n.startswith(b'e/')]"

# ------------------------------------------------------------------ a results file of an older build
keep="np.array_equal(f['/predictions/m/d/int8/logits'][:], h5py.File('results-unhashed.h5')['/predictions/m/d/int8/logits'][:])"
cp results-unhashed.h5 old.h5
if run old.h5 >said 2>&1; then
    ok "a finished file of an older build with the same layout is as it was" cmp old.h5 results-unhashed.h5
else
    ok "a file of an older build with another layout is refused for that" grep -q "is of another version of the layout: /" said
    ok "with --accept-changes it is gone on with" run old.h5 --accept-changes
fi
ok "its predictions are kept" holds old.h5 "$keep"
ok "status is that of a finished job" "$QGRID" status old.h5

# --------------------------------------------------------------------------- a metric more, or fewer
ok "a file of this build" run whole.h5
ok "says which schema it was made with" holds whole.h5 "len(f['/environment'].attrs['schema_hash']) == 64"

changed() { # FILE EDIT: a copy of whole.h5 as another program would have made it
    cp whole.h5 "$1" && edit "$1" "$2"
}
other="f['/environment'].attrs.modify('schema_hash', np.bytes_('0' * 64))"
unsaid="del f['/environment'].attrs['schema_hash']"
for how in other unsaid; do
    changed fewer.h5 "import numpy as np; ${!how}
for p in 'fp32', 'int8': del f['/metrics/m/d/' + p + '/mcc']"
    cp fewer.h5 before.h5
    fails 2 "/metrics/m/d/fp32 and 1 more: this program has mcc, the file has not. Use --accept-changes" \
        "a metric that the file lacks ($how) is said before anything runs" run fewer.h5
    ok "and nothing is written" cmp fewer.h5 before.h5
    ok "status says it" says "this program has mcc, the file has not" "$QGRID" status fewer.h5
    ok "show says it" says "this program has mcc, the file has not" "$QGRID" show fewer.h5 e/int8
    ok "plan --why says it" says "run   e/int8: the file is of another version of the layout" \
        "$QGRID" plan job.json --output fewer.h5 --why
    ok "--accept-changes computes it" run fewer.h5 --accept-changes
    ok "as a run of this program would have" same fewer.h5 whole.h5
    ok "from the predictions and explanations of the file" holds fewer.h5 "$ran == []"
    ok "after which there is nothing to do" run fewer.h5

    changed more.h5 "import numpy as np; ${!how}
for p in 'fp32', 'int8': f['/metrics/m/d/' + p + '/kappa'] = 0.5"
    fails 2 "/metrics/m/d/fp32 and 1 more: the file has kappa, this program has not" \
        "a metric that this program has not ($how) is said as well" run more.h5
    ok "--accept-changes leaves it out" run more.h5 --accept-changes
    ok "and keeps the rest" same more.h5 whole.h5
done

changed order.h5 "import numpy as np; $other"
fails 2 "is of another version of the layout: its schema is 000000000000, this program's is" \
    "a schema that differs in nothing that the file has is another one all the same" run order.h5
ok "and taken over" run order.h5 --accept-changes
ok "with all results" same order.h5 whole.h5
cp whole.h5 notes.h5
$PYTHON -c "import h5py; h5py.File('notes.h5', 'r+')['/notes/mine'] = 1"
fails 2 "notes.h5: is damaged, or was edited" "a group that somebody has added is seen" run notes.h5
fails 3 "damaged, or edited: attributes, names" "verify sees it" "$QGRID" verify notes.h5
fails 1 "notes.h5: is damaged, or was edited" "such a file has no digest" "$QGRID" digest notes.h5
fails 0 "notes.h5 is damaged, or was edited" "but is shown with a warning" "$QGRID" show notes.h5
ok "a run builds it anew" run notes.h5 --accept-changes
ok "to the same results" same notes.h5 whole.h5
changed both.h5 "$unsaid; del f['/metrics/m/d/fp32/mcc']"
fails 2 "this program has mcc, the file has not; and it was made from other inputs: 4 cells change" \
    "another layout and other inputs are both said" run both.h5 --set /seed=7

# --------------------------------------------------------------------- what can only be computed anew
changed measure.h5 "$unsaid; del f['/faithfulness/m/d/int8/occlusion/deletion_auc']"
ok "a measure of faithfulness needs the model" run measure.h5 --accept-changes
ok "and is computed" same measure.h5 whole.h5
ok "for the explanations that lack it alone" holds measure.h5 "$ran == [b'e/int8/occlusion']"
changed drift.h5 "$unsaid; del f['/comparisons/m/d/int8/occlusion/kendall']"
ok "a measure of drift does not" run drift.h5 --accept-changes
ok "and is the same" same drift.h5 whole.h5
ok "computed from the scores of the file" holds drift.h5 "$ran == []"

changed failed.h5 "$unsaid; del f['/metrics/m/d/fp32/mcc']
k = [n.rstrip(b'\0') for n in f['/cells/name'][:]].index(b'e/int8/occlusion')
f['/cells/state'][k] = 2; f['/cells/error'][k] = b'out of memory'
for u, n in enumerate(f['/units/cell'][:]):
    if n.rstrip(b'\0') == b'e/int8/occlusion': f['/units/state'][u] = 2"
fails 3 "" "a failed cell stays failed" run failed.h5 --accept-changes
ok "with its reason" says "out of memory" "$QGRID" status failed.h5

# ------------------------------------------------------------------------------ trainings in a results file
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
ok "a job with a training" run trained.h5
# The checksum of the training's unit, over the datasets that there are.
summed="
import hashlib, numpy as np
h, g = hashlib.sha256(), f['/training/t']
for n in sorted(g): h.update(np.array(g[n][()], dtype=g[n].dtype).tobytes())
u = [n.rstrip(b'\\0') for n in f['/units/cell'][:]].index(b't/train')
"
ok "which has this checksum" edit trained.h5 "$summed
assert f['/units/checksum'][u] == int(h.hexdigest()[:16], 16)"
trained="[t for n, t in zip(f['/units/cell'][:], f['/timing/units/seconds'][:]) if n == b't/train' and t == t]"
losses="np.array_equal(f['/training/t/loss'][:], h5py.File('trained.h5')['/training/t/loss'][:])"
for column in "del f['/training/t/validation_mcc']" "f['/training/t/validation_kappa'] = [0.1, 0.2]"; do
    cp trained.h5 less.h5
    edit less.h5 "$unsaid
$column
$summed
f['/units/checksum'][u] = int(h.hexdigest()[:16], 16)"
    fails 2 "is of another version of the layout: /training/t: " "another list of metrics of the epochs ($column)" run less.h5
    ok "the training is taken over" run less.h5 --accept-changes
    ok "and neither done again nor read again" holds less.h5 "$trained == [] and $ran == []"
    ok "with its course" holds less.h5 "$losses and 'validation_kappa' not in f['/training/t']"
    ok "its checksum is that of what it is now" says ", 0 damaged" "$QGRID" verify less.h5
done
cp trained.h5 harmed.h5
edit harmed.h5 "$unsaid; del f['/training/t/validation_mcc']"
ok "a training whose checksum does not hold is not taken over" run harmed.h5 --accept-changes
ok "but read again from its folder" holds harmed.h5 "len($trained) == 1 and $losses"

# ------------------------------------------------------------------------------------ checkpoints
train() { timeout 120 "$QGRID" train train.json --progress none --output "$@"; }
cp format1.checkpoint one.checkpoint
fails 2 "one.checkpoint: was written by an older version of qgrid" "a checkpoint of numbers without names is refused by its format" train one
ok "--fresh discards it" train one --fresh

$PYTHON - <<'PY'
# A checkpoint of another list of metrics: the record with another name in it, and a checksum that fits.
import hashlib
b = bytearray(open('format2.checkpoint', 'rb').read())
n = int.from_bytes(b[16:24], 'little')
for name, old, new in (('metric', b'epoch.validation_mcc ', b'epoch.validation_abc '), ('misses', b'step.tokens ', b'step.tokenz ')):
    r = bytes(b[88:88 + n]).replace(old, new)
    open(name + '.checkpoint', 'wb').write(bytes(b[:24]) + hashlib.sha256(r).hexdigest().encode() + r + bytes(b[88 + n:]))
PY
cp format2.checkpoint two.checkpoint
ok "a checkpoint of an older build is gone on with" train two
ok "it goes on to the same model as an undisturbed training" cmp one/model.safetensors two/model.safetensors
course() { # FOLDER: its course, but for metrics that the older build did not have
    sed -E 's/, "(confidence_gap|ece_quantile)": [^,}]*//g' "$1/training.jsonl"
}
same_course() { cmp <(course one) <(course two) && [ "$(course one | wc -l)" -gt 2 ]; }
ok "and the same course" same_course
ok "so is one without a metric that this program has, which is said" \
    says "without epoch.validation_mcc, epoch.validation_confidence_gap" train metric
ok "with what it has in place of it" grep -qF "(undefined for the epochs that are done), with epoch.validation_abc" "$T/said"
ok "it goes on to the same model" cmp one/model.safetensors metric/model.safetensors
ok "whose epochs have no such number before, and have one after" $PYTHON -c "
import json
mcc = [e['validation']['mcc'] for e in map(json.loads, open('metric/training.jsonl')) if 'validation' in e]
assert mcc[0] is None and mcc[-1] is not None"
fails 2 "and this program misses in it step.tokens" "one without what a training needs is refused for that" train misses
cp format2.checkpoint broken.checkpoint
printf x | dd of=broken.checkpoint bs=1 seek=100 conv=notrunc status=none
fails 1 "is damaged: the record has another checksum" "only a wrong checksum is damage" train broken

# ------------------------------------------------------------------------- a field names its filler
cp -r "$repository/src/results" results-src
compiles() { ${CC:-mpicc} -std=c11 -D_GNU_SOURCE -fsyntax-only -I"$repository/include" -I"$repository/src" results-src/layout.c; }
ok "the schema compiles" compiles
sed -i 's/cell_seed)$/cell_sede)/' results-src/schema.def
fails 1 "qg_fill_cell_sede" "a filler that does not exist does not" compiles
finish
