#!/usr/bin/env bash
# The line-oriented commands, quantize, plan, list.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
M=models/mini-finetuned
printf 'makanan nya enak sekali\n\ntidak, saya kecewa [MASK] !\n' >"$T/in.txt"
ok "tokenize" sh -c "'$QGRID' tokenize -m $M '$T/in.txt' >'$T/tok.jsonl'"
cat >"$T/check.py" <<'EOF'
import json, sys
T = sys.argv[1]
texts = open(T + "/in.txt").read().split("\n")[:-1]
tok = [json.loads(l) for l in open(T + "/tok.jsonl")]
assert [t["text"] for t in tok] == texts
for t in tok:
    assert set(t) == {"text", "tokens", "ids", "offsets", "words", "truncated"} and t["truncated"] is False
    assert t["tokens"][0] == "[CLS]" and t["tokens"][-1] == "[SEP]"
    assert [t["text"][a:b] for a, b in t["words"]] == t["text"].split()
    for token, (a, b) in list(zip(t["tokens"], t["offsets"]))[1:-1]:
        assert token in ("[UNK]", t["text"][a:b], "##" + t["text"][a:b]), token
assert "[MASK]" in tok[2]["tokens"]
pred = [json.loads(l) for l in open(T + "/pred.jsonl")]
for p in pred:
    assert set(p) == {"text", "logits", "probabilities", "label", "label_id"}
    assert abs(sum(p["probabilities"]) - 1) < 1e-12
    assert p["label"] == ["positive", "neutral", "negative"][p["label_id"]]
    assert p["label_id"] == max(range(3), key=lambda k: p["logits"][k])
with open(T + "/ids.jsonl", "w") as f:
    for i, t in enumerate(tok):
        f.write(json.dumps({"id": "row-%d" % i, "ids": t["ids"]}) + "\n")
EOF
ok "predict" sh -c "'$QGRID' predict -m $M -p int8 - <'$T/in.txt' >'$T/pred.jsonl'"
ok "their output is as promised" $PYTHON "$T/check.py" "$T"
ok "predict from ids" sh -c "'$QGRID' predict -m $M -p int8 '$T/ids.jsonl' >'$T/ids.out'"
ok "gives the same logits and hands the id through" $PYTHON -c "
import json
a = [json.loads(l) for l in open('$T/pred.jsonl')]
b = [json.loads(l) for l in open('$T/ids.out')]
assert [x['logits'] for x in a] == [x['logits'] for x in b]
assert [x['id'] for x in b] == ['row-0', 'row-1', 'row-2'] and 'ids' in b[0]"
for p in int8 int4_g32 nf4 bf16; do
    ok "quantize to $p" "$QGRID" quantize -m $M -p $p -o "$T/$p"
    ok "the packed folder scores the same" sh -c \
        "test \"\$('$QGRID' predict -m '$T/$p' -p $p '$T/in.txt')\" = \"\$('$QGRID' predict -m $M -p $p '$T/in.txt')\""
done
ok "a packed folder says itself what it is" sh -c \
    "test \"\$('$QGRID' predict -m '$T/int8' '$T/in.txt')\" = \"\$('$QGRID' predict -m $M -p int8 '$T/in.txt')\""
ok "a folder's name may end in a slash" "$QGRID" quantize -m $M -p int8 -o "$T/slash/"
printf 'satu\ndua\n\377\n' >"$T/bad.txt"
ok "lines before a bad one are scored" sh -c \
    "! '$QGRID' predict -m $M '$T/bad.txt' >'$T/bad.out' 2>/dev/null && test \$(grep -c label '$T/bad.out') = 2"
ok "8-bit embeddings make it smaller" sh -c "'$QGRID' quantize -m $M -p int8 --embeddings int8 -o '$T/e8' && \
    test \$(stat -c %s '$T/e8/model.safetensors') -lt \$(stat -c %s '$T/int8/model.safetensors')"
ok "plan simulates ranks" sh -c "'$QGRID' plan jobs/full_matrix.json --ranks 64 --output '$T/none.h5' | grep -q 'on 64 ranks'"
ok "plan does not run" test ! -e "$T/none.h5"
ok "list" sh -c "'$QGRID' list | grep -q nf4 && '$QGRID' list kernels | grep -q 'in use'"
ok "list methods shows options, defaults, ranges and names" sh -c "'$QGRID' list methods | \
    grep -c '^    samples .*(1000; 2 to 1000000)\|^    masking .*(delete; mask, delete, pad, unk, hide)\|^  occlusion ' | grep -qx 3"
ok "list training says once what a job adds" sh -c "'$QGRID' list training | grep -c 'a model for each' | grep -qx 1"
ok "version" sh -c "'$QGRID' --version | grep -q 'HDF5 1'"
for c in run plan check list tokenize predict train quantize status show diff digest verify bench; do
    ok "$c -h" sh -c "'$QGRID' $c -h | grep -q 'usage: qgrid $c'"
    fails 2 "qgrid: $c: there is no option '--colour'" "$c --colour" "$QGRID" $c --colour x
    fails 2 "qgrid: $c: there is no option '-Z'" "$c -Z" "$QGRID" $c -Z
    ok "$c --help" sh -c "'$QGRID' $c --help | grep -q 'usage: qgrid $c'"
done
ok "numbers are read whatever the locale" env LC_ALL=de_DE.UTF-8 "$QGRID" check jobs/full_matrix.json
ok "list shows no (null)" sh -c "! '$QGRID' list | grep -qF '(null)'"
yes 'makanan enak' | head -n 2000 >"$T/many.txt"
for c in "list" "tokenize -m $M $T/many.txt" "predict -m $M $T/many.txt" "--help"; do
    ok "a closed pipe ends '$c' in silence" \
        bash -c "'$QGRID' $c 2>'$T/err' | head -n 1 >/dev/null; test ! -s '$T/err'"
done
ok "a closed pipe does not change what a run's status says" bash -c \
    "set -o pipefail; '$QGRID' run --progress none jobs/full_matrix.json --only original_smsa/fp32 --output '$T/pipe.h5' | true"
finish
finish
