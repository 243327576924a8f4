#!/usr/bin/env bash
# Minimal pairs in a job: success of pairs by phenomenon, tests against the variant that a study
# compares with, ranks of cue words under every method; everything recomputed from the file of the
# pairs, predictions and scores.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/explain.sh

# Two experiments on the pairs that the repository ships, the second compared with the first.
pairs() { # NAME [CHANGE]
    job "$1" "j['models'] = {'m': 'models/mini-finetuned', 'o': {'path': 'models/mini-original', 'head': 'random'}}
j['datasets'] = {'p': {'path': 'datasets/probes.jsonl', 'format': 'probes', 'normalize': 'whitespace'}}
j['experiments'] = {'o': {'model': 'o', 'dataset': 'p', 'reference': 'e'}, 'e': {'model': 'm', 'dataset': 'p'}}
j['precisions'] = ['fp32', 'int8', 'int4']
j['unit_tokens'] = 512
x['samples'] = {'per_class': 3, 'correct_only': True}
x['faithfulness'] = False
${2:-}"
}
cat >>"$T/common.py" <<'PY'
import json, re
from math import comb
LINES = [json.loads(l) for l in open("datasets/probes.jsonl", encoding="utf-8")]
ROWS = [t for l in LINES for t in (l, l["pair"])]
NAMES = ["all"] + list(dict.fromkeys(l["phenomenon"] for l in LINES))
P = ["fp32", "int8", "int4"]
LABELS = ["positive", "neutral", "negative"]
label = np.array([LABELS.index(r["label"]) for r in ROWS])
changes = label[0::2] != label[1::2]
of = np.array([l["phenomenon"] for l in LINES])
def predicted(m, p):
    return f["predictions/%s/p/%s/predicted" % (m, p)][:]
def success(v): # of each pair
    right = v == label
    return right[0::2] & right[1::2]
def wilson(k, n): # by bisection of (share - p)^2 n = z^2 p (1 - p)
    if n == 0:
        return [math.nan] * 2
    z2, share = 1.959963984540054**2, k / n
    def root(a, b): # outside at a, inside at b
        for _ in range(200):
            c = (a + b) / 2
            if (share - c) ** 2 * n > z2 * c * (1 - c):
                a = c
            else:
                b = c
        return (a + b) / 2
    return [root(0, share) if k else 0, root(1, share) if k < n else 1]
def mcnemar(b, c):
    n, k = b + c, min(b, c)
    return min(1.0, 2 * sum(comb(n, i) for i in range(k + 1)) / 2.0**n) if n else 1.0
def subsets(): # name of the score, name of the test, pairs
    yield "psr", "mcnemar", changes | True
    yield "psr_changes", "mcnemar_changes", changes
    yield "psr_stays", "mcnemar_stays", ~changes
def chosen(name, keep):
    return keep & ((of == name) | (name == "all"))
def letters(s): # without case and punctuation
    return re.sub(r"[\W_]", "", s).lower()
