#!/usr/bin/env bash
# What make does around the program: packages, installation.
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

# -o all: what is tested here is not built again.
ok "make install" make --no-print-directory -o all install DESTDIR="$T/root" PREFIX=/opt/q
ok "the installed program runs" "$T/root/opt/q/bin/qgrid" list metrics
ok "the batch scripts find what they source" test -r "$T/root/opt/q/share/qgrid/slurm/run.sh"
finish
