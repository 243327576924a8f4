#!/usr/bin/env bash
# What a job says about explanations: the target, pairs of experiments, trained models, texts
# without labels, packed models; and the results in xarray.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/explain.sh

# Targets, and two experiments on one data set.
two="j['seed'] = 11; j['models']['o'] = {'path': 'models/mini-original', 'head': 'random'}
j['experiments']['u'] = {'model': 'o', 'dataset': 'odd'}
j['precisions'] = ['fp32', 'int4']; x['methods'] = ['occlusion', 'saliency', 'random']; x['pairs'] = [['e', 'u'], ['u', 'e']]; j['margin'] = {'aopc': 0.1}"
job predicted "$two; x['target'] = 'predicted'"
ok "what each precision predicts is explained" run_np 2 "$T/predicted.json"
ok "and is not compared where that differs" numbers predicted.h5 <<'PY'
flips = 0
for M in "m", "o":
    row = f["explained/%s/odd/row" % M][:]
    assert sorted(row) == list(range(12)) # correct_only is off, there are 4 of each class
    a, b = (f["attributions/%s/odd/%s/saliency" % (M, p)] for p in ("fp32", "int4"))
    for g, p in ((a, "fp32"), (b, "int4")):
        want = f["predictions/%s/odd/%s/predicted" % (M, p)][:][row]
        assert (g["target"][:] == want).all() and (g["predicted"][:] == want).all()
    d = f["comparisons/%s/odd/int4/saliency" % M]
    flipped = a["target"][:] != b["target"][:]
    assert (d["flipped"][:] == flipped).all() and np.isnan(d["spearman"][:][flipped]).all() and np.isnan(d["top_1"][:][flipped]).all()
    assert np.isfinite(d["top_1"][:][~flipped]).all()
    n = d["summary"][:, list(d["measure"][:]).index(b"top_1"), 0]
    assert list(n[:3]) == [(~flipped).sum(), (~flipped).sum(), 0], n
    flips += flipped.sum()
    e = f["comparisons/%s/odd/explanations" % M]
    assert (e["other_class"][:] == [[0, flipped.sum()]] * 3).all() # and says of how many texts
assert flips > 0
PY
for np in $(some_ranks 3); do
    ok "on $np ranks" run_np $np "$T/predicted.json" --output "$T/predicted$np.h5"
    ok "$np ranks give the same bits" same_digest "$T/predicted.h5" "$T/predicted$np.h5"
done
job reference "$two; x['samples']['correct_only'] = True"
ok "what fp32 predicts is explained" run_np 2 "$T/reference.json"
ok "and is compared where another class is predicted, too" numbers reference.h5 <<'PY'
flips = 0
for M in "m", "o":
    row = f["explained/%s/odd/row" % M][:]
    there = row >= 0
    for p in ("fp32", "int4"):
        assert (f["attributions/%s/odd/%s/saliency/target" % (M, p)][:] == f["explained/%s/odd/reference" % M][:]).all()
    d = f["comparisons/%s/odd/int4/saliency" % M]
    flipped = d["flipped"][:]
    assert (flipped[~there] == -1).all() and np.isfinite(d["top_1"][:][there]).all()
    n = d["summary"][:, list(d["measure"][:]).index(b"top_1"), 0]
    assert list(n[:3]) == [there.sum(), (flipped == 0).sum(), (flipped == 1).sum()], n
    flips += (flipped == 1).sum()
assert flips > 0
PY
cat >"$T/pairs.py" <<'PY'
rows = {M: list(f["explained/%s/odd/row" % M][:]) for M in "mo"}
pair, turned = f["pairs/e/u"], f["pairs/u/e"]
seen = out = 0
for m, method in enumerate(k.decode() for k in pair["method"][:]):
    for i, p in enumerate(("fp32", "int4")):
        of = {M: f["attributions/%s/odd/%s/%s/target" % (M, p, method)][:] for M in "mo"}
        both = [(k, rows["o"].index(r)) for k, r in enumerate(rows["m"]) if r >= 0 and r in rows["o"]]
        same = [(k, l) for k, l in both if of["m"][k] == of["o"][l]]
        for g in pair, turned:
            assert g["same_class"][m, i] == len(same) and g["other_class"][m, i] == len(both) - len(same)
        out += len(both) - len(same)
        for group, name, column, margin in (("comparisons", "drift", "spearman", 0.05), ("faithfulness", "aopc_comprehensiveness", "aopc_comprehensiveness", 0.1)):
            t, back = (named(pair, "test", g[name][m, i]) for g in (pair, turned))
            if name == "drift" and p == "fp32": # has none
                assert t["n"] == 0 and math.isnan(t["difference"])
                continue
            a, b = (f["%s/%s/odd/%s/%s/%s" % (group, M, p, method, column)][:] for M in "mo")
            a, b = a[[k for k, l in same]], b[[l for k, l in same]]
            d = (b - a)[np.isfinite(b - a)]
            assert len(d) > 0
            check_difference(t, d)
            if len(d) > 1:
                assert t["ci_low"] - 1e-12 <= t["difference"] <= t["ci_high"] + 1e-12
            close([back["difference"], back["p"]], [-t["difference"], t["p"]])
            check_within(named(pair, "within", pair[name + "_equivalent"][m, i]), a, b, margin, True)
            check_within(named(pair, "within", pair[name + "_not_below"][m, i]), a, b, margin, False)
            check_within(named(pair, "within", turned[name + "_not_below"][m, i]), b, a, margin, False)
            seen += 1
