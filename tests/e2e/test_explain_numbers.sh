#!/usr/bin/env bash
# The numbers of explanations in a results file, recomputed: chosen texts, sums, drift with its
# bounds, agreement, faithfulness.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/explain.sh

job all "next(m for m in x['methods'] if 'coalitions' in m)['exact_units'] = 5; j['max_length'] = 128; x['samples'] = {'per_class': 3, 'seed': 3}; j['precisions'] = ['int8', 'fp32', {'precision': 'fp32', 'name': 'again'}, 'int4']"
ok "a job with fp32 under two names" run_np 2 "$T/all.json"
ok "the explained texts are what fp32 classifies right, up to so many of each class" numbers all.h5 <<'PY'
g, label = f["explained/m/odd"], f["datasets/odd/label"][:]
predicted = f["predictions/m/odd/fp32/predicted"][:]
row = g["row"][:]
assert row.shape == (9,) and (row == -1).any(), row
for k in range(3):
    right = [r for r in range(12) if label[r] == predicted[r] == k]
    slots = [r for r in row[3 * k : 3 * k + 3] if r >= 0]
    assert len(slots) == len(set(slots)) == min(3, len(right)) > 0 and set(slots) <= set(right), (k, slots, right)
    assert (row[3 * k + len(slots) : 3 * k + 3] == -1).all() # the empty slots of a class come last
splits = f["datasets/odd/tokens/m/token_row_splits"][:]
word = f["datasets/odd/tokens/m/token_word"][:]
for i, r in enumerate(row):
    mine = word[splits[r] : splits[r + 1]] if r >= 0 else None
    assert g["reference"][i] == (predicted[r] if r >= 0 else -1)
    assert g["tokens"][i] == (len(mine) if r >= 0 else -1) and g["words"][i] == (mine.max() + 1 if r >= 0 else -1)
assert g["words"][:].max() > 100 and 1 in g["words"][:] # the long text, cut, and a single word
PY
ok "scores are there for each word and token and nowhere else" numbers all.h5 <<'PY'
row, words, tokens = (f["explained/m/odd/" + k][:] for k in ("row", "words", "tokens"))
splits = f["datasets/odd/tokens/m/token_row_splits"][:]
word_of = f["datasets/odd/tokens/m/token_word"][:]
assert len(METHODS) == 14
for p in ("fp32", "again", "int8", "int4"):
    for m in METHODS:
        g = f["attributions/m/odd/%s/%s" % (p, m)]
        assert (g["state"][:] == 1).all() and g["word_scores"].shape[1] == words.max()
        for i, r in enumerate(row):
            w, t = g["word_scores"][i], g["token_scores"][i]
            if r < 0:
                assert np.isnan(w).all() and np.isnan(t).all() and np.isnan(g["value"][i])
                assert g["target"][i] == g["predicted"][i] == g["evaluations"][i] == -1
                continue
            assert np.isfinite(w[: words[i]]).all() and np.isnan(w[words[i] :]).all(), (p, m, i)
            assert np.isfinite(t[: tokens[i]]).all() and np.isnan(t[tokens[i] :]).all(), (p, m, i)
            assert t[0] == t[tokens[i] - 1] == 0 and word_of[splits[r]] == -1 # [CLS] and [SEP]
            assert g["target"][i] == f["predictions/m/odd/fp32/predicted"][r]
            assert g["predicted"][i] == f["predictions/m/odd/%s/predicted" % p][r]
            if m in ("integrated_gradients", "sequential_integrated_gradients", "expected_gradients", "attn_lrp", "gradient_x_input", "shap", "lime", "occlusion"): # a word's score is its tokens' sum
                mine = word_of[splits[r] : splits[r + 1]]
                close(w[: words[i]], [t[: tokens[i]][mine == k].sum() for k in range(words[i])], 1e-9)
