#!/usr/bin/env bash
# Storage that is full, limited, read-only or taken away; readers and locks of others; another HDF5, the
# user's settings of Open MPI, and clocks that jump. Quotas need a file system of their own: what a run does
# with EDQUOT, test_calls.sh shows.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/faults.sh

head -n 7 datasets/test.tsv >"$T/texts.tsv"
small_job "$T/o.h5" "$T/texts.tsv" >"$T/job.json"
J=$T/job.json
run_one() { "$QGRID" run --progress none "$J" "$@"; }
ok "the undisturbed run" run_one --output "$T/ref.h5"
REF=$(digest_of "$T/ref.h5")
BYTES=$(stat -c %s "$T/ref.h5")
is_ref() { [ "$(digest_of "$1")" = "$REF" ]; }

# ------------------------------------------------------------------------------------ full disks
mkdir "$T/disk"
cat >"$T/full.sh" <<'END'
set -u # MOUNT OPTIONS, then the same command until it succeeds, with more space
disk=$1 kib=$2 piece=$3 shift_by=3
shift $shift_by
mount -t tmpfs -o "size=${kib}k" none "$disk" || exit 99
"$@" >"$disk.out" 2>&1
first=$?
cat "$disk.out"
[ $first -ne 0 ] && [ $first -lt 128 ] || { echo "status $first with $kib KiB"; exit 1; }
grep -qE "$piece" "$disk.out" || { echo "no '$piece'"; exit 1; }
mount -o remount,size=200m "$disk" || exit 99
"$@" >"$disk.out" 2>&1 || "$@" ${RETRY:-} >"$disk.out" 2>&1 || { cat "$disk.out"; echo "does not go on"; exit 1; }
END
full() { unshare -m bash "$T/full.sh" "$@"; } # DISK KIB PATTERN COMMAND...
in_namespace() { unshare -m mount -t tmpfs none "$T/disk"; }
run_on_disk() { # for both: the file is there to be compared only while the disk is
    # shellcheck disable=SC2016
    full "$T/disk" "$1" "$2" bash -c '"$0" run --progress none "$1" --output "$2" && "$0" digest "$2" >"$3"' "$QGRID" "$J" "$T/disk/o.h5" "$T/digest" &&
        grep -q "^$REF" "$T/digest"
}
cache_on_disk() {
    # shellcheck disable=SC2016
    RETRY=--retry-failed QGRID_CACHE=$T/disk/cache full "$T/disk" "$1" "$2" bash -c 'rm -f "$2.lock"; "$0" run --progress none "$1" --output "$2" "${@:3}"; s=$?; "$0" show "$2" --table unfinished; exit $s' "$QGRID" "$J" "$T/cached.h5" &&
        is_ref "$T/cached.h5" && rm -f "$T/cached.h5"
}
if in_namespace 2>/dev/null; then
    for part in 4 40 80 99; do
        ok "a disk with $part % of the room for the results" run_on_disk $((BYTES * part / 100 / 1024)) 'needs [0-9]+ bytes.* free|No space left on device'
    done
    ok "a disk with little room for the cache" cache_on_disk 900 'No space left on device|free'
    ok "and for all but its end" cache_on_disk 9000 'No space left on device|free'
    read_only() { unshare -m bash -c "mount -t tmpfs -o ro none '$T/disk' && '$QGRID' run --progress none '$J' --output '$T/disk/o.h5'"; }
    fails 1 "Read-only file system" "an output folder that is read-only" read_only
else
    skip "full disks" "mounting needs root and a namespace" 7
fi

# ------------------------------------------------------------------------------- limits of the size
limited_size() { (ulimit -f "$2" && run_np "$1" "$J" --output "$T/limited.h5"); } # RANKS KIB
fails 1 "File too large" "ulimit -f while the file is made" limited_size 0 64
ok "no file is there" test ! -e "$T/limited.h5"
ok "with more room the same command goes on" run_one --output "$T/limited.h5"
ok "to the same digest" is_ref "$T/limited.h5"
# Open MPI itself wants files of some MiB from each rank; the pack of fp32 is larger than that.
limited_ranks() { # KIB
    # shellcheck disable=SC2016
    QGRID_CACHE=$T/small timeout -k 5 "$HANG" mpirun -np 2 bash -c 'ulimit -f "$0" && exec "$@"' "$1" \
        "$QGRID" run --progress none "$J" --output "$T/ranks.h5"
}
fails 75 "File too large" "ranks that may not write a pack of that size: the run stops" limited_ranks 6000
fails 75 " 0 failed" "no cell is failed for that" "$QGRID" status "$T/ranks.h5"
ok "without the limit the same command goes on" env QGRID_CACHE="$T/small" "$QGRID" run --progress none "$J" --output "$T/ranks.h5"
ok "to the same digest, too" is_ref "$T/ranks.h5"

