#!/usr/bin/env bash
# Experiments against the fp32 of their references, over seeds, and drift split into training and
# quantization: everything recomputed from predictions and scores in the results file.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/explain.sh

# Models trained on from one that is fine-tuned: with quantization in training, and a control. The
# reference comes after what is compared with it.
trained() { # NAME [CHANGE]
    job "$1" "train = {'from': 'fine', 'seeds': [5, 9], 'dataset': 'train', 'validation': 'train', 'epochs': 1, 'batch': 12, 'learning_rate': 1e-3}
j['models'] = {'fine': 'models/mini-finetuned', 'control': {'train': train}, 'qat': {'train': dict(train, qat='int4')}}
j['datasets'] = {'d': {'path': 'datasets/test.tsv', 'format': 'smsa', 'sample': {'per_class': 16, 'seed': 3}},
                 'train': {'path': 'datasets/test.tsv', 'format': 'smsa', 'sample': {'per_class': 8, 'seed': 4}}}
j['experiments'] = {'q': {'model': 'qat', 'dataset': 'd'}, 'c': {'model': 'control', 'dataset': 'd'}, 'f': {'model': 'fine', 'dataset': 'd'}}
j['precisions'] = ['fp32', 'int8', 'int4']
j['decompose'] = [{'of': 'q', 'control': 'c'}]
x['methods'] = ['gradient_x_input', {'method': 'lime', 'samples': 30}, 'occlusion', 'random']
x['samples'] = {'per_class': 5}
x['faithfulness'] = {'k': [1, 3], 'curve_steps': 0}
${2:-}"
}
cat >>"$T/common.py" <<'PY'
from math import comb, log
METHODS = ["gradient_x_input", "lime", "occlusion", "random"]
P = ["fp32", "int8", "int4"]
MODELS = [("qat_s5", "q_s5"), ("qat_s9", "q_s9"), ("control_s5", "c_s5"), ("control_s9", "c_s9")]
def texts(v): # names along a side
    return [x.decode() for x in v[()]]
def words(m, p, x): # scores and classes of the slots
    g = f["attributions/%s/d/%s/%s" % (m, p, x)]
    return g["word_scores"][:], g["target"][:]
def rho(of, reference, x): # [slot] Spearman's, of the same text and class; NaN where there is none
    (a, s), (b, t) = words(*of, x), words(*reference, x)
    mine, other = (list(f["explained/%s/d/row" % m][:]) for m in (of[0], reference[0]))
    out = np.full(len(mine), math.nan)
    for i, r in enumerate(mine):
        k = other.index(r) if r >= 0 and r in other else -1
        if k >= 0 and s[i] == t[k]:
            n = int((~np.isnan(a[i])).sum())
            out[i] = spearman(a[i][:n], b[k][:n])
    return out
def mean(v):
    v = np.asarray(v)
    v = v[~np.isnan(v)]
    return v.mean() if len(v) else math.nan
def binomial(b, c): # two-sided
    n, k = b + c, min(b, c)
    return 1.0 if n == 0 else min(1.0, 2 * sum(comb(n, i) for i in range(k + 1)) / 2.0**n)
def holm(p):
    p, out, least, n = np.asarray(p, dtype=float), np.full(len(p), math.nan), 0.0, int((~np.isnan(p)).sum())
    for i, k in enumerate(np.argsort(p, kind="stable")[:n]):
        least = max(least, min(1.0, (n - i) * p[k]))
        out[k] = least
    return out
PY

trained ref
ok "check accepts a job whose references come later" "$QGRID" check "$T/ref.json"
ok "runs without mpirun" run_np 0 "$T/ref.json"
ok "every cell is done" numbers ref.h5 <<'PY'
assert set(cells().values()) == {1}
names = set(cells())
assert {"q_s5/reference", "c_s9/reference", "q/seeds/explanations", "q_s5/decomposition/c_s5", "q/decomposition/c"} <= names
assert "f/reference" not in names
for m, e in MODELS:
    assert f["comparisons/%s/d/reference" % m].attrs["reference"] in (b"f", "f")
