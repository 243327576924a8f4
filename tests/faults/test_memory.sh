#!/usr/bin/env bash
# What `qgrid plan` says about the memory of a rank, beside what is measured (the most that one
# process had resident): within a fifth, for each kind of work, on two shapes.
. "$(dirname "${BASH_SOURCE[0]}")/../support/sh.sh"
export OPENBLAS_NUM_THREADS=1
head -n 30 datasets/test.tsv >"$T/texts.tsv"
if [[ $QGRID == */asan/* ]]; then
    skip "memory" "AddressSanitizer takes memory of its own"
    finish
    exit
fi
cat >"$T/peak.py" <<'EOP'
# peak.py QGRID FOLDER MODEL PRECISIONS ONLY KIND: predicted and measured in MiB; fails when they are more than a fifth apart
import json, os, re, subprocess, sys
qgrid, T, model, precisions, only, kind = sys.argv[1:]
job = {"name": "m", "output": T + "/out.h5", "labels": ["positive", "neutral", "negative"], "bootstrap": 100,
       "models": {"f": {"path": model}}, "datasets": {"d": T + "/texts.tsv"},
       "experiments": {"e": {"model": "f", "dataset": "d"}}, "precisions": precisions.split(",")}
if kind in ("train", "qat"):
    job["models"]["t"] = {"train": {"from": "f", "dataset": "d", "validation": "d", "epochs": 1, "batch": 8, "max_length": 64}}
    if kind == "qat":
        job["models"]["t"]["train"]["qat"] = "int8"
    job["experiments"]["t"] = {"model": "t", "dataset": "d"}
elif kind != "predict":
    method = {"method": kind, "samples": 64} if kind == "lime" else {"method": kind}
    job["explain"] = {"methods": [method], "samples": {"per_class": 2, "correct_only": False}, "target": "reference", "faithfulness": False}
path = T + "/peak.json"
json.dump(job, open(path, "w"))
only = ["--only", only] if only != "all" else []
if os.path.exists(T + "/out.h5"):
    os.remove(T + "/out.h5")
plan = subprocess.run([qgrid, "plan", path] + only, capture_output=True, text=True, check=True).stdout
line = re.search(r"^memory of a rank: about ([\d.]+) ([KMG])iB.*$", plan, re.M)
predicted = float(line[1]) * {"K": 1 / 1024, "M": 1, "G": 1024}[line[2]]
pid = os.fork()
if pid == 0:
    out = os.open(T + "/peak.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.execv(qgrid, [qgrid, "run", "--progress", "none", path] + only)
_, status, usage = os.wait4(pid, 0)
measured = usage.ru_maxrss / 1024
print("%s %s %s: predicted %.1f, measured %.1f MiB (%+.0f %%): %s" % (model, precisions, kind, predicted, measured, 100 * predicted / measured - 100, line[0]))
if status or abs(predicted / measured - 1) > 0.2:
    print(open(T + "/peak.log").read()[-400:])
    sys.exit(1)
EOP
peak() { # MODEL PRECISIONS ONLY KIND
    timeout "$HANG" "$PYTHON" "$T/peak.py" "$QGRID" "$T" "$@" >"$T/peak.out" 2>&1
    local status=$?
    tee -a "$T/table" <"$T/peak.out"
    return $status
}

{ cat models/mini-finetuned/vocab.txt && seq -f 'unused%.0f' 20000; } | head -n 20000 >"$T/vocab.txt"
ok "a model of 4 layers of 384 numbers" "$TOOLS/random_model" --seed 42 --vocab "$T/vocab.txt" --layers 4 --hidden 384 --heads 6 --ffn 1536 -o "$T/four"
for model in models/mini-finetuned "$T/four" ${MODELS:-}; do
    for precision in fp32 int8; do
        ok "$model, $precision: a rank that packs" peak "$model" $precision all predict
        ok "$model, $precision: predictions" peak "$model" $precision all predict
    done
    ok "$model: explanations by gradients" peak "$model" fp32 all gradient_x_input
    ok "$model: explanations by gradients under int8" peak "$model" fp32,int8 all gradient_x_input
    ok "$model: explanations by perturbed texts" peak "$model" int8,fp32 all lime
    ok "$model: training" peak "$model" fp32 t/train train
    rm -rf "$QGRID_CACHE/trained"
    ok "$model: training for int8" peak "$model" fp32 t/train qat
    rm -rf "$QGRID_CACHE/trained"
done
[ -z "${SHOW:-}" ] || cat "$T/table"

finish
