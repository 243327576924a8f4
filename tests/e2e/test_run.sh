#!/usr/bin/env bash
# Runs of a small job: ranks, resume, selection, changes, locks, failures.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

cat >"$T/job.json" <<EOF
{
  "name": "small", "output": "$T/ref.h5", "labels": ["positive", "neutral", "negative"],
  "unit_tokens": 256,
  "models": {
    "original": {"path": "models/mini-original", "head": "random"},
    "finetuned": {"path": "models/mini-finetuned"}
  },
  "datasets": {
    "smsa": {"path": "datasets/test.tsv", "format": "smsa", "normalize": "whitespace", "sample": {"count": 60, "seed": 1}},
    "tweets": {"path": "datasets/INA_TweetsPPKM_Labeled_Pure.csv", "format": "tweets", "sample": {"count": 60, "seed": 1}}
  },
  "experiments": {
    "original_smsa": {"model": "original", "dataset": "smsa"},
    "finetuned_tweets": {"model": "finetuned", "dataset": "tweets"}
  },
  "precisions": ["fp32", "bf16", "int8", "int8_tensor", "int4_g32", "nf4", "int4_g32_a8",
                 {"precision": "int8", "embeddings": "int8"}]
}
EOF
J=$T/job.json
ok "runs without mpirun" run_np 0 "$J"
cp "$T/ref.h5" "$T/kept.h5"
for np in $(some_ranks 1 2 3 7); do
    ok "runs on $np ranks" run_np $np "$J" --output "$T/np$np.h5"
    ok "$np ranks give the same bits" same_results "$T/ref.h5" "$T/np$np.h5"
done
many=17 # of which rank 0 does not compute
[ -z "${RANKS:-}" ] || many=64
ok "$many ranks on few cores run" run_np $many "$J" --output "$T/many.h5"
ok "$many ranks give the same bits" same_results "$T/ref.h5" "$T/many.h5"
ok "cutting the work in another way gives the same logits" \
    run_np 2 "$J" --output "$T/cut.h5" --set /unit_tokens=40
ok "and h5diff agrees" h5diff "$T/ref.h5" "$T/cut.h5" /predictions /predictions
lacks() { QGRID_KERNELS=$1 "$QGRID" --version | grep -q 'is not what this processor can do'; }
scored() { echo 'makanan nya enak sekali' | QGRID_KERNELS=$1 "$QGRID" predict -m models/mini-finetuned -p bf16_a16; }
for isa in ref avx2 avx512 avxvnni avx512vnni amx; do
    if lacks $isa; then
        skip "kernels $isa" "this processor lacks them" 3
        continue
    fi
    # The one kernel with bits of its own is avx512bf16.
    ok "bf16_a16 under $isa is the reference's" test "$(scored $isa)" = "$(scored ref)"
    ok "kernels $isa run" env QGRID_KERNELS=$isa QGRID_CACHE="$T/cache-$isa" "$QGRID" run --progress none "$J" --output "$T/$isa.h5"
    ok "kernels $isa give the same digest" \
        test "$("$QGRID" digest "$T/$isa.h5" | cut -c1-64)" = "$("$QGRID" digest "$T/ref.h5" | cut -c1-64)"
done
fails 2 "'sse9' is not one of: ref, avx2" "unknown kernels are refused" env QGRID_KERNELS=sse9 "$QGRID" run "$J"

ok "status of a finished run" "$QGRID" status "$T/ref.h5"
ok "a finished run has nothing to do" run_np 2 "$J"
ok "and its file is unchanged" cmp "$T/ref.h5" "$T/kept.h5"
ok "diff finds nothing" "$QGRID" diff "$T/ref.h5" "$T/np3.h5"
ok "verify finds no damage" "$QGRID" verify "$T/ref.h5"
closing() { run_np 0 "$J" | head -n -2 | cmp - <("$QGRID" show "$T/ref.h5"); }
ok "show prints the table that closes a run" closing
ok "show prints a cell" "$QGRID" show "$T/ref.h5" original_smsa/int8
ok "show prints a comparison" "$QGRID" show "$T/ref.h5" original_smsa/compare
fails 2 "there is no cell" "show names an unknown cell" "$QGRID" show "$T/ref.h5" nonsense

