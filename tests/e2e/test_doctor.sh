#!/usr/bin/env bash
# qgrid doctor: what it finds on a machine that is in order, and on machines that are not.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
D=("$QGRID" doctor)
says() { # STATUS "GRADE PART TEXT" COMMAND...: the status, and one line that starts so, blanks apart
    local want=$1 line=$2 status
    shift 2
    "$@" >"$T/said" 2>&1
    status=$?
    cat "$T/said"
    [ $status -eq "$want" ] && tr -s ' ' <"$T/said" | grep -qF -- "$line"
}
lacks() { ! tr -s ' ' <"$T/said" | grep -qE -- "$1"; }

ok "a machine in order" says 0 "Nothing stands in the way of a run." "${D[@]}"
ok "nothing bad is found" lacks '^BAD'
for part in program libraries kernels launcher cores memory limits cache results temporary /dev/shm; do
    ok "it looks at $part" grep -qE "^(fine|mind) +$part " "$T/said"
done
ok "one screen" test "$(wc -l <"$T/said")" -le 24
ok "versions of the libraries" grep -qE '^fine +libraries +Open MPI [0-9.]+, HDF5 [0-9.]+, cJSON [0-9.]+, utf8proc [0-9.]+, Unicode [0-9.]+, OpenSSL [0-9.]+, GSL [0-9.]+, zlib [0-9.]+' "$T/said"
ok "with a job" says 0 "fine results results: " "${D[@]}" jobs/full_matrix.json

mkdir "$T/none" "$T/other"
ln -s /usr/bin/env "$(command -v sh)" "$(command -v timeout)" "$(command -v grep)" "$T/none/"
printf '#!/bin/sh\necho "HYDRA build details: Version 4.0.2"\n' >"$T/other/mpirun"
chmod +x "$T/other/mpirun"
ok "no mpirun" says 0 "mind launcher mpirun is not on the PATH" env PATH="$T/none" "${D[@]}"
ok "another MPI's mpirun" says 1 'BAD launcher '"$T/other/mpirun"' is "HYDRA build details: Version 4.0.2", the program is linked with Open MPI' \
    env PATH="$T/other:$PATH" "${D[@]}"
ok "and how many such things there are" grep -qx "1 of these would stop a run." "$T/said"
ok "the reference kernels" says 0 "mind kernels only the reference kernels run" env QGRID_KERNELS=ref "${D[@]}"
ok "kernels that do not exist" says 1 "BAD kernels QGRID_KERNELS: " env QGRID_KERNELS=abacus "${D[@]}"
ok "a cache that nobody can write" says 1 "BAD cache /proc/qgrid: files cannot be written in /proc: " env QGRID_CACHE=/proc/qgrid "${D[@]}"
ok "a cache that is not there yet" says 0 "fine cache $T/new/cache: is made when it is needed, " env QGRID_CACHE="$T/new/cache" "${D[@]}"
ok "which is not made by looking" test ! -e "$T/new"
mkdir -p "$T/used/a" "$T/used/b.tmp-1"
head -c 100000 /dev/zero >"$T/used/a/x"
ok "what lies in the cache" says 0 "; 1 models in it, 97.7 KiB, 1 half-written" env QGRID_CACHE="$T/used" "${D[@]}"
local_cache() {
    stat -f -c %T "$T" | grep -qE 'ext|tmpfs|overlay|xfs|btrfs'
}
if local_cache; then
    ok "two nodes, and a folder of one" says 0 "mind cache 2 nodes, but this folder is one node's own" \
        env SLURM_JOB_ID=7 SLURM_JOB_NUM_NODES=2 SLURM_NTASKS=8 QGRID_CACHE="$T" "${D[@]}"
else
    skip "two nodes, and a folder of one" "this file system is a shared one"
fi
limited() { (ulimit "$1" "$2" && shift 2 && "$@"); }
ok "limits of the shell" says 0 "mind limits ulimit -t allows 600 seconds" limited -t 600 "${D[@]}"
ok "few open files" says 0 "mind limits ulimit -n allows 64 open files" limited -n 64 "${D[@]}"
sed 's|"output": "[^"]*"|"output": "/proc/none/x.h5"|' jobs/full_matrix.json >"$T/proc.json"
ok "a job whose results cannot be written" says 1 "BAD results /proc/none: files cannot be written in /proc: " "${D[@]}" "$T/proc.json"
sed 's|"output": "[^"]*"|"output": "'"$T"'/held.h5"|' jobs/full_matrix.json >"$T/held.json"
lock_of() { # PID: a lock of that process of this host
    echo "host $(hostname) pid $1 start $(sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20) boot $(cat /proc/sys/kernel/random/boot_id) pids $(readlink /proc/self/ns/pid)"
}
ok "a job without a lock says nothing of it" says 0 "fine results $T: " "${D[@]}" "$T/held.json"
ok "as it should" lacks '^[a-zA-Z]+ +lock '
lock_of $$ >"$T/held.h5.lock"
ok "results that another run holds" says 1 "BAD lock $T/held.h5: another run holds this file: process $$ on " "${D[@]}" "$T/held.json"
sed -i 's/ start [0-9]*/ start 1/' "$T/held.h5.lock"
ok "a lock that was left over" says 0 "fine lock $T/held.h5.lock was left over by a run that is gone" "${D[@]}" "$T/held.json"
ok "which looking does not take" test -e "$T/held.h5.lock"
sed 's|"output"|"outptu"|' jobs/full_matrix.json >"$T/wrong.json"
fails 2 "outptu" "a job that is wrong" "${D[@]}" "$T/wrong.json"
fails 2 "at most one job" "two jobs" "${D[@]}" jobs/full_matrix.json jobs/qat.json
finish
