#!/usr/bin/env bash
# Trainings as parts of a job: the same bits on any number of ranks, resume, reuse, failures.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

job() { # NAME [CHANGE]: writes $T/NAME.json, changed by Python statements over the job j
    $PYTHON - "$T/$1.json" "$T" "$1" "${2:-}" <<'PY'
import json, sys
T = sys.argv[2]
data = {"dataset": "smsa", "validation": "smsa"}
short = {"batch": 32, "epochs": 2, "learning_rate": 1e-3}
j = {
    "name": "trained", "output": T + "/" + sys.argv[3] + ".h5",
    "labels": ["positive", "neutral", "negative"], "max_length": 32,
    "models": {
        "original": {"path": "models/mini-original", "head": "random"},
        "qat": {"train": {"from": "tuned", **data, **short, "qat": "int8", "epochs": 1}},
        "tuned": {"train": {"from": "original", "seeds": [42, 7], **data, **short}},
    },
    "datasets": {"smsa": {"path": "datasets/test.tsv", "format": "smsa", "normalize": "whitespace"}},
    "experiments": {
        "tuned_smsa": {"model": "tuned", "dataset": "smsa"},
        "qat_smsa": {"model": "qat", "dataset": "smsa"},
    },
    "precisions": ["fp32", "int8"],
}
tuned, qat = j["models"]["tuned"]["train"], j["models"]["qat"]["train"]
exec(sys.argv[4])
json.dump(j, open(sys.argv[1], "w"), indent=1)
PY
}
trainings() { find "$1/trained" -mindepth 1 -maxdepth 1 -type d | wc -l; }

job ref
ok "check knows the trainings" sh -c "'$QGRID' check '$T/ref.json' | grep -q 'model qat_s7: trained from tuned_s7, 165 texts'"
ok "plan counts them" sh -c "'$QGRID' plan '$T/ref.json' --ranks 4 | grep -q '^4 trainings, 0 of them in their folders, 4 would run'"
ok "runs on one rank" run_np 1 "$T/ref.json"
ok "all trained models are in the cache" test "$(trainings "$T/cache")" = 4
ok "and nothing but them" sh -c "! ls '$T/cache/trained' | grep -vE '^[0-9a-f]{64}$'"
ok "status of a finished run" "$QGRID" status "$T/ref.h5"
ok "verify knows trainings" sh -c "'$QGRID' verify '$T/ref.h5' | grep -q ' 0 damaged, 0 are timings'"
on() { QGRID_CACHE="$T/cache$1" run_np "$1" "$T/ref.json" --output "$T/np$1.h5"; } # RANKS: with a cache of its own
for np in $(some_ranks 2 3); do
    ok "runs on $np ranks" on $np
    ok "$np ranks give the same bits" same_results "$T/ref.h5" "$T/np$np.h5"
    ok "and the same weights" sh -c "cd '$T/cache/trained' && for k in *; do cmp \$k/model.safetensors '$T/cache$np/trained/'\$k/model.safetensors || exit 1; done"
done

ok "numbers of trainings and seeds" env T="$T" "$PYTHON" - <<'PY'
import glob, h5py, json, math, os
T = os.environ["T"]
f = h5py.File(T + "/ref.h5", "r")
names = [n.decode() for n in f["cells/name"][:]]
seeds = dict(zip(names, f["cells/seed"][:]))
assert seeds["tuned_s7/train"] == 7 and seeds["qat_smsa_s42/int8"] == 42, seeds
assert sum(n.endswith("/train") for n in names) == 4 and "tuned_smsa/seeds" in names
for m in ("tuned_s42", "tuned_s7", "qat_s42", "qat_s7"):
    g = f["training/" + m]
    epochs = 2 if m.startswith("tuned") else 1
    # the log in the folder says the same
    log = [json.loads(l) for l in open(T + "/cache/trained/" + g.attrs["key"].decode() + "/training.jsonl")]
    steps = [l for l in log if "step" in l]
    assert len(steps) == 6 * epochs == g["steps_done"][()] == g["loss"].shape[0]
    for mine, theirs in (("loss",) * 2, ("learning_rate",) * 2, ("grad_norm",) * 2, ("tokens",) * 2):
        assert list(g[mine][:]) == [s[theirs] for s in steps], mine
    assert g["epochs_done"][()] == epochs and list(g["epoch"][:]) == list(range(1, epochs + 1))
    done = [l for l in log if "step" not in l]
    assert list(g["epoch_loss"][:]) == [e["loss"] for e in done]
    assert list(g["validation_macro_f1"][:]) == [e["validation"]["macro_f1"] for e in done]
    assert g["best_epoch"][()] == max(range(epochs), key=lambda e: done[e]["validation"]["macro_f1"]) + 1
    assert len(g["model_hash"][()]) == 64 and g["end"][()] == b"" and g.attrs["seed"] == int(m.split("_s")[1])
    config = json.loads(g.attrs["config"])
    assert config["seed"] == g.attrs["seed"] and "from" not in config and "output" not in config
