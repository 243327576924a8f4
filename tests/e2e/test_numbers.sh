#!/usr/bin/env bash
# test_numbers.sh - numbers that hide damage: under every precision of the registry, what is not
# finite is refused by name, and what is constant is noticed. May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

mapfile -t PRECISIONS < <("$QGRID" list precisions | sed -nE 's/^  ([a-z0-9_]+) .*/\1/p' | grep -v '^options$')
ok "there are precisions" test ${#PRECISIONS[@]} -ge 12

# Variants of a shipped model: NAME TENSOR EXPRESSION of its numbers w.
$PYTHON - "$T" <<'EOF_PY'
import json, os, shutil, struct, sys
import numpy as np
source, to = "models/mini-finetuned", sys.argv[1]
raw = open(source + "/model.safetensors", "rb").read()
start = 8 + struct.unpack("<Q", raw[:8])[0]
tensors = json.loads(raw[8:start])
FFN = "bert.encoder.layer.1.intermediate.dense.weight"

def one(value):
    def change(w):
        w = w.copy()
        w[3, 5] = np.float32(value)
        return w
    return change

def times(factor):
    return lambda w: np.clip(w.astype(np.float64) * factor, -3.4e38, 3.4e38).astype(np.float32)

for name, tensor, change in [
        ("overflow", FFN, times(1e38)), ("value", "bert.encoder.layer.0.attention.self.value.weight", times(1e38)),
        ("norm", "bert.encoder.layer.0.output.LayerNorm.weight", times(1e38)), ("head", "classifier.weight", times(3e38)),
        ("negative", FFN, one(-3e38)), ("beyond_fp16", FFN, one(70000)), ("tiny", FFN, times(1e-40)),
        ("flat", "classifier.weight", np.zeros_like)]:
    t = tensors[tensor]
    a, b = (start + x for x in t["data_offsets"])
    w = np.frombuffer(raw[a:b], np.float32).reshape(t["shape"])
    folder = to + "/" + name
    os.makedirs(folder)
    for f in ("config.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(source + "/" + f, folder)
    open(folder + "/model.safetensors", "wb").write(raw[:a] + np.ascontiguousarray(change(w)).tobytes() + raw[b:])
EOF_PY
printf 'makanan nya enak sekali tapi mahal\ntidak enak\n' >"$T/texts"

# A module by its name, or a tensor that a precision cannot hold; never an answer.
refused() { # MODEL PRECISION
    if "$QGRID" predict -m "$T/$1" -p "$2" "$T/texts" >"$T/answer" 2>"$T/error"; then
        cat "$T/answer"
        return 1
    fi
    cat "$T/error"
    [ ! -s "$T/answer" ] && grep -qE '(text [12], token [0-9]+: what (bert\.|classifier)[A-Za-z0-9.]* (gives|is given) is (not finite \((inf|-inf|nan)\)|beyond bfloat16)|(bert\.|classifier)[A-Za-z0-9.]*: element [0-9]+ is .*cannot hold it)' "$T/error"
}
for p in "${PRECISIONS[@]}"; do
    for m in overflow value norm head; do
        ok "$p refuses a model that overflows: $m" refused $m "$p"
    done
done

# What fp32 says, or a refusal: not the constant that a drowned text gives.
sound() { # PRECISION
    "$QGRID" predict -m "$T/negative" -p "$1" "$T/texts" >"$T/answer" 2>"$T/error" || { refused negative "$1"; return; }
    $PYTHON - "$T/answer" <<'EOF_PY'
import json, sys
a, b = (json.loads(l) for l in open(sys.argv[1]))
print(a, b)
assert a["label"] == "negative" and b["label"] == "negative" and a["logits"] != b["logits"], (a, b)
assert a["logits"][2] > 0.9, a
EOF_PY
}
for p in "${PRECISIONS[@]}"; do
    ok "$p answers as fp32 or not at all: one weight of -3e38" sound "$p"
done

BEYOND="bert.encoder.layer.1.intermediate.dense.weight: element 485 is 70000, fp16 cannot hold it"
fails 1 "$BEYOND" "quantize refuses a weight beyond fp16" "$QGRID" quantize -m "$T/beyond_fp16" -p fp16 -o "$T/packed"
ok "and leaves no folder" test ! -e "$T/packed"
fails 1 "$BEYOND" "so does predict" "$QGRID" predict -m "$T/beyond_fp16" -p fp16 "$T/texts"
fails 1 "$BEYOND" "of Linear weights alone, too" "$QGRID" predict -m "$T/beyond_fp16" -p fp16 --parameters linear "$T/texts"
for p in "${PRECISIONS[@]}"; do
    [ "$p" = fp16 ] || ok "$p holds it" "$QGRID" quantize -m "$T/beyond_fp16" -p "$p" -o "$T/packed_$p"
done

job() { # MODEL PRECISIONS
    cat >"$T/$1.json" <<EOF_JOB
{"name": "$1", "seed": 1, "output": "$T/$1.h5", "labels": ["positive", "neutral", "negative"], "bootstrap": 100,
 "models": {"m": "$(readlink -f "$2")"}, "experiments": {"e": {"model": "m", "dataset": "d"}}, "precisions": [$3],
 "datasets": {"d": {"path": "$PWD/datasets/test.tsv", "format": "smsa", "sample": {"per_class": 5, "seed": 1}}}}
EOF_JOB
}
all=$(printf ', "%s"' "${PRECISIONS[@]}")
job overflow "$T/overflow" "${all#, }"
fails 3 "what bert.encoder.layer.1." "a job with such a model" "$QGRID" run --progress none "$T/overflow.json"
ok "no cell of it is done, and each says where" $PYTHON - "$T/overflow.h5" <<'EOF_PY'
import h5py, sys
f = h5py.File(sys.argv[1])
cells = [(n.decode(), s, e.decode()) for n, k, s, e in zip(f["cells/name"], f["cells/kind"], f["cells/state"], f["cells/error"]) if k == b"predict"]
assert len(cells) >= 12, cells
for name, state, error in cells:
    assert state == 2 and "bert.encoder.layer.1." in error, (name, state, error)
EOF_PY
job beyond_fp16 "$T/beyond_fp16" '"fp16", "bf16"'
fails 3 "$BEYOND" "a cell's error names tensor and number" "$QGRID" run --progress none "$T/beyond_fp16.json"

job flat "$T/flat" '"fp32", "int8"'
fails 0 "warning  e/int8  15 texts have the logits, to the bit, of a text with other tokens" \
    "a constant model is noticed" "$QGRID" run --progress none "$T/flat.json"
fails 0 "warning  e/fp32  15 texts" "show says so" "$QGRID" show "$T/flat.h5"
job sound models/mini-finetuned "${all#, }"
ok "a sound model runs" "$QGRID" run --progress none "$T/sound.json"
no_warning() { "$QGRID" show "$T/sound.h5" >"$T/shown" && ! grep -q warning "$T/shown"; }
ok "without a warning" no_warning

cat >"$T/tiny.json" <<EOF_JOB
{"from": "$T/tiny", "seed": 7, "output": "tiny", "labels": ["positive", "neutral", "negative"], "epochs": 1, "batch": 9, "leaves": 2, "learning_rate": 1e-3,
 "dataset": {"path": "$PWD/datasets/test.tsv", "format": "smsa", "sample": {"per_class": 6, "seed": 1}},
 "validation": {"path": "$PWD/datasets/test.tsv", "format": "smsa", "sample": {"per_class": 6, "seed": 2}}}
EOF_JOB
trains() { # PRECISION [STEP SIZE]
    rm -rf "$T/trained"
    "$QGRID" train "$T/tiny.json" --fresh --progress none --set "/qat={\"precision\": \"$1\"${2:+, \"step_size\": \"$2\"}}" --output "$T/trained" || return 1
    $PYTHON - "$T/trained" <<'EOF_PY'
import json, struct, sys
import numpy as np
raw = open(sys.argv[1] + "/model.safetensors", "rb").read()
start = 8 + struct.unpack("<Q", raw[:8])[0]
t = json.loads(raw[8:start])["bert.encoder.layer.1.intermediate.dense.weight"]
w = np.frombuffer(raw[start + t["data_offsets"][0]:start + t["data_offsets"][1]], np.float32)
print(np.abs(w).max(), np.isfinite(w).all())
assert np.isfinite(w).all() and np.median(np.abs(w)) > 1e-5  # from 1e-41
EOF_PY
}
for p in "${PRECISIONS[@]}"; do
    ok "a matrix of tiny weights trains for $p" trains "$p"
done
ok "with learned step sizes, too" trains int8_tensor learned

finish