PY
ok "scores add up to what is explained" numbers all.h5 <<'PY'
row = f["explained/m/odd/row"][:]
there = row >= 0
for p in ("fp32", "int8", "int4"):
    logits, probability = (f["predictions/m/odd/%s/%s" % (p, k)][:][row[there]] for k in ("logits", "probabilities"))
    for m in METHODS:
        g = f["attributions/m/odd/%s/%s" % (p, m)]
        target = g["target"][there]
        value, base, delta, fit = (g[k][there] for k in ("value", "base_value", "delta", "fit"))
        total = np.nansum(g["word_scores"][:], axis=1)[there]
        gradients = m in ("integrated_gradients", "sequential_integrated_gradients", "expected_gradients", "attn_lrp", "gradient_x_input", "saliency", "smoothgrad")
        assert g["gradients"][()].decode() == ("" if not gradients else "ste" if p == "int8" else "exact"), (p, m)
        if gradients:
            close(value, logits[range(len(target)), target], 1e-5)
        elif m in ("lime", "shap", "kernel_shap", "occlusion"):
            close(value, probability[range(len(target)), target], 1e-6)
        if m in ("integrated_gradients", "expected_gradients", "shap", "kernel_shap", "occlusion"):
            close(total - (value - base), delta, 1e-9)
        if m in ("shap", "kernel_shap"):
            close(delta, 0 * delta, 1e-6)
        if m == "integrated_gradients": # 8 nodes already see most of it
            assert (abs(delta) < 0.25 * abs(value - base)).all(), (delta, value - base)
        if m == "sequential_integrated_gradients": # each token is complete by itself, and none begins at all of them
            assert np.isnan(base).all() and (abs(delta) < 0.1 * abs(total) + 0.1).all(), (delta, total)
        if m == "lime":
            assert ((fit > 0) & (fit <= 1)).all(), fit
        else:
            assert np.isnan(fit).all()
one = list(f["explained/m/odd/words"][:]).index(1) # of a single word
for m in ("occlusion", "shap", "kernel_shap"):
    g = f["attributions/m/odd/fp32/" + m]
    close(g["word_scores"][one, 0], g["value"][one] - g["base_value"][one], 1e-9)
PY
ok "equal precisions have equal explanations" numbers all.h5 <<'PY'
want = {"spearman": 1, "kendall": 1, "cosine": 1, "jaccard_3": 1, "jaccard_5": 1, "jaccard_10": 1, "top_1": 1, "sign_flip": 0, "magnitude_shift": 0, "flipped": 0}
there = f["explained/m/odd/row"][:] >= 0
for m in METHODS:
    a, b = (f["attributions/m/odd/%s/%s/word_scores" % (p, m)][:] for p in ("fp32", "again"))
    assert a.tobytes() == b.tobytes(), m
    g = f["comparisons/m/odd/again/" + m]
    for k in want:
        v = g[k][there].astype(float)
        if k in ("jaccard_3", "jaccard_5", "jaccard_10", "top_1", "flipped"):
            assert not np.isnan(v).any()
        else:
            assert not np.isnan(v).all(), (m, k)
        assert (abs(v[~np.isnan(v)] - want[k]) < 1e-12).all(), (m, k, v)
e = f["comparisons/m/odd/explanations"]
a, b = (list(e["precision_a"][:]).index(x) for x in (b"again", b"int4"))
for i, m in enumerate(METHODS):
    drift = f["comparisons/m/odd/int4/%s/spearman" % m][:]
    close(e["drift_difference"][i, a, b], np.nanmean(drift - f["comparisons/m/odd/again/%s/spearman" % m][:]))
    close(e["drift_difference"][i, b, a], -e["drift_difference"][i, a, b])
