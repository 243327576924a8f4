#!/usr/bin/env bash
# Sensitivity: one part of a model at a time under each precision, the rest in fp32: what its cells
# say, the same bits on any number of ranks, kill and resume, damage, what is refused.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/explain.sh

job ref "j['precisions'] = ['fp32', 'int4', {'precision': 'fp16', 'name': 'half'}]
j['unit_tokens'] = 64; x['methods'] = ['gradient_x_input', {'method': 'occlusion', 'name': 'gone'}, 'attention_rollout', {'method': 'lime', 'samples': 8}]
x['faithfulness'] = False; j['sensitivity'] = {'experiments': ['e'], 'methods': ['gradient_x_input', 'gone', 'attention_rollout', 'lime'], 'precisions': ['int4', 'half']}"
ok "runs without mpirun" run_np 0 "$T/ref.json"
ok "verify finds no damage" sh -c "'$QGRID' verify '$T/ref.h5' | grep -q ' 0 damaged'"
ok "cells are shown" sh -c "'$QGRID' show '$T/ref.h5' e/int4/sensitivity | grep -q 'bert.encoder.layer.2.output.dense '"
ok "blocks are in one table" sh -c "'$QGRID' show '$T/ref.h5' | grep -qE '^e/int4, nothing +0 +0 +0 +0\.0000 '"
ok "parts stand beside precisions" sh -c "'$QGRID' export '$T/ref.h5' part_drift | grep -qE '^e/gone,nothing,1,1\$'"
ok "and are drawn" sh -c "'$QGRID' report '$T/ref.h5' -o '$T/report' --only sensitivity >/dev/null && grep -q 'layer 2' '$T/report/figures/sensitivity.svg' &&
    grep -q 'attention_output' '$T/report/figures/sensitivity_layers.svg' && grep -q 'e/gone' '$T/report/figures/sensitivity_drift.svg'"
ok "everything quantized is the precision itself, nothing is fp32" numbers ref.h5 <<'PY'
K = 3
def parts(P):
    g = f["sensitivity/m/odd/%s" % P]
    return g, [p.decode() for p in g["part"][:]]
def softmax(z):
    z = z.astype(float)
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
fp32 = f["predictions/m/odd/fp32/logits"][:]
label = f["datasets/odd/label"][:]
for P in "int4", "half":
    g, name = parts(P)
    kind = [k.decode() for k in g["kind"][:]]
    assert name[:4] == ["nothing", "all", "embeddings", "layer 0"] and len(set(zip(name, kind))) == len(name) == 2 + 5 + 8 + 20
    assert list(g["row"][:]) == list(range(12)) and (g["state"][:] == 1).all()
    z = g["logits"][:]
    assert (z[:, 0] == fp32).all() and (z[:, 1] == f["predictions/m/odd/%s/logits" % P][:]).all()
    assert (z[:, name.index("embeddings")] == fp32).all() == (P == "int4")
    stat = [s.decode() for s in g["summary_statistic"][:]]
    share = [s.decode() for s in g["share_statistic"][:]]
    p = softmax(z)
    kl = (p[:, :1] * np.log(p[:, :1] / p)).sum(-1)
    close(g["kl"][:, stat.index("mean")], kl.mean(0), 1e-12)
    assert (g["kl"][0, stat.index("mean"):] == 0).all() and (g["kl"][:, stat.index("n")] == 12).all()
    was, now = z[:, :1].argmax(-1), z.argmax(-1)
    flips = was != now
    close(g["flips"][:, share.index("share")], flips.mean(0), 1e-12)
    q, n, zz = flips.mean(0), 12, 1.9599639845400545
    low = (q + zz**2 / 2 / n - zz * np.sqrt(q * (1 - q) / n + (zz / 2 / n) ** 2)) / (1 + zz**2 / n)
    close(g["flips"][:, share.index("ci_low")], low, 1e-9)
    harmful, beneficial = flips & (was == label[:, None]), flips & (now == label[:, None])
    assert (g["harmful"][:] == harmful.sum(0)).all() and (g["beneficial"][:] == beneficial.sum(0)).all()
    assert (g["neutral"][:] == (flips & ~harmful & ~beneficial).sum(0)).all()
    right = (now == label[:, None]).mean(0)
    close(g["accuracy"][:], right, 1e-12)
    close(g["accuracy_difference"][:], right - right[0], 1e-12)
    f1 = [np.mean([2 * ((now[:, i] == k) & (label == k)).sum() / max(1, ((now[:, i] == k).sum() + (label == k).sum())) for k in range(K)]) for i in range(len(name))]
    close(g["macro_f1"][:], f1, 1e-12)
    # parts of a kind have all parameters, or all those of Linear layers, between them
    count = g["parameters"][:]
    of = lambda k: sum(c for c, q in zip(count, kind) if q == k)
    assert count[0] == 0 and of("block") == count[1] and of("kind") == of("linear") < count[1]
    layer = g["layer"][:]
    assert [layer[i] for i in range(len(name)) if kind[i] == "block"] == [-1, 0, 1, 2, -1]
    roles = {r.decode() for r in g["role"][:]} - {""}
    assert roles == {"query", "key", "value", "attention_output", "intermediate", "output", "pooler", "classifier"}