$PYTHON - "$J" "$T/spaced.json" <<'EOF'
import json, sys
json.dump(dict(reversed(json.load(open(sys.argv[1])).items())), open(sys.argv[2], "w"), indent=7)
EOF
ok "a reformatted job is the same job" run_np 0 "$T/spaced.json"
ok "and runs nothing" cmp "$T/ref.h5" "$T/kept.h5"

# Changes.
cp datasets/test.tsv "$T/data.tsv"
sed "s#datasets/test.tsv#$T/data.tsv#" "$J" >"$T/change.json"
ok "a moved data set is the same data set" run_np 0 "$T/change.json" --output "$T/change.h5"
ok "the same bits from another path" "$QGRID" diff "$T/ref.h5" "$T/change.h5"
echo 'hasil nya biasa saja	neutral' >>"$T/data.tsv"
fails 2 "dataset smsa has other content" "changed data are refused by name" run_np 0 "$T/change.json" --output "$T/change.h5"
ok "plan says why" sh -c "'$QGRID' plan '$T/change.json' --output '$T/change.h5' --why | grep -q 'run   original_smsa/int8: its inputs'"
ok "accept-changes goes on" run_np 2 "$T/change.json" --output "$T/change.h5" --accept-changes
ok "a fresh run of the changed job" run_np 0 "$T/change.json" --output "$T/fresh.h5"
ok "gives what accept-changes gave" same_results "$T/fresh.h5" "$T/change.h5"
fails 2 "2 cells are no longer in the job" "another job's file is refused" run_np 0 "$J" --set '/precisions/7="fp16"' --only '*/fp16'
fails 2 "it belongs to job 'small', this is 'other'" "another name is refused" run_np 0 "$J" --set /name=other
ok "fresh replaces it" run_np 0 "$J" --set '/precisions=["fp32"]' --output "$T/np7.h5" --fresh

ok "the results say what --set changed" $PYTHON -c "
import h5py
a = h5py.File('$T/cut.h5').attrs
assert a['job_set_1'] == b'/unit_tokens=40' and a['job'] == open('$J', 'rb').read(), dict(a)"

# Selection.
ok "a run with latency" run_np 0 "$J" --output "$T/lat.h5" --set '/latency={"runs": 2, "samples": 3}' --only '*/fp32/latency'
ok "the progress line names the running stage" sh -c "'$QGRID' run --progress bar '$J' --output '$T/bar.h5' \
    --set '/latency={\"runs\": 100}' --only 'original_smsa/fp32/latency' 2>&1 >/dev/null | grep -q 'left, at original_smsa/fp32/latency'"
closed() { "$QGRID" run --progress bar "$J" --output "$T/closed.h5" --only '*/fp32' 0>&- 1>&- 2>&-; [ $? -eq 1 ]; }
ok "closed standard streams are an error of the output only" closed
ok "and reach no file" sh -c "'$QGRID' verify '$T/closed.h5' && ! grep -q ' units/s\|macro-F1' '$T/closed.h5'"
ok "only runs what is named" sh -c "'$QGRID' run --progress none '$J' --output '$T/only.h5' --only '*_smsa/int8'"
fails 75 "1 done" "the rest stays open" "$QGRID" status "$T/only.h5"
ok "the rest follows" run_np 3 "$J" --output "$T/only.h5"
ok "to the same bits" same_results "$T/ref.h5" "$T/only.h5"
fails 2 "matches no cell" "a pattern without cells is refused" run_np 2 "$J" --only 'nothing*'

# Interruption.
fails 75 "Interrupted" "max-time interrupts" run_np 2 "$J" --output "$T/time.h5" --max-time 0.05s
fails 75 "qgrid run '$J' --set '/bootstrap=200' --only '*/fp32' --output '$T/time 2.h5'" "the command to type next is complete" \
    run_np 0 "$J" --output "$T/time 2.h5" --max-time 0.01s --fresh --only '*/fp32' --set '/bootstrap=200'
ok "and the same command goes on" run_np 0 "$J" --output "$T/time.h5"
ok "to the same bits after an interruption" same_results "$T/ref.h5" "$T/time.h5"
signalled() {
    mpirun -np 3 "$QGRID" run --progress none "$J" --output "$T/usr1.h5" --set /unit_tokens=40 &
    local pid=$!
    WHILE=$pid wait_until "progress" has_units "$T/usr1.h5" 1
    kill -"$1" $pid
    wait $pid
}
fails 75 "Interrupted" "SIGUSR1 to mpirun drains" signalled USR1
ok "and leaves a sound file" "$QGRID" verify "$T/usr1.h5"
ok "a signalled run goes on" run_np 2 "$J" --output "$T/usr1.h5" --set /unit_tokens=40
ok "to the same bits after a signal" same_results "$T/cut.h5" "$T/usr1.h5"

