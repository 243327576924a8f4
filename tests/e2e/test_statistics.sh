#!/usr/bin/env bash
# Tests and calibration in a results file, recomputed from its predictions: signed ranks, exact
# McNemar, Holm, quantile bins, absent classes.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

cat >"$T/recompute.py" <<'PY'
import math, sys
import h5py, numpy as np
f = h5py.File(sys.argv[1])
names = lambda g, k: [x.decode() for x in g[k][()]]
def close(a, b, tol=1e-12):
    a, b = np.asarray(a, float), np.asarray(b, float)
    assert a.shape == b.shape and (np.isnan(a) == np.isnan(b)).all(), (a, b)
    assert np.allclose(a, b, rtol=0, atol=tol, equal_nan=True), (a, b)
def signed_ranks(d): # two-sided, over all signs; None where it is too much for that
    nz = sorted((abs(x), x > 0) for x in d if x)
    if not nz:
        return 1.0
    size = [s for s, _ in nz]
    exact = len(nz) <= (50 if len(set(size)) == len(d) else 13)
    r = [2 * (size.index(s) + 1) + size.count(s) - 1 for s in size] # doubled midranks
    plus = sum(x for x, (_, up) in zip(r, nz) if up)
    if not exact:
        n = len(nz)
        ties = sum(size.count(s) ** 3 - size.count(s) for s in set(size))
        sd = math.sqrt((n * (n + 1) * (2 * n + 1) - ties / 2) / 24)
        return math.erfc(abs(plus / 2 - n * (n + 1) / 4) / sd / math.sqrt(2))
    ways = {0: 1}
    for x in r:
        more = dict(ways)
        for s, k in ways.items():
            more[s + x] = more.get(s + x, 0) + k
        ways = more
    w = min(plus, sum(r) - plus)
    return min(1.0, 2 * sum(k for s, k in ways.items() if s <= w) / 2 ** len(r))
def binomial(b, c): # exact McNemar
    n = b + c
    return min(1.0, 2 * sum(math.comb(n, i) for i in range(min(b, c) + 1)) / 2 ** n)
def holm(p): # [..., a, b]: the pairs a < b are the family
    out, n = np.full(p.shape, np.nan), p.shape[-1]
    at = [i for i in np.ndindex(p.shape) if i[-2] < i[-1] and not np.isnan(p[i])]
    least = 0.0
    for k, i in enumerate(sorted(at, key=lambda i: p[i])):
        least = max(least, min(1.0, (len(at) - k) * p[i]))
        out[i] = out[i[:-2] + (i[-1], i[-2])] = least
    return out
exec(sys.stdin.read())
print("recomputed")
PY
numbers() { # FILE: Python statements over it, on standard input
    $PYTHON "$T/recompute.py" "$1" | grep -q recomputed
}

cat >"$T/job.json" <<EOF2
{"name": "statistics", "output": "$T/a.h5", "labels": ["positive", "neutral", "negative"],
 "models": {"m": "models/mini-finetuned"}, "datasets": {"t": {"path": "datasets/test.tsv", "format": "smsa"}},
 "experiments": {"e": {"model": "m", "dataset": "t"}}, "precisions": ["fp32", "fp16", "int8", "int4"], "bootstrap": 200,
 "latency": {"warmup": 0, "runs": 2, "samples": 9, "batch_sizes": [1, 4]},
 "explain": {"methods": ["saliency", "occlusion"], "samples": {"per_class": 2}, "faithfulness": false}}
EOF2
ok "a job with latency and explanations" "$QGRID" run "$T/job.json"

ok "pairs of precisions" numbers "$T/a.h5" <<'PY'
g, label = f["comparisons/m/t/paired"], f["datasets/t/label"][:]
P = names(g, "precision_a")
assert P == names(g, "precision_b") == ["fp32", "fp16", "int8", "int4"]
predicted = [f["predictions/m/t/%s/predicted" % p][:] for p in P]
probability = [f["predictions/m/t/%s/probabilities" % p][:] for p in P]
met = lambda k: np.array([f["metrics/m/t/%s/%s" % (p, k)][()] for p in P])
for k in ("accuracy", "macro_f1", "nll", "ece"):
    close(g[k + "_difference"][:], met(k)[None, :] - met(k)[:, None])
