# shellcheck shell=bash
# explain.sh - a small data set with odd texts, jobs that explain it, and Python over their results;
# for scripts that have sourced sh.sh.
$PYTHON - "$T" <<'PY'
import random, sys
T = sys.argv[1]
word = "makanan pelayanan tempat harga kamar enak buruk biasa mahal murah ramah kotor nya dan tidak sekali".split()
random.seed(5)
long = " ".join(random.choice(word) for _ in range(150)) # more tokens than the model has places
rows = [
    ("bagus", "positive"), # a single word
    ("makanan nya enak sekali", "positive"),
    ("pelayanan ramah dan tempat nya bersih", "positive"),
    ("\u2603\u2603 \u2602 \u2600\u2600\u2600", "positive"), # unknown characters only
    ("", "neutral"), # nothing: left out
    ("harga nya biasa saja", "neutral"),
    ("tempat itu ada di jalan merdeka", "neutral"),
    ("rapat akan mulai jam dua siang", "neutral"),
    ("enak enak enak", "neutral"), # words that repeat
    (long, "negative"),
    ("kamar nya kotor dan bau", "negative"),
    ("buruk", "negative"),
    ("makanan dingin , harga mahal , tidak enak", "negative"),
]
with open(T + "/odd.tsv", "w") as f:
    f.writelines("%s\t%s\n" % r for r in rows)
with open(T + "/bare.txt", "w") as f: # the same without labels
    f.writelines("%s\n" % r[0] for r in rows)
PY

job() { # NAME [CHANGE]: writes $T/NAME.json, changed by Python statements over the job j and its explain x
    $PYTHON - "$T/$1.json" "$T" "$1" "${2:-}" <<'PY'
import json, sys
T = sys.argv[2]
j = {
    "name": "explained", "output": T + "/" + sys.argv[3] + ".h5",
    "labels": ["positive", "neutral", "negative"], "bootstrap": 100, "max_length": 32, "unit_tokens": 32,
    "models": {"m": "models/mini-finetuned"},
    "datasets": {"odd": {"path": T + "/odd.tsv", "format": "smsa"}},
    "experiments": {"e": {"model": "m", "dataset": "odd"}},
    "precisions": ["fp32", "int8", "int4"],
    "explain": {
        "methods": [
            {"method": "integrated_gradients", "steps": 8},
            "gradient_x_input",
            "saliency",
            {"method": "smoothgrad", "draws": 2},
            {"method": "sequential_integrated_gradients", "steps": 4},
            {"method": "expected_gradients", "draws": 4},
            "attn_lrp",
            {"method": "lime", "samples": 20},
            {"method": "shap", "evaluations": 20},
            {"method": "kernel_shap", "coalitions": 20, "exact_units": 3},
            "occlusion",
            "attention_rollout",
            "attention_entropy",
            "random",
        ],
        "samples": {"per_class": 4, "correct_only": False},
        "faithfulness": {"k": [1, 3, 0.5], "curve_steps": 4, "infidelity": 4, "sensitivity": 1},
        "floor_draws": 3,
    },
}
x = j["explain"]
exec(sys.argv[4])
json.dump(j, open(sys.argv[1], "w"), indent=1)
PY
}

same_digest() { # A B
    local a b
    a=$("$QGRID" digest "$1") && b=$("$QGRID" digest "$2") && [ -n "$a" ] && [ "${a%% *}" = "${b%% *}" ]
}

cat >"$T/common.py" <<'PY'
import h5py, math, os, sys
import numpy as np
T = os.environ["T"]
f = h5py.File(T + "/" + sys.argv[1], "r")
METHODS = [m.decode() for m in f["comparisons/m/odd/explanations/method"][:]] if "comparisons/m/odd/explanations" in f else []
def cells():
    return {n.decode(): int(s) for n, s in zip(f["cells/name"][:], f["cells/state"][:])}
def ranks(v): # mean rank of what is equal
    order = np.argsort(v, kind="stable")
    r = np.empty(len(v))
    r[order] = np.arange(len(v))
    return np.array([r[v == x].mean() for x in v])
