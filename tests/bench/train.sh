#!/usr/bin/env bash
# train.sh [PRECISION] - training steps at IndoBERT's shape with random weights, batch 32, on 1 and 2
# ranks: real SmSA lengths, and padded 8x64 and 32x128 as others do it. With a precision: of QAT.
# Last, for comparison, the sum of gradients by MPI_Allreduce. Needs $QGRID_SHARED (default ../shared)
# for the lengths and 8 GiB of memory. Look at `uptime` first.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build/release}
SHARED=${QGRID_SHARED:-$PWD/../shared}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_base_warn_component_unused=0
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_rmaps_base_oversubscribe=1 OPENBLAS_NUM_THREADS=1
STEPS=${STEPS:-3}
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
shapes=(8x64 32x128)
if [ -e "$SHARED/data/smsa/train_preprocess.tsv" ]; then
    cut -f1 "$SHARED/data/smsa/train_preprocess.tsv" | head -640 |
        "$BUILD/qgrid" tokenize -m "$SHARED/data/indobert" --max-length 128 - |
        sed 's/.*"ids": *\[\([^]]*\)\].*/\1/; s/[^,]//g' | awk '{print length($0) + 1}' >"$T/smsa"
    shapes=("$T/smsa" "${shapes[@]}")
else
    echo "SKIPPED: real lengths, there is no SmSA under $SHARED"
fi
uptime
for shape in "${shapes[@]}"; do
    for np in 1 2; do
        printf '%d rank(s) ' $np
        mpirun -np $np --bind-to core "$BUILD/tests/bench/train_step" "$shape" "$STEPS" "$@" | sed "s#$T/##"
    done
done
printf '2 ranks, MPI_Allreduce '
REDUCE_MPI=1 mpirun -x REDUCE_MPI -np 2 --bind-to core "$BUILD/tests/bench/train_step" "${shapes[0]}" "$STEPS" "$@" |
    sed "s#$T/##"
