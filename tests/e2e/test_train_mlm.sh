#!/usr/bin/env bash
# A model of one's own: a vocabulary from texts, pre-training, fine-tuning from it.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

TWEETS='{"path": "datasets/INA_TweetsPPKM_Labeled_Pure.csv", "format": "tweets"}'
vocab() { "$TOOLS/train_vocab" "$@"; }
mkdir "$T/start"
ok "a vocabulary of both data sets" vocab --size 500 -o "$T/start/vocab.txt" datasets/test.tsv "$TWEETS"
ok "has specials first and the size asked for" sh -c \
    "test \"\$(head -n 5 '$T/start/vocab.txt' | tr '\n' ' ')\" = '[PAD] [UNK] [CLS] [SEP] [MASK] ' && test \$(wc -l <'$T/start/vocab.txt') = 500"
ok "in another order" vocab --size 500 -o "$T/other.txt" "$TWEETS" datasets/test.tsv
ok "it is the same" cmp "$T/start/vocab.txt" "$T/other.txt"
ok "no entry twice" sh -c "test -z \"\$(sort '$T/start/vocab.txt' | uniq -d)\""
cut -f 1 datasets/test.tsv >"$T/lines.txt"
ok "from lines, to standard output" sh -c "'$TOOLS/train_vocab' --size 300 --cased --alphabet 60 --min-character 2 --min-pair 3 -o - '$T/lines.txt' | grep -q '^##a'"
fails 2 "a vocabulary of 20 does not hold" "a size too small" vocab --size 20 -o "$T/none" datasets/test.tsv
fails 2 "--size '1e3' is not a whole number" "a size that is none" vocab --size 1e3 -o "$T/none" datasets/test.tsv
fails 2 "are needed" "no data" vocab --size 300 -o "$T/none"
fails 1 "cannot open" "data that are not there" vocab --size 300 -o "$T/none" none.tsv
fails 1 "unknown key 'columns'" "a mistake in an object" vocab --size 300 -o "$T/none" '{"path": "datasets/test.tsv", "columns": 1}'
fails 1 "per_class needs labels" "a sample by class" vocab --size 300 -o "$T/none" '{"path": "datasets/test.tsv", "sample": {"per_class": 3}}'
ok "none of these wrote anything" sh -c "! ls '$T/none'"