PY
ok "drift is that of the scores in the file" numbers all.h5 <<'PY'
row, words = f["explained/m/odd/row"][:], f["explained/m/odd/words"][:]
seen, drawn = 0, {}
for p in ("int8", "int4"):
    for m in METHODS:
        g = f["comparisons/m/odd/%s/%s" % (p, m)]
        a, b = (f["attributions/m/odd/%s/%s/word_scores" % (q, m)][:] for q in ("fp32", p))
        want = [spearman(a[i, : words[i]], b[i, : words[i]]) if r >= 0 else math.nan for i, r in enumerate(row)]
        close(g["spearman"][:], want)
        assert math.isnan(want[list(words).index(1)]) # a single word has no order
        seen += np.isfinite(want).sum()
        stats = [s.decode() for s in g["summary_statistic"][:]]
        s = dict(zip(stats, g["summary"][0, 0])) # all texts, Spearman
        v = np.array([x for x in want if not math.isnan(x)])
        assert s["n"] == len(v) < (row >= 0).sum(), (s, want)
        close([s["mean"], s["sd"], s["median"], s["min"], s["max"]], [v.mean(), v.std(ddof=1), np.median(v), v.min(), v.max()])
        assert s["min"] <= s["ci_low"] <= s["mean"] + 1e-12 and s["mean"] - 1e-12 <= s["ci_high"] <= s["max"]
        floor, repeat = g["floor"][:, 0], g["repeat"][:, 0]
        assert np.isfinite(floor[np.isfinite(want)]).all() and (abs(floor[np.isfinite(want)]) < 1).all()
        again = "attributions/m/odd/fp32/%s/repeat" % m
        assert (again in f) == (m in ("smoothgrad", "expected_gradients", "lime", "kernel_shap", "random")), m
        at = [k.decode() for k in g["subset"][:]].index("repeat")
        if again not in f: # what draws nothing has no repeat
            assert np.isnan(g["repeat"][:]).all() and g["summary"][at, 0, 0] == 0 and np.isnan(g["summary"][at, :, 1]).all()
            continue
        b, c = (f[again + "/word_scores_" + k][:] for k in "ab")
        want = []
        for i, r in enumerate(row):
            x, y, z = (v[i, : words[i]] for v in (a, b, c))
            drew = r >= 0 and (y != z).any()
            assert r < 0 or drew == (x != y).any() == (x != z).any(), (m, i) # neither is the stored explanation
            want.append(spearman(y, z) if drew else math.nan)
            if not drew:
                assert np.isnan(g["repeat"][i]).all()
        close(repeat, want)
        drawn[m] = np.isfinite(want).sum()
        close(g["summary"][at, 0, 1], np.nanmean(want))
assert seen > 100, seen
assert 0 < drawn["kernel_shap"] < drawn["lime"] <= drawn["random"], drawn # few words are enumerated, not drawn
PY
# The floor is that of chance for every method, and for `random`, too, however often it is drawn.
for draws in 1 2 4; do
    job "floor$draws" "j['datasets']['odd']['path'] = 'datasets/test.tsv'; j['precisions'] = ['fp32', 'int4']
x['methods'] = ['random', {'method': 'lime', 'samples': 20}, 'gradient_x_input']; x['samples']['per_class'] = 12
x['faithfulness'] = False; x['floor_draws'] = $draws"
    ok "floors of $draws draws" run_np 2 "$T/floor$draws.json"
    ok "are about 0" numbers "floor$draws.h5" <<PY
words = f["explained/m/odd/words"][:]
for m in METHODS:
    floor = f["comparisons/m/odd/int4/%s/floor" % m][:, 0]
    there = np.isfinite(floor) # rho of n random ranks has the variance 1 / (n - 1)
    assert there.sum() > 30 and abs(floor[there].mean()) < 4 * math.sqrt((1 / (words[there] - 1) / $draws).sum()) / there.sum() < 0.3, (m, floor)
PY
done
ok "methods agree as their scores do" numbers all.h5 <<'PY'
row, words = f["explained/m/odd/row"][:], f["explained/m/odd/words"][:]
e = f["comparisons/m/odd/explanations"]
P = [p.decode() for p in e["precision"][:]]
a, n = e["agreement"][:], e["agreement_n"][:]
i, j = METHODS.index("shap"), METHODS.index("kernel_shap")
for p in range(4):
    x, y = (f["attributions/m/odd/%s/%s/word_scores" % (P[p], m)][:] for m in ("shap", "kernel_shap"))
    v = [spearman(x[k, : words[k]], y[k, : words[k]]) for k in range(len(row)) if row[k] >= 0]
    close(a[p, i, j], np.nanmean(v))
    assert n[p, i, j] == n[p, j, i] == np.isfinite(v).sum() and a[p, i, j] == a[p, j, i]
    close(np.diag(a[p]), np.ones(len(METHODS)))
for name in ("drift_p", "drift_p_holm", "drift_p_bonferroni"):
    v = e[name][:]
    assert np.isnan(v[:, P.index("fp32")]).all(), name # fp32 has no drift
p, by_holm, bonferroni = (e[k][:][np.isfinite(e["drift_p_holm"][:])] for k in ("drift_p", "drift_p_holm", "drift_p_bonferroni"))
assert len(p) and ((p <= by_holm) & (by_holm <= bonferroni) & (bonferroni <= 1)).all()
of_random = METHODS.index("random")
for name in ("drift_p_holm", "drift_p_bonferroni", "drift_equivalent_p_holm"):
    assert np.isnan(e[name][of_random]).all(), name # a family of tests has no use for what looks at no model
