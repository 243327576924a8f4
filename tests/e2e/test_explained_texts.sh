#!/usr/bin/env bash
# test_explained_texts.sh - which texts are explained: numbers by label, ids, texts on which precisions
# disagree, those of another experiment. May run beside other tests.
# shellcheck source=tests/support/sh.sh
source "$(dirname "$0")/../support/sh.sh"

job() { # FILE SAMPLES [MEMBERS]
    cat >"$1" <<END
{"name": "texts", "labels": ["positive", "neutral", "negative"],
 "models": {"a": "models/mini-finetuned", "b": {"path": "models/mini-original", "head": "random"}},
 "datasets": {"d": {"path": "datasets/edge_cases.jsonl", "id_column": "id", "normalize": "whitespace"},
              "t": {"path": "datasets/test.tsv", "format": "smsa", "sample": {"count": 40}}},
 "experiments": {"b": {"model": "b", "dataset": "d"}, "a": {"model": "a", "dataset": "d"}, "t": {"model": "b", "dataset": "t"}},
 "precisions": ["int4", "fp32", "int8"] ${3:-},
 "explain": {"methods": ["saliency"], "samples": {$2}, "faithfulness": false}}
END
}

cat >"$T/rows.py" <<'END'
"""rows.py KIND FILE: the explained rows are those that the kind asks for."""
import sys
import h5py

kind, f = sys.argv[1], h5py.File(sys.argv[2])
P = ["int4", "fp32", "int8"]


def rows(e, d="d"):
    x = f[f"/explained/{e}/{d}"]
    own = f[f"/predictions/{e}/{d}/fp32/predicted"][:]
    keep = [r for r in x["row"][:] if r >= 0]
    assert len(keep) == len(set(keep)) and keep
    assert [x["reference"][i] for i, r in enumerate(x["row"][:]) if r >= 0] == [own[r] for r in keep]
    for p in P:
        a = f[f"/attributions/{e}/{d}/{p}/saliency"]
        assert [a["target"][i] for i, r in enumerate(x["row"][:]) if r >= 0] == [own[r] for r in keep]
    return keep


def disagree(e, d):
    p = [f[f"/predictions/{e}/{d}/{x}/predicted"][:] for x in P]
    return {r for r in range(len(p[0])) if len({v[r] for v in p}) > 1}


label = f["/datasets/d/label"][:]
right = lambda e, r: f[f"/predictions/{e}/d/fp32/predicted"][r] == label[r]
if kind == "labels":
    for e in "ab":
        n = [int(v) for v in map([label[r] for r in rows(e)].count, range(3))]
        assert n[0] <= 3 and n[1] == 0 and n[2] <= 5, n
        assert all(right(e, r) for r in rows(e))
    assert n[0] == 3 or n[2] == 5
elif kind == "ids":
    ids = [x.decode() for x in f["/datasets/d/sample_id"][:]]
    for e in "ab":
        assert [ids[r] for r in rows(e)] == ["sarcasm_03", "long_01", "negation_02"]
    assert [x.decode() for x in f["/datasets/t/sample_id"][:][rows("b", "t")]] == sys.argv[3:]
elif kind == "divergent":
    for e, d in [("a", "d"), ("b", "d"), ("b", "t")]:
        assert set(rows(e, d)) <= disagree(e, d)
    assert set(rows("a")) == disagree("a", "d")  # so many are wanted that all are taken
elif kind == "as":
    assert rows("b") == rows("a") and all(right("a", r) for r in rows("a"))
    assert not all(right("b", r) for r in rows("b"))
    assert all(f["/predictions/b/t/fp32/predicted"][r] == f["/datasets/t/label"][r] for r in rows("b", "t"))
END

digest() { "$QGRID" digest "$1" | cut -d' ' -f1; }
both() { # KIND SAMPLES ARGUMENTS...: on one rank and on 3, with the same results
    local kind=$1
    job "$T/$kind.json" "$2"
    ok "$kind on 3 ranks" run_np 3 "$T/$kind.json" --output "$T/$kind.h5"
    ok "$kind alone" run_np 0 "$T/$kind.json" --output "$T/$kind-1.h5"
    ok "the same texts" test "$(digest "$T/$kind.h5")" = "$(digest "$T/$kind-1.h5")"
    shift 2
    ok "$kind: the texts that were asked for" "$PYTHON" "$T/rows.py" "$kind" "$T/$kind.h5" "$@"
}
both labels '"per_class": {"positive": 3, "negative": 5}'
number=$("$PYTHON" -c "import h5py, sys; print(h5py.File(sys.argv[1])['/datasets/t/sample_id'][7].decode())" "$T/labels.h5")
both ids "\"ids\": [\"sarcasm_03\", $number, \"long_01\", \"negation_02\"]" "$number"
both divergent '"divergent": true, "per_class": 1000, "correct_only": false'
both as '"as": "a", "per_class": 4'

# One precision's explanation asks for what says which texts these are.
job "$T/only.json" '"divergent": true, "per_class": 1000, "correct_only": false'
ok "one explanation alone" run_np 0 "$T/only.json" --only 'a/int8/saliency' --output "$T/only.h5"
ok "explains the same texts" "$PYTHON" -c "
import h5py, sys
a, b = (h5py.File(f) for f in sys.argv[1:])
assert list(a['/explained/a/d/row']) == list(b['/explained/a/d/row'])" "$T/only.h5" "$T/divergent.h5"

# With stress, the texts of another experiment are those that it has at level 0.
job "$T/stress.json" '"as": "a", "per_class": 2' \
    ', "bootstrap": 100, "stress": {"datasets": ["d"], "perturbations": ["typos"], "levels": [0, 0.2], "samples": {"per_class": 6}}'
ok "with stress" run_np 0 "$T/stress.json" --output "$T/stress.h5"
ok "at every level" "$PYTHON" -c "
import h5py, sys
f = h5py.File(sys.argv[1])
a = list(f['/explained/a/d+0/row'])
assert max(a) >= 0
for e, d in [('a', 'd+typos+0.2'), ('b', 'd+0'), ('b', 'd+typos+0.2')]:
    assert list(f[f'/explained/{e}/{d}/row']) == a
    assert list(f[f'/explained/{e}/{d}/reference']) == list(f[f'/explained/{e}/d+0/reference'])" "$T/stress.h5"

wrong() { # MESSAGE SAMPLES
    job "$T/wrong.json" "$2"
    fails 2 "$1" "refused: $1" "$QGRID" check "$T/wrong.json"
}
wrong "'good' is not a label of the job" '"per_class": {"good": 1}'
wrong "no text of any class is wanted" '"per_class": {"neutral": 0}'
wrong "per_class is an integer in [1, 1000000]" '"per_class": 0'
wrong "the id 'none'" '"ids": ["sarcasm_03", "none"]'
wrong "no text of data set t has one of these ids" '"ids": ["sarcasm_03"]'
wrong 'has no place beside "ids"' '"ids": ["sarcasm_03"], "per_class": 2'
wrong "there is no experiment 'none'" '"as": "none"'
finish
