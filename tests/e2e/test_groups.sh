#!/usr/bin/env bash
# test_groups.sh - metrics, drift and faithfulness by the groups of a data set, on the edge cases that
# are shipped; what these are. Numbers are checked by numpy. May run beside other tests.
# shellcheck source=tests/support/sh.sh
source "$(dirname "$0")/../support/sh.sh"

cat >"$T/edge.py" <<'END'
import collections
import json

rows = [json.loads(line) for line in open("datasets/edge_cases.jsonl")]
by = collections.Counter(r["category"] for r in rows)
assert len(by) >= 10 and min(by.values()) >= 12, by
assert {"negation", "mixed", "short_ambiguous", "long", "slang_oov", "neutral_leaning"} <= by.keys()
assert len({r["text"].lower() for r in rows}) == len({r["id"] for r in rows}) == len(rows)
for r in rows:
    words = len(r["text"].split())
    assert r["label"] in ("positive", "neutral", "negative"), r
    assert words > 128 if r["category"] == "long" else words < 40, r["id"]
    if r["category"] == "short_ambiguous":
        assert words <= 5, r["id"]
END
ok "there are 12 edge cases or more in each category, all different, long ones of more than 128 words" \
    "$PYTHON" "$T/edge.py"
grep '"long"' datasets/edge_cases.jsonl >"$T/long.jsonl"
"$QGRID" tokenize -m models/mini-finetuned "$T/long.jsonl" >"$T/tokens"
ok "and tokens" "$PYTHON" -c "
import json, sys
t = [json.loads(line) for line in open(sys.argv[1])]
assert len(t) >= 12 and all(x['truncated'] and len(x['tokens']) == 128 for x in t), t" "$T/tokens"

job() { # FILE DATASET [MEMBERS]
    cat >"$1" <<END
{"name": "groups", "labels": ["positive", "neutral", "negative"], "models": {"m": "models/mini-finetuned"},
 "datasets": {"d": {$2}}, "experiments": {"e": {"model": "m", "dataset": "d"}},
 "precisions": ["fp32", "int4"] ${3:-}}
END
}
EDGE='"path": "datasets/edge_cases.jsonl", "id_column": "id", "normalize": "whitespace"'
EXPLAIN=', "explain": {"methods": ["occlusion"], "samples": {"per_class": 8, "correct_only": false}, "faithfulness": {"k": [3], "curve_steps": 0}}'
job "$T/edge.json" "$EDGE, \"group_column\": \"category\"" "$EXPLAIN"
ok "metrics by category" run_np 2 "$T/edge.json" --output "$T/edge.h5"
cat >"$T/groups.py" <<'END'
import json
import sys
import h5py
import numpy as np

f = h5py.File(sys.argv[1])
rows = [json.loads(line) for line in open("datasets/edge_cases.jsonl")]
names = list(dict.fromkeys(r["category"] for r in rows))
g = f["/datasets/d/groups"]
assert [x.decode() for x in g["group"]] == names
of = np.array([names.index(r["category"]) for r in rows])
assert (g["of_row"][:] == of).all() and (g["texts"][:] == np.bincount(of)).all()
label = f["/datasets/d/label"][:]
fp32 = f["/predictions/m/d/fp32/predicted"][:]
slot = f["/explained/m/d/row"][:]
for p in ["fp32", "int4"]:
    x, m = f[f"/predictions/m/d/{p}"], f[f"/metrics/m/d/{p}/groups"]
    predicted, probability = x["predicted"][:], x["probabilities"][:]
    for i in range(len(names)):
        k = of == i
        right = (predicted == label)[k]
        share, low, high = m["accuracy_interval"][i]
        assert share == m["accuracy"][i] and 0 <= low <= share <= high <= 1
        np.testing.assert_allclose(share, right.mean(), rtol=1e-14)
        np.testing.assert_allclose(m["agreement_with_fp32"][i, 0], (predicted == fp32)[k].mean(), rtol=1e-14)
        np.testing.assert_allclose(m["mean_confidence"][i], probability[k].max(1).mean(), rtol=1e-13)
        nll = -np.log(np.clip(probability[k, label[k]], 1e-15, 1)).mean()
        np.testing.assert_allclose(m["nll"][i], nll, rtol=1e-12)
        assert m["labelled"][i] == k.sum()
    a = f[f"/faithfulness/m/d/{p}/occlusion"]
    s = a["groups/summary"]
    at = [x.decode() for x in a["groups/faithful_measure"]].index("tau_loo")
    for i in range(len(names)):
        v = a["tau_loo"][:][(slot >= 0) & (of[slot] == i)]
        v = v[~np.isnan(v)]
        assert s[i, at, 0] == len(v)
        if len(v):
            np.testing.assert_allclose(s[i, at, 1], v.mean(), rtol=1e-12)