assert (e["drift_family"][of_random][np.isfinite(e["drift_family"][of_random])] == 0).all()
in_family = [m for m in range(len(METHODS)) if m != of_random]
upper = [(m, a, b) for m in in_family for a in range(4) for b in range(a + 1, 4)]
for name in ("drift_p", "drift_equivalent_p"):
    close([e[name + "_holm"][i] for i in upper], holm([e[name][i] for i in upper]), 1e-12)
assert max(e["drift_family"][i] for i in upper) == np.isfinite([e["drift_p"][i] for i in upper]).sum()
i, j = P.index("int4"), P.index("int8")
for k, m in enumerate(METHODS):
    d = f["comparisons/m/odd/int8/%s/spearman" % m][:] - f["comparisons/m/odd/int4/%s/spearman" % m][:]
    d = d[np.isfinite(d)]
    for x, y, s in ((i, j, 1), (j, i, -1)):
        t = {n: e["drift_" + n][k, x, y] for n in ("n", "difference", "p", "detectable")}
        check_difference(t, s * d)
        close(e["drift_equivalent_p"][k, x, y], max(one_sided(d, 0.05), one_sided(-d, 0.05)), 1e-8)
PY
ok "tests against floor and repeat are those of the drift" numbers all.h5 <<'PY'
e = f["comparisons/m/odd/explanations"]
P = [p.decode() for p in e["precision"][:]]
DRAW = ("smoothgrad", "expected_gradients", "lime", "kernel_shap", "random")
for k, m in enumerate(METHODS):
    for i, p in enumerate(P):
        tests = {n: named(e, "test", e[n][k, i]) for n in ("above_floor", "from_repeat")}
        within = {n: named(e, "within", e[n][k, i]) for n in ("as_repeat", "not_below_repeat")}
        if p == "fp32": # it has no drift
            for t in list(tests.values()) + list(within.values()):
                assert t["n"] == t["family"] == 0 and math.isnan(t["p"]) and math.isnan(t["p_holm"]), t
            continue
        g = f["comparisons/m/odd/%s/%s" % (p, m)]
        drift, floor, repeat = g["spearman"][:], g["floor"][:, 0], g["repeat"][:, 0]
        for t, d in ((tests["above_floor"], drift - floor), (tests["from_repeat"], drift - repeat)):
            check_difference(t, d[np.isfinite(d)])
        assert (tests["from_repeat"]["n"] > 0) == (m in DRAW), m # no test against what there is not
        check_within(within["as_repeat"], repeat, drift, 0.05, True)
        check_within(within["not_below_repeat"], np.where(np.isnan(repeat), 1, repeat), drift, 0.05, False)
        if m not in DRAW:
            assert within["not_below_repeat"]["against"] == 1 and math.isnan(within["as_repeat"]["p"])
assert check_family(e, "test", "above_floor", METHODS) == 3 * (len(METHODS) - 1) # 3 precisions
assert check_family(e, "test", "from_repeat", METHODS) == check_family(e, "within", "as_repeat", METHODS) == 3 * (len(DRAW) - 1)
assert check_family(e, "within", "not_below_repeat", METHODS) == 3 * (len(METHODS) - 1)
assert (e["other_class"][:] == 0).all() # all explain what fp32 predicts
PY
ok "faithfulness is of the explained class" numbers all.h5 <<'PY'
row, words = f["explained/m/odd/row"][:], f["explained/m/odd/words"][:]
there = row >= 0
for p in ("fp32", "int4"):
    for m in METHODS:
        g, a = f["faithfulness/m/odd/%s/%s" % (p, m)], f["attributions/m/odd/%s/%s" % (p, m)]
        assert list(g["k"][:]) == [1, 3, 0.5]
        c, s, keep = (g[k][:] for k in ("comprehensiveness", "sufficiency", "confidence"))
        assert np.isnan(c[~there]).all() and np.isfinite(c[there]).all()
        full = f["predictions/m/odd/%s/probabilities" % p][:][row[there], a["target"][there]]
        close((s + keep)[there, 0], full, 1e-6)
        close((s + keep)[there, 2], full, 1e-6)
        close(g["aopc_comprehensiveness"][:], c.mean(axis=1)) # as ERASER has both: no term for k = 0
        close(g["aopc_sufficiency"][:], s.mean(axis=1))
        one = list(words).index(1)
        assert c[one, 0] == c[one, 1] and s[one, 0] == 0 # nothing but the text is left
        assert np.isnan(g["sensitivity_max"][one]) and np.isfinite(g["deletion_auc"][there]).all()
        stats = [k.decode() for k in g["summary_statistic"][:]]
        at = [k.decode() for k in g["faithful_measure_at_k"][:]].index("comprehensiveness")
        close(g["summary_at_k"][at, 1][[stats.index("n"), stats.index("mean")]], [there.sum(), c[there, 1].mean()])
