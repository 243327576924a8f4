#!/usr/bin/env bash
# Checkpoints as other programs write them: read as they mean it, or refused by name.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

variant() { # NAME CODE: $T/NAME, the shipped model with changes to W (name: numpy array) and C (config.json)
    mkdir -p "$T/$1"
    cp models/mini-finetuned/vocab.txt models/mini-finetuned/tokenizer_config.json "$T/$1/"
    $PYTHON - "$T/$1" "$2" <<'END'
import json, struct, sys
import numpy as np
raw = open("models/mini-finetuned/model.safetensors", "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
W = {k: np.frombuffer(raw[8 + n + v["data_offsets"][0]:8 + n + v["data_offsets"][1]], np.float32).reshape(v["shape"]).copy()
     for k, v in json.loads(raw[8:8 + n]).items() if k != "__metadata__"}
C = json.load(open("models/mini-finetuned/config.json"))
Q = "bert.encoder.layer.0.attention.self.query."
T = {} # name: type and shape to write instead of the array's
exec(sys.argv[2])
names = {"float32": "F32", "float16": "F16", "float64": "F64", "int8": "I8", "uint8": "U8", "int64": "I64", "bool": "BOOL"}
head, data, at = {}, b"", 0
for k, v in W.items():
    dtype, shape = T.get(k, (names[str(v.dtype)], list(v.shape)))
    head[k] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + v.nbytes]}
    at += v.nbytes
    data += np.ascontiguousarray(v).tobytes()
text = json.dumps(head).encode()
text += b" " * (-len(text) % 8)
open(sys.argv[1] + "/model.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data)
json.dump(C, open(sys.argv[1] + "/config.json", "w"))
END
}
said() { echo 'makanan nya enak sekali' | "$QGRID" predict -m "$1" - 2>"$T/warnings"; }
said models/mini-finetuned >"$T/right"
same() { # NAME CODE SENTENCE: the variant answers as the model does
    variant "$1" "$2"
    said "$T/$1" >"$T/$1.out"
    ok "$3" cmp "$T/right" "$T/$1.out"
}
refused() { # NAME CODE MESSAGE SENTENCE
    variant "$1" "$2"
    fails 1 "$3" "$4" "$QGRID" predict -m "$T/$1" datasets/test.tsv
}
prefixed() { echo "W = {'$1' + k: v for k, v in W.items()}"; }

same plain "" "the model, written again"
for p in model. module. _orig_mod. base_model.model. module._orig_mod.; do
    same "p_$p" "$(prefixed "$p")" "names after $p"
done
same bare "W = {k[5:] if k.startswith('bert.') else k: v for k, v in W.items()}" "names of the encoder alone"
same saved "W = {k.replace('classifier.', 'classifier.modules_to_save.default.'): v for k, v in W.items()}; W['classifier.original_module.weight'] = np.zeros((3, 160), np.float32)" \
    "a classifier that PEFT trained whole"
ok "without a word about the one it took the place of" test ! -s "$T/warnings"
refused foreign "$(prefixed encoder_of_mine.)" "the checkpoint lacks this tensor; it has 57, the first is encoder_of_mine.bert." "names after something else"
refused lora "W[Q + 'lora_A.default.weight'] = np.ones((8, 160), np.float32)" "lora_A.default.weight: this tensor is an adapter that is not merged" "an adapter that is not merged"
for part in SCB weight_scale weight_zero_point weight.absmax weight.quant_state.bitsandbytes__nf4 qweight qzeros scales g_idx weight_format; do
    refused "q_$part" "W[Q + '$part'] = np.ones(160, np.float32)" "query.$part: this tensor is of a quantized checkpoint" "$part beside the weights"
done
refused config "C['quantization_config'] = {'quant_method': 'gptq', 'bits': 4}" "/quantization_config: a checkpoint that was quantized by gptq" "a config that says so"
same none "C['quantization_config'] = None" "a config that says it was not"
for type in int8 uint8 int64 bool_; do
    refused "t_$type" "W[Q + 'weight'] = W[Q + 'weight'].astype(np.$type)" "query.weight: has elements of type" "weights of type $type"
done
same unused "W['bert.embeddings.position_ids'] = np.arange(128)" "integers that are no parameters"
for type in F8_E4M3 F8_E5M2 U16 U64 C64 F4; do
    same "x_$type" "n = {'U16': 2, 'U64': 1, 'C64': 1, 'F4': 8}.get('$type', 4); W['extra'] = np.zeros({'U16': 4, 'U64': 8, 'C64': 8}.get('$type', 4), np.uint8); T['extra'] = ('$type', [n])" \
        "a tensor of type $type that the model has not"
