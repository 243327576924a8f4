#!/usr/bin/env bash
# Allocations that fail, one a process: of each command some of its chains of calls that allocate
# (EVERY=1, as tests/soak/test_allocations.sh has it: all of them). Whatever fails, the command ends
# with an error line about memory and status 1, or does all of its work; a run that had one fail
# leaves nothing false behind: the same command again gives the digest of an undisturbed run.
# May run beside other tests.
. "$(dirname "${BASH_SOURCE[0]}")/../support/sh.sh"
FAILING=${QGRID%/qgrid}/tests/failing/qgrid
SOME=${SOME:-3}
export OPENBLAS_NUM_THREADS=1 UBSAN_OPTIONS=print_stacktrace=1
if [ ! -x "$FAILING" ]; then
    skip "allocations that fail" "$FAILING is not built (make testbins)"
    finish
    exit
fi
head -n 3 datasets/test.tsv | cut -f 1 >"$T/texts"
head -n 24 datasets/test.tsv >"$T/texts.tsv"

chosen() { # LIST: the first and the last of the chains, and some between them, other ones each day of the month
    if [ -n "${EVERY:-}" ]; then
        cat "$1"
    else
        awk -v some="$SOME" -v seed=30 'BEGIN {srand(seed)} {n[NR] = $1}
            END {for (i = 0; i < some; i++) {k = int((i + rand()) * NR / some) + 1; print n[i == 0 ? 1 : i == some - 1 ? NR : k]}}' "$1" | uniq
    fi
}

says_memory() { grep -qE 'no memory|out of memory|not enough memory' "$1"; }

# judge NAME OUT STATUS: of one that had an allocation fail.
judge() {
    local undisturbed=$1.undisturbed
    case $3 in
    0) cmp -s <(sed 's/made[0-9@]*/made/' "$undisturbed") <(sed 's/made[0-9@]*/made/' "$2") || says_memory "$2" || { echo "status 0, and other output: $2" && tail -n 3 "$2" && return 1; } ;;
    1) says_memory "$2" || { echo "status 1, and nothing about memory:" && tail -n 3 "$2" && return 1; } ;;
    *) echo "status $3:" && tail -n 3 "$2" && return 1 ;;
    esac
}

each() { # NAME COMMAND...: @ in a word of it becomes the number of the allocation
    local name=$T/$1 n status bad=0
    shift
    mkdir -p "$name"
    export QGRID_FAIL_OUT=$name/@
    QGRID_FAIL_LIST=$name.all timeout "$HANG" "$FAILING" "$@" >"$name.undisturbed" 2>&1 || { echo "undisturbed: status $?" && tail -n 3 "$name.undisturbed" && return 1; }
    rm -rf "$T"/made*
    chosen "$name.all" >"$name.chosen"
    QGRID_FAIL_EACH=$name.chosen timeout "$HANG" "$FAILING" "$@" >"$name.status" || { echo "the driver ended with $?" && tail -n 4 "$name/$(tail -n 1 "$name.status" | cut -d ' ' -f 1)" && return 1; }
    [ "$(wc -l <"$name.status")" -eq "$(wc -l <"$name.chosen")" ] || { echo "not all of them ran" && return 1; }
    while read -r n status; do
        judge "$name" "$name/$n" "$status" || { echo "  (allocation $n)" && bad=$((bad + 1)); }
    done <"$name.status"
    [ -z "${EVERY:-}" ] || echo "$(basename "$name"): $(wc -l <"$name.status") allocations, $bad bad" >&2
    [ $bad -eq 0 ]
}

M=models/mini-finetuned
cat >"$T/job.json" <<END
{"name": "m", "output": "$T/ref.h5", "labels": ["positive", "neutral", "negative"], "unit_tokens": 128, "max_length": 16, "bootstrap": 100,
 "models": {"f": {"path": "$M"}}, "datasets": {"d": "$T/texts.tsv"},
 "experiments": {"e": {"model": "f", "dataset": "d"}}, "precisions": ["fp32", "int8"],
 "latency": {"runs": 10, "samples": 2, "batch_sizes": [1]},
 "explain": {"methods": ["gradient_x_input", {"method": "lime", "samples": 12}], "samples": {"per_class": 1},
             "target": "reference", "internals": true, "randomisation": true,
             "faithfulness": {"k": [1], "curve_steps": 2, "normalised": true, "exact_words": 2, "beam": 2}}}
END
cat >"$T/train.json" <<END
{"from": "$M", "output": "$T/made@", "labels": ["positive", "neutral", "negative"], "dataset": "$T/texts.tsv",
 "validation": "$T/texts.tsv", "epochs": 1, "batch": 8, "max_length": 16}
END
ok "the job of these tests is fine" "$QGRID" check "$T/job.json"
ok "check" each check check "$T/job.json"
ok "plan" each plan plan "$T/job.json" --why --ranks 3
ok "list" "$FAILING" list
ok "tokenize" each tokenize tokenize -m $M "$T/texts"
ok "predict" each predict predict -m $M -p int8 "$T/texts"
ok "quantize" each quantize quantize -m $M -p int8 -o "$T/made@"
for method in integrated_gradients attn_lrp lime shap kernel_shap occlusion attention_rollout; do
    ok "explain by $method" each "$method" explain -m $M -p int8 -x $method "kamar bersih sekali"