PY
ok "the reference chooses the texts and the class" numbers ref.h5 <<'PY'
predicted, label = f["predictions/fine/d/fp32/predicted"][:], f["datasets/d/label"][:]
row = f["explained/fine/d/row"][:]
assert (label[row] == predicted[row]).all() and len(row) == 15
for m, _ in MODELS:
    assert (f["explained/%s/d/row" % m][:] == row).all() and (f["explained/%s/d/reference" % m][:] == predicted[row]).all()
    for p in P:
        for x in METHODS:
            assert (f["attributions/%s/d/%s/%s/target" % (m, p, x)][:] == predicted[row]).all()
assert any((f["predictions/%s/d/fp32/predicted" % m][:][row] != predicted[row]).any() for m, _ in MODELS) # it does choose
PY
ok "flips, agreement, McNemar and divergences are those of the predictions" numbers ref.h5 <<'PY'
label = f["datasets/d/label"][:]
base, q = f["predictions/fine/d/fp32/predicted"][:], f["predictions/fine/d/fp32/probabilities"][:]
for m, _ in MODELS:
    g, p_value = f["comparisons/%s/d/reference" % m], []
    assert texts(g["precision"]) == P
    for i, p in enumerate(P):
        mine, v = f["predictions/%s/d/%s/predicted" % (m, p)][:], f["predictions/%s/d/%s/probabilities" % (m, p)][:]
        right, was = mine == label, base == label
        b, c = int((was & ~right).sum()), int((~was & right).sum())
        assert (g["harmful"][i], g["beneficial"][i]) == (b, c)
        assert g["both_right"][i] == (was & right).sum()
        assert g["neutral"][i] == (~was & ~right & (mine != base)).sum()
        assert g["both_wrong"][i] == (~was & ~right & (mine == base)).sum()
        close(g["agreement"][i], (mine == base).mean(), 1e-15)
        p_value.append(binomial(b, c))
        middle = (q + v) / 2
        kl = lambda s, t: (s * np.log(s / t)).sum() / len(s)
        close(g["kl"][i], kl(q, v), 1e-9)
        close(g["js"][i], (kl(q, middle) + kl(v, middle)) / 2, 1e-9)
        close(g["tv"][i], abs(q - v).sum() / 2 / len(q), 1e-12)
        d = g["metric_difference"][i]
        assert texts(g["metric"]) == ["accuracy", "macro_f1", "nll", "ece"]
        names = texts(g["difference_statistic"])
        for k, name in enumerate(texts(g["metric"])):
            want = f["metrics/%s/d/%s/%s" % (m, p, name)][()] - f["metrics/fine/d/fp32/" + name][()]
            close(d[k][names.index("difference")], want, 1e-12)
            low, high, chance = (d[k][names.index(s)] for s in ("ci_low", "ci_high", "p"))
            assert low <= want <= high and 1 / 101 <= chance <= 1, (name, d[k])
    close(g["mcnemar_p"][:], p_value, 1e-12)
    close(g["mcnemar_p_holm"][:], holm(p_value), 1e-12)
    close(g["metric_difference"][:, :, names.index("p_holm")].ravel(), holm(g["metric_difference"][:, :, names.index("p")].ravel()), 1e-12)
