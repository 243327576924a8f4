#!/usr/bin/env bash
# qat_recovery.sh MODEL [OUT] - how much of what PTQ loses QAT wins back, on SmSA, over seeds.
#
# MODEL: a pre-trained encoder. For each seed: fine-tuning on SmSA train; from that model on, with one
# schedule, a control (fp32) and QAT; all scored on SmSA valid and test by one job: the fine-tuned
# model in fp32 and PTQ, the control likewise, QAT packed and in fp32. What OUT (default: a temporary
# folder) holds already is not trained again. Set by the environment, with these defaults:
#   PRECISION=int4  SEEDS="42 123 456"  EPOCHS=3 LR=1e-3 (fine-tuning)  QAT_EPOCHS=3 QAT_LR=3e-4
#   BATCH=32  LENGTH=128  QAT='{"step_size": "learned"}' (members of "qat")  DISTILL='' ("distill",
#   where FINETUNED stands for the seed's fine-tuned model)
# Needs $QGRID_SHARED (default ../shared). Each training says how long it took.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build/release}
SHARED=${QGRID_SHARED:-$PWD/../shared}
[ $# -ge 1 ] || { echo "usage: $0 MODEL [OUT]" >&2; exit 2; }
[ -e "$SHARED/data/smsa/test_preprocess.tsv" ] || { echo "SKIPPED: no SmSA under $SHARED"; exit 0; }
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
export QGRID_CACHE=$T/cache OPENBLAS_NUM_THREADS=1
export MODEL=$1 OUT=${2:-$T/out} SHARED
export PRECISION=${PRECISION:-int4} SEEDS=${SEEDS:-42 123 456}
export EPOCHS=${EPOCHS:-3} LR=${LR:-1e-3} QAT_EPOCHS=${QAT_EPOCHS:-3} QAT_LR=${QAT_LR:-3e-4}
export BATCH=${BATCH:-32} LENGTH=${LENGTH:-128}
export QAT=${QAT:-'{"step_size": "learned"}'} DISTILL=${DISTILL:-}
mkdir -p "$OUT"

config() { # NAME SEED: the config of a training on standard output
    /usr/bin/python3 - "$1" "$2" <<'PY'
import json, os, sys
name, seed = sys.argv[1], int(sys.argv[2])
e = os.environ
finetuned = f"{e['OUT']}/{seed}/finetuned"
smsa = lambda part: {"path": f"{e['SHARED']}/data/smsa/{part}_preprocess.tsv", "format": "smsa",
                     "normalize": "whitespace"}
first = name == "finetuned"
c = {"from": e["MODEL"] if first else finetuned, "output": f"{e['OUT']}/{seed}/{name}", "seed": seed,
     "labels": ["positive", "neutral", "negative"], "dataset": smsa("train"),
     "validation": smsa("valid"), "batch": int(e["BATCH"]), "max_length": int(e["LENGTH"]),
     "epochs": int(e["EPOCHS" if first else "QAT_EPOCHS"]),
     "learning_rate": float(e["LR" if first else "QAT_LR"])}
if first:
    c["head"] = "random"
if name == "qat":
    c["qat"] = {"precision": e["PRECISION"], **json.loads(e["QAT"])}
    if e["DISTILL"]:
        c["distill"] = {"from": finetuned, **json.loads(e["DISTILL"])}
print(json.dumps(c))
PY
}

for seed in $SEEDS; do
    mkdir -p "$OUT/$seed"
    for name in finetuned control qat; do
        [ -d "$OUT/$seed/$name" ] && continue
        config $name "$seed" >"$OUT/$seed/$name.json"
        start=$SECONDS
        "$BUILD/qgrid" train --progress none "$OUT/$seed/$name.json"
        echo "$name, seed $seed: $((SECONDS - start)) s"
    done
done

/usr/bin/python3 - >"$T/job.json" <<'PY'
import json, os
e = os.environ
smsa = lambda part: {"path": f"{e['SHARED']}/data/smsa/{part}_preprocess.tsv", "format": "smsa",
                     "normalize": "whitespace"}
models, experiments = {}, {}
for seed in e["SEEDS"].split():
    for name in ("finetuned", "control", "qat"):
        models[f"{name}_{seed}"] = {"path": f"{e['OUT']}/{seed}/{name}"}
        for part in ("valid", "test"):
            experiments[f"{name}_{seed}_{part}"] = {"model": f"{name}_{seed}", "dataset": part}
print(json.dumps({"name": "qat_recovery", "seed": 42, "output": f"{e['OUT']}/scores.h5",
                  "labels": ["positive", "neutral", "negative"], "models": models,
                  "datasets": {p: smsa(p) for p in ("valid", "test")}, "experiments": experiments,
                  "precisions": ["fp32", e["PRECISION"]]}))
PY
"$BUILD/qgrid" run "$T/job.json" --fresh --progress none >/dev/null

/usr/bin/python3 <<'PY'
import os
import h5py
import numpy as np
e = os.environ
P, seeds = e["PRECISION"], e["SEEDS"].split()
f = h5py.File(f"{e['OUT']}/scores.h5")
rows = [("fp32", "finetuned", "fp32"), (f"PTQ {P}", "finetuned", P), ("control fp32", "control", "fp32"),
        (f"control PTQ {P}", "control", P), (f"QAT {P}", "qat", P), ("QAT in fp32", "qat", "fp32")]
print(f"{e['MODEL']}: QAT {e['QAT']} {e['DISTILL']}, learning rate {e['QAT_LR']}, "
      f"{e['QAT_EPOCHS']} epochs; mean over seeds {' '.join(seeds)}, then each")
for part in ("valid", "test"):
    for metric in ("accuracy", "macro_f1"):
        score = {}
        print(f"\nSmSA {part}, {metric}")
        for label, model, precision in rows:
            v = np.array([f[f"metrics/{model}_{s}/{part}/{precision}/{metric}"][()] for s in seeds])
            score[label] = v
            print(f"  {label:20s} {v.mean():8.4f}  ", " ".join(f"{x:.4f}" for x in v))
        for what in ("", "control "):  # against the model QAT begins with, and with equal training
            lost = (score[f"{what}fp32"] - score[f"{what}PTQ {P}"]).mean()
            won = (score[f"QAT {P}"] - score[f"{what}PTQ {P}"]).mean()
            share = f"{100 * won / lost:.0f} %" if lost > 0 else "nothing is lost"
            print(f"  {what}PTQ loses {lost:.4f}, QAT wins back {won:.4f}: {share}")
PY
