#!/usr/bin/env bash
# Parameter-randomisation checks as cells of a job: what they say, the same bits on any number of
# ranks, resume, damage, changes, packed models.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/explain.sh

# Two models of one shape: once all is drawn anew nothing of either is left.
job ref "j['max_length'] = 16; j['models']['o'] = {'path': 'models/mini-original', 'head': 'random'}
j['experiments']['u'] = {'model': 'o', 'dataset': 'odd'}; j['precisions'] = ['int8', 'fp32']; j['unit_tokens'] = 256
x['methods'] = ['occlusion', 'saliency', {'method': 'smoothgrad', 'draws': 2}, 'attention_rollout', 'random']
x['target'] = 'neutral'; x['faithfulness'] = False; x['randomisation'] = {'smooth': 2, 'noise': 0.5}"
ok "runs without mpirun" run_np 0 "$T/ref.json"
ok "verify finds no damage" sh -c "'$QGRID' verify '$T/ref.h5' | grep -q ' 0 damaged'"
ok "cells are shown" sh -c "'$QGRID' show '$T/ref.h5' e/fp32/saliency/randomisation | grep -q '^  layer 2 '"
ok "all checks are in one table" sh -c "'$QGRID' show '$T/ref.h5' | grep -qE '^e/fp32/random +1\.000 +1\.000 +1\.000 +0\.000\$'"
ok "diff sees another seed" sh -c "'$QGRID' run --progress none '$T/ref.json' --set /explain/randomisation/seed=5 --output '$T/seed.h5' &&
    ! '$QGRID' diff '$T/ref.h5' '$T/seed.h5' >'$T/diff' && grep -q 'e/fp32/saliency/randomisation  *complexity_rise' '$T/diff'"
ok "what is not drawn is skipped, and says why" sh -c \
    "'$QGRID' check '$T/ref.json' 2>&1 | grep -q 'e/fp32/attention_rollout/randomisation is skipped: attention_rollout needs attention'"
ok "explanations change with the parameters" numbers ref.h5 <<'PY'
CHECKED = ["occlusion", "saliency", "smoothgrad", "random"]
assert set(f["randomisation/m/odd/fp32"]) == set(CHECKED) and list(f["randomisation/m/odd"]) == ["fp32"]
states = cells()
assert states["e/fp32/attention_rollout/randomisation"] == 3 and states["e/fp32/saliency/randomisation"] == 1
for M in "m", "o":
    row, words = f["explained/%s/odd/row" % M][:], f["explained/%s/odd/words" % M][:]
    there = row >= 0
    some = there & (words > 2)
    assert some.sum() >= 8
    for m in CHECKED:
        g = f["randomisation/%s/odd/fp32/%s" % (M, m)]
        assert [p.decode() for p in g["drawn_part"][:]] == ["classifier", "pooler", "layer 2", "layer 1", "layer 0", "embeddings"]
        assert (g["target"][:][there] == 1).all() and (g["state"][:] == 1).all()
        s, smooth, before, after, rise = (g[k][:] for k in ("spearman", "smooth_spearman", "complexity", "drawn_complexity", "complexity_rise"))
        for v in s, smooth:
            assert np.isnan(v[~there]).all() and (abs(v[np.isfinite(v)]) <= 1 + 1e-12).all()
            assert np.isfinite(v[some]).mean() > 0.9
        ok = np.isfinite(rise)
        assert ok.sum() >= 8
        close(rise[ok], (after[ok] - before[ok]) / before[ok])
        if m == "random": # it does not look at the model
            close(s[some], np.ones_like(s[some]), 1e-12)
            close(rise[ok], np.zeros(ok.sum()), 0)
        else:
            assert np.nanmean(s[:, -1]) < 0.8 and np.nanmean(smooth[:, -1]) < 0.9, (m, s, smooth)
            assert (s != smooth)[some].any()
        stats = [k.decode() for k in g["summary_statistic"][:]]
        n, mean = stats.index("n"), stats.index("mean")
        close(g["summary"][:, mean], np.nanmean(s, axis=0))
        close(g["smooth_summary"][:, mean], np.nanmean(smooth, axis=0))
        close(g["complexity_summary"][[n, mean]], [ok.sum(), rise[ok].mean()])
