#!/usr/bin/env bash
# test_stress.sh - derived data sets and "stress": what is perturbed, and that the curves are what
# the rows of the file say. Numbers are checked by numpy. May run beside other tests.
# shellcheck source=tests/support/sh.sh
source "$(dirname "$0")/../support/sh.sh"

job() { # FILE RANKS-FREE-NAME: with the members that stand on standard input
    cat >"$1" <<END
{"name": "stress", "labels": ["positive", "neutral", "negative"],
 "models": {"a": "models/mini-finetuned", "b": {"path": "models/mini-original", "head": "random"}},
 "datasets": {"smsa": {"path": "datasets/test.tsv", "format": "smsa", "normalize": ["html", "whitespace"],
                       "sample": {"per_class": 20}}
              $2},
 "experiments": {"a": {"model": "a", "dataset": "smsa"}, "b": {"model": "b", "dataset": "smsa"} $3},
 "precisions": ["fp32", "int4"] $4}
END
}

STRESS='"stress": {"datasets": ["smsa"], "perturbations": ["drop_characters", "swap_words", "repeat_letters"],
  "levels": [0, 0.3], "samples": {"per_class": 8}}'
job "$T/stress.json" "" "" ", $STRESS, \"bootstrap\": 200,
  \"latency\": {\"samples\": 1, \"runs\": 1},
  \"explain\": {\"methods\": [\"occlusion\"], \"samples\": {\"per_class\": 2}, \"faithfulness\": false}"
ok "a job with stress runs on 2 ranks" run_np 2 "$T/stress.json" --output "$T/2.h5"
ok "and on one" run_np 0 "$T/stress.json" --output "$T/1.h5"
digest() { "$QGRID" digest "$1" | cut -d' ' -f1; }
ok "with the same results" test "$(digest "$T/1.h5")" = "$(digest "$T/2.h5")"
for n in 3 7; do
    ok "on $n ranks" run_np $n "$T/stress.json" --output "$T/$n.h5"
    ok "too" test "$(digest "$T/1.h5")" = "$(digest "$T/$n.h5")"
done

cat >"$T/curves.py" <<'END'
import sys
import h5py
import numpy as np

f = h5py.File(sys.argv[1])
text = lambda a: [x.decode() for x in a]
P, L = ["fp32", "int4"], [0, 0.3]


def wilson(k, n, z=1.9599639845400545):
    p, d = k / n, 1 + z * z / n
    half = z / d * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return p, (p + z * z / (2 * n)) / d - half, (p + z * z / (2 * n)) / d + half


def ece(probability, label):
    conf, right = probability.max(1), probability.argmax(1) == label
    b = np.clip(np.ceil(conf * 10).astype(int) - 1, 0, 9)
    return sum(abs((right[b == i] - conf[b == i]).sum()) for i in range(10)) / len(label)


def ranks(v):
    order, r = np.argsort(v, kind="stable"), np.empty(len(v))
    r[order] = np.arange(len(v))
    return np.array([r[v == x].mean() for x in v])


def rho(a, b):
    a, b = ranks(a), ranks(b)
    if len(a) < 2 or a.std() == 0 or b.std() == 0:
        return np.nan
    return np.corrcoef(a, b)[0, 1]


whole = f["/datasets/smsa"]
for what in ["drop_characters", "swap_words", "repeat_letters"]:
    for model in "ab":
        g = f[f"/stress/{model}/smsa/{what}"]
        assert list(g["level"]) == L and text(g["precision"]) == P
        assert list(g["texts"]) == [24, 24] and g["changed"][0] == 0 and g["changed"][1] > 12
        assert g["words_kept"][0] == 1
        for i, p in enumerate(P):
            plain = f[f"/predictions/{model}/smsa+0/{p}"]
            for l, level in enumerate(L):
                name = "smsa+0" if level == 0 else f"smsa+{what}+0.3"
                d, x = f[f"/datasets/{name}"], f[f"/predictions/{model}/{name}/{p}"]
                label, n = d["label"][:], 24
                assert list(label) == list(f["/datasets/smsa+0/label"]) and (np.bincount(label) == 8).all()
                right = x["predicted"][:] == label
                np.testing.assert_allclose(g["accuracy"][i, l], wilson(right.sum(), n), rtol=1e-12)
                flips = (x["predicted"][:] != plain["predicted"][:]).sum()
                want = wilson(flips, n)
                np.testing.assert_allclose(g["flips"][i, l], (want[0], max(0, want[1]), want[2]), rtol=1e-12, atol=1e-16)
                e = ece(x["probabilities"][:], label)
                np.testing.assert_allclose(g["ece"][i, l, 0], e, rtol=1e-12)
                np.testing.assert_allclose(g["ece_difference"][i, l, 0], e - ece(plain["probabilities"][:], label), atol=1e-12)
                conf = x["probabilities"][:].max(1)
                np.testing.assert_allclose(g["confidence"][i, l, 0], conf.mean(), rtol=1e-12)
                np.testing.assert_allclose(g["confidence_difference"][i, l, 0],
                                           (conf - plain["probabilities"][:].max(1)).mean(), atol=1e-12)
                was = plain["predicted"][:] == label
                assert g["harmful"][i, l] == (was & ~right).sum() and g["beneficial"][i, l] == (~was & right).sum()
                for m in ["ece", "confidence", "macro_f1"]:
                    v, low, high = g[m][i, l]
                    assert low <= high and 0 <= v <= 1, (m, v, low, high)
            assert np.isnan(g["mcnemar_p_holm"][i, 0]) and g["mcnemar_p_holm"][i, 1] >= g["mcnemar_p"][i, 1]