def places(row): # words of each cue that the row has; in these pairs no cue begins within another one
    text, cues, taken, out = ROWS[row]["text"].split(), LINES[row // 2]["cues"], set(), []
    for c in cues:
        for i, j in ((i, j) for i in range(len(text)) for j in range(i, len(text))):
            if letters("".join(text[i : j + 1])) == letters(c) and letters(text[i]) and letters(text[j]) and not taken & set(range(i, j + 1)):
                taken |= set(range(i, j + 1))
                out.append((i, j))
                break
    return out
PY

pairs whole
ok "check accepts a job with pairs" "$QGRID" check "$T/whole.json"
ok "a job with pairs runs" run_np 0 "$T/whole.json"
ok "every cell is done, and those of pairs are there" numbers whole.h5 <<'PY'
assert set(cells().values()) == {1}
assert {"e/probes", "o/probes"} <= set(cells())
for m in ("m", "o"): # both are compared with the same fp32
    assert f["probes/%s/p" % m].attrs["reference"] in (b"e", "e")
PY
ok "the file says which rows are pairs, of what, and where their cues stand" numbers whole.h5 <<'PY'
g = f["datasets/p/pairs"]
n = len(LINES)
assert n >= 240 and [t.decode() for t in f["datasets/p/text"][:]] == [" ".join(r["text"].split()) for r in ROWS]
assert (f["datasets/p/label"][:] == label).all()
assert (g["first_row"][:] == 2 * np.arange(n)).all() and (g["second_row"][:] == 2 * np.arange(n) + 1).all()
assert [t.decode() for t in g["phenomenon"][:]] == list(of) and (g["changes"][:] == changes).all()
splits, a, b = g["cue_row_splits"][:], g["cue_first"][:], g["cue_last"][:]
assert len(a) == len(b) == splits[-1] > n
for r in range(2 * n):
    assert list(zip(a[splits[r] : splits[r + 1]], b[splits[r] : splits[r + 1]])) == places(r), r
PY
ok "success of pairs and its intervals are those of the predictions" numbers whole.h5 <<'PY'
seen = 0
for m in ("m", "o"):
    g = f["probes/%s/p" % m]
    assert [t.decode() for t in g["phenomenon"][:]] == NAMES and [t.decode() for t in g["precision"][:]] == P
    for score, _, keep in subsets():
        for i, name in enumerate(NAMES):
            k = chosen(name, keep)
            for j, p in enumerate(P):
                v, s = predicted(m, p), success(predicted(m, p))[k].sum()
                right, n = v == label, k.sum()
                want = [n, s, s / n, *wilson(s, n), right[0::2][k].mean(), right[1::2][k].mean(), (v[0::2] != v[1::2])[k].mean()]
                close(g[score][i, j], want, 1e-12)
                seen += 0 < s < n
assert seen > 50
PY
ok "tests against the reference are exact, in families" numbers whole.h5 <<'PY'
base, least = success(predicted("m", "fp32")), 1
for m in ("m", "o"):
    g = f["probes/%s/p" % m]
    for _, test, keep in subsets():
        t = g[test][:]
        for i, name in enumerate(NAMES):
            k = chosen(name, keep)
            for j, p in enumerate(P):
                if m == "m" and p == "fp32": # itself
                    assert np.isnan(t[i, j, [0, 1, 2, 3, 4, 5, 7]]).all() and t[i, j, 6] == 0
                    continue
                a, b = base[k], success(predicted(m, p))[k]
                harmed, helped = (a & ~b).sum(), (~a & b).sum()
                close(t[i, j, :5], [(a & b).sum(), harmed, helped, (~a & ~b).sum(), mcnemar(int(harmed), int(helped))], 1e-12)
                assert t[i, j, 7] == (harmed + helped < 10)
        for rows in (slice(0, 1), slice(1, None)): # all pairs; each phenomenon
            q = t[rows, :, 4].ravel()
            close(t[rows, :, 5].ravel(), holm(q), 1e-12)
            assert (t[rows, :, 6].ravel() == np.where(np.isnan(q), 0, np.isfinite(q).sum())).all()
            least = min(least, np.nanmin(t[rows, :, 5]))
assert least < 0.05, least # the model with a drawn head loses pairs
PY
ok "cues have the ranks of their words under every method" numbers whole.h5 <<'PY'
METHODS = [m.decode() for m in f["comparisons/m/p/explanations/method"][:]]
assert len(METHODS) == 14
found = 0
for m in ("m", "o"):
    x = f["explained/%s/p" % m]
    row, words = x["row"][:], x["words"][:]
    for p in P:
        for method in METHODS:
            g, w = f["cues/%s/p/%s/%s" % (m, p, method)], f["attributions/%s/p/%s/%s/word_scores" % (m, p, method)][:]
            cues = []
            for i, r in enumerate(row):
                if r < 0:
                    assert g["cues"][i] == -1 and math.isnan(g["rank"][i])
                    continue
                n = int(np.isfinite(w[i]).sum())
                rank = np.full(w.shape[1], math.nan)
                rank[np.isfinite(w[i])] = ranks(-abs(w[i][np.isfinite(w[i])])) + 1
                mine = []
                for a, b in places(r):
                    best = np.nanmin(rank[a : b + 1])
                    k = int(np.isfinite(rank[a : b + 1]).sum())
                    mine.append((i, ROWS[2 * (r // 2)]["phenomenon"], n, best, (n + 1) / (k + 1), 1 - comb(max(0, n - 5), k) / comb(n, k)))
                assert g["cues"][i] == len(mine), (i, r)
                close(g["rank"][i], np.mean([c[3] for c in mine]) if mine else math.nan)
                cues += mine
            for i, name in enumerate(NAMES):
                c = [k for k in cues if name in ("all", k[1])]
                n, top = len(c), sum(k[3] <= 5 for k in c)
                mean = lambda j: np.mean([k[j] for k in c]) if c else math.nan
                close(g["summary"][i], [len({k[0] for k in c}), n, mean(2), mean(3), mean(4), top / n if n else math.nan, *wilson(top, n), mean(5)], 1e-12)
                found += n
assert found > 400, found
PY

for np in $(some_ranks 3); do
    ok "runs on $np ranks" run_np $np "$T/whole.json" --output "$T/whole$np.h5"
    ok "$np ranks give the same bits" same_digest "$T/whole.h5" "$T/whole$np.h5"
done

ok "show reads a file with pairs" bash -c "'$QGRID' show '$T/whole.h5' >'$T/shown'"
ok "it has success of pairs of every variant" grep -qE '^o/int4 +270 ' "$T/shown"
ok "with intervals" grep -qE '^minimal pairs +pairs +PSR +ci_low' "$T/shown"
ok "and the cues of every method" grep -qE '^e/\*/occlusion( +[01]\.[0-9]{3}){4}$' "$T/shown"
ok "by precision, beside chance" grep -qE '^cues in the top 5 +fp32 +int8 +int4 +by chance' "$T/shown"
ok "show has each phenomenon of a cell" bash -c "'$QGRID' show '$T/whole.h5' e/probes >'$T/shown' && grep -q 'epistemic_hedge' '$T/shown'"
ok "show has the cues of an explanation" bash -c "'$QGRID' show '$T/whole.h5' e/int4/lime >'$T/shown' && grep -qE '^ +cues +texts +cues +words +rank +chance_rank +top5' '$T/shown'"
ok "diff finds no difference" "$QGRID" diff "$T/whole.h5" "$T/whole3.h5"
ok "verify finds no damage" "$QGRID" verify "$T/whole.h5"

# A cell of pairs takes the predictions that it is over along; without fp32 there are no tests.
ok "--only selects what a cell of pairs is over" bash -c "'$QGRID' run --progress none '$T/whole.json' --only o/probes --output '$T/only.h5'"
ok "the selected cells are done, the others open" numbers only.h5 <<'PY'
done = {n for n, s in cells().items() if s == 1}
assert done == {"o/fp32", "o/int8", "o/int4", "e/fp32", "o/probes"}, done
PY
pairs bare "j['precisions'] = ['int8', 'int4']; j.pop('explain'); j['experiments'].pop('o'); j['models'].pop('o')"
ok "a job without fp32 runs" run_np 0 "$T/bare.json"
ok "it scores pairs and tests nothing" numbers bare.h5 <<'PY'
g = f["probes/m/p"]
assert cells()["e/probes"] == 1
for score, test, _ in subsets():
    assert np.isfinite(g[score][:, :, 2]).all() and np.isnan(g[test][:, :, 4]).all() and (g[test][:, :, 6] == 0).all()
PY

# Changed cues are another data set; what is predicted under them is computed again.
$PYTHON - "$T" <<'PY'
import json, sys
T = sys.argv[1]
lines = [json.loads(l) for l in open("datasets/probes.jsonl", encoding="utf-8")][::9]
def write(name, lines):
    with open(T + "/" + name, "w") as f:
        f.writelines(json.dumps(l) + "\n" for l in lines)
write("few.jsonl", lines)
lines[0]["cues"] = lines[0]["text"].split()[:1]
write("other.jsonl", lines)
long = {"text": "enak " * 60 + "tidak", "label": "neutral", "phenomenon": "cut", "cues": ["tidak"], "pair": {"text": "enak " * 60, "label": "neutral"}}
bad = dict(lines[1], label="gut")
write("odd.jsonl", lines[:3] + [long, bad])
PY
pairs few "j['datasets']['p']['path'] = T + '/few.jsonl'; x['methods'] = ['occlusion']; j['experiments'].pop('o'); j['models'].pop('o')"
ok "a smaller file runs" run_np 0 "$T/few.json"
fails 2 "dataset" "other cues are noticed" run_np 0 "$T/few.json" --set "/datasets/p/path=$T/other.jsonl"
ok "and computed again when that is accepted" run_np 0 "$T/few.json" --set "/datasets/p/path=$T/other.jsonl" --accept-changes
ok "as if nothing else had been there" bash -c "'$QGRID' run --progress none '$T/few.json' --set '/datasets/p/path=$T/other.jsonl' --output '$T/fresh.h5'"
ok "to the same bits" same_digest "$T/few.h5" "$T/fresh.h5"

# A cue that is cut off with the end of its text, and a pair with a text that is skipped.
pairs odd "j['datasets']['p'].update(path=T + '/odd.jsonl', on_error='skip'); x['methods'] = ['occlusion']; x['samples'] = {'per_class': 9, 'correct_only': False}; j['experiments'].pop('o'); j['models'].pop('o')"
ok "a file with an odd pair runs" run_np 0 "$T/odd.json"
ok "what is cut off has no rank, and a pair is skipped whole" numbers odd.h5 <<'PY'
g = f["datasets/p/pairs"]
assert list(g["first_row"][:]) == [0, 2, 4, 6] and len(f["datasets/p/label"]) == 8
names = [t.decode() for t in f["probes/m/p/phenomenon"][:]]
assert f["probes/m/p/psr"][0, 0, 0] == 4
cut = f["cues/m/p/fp32/occlusion/summary"][names.index("cut")]
assert cut[0] == cut[1] == 0 and np.isnan(cut[2:]).all()
slots = list(f["explained/m/p/row"][:])
assert f["cues/m/p/fp32/occlusion/cues"][slots.index(6)] == 0
PY
fails 2 "would tear minimal pairs apart" "a sample of pairs is refused" run_np 0 "$T/few.json" --set '/datasets/p/sample={"count": 3}' --output "$T/none.h5"
fails 2 "unknown key, allowed are: id, text" "a misspelled key is refused" bash -c "sed -i '2s/\"cues\"/\"cue\"/' '$T/few.jsonl'; '$QGRID' check '$T/few.json'"

finish
