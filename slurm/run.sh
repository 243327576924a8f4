# shellcheck shell=bash
# run.sh - sourced by the batch scripts: qgrid_run JOB [OPTION of qgrid run]... runs a job with mpirun,
# passes SLURM's warning (USR1) on, and queues the batch job again while work is left.
#
#   QGRID           the program (default: qgrid in PATH, else build/release/qgrid)
#   QGRID_LAUNCH    what starts the ranks (default: mpirun --enable-recovery -np TASKS; with it a rank
#                   that dies costs its unit, not the run), e.g. "srun --mpi=pmix"
#   QGRID_RESTARTS  how often SLURM is asked to start one batch job again (default 20)

export OMPI_MCA_btl_base_warn_component_unused=0 OPENBLAS_NUM_THREADS=1
QGRID="${QGRID:-$(command -v qgrid || echo build/release/qgrid)}"

qgrid_told() { # KEY: what the run wrote to its status file
    sed -n "s/^$1 //p" "$qgrid_file" 2>/dev/null | tail -n 1
}

# Before every rank catches signals one would kill the run, or be lost: it is kept until then.
qgrid_pass_on() {
    until [ -n "$(qgrid_told started)" ]; do
        kill -0 "$qgrid_pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -USR1 "$qgrid_pid" 2>/dev/null
}

# mpirun --enable-recovery may wait for ever for the ranks that were lost on another node.
qgrid_end_launcher() {
    until [ -n "$(qgrid_told status)" ]; do
        kill -0 "$qgrid_pid" 2>/dev/null || return 0
        sleep 2
    done
    for _ in {1..30}; do
        kill -0 "$qgrid_pid" 2>/dev/null || return 0
        sleep 1
    done
    echo "run.sh: the run has ended with status $(qgrid_told status), its launcher has not: it is told to" >&2
    kill "$qgrid_pid" 2>/dev/null
    sleep 15
    kill -KILL "$qgrid_pid" 2>/dev/null
}

# SLURM itself is ending the job, but for the time limit: by scancel, or to queue it again by itself.
qgrid_is_ended() { # JOB
    local about
    about=$(scontrol show job "$1" 2>/dev/null)
    [[ $about =~ JobState=(CANCELLED|COMPLETING) && ! $about =~ Reason=TimeLimit ]]
}

# qgrid itself counts how often a unit was tried and gives up the unit; the limit here is a second net.
qgrid_again() { # LIMIT
    local id=${SLURM_JOB_ID:-} restarts=${SLURM_RESTART_COUNT:-0}
    [ -n "$id" ] || return 0
    [ -z "${SLURM_ARRAY_TASK_ID:-}" ] || id=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID # not the whole array
    if qgrid_is_ended "$id"; then
        echo "run.sh: SLURM ended job $id; unless it queues it again, sbatch with the same script goes on" >&2
    elif [ "$restarts" -ge "$1" ]; then
        echo "run.sh: job $id was started again $restarts times, and work is left: not once more (QGRID_RESTARTS);" \
            "sbatch with the same script goes on" >&2
    else
        echo "run.sh: work is left, job $id is queued again" >&2
        scontrol requeue "$id"
    fi
}

qgrid_run() {
    local job=$1 option options=() launched status limit=${QGRID_RESTARTS:-20}
    local ranks=${SLURM_NTASKS:-$((${SLURM_JOB_NUM_NODES:-1} * ${SLURM_NTASKS_PER_NODE:-2}))}
    shift
    for option; do # what is begun anew is begun anew once
        [ "$option" = --fresh ] && [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ] || options+=("$option")
    done
    qgrid_file=$(mktemp) || return 1
    trap 'qgrid_warned=1; qgrid_pass_on &' USR1 TERM
    # shellcheck disable=SC2086 # a command and its options
    ${QGRID_LAUNCH:-mpirun --enable-recovery -np $ranks} "$QGRID" run "$job" --status-file "$qgrid_file" "${options[@]}" &
    qgrid_pid=$!
    [ -z "${qgrid_warned:-}" ] || qgrid_pass_on &
    qgrid_end_launcher &
    wait $qgrid_pid
    launched=$?
    while kill -0 $qgrid_pid 2>/dev/null; do # a signal ended the waiting
        wait $qgrid_pid
        launched=$?
    done
    # Launchers hide rank 0's status when they recover from lost ranks: rank 0 has written it down.
    status=$(qgrid_told status)
    if [ -z "$status" ]; then
        status=75
        if [ -n "$(qgrid_told started)" ]; then
            echo "run.sh: rank 0 or its launcher was killed (status $launched)" >&2
        elif [ -z "${qgrid_warned:-}" ]; then
            echo "run.sh: the ranks did not start (status $launched)" >&2
            [ "$limit" -lt 3 ] || limit=3
        fi
    fi
    rm -f "$qgrid_file"
    [ "$status" -ne 75 ] || qgrid_again "$limit"
    return "$status"
}