# The lock.
sleep 300 &
sleeper=$!
printf 'host %s pid %s start %s boot %s\n' "$(hostname)" $sleeper "$(cut -d' ' -f22 /proc/$sleeper/stat)" \
    "$(cat /proc/sys/kernel/random/boot_id)" >"$T/ref.h5.lock"
fails 2 "another run holds this file: process $sleeper on" "a second run is kept out" run_np 0 "$J"
kill $sleeper
wait $sleeper 2>/dev/null
ok "a dead run's lock is taken over" run_np 0 "$J"
ok "and given back" test ! -e "$T/ref.h5.lock"

# A failing cell does not stop the others.
mkdir "$T/broken"
cp models/mini-finetuned/* "$T/broken"
$PYTHON - "$T/broken/model.safetensors" <<'EOF'
import struct, sys
f = open(sys.argv[1], "r+b")
f.seek(struct.unpack("<Q", f.read(8))[0] + 8)
f.write(b"\x00\x00\xc0\x7f" * 64)
EOF
sed "s#models/mini-finetuned#$T/broken#; s#$T/ref.h5#$T/part.h5#" "$J" >"$T/part.json"
fails 3 "9 failed" "cells of a model with NaN fail, the others finish" run_np 2 "$T/part.json"
fails 3 "failed" "status tells why" "$QGRID" status "$T/part.h5"
ok "without the source, unless it is asked for" sh -c "! '$QGRID' status '$T/part.h5' | grep -q QG_E && '$QGRID' status -v '$T/part.h5' | grep -q '\[QG_ENUMERIC src/'"
ok "the other cells have the reference's bits" h5diff "$T/ref.h5" "$T/part.h5" /predictions/original /predictions/original
fails 3 "9 failed" "failed cells stay failed" run_np 2 "$T/part.json"
fails 3 "9 failed" "retry-failed tries again" run_np 2 "$T/part.json" --retry-failed
cp models/mini-finetuned/model.safetensors "$T/broken/"
ok "after the repair" run_np 2 "$T/part.json" --accept-changes
ok "a repaired model gives the same results" "$QGRID" diff "$T/ref.h5" "$T/part.h5"

# A model that cannot be packed for a reason of this place: its cells stay open until that is put right.
only_two() { QGRID_CACHE="$T/two" run_np 0 "$J" --set '/precisions=["fp32", "int8"]' "$@"; }
ok "a run of two precisions" only_two --output "$T/two.h5"
name=$(basename "$(compgen -G "$T/two/*-fp32" | head -n 1)")
rm -rf "$T/two"/*
touch "$T/two/$name"
fails 75 "no rank is left that can compute them: put right what is wrong on" "a precision that cannot be packed here" only_two --output "$T/mended.h5"
fails 75 "0 failed" "fails no cell" "$QGRID" status "$T/mended.h5"
rm "$T/two/$name"
ok "the same command goes on" only_two --output "$T/mended.h5"
ok "to the same comparisons" same_results "$T/two.h5" "$T/mended.h5"
fails 1 "cells differ" "diff of other cells" "$QGRID" diff "$T/ref.h5" "$T/lat.h5"
fails 0 "batch_size 1 " "show names the batch size" "$QGRID" show "$T/lat.h5" original_smsa/fp32/latency

# Damage is found and repaired.
$PYTHON - "$T/np1.h5" <<'EOF'
import h5py, sys
f = h5py.File(sys.argv[1], "r+")
d = f["predictions/original/smsa/int8/logits"]
d[7, 1] = d[7, 1] + 1
EOF
fails 3 "damaged: original_smsa/int8" "verify names the damaged rows" "$QGRID" verify "$T/np1.h5"
ok "the next run repairs them" run_np 2 "$J" --output "$T/np1.h5"
ok "to the same bits after damage" same_results "$T/ref.h5" "$T/np1.h5"

fails 2 "PMI_SIZE says that 4 processes were started" "ranks of another MPI are refused" \
    env PMI_SIZE=4 PMI_RANK=0 "$QGRID" run "$J"
ok "SLURM variables outside a step are no ranks" env SLURM_NTASKS=8 SLURM_JOB_ID=1 "$QGRID" run --progress none "$J"

finish
