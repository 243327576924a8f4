#!/usr/bin/env bash
# The same run interrupted and resumed again and again (TIMES, 50): the file keeps its size, and when all is
# done its bytes stay as they are.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/faults.sh
TIMES=${TIMES:-50}

small_job "$T/o.h5" datasets/test.tsv | sed 's/"labels"/"unit_tokens": 16, "labels"/' >"$T/job.json"
# shellcheck disable=SC2120 # most calls have no options
run_it() { "$QGRID" run --progress none "$T/job.json" "$@"; }
ok "the undisturbed run" run_it --output "$T/ref.h5"
interrupted() { # after a few writes to the file
    local i size=0 status
    for i in $(seq "$TIMES"); do
        { faulty write "$T/o.h5" $((20 + i)) kill "$QGRID" run --progress none "$T/job.json" >/dev/null 2>&1; status=$?; } 2>/dev/null
        [ -e "$T/o.h5" ] && [ $size = 0 ] && size=$(stat -c %s "$T/o.h5")
        if { [ $status -ne 137 ] && [ $status -ne 0 ]; } || [ "$(stat -c %s "$T/o.h5")" != "$size" ]; then echo "run $i: $status" && return 1; fi
        "$QGRID" verify "$T/o.h5" || return 1
    done
}
ok "$TIMES interrupted runs leave the size as it is" interrupted
ok "the last one ends" run_it
ok "with the same digest" test "$(digest_of "$T/o.h5")" = "$(digest_of "$T/ref.h5")"
untouched() {
    local i before
    before=$(sha256sum "$T/o.h5")
    for i in $(seq "$TIMES"); do
        run_it && [ "$(sha256sum "$T/o.h5")" = "$before" ] || return 1
    done
}
ok "$TIMES runs with nothing to do leave every byte as it is" untouched
finish
