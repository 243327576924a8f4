#!/usr/bin/env bash
# test_locks.sh - locks and files: many runs at once on one stale lock, locks that are taken away, locks of other hosts, things
# that are no locks; planted links; outputs that are links; inputs that changed. Rows 16, 17, 20 and 21 of the faults.
# May run beside other tests.
# shellcheck source=tests/support/sh.sh
. "$(dirname "$0")/../support/sh.sh"
repository=$PWD
cp -r tests/formats/. "$T"
cd "$T" || exit 2
export OPENBLAS_NUM_THREADS=1

run() { timeout $HANG "$QGRID" run job.json --progress none --output "$@"; }
same() { [ "$("$QGRID" digest "$1" | cut -d' ' -f1)" = "$("$QGRID" digest "$2" | cut -d' ' -f1)" ]; }
says() { "${@:2}" >said 2>&1 && grep -qF -- "$1" said; }
none() { [ ! -e "$1" ] && [ ! -L "$1" ]; }
boot=$(cat /proc/sys/kernel/random/boot_id)
# Latency is measured for minutes: no run of this job is over before it is stopped.
cat >long.json <<END
{"name": "long", "output": "long.h5", "labels": ["positive", "neutral", "negative"],
 "models": {"m": "$repository/models/mini-finetuned"}, "datasets": {"d": "$repository/datasets/test.tsv"},
 "experiments": {"e": {"model": "m", "dataset": "d"}}, "precisions": ["int8"], "bootstrap": 100,
 "latency": {"runs": 10000, "samples": 50}}
END
ok "the undisturbed run" run ref.h5
twice() { # PID: the second signal drops what runs
    kill -TERM "$1" 2>/dev/null
    sleep 0.5
    kill -TERM "$1" 2>/dev/null
    return 0
}
dead() { # a process that is no more
    sleep 0 &
    wait $!
    echo $!
}
lock() { echo "host $1 pid $2 start ${3:-1} boot ${4:-$boot} pids $(readlink /proc/self/ns/pid)" >"$5"; } # HOST PID START BOOT FILE

# ------------------------------------------------------------------------------ six at once on one stale lock
one_gets_through() { # ROUND: the others are refused while the winner runs
    local out=six$1.h5 i through=0 pids=() status
    lock "$(hostname)" "$(dead)" 1 "$boot" "$out.lock"
    for i in 1 2 3 4 5 6; do
        "$QGRID" run long.json --progress none --output "$out" >"six$i" 2>&1 &
        pids+=($!)
    done
    # Five of them end, refused; the sixth measures latency for a long while.
    wait_until "five that are refused" sh -c "[ \$(cat six? | grep -cE 'another run (holds|has just taken)') -eq 5 ]" || through=9
    for i in "${pids[@]}"; do twice "$i"; done
    for i in "${pids[@]}"; do
        status=0
        wait "$i" || status=$?
        [ $status -eq 2 ] || through=$((through + 1))
    done
    cat six? >said
    [ $through -eq 1 ] && [ "$(grep -c 'taking over' said)" -eq 1 ] && none "$out.lock"
}
for round in 1 2 3; do
    ok "of six runs at once on a stale lock one takes it over, round $round" one_gets_through $round
done

# --------------------------------------------------------------------------------------- owners, dead and alive
for how in "$(dead) 1 $boot" "$$ 1 $boot" "$$ 1 another-boot"; do
    # shellcheck disable=SC2086
    set -- $how
    lock "$(hostname)" "$1" "$2" "$3" owned.h5.lock
    ok "the lock of a process that is gone ($how) is taken over" says "taking over" run owned.h5 --fresh
    ok "and released" none owned.h5.lock
done
lock elsewhere 77 1 other far.h5.lock
fails 2 "process 77 on elsewhere; if it is gone, type: rm 'far.h5.lock'" "another host's is not, and the message says what to type" run far.h5
touch -d "3 days" far.h5.lock
fails 2 "in the future (clocks differ); if it is gone, type: rm 'far.h5.lock'" "nor is one from the future" run far.h5
touch -d "3 days ago" far.h5.lock
beats() { # its host's clock is wrong, and it lives
    local pid status=0
    (while [ -e far.h5.lock ]; do touch -d "3 days ago" far.h5.lock; sleep 0.2; done) &
    pid=$!
    run far.h5 >said 2>&1 || status=$?
    kill $pid
    wait $pid 2>/dev/null
    cat said
    return $status
}
fails 2 "process 77 on elsewhere" "an old one whose owner still gives signs of life is not taken over" beats
touch -d "3 days ago" far.h5.lock
ok "a silent one is, after it was watched" says "no sign of life" run far.h5
taken_away() { # a run whose lock goes to another one lets it be
    local pid status=0
    "$QGRID" run long.json --progress none --output away.h5 >said 2>&1 &
    pid=$!
    WHILE=$pid wait_until "results file" test -e away.h5 || return 99
    lock "$(hostname)" $$ 1 "$boot" away.h5.lock
    cp away.h5.lock other
    WHILE=$pid wait_until "a look at the lock" file_has said "no longer ours" || return 98
    wait $pid || status=$?
    cmp away.h5.lock other && [ $status -eq 75 ]
}
ok "a run that lost its lock ends with 75 and leaves the other's lock alone" taken_away
removed() {
    local pid
    "$QGRID" run long.json --progress none --output removed.h5 >said 2>&1 &
    pid=$!
    WHILE=$pid wait_until "results file" test -e removed.h5 || return 99
    rm removed.h5.lock
    WHILE=$pid wait_until "its lock again" test -s removed.h5.lock || return 98
    twice $pid
    wait $pid
    none removed.h5.lock
}
ok "a lock that was removed by hand is made again, and removed in the end" removed