cat >"$T/start/config.json" <<'J'
{"architectures": ["BertForMaskedLM"], "model_type": "bert", "hidden_act": "gelu", "vocab_size": 500, "hidden_size": 32,
 "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 64}
J
echo '{"do_lower_case": true, "model_max_length": 64}' >"$T/start/tokenizer_config.json"
config() { # writes $T/$1.json, changed by the Python statements in $2
    $PYTHON - "$T/$1.json" "$T" "${2:-}" <<'PY'
import json, sys
T = sys.argv[2]
c = {"objective": "mlm", "from": T + "/start", "weights": "random", "output": T + "/made", "seed": 7,
     "dataset": ["datasets/test.tsv", {"path": "datasets/INA_TweetsPPKM_Labeled_Pure.csv", "format": "tweets"}],
     "validation": {"path": "datasets/test.tsv", "format": "smsa"}, "epochs": 6, "batch": 16, "learning_rate": 3e-3, "warmup": 10, "schedule": "constant"}
exec(sys.argv[3])
json.dump(c, open(sys.argv[1], "w"), indent=1)
PY
}
train() { # OUTPUT CHANGE
    config now "$2"
    timeout $HANG "$QGRID" train --progress none "$T/now.json" --output "$T/$1"
}
bad() { # NAME CHANGE MESSAGE
    config bad "$2"
    fails 2 "$3" "$1" "$QGRID" train --progress none "$T/bad.json"
}
py() { $PYTHON -c "
import json, math, struct
T = '$T'
def log(path):
    rows = [json.loads(l) for l in open(path + '/training.jsonl')]
    return [r for r in rows if 'step' in r], [r for r in rows if 'step' not in r]
def tensors(path):
    b = open(path + '/model.safetensors', 'rb').read()
    n = struct.unpack('<Q', b[:8])[0]
    return json.loads(b[8:8 + n]), b[8 + n:]
$1"; }

ok "pre-training from a folder without weights" train pre ""
ok "its loss falls, from that of a blind guess" py "
steps, epochs = log(T + '/pre')
assert len(steps) == 6 * 18 and abs(steps[0]['loss'] - math.log(500)) < 0.5, steps[0]
assert epochs[-1]['loss'] < epochs[0]['loss'] - 0.5 and epochs[-1]['validation']['nll'] < epochs[0]['validation']['nll']"
ok "validation has loss, accuracy and perplexity, and nothing else" py "
for e in log(T + '/pre')[1]:
    v = e['validation']
    assert set(v) == {'nll', 'accuracy', 'perplexity'} and abs(v['perplexity'] - math.exp(v['nll'])) < 1e-9 * v['perplexity']"
ok "the best epoch is the one of the smallest loss" py "
e = log(T + '/pre')[1]
assert min(range(6), key=lambda i: e[i]['validation']['nll']) == max(i for i in range(6) if e[i]['best'])"
ok "the folder is a BertForMaskedLM with tied decoder" py "
c, (t, _) = json.load(open(T + '/pre/config.json')), tensors(T + '/pre')
assert c['architectures'] == ['BertForMaskedLM'] and 'id2label' not in c and c['vocab_size'] == 500
want = {'cls.predictions.bias': [500], 'cls.predictions.transform.dense.weight': [32, 32],
        'cls.predictions.transform.dense.bias': [32], 'cls.predictions.transform.LayerNorm.weight': [32],
        'cls.predictions.transform.LayerNorm.bias': [32]}
assert {k: v['shape'] for k, v in t.items() if k.startswith('cls.')} == want
assert 'bert.pooler.dense.weight' in t and 'classifier.weight' not in t"
ok "README names both files" sh -c "grep -c 'training data' '$T/pre/README.md' | grep -qx 2 && grep -q 'masked-language modelling, pre-trained' '$T/pre/README.md'"
ok "the same again" train again ""
ok "has the same bytes" sh -c "cmp '$T/pre/model.safetensors' '$T/again/model.safetensors' && cmp '$T/pre/training.jsonl' '$T/again/training.jsonl'"
ok "in one leaf" train leaf "c.update({'leaves': 1, 'recompute': True, 'epochs': 1})"
ok "it masks alike" py "
a, b = log(T + '/pre')[0], log(T + '/leaf')[0]
assert abs(a[0]['loss'] - b[0]['loss']) < 1e-5 and abs(a[9]['loss'] - b[9]['loss']) < 1e-2, (a[9], b[9])"
ok "another seed" train seed "c.update({'seed': 8, 'epochs': 1})"
ok "is another start" py "assert log(T + '/pre')[0][0]['loss'] != log(T + '/seed')[0][0]['loss']"
ok "a mask is drawn anew in each epoch" train frozen "c.update({'learning_rate': 0, 'epochs': 2, 'batch': 999, 'dropout': {'hidden': 0, 'attention': 0}})"
ok "but for the validation" py "
s, e = log(T + '/frozen')
assert s[0]['loss'] != s[1]['loss'] and e[0]['validation'] == e[1]['validation']"
ok "going on from it, by accuracy" train more "del c['weights']; c.update({'from': T + '/pre', 'epochs': 1, 'metric': 'accuracy', 'learning_rate': 1e-4})"
ok "begins where it ended" py "assert log(T + '/more')[0][0]['loss'] < log(T + '/pre')[0][0]['loss'] - 0.5"

FINETUNE="c.update({'objective': 'classification', 'head': 'random', 'labels': ['positive', 'neutral', 'negative'],
    'dataset': 'datasets/test.tsv', 'learning_rate': 1e-3, 'epochs': 8, 'seed': 1})"
ok "fine-tuning of it" train tuned "$FINETUNE; del c['weights']; c['from'] = T + '/pre'"
ok "a classifier from drawn weights" train scratch "$FINETUNE"
ok "has no head of pre-training" py "
t, _ = tensors(T + '/tuned')
assert not [k for k in t if k.startswith('cls.')] and t['classifier.weight']['shape'] == [3, 32]"
ok "both learn" py "
for f in ('tuned', 'scratch'):
    e = log(T + '/' + f)[1]
    assert e[-1]['loss'] < e[0]['loss'] and len(e) == 8, (f, e)"
ok "it predicts" sh -c "echo 'makanan nya enak' | '$QGRID' predict -m '$T/tuned' -p int8 | grep -q '\"label\"'"
ok "several files to classify" train two "$FINETUNE; c.update({'epochs': 1, 'dataset': ['datasets/test.tsv', {'path': 'datasets/INA_TweetsPPKM_Labeled_Pure.csv', 'format': 'tweets'}]})"
ok "are all read" py "assert len(log(T + '/two')[0]) == -(-285 // 16)"

bad "an unknown objective" "c['objective'] = 'nsp'" "/objective"
bad "quantization" "c['qat'] = 'int8'" '/qat: does not go together with "objective": "mlm"'
bad "weights of classes" "c['class_weights'] = 'balanced'" "/class_weights: does not go together"
bad "a metric of classifiers" "c['metric'] = 'macro_f1'" "mlm chooses its best epoch by loss or accuracy"
bad "other weights" "c['weights'] = 'none'" "/weights: 'none' is not known"
bad "no weights" "del c['weights']" "start"
bad "no data set" "c['dataset'] = []" "/dataset: is empty, at least one data set is expected"
bad "a data set that is not there" "c['dataset'].append('none.tsv')" "none.tsv: /dataset: cannot open"
bad "a classifier without labels" "c['objective'] = 'classification'" "key 'labels' is missing"
sed -i 's/^\[MASK\]$/[MUSK]/' "$T/start/vocab.txt"
bad "a vocabulary without [MASK]" "" "the vocabulary has no [MASK]"
ok "nothing was written by any of these" sh -c "! ls -d '$T'/made*"
finish