PY
ok "drift is that of the stored scores, and PTQ that of the reference's own model" numbers ref.h5 <<'PY'
for m, _ in MODELS:
    g = f["comparisons/%s/d/reference/explanations" % m]
    s, t = texts(g["summary_statistic"]), texts(g["test"])
    assert texts(g["method"]) == METHODS and (g["other_class"][:] == 0).all()
    for i, x in enumerate(METHODS):
        for k, p in enumerate(P):
            mine = rho((m, p), ("fine", "fp32"), x)
            close(f["comparisons/%s/d/%s/%s/reference/spearman" % (m, p, x)][:], mine)
            close(g["drift"][i, k, s.index("mean")], mean(mine))
            assert g["drift"][i, k, s.index("n")] == (~np.isnan(mine)).sum() > 0
            test = g["than_ptq"][i, k]
            if p == "fp32":
                assert np.isnan(np.delete(test, t.index("family"))).all() and test[t.index("family")] == 0
                continue
            d = mine - rho(("fine", p), ("fine", "fp32"), x)
            close(test[t.index("difference")], mean(d))
            assert test[t.index("n")] == (~np.isnan(d)).sum()
            for name in ("aopc_comprehensiveness", "aopc_sufficiency"):
                a, b = (f["faithfulness/%s/d/%s/%s/%s" % (w, v, x, name)][:] for w, v in ((m, p), ("fine", "fp32")))
                close(g[name][i, k, t.index("difference")], mean(a - b))
    flipped = f["comparisons/%s/d/int4/lime/reference/flipped" % m][:]
    row = f["explained/fine/d/row"][:]
    assert (flipped == (f["predictions/%s/d/int4/predicted" % m][:][row] != f["predictions/fine/d/fp32/predicted"][:][row])).all()
PY
ok "over seeds: each seed's mean, their spread, all texts, the direction" numbers ref.h5 <<'PY'
for base, model in (("q", "qat"), ("c", "control")):
    g = f["seeds/%s/d/explanations" % model]
    s = texts(g["pooled_statistic"])
    for i, x in enumerate(METHODS):
        between = np.full(len(f["datasets/d/label"]), math.nan) # of each text
        row = f["explained/fine/d/row"][:]
        between[row] = rho((model + "_s5", "fp32"), (model + "_s9", "fp32"), x)
        close(g["between_seeds"][i, texts(g["summary_statistic"]).index("mean")], mean(between))
        assert g["between_seeds_other_class"][i] == 0
        for k, p in enumerate(P):
            own, reference, than = [], [], []
            for seed in ("_s5", "_s9"):
                reference.append(rho((model + seed, p), ("fine", "fp32"), x))
                if p != "fp32":
                    own.append(rho((model + seed, p), (model + seed, "fp32"), x))
                    than.append(reference[-1] - rho(("fine", p), ("fine", "fp32"), x))
            for name, v in (("drift", own), ("reference_drift", reference), ("than_ptq", than)):
                got = dict(zip(s, g[name][i, k]))
                if not v:
                    assert got["seeds"] == got["n"] == 0 and math.isnan(got["mean"]) and math.isnan(got["ci_low"])
                    continue
                means = [mean(w) for w in v]
                if name != "than_ptq":
                    close(g[name + "_of_seed"][i, k], means)
                assert got["seeds"] == 2 and got["n"] == sum((~np.isnan(w)).sum() for w in v)
                close([got["mean"], got["median"], got["min"], got["max"]], [np.mean(means), np.mean(means), min(means), max(means)])
                close([got["sd"], got["pooled"]], [np.std(means, ddof=1), mean(np.concatenate(v))])
                close(got["consistency"], np.mean([w > 0 for w in means]))
                assert got["ci_low"] <= got["mean"] <= got["ci_high"]
            t = texts(g["test"])
            row_mean = lambda v: np.array([mean([w[a] for w in v]) for a in range(len(row))])
            close(g["reference_and_seeds"][i, k, t.index("difference")], mean(row_mean(reference) - between[row]))
            if own:
                close(g["drift_and_seeds"][i, k, t.index("difference")], mean(row_mean(own) - between[row]))
                close(g["than_ptq_test"][i, k, t.index("difference")], mean(row_mean(than)))
PY
ok "a drift is what training does and the rest, of each seed and over seeds" numbers ref.h5 <<'PY'
def parts(seed, p, x): # of each text
    of, control = (rho((m + seed, v), ("fine", "fp32"), x) for m, v in (("qat", p), ("control", "fp32")))
    return 1 - of + 0 * control, 1 - control + 0 * of, control - of
