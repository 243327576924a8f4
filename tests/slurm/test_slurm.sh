#!/usr/bin/env bash
# The batch scripts in a cluster of two nodes: whole runs, and what hurts them.
. "$(dirname "$0")/../support/slurm.sh"

ok "SLURM's daemons start, and both nodes are idle" cluster_start 10
site_make
whole() {
    local job
    job=$(submit) && wait_until "end of job $job" job_settled "$job"
    job_log "$job"
    "$QGRID" digest $OUT >"$T/digest" && good "$job" 0 && told "$job" "8 cells done, 0 failed, 0 open"
}
ok "a whole run ends COMPLETED" whole

timing() { local j; j=$(submit --wrap x 2>/dev/null) || true; cat >t.sbatch <<X
#!/bin/bash
date +%s.%N; mpirun -np 4 hostname; date +%s.%N; mpirun -np 4 $QGRID run jobs/full_matrix.json --progress none --output results/y.h5; date +%s.%N
X
sbatch -W -N 2 -n 4 -o t.out t.sbatch; cat t.out; }

warned() { # SECONDS: after its start
    rm -f $OUT
    local job
    job=$(submit) && WHILE= wait_until "start of job $job" started "$job"
    sleep "$1"
    scancel --batch --signal=USR1 "$job"
    good "$job" 1
}
ok "0.3" warned 0.3
ok "1.5" warned 1.5
ok "0" warned 0
finish
