#!/usr/bin/env bash
# qgrid train: what it writes, that it repeats itself, what it refuses, how it ends.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

config() { # writes $T/$1.json: jobs/finetune.json, short, changed by the Python statements in $2
    $PYTHON - "$T/$1.json" "$T" "${2:-}" <<'PY'
import json, sys
T = sys.argv[2]
c = json.load(open("jobs/finetune.json"))
c.update({"output": T + "/made", "epochs": 2, "batch": 32})
exec(sys.argv[3])
json.dump(c, open(sys.argv[1], "w"), indent=1)
PY
}
train() { # OUTPUT CHANGE: trains into $T/OUTPUT
    config now "$2"
    timeout $HANG "$QGRID" train --progress none "$T/now.json" --output "$T/$1"
}
bad() { # NAME CHANGE MESSAGE [STATUS]
    config bad "$2"
    fails "${4:-2}" "$3" "$1" "$QGRID" train --progress none "$T/bad.json"
}
lowest() { # the lowest instruction set that this processor has besides plain C
    "$QGRID" list kernels | awk '$1 == "matmul" && !/not supported/ && $2 != "ref" {isa = $2} END {print isa ? isa : "ref"}'
}
cat >"$T/lib.py" <<'PY'
import json, math, subprocess, sys
def log(path):
    rows = [json.loads(l) for l in open(path + "/training.jsonl")]
    return [r for r in rows if "step" in r], [r for r in rows if "step" not in r]
def accuracy(qgrid, path, *options):
    rows = [l.rstrip("\n").split("\t") for l in open("datasets/test.tsv")]
    text = "".join(" ".join(r[0].split()) + "\n" for r in rows)
    out = subprocess.run([qgrid, "predict", "-m", path, "--max-length", "64", *options], input=text,
                         capture_output=True, text=True, check=True).stdout.splitlines()
    return sum(json.loads(o)["label"] == r[1] for o, r in zip(out, rows)) / len(rows)
PY
py() { PYTHONPATH=$T $PYTHON -c "from lib import *; T = '$T'; $1"; }

ok "the shipped config" "$QGRID" train --progress log jobs/finetune.json --output "$T/demo/"
ok "its log has every step and epoch" py "
steps, epochs = log(T + '/demo')
assert [s['step'] for s in steps] == list(range(110)), len(steps)
assert [e['epoch'] for e in epochs] == list(range(1, 11))
assert set(steps[0]) == {'step', 'epoch', 'loss', 'learning_rate', 'grad_norm', 'tokens'}
assert steps[0]['learning_rate'] == 0 and steps[11]['learning_rate'] == 1e-3
assert abs(steps[0]['loss'] - math.log(3)) < 0.5 and all(s['grad_norm'] > 0 for s in steps)
assert sum(e['best'] for e in epochs) >= 1 and 'macro_f1' in epochs[0]['validation']"
ok "the loss falls" py "
steps, epochs = log(T + '/demo')
assert epochs[-1]['loss'] < 0.6 * epochs[0]['loss'], [e['loss'] for e in epochs]"
ok "it leaves a Hugging Face folder and nothing else" sh -c \
    "cd '$T/demo' && ls config.json model.safetensors vocab.txt tokenizer_config.json README.md training.jsonl && ! ls -d '$T'/demo.*"
ok "predict scores it as the validation did" py "
steps, epochs = log(T + '/demo')
best = max(epochs, key=lambda e: e['validation']['macro_f1'])['validation']['accuracy']
assert abs(accuracy('$QGRID', T + '/demo') - best) < 0.01, best"
ok "README names data, seed and epochs" sh -c \
    "grep -q \"\$(sha256sum datasets/test.tsv | cut -d ' ' -f 1)\" '$T/demo/README.md' && \
     grep -q '| seed | 42 |' '$T/demo/README.md' && grep -q '(this model)' '$T/demo/README.md'"