assert f["training/qat_s7"].attrs["from_hash"] == f["training/tuned_s7"].attrs["key"]
assert f["training/qat_s7"].attrs["from"].decode() == "tuned_s7"
# the validation of QAT is the score of the deployed model on the same texts
for m in ("qat_s42", "qat_s7"):
    g, at = f["training/" + m], f["training/%s/best_epoch" % m][()] - 1
    for metric in ("nll", "accuracy", "macro_f1"):
        assert g["validation_" + metric][at] == f["metrics/%s/smsa/int8/%s" % (m, metric)][()], metric
    assert abs(g["validation_fp32_nll"][at] - f["metrics/%s/smsa/fp32/nll" % m][()]) < 1e-5
assert math.isnan(f["training/tuned_s7/validation_fp32_nll"][0])
checked = 0
for model in ("tuned", "qat"):
    for p in ("fp32", "int8"):
        s = f["seeds/%s/smsa/%s" % (model, p)]
        assert [t.decode() for t in s["statistic"][:]] == ["mean", "sd", "median", "min", "max"]
        assert list(s["seed"][:]) == [42, 7] and s["n"][()] == 2 and list(s["counted"][:]) == [1, 1]
        for metric in s:
            if metric in ("statistic", "seed", "n", "counted"):
                continue
            v = [float(f["metrics/%s_s%d/smsa/%s/%s" % (model, k, p, metric)][()]) for k in (42, 7)]
            mean = (v[0] + v[1]) / 2
            sd = math.sqrt((v[0] - mean) ** 2 + (v[1] - mean) ** 2)
            want, got = [mean, sd, mean, min(v), max(v)], list(s[metric][:])
            assert all(abs(a - b) <= 1e-12 for a, b in zip(want, got)), (metric, want, got)
            checked += 1
assert checked > 50, checked
PY
ok "show prints a training" sh -c "'$QGRID' show '$T/ref.h5' qat_s7/train | grep -q 'best_epoch  *1'"
ok "show prints statistics over seeds" sh -c "'$QGRID' show '$T/ref.h5' tuned_smsa/seeds | grep -q 'int8, 2 seeds'"
ok "the table has both" sh -c "'$QGRID' show '$T/ref.h5' | grep -q '^tuned_smsa/int8  *2 ' && '$QGRID' show '$T/ref.h5' | grep -q '^qat_s42/train  *done'"
ok "diff finds nothing" "$QGRID" diff "$T/ref.h5" "$T/np2.h5"

