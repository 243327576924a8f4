#!/usr/bin/env bash
# Explanations as parts of a job: the same bits on any number of ranks, resume, damage, selection,
# changes, packed models.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/explain.sh

python() { env T="$T" "$PYTHON" -; }
all_same() { # A B: nothing but times differs
    same_digest "$1" "$2" && h5diff --exclude-path /timing --exclude-path /environment --exclude-path /checksums/structure "$1" "$2"
}

job ref
ok "check counts explanations" sh -c "'$QGRID' check '$T/ref.json' | grep -q '^47 cells'"
ok "plan lists them" sh -c "'$QGRID' plan '$T/ref.json' --why | grep -q '^run   e/int4/attention_rollout: '"
ok "runs without mpirun" run_np 0 "$T/ref.json"
ok "status of a finished run" "$QGRID" status "$T/ref.h5"
ok "verify finds no damage" sh -c "'$QGRID' verify '$T/ref.h5' | grep -q ' 0 damaged'"
for np in $(some_ranks 3 7); do
    ok "runs on $np ranks" run_np $np "$T/ref.json" --output "$T/np$np.h5"
    ok "$np ranks give the same bits" all_same "$T/ref.h5" "$T/np$np.h5"
done
isa=$("$QGRID" list kernels | awk '$1 == "matmul" && !/not supported/ && $2 != "ref" {isa = $2} END {print isa ? isa : "ref"}')
ok "runs with the kernels and the OpenBLAS of another processor" env QGRID_KERNELS="$isa" OPENBLAS_CORETYPE=Haswell \
    "$QGRID" run --progress none "$T/ref.json" --output "$T/lesser.h5"
ok "and gives the same bits" all_same "$T/ref.h5" "$T/lesser.h5"
ok "cutting the work in another way gives the same explanations" sh -c \
    "'$QGRID' run --progress none '$T/ref.json' --output '$T/cut.h5' --set /unit_tokens=4096"
for group in explained attributions faithfulness comparisons; do
    ok "and the same /$group" h5diff "$T/ref.h5" "$T/cut.h5" /$group /$group
done
ok "in fewer units" sh -c "test \$(h5ls '$T/cut.h5/units/state' | tr -cd 0-9) -lt \$(h5ls '$T/ref.h5/units/state' | tr -cd 0-9)"
ok "a finished run has nothing to do" run_np 2 "$T/ref.json" --output "$T/np3.h5"
ok "show prints an explanation's cell" "$QGRID" show "$T/ref.h5" e/int8/lime

# What dies or is told to end.
job slow "j['precisions'].pop(); x['methods'] = ['random', {'method': 'lime', 'samples': 200}, 'integrated_gradients']"
ok "a job that takes a while" run_np 2 "$T/slow.json"
before=$($PYTHON -c "import h5py; print(sum(c.count(b'/') != 2 for c in h5py.File('$T/slow.h5')['units/cell'][:]))")
start() { # RANKS OUTPUT: the job in the background, until an explanation is there; sets pid
    local mpi=(mpirun -np "$1")
    [ "$1" = 0 ] && mpi=()
    "${mpi[@]}" "$QGRID" run --progress none "$T/slow.json" --output "$2" &
    pid=$!
    WHILE=$pid wait_until "explanation" has_units "$2" $((before + 1))
}
killed() { # OUTPUT RANK: a rank dies, and mpirun ends the others, if they are not done by then
    start 3 "$1" || return 1
    # shellcheck disable=SC2046
    kill -9 $(rank_of "$1" "$2") || return 1
    wait $pid
    "$QGRID" verify "$1"
}
interrupted() { # RANKS OUTPUT SIGNAL: the status of a run that gets a signal while it explains
    start "$1" "$2" || return 1
    kill -"$3" $pid
    wait $pid
}
for rank in 0 2; do
    ok "SIGKILL of rank $rank leaves a sound file" killed "$T/kill$rank.h5" $rank
    ok "the same command goes on" run_np 2 "$T/slow.json" --output "$T/kill$rank.h5"
    ok "to the same bits after SIGKILL" same_digest "$T/slow.h5" "$T/kill$rank.h5"
done
fails 75 "Interrupted" "SIGUSR1 interrupts" interrupted 3 "$T/usr1.h5" USR1
ok "and the file is sound" "$QGRID" verify "$T/usr1.h5"
ok "the same command goes on" run_np 1 "$T/slow.json" --output "$T/usr1.h5"
ok "to the same bits after SIGUSR1" same_digest "$T/slow.h5" "$T/usr1.h5"
ok "tests of repeats among them" python <<'PY'
import h5py, numpy as np, os
f = h5py.File(os.environ["T"] + "/usr1.h5")
for m in "random", "lime":
    r = f["attributions/m/odd/fp32/%s/repeat" % m]
    assert (r["word_scores_a"][:] != r["word_scores_b"][:]).any() and np.isfinite(f["comparisons/m/odd/int8/%s/repeat" % m][:]).any()
e = f["comparisons/m/odd/explanations"]
for name in "from_repeat", "as_repeat", "not_below_repeat":
    lime = e[name][list(e["method"][:]).index(b"lime"), list(e["precision"][:]).index(b"int8")]
    assert lime[0] > 1 and np.isfinite(lime).all(), (name, lime)
PY
fails 75 "Interrupted" "SIGTERM interrupts a run without mpirun" interrupted 0 "$T/term.h5" TERM
ok "the same command goes on, on another number of ranks" run_np 3 "$T/slow.json" --output "$T/term.h5"
ok "to the same bits after SIGTERM" same_digest "$T/slow.h5" "$T/term.h5"