g, a = f["faithfulness/m/odd/fp32/occlusion"], f["attributions/m/odd/fp32/occlusion"]
tau = g["tau_loo"][there]
tau = tau[np.isfinite(tau)]
close(tau, np.ones(len(tau)), 1e-12) # occlusion is what each word alone loses
assert len(tau) >= 3
close(g["comprehensiveness"][there, 0], np.nanmax(a["word_scores"][there], axis=1), 1e-9) # of the top word
PY

# What LIME takes for one word: its string, which ids do not tell.
for text in 'ĝħŧĸ enak ŧŧħħ sekali ĸĸ' 'Enak,enak! enak , tidak_enak ŧŧ☃ŧŧ.' 'ŧŧ enak ŧŧ'; do
    echo "{\"text\": \"$text\", \"label\": \"positive\"}"
done >"$T/forms.jsonl"
job forms "j['datasets']['odd'] = {'path': '$T/forms.jsonl', 'format': 'jsonl'}; j['precisions'] = ['fp32', 'int8']; x['faithfulness'] = False; x['methods'] = ['lime', {'method': 'lime', 'name': 'runs', 'unit': 'distinct_run'}]"
ok "a job over words that the vocabulary does not know" run_np 2 "$T/forms.json"
for unit in distinct_word distinct_run; do
    "$QGRID" explain -m models/mini-finetuned -x lime -p fp32,int8 --seed 42 --target positive --option unit=$unit --json --jsonl "$T/forms.jsonl" >"$T/$unit" || exit 1
done
ok "has the scores that explain gives, one for each different string" numbers forms.h5 <<'PY'
import json
row, reference = f["explained/m/odd/row"][:], f["explained/m/odd/reference"][:]
seen = 0
for name, unit in (("lime", "distinct_word"), ("runs", "distinct_run")):
    lines = [json.loads(l) for l in open(T + "/" + unit)]
    for p in ("fp32", "int8"):
        for i, r in enumerate(row):
            if r < 0 or reference[i] != 0:
                continue
            (one,) = [l for l in lines if l["precision"] == p and l["text"] == f["datasets/odd/text"][r].decode()]
            want = [w["score"] for w in one["words"]]
            got = f["attributions/m/odd/%s/%s/word_scores" % (p, name)][i, : len(want)]
            assert (got == want).all(), (name, p, r, got, want)
            words, seen = one["text"].split(), seen + 1
            if unit == "distinct_word": # equal scores where strings are equal, and nowhere else
                assert all((want[a] == want[b]) == (words[a] == words[b]) for a in range(len(words)) for b in range(a)), (words, want)
            elif r == 1:
                t = one["tokens"]
                assert [x["score"] == 0 for x in t if x["text"] in ",!."] == [True] * 4
assert seen == 12, seen
PY

# Integrated gradients that are less complete than was asked for.
job missed "j['precisions'] = ['fp32', 'int8']; x['faithfulness'] = False; ig = {'method': 'integrated_gradients', 'steps': 2}; x['methods'] = [dict(ig, name='n%d' % i, tolerance=t, most_steps=m) for i, (t, m) in enumerate([(0, 8), (1e-9, 8), (0.05, 4), (0.9, 64)])] + ['saliency']"
ok "a job with tolerances" sh -c "'$QGRID' run --progress none '$T/missed.json' >'$T/missed.txt'"
ok "stores the steps of each text, and what was not enough" numbers missed.h5 <<'PY'
there = f["explained/m/odd/row"][:] >= 0
printed = dict(l.split()[:2] for l in open(T + "/missed.txt").read().split("tolerance not reached")[1].splitlines() if l.startswith("e/"))
for p in ("fp32", "int8"):
    for m, tolerance in (("n0", 0), ("n1", 1e-9), ("n2", 0.05), ("n3", 0.9), ("saliency", None)):
        g = f["attributions/m/odd/%s/%s" % (p, m)]
        steps, reached, missed = g["steps"][:], g["tolerance_reached"][:], g["tolerance_missed"][()]
        assert (steps[~there] == -1).all() and (reached[~there] == -1).all()
        steps, reached, delta, change = steps[there], reached[there], abs(g["delta"][there]), abs(g["value"][there] - g["base_value"][there])
        if tolerance is None:
            assert (steps == -1).all()
        elif tolerance == 0:
            assert (steps == 2).all()
        if not tolerance:
            assert (reached == -1).all() and missed == 0
            continue
        assert ((delta <= np.maximum(tolerance * change, 1e-5)) == (reached == 1)).all()
        assert (steps[reached == 0] == (8 if m == "n1" else 4 if m == "n2" else 64)).all() and missed == (reached == 0).sum()
        assert int(printed.get("e/%s/%s" % (p, m), 0)) == missed
        assert m != "n1" or missed > 5