seen = 0
for a in range(4):
    for b in range(4):
        right = predicted[a] == label, predicted[b] == label
        for k in (-1, 0, 1, 2):
            of = (label == k) | (k < 0)
            n = int((right[0] & ~right[1] & of).sum()), int((right[1] & ~right[0] & of).sum())
            at = (a, b) if k < 0 else (k, a, b)
            part = "" if k < 0 else "class_"
            assert (g[part + "only_a"][at], g[part + "only_b"][at]) == n
            close(g[part + "mcnemar_p"][at], binomial(*n))
            seen += sum(n) > 0
            if k < 0:
                close(g["odds_ratio"][at], n[0] / n[1] if n[1] else np.inf if n[0] else np.nan)
        d = probability[b].max(1) - probability[a].max(1)
        close(g["confidence_difference"][a, b], d.mean())
        close(g["confidence_p"][a, b], signed_ranks(d), 1e-9)
        assert g["confidence_ci_low"][a, b] <= d.mean() <= g["confidence_ci_high"][a, b]
        for low, high, of in (("ci_low", "ci_high", "accuracy"), ("nll_ci_low", "nll_ci_high", "nll"), ("ece_ci_low", "ece_ci_high", "ece")):
            close(g[low][a, b], 0 - g[high][b, a])
assert seen > 10
for k in ("mcnemar", "bootstrap", "macro_f1", "nll", "ece", "confidence"):
    p = g[k + "_p"][:]
    close(g[k + "_p_holm"][:], holm(p))
    assert (p > 0).all() and (np.diag(p) == 1).all() and (p == p.T).all(), (k, p)
    if k not in ("mcnemar", "confidence"): # (b + 1) / (n + 1), twice
        close(p[p < 1] * 201 / 2, np.rint(p[p < 1] * 201 / 2), 1e-9)
close(g["class_mcnemar_p_holm"][:], holm(g["class_mcnemar_p"][:]))
PY

ok "calibration over quantiles" numbers "$T/a.h5" <<'PY'
label = f["datasets/t/label"][:]
for p in ("fp32", "int4"):
    g, c = f["metrics/m/t/" + p], f["predictions/m/t/%s/probabilities" % p][:].max(1)
    right = f["predictions/m/t/%s/predicted" % p][:] == label
    edge = np.quantile(c, np.linspace(0, 1, 11))
    close(g["quantile_bin_edge"][:], edge, 1e-15)
    at = np.searchsorted(edge[1:-1], c)
    count = np.bincount(at, minlength=10)
    assert (g["quantile_bin_count"][:] == count).all() and count.min() >= 15, count
    accuracy, confidence = np.bincount(at, right, 10) / count, np.bincount(at, c, 10) / count
    close(g["quantile_bin_accuracy"][:], accuracy)
    close(g["quantile_bin_confidence"][:], confidence)
    close(g["ece_quantile"][()], (abs(accuracy - confidence) * count).sum() / len(c))
    close(g["confidence_gap"][()], c.mean() - right.mean())
PY

ok "no p of signed ranks that its differences cannot have" numbers "$T/a.h5" <<'PY'
g = f["comparisons/m/t/explanations"]
P = names(g, "precision_a")
ties = 0
for m, x in enumerate(names(g, "method")):
    rho = {p: f["comparisons/m/t/%s/%s/spearman" % (p, x)][()] for p in P if p != "fp32"}
    for a, p in enumerate(P):
        for b, other in enumerate(P):
            if a == b or p not in rho or other not in rho:
                continue
            d = rho[other] - rho[p]
            d = d[~np.isnan(d)]
            assert len(d) == 6 and g["drift_n"][m, a, b] == 6
            n = int((d != 0).sum())
            ties += n < 6
            close(g["drift_p"][m, a, b], signed_ranks(d))
            assert g["drift_p"][m, a, b] >= min(1, 2 / 2 ** n)
