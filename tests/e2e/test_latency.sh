#!/usr/bin/env bash
# One measurement of latency for all models of a shape: who measures, what the others show, resume,
# failures, changes.
. "$(dirname "$0")/../support/sh.sh"
export T

cat >"$T/j.json" <<EOF
{"name": "latency", "output": "$T/j.h5", "labels": ["positive", "neutral", "negative"], "max_length": 32,
 "models": {"m": "models/mini-finetuned", "o": {"path": "models/mini-original", "head": "random"},
            "t": {"train": {"from": "m", "dataset": "d", "validation": "d", "epochs": 1, "batch": 64, "seeds": [7, 5]}}},
 "datasets": {"d": {"path": "datasets/test.tsv", "format": "smsa"}},
 "experiments": {"s": {"model": "t", "dataset": "d"}, "a": {"model": "m", "dataset": "d"}, "b": {"model": "o", "dataset": "d"}},
 "precisions": ["fp32", "int8"],
 "latency": {"warmup": 1, "runs": 2, "samples": 5, "batch_sizes": [1, 2]}}
EOF
cat >"$T/lib.py" <<'PY'
import h5py, numpy as np, os, sys
T = os.environ["T"]
def states(name):
    f = h5py.File(T + "/" + name, "r")
    return {n.decode(): int(s) for n, s in zip(f["cells/name"][:], f["cells/state"][:])}
def group(name, cell):
    experiment, precision, _ = cell.split("/")
    model = {"s_s7": "t_s7", "s_s5": "t_s5", "a": "m", "b": "o"}[experiment]
    return h5py.File(T + "/" + name, "r")["timing/latency/%s/d/%s" % (model, precision)]
def on(name, cell):
    return group(name, cell)["measured_on"][()].decode()
def same(x, y):
    assert sorted(x) == sorted(y)
    for k in x:
        a, b = x[k][()], y[k][()]
        # a batch begins at every second text: the places between are undefined
        assert a.dtype.kind not in "f" or k in ("ms", "text_mean_ms") or np.isfinite(a).all(), k
        assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), k
    assert np.isfinite(x["ms"][0]).all() and (x["ms"][0] > 0).all() and (x["summary"][:, 0] > 0).all()
cells = [e + "/%s/latency" for e in ("s_s7", "s_s5", "a", "b")]
PY
py() { PYTHONPATH=$T $PYTHON -c "from lib import *
$1"; }
J=$T/j.json
show() { "$QGRID" show "$T/$1" "$2"; }

ok "plan counts what is measured" sh -c "'$QGRID' plan '$J' --ranks 2 | grep -q ' 40 latency samples'"
ok "or each experiment" sh -c "sed 's/\"warmup\"/\"per\": \"experiment\", \"warmup\"/' '$J' >'$T/each.json' && '$QGRID' plan '$T/each.json' | grep -q ' 160 latency samples'"
ok "a run" run_np 2 "$J"
ok "closes all cells" "$QGRID" status "$T/j.h5"
ok "with one measurement of each precision, on a model from a folder" py "
for p in ('fp32', 'int8'):
    for c in cells:
        assert on('j.h5', c % p) == 'a', c
        same(group('j.h5', cells[0] % p), group('j.h5', c % p))
assert not np.array_equal(group('j.h5', 'a/fp32/latency')['ms'][()], group('j.h5', 'a/int8/latency')['ms'][()])"
ok "show says whose it is" sh -c "'$QGRID' show '$T/j.h5' s_s5/int8/latency | grep -q 'measured_on  *a$'"
ok "and has the median of every model" sh -c "test \$('$QGRID' show '$T/j.h5' | grep -c '^[abs][_s57]*/.*iB  *[0-9.]*$') = 8"
ok "verify counts two timings" sh -c "'$QGRID' verify '$T/j.h5' | grep -q ' 0 damaged, 2 are timings'"
ok "a second run does nothing" sh -c "cp '$T/j.h5' '$T/kept.h5' && '$QGRID' run --progress none '$J' && cmp '$T/j.h5' '$T/kept.h5'"

ok "only what is selected is measured" run_np 1 "$J" --output "$T/part.h5" --only 's_s5/fp32/latency'
ok "on the model that is selected, and no other is trained" py "
s = states('part.h5')
assert on('part.h5', 's_s5/fp32/latency') == 's_s5'
assert [c for c in s if s[c] == 1] == ['t_s5/train', 's_s5/fp32/latency'], s"
ok "show has a median of no open cell" sh -c "! '$QGRID' show '$T/part.h5' | grep -q '^s_s7/fp32.*[0-9]$'"
ok "the progress line names the cell whose model is timed" sh -c "'$QGRID' run --progress bar --fresh '$J' --output '$T/bar.h5' --only 'b/fp32/latency' \
    --set '/latency={\"runs\": 300}' 2>&1 >/dev/null | grep -q ', at b/fp32/latency'"
ok "the rest shows it, too" run_np 2 "$J" --output "$T/part.h5"
ok "and measures what is left" py "
for c in cells:
    assert on('part.h5', c % 'fp32') == 's_s5' and on('part.h5', c % 'int8') == 'a', c
    same(group('part.h5', cells[0] % 'fp32'), group('part.h5', c % 'fp32'))"
ok "diff finds the same results" "$QGRID" diff "$T/j.h5" "$T/part.h5"
ok "digest, too" test "$("$QGRID" digest "$T/j.h5" | cut -d ' ' -f 1)" = "$("$QGRID" digest "$T/part.h5" | cut -d ' ' -f 1)"

ok "other weights keep the measurement" run_np 1 "$J" --accept-changes --set /models/t/train/epochs=2
ok "as it was" py "
for p in ('fp32', 'int8'):
    for c in cells:
        same(group('kept.h5', 'a/%s/latency' % p), group('j.h5', c % p))"
ok "so do experiments that leave, the owner among them" run_np 1 "$J" --accept-changes --set '/experiments={"a": {"model": "m", "dataset": "d"}, "b": {"model": "o", "dataset": "d"}}'
ok "once more as it was" py "
for p in ('fp32', 'int8'):
    same(group('kept.h5', 'a/%s/latency' % p), group('j.h5', 'b/%s/latency' % p))"
ok "and an owner that comes" run_np 1 "$J" --accept-changes
ok "all cells are done again" "$QGRID" status "$T/j.h5"
ok "another option measures again" run_np 1 "$J" --accept-changes --set /latency/per=experiment
ok "each on its own" py "
for p in ('fp32', 'int8'):
    for c in cells:
        assert on('j.h5', c % p) == c.split('/')[0], c"
fails 2 "/latency/per: 'model' is not one of: shape, experiment" "an unknown choice" "$QGRID" plan "$J" --set /latency/per=model

# A training that fails takes along no measurement that can be made on another model.
fails 3 "failed" "a training that fails" run_np 2 "$J" --output "$T/broken.h5" --set /models/t/train/learning_rate=1e30 --set /models/t/train/batch=16
ok "leaves latency alone" py "
s = states('broken.h5')
assert s['t_s7/train'] == 2 and s['s_s7/fp32'] == 2, s
assert all(s[c % p] == 1 for c in cells for p in ('fp32', 'int8')), s"
finish