# ------------------------------------------------------------------------------------------ things that are no locks
refuse_as() { # WHAT: what odd.h5.lock is
    fails 2 "odd.h5.lock is $1 and no lock of a run" "$1 as lock is refused" timeout 60 "$QGRID" run job.json --progress none --output odd.h5
    ok "and stays" sh -c "[ -e odd.h5.lock ] || [ -L odd.h5.lock ]"
    rm -rf odd.h5.lock
}
mkfifo odd.h5.lock
refuse_as "a named pipe"
mkdir odd.h5.lock
refuse_as "a folder"
ln -s /nowhere/at/all odd.h5.lock
refuse_as "a link"
ln -s "$T/ref.h5" odd.h5.lock
refuse_as "a link"
mkfifo pipe.h5
fails 1 "pipe.h5" "a named pipe as output is refused" timeout 60 "$QGRID" run job.json --progress none --output pipe.h5
ok "and is still one" test -p pipe.h5
mkdir folder.h5
fails 1 "is a folder" "a folder as output is refused" timeout 60 "$QGRID" run job.json --progress none --output folder.h5
explain() { timeout 60 "$QGRID" explain -m model -p fp32 -x occlusion --html "$1" "bagus sekali"; }
fails 1 "is a named pipe, a regular file is to be written" "a named pipe as a page is refused" explain pipe.h5
ok "and still is one" test -p pipe.h5

# ------------------------------------------------------------------------------------------------ outputs and links
mkdir there
ln -s there/real.h5 link.h5
ok "an output that is a dangling link is written where it leads" run link.h5
ok "there" same ref.h5 there/real.h5
ok "the link stays" test -L link.h5
ok "without a lock on either name" sh -c "[ ! -e link.h5.lock ] && [ ! -e there/real.h5.lock ]"
ok "and is found again" says "nothing" sh -c "'$QGRID' run job.json --progress none --output link.h5; echo nothing"
ok "--fresh replaces what it leads to" run link.h5 --fresh
ok "and not the link" test -L link.h5
lock elsewhere 77 1 other there/real.h5.lock
fails 2 "process 77 on elsewhere" "a run on the file itself keeps one on the link out" run link.h5
ln -s there/page.html page.html
ok "a page" explain page.html
ok "is written where its link leads" test -s there/page.html
ok "and the link stays, too" test -L page.html
echo precious >precious
planted() { # links of the names that temporary files had are followed by nothing
    local i
    for i in $(seq $(($$ + 1)) $(($$ + 400))); do ln -sf "$T/precious" "planted.html.tmp-$i"; done
    explain planted.html
    rm -f planted.html.tmp-*
    [ "$(cat precious)" = precious ] && [ -s planted.html ]
}
ok "planted links overwrite nothing" planted
touch "stale.h5.tmp-elsewhere-12-0123456789abcdef" "stale.h5.tmp-mine"
ok "a run removes what an earlier one left beside its file" run stale.h5
ok "that is gone" none stale.h5.tmp-elsewhere-12-0123456789abcdef
ok "and what has another name is kept" test -e stale.h5.tmp-mine

# ------------------------------------------------------------------------------------------ inputs that changed
changed() { # WHAT PIECE COMMAND...: refused, nothing written; accepted, as a fresh run
    cp ref.h5 changed.h5
    fails 2 "$2" "another $1 is refused by name" run changed.h5 "${@:3}"
    ok "another $1: nothing is written" cmp ref.h5 changed.h5
    ok "another $1: --accept-changes takes it" run changed.h5 "${@:3}" --accept-changes
    rm -f fresh.h5
    ok "another $1: a fresh run" run fresh.h5 "${@:3}"
    ok "another $1: is what that gave" same fresh.h5 changed.h5
}
changed seed "cells change" --set /seed=7
cp texts.tsv kept.tsv
sed -i '1s/^[^\t]*/buku ini bagus/' texts.tsv
changed dataset "dataset d has other content"
mv kept.tsv texts.tsv
cp -r model kept
printf '\x01' | dd of=model/model.safetensors bs=1 seek=6000 conv=notrunc status=none
changed model "model m has other content"
rm -r model && cp -r kept model
sed -i '6{h;d};7{G}' model/vocab.txt
changed vocabulary "model m has other content"
rm -r model && cp -r kept model
$PYTHON -c "
import json
j = json.load(open('job.json'))
json.dump(dict(reversed(list(j.items()))), open('job.json', 'w'), indent=7)"
cp -p ref.h5 formatted.h5
ok "a job that was only formatted anew is the same" run formatted.h5
ok "and nothing runs again" cmp ref.h5 formatted.h5
finish