g, name = parts("int4")
assert len({g["logits"][:, i].tobytes() for i in range(len(name))}) >= len(name) - 5 # of layer, kind and Linear layer of the head, and fp32, some are one
PY
ok "and so are their explanations" numbers ref.h5 <<'PY'
for P in "int4", "half":
    for m in "gradient_x_input", "gone", "attention_rollout", "lime":
        g = f["sensitivity/m/odd/%s/%s" % (P, m)]
        measure = [k.decode() for k in g["measure"][:]]
        there = f["explained/m/odd/row"][:] >= 0
        d = g["drift"][:]
        assert (g["slot"][:] == np.arange(len(there))).all() and (g["target"][:] == f["attributions/m/odd/fp32/%s/target" % m][:]).all()
        assert np.isnan(d[~there]).all()
        for i, k in enumerate(measure):
            nothing, all_ = d[:, 0, i], d[:, 1, i]
            want = 0 if k in ("sign_flip", "magnitude_shift") else 1
            ok_ = np.isfinite(nothing)
            assert ok_.sum() >= 6 and (abs(nothing[ok_] - want) < 1e-12).all(), (P, m, k, nothing)
            other = f["comparisons/m/odd/%s/%s/%s" % (P, m, k)][:]
            assert ((all_ == other) | (np.isnan(all_) & np.isnan(other))).all(), (P, m, k, all_, other)
        s = d[:, :, measure.index("spearman")]
        stat = [k.decode() for k in g["summary_statistic"][:]]
        close(g["summary"][:, measure.index("spearman"), stat.index("mean")], np.nanmean(s, axis=0), 1e-12)
    assert P != "int4" or (np.nanmean(s[:, 2:], axis=0) < 1).sum() > 20
PY
for np in 2 3; do
    ok "runs on $np ranks" run_np $np "$T/ref.json" --output "$T/np$np.h5"
    ok "$np ranks give the same bits" same_digest "$T/ref.h5" "$T/np$np.h5"
done
ok "cut in another way" run_np 2 "$T/ref.json" --output "$T/cut.h5" --set /unit_tokens=16
ok "it is the same" h5diff "$T/ref.h5" "$T/cut.h5" /sensitivity /sensitivity

# A run that dies among these cells.
cell_has_units() { # FILE: a unit of sensitivity is done, not all
    $PYTHON -c "
import h5py, sys
u = h5py.File(sys.argv[1], 'r', locking=False)['units']
done = [s == 1 for c, s in zip(u['cell'][:], u['state'][:]) if c.endswith(b'sensitivity')]
sys.exit(not any(done))" "$1" 2>/dev/null
}
gone() { [ -z "$(rank_of "$1")" ]; }
setsid timeout -k 5 $HANG mpirun -np 2 "$QGRID" run --progress none "$T/ref.json" --output "$T/killed.h5" >/dev/null 2>&1 &
pid=$!
WHILE=$pid wait_until "unit of sensitivity" cell_has_units "$T/killed.h5"
# shellcheck disable=SC2046
kill -9 $(rank_of "$T/killed.h5") 2>/dev/null
{ wait $pid; } 2>/dev/null
ok "all ranks are gone" wait_until "end of all ranks" gone "$T/killed.h5"
ok "what is left has no damage" sh -c "'$QGRID' verify '$T/killed.h5' | grep -q ' 0 damaged'"
ok "the run goes on" run_np 3 "$T/ref.json" --output "$T/killed.h5"
ok "to the same bits" same_digest "$T/ref.h5" "$T/killed.h5"