# A text is perturbed the same way whatever sample it is in, and rows are those of the source.
ids = {k: t for k, t in zip(text(whole["sample_id"]), text(whole["text"]))}
zero = f["/datasets/smsa+0"]
assert all(ids[k] == t for k, t in zip(text(zero["sample_id"]), text(zero["text"])))

# repeat_letters leaves every word in its place: the drift is that of the rows of scores.
for model in "ab":
    for i, p in enumerate(P):
        a = f[f"/attributions/{model}/smsa+0/{p}/occlusion"]
        b = f[f"/attributions/{model}/smsa+repeat_letters+0.3/{p}/occlusion"]
        assert list(a["target"]) == list(b["target"])
        values = []
        for s in range(len(a["target"])):
            u, v = a["word_scores"][s], b["word_scores"][s]
            k = ~(np.isnan(u) | np.isnan(v))
            if k.any():
                values.append(rho(u[k], v[k]))
        values = [v for v in values if not np.isnan(v)]
        g = f[f"/stress/{model}/smsa/repeat_letters/{p}"]
        n, mean = g["spearman"][0, 1][:2]
        assert n == len(values), (n, len(values))
        np.testing.assert_allclose(mean, np.mean(values), rtol=1e-12)
        np.testing.assert_allclose(g["spearman"][0, 0][1], 1, rtol=1e-12)

# swap_words: each swapped word is compared with itself. The words of a text tell which it is.
for p in P:
    a, b = f[f"/attributions/a/smsa+0/{p}/occlusion"], f[f"/attributions/a/smsa+swap_words+0.3/{p}/occlusion"]
    row = f["/explained/a/smsa+0/row"][:]
    assert list(row) == list(f["/explained/a/smsa+swap_words+0.3/row"])
    values = []
    for s, r in enumerate(row):
        if r < 0:
            continue
        u = f["/datasets/smsa+0/text"][r].decode().split()
        v = f["/datasets/smsa+swap_words+0.3/text"][r].decode().split()
        assert sorted(u) == sorted(v)
        if len(set(u)) < len(u):
            values = None
            break
        at = [v.index(w) for w in u]
        x, y = a["word_scores"][s][: len(u)], b["word_scores"][s][at]
        k = ~(np.isnan(x) | np.isnan(y))
        values.append(rho(x[k], y[k]))
    if values:
        np.testing.assert_allclose(f[f"/stress/a/smsa/swap_words/{p}/spearman"][0, 1][1], np.nanmean(values), rtol=1e-12)
assert not any("+" in k for k in f["/timing/latency/a"]), "latency of perturbed texts"
END
ok "curves and drift are those of the rows" "$PYTHON" "$T/curves.py" "$T/1.h5"
"$QGRID" show "$T/1.h5" >"$T/show"
ok "show prints the curves" grep -q '^a/swap_words 0.3/int4 .* 0\.' "$T/show"
ok "and the drift" grep -q '^a/swap_words 0.3/int4/occlusion' "$T/show"

# Derived data sets of one's own.
job "$T/own.json" ', "noisy": {"from": "smsa", "perturb": {"drop_characters": 0.1}, "seed": 7},
  "again": {"from": "smsa", "perturb": {"drop_characters": 0.1}, "seed": 7, "sample": {"count": 5}}' \
    ', "noisy": {"model": "a", "dataset": "noisy"}, "again": {"model": "b", "dataset": "again"}' ""
