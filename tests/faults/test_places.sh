#!/usr/bin/env bash
# Trouble of a place is not trouble of a cell: a node without the model folder, a full cache disk on
# one node, on rank 0's, on all; a cache that is deleted while the run goes. A second machine is a
# rank in namespaces of its own: another host name, other file systems.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

cp -r models/mini-finetuned "$T/model"
cat >"$T/job.json" <<EOF
{
  "name": "places", "output": "$T/ref.h5", "labels": ["positive", "neutral", "negative"],
  "unit_tokens": 64,
  "models": {"finetuned": "$T/model"},
  "datasets": {"smsa": "datasets/test.tsv"},
  "experiments": {"a": {"model": "finetuned", "dataset": "smsa"}},
  "precisions": ["fp32", "fp16", "int8", "int4_g32"]
}
EOF
ok "the undisturbed run" run_np 2 "$T/job.json"
units=$(units_done "$T/ref.h5")
is_same() { "$QGRID" verify "$1" && same_results "$T/ref.h5" "$1"; } # OUTPUT

cat >"$T/elsewhere" <<'EOF'
#!/bin/sh
# elsewhere HOST MOUNTS COMMAND...: on a machine of that name, with small file systems of its own
exec unshare -m -u sh -c 'hostname "$1" && eval "$2" && shift 2 && exec "$@"' sh "$@"
EOF
chmod +x "$T/elsewhere"
export QGRID_CACHE=$T/cache-here
mkdir "$QGRID_CACHE"
empty="mount -t tmpfs none '$T/model' && mount -t tmpfs none '$QGRID_CACHE'"
full="mount -t tmpfs -o size=64k none '$QGRID_CACHE'"
two() { # OUTPUT MOUNTS-OF-RANK-0 MOUNTS-OF-RANK-1
    rm -rf "$QGRID_CACHE" && mkdir "$QGRID_CACHE" &&
        timeout -k 5 $HANG mpirun -np 1 "$T/elsewhere" one "$2" "$QGRID" run --progress none "$T/job.json" --output "$1" \
            : -np 1 "$T/elsewhere" other "$3" "$QGRID" run --progress none "$T/job.json" --output "$1"
}

if ! "$T/elsewhere" other "mount -t tmpfs none '$QGRID_CACHE'" true 2>/dev/null; then
    skip "two machines on one" "no namespaces here (unshare -m -u needs root)" 9
else
    ok "a node without the model folder: the other one does the work" two "$T/model.h5" true "$empty"
    ok "the same bits" is_same "$T/model.h5"
    fails 0 "rank 1 on other is left out, twice in a row it could not do its work" "a full cache disk on one node" two "$T/full.h5" true "$full"
    ok "the same bits then" is_same "$T/full.h5"
    fails 0 "rank 0 on one is left out" "a full cache disk where rank 0 is: it goes on coordinating" two "$T/zero.h5" "$full" true
    ok "and the same bits then, too" is_same "$T/zero.h5"
    everywhere() { # what both have tried is failed, what is left when both are left out is open
        two "$T/both.h5" "$full" "$full" >"$T/log" 2>&1
        case $? in 3 | 75) grep "No space left on device (on [a-z]*, and before on another machine)" "$T/log" ;; *) cat "$T/log" && false ;; esac
    }
    ok "the same on two machines is a failure" everywhere
    ok "which --retry-failed mends" sh -c "mpirun -np 2 '$QGRID' run --progress none '$T/job.json' --output '$T/both.h5' --retry-failed"
    ok "to the same bits" is_same "$T/both.h5"
fi

if ! "$T/elsewhere" one "$full" true 2>/dev/null; then
    skip "a full cache disk on all" "no namespaces here (unshare -m -u needs root)" 3
else
    rm -rf "$QGRID_CACHE" && mkdir "$QGRID_CACHE"
    fails 75 "no rank is left that can compute them: put right what is wrong on one" "no room in any cache: the run stops" \
        "$T/elsewhere" one "$full" mpirun -np 2 "$QGRID" run --progress none "$T/job.json" --output "$T/none.h5"
    ok "and the same command goes on" run_np 2 "$T/job.json" --output "$T/none.h5"
    ok "to the same bits, nothing was failed" is_same "$T/none.h5"
fi

deleted() { # the cache goes while the run does
    local out="$T/deleted.h5" pid status
    rm -rf "$QGRID_CACHE" && mkdir "$QGRID_CACHE"
    timeout -k 5 $HANG mpirun -np 2 "$QGRID" run --progress none "$T/job.json" --output "$out" >"$T/log" 2>&1 &
    pid=$!
    WHILE=$pid wait_until "results file" test -e "$out" && WHILE=$pid wait_until "progress" has_units "$out" $((units / 4)) || return 1
    rm -rf "$QGRID_CACHE"
    wait $pid
    status=$?
    cat "$T/log"
    [ $status = 0 ] || [ $status = 75 ]
}
ok "the cache is deleted while the run goes" deleted
ok "the same command then" run_np 2 "$T/job.json" --output "$T/deleted.h5"
ok "the same bits after that" is_same "$T/deleted.h5"
finish
