#!/usr/bin/env bash
# A rank whose control group has too little memory is killed by the kernel: a lost rank. The run goes on
# without it where ranks may be lost, and by the same command elsewhere; the bits stay.
. "$(dirname "$0")/../support/sh.sh"
. tests/support/faults.sh
CASES=5

# A group of version 1 or 2 under the one of this process.
group() {
    local base=/sys/fs/cgroup/memory limit=memory.limit_in_bytes
    if [ ! -d $base ]; then
        base=/sys/fs/cgroup limit=memory.max
        echo +memory >$base/cgroup.subtree_control
    fi
    G=$base/qgrid-test-$$
    mkdir "$G" && echo "$1" >"$G/$limit" && [ -w "$G/cgroup.procs" ]
}
leave() {
    rmdir "$G" 2>/dev/null
    rm -rf "$T"
}
if ! group 48M 2>/dev/null; then
    [ -z "${G:-}" ] || rmdir "$G" 2>/dev/null
    skip "a rank that is killed for memory" "control groups of memory cannot be made here" $CASES
    finish
fi
trap leave EXIT
cat >"$T/limited" <<END
#!/bin/sh
echo \$\$ >"$G/cgroup.procs"
exec "\$@"
END
chmod +x "$T/limited"
# Its embedding table alone does not fit the group.
{ cat models/mini-finetuned/vocab.txt && seq -f 'unused%.0f' 40000; } | head -n 40000 >"$T/vocab.txt"
"$TOOLS/random_model" --seed 42 --vocab "$T/vocab.txt" --layers 2 --hidden 384 --heads 6 --ffn 768 -o "$T/large" >/dev/null
small_job "$T/ref.h5" datasets/test.tsv | sed "s|models/mini-finetuned|$T/large|" >"$T/job.json"
ok "the undisturbed run" run_np 2 "$T/job.json"
limited() { # OUTPUT [OPTION]: two ranks, one of them in the group
    rm -rf "$QGRID_CACHE"
    # shellcheck disable=SC2086
    timeout -k 5 $HANG mpirun ${2:-} -np 1 "$QGRID" run --progress none "$T/job.json" --output "$1" : \
        -np 1 "$T/limited" "$QGRID" run --progress none "$T/job.json" --output "$1"
}
survives() {
    limited "$T/r.h5" --enable-recovery >"$T/log" 2>&1
    echo "status $?"
    cat "$T/log"
    grep -qi "rank 1.* died" "$T/log" && same_results "$T/ref.h5" "$T/r.h5"
}
ok "killed where ranks may be lost: all is done, the bits are right" survives
# Open MPI 4.1 then says 137, or 143 of the rank it ended.
stops() {
    limited "$T/s.h5"
    case $? in 137 | 143) ;; *) echo "status $?" && return 1 ;; esac
    "$QGRID" verify "$T/s.h5"
}
ok "killed elsewhere: the run ends, the file is sound" stops
ok "and the same command goes on" run_np 2 "$T/job.json" --output "$T/s.h5"
ok "to the same bits" same_results "$T/ref.h5" "$T/s.h5"
finish