methods = [k.decode() for k in pair["method"][:]]
for name, size in (("drift", 2), ("aopc_comprehensiveness", 4)): # two methods besides random
    assert check_family(pair, "test", name, methods) == size
    for question in "_equivalent", "_not_below":
        assert check_family(pair, "within", name + question, methods) == size
assert seen == 9
assert (out > 0) == DIFFERENT, out
PY
pairs() { # FILE DIFFERENT: the tests of pairs in a file, whether some texts are explained for different classes
    { echo "DIFFERENT = $2" && cat "$T/pairs.py"; } | numbers "$1"
}
ok "pairs are tested over the texts explained in both" pairs reference.h5 False
ok "for the same class, and the others are counted" pairs predicted.h5 True
ok "which is shown" sh -c "'$QGRID' show '$T/predicted.h5' e/vs/u | grep -q 'left out for another class, texts  fp32  int4'"
# An experiment whose model cannot be packed here takes its pairs along and nothing else.
other() { QGRID_CACHE="$T/other" run_np "$@"; }
job single "$two; del j['experiments']['e'], j['explain']; j['precisions'] = ['fp32']"
ok "one model alone" other 0 "$T/single.json"
name=$(basename "$(compgen -G "$T/other/*-fp32" | head -n 1)")
rm -rf "$T/other"/*
touch "$T/other/$name"
fails 75 "cannot be created" "a model that cannot be packed here leaves cells open" other 2 "$T/reference.json" --output "$T/mended.h5"
for group in /attributions/m /comparisons/m /faithfulness/m; do
    ok "the other experiment has its $group" h5diff "$T/reference.h5" "$T/mended.h5" $group $group
done
rm "$T/other/$name"
ok "it is tried again" other 2 "$T/reference.json" --output "$T/mended.h5"
ok "to the same bits" same_digest "$T/reference.h5" "$T/mended.h5"

job label "$two; x['target'] = 'neutral'; del x['pairs']; x['faithfulness'] = False"
ok "one label is explained" run_np 1 "$T/label.json"
ok "in all texts, and nothing else is measured" numbers label.h5 <<'PY'
for p in ("fp32", "int4"):
    g = f["attributions/o/odd/%s/occlusion" % p]
    assert (g["target"][:] == 1).all()
    close(g["value"][:], f["predictions/o/odd/%s/probabilities" % p][:][f["explained/o/odd/row"][:], 1], 1e-6)
assert "faithfulness" not in f and "pairs" not in f and "aopc_comprehensiveness" not in f
PY

# Trained models, by seeds.
job seeds "j['models']['tuned'] = {'train': {'from': 'm', 'dataset': 'odd', 'validation': 'odd', 'batch': 4, 'epochs': 1, 'learning_rate': 1e-4, 'seeds': [7, 5], 'qat': 'int8'}}
j['experiments']['t'] = {'model': 'tuned', 'dataset': 'odd'}; j['precisions'] = ['fp32', 'int8']
x['methods'] = ['gradient_x_input', 'random']; x['pairs'] = [['e', 't']]"
ok "trained models are explained" run_np 2 "$T/seeds.json"
ok "each seed is a pair" numbers seeds.h5 <<'PY'
assert sorted(f["pairs/e"]) == ["t_s5", "t_s7"]
for s in "57":
    test = dict(zip([t.decode() for t in f["pairs/e/t_s%s/test" % s][:]], f["pairs/e/t_s%s/drift" % s][0, 1]))
    assert test["n"] > 5 and math.isfinite(test["difference"])
    assert f["attributions/tuned_s%s/odd/int8/gradient_x_input/gradients" % s][()] == b"ste"
a, b = (f["attributions/tuned_s%s/odd/fp32/gradient_x_input/word_scores" % s][:] for s in "57")
assert (a[np.isfinite(a)] != b[np.isfinite(b)]).any()
PY
ok "the cells of a pair have both names" "$QGRID" show "$T/seeds.h5" e/vs/t_s7

# Texts without labels go by what fp32 predicts.
job bare "j['datasets']['odd'] = {'path': T + '/bare.txt', 'format': 'lines'}
x['samples'] = {'per_class': 2}; x['methods'] = ['occlusion', 'saliency']"
ok "texts without labels are explained" run_np 2 "$T/bare.json"
ok "by their prediction" numbers bare.h5 <<'PY'
assert (f["datasets/odd/label"][:] == -1).all()
row, predicted = f["explained/m/odd/row"][:], f["predictions/m/odd/fp32/predicted"][:]
assert list(predicted[row]) == [0, 0, 1, 1, 2, 2] and len(set(row)) == 6, row
assert (f["explained/m/odd/reference"][:] == predicted[row]).all()
assert np.isfinite(f["comparisons/m/odd/int8/occlusion/top_1"][:]).all()
PY

# A packed folder gives no gradients: what needs them is skipped, and says why.
ok "a packed model" "$QGRID" quantize -m models/mini-finetuned -p fp32 -o "$T/packed"
packed="j['models']['m'] = T + '/packed'; j['precisions'] = ['fp32']"
job packed "$packed; x['methods'] = ['integrated_gradients', 'occlusion', 'attention_rollout']"
ok "is explained by what needs no gradients" run_np 2 "$T/packed.json"
fails 0 "integrated_gradients needs gradients, which the packed folder" \
    "the others are skipped" "$QGRID" status "$T/packed.h5"
ok "and have no results" numbers packed.h5 <<'PY'
assert cells() == {"e/fp32": 1, "e/compare": 1, "e/fp32/integrated_gradients": 3, "e/fp32/occlusion": 1, "e/fp32/attention_rollout": 1, "e/explanations": 1}, cells()
assert "integrated_gradients" not in f["attributions/m/odd/fp32"] and "occlusion" in f["attributions/m/odd/fp32"]
a = f["comparisons/m/odd/explanations/agreement"][0]
assert np.isnan(a[0]).all() and a[1, 1] == 1, a
PY
ok "a skipped cell may be selected" run_np 1 "$T/packed.json" --output "$T/packed2.h5" --only '*/integrated_gradients'
job unable "$packed; x['methods'] = ['saliency']"
ok "a job of skipped explanations alone" run_np 1 "$T/unable.json"
ok "skips the tests over them, too" numbers unable.h5 <<'PY'
assert cells() == {"e/fp32": 1, "e/compare": 1, "e/fp32/saliency": 3, "e/explanations": 3}, cells()
PY
ok "verify is content with it" "$QGRID" verify "$T/unable.h5"

# Mistakes (more of them in tests/unit/test_job_explain.c).
bad() { # NAME CHANGE MESSAGE
    job bad "$2"
    fails 2 "$3" "$1" "$QGRID" run --progress none "$T/bad.json"
}
bad "an unknown method" "x['methods'] = ['lmie']" "bad.json:34:4: /explain/methods/0: there is no method 'lmie', did you mean 'lime'"
bad "no texts of a class" "x['samples']['per_class'] = 0" "/explain/samples/per_class: per_class is an integer in [1, 1000000]"
bad "explanations without fp32" "j['precisions'] = ['int8']" "/explain: explanations are compared with those of fp32"
bad "a pair twice" "$two; x['pairs'][1].reverse()" "/explain/pairs/1: the pair of 'e' and 'u' occurs twice"
ok "and nothing was written" test ! -e "$T/bad.h5"

# Other people's readers.
if $PYTHON -c "import xarray, h5netcdf" 2>/dev/null; then
    ok "xarray opens the groups of explanations" numbers reference.h5 <<'PY'
import xarray as xr
sizes = {
    "explained/m/odd": {"explained": 12},
    "attributions/m/odd/int4/saliency": {"explained": 12, "word_place": 30, "token_place": 32},
    "attributions/m/odd/fp32/random/repeat": {"explained": 12, "word_place": 30},
    "faithfulness/m/odd/int4/saliency": {"explained": 12, "k": 3, "faithful_measure": 14, "faithful_measure_at_k": 4, "summary_statistic": 8},
    "comparisons/m/odd/int4/saliency": {"explained": 12, "measure": 9, "subset": 5, "summary_statistic": 8},
    "comparisons/m/odd/explanations": {"precision": 2, "precision_a": 2, "precision_b": 2, "method": 3, "method_a": 3, "method_b": 3, "test": 10, "within": 10},
    "pairs/e/u": {"precision": 2, "method": 3, "test": 10, "within": 10},
}
for group, want in sizes.items():
    with xr.open_dataset(f.filename, group=group, engine="h5netcdf") as d:
        assert dict(d.sizes) == want, (group, dict(d.sizes))
        d.load()
PY
else
    skip "xarray opens the groups of explanations" "xarray or h5netcdf is absent"
fi

finish