done
refused x_used "W[Q + 'weight'] = np.zeros((160, 160), np.uint8); T[Q + 'weight'] = ('F8_E4M3', [160, 160])" "query.weight: has elements of type F8_E4M3" "one that it has"

# Models whose classes stand in other orders share a job.
order="W['classifier.weight'] = W['classifier.weight'][[2, 0, 1]]; W['classifier.bias'] = W['classifier.bias'][[2, 0, 1]]"
variant turned "$order; C['id2label'] = {'0': 'NEG', '1': 'POS', '2': 'NEU'}; C['label2id'] = {'NEG': 0, 'POS': 1, 'NEU': 2}"
variant nameless "$order; C['id2label'] = {'0': 'LABEL_0', '1': 'LABEL_1', '2': 'LABEL_2'}; C['label2id'] = {'LABEL_0': 0, 'LABEL_1': 1, 'LABEL_2': 2}"
head -n 60 datasets/test.tsv >"$T/texts.tsv"
orders() { # OUTPUT LABELS OF "names" [LABELS OF "order"]
    cat <<END
{"name": "orders", "output": "$1", "labels": ["positive", "neutral", "negative"],
 "models": {"own": "models/mini-finetuned", "names": {"path": "$T/turned", "labels": $2},
            "order": {"path": "$T/nameless", "labels": ${3:-[\"negative\", \"positive\", \"neutral\"]}}},
 "datasets": {"d": "$T/texts.tsv"}, "precisions": ["fp32", "int8", "int4"],
 "experiments": {"own": {"model": "own", "dataset": "d"}, "names": {"model": "names", "dataset": "d"}, "order": {"model": "order", "dataset": "d"}},
 "explain": {"methods": ["gradient_x_input"], "samples": {"per_class": 2}}}
END
}
orders "$T/orders.h5" '{"NEG": "negative", "POS": "positive", "NEU": "neutral"}' >"$T/orders.json"
one_job() {
    run_np 2 "$T/orders.json" && "$PYTHON" - "$T/orders.h5" <<'END'
import h5py, sys
import numpy as np
f = h5py.File(sys.argv[1])
own = {}
f["predictions/own"].visititems(lambda n, v: own.update({n: v[:]}) if isinstance(v, h5py.Dataset) else None)
assert any("logits" in n for n in own) and len(own) >= 9, own.keys()
for m in "names", "order":
    for n, v in own.items():
        assert np.array_equal(f[f"predictions/{m}/{n}"][:], v), (m, n)
END
}
ok "classes in other orders give the numbers of the job's" one_job
orders "$T/o.h5" '{"NEG": "negative", "POS": "positive", "NEU": "positive"}' >"$T/twice.json"
fails 2 "two classes of the model are 'positive'" "a label for two classes" "$QGRID" check "$T/twice.json"
orders "$T/o.h5" '{"NEG": "negative", "POS": "positive"}' >"$T/two.json"
fails 2 "2 labels, the model has 3 classes and the job 3 labels" "too few" "$QGRID" check "$T/two.json"
orders "$T/o.h5" '{"NEG": "negative", "POS": "positive", "neutral": "neutral"}' >"$T/name.json"
fails 2 "the model has no class 'neutral', it has: NEG, POS, NEU" "a name that is not the model's" "$QGRID" check "$T/name.json"
orders "$T/o.h5" '["NEG", "POS", "NEU"]' >"$T/job.json"
fails 2 "'NEG' is not a label of the job, these are: positive, neutral, negative" "a name that is not the job's" "$QGRID" check "$T/job.json"
sed 's/"labels": {[^}]*}/"head": "random", "labels": ["neutral", "positive", "negative"]/' "$T/orders.json" >"$T/drawn.json"
fails 2 "a drawn classifier has the job's labels already" "labels of a drawn classifier" "$QGRID" check "$T/drawn.json"
"$QGRID" quantize -m models/mini-finetuned -p int8 -o "$T/packed" >/dev/null
sed "s|$T/turned|$T/packed|" "$T/orders.json" >"$T/of_packed.json"
fails 2 "is packed, its classes keep their order" "labels of a packed folder" "$QGRID" check "$T/of_packed.json"
sed "s|, \"labels\": \[\"negative\"[^]]*\]||" "$T/orders.json" >"$T/said.json"
said_order() { "$QGRID" check "$T/said.json" 2>&1 | grep -qF "does not name the classes: they are taken to be the job's labels in this order: positive, neutral, negative"; }
ok "an order that is taken for granted is said" said_order

# A training begins with such a model, and learns from one, as with one whose file has the job's order.
train='"epochs": 1, "batch": 8, "max_length": 32, "dataset": "d", "validation": "d"'
cat >"$T/trained.json" <<END
{"name": "trained", "output": "$T/trained.h5", "labels": ["positive", "neutral", "negative"],
 "models": {"own": "models/mini-finetuned", "names": {"path": "$T/turned", "labels": {"NEG": "negative", "POS": "positive", "NEU": "neutral"}},
  "t_own": {"train": {"from": "own", $train}}, "t_names": {"train": {"from": "names", $train}},
  "d_own": {"train": {"from": "own", "distill": {"from": "own", "weight": 0.9}, $train}},
  "d_names": {"train": {"from": "own", "distill": {"from": "names", "weight": 0.9}, $train}}},
 "datasets": {"d": "$T/texts.tsv"}, "precisions": ["fp32"],
 "experiments": {"t_own": {"model": "t_own", "dataset": "d"}, "t_names": {"model": "t_names", "dataset": "d"},
  "d_own": {"model": "d_own", "dataset": "d"}, "d_names": {"model": "d_names", "dataset": "d"}}}
END
trained() {
    run_np 2 "$T/trained.json" && T="$T" "$PYTHON" - <<'END'
import h5py, json, os
import numpy as np
T = os.environ["T"]
f = h5py.File(T + "/trained.h5")
for k in "t", "d":
    own, names = (f[f"training/{k}_{m}"] for m in ("own", "names"))
    assert own.attrs["key"] != names.attrs["key"]
    assert len(own["loss"]) == 8 and np.array_equal(own["loss"][:], names["loss"][:]), (own["loss"][:], names["loss"][:])
    logits = [f[f"predictions/{k}_{m}/d/fp32/logits"][:] for m in ("own", "names")]
    assert np.array_equal(*logits) and np.ptp(logits[0]) > 1
    labels = json.load(open(f"{T}/cache/trained/{names.attrs['key'].decode()}/config.json"))["id2label"]
    assert labels == {"0": "positive", "1": "neutral", "2": "negative"}, labels
assert f["training/t_own/loss"][0] != f["training/d_own/loss"][0]
END
}
ok "a training from it, and one that it teaches, have the same losses, logits and the job's labels" trained
sed 's/"from": "own", "epochs"/"from": "own", "head": "random", "epochs"/' "$T/trained.json" >"$T/thrown.json"
thrown() { "$QGRID" check "$T/$1.json" | grep -c 'warning: model t_own: what it is trained from has a classifier, which "head": "random" replaces' | grep -qx "$2"; }
ok "a trained classifier that is thrown away is a warning" thrown thrown 1
ok "one that is kept is none" thrown trained 0

variant labels "C['id2label'] = {str(i): l for i, l in enumerate(['positive', 'neutral', 'negative'])}; C['label2id'] = {'LABEL_0': 0, 'LABEL_1': 1, 'LABEL_2': 2}"
said "$T/labels" >"$T/labels.out"
ok "id2label counts" cmp "$T/right" "$T/labels.out"
ok "with a warning" grep -qF "label2id has LABEL_" "$T/warnings"
doubted() { "$QGRID" explain -m "$T/labels" -x gradient_x_input enak 2>&1 >/dev/null | grep -qF "label2id has LABEL_"; }
ok "also of explain" doubted
variant numbers "C['id2label'] = {'0': 0, '1': 1, '2': 2}; C['label2id'] = {'0': 0, '1': 1, '2': 2}"
said "$T/numbers" >"$T/numbers.out"
ok "labels that are numbers" grep -qF '"label": "0", "label_id": 0}' "$T/numbers.out"
variant task "C['architectures'] = ['BertForTokenClassification']"
said "$T/task" >"$T/task.out"
ok "a head for another task is read" cmp "$T/right" "$T/task.out"
ok "with a warning" grep -qF "BertForTokenClassification: its classifier was trained for another task" "$T/warnings"
twins() { # NAME NAME of an activation
    variant "a_$1" "C['hidden_act'] = '$1'"
    variant "a_$2" "C['hidden_act'] = '$2'"
    said "$T/a_$1" >"$T/one"
    said "$T/a_$2" >"$T/two"
    ok "$2 is $1" cmp "$T/one" "$T/two"
    ok "which answers" grep -q logits "$T/two"
}
twins gelu gelu_python
twins gelu_new gelu_fast
twins gelu_new gelu_pytorch_tanh
variant sigmoid "W['classifier.weight'] = W['classifier.weight'][:1]; W['classifier.bias'] = W['classifier.bias'][:1]; C['id2label'] = {'0': 'positive'}; C['label2id'] = {'positive': 0}"
said "$T/sigmoid" >"$T/sigmoid.out"
ok "one output has the sigmoid" "$PYTHON" -c "
import json, math
r = json.load(open('$T/sigmoid.out'))
assert len(r['logits']) == 1 and abs(r['probabilities'][0] - 1 / (1 + math.exp(-r['logits'][0]))) < 1e-8, r"
finish