ok "a short training" train a ""
ok "the same again" train b ""
ok "on another processor" env OPENBLAS_CORETYPE=Haswell QGRID_KERNELS="$(lowest)" \
    "$QGRID" train --progress none "$T/now.json" --output "$T/lesser"
ok "the same model" cmp "$T/a/model.safetensors" "$T/lesser/model.safetensors"
ok "has the same bytes" sh -c "cmp '$T/a/model.safetensors' '$T/b/model.safetensors' && cmp '$T/a/training.jsonl' '$T/b/training.jsonl'"
ok "less memory" train recomputed "c['recompute'] = True"
ok "changes no bit" cmp "$T/a/model.safetensors" "$T/recomputed/model.safetensors"
ok "another seed" train seed "c['seed'] = 43"
fails 1 "differ" "is another model" cmp "$T/a/model.safetensors" "$T/seed/model.safetensors"
ok "one leaf" train leaf "c['leaves'] = 1"
ok "is the same training but for the rounding of sums" py "
a, b = log(T + '/a')[0], log(T + '/leaf')[0]
assert abs(a[0]['loss'] - b[0]['loss']) < 1e-6
assert all(abs(x['loss'] - y['loss']) < 1e-3 for x, y in zip(a, b))"

ok "for int8" train qat "c['qat'] = 'int8'"
ok "scores are those of the deployed model" py "
e = [e for e in log(T + '/qat')[1] if e['best']][-1]
assert accuracy('$QGRID', T + '/qat', '-p', 'int8') == e['validation']['accuracy']"
ok "the same parameters are scored in fp32, too" py "
steps, epochs = log(T + '/qat')
e = [e for e in epochs if e['best']][-1]
assert set(e['validation_fp32']) == set(e['validation'])
assert abs(accuracy('$QGRID', T + '/qat') - e['validation_fp32']['accuracy']) < 0.01
assert 'validation_fp32' not in log(T + '/a')[1][0]"
predicted() { echo 'makanan nya enak sekali' | "$QGRID" predict -m "$@"; }
same_output() { test "$(predicted "$T/$1/packed")" = "$(predicted "$T/$1" -p "$2" --embeddings "$3")"; }
ok "the packed folder is in the model's" same_output qat int8 fp32
ok "learned step sizes, quantized embeddings, a teacher" train learned "
c['qat'] = {'precision': 'int4', 'embeddings': 'int8', 'step_size': 'learned', 'start_epoch': 2}
c['distill'] = {'from': 'models/mini-finetuned', 'temperature': 3, 'hidden': 0.1}; c['batch'] = 16"
ok "packs as its packed folder" same_output learned int4 int8
cp -r "$T/learned" "$T/forgotten" && rm "$T/forgotten/quantizer-int4.safetensors"
for m in learned forgotten; do "$QGRID" predict -m "$T/$m" -p int4 datasets/test.tsv >"$T/$m.jsonl"; done
fails 1 "differ" "and not by the largest weights" cmp "$T/learned.jsonl" "$T/forgotten.jsonl"
ok "its README names the teacher" sh -c "grep -q '| teacher | .models/mini-finetuned.*temperature 3, weight 0.5' '$T/learned/README.md' && grep -q 'quantized from epoch | 2' '$T/learned/README.md'"
ok "a training may start from it" train again "c['from'] = T + '/learned'; del c['head']; c['epochs'] = 1"
ok "moving ranges, frozen in the last epoch" train moving "c['qat'] = {'precision': 'int8', 'inputs': 'moving'}"
ok "are another training" sh -c "! cmp -s '$T/moving/model.safetensors' '$T/qat/model.safetensors'"
ok "a teacher alone" train distilled "c['distill'] = {'from': 'models/mini-finetuned', 'weight': 1}; c['epochs'] = 1"
ok "--fresh replaces a folder with a packed one" sh -c "'$QGRID' train --progress none '$T/now.json' --output '$T/qat' --fresh --set /epochs=1 && ! ls -d '$T'/qat.*"
ok "list documents the members of objects" sh -c "'$QGRID' list training | grep -c '^  qat.step_size .*learned\|^  distill.temperature .*(2)\|^  dropout.hidden ' | grep -qx 3"
ok "every option" train options "c.update({'class_weights': 'balanced', 'label_smoothing': 0.1,
    'schedule': 'cosine', 'warmup': 3, 'metric': 'loss', 'dropout': {'hidden': 0, 'attention': 0.2},
    'epochs': 1, 'clip_norm': 0, 'qat': {'precision': 'int4_g32', 'embeddings': 'int8'}})"