done

# A run, whatever fails in it, then the same command with all the memory that it wants.
cat >"$T/again" <<'END'
#!/usr/bin/env bash
out=$T/run$N.h5 said=$T/run/$N
case $STATUS in
0) ;;
1 | 3 | 75) grep -qE 'no memory|out of memory' "$said" || { echo "allocation $N: status $STATUS, nothing about memory" && tail -n 3 "$said"; } ;;
*) echo "allocation $N: status $STATUS" && tail -n 3 "$said" ;;
esac
QGRID_CACHE=$T/cache$N "$QGRID" run --progress none --retry-failed "$T/job.json" --output "$out" >"$T/again.log" 2>&1 ||
    { echo "allocation $N: again, status $?" && tail -n 3 "$T/again.log"; }
[ "$("$QGRID" digest "$out" | cut -d ' ' -f 1)" = "$REF" ] || echo "allocation $N: another digest"
rm -rf "$out" "$T/cache$N"
END
runs() {
    mkdir -p "$T/run"
    "$QGRID" run --progress none "$T/job.json" || return 1
    REF=$("$QGRID" digest "$T/ref.h5" | cut -d ' ' -f 1)
    QGRID_CACHE=$T/cache0 QGRID_FAIL_LIST=$T/run.all "$FAILING" run --progress none "$T/job.json" --output "$T/run0.h5" || return 1
    chosen "$T/run.all" >"$T/run.chosen"
    export T QGRID REF
    QGRID_CACHE=$T/cache@ QGRID_FAIL_OUT=$T/run/@ QGRID_FAIL_EACH=$T/run.chosen QGRID_FAIL_THEN="bash '$T/again'" \
        timeout "$HANG" "$FAILING" run --progress none "$T/job.json" --output "$T/run@.h5" >"$T/run.log" || return 1
    grep -vE '^[0-9]+ [0-9]+$' "$T/run.log" || return 0
    return 1
}
ok "run: nothing lost, nothing wrong" runs
for command in "status" "show" "digest" "verify"; do
    ok "$command" each "$command" $command "$T/ref.h5"
done
ok "diff" each diff diff "$T/ref.h5" "$T/run0.h5"

# A run on two ranks, one of which has an allocation fail: its unit goes back, and nothing is lost.
two() { # RANK COMMAND...: packs, predictions and an explanation
    local rank=$1
    shift
    QGRID_CACHE=$T/cache2 QGRID_FAIL_RANK=$rank timeout -k 5 "$HANG" "$@" run --progress none "$T/job.json" --output "$T/two.h5" --only 'e/int8/gradient_x_input'
}
afresh() { rm -rf "$T/two.h5"* "$T/cache2"; }
same_two() { [ "$("$QGRID" digest "$T/two.h5" | cut -d ' ' -f 1)" = "$TWO" ]; }
run_on_two() { # RANK
    local n status
    afresh
    two "$1" "$QGRID" || return 1
    TWO=$("$QGRID" digest "$T/two.h5" | cut -d ' ' -f 1)
    afresh
    rm -f "$T/two.all"
    QGRID_FAIL_LIST=$T/two.all two "$1" mpirun -np 2 "$FAILING" && same_two || { echo "undisturbed" && return 1; }
    for n in $(chosen "$T/two.all"); do
        afresh
        QGRID_FAIL_AT=$n two "$1" mpirun -np 2 "$FAILING" >"$T/two.said" 2>&1
        status=$?
        case $status in
        0) ;;
        1 | 2 | 3 | 75) says_memory "$T/two.said" || { echo "allocation $n: status $status, nothing about memory" && tail -n 5 "$T/two.said" && return 1; } ;;
        *) echo "allocation $n: status $status" && tail -n 5 "$T/two.said" && return 1 ;;
        esac
        [ ! -e "$T/two.h5" ] || "$QGRID" verify "$T/two.h5" || return 1
        two 0 mpirun -np 2 "$QGRID" && same_two || { echo "allocation $n, status $status: the same command does not come to the digest" && tail -n 5 "$T/two.said" && return 1; }
    done
}
ok "a run on two ranks, a worker has no memory: nothing lost, nothing wrong" run_on_two 1
[ -z "${EVERY:-}" ] || ok "nor when rank 0 has none" run_on_two 0

# A gang that trains: each rank alone has an allocation fail, and nobody waits for it for ever.
gang() { # RANK ALLOCATION
    local status
    sed "s/@/gang/" "$T/train.json" >"$T/gang.json"
    rm -rf "$T/madegang"
    QGRID_FAIL_RANK=$1 QGRID_FAIL_AT=$2 timeout -k 5 "$HANG" mpirun -np 2 "$FAILING" train "$T/gang.json" --progress none >"$T/gang" 2>&1
    status=$?
    case $status in
    0) return 0 ;; # past its last allocation, or one that is not needed
    124 | 137 | 139 | 134) tail -n 5 "$T/gang" && return 1 ;;
    esac
    says_memory "$T/gang" || { echo "status $status" && tail -n 5 "$T/gang" && return 1; }
}
for rank in 0 1; do
    for n in 40 3000; do
        ok "a training on two ranks ends when rank $rank has no memory ($n)" gang $rank $n
    done
done

finish