assert set(f["attributions/m/odd/fp32/n3/steps"][there]) > {2}
PY

# Pairs of words: Faith-Shap over the coalitions of KernelSHAP, here by weighted least squares with the constraint put in.
job pairs "j['datasets']['odd']['path'] = '$T/pairs.tsv'; j['precisions'] = ['fp32', 'int8']; x['faithfulness'] = False; x['methods'] = [{'method': 'kernel_shap', 'interactions': 6}, {'method': 'kernel_shap', 'name': 'plain'}, {'method': 'kernel_shap', 'name': 'few', 'exact_units': 2, 'coalitions': 40, 'interactions': 2}]"
printf '%s\tpositive\n' bagus 'tidak enak' 'makanan nya tidak enak sekali' 'harga tidak mahal , rasa nya enak enak saja' >"$T/pairs.tsv"
for np in 1 3; do
    ok "pairs of words on $np ranks" run_np $np "$T/pairs.json" --output "$T/pairs$np.h5"
done
ok "give the same bits" same_digest "$T/pairs1.h5" "$T/pairs3.h5"
"$QGRID" explain -m models/mini-finetuned -x kernel_shap -p fp32,int8 --seed 42 --target positive --option interactions=6 --json --file <(cut -f 1 "$T/pairs.tsv") >"$T/pairs.jsonl"
ok "are the strongest of the text, as explain gives them" numbers pairs1.h5 <<'PY'
import json
row, reference, words = (f["explained/m/odd/" + k][:] for k in ("row", "reference", "words"))
lines = [json.loads(l) for l in open(T + "/pairs.jsonl")]
seen = 0
for p in ("fp32", "int8"):
    plain, paired, few = (f["attributions/m/odd/%s/%s" % (p, m)] for m in ("plain", "kernel_shap", "few"))
    assert "interactions" not in plain
    close(plain["word_scores"][:], paired["word_scores"][:], 0) # scores of words are as they were
    g = paired["interactions"]
    assert g["score"].shape == (len(row), 6) and few["interactions/score"].shape == (len(row), 2)
    for i, r in enumerate(row):
        first, second, score = (g[k][i] for k in ("first", "second", "score"))
        n = 0 if r < 0 else min(6, words[i] * (words[i] - 1) // 2)
        assert (first[n:] == -1).all() and (second[n:] == -1).all() and np.isnan(score[n:]).all()
        assert (0 <= first[:n]).all() and (first[:n] < second[:n]).all() and (second[:n] < max(words[i], 1)).all()
        assert (np.diff(abs(score[:n])) <= 0).all() and (n == 0 or abs(score[0]) > 1e-6)
        if words[i] > 8: # 40 coalitions are too few for 45 unknowns and more
            assert (few["interactions/first"][i] == -1).all()
        if r >= 0 and reference[i] == 0 and n > 0:
            (one,) = [l for l in lines if l["precision"] == p and l["text"] == f["datasets/odd/text"][r].decode()]
            assert [(x["first"], x["second"], x["score"]) for x in one["interactions"]] == list(zip(first[:n], second[:n], score[:n]))
            seen += 1
assert seen > 0
PY
$PYTHON -c "
import h5py
h5py.File('$T/pairs3.h5', 'r+')['attributions/m/odd/int8/kernel_shap/interactions/score'][0, 0] += 1"
fails 3 "damaged: e/int8/kernel_shap" "verify finds damage of pairs" "$QGRID" verify "$T/pairs3.h5"

# A head of zeros: the output never changes, so nothing has a score. Attention and random scores do not look at it.
$PYTHON - "$T" <<'PY'
import json, os, shutil, struct, sys
T = sys.argv[1]
shutil.copytree("models/mini-finetuned", T + "/flat")
path = T + "/flat/model.safetensors"
os.chmod(path, 0o644)
with open(path, "r+b") as f:
    size = struct.unpack("<Q", f.read(8))[0]
    begin, end = json.loads(f.read(size))["classifier.weight"]["data_offsets"]
    f.seek(8 + size + begin)
    f.write(bytes(end - begin))
PY
job flat "j['models'] = {'m': '$T/flat'}; j['precisions'] = ['fp32', 'fp16', 'int8', 'int4_g32_a8']; x['faithfulness'] = False"
ok "a job whose output never changes" run_np 2 "$T/flat.json"
ok "its methods find nothing to explain, exactly" numbers flat.h5 <<'PY'
free = {"attention_rollout", "attention_entropy", "random"}
assert free < set(METHODS)
texts = 0
for p in ("fp32", "fp16", "int8", "int4_g32_a8"):
    assert len(set(map(tuple, f["predictions/m/odd/%s/logits" % p][:]))) == 1
    for m in set(METHODS) - free:
        s = f["attributions/m/odd/%s/%s/word_scores" % (p, m)][:]
        texts += len(s)
        assert (s[np.isfinite(s)] == 0).all(), (p, m, np.nanmax(abs(s)))
        assert p == "fp32" or np.isnan(f["comparisons/m/odd/%s/%s/spearman" % (p, m)][:]).all(), (p, m)
assert texts > 100
PY
# The measures that cost more: AOPC between its bounds, masked vectors.
job normal "j['max_length'] = 12; j['precisions'] = ['fp32', 'int8']; x['methods'] = ['occlusion', {'method': 'lime', 'samples': 20}, 'saliency']
x['faithfulness'].update({'normalised': True, 'exact_words': 5, 'beam': 2, 'soft': 4})"
ok "normalised and soft measures" run_np 1 "$T/normal.json"
ok "normalised and soft measures are in range" numbers normal.h5 <<'PY'
row, words = f["explained/m/odd/row"][:], f["explained/m/odd/words"][:]
there = row >= 0
assert set(words[there]) & {6, 7, 8, 9, 10} and set(words[there]) & {2, 3, 4, 5}
for p in ("fp32", "int8"):
    for m in METHODS:
        g = f["faithfulness/m/odd/%s/%s" % (p, m)]
        b = f["bounds/m/odd/%s" % p] # of the model and the text, not of the method
        upper, lower = b["aopc_upper"][:], b["aopc_lower"][:]
        assert (b["target"][:] == f["attributions/m/odd/%s/%s/target" % (p, m)][:]).all()
        c, s, full, alone = (g[k][:] for k in ("normalised_comprehensiveness", "normalised_sufficiency", "full_aopc_comprehensiveness", "full_aopc_sufficiency"))
        assert np.isfinite(upper[there]).all() and (upper[there] >= lower[there]).all()
        spread = there & (upper > lower) & (words > 1)
        assert spread.sum() >= 6 and np.isnan(c[words == 1]).all()
        assert np.isfinite(c[spread]).all() and np.isfinite(s[spread]).all()
        exact = spread & (words <= 5) # bounds over all orders: nothing lies outside
        assert exact.sum() >= 3
        for v in c[exact], s[exact]:
            assert (v >= -1e-9).all() and (v <= 1 + 1e-9).all(), v
        close(c[spread], ((full - lower) / (upper - lower))[spread])
        close(s[spread], ((alone - lower) / (upper - lower))[spread])
        for name in ("soft_sufficiency", "soft_comprehensiveness"):
            v = g[name][:]
            some = v[np.isfinite(v)]
            assert len(some) >= 3 and np.isnan(v[~there]).all()
            assert ((some <= 1) if name == "soft_sufficiency" else (some >= 0)).all()
PY
for np in $(some_ranks 3); do
    ok "normalised and soft measures on $np ranks" run_np $np "$T/normal.json" --output "$T/normal$np.h5"
    ok "they are the same there" same_digest "$T/normal.h5" "$T/normal$np.h5"
done

finish
