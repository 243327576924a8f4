#!/usr/bin/env bash
# Every block of code of README.md and docs/, in order, in one copy of the tree: commands are run,
# what they are said to print is printed, jobs are valid, links lead somewhere, tables are as
# generated. DOCUMENTS="docs/job.md": those alone. `make run` and `make test` are the way here; the recipes are test_recipes.sh's.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
if [ "${MODE:-release}" != release ]; then
    ok() { skip "documents" "they are about the release build"; }
fi
DOCUMENT="$PYTHON $PWD/tests/support/document.py"
mkdir "$T/site" "$T/bin"
cp -r Makefile ./*.md LICENSE NOTICE docs src include tests scripts tools jobs datasets models slurm .ci "$T/site/"
mkdir -p "$T/site/results" "$T/site/build"
cp -r "$(dirname "$QGRID")" "$T/site/build/"
cd "$T/site" || exit 2
git -C "$T/site" init -q 2>/dev/null
# The jobs, shortened: they explain one text of each class, by few samples, and train for an epoch or three.
sed -i -E 's/"runs": 20/"runs": 2/; s/"per_class": [0-9]+/"per_class": 1/; s/"(samples|evaluations|coalitions)": [0-9]{3,}/"\1": 40/g
    s/"(steps|draws)": 50/"\1": 8/; s/"integrated_gradients", "gr/{"method": "integrated_gradients", "steps": 8}, "gr/; s/"smoothgrad", *$/{"method": "smoothgrad", "draws": 3},/; s/"epochs": 3/"epochs": 1/; s/"epochs": 10/"epochs": 3/' jobs/{full_matrix,xai,qat,finetune}.json

# sbatch starts a script on the spot, as SLURM would.
cat >"$T/bin/sbatch" <<'SBATCH'
#!/bin/sh
export SCRIPT="$PWD/$1" SLURM_JOB_ID=7 SLURM_NTASKS=2 SLURM_SUBMIT_DIR="$PWD"
exec bash "$1"
SBATCH
cat >"$T/bin/scontrol" <<'SCONTROL'
#!/bin/sh
[ "$1" = show ] && echo "   Command=$SCRIPT"
SCONTROL
chmod +x "$T/bin/sbatch" "$T/bin/scontrol"
export PATH="$T/bin:$PATH"

console() { # COMMAND-FILE: runs it, and compares what it prints with what is shown
    local status
    if grep -qx make "$1"; then
        make -t bins # the copied build is up to date but for its time stamps
        return
    fi
    timeout 1800 bash -c "$(cat "$1")" </dev/null >"$1.out" 2>&1
    status=$?
    tail -n 12 "$1.out"
    [ $status -eq 0 ] && $DOCUMENT shown "$1.shown" "$1.out"
}
python() {
    $PYTHON "$1" >"$1.out" && $DOCUMENT shown "$1.shown" "$1.out"
}
config() { "$QGRID" train "$1" --progress none --fresh --set /epochs=1; }
with_r() { # CASE SCRIPT
    if command -v Rscript >/dev/null; then ok "$1" Rscript "$2"; else skip "$1" "R is not here"; fi
}
blocks_of() { # DOCUMENT
    local folder number kind title
    folder=$T/$(basename "$1").blocks
    ok "$1 is made of blocks that are known" eval "$DOCUMENT split $1 $folder >$folder.list"
    while read -r number kind title; do
        case $kind in
        console | python | config) ok "$1: $title" "$kind" "$folder/$number" ;;
        r) with_r "$1: $title" "$folder/$number" ;;
        sh) ok "$1: $title" timeout 1800 bash -e "$folder/$number" ;;
        job) ok "$1: $title" "$QGRID" check "$folder/$number" ;;
        *) ok "$1: $title is a block for recipes alone" false ;;
        esac
    done <"$folder.list"
}
for d in ${DOCUMENTS:-README.md docs/*.md}; do
    [[ $d == */adding-a-* ]] || blocks_of "$d"
done

short() { [ "$(wc -l <README.md)" -le 170 ]; }
ok "README is short" short
listed() {
    for p in $("$QGRID" list precisions | awk '/^  [a-z]/ && $1 != "options" {print $1}'); do
        grep -q "\`$p\`" docs/quantization.md || { echo "docs/quantization.md does not know $p"; return 1; }
    done
}
ok "every precision is in docs/quantization.md" listed
targets() { for t in run test lint asan bench install help; do make help | grep -q "make $t" || return 1; done; }
ok "make help lists the targets" targets
ok "links lead somewhere, and files that are named are there" $DOCUMENT links ./*.md docs/*.md ./*/README.md
ok "the tables of docs/results.md are the schema's" scripts/generate-tables.sh --check docs/results.md
ok "the tables of docs/export.md are those of the registry" scripts/generate-tables.sh --check docs/export.md
finish