# Reuse and resume.
before=$(stat -c %Y.%i "$T"/cache/trained/*/model.safetensors | sort)
ok "another results file takes the models from the cache" run_np 2 "$T/ref.json" --output "$T/again.h5"
ok "with the same numbers" same_results "$T/ref.h5" "$T/again.h5"
ok "and without training" test "$(stat -c %Y.%i "$T"/cache/trained/*/model.safetensors | sort)" = "$before"
ok "only what is selected, and the trainings it needs" run_np 1 "$T/ref.json" --output "$T/only.h5" --only 'qat_smsa_s7/int8'
fails 75 "3 done" "are three cells" "$QGRID" status "$T/only.h5"
rm -rf "$T"/cache/trained/*
ok "plan does not need the models of what is done" sh -c "'$QGRID' plan '$T/ref.json' --why | grep -q '^skip  tuned_s7/train: done'"
ok "nor does a run" run_np 1 "$T/ref.json"
ok "nothing was trained for that" test "$(trainings "$T/cache")" = 0
fails 0 "its model is gone, and qat_s7/train needs it" "plan knows which models are needed again" sh -c \
    "'$QGRID' plan '$T/ref.json' --output '$T/only.h5' --why | grep needs"
ok "the rest of a job trains what is gone" run_np 2 "$T/ref.json" --output "$T/only.h5"
ok "to the same bits" same_results "$T/ref.h5" "$T/only.h5"
$PYTHON - "$T/again.h5" <<'PY'
import h5py, sys
f = h5py.File(sys.argv[1], "r+")
f["training/qat_s7/loss"][3] += 1
PY
fails 3 "damaged: qat_s7/train" "verify finds a damaged training" "$QGRID" verify "$T/again.h5"
ok "the next run repairs it" run_np 1 "$T/ref.json" --output "$T/again.h5"
ok "from the folder" same_results "$T/ref.h5" "$T/again.h5"

# Changes: what is still valid stays.
job change "qat['epochs'] = 2; j['output'] = T + '/again.h5'"
fails 2 "model qat_s42 has other content" "another config is another model" run_np 1 "$T/change.json"
ok "accepted" run_np 1 "$T/change.json" --accept-changes
ok "what did not change was kept" h5diff "$T/ref.h5" "$T/again.h5" /training/tuned_s7 /training/tuned_s7
job fresh "qat['epochs'] = 2"
ok "as in a fresh run" sh -c "'$QGRID' run --progress none '$T/fresh.json' && '$QGRID' diff '$T/fresh.h5' '$T/again.h5'"

# Interruption: what a long training has done is not lost.
job long "tuned.update({'epochs': 6, 'batch': 8, 'checkpoint': {'steps': 5}}); del j['models']['qat'], j['experiments']['qat_smsa']"
has_checkpoint() { compgen -G "$T/cache-$1/trained/*.checkpoint"; }
start_long() { # RANKS OUTPUT: the job in the background, until its first checkpoint is there; sets pid
    QGRID_CACHE="$T/cache-$2" mpirun -np "$1" "$QGRID" run --progress none "$T/long.json" --output "$T/$2.h5" &
    pid=$!
    WHILE=$pid wait_until "checkpoint" has_checkpoint "$2"
}
go_on() { QGRID_CACHE="$T/cache-$1" run_np "$2" "$T/long.json" --output "$T/$1.h5"; }
interrupted() { # SIGNAL RANKS OUTPUT [RANK]: the status of a run that gets a signal, or one of its ranks, while it trains
    start_long "$2" "$3" || return 1
    if [ $# -gt 3 ]; then kill -"$1" "$(rank_of "$T/$3.h5" "$4")"; else kill -"$1" $pid; fi
    wait $pid
}
killed() { # RANKS OUTPUT: all ranks of a run die while it trains
    start_long "$1" "$2" || return 1
    # shellcheck disable=SC2046
    kill -9 $(rank_of "$T/$2.h5")
    wait $pid
    [ -e "$T/$2.h5" ] && has_checkpoint "$2"
}
ok "a long job" run_np 1 "$T/long.json"
fails 75 "Interrupted; the same command goes on" "SIGUSR1 interrupts a training" interrupted USR1 2 usr1
ok "its checkpoint is in the cache" sh -c "ls '$T'/cache-usr1/trained/*.checkpoint"
ok "the same command goes on, on another number of ranks" go_on usr1 1
ok "to the same bits after a signal" same_results "$T/long.h5" "$T/usr1.h5"
ok "the checkpoint is gone" sh -c "! ls '$T'/cache-usr1/trained/*.checkpoint"
fails 75 "Interrupted; the same command goes on" "SIGTERM to a member of a gang drains it" interrupted TERM 2 term 1
ok "which is no attempt of the unit" $PYTHON -c "
import h5py
u = h5py.File('$T/term.h5')
assert (u['units/state'][:] == 0).any() and (u['timing/units/attempts'][:][u['units/state'][:] == 0] == 0).all()"
ok "the same command goes on after that, too" go_on term 2
ok "to the same bits after SIGTERM" same_results "$T/long.h5" "$T/term.h5"
ok "SIGKILL to all ranks" killed 2 kill
ok "the same command goes on after that" go_on kill 2
ok "to the same bits after SIGKILL" same_results "$T/long.h5" "$T/kill.h5"
fails 75 "Interrupted" "max-time ends a training" env QGRID_CACHE="$T/cache-time" "$QGRID" run --progress none "$T/long.json" --output "$T/time.h5" --max-time 0.5s

# A training that fails.
job broken "j['models']['bad'] = {'train': {'from': 'tuned', **data, **short, 'learning_rate': 1e30, 'warmup': 0, 'batch': 100}}
j['models']['worse'] = {'train': {'from': 'bad', **data, **short}}
j['experiments'].update({'bad_smsa': {'model': 'bad', 'dataset': 'smsa'}, 'worse_smsa': {'model': 'worse', 'dataset': 'smsa'}})"
fails 3 "failed" "a training that explodes fails alone" run_np 2 "$T/broken.json"
spaced() { "$QGRID" status -v "$1" >"$T/status"; local rc=$?; tr -s ' ' <"$T/status"; return $rc; }
fails 3 "worse_smsa_s7/int8 the training of model 'bad_s7' failed:" "what needs it says why" spaced "$T/broken.h5"
ok "the others have the reference's numbers" sh -c "h5diff '$T/ref.h5' '$T/broken.h5' /metrics/qat_s7 /metrics/qat_s7 && h5diff '$T/ref.h5' '$T/broken.h5' /seeds/tuned /seeds/tuned"
fails 3 "no seed has predictions" "statistics over seeds without any" "$QGRID" status "$T/broken.h5"
fails 3 "failed" "retry-failed tries again" run_np 1 "$T/broken.json" --retry-failed
job half "tuned['output'] = T + '/half'; qat['epochs'] = 1"
ok "models where the job wants them" run_np 1 "$T/half.json"
ok "are the same" cmp "$T/half_s7/model.safetensors" "$T/cache/trained/$($PYTHON -c "import h5py; print(h5py.File('$T/ref.h5')['training/tuned_s7'].attrs['key'].decode())")/model.safetensors"
ok "qgrid predict takes them" sh -c "echo bagus | '$QGRID' predict -m '$T/half_s7'"
job taught "del j['models']['qat'], j['experiments']['qat_smsa']
j['models']['taught'] = {'train': {'from': 'original', 'seeds': [7], **data, **short, 'distill': {'from': 'tuned', 'weight': 1}}}
j['experiments']['taught_smsa'] = {'model': 'taught', 'dataset': 'smsa'}"
ok "a model of the job teaches another" run_np 2 "$T/taught.json"
ok "of its own seed" sh -c "h5dump -a /training/taught_s7/teacher '$T/taught.h5' | grep -q '\"tuned_s7\"'"
job taken "tuned['output'] = T + '/half'; tuned['epochs'] = 1"
fails 2 "/models/tuned/train/output: is there and is not the result of this training" "no other folder is replaced" run_np 1 "$T/taken.json"

# A trained model whose weights were cut is not believed.
mv "$T/cache/trained" "$T/trained"
job seed7 "del j['models']['qat'], j['experiments']['qat_smsa']"
cat >"$T/spoil.sh" <<SH
mkdir -p '$T/cache/trained'
cp -r '$T'/trained/\$($PYTHON -c "import h5py; print(h5py.File('$T/ref.h5')['training/tuned_s7'].attrs['key'].decode())") '$T/cache/trained/'
cd '$T'/cache/trained/* && head -c 1000 model.safetensors >x && mv x model.safetensors
SH
ok "a spoilt folder" sh "$T/spoil.sh"
fails 0 "0 failed" "is trained again" run_np 1 "$T/seed7.json"
for seed in 42 7; do
    ok "to the same predictions of seed $seed" h5diff "$T/ref.h5" "$T/seed7.h5" /predictions/tuned_s$seed /predictions/tuned_s$seed
done

# Mistakes.
bad() { # NAME CHANGE MESSAGE
    job bad "$2"
    fails 2 "$3" "$1" "$QGRID" check "$T/bad.json"
}
bad "an unknown model" "qat['from'] = 'tunde'" "/models/qat/train/from: there is no model 'tunde' in the job and no such folder"
bad "a circle" "tuned['from'] = 'qat'" "models are trained from each other: qat <- tuned <- qat"
bad "seeds that do not pair" "qat['seeds'] = [42, 8]" "/models/qat/train/seeds: 'tuned', which it is trained from, has no seed 8"
bad "an unknown key" "qat['epoch'] = 1" "/models/qat/train/epoch: unknown key 'epoch', did you mean 'epochs'?"
printf 'bagus\tpositive\njelek\tnegative\n' >"$T/two.tsv"
: >"$T/empty.tsv"
two="j['datasets']['two'] = T + '/two.tsv'; tuned['dataset'] = 'two'"
bad "balanced weights with a label that no text has" "$two; tuned['class_weights'] = 'balanced'" \
    "/models/tuned/train/dataset: no text of the training data has the label 'neutral'"
job absent "$two; tuned['class_weights'] = [1, 0, 1]"
fails 0 "two.tsv: no text of the training data has the label 'neutral': the model never learns to choose it" \
    "a label that no text has is a warning of check" "$QGRID" check "$T/absent.json"
ok "once for all seeds" test "$("$QGRID" check "$T/absent.json" 2>&1 | grep -c 'has the label')" = 1
fails 0 "two.tsv: no text of the training data has the label 'neutral'" "and of run" run_np 2 "$T/absent.json" --only 'tuned_smsa_s7/fp32'
bad "an empty validation set" "tuned['validation'] = T + '/empty.tsv'" "/models/tuned/train/validation"
ok "is named once" test "$("$QGRID" check "$T/bad.json" 2>&1 | grep -c empty.tsv)" = 1
bad "a packed model" "tuned['from'] = '$(echo "$T"/cache/*-int8 | cut -d ' ' -f 1)'" "is packed, a training begins with a checkpoint"
bad "a precision that is called as a kind of cells" "j['precisions'] = [{'precision': 'int8', 'name': 'train'}]" "is taken"
finish
