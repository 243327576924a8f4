#!/usr/bin/env bash
# The batch scripts in a cluster of two nodes: whole runs, and what hurts them. tests/soak/test_slurm_soak.sh
# has what takes minutes.
. "$(dirname "$0")/../support/slurm.sh"

ok "SLURM's daemons start, and both nodes are idle" cluster_start 10
site_make
whole() {
    job=$(submit) && wait_until "end of job $job" job_settled "$job"
    job_log "$job"
    "$QGRID" digest "$OUT" >"$T/digest" && good "$job" 0 && told "$job" "8 cells done, 0 failed, 0 open"
}
ok "a whole run ends COMPLETED" whole
four_ranks() { h5dump -d /timing/run/ranks "$OUT" | grep -q '(0): 4'; }
ok "on four ranks" four_ranks

warned_after() { # SECONDS: after the script's start
    fresh_job && sleep "$1" && warn && good "$job" 1
}
ok "a warning 0.3 s after the script's start is kept for the ranks" warned_after 0.3
ok "so is one after 1.5 s" warned_after 1.5

warned_in_the_middle() {
    busy_job && warn && good "$job" 1 && told "$job" "Interrupted; the same command goes on"
}
ok "after a warning in the middle the job is queued again and goes on" warned_in_the_middle

requeued() { busy_job && scontrol requeue "$job" && good "$job" 1; }
ok "scontrol requeue in the middle: the job goes on" requeued

orted_killed() {
    # shellcheck disable=SC2046 # one process, or none: then kill fails
    busy_job && kill -9 $(on_node n2 orted) && good "$job" 1
}
ok "a node's orted is killed: the job is queued again and goes on" orted_killed

array() {
    rm -f "$OUT"
    job=$(submit --array=1-2%1) && wait_until "end of task 1" job_settled "${job}_1" && good "${job}_2" 0
}
ok "tasks of an array find their scripts" array

finish