for where, seeds in (("q_s5/c_s5", ["_s5"]), ("q_s9/c_s9", ["_s9"]), ("q/c", ["_s5", "_s9"])):
    g = f["decompositions/" + where]
    s, t = texts(g["pooled_statistic"]), texts(g["test"])
    for i, x in enumerate(METHODS):
        for k, p in enumerate(P):
            v = [parts(seed, p, x) for seed in seeds]
            total, training, rest = (np.mean([mean(w[a]) for w in v]) for a in range(3))
            close([g[n][i, k, s.index("mean")] for n in ("total", "training", "quantization")], [total, training, rest])
            close(total, training + rest)
            of_texts = [mean([w[2][a] for w in v]) for a in range(len(v[0][2]))]
            close(g["quantization_test"][i, k, t.index("difference")], mean(of_texts))
            share = g["training_share"][i, k], g["quantization_share"][i, k]
            if x == "random": # the same scores for every model: there is no drift to share
                assert total == 0 and np.isnan(share).all()
                continue
            close([w[0] for w in share], [training / total, rest / total])
            for w in share: # no interval where a resample has no drift
                assert np.isnan(w[1]) == np.isnan(w[2]) and (np.isnan(w[1]) or w[1] <= w[0] <= w[2])
PY
for np in $(some_ranks 3); do
    ok "$np ranks" run_np $np "$T/ref.json" --output "$T/np$np.h5"
    ok "give the same bits" same_digest "$T/ref.h5" "$T/np$np.h5"
done
ok "other kernels" env QGRID_KERNELS=avx2 OPENBLAS_CORETYPE=Haswell "$QGRID" run --progress none "$T/ref.json" --output "$T/avx2.h5"
ok "give the same bits" same_digest "$T/ref.h5" "$T/avx2.h5"
rm -f "$T"/np*.h5 "$T/avx2.h5"
before=$($PYTHON -c "import h5py; print(sum(c.count(b'/') != 2 for c in h5py.File('$T/ref.h5')['units/cell'][:]))")
killed() { # OUTPUT: the job loses all its ranks while it explains
    mpirun -np 2 "$QGRID" run --progress none "$T/ref.json" --output "$1" &
    local pid=$!
    WHILE=$pid wait_until "explanation" has_units "$1" $((before + 1)) || return 1
    # shellcheck disable=SC2046
    kill -9 $(rank_of "$1") 2>/dev/null
    wait $pid
    "$QGRID" verify "$1"
}
ok "killed while it explains it leaves a sound file" killed "$T/killed.h5"
ok "the same command goes on" run_np 2 "$T/ref.json" --output "$T/killed.h5"
ok "to the same bits" same_digest "$T/ref.h5" "$T/killed.h5"
ok "a comparison alone runs what it needs" run_np 2 "$T/ref.json" --output "$T/only.h5" --only q_s5/reference
ok "and nothing else" numbers only.h5 <<'PY'
done = {n for n, s in cells().items() if s == 1}
assert "q_s5/reference" in done and "f/fp32" in done and "f/int4/occlusion" in done
assert not any(n.startswith(("c_", "q_s9", "control")) for n in done), done
PY
show() { # FILE CELL PIECE...: every piece stands in what show prints
    local cell=$2 text
    text=$("$QGRID" show "$1" ${cell:+"$cell"}) || return 1
    shift 2
    for piece in "$@"; do
        grep -qF -- "$piece" <<<"$text" || { echo "no '$piece' in:"; echo "$text"; return 1; }
    done
}
ok "show says what references tell" show "$T/ref.h5" "" "against the reference" "Spearman's rho with the reference" "over seeds" "between seeds" "q_s9/int4"
ok "show prints a comparison" show "$T/ref.h5" q_s5/reference harmful metric_difference than_ptq other_class
ok "show prints what is over seeds" show "$T/ref.h5" q/seeds/explanations reference_drift consistency between_seeds
ok "show prints a decomposition" show "$T/ref.h5" q/decomposition/c quantization_share training total

