#!/usr/bin/env bash
# The same run interrupted and resumed again and again (TIMES, 50): the file keeps its size, the runs need the memory
# of the first, and when all is done its bytes stay as they are.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/faults.sh
TIMES=${TIMES:-50}

small_job "$T/o.h5" datasets/test.tsv | sed 's/"labels"/"unit_tokens": 16, "labels"/' >"$T/job.json"
# shellcheck disable=SC2120 # most calls have no options
run_it() { "$QGRID" run --progress none "$T/job.json" "$@"; }
ok "the undisturbed run" run_it --output "$T/ref.h5"
cat >"$T/peak.py" <<'PY'
# peak.py FILE COMMAND...: adds the peak (KiB) of the command's memory to the file; its status, as a shell has it
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
with open(sys.argv[1], "a") as f:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=f)
sys.exit(status if status >= 0 else 128 - status)
PY
peak() { "$PYTHON" "$T/peak.py" "$@"; }
flat() { # FILE: the last fifth of the runs takes no more than the first, but for 2 MiB
    awk '{v[NR] = $1} END {n = int(NR / 5); if (n < 1) exit 1
        for (i = 1; i <= n; i++) {if (v[i] > a) a = v[i]; if (v[NR + 1 - i] > b) b = v[NR + 1 - i]}
        print "peaks: " a " KiB at first, " b " KiB at last"; exit b > a + 2048}' "$1"
}
interrupted() { # after some units: one that ranks die on three times is a failed cell
    local i size=0 status
    for i in $(seq "$TIMES"); do
        peak "$T/peaks" env FAULTY_CALL=write FAULTY_PATH="$T/o.h5" FAULTY_AT=$((60 + i % 7)) FAULTY_DO=kill LD_PRELOAD="$FAULTY" "$QGRID" run --progress none "$T/job.json"
        status=$?
        [ -e "$T/o.h5" ] && [ $size = 0 ] && size=$(stat -c %s "$T/o.h5")
        if { [ $status -ne 137 ] && [ $status -ne 0 ]; } || [ "$(stat -c %s "$T/o.h5")" != "$size" ]; then echo "run $i: $status" && return 1; fi
        "$QGRID" verify "$T/o.h5" || return 1
    done
}
ok "$TIMES interrupted runs leave the size as it is" interrupted
ok "and need the memory of the first" flat "$T/peaks"
cat "$T/out"
ok "the last one ends" run_it
ok "with the same digest" test "$(digest_of "$T/o.h5")" = "$(digest_of "$T/ref.h5")"
untouched() {
    local i before
    before=$(sha256sum "$T/o.h5")
    for i in $(seq "$TIMES"); do
        peak "$T/idle" "$QGRID" run --progress none "$T/job.json" && [ "$(sha256sum "$T/o.h5")" = "$before" ] || return 1
    done
}
ok "$TIMES runs with nothing to do leave every byte as it is" untouched
ok "and need the memory of the first" flat "$T/idle"
cat "$T/out"
finish
