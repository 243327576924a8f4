#!/usr/bin/env bash
# The progress line of a run that trains a model: where the training is, and a time left that is
# never far off.
. "$(dirname "$0")/../support/sh.sh"

cat >"$T/j.json" <<EOF
{"name": "progress", "output": "$T/j.h5", "labels": ["positive", "neutral", "negative"], "max_length": 64,
 "models": {"m": "models/mini-finetuned",
            "t": {"train": {"from": "m", "dataset": "d", "validation": "d", "epochs": 4, "batch": 16, "leaves": 2}}},
 "datasets": {"d": {"path": "datasets/test.tsv", "format": "smsa"}},
 "experiments": {"e": {"model": "t", "dataset": "d"}, "g": {"model": "m", "dataset": "d"}}, "precisions": ["fp32"]}
EOF
J=$T/j.json
bars() { # RANKS: the lines of the bar into $T/bars, seconds of the run into $T/wall
    local start=$SECONDS
    QGRID_CACHE="$T/cache$1" timeout $HANG mpirun -np "$1" "$QGRID" run --progress bar --fresh "$J" 2>&1 >/dev/null | tr '\r' '\n' >"$T/bars"
    echo $((SECONDS - start + 1)) >"$T/wall"
    grep -q 'units/s' "$T/bars"
}
tells_of_training() { grep -q ' left, training t: epoch [1-4]/4, step [0-9]*/44, loss [0-9.]*' "$T/bars"; }
never_far_off() { # no figure, as long as nothing is known, or one in the run's own order of magnitude
    sed -nE 's/.* gone, (.*) left.*/\1/p' "$T/bars" | awk -v wall="$(cat "$T/wall")" '
        $1 == "?" { next }
        { n = split($1, p, ":"); s = n == 3 ? p[1] * 3600 + p[2] * 60 + p[3] : $2 == "ms" ? $1 / 1000 : $2 == "s" ? $1 : "x" }
        s !~ /^[0-9.]+$/ || s > 20 * wall { print "left: " $0 " of " wall " s"; bad = 1 }
        { known++ }
        END { exit bad || !known }'
}
for np in 1 2 3; do
    ok "a training on $np ranks" bars $np
    ok "tells epoch, step and loss" tells_of_training
    ok "and the time left is never far off" never_far_off
done
# Standard error of a rank is no terminal: lines, the first one soon.
QGRID_CACHE="$T/cache-log" mpirun -np 2 "$QGRID" run --fresh "$J" --output "$T/log.h5" --set /models/t/train/epochs=1000 >/dev/null 2>"$T/log" &
mpirun=$!
ok "a log gets a line" wait_until "line" grep -q 'units/s, .* gone' "$T/log"
ok "before ten seconds are gone" sh -c "sed -n 's,.*units/s, \\([0-9.]*\\) s gone.*,\\1,p' '$T/log' | head -n 1 | awk '{ exit !(\$1 >= 2 && \$1 < 10) }'"
ok "behind what will be done" sh -c "head -n 1 '$T/log' | grep -q '^qgrid: progress: .* cells to do, .* units on 2 ranks, into $T/log.h5; about '"
# shellcheck disable=SC2046 # process ids
kill $(rank_of "$T/log.h5") 2>/dev/null
wait $mpirun
ok "a model that is there already" bars 3
ok "is read, so that nothing is trained" sh -c "! grep -q 'epoch' '$T/bars'"

cat >"$T/train.json" <<EOF
{"from": "models/mini-finetuned", "output": "$T/trained", "labels": ["positive", "neutral", "negative"], "seed": 1, "epochs": 3,
 "batch": 16, "leaves": 2, "max_length": 64, "dataset": {"path": "datasets/test.tsv", "format": "smsa"}, "validation": {"path": "datasets/test.tsv", "format": "smsa"}}
EOF
for np in 1 2; do
    ok "qgrid train on $np ranks" sh -c "timeout $HANG mpirun -np $np '$QGRID' train --fresh --progress bar '$T/train.json' 2>&1 >/dev/null | tr '\r' '\n' >'$T/bars'"
    ok "has the same line" grep -q '^.*epoch [1-3]/3, step [0-9]*/33, loss [0-9.]*, [0-9]* tokens/s, .* left' "$T/bars"
done
finish
