#!/usr/bin/env bash
# memory.sh [PRECISION...] - memory of 8 ranks on this node that predict with IndoBERT's shape:
# resident (RSS) and proportional (PSS: a page shared by 8 counts an eighth) of each rank, of the
# whole process and of the mapped weights alone. Shared once, the weights' PSS adds up to at most
# the size of the packed file. Exits with 1 where it does not.
#
# RANKS=8, SHAPE="options of random_model", TEXTS=datasets/test.tsv, BUILD=build/release
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build/release} RANKS=${RANKS:-8} TEXTS=${TEXTS:-datasets/test.tsv}
SHAPE=${SHAPE:---vocab-size 50000} ENTRIES=${ENTRIES:-30521}
[ $# -gt 0 ] || set -- fp32 fp16 int8 int4_g128_a8
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_btl_base_warn_component_unused=0 OMPI_MCA_btl_vader_single_copy_mechanism=none
export OPENBLAS_NUM_THREADS=1
T=$(mktemp -d "${TMPDIR:-/tmp}/qgrid-memory.XXXXXX")
trap 'rm -rf "$T"' EXIT
export QGRID_CACHE=$T/cache

# Entries of mini's vocabulary, and words that no text has up to IndoBERT's number.
{ cat models/mini-finetuned/vocab.txt; seq -f 'unused%.0f' "$ENTRIES"; } | head -n "$ENTRIES" >"$T/vocab.txt"
# shellcheck disable=SC2086 # a list of options
"$BUILD/tools/random_model" --seed 42 --vocab "$T/vocab.txt" $SHAPE -o "$T/model" || exit 1
cat >"$T/job.json" <<END
{"name": "memory", "seed": 42, "output": "$T/out.h5", "labels": ["positive", "neutral", "negative"],
 "models": {"m": {"path": "$T/model"}},
 "datasets": {"d": {"path": "$TEXTS", "format": "smsa"}},
 "experiments": {"e": {"model": "m", "dataset": "d"}}, "precisions": ["fp32"], "unit_tokens": 64}
END

# One line a rank, in KiB: RSS PSS own(anonymous) weights-RSS weights-PSS.
sample() {
    local pid
    for pid in $(pgrep -P "$1" -x qgrid); do
        awk '/^[0-9a-f]+-[0-9a-f]+ / {weights = /model\.safetensors$/}
             /^Rss:/ {rss += $2; if (weights) wr += $2}
             /^Pss:/ {pss += $2; if (weights) wp += $2}
             /^Anonymous:/ {own += $2}
             END {if (rss) print rss, pss, own, wr + 0, wp + 0}' "/proc/$pid/smaps" 2>/dev/null
    done
}

status=0
for p in "$@"; do
    # A run of one rank packs the model, which takes memory of its own.
    run=("$BUILD/qgrid" run "$T/job.json" --set "/precisions=[\"$p\"]" --progress none --fresh)
    "${run[@]}" >"$T/log" 2>&1 || { cat "$T/log"; exit 1; }
    packed=$(find "$QGRID_CACHE" -name model.safetensors -path "*-$p/*" -printf '%s\n')
    mpirun -np "$RANKS" "${run[@]}" >"$T/log" 2>&1 &
    job=$! best=0
    : >"$T/best"
    while kill -0 $job 2>/dev/null; do
        sample $job >"$T/now"
        # The moment at which most weights are resident in most ranks.
        now=$(awk '{s += $4} END {print s + 0}' "$T/now")
        if [ "$now" -gt "$best" ]; then best=$now && mv "$T/now" "$T/best"; fi
        sleep 0.05
    done
    wait $job || { cat "$T/log"; exit 1; }
    awk -v p="$p" -v ranks="$RANKS" -v packed="$packed" '
        function line(name, a, b, c, d, e) {
            printf "  %-6s %9.1f %9.1f %9.1f %13.1f %13.1f\n", name, a / 1024, b / 1024, c / 1024, d / 1024, e / 1024
        }
        BEGIN {
            printf "%s: packed file %.1f MiB, %d ranks (MiB)\n", p, packed / 1048576, ranks
            printf "  %-6s %9s %9s %9s %13s %13s\n", "rank", "RSS", "PSS", "own", "weights RSS", "weights PSS"
        }
        {line(NR - 1, $1, $2, $3, $4, $5); a += $1; b += $2; c += $3; d += $4; e += $5; using += $4 > 0}
        END {
            line("sum", a, b, c, d, e)
            shared = using > 1 && e * 1024 <= packed * 1.01 + 65536 && d > e
            printf "  %d ranks had the weights mapped; their PSS adds up to %.2f of the file, their RSS to %.2f: %s\n",
                using, e * 1024 / packed, d * 1024 / packed, shared ? "one copy" : "NOT one copy"
            exit !shared
        }' "$T/best" || status=1
done
exit $status
