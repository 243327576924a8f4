#!/usr/bin/env bash
# Many units (UNITS, 3000 at least) in one run: the memory of each rank and the number of its open files stay
# as they are from a tenth of the work on.
. "$(dirname "$0")/../support/sh.sh"
for _ in $(seq $((${UNITS:-3000} / 660 + 1))); do cat datasets/test.tsv; done >"$T/texts.tsv"
cat >"$T/job.json" <<EOF
{
  "name": "flat", "output": "$T/out.h5", "labels": ["positive", "neutral", "negative"], "unit_tokens": 8,
  "models": {"finetuned": "models/mini-finetuned"}, "datasets": {"smsa": {"path": "$T/texts.tsv", "format": "smsa"}},
  "experiments": {"a": {"model": "finetuned", "dataset": "smsa"}}, "precisions": ["fp32", "int8"]
}
EOF
cat >"$T/watch.py" <<'EOF'
# watch.py PATTERN FILE: RSS (MiB) and open files of the ranks, from a tenth of the units to nine tenths
import glob, h5py, os, sys, time
def ranks():
    found = {}
    for p in glob.glob("/proc/[0-9]*"):
        try:
            if sys.argv[1] in open(p + "/cmdline").read():
                for v in open(p + "/environ").read().split("\0"):
                    if v.startswith("OMPI_COMM_WORLD_RANK="):
                        found[int(v[21:])] = p
        except OSError:
            pass
    return found
def state(p):
    rss = [l for l in open(p + "/status") if l.startswith("VmRSS")][0].split()[1]
    return int(rss) / 1024, len(os.listdir(p + "/fd"))
def share():
    try:
        with h5py.File(sys.argv[2]) as f:
            return (f["units/state"][:] == 1).mean(), f["units/state"].shape[0]
    except OSError:
        return 0, 0
first, last, n = {}, {}, 0
while True:
    done, units = share()
    n = max(n, units)
    if done >= 0.9:
        break
    try:
        for r, p in ranks().items():
            last[r] = state(p)
            if done >= 0.1:
                first.setdefault(r, last[r])
    except (OSError, IndexError):
        break
    time.sleep(0.2)
bad = len(first) != 2
for r in sorted(first):
    print("rank %d, %d units: %.1f MiB, %d files; then %.1f MiB, %d files" % ((r, n) + first[r] + last[r]))
    bad |= last[r][0] > first[r][0] + 4 or last[r][1] > first[r][1]
sys.exit(bad)
EOF
flat() {
    local pid
    mpirun -np 2 "$QGRID" run --progress none "$T/job.json" >"$T/log" 2>&1 &
    pid=$!
    WHILE=$pid wait_until "results file" test -e "$T/out.h5" || return 1
    timeout "$HANG" "$PYTHON" "$T/watch.py" "$T/job.json" "$T/out.h5"
    local flat=$?
    wait $pid && [ $flat = 0 ]
}
ok "memory and open files of the ranks stay as they are" flat
cat "$T/out"
finish