# Explained is what each model predicts itself: other classes are counted, not compared.
trained own "x['target'] = 'predicted'; x['samples']['correct_only'] = False; x['methods'] = ['occlusion']; x['faithfulness'] = False"
ok "a job that explains what each predicts" run_np 2 "$T/own.json"
ok "explanations of other classes are left out and counted" numbers own.h5 <<'PY'
left = 0
for m, _ in MODELS:
    g = f["comparisons/%s/d/reference/explanations" % m]
    for k, p in enumerate(P):
        _, mine = words(m, p, "occlusion")
        _, other = words("fine", "fp32", "occlusion")
        n = int((mine != other).sum())
        left += n
        assert g["other_class"][0, k] == n and g["drift"][0, k, 0] <= len(mine) - n
        v = f["comparisons/%s/d/%s/occlusion/reference/spearman" % (m, p)][:]
        assert np.isnan(v[mine != other]).all() and (~np.isnan(v)).any()
assert left > 0
PY

# Packing a model and predicting with it are told apart, whatever their names.
trained named "j['models'] = {'fine': 'models/mini-finetuned'}; j['experiments'] = {'fine': {'model': 'fine', 'dataset': 'd'}}; j.pop('decompose'); j.pop('explain'); j['datasets'].pop('train')"
ok "an experiment is called as its model" run_np 1 "$T/named.json"
ok "verify finds no damage" sh -c "'$QGRID' verify '$T/named.h5' | grep -q ' 0 damaged'"

# What a job may say.
trained other "j['experiments']['q']['reference'] = 'c'; j['experiments']['c']['reference'] = False; j.pop('decompose'); x['methods'] = ['occlusion']"
ok "a reference of its own, and none" sh -c "'$QGRID' plan '$T/other.json' --why | grep -q 'q_s9/reference' && ! '$QGRID' plan '$T/other.json' --why | grep -q 'c_s9/reference'"
trained bad "j['experiments']['f']['reference'] = 'q'"
fails 2 "'q' has seeds, and this experiment has none" "a reference with seeds for one without" "$QGRID" check "$T/bad.json"
trained bad "j['experiments']['f2'] = {'model': 'fine', 'dataset': 'train', 'reference': 'f'}"
fails 2 "'f' is not of the same data set" "a reference on another data set" "$QGRID" check "$T/bad.json"
trained bad "j['experiments']['c']['reference'] = 'q'; j['experiments']['q']['reference'] = 'c'; j.pop('decompose')"
fails 2 "references go round in a circle" "references in a circle" "$QGRID" check "$T/bad.json"
trained bad "j['experiments']['c']['reference'] = 'ff'"
fails 2 "there is no experiment 'ff'" "a reference that there is not" "$QGRID" check "$T/bad.json"
once() { [ "$("$QGRID" check "$1" 2>&1 | grep -c "there is no experiment 'ff'")" = 1 ]; } # of two seeds
ok "what an entry with seeds has wrong is said once" once "$T/bad.json"
trained bad "x['randomisation'] = {'methods': ['limee']}"
fails 2 "'limee' is not the name of one of the job's methods: gradient_x_input, lime" "a method that is not the job's" "$QGRID" check "$T/bad.json"
trained bad "j['experiments']['c']['reference'] = 7"
fails 2 "the name of an experiment, or false, is expected" "a number for a reference" "$QGRID" check "$T/bad.json"
trained bad "j['decompose'] = [{'of': 'q', 'control': 'f'}]"
fails 2 "have no reference in common" "a control that is not trained" "$QGRID" check "$T/bad.json"
trained bad "j['decompose'] = [{'of': 'q', 'control': 'c'}, {'of': 'q', 'control': 'c'}]"
fails 2 "occurs twice" "a decomposition twice" "$QGRID" check "$T/bad.json"
trained bad "j.pop('explain')"
fails 2 'add "explain"' "a decomposition without explanations" "$QGRID" check "$T/bad.json"
finish