ok "weights of classes from a list" train weights "c['class_weights'] = [1, 2.5, 1]; c['epochs'] = 1"
ok "patience ends it" train patience "c.update({'learning_rate': 0, 'patience': 2, 'epochs': 9})"
ok "after so many epochs" py "assert len(log(T + '/patience')[1]) == 3 and 'Not all epochs' in open(T + '/patience/README.md').read()"

fails 2 "exists and is not empty; --fresh replaces" "an output that is there" train a ""
ok "--fresh replaces it" sh -c "'$QGRID' train --progress none '$T/now.json' --output '$T/a' --fresh --set /epochs=1 && test \$(grep -c validation '$T/a/training.jsonl') = 1"
mkdir "$T/precious" && echo x >"$T/precious/thesis.txt"
fails 2 "was not written by qgrid train" "--fresh of something else" "$QGRID" train "$T/now.json" --output "$T/precious" --fresh
bad "an unknown key" "c['epoch'] = 3" "unknown key 'epoch', did you mean 'epochs'?"
bad "a missing key" "del c['validation']" "key 'validation' is missing"
bad "leaves that are no power of two" "c['leaves'] = 6" "/leaves: 6 is not a power of two"
bad "an unknown metric" "c['metric'] = 'f1'" "/metric: no epoch can be chosen by 'f1', known are: accuracy"
bad "an unknown precision" "c['qat'] = 'int9'" "/qat"
bad "an unknown key of qat" "c['qat'] = {'precision': 'int8', 'input': 'moving'}" "/qat/input: unknown key 'input', did you mean 'inputs'?"
bad "qat without a precision" "c['qat'] = {'inputs': 'moving'}" "/qat: key 'precision' is missing"
bad "step sizes of a scheme without" "c['qat'] = {'precision': 'nf4', 'step_size': 'learned'}" "/qat/step_size: nf4 has no uniform integer weights"
bad "ranges of float inputs" "c['qat'] = {'precision': 'int4', 'inputs': 'moving'}" "/qat/inputs: int4 has no 8-bit inputs when deployed"
bad "ranges that never move" "c['qat'] = {'precision': 'int8', 'inputs': 'moving', 'freeze_epochs': 2}" "/qat/freeze_epochs: 2 of 2 quantized epochs are frozen"
bad "frozen ranges that are none" "c['qat'] = {'precision': 'int8', 'freeze_epochs': 1}" "only moving ranges freeze"
bad "a start after the end" "c['qat'] = {'precision': 'int8', 'start_epoch': 3}" "/qat/start_epoch: epoch 3 is never reached, there are 2"
bad "a teacher that is not there" "c['distill'] = {'from': 'models/none'}" "models/none: /distill: there is no such model folder"
bad "a teacher without a say" "c['distill'] = {'from': 'models/mini-finetuned', 'weight': 0}" "the teacher has no say"
cp -r models/mini-finetuned "$T/teacher" && sed -i '99s/.*/xyzzy/' "$T/teacher/vocab.txt"
bad "a teacher with another vocabulary" "c['distill'] = {'from': T + '/teacher'}" "another vocabulary or other rules than the student's"
cp models/mini-finetuned/vocab.txt "$T/teacher" && sed -i 's/"num_hidden_layers": 3/"num_hidden_layers": 2/' "$T/teacher/config.json"
bad "hidden states of another depth" "c['distill'] = {'from': T + '/teacher', 'hidden': 1}" "2 layers of 160, the student has 3 of 160"
bad "a warm-up of one and a half steps" "c['warmup'] = 1.5" "/warmup: 1.5 is neither"
bad "weights of too few classes" "c['class_weights'] = [1, 2]" "an array of 3 weights is expected"
bad "an unknown head" "c['head'] = 'zero'" "/head: 'zero' is not known"
bad "a model that is not there" "c['from'] = 'models/none'" "models/none: /from: there is no such model folder"
bad "data that are not there" "c['dataset'] = 'none.tsv'" "none.tsv: /dataset: cannot open"
bad "labels in another order" "c['from'] = 'models/mini-finetuned'; del c['head']; c['labels'].reverse()" "(the order counts)"
printf 'bagus\tpositive\njelek\tnegative\n' >"$T/two.tsv"
: >"$T/empty.tsv"
printf '\tpositive\n' >"$T/blank.tsv"
two="c['dataset']['path'] = T + '/two.tsv'"
bad "balanced weights with a label that no text has" "$two; c['class_weights'] = 'balanced'" "no text of the training data has the label 'neutral', which balanced class weights need"
bad "a weight of 0 for texts that there are" "$two; c['class_weights'] = [1, 1, 0]" "1 texts have the label 'negative', whose weight is 0"
bad "a weight below 0" "c['class_weights'] = [1, 1, -1]" "/class_weights/2: a weight of 0 or above is expected"
bad "an empty validation set" "c['validation']['path'] = T + '/empty.tsv'" "/validation"
bad "a validation set without text" "c['validation']['path'] = T + '/blank.tsv'" "/validation"
fails 2 "cannot open" "a config that is not there" "$QGRID" train "$T/none.json"
fails 2 "a config file is missing" "no config" "$QGRID" train
fails 0 "two.tsv: no text of the training data has the label 'neutral': the model never learns to choose it" \
    "a label that no text has is a warning" train absent "$two"
