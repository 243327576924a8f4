#!/usr/bin/env bash
# explain.sh [TEXTS [N]] - seconds a text of explanations at IndoBERT's shape with random weights, on
# one core, for the first N (10) texts of SmSA's test set or of a file with one text a line:
#   s/text    of the method as it is
#   asked     perturbations; passes: texts of how many tokens that were run through the model
#   bare      the same passes in full batches without the engine, and what the engine adds
#   alone     one text a pass, and how much faster the method is; padded: the same at 128 tokens
# MODEL=DIR takes another model, PRECISIONS and METHODS (one a line) others than these. IndoBERT's
# shape takes about an hour, of which TEXTS N = 2 is a fifth. Look at `uptime` first.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build/release}
SHARED=${QGRID_SHARED:-$PWD/../shared}
TEXTS=${1:-$SHARED/data/smsa/test_preprocess.tsv}
PRECISIONS=${PRECISIONS:-fp32 int8}
METHODS=${METHODS:-'occlusion
shap
lime
{"method": "integrated_gradients", "steps": 30, "name": "ig_30"}
{"method": "integrated_gradients", "steps": 50, "name": "ig_50"}'}
export OPENBLAS_NUM_THREADS=1
[ -e "$TEXTS" ] || { echo "SKIPPED: there is no $TEXTS"; exit 0; }
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
export QGRID_CACHE=$T/cache
if [ -z "${MODEL:-}" ]; then
    MODEL=$T/model
    VOCAB=$SHARED/data/indobert
    [ -e "$VOCAB/vocab.txt" ] || VOCAB=models/mini-finetuned
    "$BUILD/tools/random_model" --seed 42 --vocab "$VOCAB/vocab.txt" --vocab-size 50000 \
        --tokenizer-config "$VOCAB/tokenizer_config.json" -o "$MODEL" >/dev/null
fi
uptime
printf '%-22s %-10s %5s %7s %9s %8s %8s %7s %9s %9s %9s %6s %9s %6s\n' method precision texts tokens \
    s/text asked passes tokens bare adds alone faster padded faster
for p in $PRECISIONS; do
    while IFS= read -r m; do
        "$BUILD/tests/bench/explain" "$MODEL" "$p" "$m" "$TEXTS" "${2:-10}"
    done <<<"$METHODS"
done