# Damage, changes, a part of the job.
$PYTHON -c "
import h5py
f = h5py.File('$T/np3.h5', 'r+')
f['sensitivity/m/odd/int4/logits'][1, 2, 0] += 1
f['sensitivity/m/odd/int4/gone/drift'][1, 3, 0] += 1"
fails 3 "damaged: e/int4/sensitivity" "verify finds damage" "$QGRID" verify "$T/np3.h5"
fails 3 "damaged: e/int4/gone/sensitivity" "in explanations, too" "$QGRID" verify "$T/np3.h5"
ok "the next run repairs it" run_np 2 "$T/ref.json" --output "$T/np3.h5"
ok "to the same bits" same_digest "$T/ref.h5" "$T/np3.h5"
ok "diff sees another precision" sh -c "'$QGRID' run --progress none '$T/ref.json' --set /sensitivity/precisions='[\"int4\"]' --output '$T/one.h5' &&
    '$QGRID' diff '$T/ref.h5' '$T/one.h5' | grep -q 'e/half/sensitivity'; test \$? = 0"
ok "a part alone can be selected" run_np 2 "$T/ref.json" --output "$T/only.h5" --only 'e/int4/gone/sensitivity'
ok "and needs predictions of fp32 alone" numbers only.h5 <<'PY'
done = {n for n, s in cells().items() if s == 1}
assert done == {"e/fp32", "e/int4/gone/sensitivity"}, done
PY
ok "fewer texts are some of all" run_np 2 "$T/ref.json" --output "$T/few.h5" --set '/sensitivity/samples={"texts": 5, "per_class": 2}'
ok "to the bit" sh -c "cat >'$T/few.py' && $PYTHON '$T/few.py'" <<PY
import h5py, numpy as np
few, all_ = h5py.File("$T/few.h5", "r"), h5py.File("$T/ref.h5", "r")
a, b = few["sensitivity/m/odd/int4"], all_["sensitivity/m/odd/int4"]
rows = a["row"][:]
assert len(rows) == 5 and (np.diff(rows) > 0).all() and (a["logits"][:] == b["logits"][:][rows]).all()
for m in "gone", "gradient_x_input":
    slot = a[m + "/slot"][:]
    x, y = a[m + "/drift"][:], b[m + "/drift"][:][slot]
    assert len(slot) == 6 and ((x == y) | (np.isnan(x) & np.isnan(y))).all()
PY

# What is refused, and where.
refused() { # MESSAGE SENTENCE SENSITIVITY
    $PYTHON -c "
import json, sys
j = json.load(open('$T/ref.json')); j['sensitivity'] = json.loads(sys.argv[1])
json.dump(j, open('$T/wrong.json', 'w'), indent=1)" "$3"
    fails 2 "$1" "$2" "$QGRID" check "$T/wrong.json"
}
refused "/sensitivity/experiments/0: there is no experiment 'x'" "an experiment that there is not" '{"experiments": ["x"]}'
refused "/sensitivity/precisions/1: 'int3_g7' is not the name of one of the job's precisions: fp32, int4, half" \
    "a precision that there is not" '{"precisions": ["int4", "int3_g7"]}'
refused "/sensitivity/precisions/0: 'fp32' is what the others are compared with" "fp32 beside fp32" '{"precisions": ["fp32"]}'
refused "/sensitivity/methods/0: 'occlusion' is not the name of one of the job's methods: gradient_x_input, gone" \
    "a method that there is not" '{"methods": ["occlusion"]}'
refused "/sensitivity/samples/texts" "texts below none" '{"samples": {"texts": -1}}'
refused "unknown key 'layers'" "an unknown key" '{"layers": 3}'
refused "/sensitivity: found a number" "no object" '3'
job bare "j['precisions'] = ['int8']; del j['explain']; j['sensitivity'] = {}"
fails 2 "compares with fp32, which is not among the job's precisions" "no fp32" "$QGRID" check "$T/bare.json"
job alone "del j['explain']; j['sensitivity'] = {'methods': ['gone']}"
fails 2 "'gone' is not the name of one of the job's methods: it has no \"explain\"" "methods without any" "$QGRID" check "$T/alone.json"
job named "x['methods'] = [{'method': 'occlusion', 'name': 'sensitivity'}]"
fails 2 "name 'sensitivity' is taken for cells of its kind" "a method of that name" "$QGRID" check "$T/named.json"
job stressed "j['stress'] = {'datasets': ['odd'], 'perturbations': ['typos'], 'levels': [0, 0.5]}; del j['explain']; j['sensitivity'] = {'experiments': ['e+0']}"
fails 2 "/sensitivity/experiments/0: 'e+0' is made by \"stress\"" "perturbed texts" "$QGRID" check "$T/stressed.json"
job one "j['precisions'] = ['fp32']; del j['explain']; j['sensitivity'] = {}"
fails 2 "/sensitivity: there is no precision besides fp32" "nothing to put on a part" "$QGRID" check "$T/one.json"

finish
