#!/usr/bin/env bash
# test_checksums.sh - everything outside /timing is covered by a checksum: a byte flipped in every data set, in attributes
# and all else of the file, at random and of every kind, is found and named, is not believed by readers, and is computed
# again to the same bits; sizes that a file claims are compared with its length.
# May run beside other tests.
# shellcheck source=tests/support/sh.sh
. "$(dirname "$0")/../support/sh.sh"
. tests/support/explain.sh
export OPENBLAS_NUM_THREADS=1
DAMAGE=tests/support/damage.py

# Every kind of cell: trainings with seeds, a reference and a control, pairs, drawn parameters, what is inside.
job whole "train = {'from': 'fine', 'seeds': [5, 9], 'dataset': 'odd', 'validation': 'odd', 'epochs': 1, 'batch': 12, 'learning_rate': 1e-3}
j['max_length'] = 12; j['unit_tokens'] = 64; j['precisions'] = ['fp32', 'int8']; j['bootstrap'] = 100
j['models'] = {'fine': 'models/mini-finetuned', 'control': {'train': train}, 'qat': {'train': dict(train, qat='int8')}}
j['experiments'] = {'q': {'model': 'qat', 'dataset': 'odd'}, 'c': {'model': 'control', 'dataset': 'odd'}, 'f': {'model': 'fine', 'dataset': 'odd'}}
j['decompose'] = [{'of': 'q', 'control': 'c'}]
x['methods'] = ['saliency', {'method': 'kernel_shap', 'coalitions': 10, 'interactions': 2}]
x['samples'] = {'per_class': 1}; x['faithfulness'] = {'k': [1], 'curve_steps': 0}; x['pairs'] = [['q', 'f']]
x['randomisation'] = {'smooth': 2, 'noise': 0.5}; x['internals'] = True"
WHOLE=$T/whole.h5
ok "a job with every kind of cell" run_np 0 "$T/whole.json"
[ $failed -eq 0 ] || exit 1
cp "$WHOLE" "$T/kept.h5"
touch -d '2001-01-01' "$WHOLE"
ok "a finished run again" run_np 0 "$T/whole.json"
ok "changes no byte" cmp "$WHOLE" "$T/kept.h5"
ok "and no time" test "$(stat -c %Y "$WHOLE")" = "$(date -d '2001-01-01' +%s)"
ok "verify is content" sh -c "'$QGRID' verify '$WHOLE' | grep -q ' 0 damaged, 0 without a checksum'"
ok "its checksums are those of another program" sh -c "cp '$WHOLE' '$T/sealed.h5' && $PYTHON tests/support/seal.py '$T/sealed.h5' && cmp '$WHOLE' '$T/sealed.h5'"
mapfile -t kinds < <($PYTHON -c "import h5py; print(*sorted({k.decode() for k in h5py.File('$WHOLE')['cells/kind'][:]}), sep='\n')")
echo "kinds of cells: ${kinds[*]}"
ok "they are many" test ${#kinds[@]} -ge 12

damaged() { # FIRST STEP: named.txt has what is damaged in hurt.h5
    cp "$WHOLE" "$T/hurt.h5"
    $PYTHON $DAMAGE "$T/hurt.h5" datasets "$1" "$2" >"$T/named.txt" && [ -s "$T/named.txt" ]
}
all_named() { # each of them stands in what verify says, and nothing else
    "$QGRID" verify "$T/hurt.h5" >"$T/said.txt" 2>&1
    [ $? -eq 3 ] && diff <(sort "$T/named.txt") <(sed -n 's/^damaged: \(.* \)\?\(\/.*\)/\2/p' "$T/said.txt" | grep -v ' rows ' | sort)
}
repaired_anew() { # what an ordinary run does not go on with, if it does not
    repaired || { run_np 0 "$T/whole.json" --output "$T/hurt.h5" --accept-changes && repaired; }
}
repaired() {
    run_np 0 "$T/whole.json" --output "$T/hurt.h5" && same_digest "$WHOLE" "$T/hurt.h5" && "$QGRID" verify "$T/hurt.h5"
}

# ------------------------------------------------------------------------------------------ a run that writes
read_while_running() { # nothing that is being written is damage, nor is what a killed run leaves
    run_np 0 "$T/whole.json" --output "$T/live.h5" >/dev/null 2>&1 &
    local pid=$! reads=0
    WHILE=$pid wait_until "unit" has_units "$T/live.h5" 1 || return 1
    while ! has_units "$T/live.h5" 80; do
        for command in verify show digest; do
            "$QGRID" $command "$T/live.h5" || return 1
        done
        reads=$((reads + 1))
    done
    # shellcheck disable=SC2046
    kill -9 $(rank_of "$T/live.h5")
    wait $pid
    "$QGRID" verify "$T/live.h5" && [ $reads -gt 0 ]
}
ok "is read by all commands, and killed" read_while_running
ok "the same command goes on" run_np 0 "$T/whole.json" --output "$T/live.h5"
ok "to the same bits" same_digest "$WHOLE" "$T/live.h5"
ok "with all checksums" sh -c "'$QGRID' verify '$T/live.h5' | grep -q ' 0 damaged, 0 without a checksum'"

# ----------------------------------------------------------------------------------------------- values
ok "a byte of every data set" damaged 0 1
echo "$(wc -l <"$T/named.txt") data sets"
ok "each is found and named" all_named
ok "all that is computed is computed again to the same bits" repaired
ok "some bytes at random" damaged $((RANDOM % 40)) $((40 + RANDOM % 100))
ok "are found" all_named
ok "are not believed by a digest" sh -c "! '$QGRID' digest '$T/hurt.h5'"
ok "and repaired" repaired
# What sums up waits for the predictions that say which texts are explained, and for which class.
two_damaged() {
    damaged /predictions/fine/odd/fp32/predicted 1 &&
        $PYTHON $DAMAGE "$T/hurt.h5" datasets /comparisons/control_s5/odd/explanations/drift_rank_biserial 1
}
ok "the reference's predictions, and what another model's explanations are compared by" two_damaged
ok "are computed again in this order" repaired
for field in units/state cells/state cells/error; do
    ok "a byte of /$field alone" damaged "/$field" 1
    ok "is repaired" repaired
    ok "from what is there" h5diff "$WHOLE" "$T/hurt.h5" /timing/units/seconds /timing/units/seconds
done
for table in checksum field structure; do
    cp "$WHOLE" "$T/hurt.h5"
    $PYTHON - "$T/hurt.h5" $table <<'PY'
import h5py, sys
d = h5py.File(sys.argv[1], "r+")["checksums"][sys.argv[2]]
place = 5 if d.ndim else ()
d[place] = b"/else" if d.dtype.kind == "S" else int(d[place]) ^ 64
PY
    fails 3 "damaged" "a byte of /checksums/$table is found" "$QGRID" verify "$T/hurt.h5"
    ok "and repaired" repaired_anew
done

accuracy=metrics/fine/odd/int8/accuracy
cp "$WHOLE" "$T/false.h5"
$PYTHON -c "
import h5py
h5py.File('$T/false.h5', 'r+')['$accuracy'][()] = 0.999"
fails 3 "damaged: f/int8 /$accuracy" "verify names cell and field" "$QGRID" verify "$T/false.h5"
fails 1 "/$accuracy: is damaged" "show does not print a false accuracy" "$QGRID" show "$T/false.h5"
ok "nor hides it in its table" sh -c "! '$QGRID' show '$T/false.h5' f/int8 2>&1 | grep -q 0.999"
fails 1 "/$accuracy: is damaged" "diff does not compare it" "$QGRID" diff "$WHOLE" "$T/false.h5"
$PYTHON $DAMAGE "$T/false.h5" datasets /cells/state 1 >"$T/named.txt"
fails 1 "/cells/state: is damaged" "status does not count false states" "$QGRID" status "$T/false.h5"

# ----------------------------------------------------------------------------------- everything else
for attribute in "/ plan_hash" "/ job" "/datasets/odd sha256" "/metrics/fine/odd/int8/accuracy long_name"; do
    cp "$WHOLE" "$T/hurt.h5"
    $PYTHON $DAMAGE "$T/hurt.h5" attribute "${attribute% *}" "${attribute#* }"
    fails 3 "damaged, or edited: attributes" "another '$attribute' is found" "$QGRID" verify "$T/hurt.h5"
    ok "and has no digest" sh -c "! '$QGRID' digest '$T/hurt.h5'"
    fails 2 "hurt.h5: " "a run does not go on with it" run_np 0 "$T/whole.json" --output "$T/hurt.h5"
done
ok "unless it may build the file anew" repaired_anew
cp "$WHOLE" "$T/hurt.h5"
ok "a byte anywhere between the values is found, and has no digest" $PYTHON $DAMAGE "$T/hurt.h5" between 15 "$QGRID"

# -------------------------------------------------------------------------------------- claimed sizes
survives() { # COMMAND...: it ends soon and without the memory for those rows, whether it looks there or not
    (ulimit -v 4000000 && timeout 120 "$QGRID" "$@" "$T/bomb.h5") >"$T/said.txt" 2>&1
    [ $? -le 3 ] && ! grep -q "no memory" "$T/said.txt"
}
seen() { survives "$@" && grep -qE "claims|edited|another version of the layout" "$T/said.txt"; } # and it says what is wrong
for claimed in /cells/state /units/cell /predictions/fine/odd/int8/logits /checksums/checksum; do
    $PYTHON $DAMAGE "$WHOLE" bomb "$T/bomb.h5" $claimed 2e8
    for command in verify digest show status; do
        ok "$command does not fall for 2e8 rows of $claimed" seen $command
    done
    ok "plan does not fall for 2e8 rows of $claimed" survives plan "$T/whole.json" --why --output
done

finish