ok "a weight of 0 for it" train absent0 "$two; c['class_weights'] = [1, 0, 1]"
ok "changes no bit" cmp "$T/absent/model.safetensors" "$T/absent0/model.safetensors"
ok "nothing was written by any of the others" sh -c "! ls -d '$T'/made*"

# Epoch 1 is one step at a learning rate of 0; then come weights of 1e30.
config nan "c.update({'batch': 200, 'warmup': 1, 'learning_rate': 1e30, 'epochs': 4})"
fails 1 "QG_ENUMERIC" "a training that explodes" "$QGRID" train -v --progress none "$T/nan.json"
ok "leaves the best epoch before that" sh -c "grep -q 'an error ended it' '$T/made/README.md' && echo bagus | '$QGRID' predict -m '$T/made'"
fails 1 "the samples of step 1 are: " "one that explodes in its first epoch names step and samples" \
    "$QGRID" train --progress none "$T/nan.json" --output "$T/none" --set /batch=32 --set /warmup=0
ok "and leaves nothing" sh -c "! ls -d '$T'/none*"

config now ""
stop_at() { # LINE SIGNAL OUTPUT [OPTIONS]: the signal is sent when the log has the line; the exit status is the training's
    local line=$1 signal=$2 output=$3 pid
    shift 3
    : >"$T/log"
    # What a script starts in the background has SIGINT ignored, and keeps it so.
    env --default-signal=INT "$QGRID" train --progress log "$T/now.json" --output "$T/$output" --set /epochs=3 --set /batch=8 \
        --set '/checkpoint={"steps":5}' "$@" 2>>"$T/log" &
    pid=$!
    WHILE=$pid wait_until "line '$line'" file_has "$T/log" "$line" || return 1
    kill -"$signal" $pid
    wait $pid 2>/dev/null
}
go_on() { # OUTPUT [OPTIONS]
    timeout $HANG "$QGRID" train --progress log "$T/now.json" --output "$T/$1" --set /epochs=3 --set /batch=8 "${@:2}"
}
same_as_undisturbed() { cmp "$T/undisturbed/model.safetensors" "$T/$1/model.safetensors" && cmp "$T/undisturbed/training.jsonl" "$T/$1/training.jsonl"; }
nothing_beside() { ! ls -d "$T/$1".* 2>/dev/null; }
ok "an undisturbed training" go_on undisturbed
fails 75 "the same command continues" "SIGTERM ends it in good order" stop_at 'epoch 1/' TERM stopped
ok "with a checkpoint and nothing else" sh -c "test -s '$T/stopped.checkpoint' && ! ls -d '$T'/stopped '$T'/stopped.lock '$T'/stopped.qgrid-* 2>/dev/null"
fails 75 "the same command continues" "SIGINT too, of what goes on" stop_at 'goes on after' INT stopped
fails 2 "is of a training with another config (it has learning_rate: 0.001); --fresh discards it" "a checkpoint of another config is refused" \
    go_on stopped --set /learning_rate=0.002
