#!/usr/bin/env bash
# What takes minutes in a SLURM cluster: the time limit itself, ranks that do not react, preemption, a node
# that is set DOWN, lost ranks and daemons, limits of restarts, warning after warning, and srun as the launcher.
# shellcheck disable=SC2030,SC2031,SC2034 # each case has its own OUT and options, for tests/support/slurm.sh
. "$(dirname "$0")/../support/slurm.sh"

ok "SLURM's daemons start, and both nodes are idle" cluster_start

time_limit() { # SLURM's last signals stop the ranks again: a unit that is longer than the time
    GATE_AT=40+ in_the_middle -t 1 && wait_until "another start" started_again &&
        scontrol update JobId="$job" TimeLimit=30 && good "$job" 1 3
}
later "a job whose unit lasts longer than its time is queued again and goes on" time_limit

ranks_killed() {
    in_the_middle -n 4 --ntasks-per-node=2 && kill_on n2 qgrid && go_on && good "$job" 0 && h5dump -d /timing/run/lost_ranks "$OUT" &&
        h5dump -d /timing/run/lost_ranks "$OUT" | grep -q '(0): 2'
}
later "the ranks of a node are killed: the others do their work" ranks_killed

orted_killed() { in_the_middle -n 4 --ntasks-per-node=2 && kill_on n2 orted && go_on && good "$job" 1; }
later "a node's orted is killed: the job is queued again and goes on" orted_killed

script_killed() { # with the ranks; nothing is left on the node that could queue the job again
    in_the_middle && kill_on n1 qgrid mpirun && good "$job" 1
}
later "rank 0 and its launcher are killed: the job is queued again and goes on" script_killed

warned_at() { # WRITE MOST: of the results file, counted from the end if it is negative
    [ "$1" -gt 0 ] || set -- $(($(cat "$T/writes") + $1)) "$2"
    GATE_AT=$1 held_at write && warn && go_on && good "$job" "$2" 1
}
later "a warning at the first write to the results file: the job goes on" warned_at 1 1
later "so at the twentieth" warned_at 20 1
later "so late" warned_at -300 1
later "a warning when the last values are written: the job goes on, or is done" warned_at -3 0

warned_twice() { in_the_middle && warn && warn && go_on && good "$job" 1; }
later "two warnings are one, or drop what runs" warned_twice

held_or_ended() { job_has_ended "$job" || stands_still "$OUT.pid"; }
warned_always() { # in each start after some units
    local warnings=0 pid
    GATE_AT=600 held_at write || return 1
    while wait_until "another start" held_or_ended && ! job_has_ended "$job"; do
        warn && warnings=$((warnings + 1))
        read -r pid <"$OUT.pid" && rm "$OUT.pid" && kill -CONT "$pid" # the next start stops again
    done
    echo "warned $warnings times"
    [ $warnings -ge 3 ] && good "$job" $((warnings - 1)) $warnings # the last may come when all is done
}
later "warned again and again: the job ends with the same bits" warned_always

cancelled() {
    in_the_middle && scancel "$job" && go_on && ended "$job" CANCELLED 0 && told "$job" "SLURM ended job $job" && "$QGRID" verify "$OUT"
}
later "scancel is the end: nothing is queued again, the file is sound" cancelled

limited() {
    export QGRID_RESTARTS=1
    with+=(--max-time 0.05s)
    rm -f "$OUT"
    job=$(submit) && ended "$job" FAILED 1 && told "$job" "not once more"
}
later "a job is not queued again for ever" limited

refused() { # an older, finished file is no success of a run that did not take place
    job=$(submit) && good "$job" 0 || return 1
    with+=(--set /labels/0=none)
    job=$(submit) && ended "$job" FAILED 0
}
later "a job that is refused is FAILED, whatever an older file says" refused

overridden() { # by --set, besides --output; the bits are not those of the others
    with+=(--set /bootstrap=200)
    run_np 0 jobs/full_matrix.json --output "$OUT.alone" --set /bootstrap=200 || return 1
    in_the_middle && warn && go_on && ended "$job" COMPLETED 1 && [ "$(digest_of "$OUT")" = "$(digest_of "$OUT.alone")" ] &&
        [ "$(digest_of "$OUT")" != "$(cat "$T/digest")" ]
}
later "--output and --set on the command line of sbatch hold for all starts" overridden

own_caches() { # the same path on all nodes, on a disk of each
    QGRID_CACHE=$T/disk in_the_middle && warn && go_on && good "$job" 1 &&
        [ -n "$(ls "$CLUSTER/n1/disk")" ] && [ -n "$(ls "$CLUSTER/n2/disk")" ] && [ -z "$(ls "$T/disk")" ]
}
later "each node has a cache on a disk of its own" own_caches

by_srun() {
    export QGRID_LAUNCH="srun --mpi=pmix"
    "$@"
}
by_srun_whole() { job=$(submit -n 4) && good "$job" 0 && h5dump -d /timing/run/ranks "$OUT" | grep -q '(0): 4'; }
later "srun --mpi=pmix over both nodes" by_srun by_srun_whole
later "and after a warning" by_srun warned_twice
# srun ends all ranks, or the others go on.
srun_rank_killed() { in_the_middle && kill_on n2 qgrid && go_on && good "$job" 0 1; }
later "and after the death of a rank" by_srun srun_rank_killed
all_reported

# What hurts a node hurts all jobs on it.
preempted() { in_the_middle -p low && srun -p high -N 2 --exclusive true && good "$job" 1; }
later "a job of more importance takes the nodes: the job starts again and goes on" preempted
all_reported

stopped() { ! grep -q "^$job RUNNING" "$T/jobs"; }
node_down() {
    in_the_middle && scontrol update NodeName=n2 State=DOWN Reason=test && wait_until "end of the job's first start" stopped &&
        { scontrol update NodeName=n2 State=RESUME || true; } && # it may have come back by itself
        good "$job" 1 3                                          # the first starts may find it not ready
}
later "a node is set DOWN: the job starts again and goes on" node_down
all_reported
finish