ok "a derived data set runs" run_np 0 "$T/own.json" --output "$T/own.h5"
cat >"$T/own.py" <<'END'
import sys
import h5py

f = h5py.File(sys.argv[1])
rows = {n: dict(zip(f[f"/datasets/{n}/sample_id"], f[f"/datasets/{n}/text"])) for n in ["smsa", "noisy", "again"]}
assert rows["noisy"].keys() == rows["smsa"].keys() and len(rows["again"]) == 5
assert all(rows["noisy"][k] == t for k, t in rows["again"].items())
changed = sum(rows["noisy"][k] != t for k, t in rows["smsa"].items())
assert changed > 50, changed
share = sum(map(len, rows["noisy"].values())) / sum(map(len, rows["smsa"].values()))
assert 0.87 < share < 0.93, share
END
ok "the same way whatever the sample, the model and the job" "$PYTHON" "$T/own.py" "$T/own.h5"

# Models with seeds: an experiment of each at every level, and statistics over the seeds.
cat >"$T/seeds.json" <<'END'
{"name": "seeds", "labels": ["positive", "neutral", "negative"],
 "models": {"m": "models/mini-finetuned", "two": {"train": {"from": "m", "seeds": [5, 7], "dataset": "d", "validation": "d", "epochs": 1}}},
 "datasets": {"d": {"path": "datasets/test.tsv", "format": "smsa", "sample": {"per_class": 4}}},
 "experiments": {"two": {"model": "two", "dataset": "d"}},
 "precisions": ["fp32"], "bootstrap": 100, "stress": {"datasets": ["d"], "perturbations": ["typos"], "levels": [0, 0.3]}}
END
ok "a model with seeds under stress" run_np 0 "$T/seeds.json" --output "$T/seeds.h5"
ok "has curves of each and statistics of all" "$PYTHON" -c "
import h5py, sys
f = h5py.File(sys.argv[1])
for seed in (5, 7):
    g = f[f'/stress/two_s{seed}/d/typos']
    assert g['accuracy'][0, 1, 0] == f[f'/metrics/two_s{seed}/d+typos+0.3/fp32/accuracy'][()]
assert f['/seeds/two/d+typos+0.3/fp32/n'][()] == 2
assert set(f['/cells/state'][:]) == {1}" "$T/seeds.h5"

wrong() { # MESSAGE DATASETS [MEMBERS]
    job "$T/wrong.json" "$2" "" "${3:-}"
    fails 2 "$1" "refused: $1" "$QGRID" check "$T/wrong.json"
}
wrong "there is no dataset 'none'" ', "x": {"from": "none"}'
wrong "'y' has to stand above the data set that is made from it" ', "x": {"from": "y"}, "y": {"from": "smsa"}'
wrong 'has no place beside "from"' ', "x": {"from": "smsa", "normalize": "lower"}'
wrong "its \"from\" lacks" ', "x": {"path": "datasets/test.tsv", "seed": 3}'
wrong "key 'path' is missing, or 'from' in place of a file" ', "x": {"perturb": {"typos": 1}}'
wrong "perturbation 'tpyos' is not one of" ', "x": {"from": "smsa", "perturb": {"tpyos": 1}}'
wrong "the first level is 0" "" ', "stress": {"datasets": ["smsa"], "perturbations": ["typos"], "levels": [0.1, 0.2]}'
wrong "levels rise" "" ', "stress": {"datasets": ["smsa"], "perturbations": ["typos"], "levels": [0, 0.2, 0.2]}'
wrong "there is no dataset 'none'" "" ', "stress": {"datasets": ["none"], "perturbations": ["typos"], "levels": [0.1, 0.2]}'
wrong "the first level is 0" "" ', "stress": {"datasets": ["none"], "perturbations": ["typos"], "levels": [0.1, 0.2]}'
wrong "'typos' occurs twice" "" ', "stress": {"datasets": ["smsa"], "perturbations": ["typos", "typos"]}'
wrong "there is no dataset 'none'" "" ', "stress": {"datasets": ["none"], "perturbations": ["typos"]}'
wrong "no experiment is on the data set 'x'" ', "x": {"from": "smsa"}' ', "stress": {"datasets": ["x"], "perturbations": ["typos"]}'
wrong "per_class: 100 rows are wanted" "" ', "stress": {"datasets": ["smsa"], "perturbations": ["typos"], "samples": {"per_class": 100}}'
finish
