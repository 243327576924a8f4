#!/usr/bin/env bash
# A job of very many cells (CELLS, 100000) is planned in seconds, and its results file made in a time that grows with
# the cells: a quarter as many take about a quarter. Bounds are wide, since the machine may be busy. The file of 100000
# cells takes 2.5 GB in the folder for temporary files.
. "$(dirname "$0")/../support/sh.sh"
CELLS=${CELLS:-100000}

head -n 50 models/mini-finetuned/vocab.txt >"$T/vocab.txt"
ok "a tiny model" "$TOOLS/random_model" --seed 1 --layers 1 --hidden 32 --heads 2 --ffn 32 --positions 32 \
    --vocab "$T/vocab.txt" -o "$T/tiny"
job_of() { # CELLS: models by data sets, of each 7 precisions and their comparison
    $PYTHON - "$1" "$T" <<'END'
import json, os, sys
cells, folder = int(sys.argv[1]), sys.argv[2]
experiments = -(-cells // 8)
across = max(1, int(experiments ** 0.5))
sets = {}
for d in range(across):
    sets[f"d{d}"] = f"{folder}/d{d}.tsv"
    with open(sets[f"d{d}"], "w") as f:
        f.writelines(f"teks nomor {d} baris {i}\t{l}\n" for i, l in enumerate(("positive", "neutral", "negative")))
pairs = [(e // across, e % across) for e in range(experiments)]
json.dump({"name": "cells", "output": f"{folder}/{cells}.h5", "labels": ["positive", "neutral", "negative"],
           "models": {f"m{m}": f"{folder}/tiny" for m in range(pairs[-1][0] + 1)}, "datasets": sets,
           "experiments": {f"m{m}_d{d}": {"model": f"m{m}", "dataset": f"d{d}"} for m, d in pairs},
           "precisions": ["fp32", "int8", "int4", "bf16", "fp16", "int4_g32", "nf4"]}, open(f"{folder}/{cells}.json", "w"))
END
}
seconds() { # COMMAND...: processor time of what runs
    local TIMEFORMAT='%U %S'
    { time "$@" >"$T/said" 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}
make_file() { # CELLS: ends before anything is computed
    "$QGRID" run --progress none --max-time 0.001s "$T/$1.json"
}
less() { # WHAT A B: A is at most B
    awk -v what="$1" -v a="$2" -v b="$3" 'BEGIN { print what ": " a ", at most " b; exit !(a <= b) }'
}
few=$((CELLS / 4))
job_of $few
job_of "$CELLS"
few_planned=$(seconds "$QGRID" plan "$T/$few.json")
planned=$(seconds "$QGRID" plan "$T/$CELLS.json")
ok "the plan has that many cells" grep -q "^$CELLS cells" "$T/said"
few_made=$(seconds make_file $few)
few_size=$(stat -c %s "$T/$few.h5")
made=$(seconds make_file "$CELLS")
size=$(stat -c %s "$T/$CELLS.h5")
echo "planned: $few cells $few_planned s, $CELLS cells $planned s"
echo "made: $few cells $few_made s, $few_size bytes; $CELLS cells $made s, $size bytes"
ok "planned in seconds" less "seconds of planning" "$planned" "$(awk -v n="$CELLS" 'BEGIN { print 5 + n / 2500 }')"
ok "the file is made in linear time" less "seconds of making" "$made" "$(awk -v t="$few_made" 'BEGIN { print 7 * t + 5 }')"
ok "and has as many bytes a cell" less "bytes" "$size" "$((few_size * 9 / 2))"
ok "it opens, with all cells open" test "$("$QGRID" status "$T/$CELLS.h5" | grep -c .)" -gt 0
finish