head -n 100 datasets/test.tsv >"$T/part.tsv"
fails 2 "with another training data; --fresh" "and of other data" go_on stopped --set "/dataset/path=$T/part.tsv"
fails 2 "with another validation data; --fresh" "and of other validation data" go_on stopped --set "/validation/path=$T/part.tsv"
fails 2 "another model" "and of another model" go_on stopped --set /from=models/mini-finetuned
ok "the same command continues" sh -c "'$QGRID' train '$T/now.json' --output '$T/stopped' --set /epochs=3 --set /batch=8 --set /recompute=true 2>&1 | tee '$T/log' | grep 'goes on after'"
ok "to the same bits" same_as_undisturbed stopped
ok "and leaves nothing beside the model" nothing_beside stopped
stop_at 'epoch 1/' KILL killed
ok "kill -9 leaves a checkpoint" test -s "$T/killed.checkpoint"
ok "from which the same command continues" sh -c "'$QGRID' train --progress log '$T/now.json' --output '$T/killed' --set /epochs=3 --set /batch=8 2>&1 | grep -q 'goes on after'"
ok "to the same bits, too" same_as_undisturbed killed
ok "nothing of the killed one is left" nothing_beside killed
stop_at 'epoch 1/' KILL broken
printf x | dd of="$T/broken.checkpoint" bs=1 seek=100000 conv=notrunc status=none
fails 1 "is damaged: block" "a damaged checkpoint is refused" go_on broken
ok "--fresh begins anew" go_on broken --fresh
ok "to the same bits as well" same_as_undisturbed broken
fails 75 "the same command continues" "an interruption before the first step is over" stop_at 'steps in 3 epochs' TERM early
ok "leaves what the same command continues" go_on early
ok "to the same bits again" same_as_undisturbed early
"$QGRID" train --progress none "$T/now.json" --output "$T/held" --set /epochs=999 2>/dev/null >/dev/null &
holder=$!
WHILE=$holder wait_until "lock" test -e "$T/held.lock"
fails 2 "another run holds this file" "two trainings into one folder" go_on held
kill -KILL $holder
wait $holder 2>/dev/null
fails 1 "the last good checkpoint is" "a training that explodes names its last good checkpoint" \
    "$QGRID" train --progress none "$T/nan.json" --output "$T/late" --set '/checkpoint={"steps":1}'
bad "an unknown key of checkpoint" "c['checkpoint'] = {'hours': 1}" "/checkpoint"
bad "an unknown reduction" "c['reduce'] = 'ring'" "/reduce: 'ring' is not one of: tree, mpi"
finish