d = f["/comparisons/m/d/int4/occlusion"]
for i in range(len(names)):
    v = d["spearman"][:][(slot >= 0) & (of[slot] == i)]
    v = v[~np.isnan(v)]
    assert d["groups/summary"][i, 0, 0] == len(v)
    if len(v):
        np.testing.assert_allclose(d["groups/summary"][i, 0, 1], v.mean(), rtol=1e-12)
    else:
        assert np.isnan(d["groups/summary"][i, 0, 1])
END
ok "they are those of the rows" "$PYTHON" "$T/groups.py" "$T/edge.h5"
"$QGRID" show "$T/edge.h5" e/int4 >"$T/show"
ok "show prints them" grep -q '^ *sarcasm ' "$T/show"

# Groups are an addition: other numbers stay, and without the column there is nothing of them.
job "$T/plain.json" "$EDGE" "$EXPLAIN"
ok "without groups" run_np 0 "$T/plain.json" --output "$T/plain.h5"
ok "nothing is said of any" "$PYTHON" -c "
import h5py, sys
a, b = h5py.File(sys.argv[1]), h5py.File(sys.argv[2])
assert 'groups' not in b['/datasets/d'] and 'groups' not in b['/metrics/m/d/int4']
assert a['/metrics/m/d/int4/ece'][()] == b['/metrics/m/d/int4/ece'][()]" "$T/edge.h5" "$T/plain.h5"
ok "the column may come later: predictions are kept" run_np 0 "$T/edge.json" --output "$T/plain.h5" --accept-changes
ok "and metrics by group are there" "$PYTHON" "$T/groups.py" "$T/plain.h5"

# Tables, and rows in no group.
printf 'text,label,kind\nenak sekali,positive,a\nburuk,negative,\n"biasa, saja",neutral,b\nenak,positive,a\n' >"$T/t.csv"
job "$T/csv.json" "\"path\": \"$T/t.csv\", \"group_column\": \"kind\""
ok "a column of a table" run_np 0 "$T/csv.json" --output "$T/csv.h5"
ok "where an empty field is no group" "$PYTHON" -c "
import h5py, sys
f = h5py.File(sys.argv[1])
assert list(f['/datasets/d/groups/group']) == [b'a', b'b']
assert list(f['/datasets/d/groups/of_row']) == [0, -1, 1, 0]" "$T/csv.h5"

wrong() { # MESSAGE DATASET
    job "$T/wrong.json" "$2"
    fails 2 "$1" "refused: $1" "$QGRID" check "$T/wrong.json"
}
wrong "lacks column 'none'" "\"path\": \"$T/t.csv\", \"group_column\": \"none\""
wrong "key 'none' is missing" "\"path\": \"datasets/edge_cases.jsonl\", \"group_column\": \"none\""
wrong "does not take 'group_column'" '"path": "datasets/test.tsv", "format": "smsa", "group_column": "x"'
printf 'text,label,kind\nenak,positive,\n' >"$T/none.csv"
wrong "no row is in a group" "\"path\": \"$T/none.csv\", \"group_column\": \"kind\""
{
    echo text,label,kind
    for i in $(seq 257); do echo "enak $i,positive,k$i"; done
} >"$T/many.csv"
wrong "more than 256 different groups" "\"path\": \"$T/many.csv\", \"group_column\": \"kind\""
finish
