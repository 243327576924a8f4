#!/usr/bin/env bash
# The scripts that compare bits between numbers of ranks, with 1, 2, 3 and 7 of them, and one with 64.
. "$(dirname "$0")/../support/sh.sh"
export RANKS="1 2 3 7"
for script in tests/e2e/test_*.sh; do
    grep -q some_ranks "$script" || continue
    ok "$script on $RANKS ranks" bash "$script"
    tail -n 1 "$T/out"
done
finish