# ------------------------------------------------------------- files that change under a running job
small_job "$T/slow/o.h5" datasets/test.tsv | sed 's/"labels"/"unit_tokens": 16, "labels"/' >"$T/slow.json"
ok "the undisturbed longer run" "$QGRID" run --progress none "$T/slow.json" --output "$T/slow.h5"
SLOW=$(digest_of "$T/slow.h5")
disturbed() { # PIECE COMMAND...: done to the file of a run that is held in its midst
    local pid status out=$T/slow/o.h5 piece=$1
    shift
    rm -rf "$T/slow" && mkdir "$T/slow"
    "$QGRID" run --progress none "$T/slow.json" >"$T/said" 2>&1 &
    pid=$!
    until has_units "$out" 1 && kill -STOP $pid; do
        kill -0 $pid 2>/dev/null || { echo "ended before it was disturbed"; return 1; }
    done
    "$@"
    kill -CONT $pid
    wait $pid
    status=$?
    { [ $status -eq 1 ] && grep -qF -- "$piece" "$T/said"; } || { echo "status $status"; cat "$T/said"; return 1; }
}
starts_again() { # what is left is not taken for results
    rm -rf "$T/slow" && "$QGRID" run --progress none "$T/slow.json" && [ "$(digest_of "$T/slow/o.h5")" = "$SLOW" ]
}
O=$T/slow/o.h5
ok "the results file is deleted" disturbed "was removed or replaced" rm "$O"
ok "its folder is deleted" disturbed "was removed or replaced" rm -r "$T/slow"
replace() { cp "$T/slow.h5" "$T/slow/copy" && mv "$T/slow/copy" "$O"; }
ok "it is replaced" disturbed "was removed or replaced" replace
ok "the file in its place is as it was" cmp "$T/slow.h5" "$O"
for size in 0 1000 100000; do
    ok "it is cut to $size bytes" disturbed "was cut to " truncate -s $size "$O"
done
ok "afterwards the same command gives the same results" starts_again

# --------------------------------------------------------------------------- other people's locks
held() { # WHAT FLAGS COMMAND...: while another process holds the file as HDF5 does
    flock "$1" "$T/o.h5" "${@:2}"
}
ok "a file for readers" run_one
ok "a reader's lock does not matter" held -s "$QGRID" verify "$T/o.h5"
ok "nor does an exclusive one" held -x "$QGRID" run --progress none "$J"
ok "HDF5_USE_FILE_LOCKING=FALSE" env HDF5_USE_FILE_LOCKING=FALSE "$QGRID" run --progress none "$J" --fresh
ok "HDF5_USE_FILE_LOCKING=TRUE" env HDF5_USE_FILE_LOCKING=TRUE "$QGRID" run --progress none "$J" --fresh
ok "give the same results" is_ref "$T/o.h5"
fails 1 "o.h5: is not a readable HDF5 file: unable to lock file" "with TRUE an exclusive lock is refused" held -x env HDF5_USE_FILE_LOCKING=TRUE "$QGRID" run --progress none "$J"

# ----------------------------------------------------------------------- libraries, settings, clocks
other_hdf5() { FAULTY_HDF5=1.14.0 LD_PRELOAD=$FAULTY "$QGRID" run --progress none "$J" --output "$T/other.h5"; }
fails 1 "the HDF5 library found at run time is 1.14.0, qgrid was built for" "another HDF5 than that of the headers" other_hdf5
ok "before anything is made" test ! -e "$T/other.h5"
unusable_pml() { timeout -k 5 "$HANG" mpirun -np 2 --mca pml nonexistent "$QGRID" run --progress none "$J" --fresh; }
ok "the user's choice of Open MPI's parts is tried, which here cannot work" test "$(unusable_pml >"$T/said" 2>&1; echo $?)" -ne 0
ok "and named" grep -qi "pml" "$T/said"
jumps() { # CLOCK ZONE
    FAULTY_CLOCK=$1 TZ=$2 LD_PRELOAD=$FAULTY "$QGRID" run --progress log "$J" --fresh >"$T/said" 2>&1 || return 1
    is_ref "$T/o.h5" && ! grep -E -- '-[0-9]+(\.[0-9]+)? ?s|-[0-9]+:' "$T/said"
}
ok "the clock jumps back by a day" jumps -86400@2 UTC
ok "and ahead, in another time zone" jumps 86400000@2 Pacific/Auckland
finish