PY
ok "nothing of a model is left in the end" numbers ref.h5 <<'PY'
rows = {M: f["explained/%s/odd/row" % M][:] for M in "mo"}
assert sorted(rows["m"]) == sorted(rows["o"]) and (rows["m"] >= 0).sum() == 12
moved = 0
for m in "occlusion", "saliency", "smoothgrad":
    after, before = ({M: f["randomisation/%s/odd/fp32/%s/%s" % (M, m, k)][:][np.argsort(rows[M])] for M in "mo"} for k in ("drawn_complexity", "complexity"))
    assert (after["m"] == after["o"]).all() and np.isfinite(after["m"]).all()
    moved += (before["m"] != before["o"]).sum()
assert moved > 10
PY
ok "the explanation that is compared is that of the cell" numbers ref.h5 <<'PY'
import math
def entropy(v, bins=10):
    if v.min() == v.max():
        return 0.0
    at = np.minimum(((v - v.min()) / (v.max() - v.min()) * bins).astype(int), bins - 1)
    share = np.bincount(at) / len(v)
    return -sum(p * math.log(p) for p in share if p > 0)
same = total = 0
for m in "occlusion", "saliency":
    scores, words = f["attributions/m/odd/fp32/%s/word_scores" % m][:], f["explained/m/odd/words"][:]
    want = [entropy(scores[i, :words[i]]) for i in range(len(words))]
    same += (abs(np.array(want) - f["randomisation/m/odd/fp32/%s/complexity" % m][:]) < 1e-9).sum()
    total += len(want)
assert same >= 0.9 * total, (same, total) # a score on the border of two bins may fall on either side
PY
for np in $(some_ranks 3); do
    ok "runs on $np ranks" run_np $np "$T/ref.json" --output "$T/np$np.h5"
    ok "$np ranks give the same bits" same_digest "$T/ref.h5" "$T/np$np.h5"
done
ok "cut in another way" run_np 2 "$T/ref.json" --output "$T/cut.h5" --set /unit_tokens=16
ok "it is the same" h5diff "$T/ref.h5" "$T/cut.h5" /randomisation /randomisation

# Damage, changes, a part of the job.
$PYTHON -c "
import h5py
d = h5py.File('$T/np3.h5', 'r+')['randomisation/m/odd/fp32/saliency/spearman']
d[1, 0] += 1"
fails 3 "damaged: e/fp32/saliency/randomisation" "verify finds damage" "$QGRID" verify "$T/np3.h5"
ok "the next run repairs it" run_np 2 "$T/ref.json" --output "$T/np3.h5"
ok "to the same bits" same_digest "$T/ref.h5" "$T/np3.h5"
fails 2 "10 cells change (e/fp32/occlusion/randomisation" "other noise is another check" \
    "$QGRID" run --progress none "$T/ref.json" --set /explain/randomisation/noise=0.25 --output "$T/np3.h5"
ok "a changed check alone is made again" sh -c "'$QGRID' run --progress none '$T/ref.json' --set /explain/randomisation/noise=0.25 \
    --output '$T/np3.h5' --accept-changes && h5diff '$T/ref.h5' '$T/np3.h5' /attributions /attributions"
ok "checks can be selected" run_np 1 "$T/ref.json" --output "$T/only.h5" --only 'u/fp32/saliency/randomisation'
ok "and need predictions alone" numbers only.h5 <<'PY'
done = {n for n, s in cells().items() if s == 1}
assert done == {"u/fp32", "u/fp32/saliency/randomisation"}, done
PY
ok "packs a model" "$QGRID" quantize -m models/mini-finetuned -p fp32 -o "$T/packed"
job packed "j['models']['m'] = T + '/packed'; j['precisions'] = ['fp32']; x['methods'] = ['occlusion']; x['randomisation'] = True"
ok "a packed model is not drawn" sh -c "'$QGRID' check '$T/packed.json' 2>&1 | grep -q 'cannot be drawn anew in the packed folder'"
ok "and the job runs" run_np 1 "$T/packed.json"

finish