assert ties > 0
PY

ok "times on the same texts" numbers "$T/a.h5" <<'PY'
g = f["timing/latency_tests/m/t"]
P, B = names(g, "precision_a"), list(g["batch_size"][:])
mean = [f["timing/latency/m/t/%s/text_mean_ms" % p][:] for p in P]
assert B == [1, 4] and (g["n"][0] == 9).all() and (g["n"][1] == 3).all()
for k in range(2):
    for a in range(4):
        for b in range(4):
            x, y = mean[a][k], mean[b][k]
            there = ~np.isnan(x)
            d = (y - x)[there]
            close(g["difference"][k, a, b], d.mean())
            close(g["p"][k, a, b], signed_ranks(d))
            close(g["median_ratio"][k, a, b], np.median(y[there]) / np.median(x[there]))
            assert g["ci_low"][k, a, b] <= d.mean() <= g["ci_high"][k, a, b]
close(g["p_holm"][:], holm(g["p"][:]))
PY
shows() { "$QGRID" show "$T/a.h5" "$1" | grep -q "$2"; }
ok "show prints them" shows e/latencies "median_ratio, batch_size 4"
ok "show prints adjusted p values" shows e/compare "mcnemar_p_holm"

# Texts that are not neutral, and that no precision calls so.
ok "texts without a class" "$PYTHON" - "$T" <<'PY'
import sys
import h5py, numpy as np
f = h5py.File(sys.argv[1] + "/a.h5")
keep = f["datasets/t/label"][:] != 1
for p in ("fp32", "fp16", "int8", "int4"):
    keep &= f["predictions/m/t/%s/predicted" % p][:] != 1
lines = open("datasets/test.tsv", encoding="utf-8").readlines()
assert len(lines) == len(keep) and keep.sum() > 50
with open(sys.argv[1] + "/two.tsv", "w", encoding="utf-8") as out:
    out.writelines(x for x, k in zip(lines, keep) if k)
PY
two() { # RULE [OPTION...]: a run over them
    "$QGRID" run "$T/job.json" --output "$T/two.h5" --set "/datasets/t/path=\"$T/two.tsv\"" --set "/absent_classes=\"$1\"" "${@:2}"
}
ok "a job over them" two zero
ok "an absent class counts as 0" numbers "$T/two.h5" <<'PY'
for p in ("fp32", "int4"):
    g = f["metrics/m/t/" + p]
    rows = g["per_class"][:]
    assert (rows[1] == 0).all() and rows[0, 3] > 10 < rows[2, 3]
    for k, name in enumerate(("macro_precision", "macro_recall", "macro_f1")):
        close(g[name][()], rows[:, k].sum() / 3)
PY
fails 2 "cells change (e/compare" "another rule is other inputs" two skip
ok "and taken over" two skip --accept-changes
ok "an absent class is left out" numbers "$T/two.h5" <<'PY'
for p in ("fp32", "int4"):
    g = f["metrics/m/t/" + p]
    rows = g["per_class"][:]
    for k, name in enumerate(("macro_precision", "macro_recall", "macro_f1")):
        close(g[name][()], rows[:, k].sum() / 2)
    assert rows[1, 2] == 0
g = f["comparisons/m/t/paired/macro_f1_difference"][0, 3]
close(g, f["metrics/m/t/int4/macro_f1"][()] - f["metrics/m/t/fp32/macro_f1"][()])
assert f["comparisons/m/t/paired/class_mcnemar_p"][1].min() == 1
PY
cp "$T/two.h5" "$T/taken.h5"
ok "as in a run of its own" two skip --fresh
same() { [ "$("$QGRID" digest "$T/two.h5" | cut -d' ' -f1)" = "$("$QGRID" digest "$T/taken.h5" | cut -d' ' -f1)" ]; }
ok "the same bits" same
finish
