#!/usr/bin/env bash
# What takes minutes in a SLURM cluster: the time limit itself, preemption, a node that is set DOWN,
# limits of restarts, other launchers, and warnings at random moments.
. "$(dirname "$0")/../support/slurm.sh"

ok "SLURM's daemons start, and both nodes are idle" cluster_start 10
site_make
whole() {
    job=$(submit) && wait_until "end of job $job" job_settled "$job"
    job_log "$job"
    "$QGRID" digest "$OUT" >"$T/digest" && good "$job" 0
}
ok "an undisturbed run" whole

time_limit() { # ranks that do not react stand for a unit that lasts longer than the warning
    busy_job -t 1 || return 1
    # shellcheck disable=SC2046 # several processes
    kill -STOP $(pgrep -x qgrid) && good "$job" 1
}
ok "a job that ran into its time limit is queued again and goes on" time_limit
preempted() {
    busy_job -p low && srun -p high -N 2 --exclusive true && good "$job" 1
}
ok "a job of more importance takes the nodes: the job starts again and goes on" preempted

node_down() {
    busy_job && scontrol update NodeName=n2 State=DOWN Reason=test &&
        wait_until "end of the job's first start" sh -c "! squeue -h -j $job -t RUNNING | grep -q ." &&
        scontrol update NodeName=n2 State=RESUME && good "$job" 1
}
ok "a node is set DOWN: the job starts again and goes on" node_down

warned_twice() { busy_job && warn && warn && good "$job" 1; }
ok "two warnings are one" warned_twice

cancelled() {
    busy_job && scancel "$job" && wait_until "end of job $job" job_ended "$job"
    job_log "$job"
    job_is "$job" CANCELLED && sleep 5 && job_is "$job" CANCELLED && "$QGRID" verify "$OUT"
}
ok "scancel is the end: nothing is queued again, the file is sound" cancelled

limited() {
    export QGRID_RESTARTS=1
    with=(--max-time 0.05s)
    fresh_job && wait_until "end of job $job" job_settled "$job"
    unset QGRID_RESTARTS
    with=()
    job_log "$job"
    job_is "$job" FAILED && [ "$(job_says "$job" Restarts)" -eq 1 ] && told "$job" "not once more"
}
ok "a job is not queued again for ever" limited

refused() { # an older, finished file is no success of a run that did not take place
    job=$(submit) && wait_until "end of job $job" job_settled "$job" && good "$job" 0
    with=(--set /labels/0=none)
    job=$(submit) && wait_until "end of job $job" job_settled "$job"
    with=()
    job_log "$job"
    job_is "$job" FAILED && [ "$(job_says "$job" Restarts)" -eq 0 ]
}
ok "a job that is refused is FAILED, whatever an older file says" refused

elsewhere() {
    with=(--output results/other.h5 --set /bootstrap=50)
    rm -f "$OUT"
    job=$(submit) && wait_until "output" test -e results/other.h5 && warn && wait_until "end of job $job" job_settled "$job"
    with=()
    job_log "$job"
    job_is "$job" COMPLETED && [ "$(job_says "$job" Restarts)" -eq 1 ] && test ! -e "$OUT"
}
ok "--output and --set on the command line of sbatch hold for all starts" elsewhere

own_caches() { # each node's in a folder of its own
    # shellcheck disable=SC2016 # the node's shell expands it
    printf '#!/bin/sh\nQGRID_CACHE=%s/cache-$SLURMD_NODENAME exec %s "$@"\n' "$T" "$QGRID" >"$T/qgrid"
    chmod +x "$T/qgrid"
    QGRID=$T/qgrid busy_job && warn && good "$job" 1 && test -d "$T/cache-n1" && test -d "$T/cache-n2"
}
ok "each node has a cache of its own" own_caches

export QGRID_LAUNCH="srun --mpi=pmix"
by_srun() { fresh_job && good "$job" 0; }
ok "srun --mpi=pmix over both nodes" by_srun
srun_warned() { busy_job && warn && good "$job" 1; }
ok "and after a warning" srun_warned
srun_rank_killed() { busy_job && kill -9 "$(on_node n2 qgrid | head -n 1)" && good "$job" 1; }
ok "and after the death of a rank" srun_rank_killed
unset QGRID_LAUNCH

finish
