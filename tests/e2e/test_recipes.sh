#!/usr/bin/env bash
# The recipes of docs/adding-a-*.md, all together in one copy of the tree: their files and patches
# are applied, what they change is built, and their commands are run.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
if [ "${MODE:-release}" != release ]; then
    ok() { skip "recipes" "they are about the release build"; }
fi
DOCUMENT="$PYTHON $PWD/tests/support/document.py"
mkdir -p "$T/site/results" "$T/site/build/release"
cp -a Makefile .clang-format docs src include tools scripts jobs datasets models "$T/site/"
cp -a "$(dirname "$QGRID")"/{src,tools,qgrid,libqgrid.a,commit} "$T/site/build/release/"
cd "$T/site" || exit 2
git init -q . 2>/dev/null
QGRID=$PWD/build/release/qgrid

touch "$T/before"
recipes=(docs/adding-a-*.md)
apply() { # RECIPE: its new files and its patches
    local number kind title
    $DOCUMENT split "$1" "$T/$(basename "$1")" >"$T/$(basename "$1").list" || return 1
    while read -r number kind title; do
        case $kind in
        file) [ ! -e "$title" ] && cp "$T/$(basename "$1")/$number" "$title" || return 1 ;;
        diff) patch --batch --no-backup-if-mismatch -p1 <"$T/$(basename "$1")/$number" || return 1 ;;
        console) ;;
        *) echo "a block of another kind: $kind"; return 1 ;;
        esac
    done <"$T/$(basename "$1").list"
}
for r in "${recipes[@]}"; do
    ok "$r is applied" apply "$r"
done
# What is built anew is built fast: speed is not what is tested here.
ok "the tree with all of them builds" make -s -j2 CFLAGS_release="-O1 -DNDEBUG" WERROR="-Werror -Wno-maybe-uninitialized" bins

console() { # COMMAND-FILE
    local status
    timeout 600 bash -o pipefail -c "$(cat "$1")" </dev/null >"$1.out" 2>&1
    status=$?
    tail -n 12 "$1.out"
    [ $status -eq 0 ] && $DOCUMENT shown "$1.shown" "$1.out"
}
for r in "${recipes[@]}"; do
    while read -r number kind title; do
        if [ "$kind" = console ]; then
            ok "$r: $title" console "$T/$(basename "$r")/$number"
        fi
    done <"$T/$(basename "$r").list"
done
ok "what was added keeps to the layers" scripts/check-layers.py
format() { find src include -name '*.[ch]' -newer "$T/before" -exec clang-format --dry-run --Werror {} +; }
if command -v clang-format >/dev/null; then
    ok "and is formatted" format
else
    skip "and is formatted" "there is no clang-format"
fi
listed() { # each recipe's name is in the list that it adds to
    "$QGRID" list metrics | grep -q '^  kappa ' && "$QGRID" list methods | grep -q '^  leave_one_in ' &&
        "$QGRID" list precisions | grep -q '^  int4_g64 ' && "$QGRID" list models | grep -q '^  electra ' && "$QGRID" list formats | grep -q '^  fasttext ' &&
        "$QGRID" list perturbations | grep -q '^  drop_words ' && "$QGRID" list results | grep -q '^| `kappa` '
}
ok "qgrid list has all that was added" listed
same_accuracy() { "$QGRID" show results/fasttext.h5 finetuned_smsa/fp32 | grep 'accuracy  *0\.69697$'; }
ok "the texts of the new format are those of the old one" same_accuracy
kappa() { # against scikit-learn's definition, from the confusion matrix in the file
    $PYTHON - <<'PY'
import h5py
m = h5py.File("results/kappa.h5")["metrics/finetuned/smsa/fp32"]
c = m["confusion"][()] / m["confusion"][()].sum()
observed, chance = c.trace(), c.sum(0) @ c.sum(1)
assert abs(m["kappa"][()] - (observed - chance) / (1 - chance)) < 1e-12
PY
}
ok "the new metric is what it says" kappa
finish
