#!/usr/bin/env bash
# make.sh QGRID RESULTS CHECKPOINT: a finished results file of job.json, and the checkpoint of a training of train.json
# that is stopped in the middle, as this build of qgrid writes them.
set -eu
qgrid=$(readlink -f "$1") results=$(readlink -m "$2") checkpoint=$(readlink -m "$3")
cd "$(dirname "$0")"
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
export QGRID_CACHE="$T/cache" OPENBLAS_NUM_THREADS=1
"$qgrid" run job.json --output "$results" --progress none >"$T/log" 2>&1
"$qgrid" train train.json --output "$T/trained" --progress none >>"$T/log" 2>&1 &
pid=$!
for _ in $(seq 600); do
    [ ! -e "$T/trained.checkpoint" ] || break
    sleep 0.05
done
kill -TERM $pid
wait $pid || true
cp "$T/trained.checkpoint" "$checkpoint"