def spearman(a, b):
    if len(a) < 2 or (a == a[0]).all() or (b == b[0]).all():
        return math.nan
    a, b = ranks(a), ranks(b)
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / math.sqrt((a * a).sum() * (b * b).sum())
def close(a, b, tol=1e-9): # NaN only where both are
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    assert a.shape == b.shape and (np.isnan(a) == np.isnan(b)).all(), (a, b)
    assert (np.isnan(a) | (abs(a - b) <= tol)).all(), (a, b)
def above(t, df): # P(T > t) of Student's t, whose angle atan(t / sqrt(df)) has the density cos^(df - 1); by Simpson
    u = np.linspace(math.atan(t / math.sqrt(df)), math.pi / 2, 20001)
    y = np.cos(u) ** (df - 1)
    area = (y[0] + y[-1] + 4 * y[1:-1:2].sum() + 2 * y[2:-1:2].sum()) * (u[1] - u[0]) / 3
    return area * math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(math.pi)
def one_sided(d, margin): # p of: the mean of d is above -margin
    if len(d) < 2:
        return math.nan
    if (d == d[0]).all():
        return 0.5 ** len(d) if d[0] > -margin else 1
    return above((d.mean() + margin) / (d.std(ddof=1) / math.sqrt(len(d))), len(d) - 1)
def signed_rank(d): # exact two-sided p over all signs
    d = d[d != 0]
    if len(d) == 0:
        return 1
    r = ranks(abs(d)) + 1
    signs = np.array(np.meshgrid(*[(0, 1)] * len(d), indexing="ij")).reshape(len(d), -1)
    w = r @ signs
    got = r[d > 0].sum()
    return min(1, 2 * min((w <= got + 1e-9).mean(), (w >= got - 1e-9).mean()))
def holm(p): # NaN: not in the family
    p, out, least = np.asarray(p, dtype=float), np.full(len(p), math.nan), 0
    order = [i for i in np.argsort(p, kind="stable") if not math.isnan(p[i])]
    for k, i in enumerate(order):
        least = max(least, min(1, (len(order) - k) * p[i]))
        out[i] = least
    return out
def named(g, scale, row):
    return dict(zip([t.decode() for t in g[scale][:]], row))
def check_family(g, scale, name, of_method): # p_holm and size of a table [method, precision, scale]: `random` is in none
    at = [t.decode() for t in g[scale][:]]
    t, p = g[name][:], g[name][:, :, at.index("p")].copy()
    assert "family" in g[name].attrs["long_name"].decode(), name
    p[[i for i, m in enumerate(of_method) if m == "random"]] = math.nan
    close(t[:, :, at.index("p_holm")].ravel(), holm(p.ravel()), 1e-12)
    assert (t[:, :, at.index("family")] == np.where(np.isnan(p), 0, np.isfinite(p).sum())).all(), name
    return int(np.isfinite(p).sum())
def check_difference(t, d): # a test of differences d by its names
    assert t["n"] == len(d), (t, d)
    close(t["difference"], d.mean() if len(d) else math.nan)
    close(t["p"], signed_rank(d) if len(d) > 1 else math.nan)
    check_detectable(t, d)
def check_detectable(t, d): # by the normal approximation from below, and by twice it
    least = (1.959964 + 0.841621) * d.std(ddof=1) / math.sqrt(len(d)) if len(d) > 1 else math.nan
    assert math.isnan(least) and math.isnan(t["detectable"]) or least <= t["detectable"] <= (2 if len(d) > 3 else 20) * least, (t, d)
def check_within(t, a, b, margin, both): # that b - a is within a margin, or only above its lower end
    keep = np.isfinite(b - a)
    a, d = a[keep], (b - a)[keep]
    assert t["n"] == len(d) and t["margin"] == margin, (t, d)
    close([t["against"], t["difference"]], [a.mean(), d.mean()] if len(d) else [math.nan] * 2)
    p = one_sided(d, margin)
    close(t["p"], max(p, one_sided(-d, margin)) if both and len(d) > 1 else p, 1e-8)
    check_detectable(t, d)
    if len(d) > 1: # the interval is inside exactly where the test says so
        assert t["low"] <= t["difference"] <= t["high"]
        assert (t["p"] < 0.05) == (t["low"] > -margin and (not both or t["high"] < margin)) or (d == d[0]).all(), t
PY
numbers() { # FILE: Python over it, with what is above
    { cat "$T/common.py" && cat; } | env T="$T" "$PYTHON" - "$1"
}
