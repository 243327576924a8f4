#!/usr/bin/env bash
# What stands around the program: packages that are needed, the runner of tests.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

deps_not_root() ( # PACKAGE...: the script as someone who may not install
    exec <scripts/deps.sh
    cd / || exit 2
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups sh -s -- "$@"
    else
        sh -s -- "$@"
    fi
)
fails 1 "sudo apt-get update && sudo apt-get install -y --no-install-recommends no-such-package" \
    "who may not install is told what to type" deps_not_root gcc no-such-package
ok "nothing is said when nothing is missing" sh -c "test -z \"\$(scripts/deps.sh gcc 2>&1)\""
ok "elsewhere than on Debian the compiler decides" env PATH="$T/empty" /bin/sh scripts/deps.sh no-such-package

# Comments of public symbols.
ok "every public symbol has its comment" scripts/check-comments.sh include/qgrid/*.h
uncommented() { # LINE...
    printf '%s\n' "/* bare.h - a header. */" "#ifndef QGRID_BARE_H" "#define QGRID_BARE_H" "" "$@" "#endif" >"$T/bare.h"
    scripts/check-comments.sh "$T/bare.h"
}
fails 1 "bare.h:5: no comment: int qg_bare(void);" "a function without one" uncommented "int qg_bare(void);"
fails 1 "bare.h:8: no comment: extern int qg_two;" "a variable behind a group" uncommented "/** One. */" "int qg_one(void);" "" "extern int qg_two;"
fails 1 "bare.h:5: no comment: typedef struct qg_bare {" "a type" uncommented "typedef struct qg_bare {" "    int a; " "} qg_bare;"
fails 1 "bare.h:5: no comment: QG_BARE" "a macro" uncommented "#define QG_BARE 1"
ok "a group shares one" uncommented "/** Both. */" "int qg_one(void);" "int qg_two(int a," "           int b);" "#define QG_A 1 /* on its line */"

# One version.
version=$("$QGRID" --version | sed -n 's/^qgrid //p')
ok "the Debian packages are of this version" grep -q "^qgrid ($version)" debian/changelog
ok "and the Spack recipe" grep -qF "version(\"$version\")" packaging/spack/package.py
ok "the Spack recipe is Python" $PYTHON -c 'import ast; ast.parse(open("packaging/spack/package.py").read())'

# A tarball of a tree without git has what the tree has, but for what was built.
packed() (
    mkdir -p "$T/copy/build" "$T/copy/results" && cp -r Makefile scripts include "$T/copy/" &&
        cp results/README.md "$T/copy/results/" && touch "$T/copy/build/x.o" "$T/copy/results/x.h5"
    cd "$T/copy" && scripts/dist.sh qgrid-1 abc123 "$T/dist" && tar -xzf "$T/dist/qgrid-1.tar.gz" -C "$T/dist" &&
        diff -r "$T/copy" "$T/dist/qgrid-1"
)
packed >"$T/differs"
is_packed() { sed "s#$T/##g" "$T/differs" | sort | diff - <(printf '%s\n' dist/qgrid-1.tar.gz "Only in copy/results: x.h5" "Only in copy: build" "Only in dist/qgrid-1: .commit" | sort); }
ok "make dist without git" is_packed
ok "it knows its commit" grep -qx abc123 "$T/dist/qgrid-1/.commit"

# The runner itself, in a tree with one test of two cases.
mkdir -p "$T/tree/scripts" "$T/tree/tests/e2e"
cp scripts/run-tests.sh "$T/tree/scripts/"
echo 'echo "1 passed, 0 failed, 1 skipped"' >"$T/tree/tests/e2e/test_one.sh"
echo 2 >"$T/tree/tests/expected-count"
fails 0 "1 passed, 0 failed, 1 skipped" "enough cases" bash "$T/tree/scripts/run-tests.sh"
echo 3 >"$T/tree/tests/expected-count"
fails 1 "only 2 cases ran, tests/expected-count says 3" "a missing case fails the run" bash "$T/tree/scripts/run-tests.sh"
echo 'echo "2 passed, 0 failed, 0 skipped"; exit 1' >"$T/tree/tests/e2e/test_one.sh"
fails 1 "1 failed" "a test that dies after its closing line fails the run" bash "$T/tree/scripts/run-tests.sh"
echo 0 >"$T/tree/tests/expected-count"
echo 'kill -9 $$' >"$T/tree/tests/e2e/test_one.sh"
fails 1 "0 passed, 1 failed, 0 skipped" "a test that is killed counts as failed" bash "$T/tree/scripts/run-tests.sh"
cat >"$T/tree/tests/e2e/test_one.sh" <<SH
# May run beside other tests.
timeout 300 sh -c 'until [ -e "$T/two" ]; do sleep 0.02; done' && echo "3 passed, 0 failed, 0 skipped"
SH
cat >"$T/tree/tests/e2e/test_two.sh" <<SH
# May run beside other tests.
touch "$T/two"
echo "2 passed, 0 failed, 0 skipped"
SH
side_by_side() { JOBS=2 bash "$T/tree/scripts/run-tests.sh" >"$T/listed"; }
ok "tests of one process run side by side" side_by_side
ok "and are listed in order" test "$(awk '/test_/ {printf "%s ", $1}' "$T/listed")" = "tests/e2e/test_one.sh tests/e2e/test_two.sh "

finish