# Damage. What a unit sums up is each of its columns.
for field in attributions/m/odd/int4/shap/word_scores attributions/m/odd/fp32/random/repeat/word_scores_b \
    faithfulness/m/odd/int8/occlusion/log_odds attributions/m/odd/fp32/saliency/evaluations; do
    $PYTHON -c "
import h5py
d = h5py.File('$T/np3.h5', 'r+')['$field']
d[(1,) + (0,) * (d.ndim - 1)] += 1"
    cell=$(echo "$field" | sed -E 's#[a-z]+/m/odd/(.*)/(repeat/)?[a-z_]+$#e/\1#; s#/repeat##')
    fails 3 "damaged: $cell" "verify finds damage in $field" "$QGRID" verify "$T/np3.h5"
    ok "the next run repairs $cell" run_np 2 "$T/ref.json" --output "$T/np3.h5"
    ok "to the same bits" same_digest "$T/ref.h5" "$T/np3.h5"
done
cp "$T/np3.h5" "$T/long.h5"
$PYTHON -c "
import h5py
u = h5py.File('$T/long.h5', 'r+')['units']
i = list(u['cell'][:]).index(b'e/int4/shap')
u['first'][i], u['count'][i] = 1, 2**63 - 1"
$PYTHON tests/support/seal.py "$T/long.h5"
fails 1 "is not a table of numbers with 9223372036854775807 rows from 1 on" "a unit longer than the file" "$QGRID" verify "$T/long.h5"

# Selection.
job part "x['methods'] = [m for m in x['methods'] if 'lime' in str(m) or m in ('saliency', 'random')]"
ok "a job of three methods" run_np 2 "$T/part.json"
ok "only an explanation" run_np 1 "$T/part.json" --output "$T/only.h5" --only 'e/int8/lime'
fails 75 "14 cells: 2 done, 0 failed, 12 open" "takes along the predictions of fp32" "$QGRID" status "$T/only.h5"
ok "its drift waits for fp32's explanation" python <<'PY'
import h5py, numpy as np, os
f = h5py.File(os.environ["T"] + "/only.h5")
assert np.isfinite(f["attributions/m/odd/int8/lime/value"][:]).all()
assert (f["explained/m/odd/row"][:] >= 0).all() and np.isnan(f["comparisons/m/odd/int8/lime/spearman"][:]).all()
PY
ok "that follows" run_np 1 "$T/part.json" --output "$T/only.h5" --only 'e/fp32/lime'
ok "and completes the drift" h5diff "$T/part.h5" "$T/only.h5" /comparisons/m/odd/int8/lime /comparisons/m/odd/int8/lime
ok "the rest follows" run_np 2 "$T/part.json" --output "$T/only.h5"
ok "to the same bits after selections" all_same "$T/part.h5" "$T/only.h5"
ok "only the tests" run_np 1 "$T/part.json" --output "$T/tests.h5" --set '/explain/methods=["saliency"]' --only 'e/explanations'
fails 75 "done" "take along what they are over" "$QGRID" status "$T/tests.h5"
ok "which is all explanations" python <<'PY'
import h5py, os
f = h5py.File(os.environ["T"] + "/tests.h5")
state = dict(zip((n.decode() for n in f["cells/name"][:]), f["cells/state"][:]))
assert all(state["e/%s/saliency" % p] == 1 for p in ("fp32", "int8", "int4")) and state["e/explanations"] == 1
assert state["e/fp32"] == 1 and state["e/int8"] == 0, state
PY

# Changes: what is still valid stays. Units that are taken over have no time.
base="x['methods'] = [{'method': 'lime', 'samples': 20}, 'saliency', 'random']; j['precisions'] = ['fp32', 'int8']"
job base "$base"
ok "a smaller job" run_np 1 "$T/base.json" --output "$T/changed.h5"
changed() { # NAME CHANGE EXPRESSION over cell and c, its parts: which explanations are made anew
    job "$1" "$base; $2"
    fails 2 "Use --accept-changes" "$1 is refused" run_np 0 "$T/$1.json" --output "$T/changed.h5"
    ok "$1 is accepted" run_np 2 "$T/$1.json" --output "$T/changed.h5" --accept-changes
    ok "$1 computes what is new and nothing else" env T="$T" NEW="$3" "$PYTHON" - <<'PY'
import h5py, math, os
f = h5py.File(os.environ["T"] + "/changed.h5")
seen = set()
for cell, seconds in zip(f["units/cell"][:], f["timing/units/seconds"][:]):
    cell = cell.decode()
    c = cell.split("/")
    if len(c) == 3:
        want = bool(eval(os.environ["NEW"]))
        assert want != math.isnan(seconds), (cell, seconds)
        seen.add(want)
assert len(seen) == (1 if os.environ["NEW"] in ("True", "False") else 2), seen
PY
    ok "a fresh run with $1" run_np 0 "$T/$1.json"
    ok "$1 gives what a fresh run gives" all_same "$T/$1.h5" "$T/changed.h5"
}
method="x['methods'].insert(1, 'occlusion')"
changed a_method "$method" "c[2] == 'occlusion'"
changed a_precision "$method; j['precisions'].insert(1, 'int4')" "c[1] == 'int4'"
method="$method; j['precisions'].insert(1, 'int4'); x['methods'][0]['samples'] = 25"
changed an_option "$method" "c[2] == 'lime'"
method="$method; x['methods'][0]['name'] = 'local'"
changed a_name "$method" "c[2] == 'local'"
changed resamples "$method; j['bootstrap'] = 110" "False"
changed margins "$method; j['margin'] = {'rho': 0.2}" "False"
changed measures "$method; x['faithfulness']['k'] = [1, 2]" "True"

finish
