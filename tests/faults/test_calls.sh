#!/usr/bin/env bash
# A small run whose calls of the system fail, are cut short, or are its last: killed before a call or in
# the midst of a write, errors of every kind, fsync that fails, a close that fails. Some of the calls
# here, from a random first; all of them with MOST=all (tests/soak/test_all_calls.sh).
# May run beside other tests.
. "$(dirname "${BASH_SOURCE[0]}")/../support/sh.sh"
. tests/support/faults.sh
MOST=${MOST:-3}
SEED=${SEED:-$$}
RANDOM=$SEED

head -n 7 datasets/test.tsv >"$T/texts.tsv"
OUT=$T/results/o.h5
mkdir "$T/results"
small_job "$OUT" "$T/texts.tsv" >"$T/job.json"
small_run() { "$QGRID" run --progress none "$T/job.json"; }
ok "the undisturbed run" "$QGRID" run --progress none "$T/job.json" --output "$T/ref.h5"
REF=$(digest_of "$T/ref.h5")

afresh_for() { # PATTERN: no results, and no cache where calls on it are meant
    rm -rf "$T/results" && mkdir "$T/results"
    case $1 in "$T/cache"*) rm -rf "$T/cache" ;; esac
}

goes_on() { # what is there is sound, and the same command ends as if nothing had happened
    if [ -e "$OUT" ]; then "$QGRID" verify "$OUT" || return 1; fi
    small_run || { echo "the same command ends with $?"; return 1; }
    [ "$(digest_of "$OUT")" = "$REF" ] || { echo "another digest"; return 1; }
    ! compgen -G "$T/results/*tmp*" # nothing is left over
}

hit() { # CALLS PATTERN AT WHAT: sets status; what was said is in $T/message
    afresh_for "$2"
    status=0
    { faulty "$1" "$2" "$3" "$4" "$QGRID" run --progress none "$T/job.json" >/dev/null 2>"$T/message" || status=$?; } 2>/dev/null
}

unexpected() { # WHAT
    echo "SEED=$SEED, $1: status $status"
    cat "$T/message"
    return 1
}

kills() { # CALLS PATTERN WHAT N: at some of N calls
    local i
    for i in $(some_of "$4" "$MOST"); do
        hit "$1" "$2" "$i" "$3"
        { [ $status -eq 137 ] && goes_on; } || { unexpected "call $i"; return 1; }
    done
}

reports() { # CALLS PATTERN AT WHAT REASON: status, path and reason; and the same command goes on
    hit "$1" "$2" "$3" "$4"
    { [ $status -gt 0 ] && [ $status -lt 128 ] && grep -F "$T/" "$T/message" | grep -qF "$5" && goes_on; } ||
        unexpected "call $3, $4"
}

report_some() { # CALLS PATTERN N: with an errno of each kind in turn
    local i k=0 kinds=(EIO ENOSPC EDQUOT ESTALE EROFS)
    local words=("Input/output error" "No space left on device" "Disk quota exceeded" "Stale file handle" "Read-only file system")
    for i in $(some_of "$3" "$MOST"); do
        reports "$1" "$2" "$i" "${kinds[k]}" "${words[k]}" || return 1
        k=$(((k + 1) % 5))
    done
}

bears() { # CALLS PATTERN N WHAT...: faults at some of N calls that change nothing
    local i what
    for what in "${@:4}"; do
        for i in $(some_of "$3" "$MOST"); do
            hit "$1" "$2" "$i" "$what"
            { [ $status -eq 0 ] && [ "$(digest_of "$OUT")" = "$REF" ]; } || { unexpected "call $i, $what"; return 1; }
        done
    done
}

count() { # CALLS PATTERN
    afresh_for "$2"
    count_calls "$1" "$2" small_run
}

FILES="$T/results/*"
CACHE="$T/cache/*"
MODEL="*/models/*"
changes=$(count change "$FILES") writes=$(count write "$FILES") syncs=$(count fsync "$FILES") closes=$(count close "$FILES")
cached=$(count change "$CACHE") put=$(count write "$CACHE") got=$(count read "$CACHE") whole=$(count read "$MODEL")
ok "there are calls to fail" test "$writes" -gt 300 -a "$syncs" -gt 1 -a "$put" -gt 100 -a "$got" -gt 1 -a "$whole" -gt 0
ok "killed before a call on the results file: the same command goes on" kills change "$FILES" kill "$changes"
ok "killed in the midst of a write to the results file" kills write "$FILES" tear "$writes"
ok "killed before a call on the cache" kills change "$CACHE" kill "$cached"
ok "killed in the midst of a write to the cache" kills write "$CACHE" tear "$put"
ok "a write that fails is told with path and reason" report_some write "$FILES" "$writes"
ok "the commit's rename fails" reports rename "$OUT" 1 EIO "Input/output error"
ok "and for want of space" reports rename "$OUT" 1 ENOSPC "No space left on device"
ok "from some write on all fail" reports write "$FILES" "$((writes / 2))+" ENOSPC "No space left on device"
for i in $(seq "$syncs"); do
    ok "fsync $i of the results file fails: nothing is claimed" reports fsync "$FILES" "$i" EIO "cannot sync: Input/output error"
done
closing_fails() { # of what was only read, or is synced already, nothing is lost: it is told or not
    local i
    for i in $(some_of "$closes" all); do
        hit close "$FILES" "$i" EIO
        { [ $status -lt 128 ] && goes_on; } || { unexpected "close $i"; return 1; }
    done
}
ok "closing fails" closing_fails
ok "short and interrupted writes of the results file" bears write "$FILES" "$writes" short EINTR
ok "interrupted fsync of the results file" bears fsync "$FILES" "$syncs" EINTR
ok "short and interrupted writes of the cache" bears write "$CACHE" "$put" short EINTR
ok "interrupted fsync of the cache" bears fsync "$CACHE" "$(count fsync "$CACHE")" EINTR
ok "short and interrupted reads of the cache" bears read "$CACHE" "$got" short EINTR
ok "short and interrupted reads of the model" bears read "$MODEL" "$whole" short EINTR
finish
