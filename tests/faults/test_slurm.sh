#!/usr/bin/env bash
# The batch scripts in a SLURM cluster of two nodes on this machine: whole runs, and what hurts them.
# tests/soak/test_slurm_soak.sh has more of it.
. "$(dirname "$0")/../support/slurm.sh"

ok "SLURM's daemons start, and both nodes are idle" cluster_start

time_limit() { # slurmctld looks at it every half minute
    in_the_middle && wait_until "a time limit" scontrol update JobId="$job" EndTime=now+2seconds &&
        wait_until "another start" started_again && scontrol update JobId="$job" TimeLimit=30 && good "$job" 1 3
}
later "the end of its time, while the ranks stand still: the job is queued again and goes on" time_limit

whole() {
    job=$(submit -n 4) && good "$job" 0 && told "$job" "8 cells done, 0 failed, 0 open" &&
        h5dump -d /timing/run/ranks "$OUT" | grep -q '(0): 4'
}
later "a whole run on four ranks ends COMPLETED" whole

warned() { "$@" && warn && go_on && good "$job" 1; }
later "a warning before the script knows run.sh is kept for the ranks" warned held_at scontrol
later "so is one before the ranks are started" warned held_at mpirun
later "so is one while they start" warned held_at qgrid
later "after a warning in the middle the job is queued again and goes on" warned in_the_middle

requeued() { in_the_middle && scontrol requeue "$job" && go_on && good "$job" 1; }
later "so after scontrol requeue" requeued

node_killed() { in_the_middle -n 4 && kill_on n2 orted qgrid && go_on && good "$job" 1; }
later "so after the death of all processes of a node" node_killed

array() { job=$(submit --array=1-2%1) && good "${job}_1" 0 && good "${job}_2" 0; }
later "tasks of an array find their scripts" array

all_reported
finish
