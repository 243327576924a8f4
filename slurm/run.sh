# shellcheck shell=bash
# run.sh - sourced by the batch scripts: qgrid_run JOB runs a job with mpirun, passes SLURM's warning
# on, and queues the batch job again when qgrid says that work is left (exit status 75).

export OMPI_MCA_btl_base_warn_component_unused=0 OPENBLAS_NUM_THREADS=1
QGRID="${QGRID:-$(command -v qgrid || echo build/release/qgrid)}"

qgrid_run() {
    local job=$1 status output attempts started
    local ranks=${SLURM_NTASKS:-$((${SLURM_JOB_NUM_NODES:-1} * ${SLURM_NTASKS_PER_NODE:-2}))}
    shift
    output=$(sed -n 's/.*"output": *"\([^"]*\)".*/\1/p' "$job" | head -n 1)
    # --enable-recovery: a rank that dies costs its unit, not the run.
    mpirun --enable-recovery -np "$ranks" "$QGRID" run "$job" "$@" &
    local pid=$!
    trap 'kill -USR1 $pid' USR1 TERM
    wait $pid
    started=$?
    while kill -0 $pid 2>/dev/null; do
        wait $pid
        started=$?
    done
    trap - USR1 TERM
    [ $started -eq 2 ] || [ ! -e "$output" ] && return 2 # a bad job: nothing ran
    # mpirun hides rank 0's status when it recovers from lost ranks: the results file knows.
    "$QGRID" status "$output"
    status=$?
    attempts=${SLURM_RESTART_COUNT:-0}
    if [ $status -eq 75 ] && [ "$attempts" -lt 20 ] && [ -n "${SLURM_JOB_ID:-}" ]; then
        scontrol requeue "$SLURM_JOB_ID"
    fi
    return $status
}
