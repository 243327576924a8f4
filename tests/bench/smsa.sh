#!/usr/bin/env bash
# smsa.sh [PRECISION...] - SmSA's test set (500 texts) with random weights of IndoBERT's shape on 1 and
# 2 ranks: texts a second of the forward passes, of the whole process, efficiency of two ranks.
# Needs $QGRID_SHARED (default ../shared). Look at `uptime` first.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build/release}
SHARED=${QGRID_SHARED:-$PWD/../shared}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_base_warn_component_unused=0
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_rmaps_base_oversubscribe=1
[ -e "$SHARED/data/smsa/test_preprocess.tsv" ] || { echo "SKIPPED: no SmSA under $SHARED"; exit 0; }
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
export QGRID_CACHE=$T/cache
[ $# -gt 0 ] || set -- int8 fp32
"$BUILD/tools/random_model" --seed 42 --vocab "$SHARED/data/indobert/vocab.txt" --vocab-size 50000 \
    --tokenizer-config "$SHARED/data/indobert/tokenizer_config.json" -o "$T/model" >/dev/null
uptime
printf '%-14s %5s %12s %12s %12s %8s\n' precision ranks 'forward s' 'process s' 'texts/s' process
for p in "$@"; do
    cat >"$T/job.json" <<JSON
{"name": "smsa", "seed": 42, "output": "$T/out.h5", "labels": ["positive", "neutral", "negative"],
 "models": {"m": {"path": "$T/model"}},
 "datasets": {"smsa": {"path": "$SHARED/data/smsa/test_preprocess.tsv", "format": "smsa", "normalize": "whitespace"}},
 "experiments": {"m_smsa": {"model": "m", "dataset": "smsa"}}, "precisions": ["$p"]}
JSON
    "$BUILD/qgrid" run "$T/job.json" --fresh --progress none >/dev/null # packs the model
    "$BUILD/qgrid" run "$T/job.json" --fresh --progress none >/dev/null # remembers its hash
    for np in 1 2; do
        for _ in 1 2 3; do
            start=$(date +%s.%N)
            mpirun -np $np "$BUILD/qgrid" run "$T/job.json" --fresh --progress none >/dev/null
            end=$(date +%s.%N)
            echo "$(awk "BEGIN {print $end - $start}") $(/usr/bin/python3 - "$T/out.h5" <<'PY'
import h5py, sys
print(h5py.File(sys.argv[1])["timing/units/seconds"][:].sum())
PY
)"
        done | sort -n | sed -n 2p | awk -v p="$p" -v np=$np \
            '{f = $2 / np; printf "%-14s %5d %12.3f %12.3f %12.1f %8.2f\n", p, np, f, $1, 500 / f, $1 / f}'
    done
done
