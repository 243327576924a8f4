# shellcheck shell=bash
# slurm.sh - a SLURM cluster of two nodes, n1 and n2, on this machine, for the script that sources
# this: munged, slurmctld and two slurmd. The script starts itself anew in namespaces of its own, so
# that the nodes have names (this machine's /etc/hosts stays as it is) and every process dies with it.
if [ "${QGRID_SLURM_INSIDE:-}" != 1 ]; then
    why=""
    for program in munged slurmctld slurmd sbatch scontrol unshare; do
        command -v $program >/dev/null || why="no $program here"
    done
    if [ -z "$why" ] && ! unshare -mup --fork --mount-proc mount -t tmpfs none /mnt 2>/dev/null; then
        why="needs root and namespaces"
    fi
    if [ -n "$why" ]; then
        echo "SKIPPED: ${0##*/}: $why"
        echo "0 passed, 0 failed, $(grep -cE '^ok "' "$0") skipped"
        exit 0
    fi
    QGRID_SLURM_INSIDE=1 exec unshare -mup --fork --kill-child --mount-proc bash "$0" "$@"
fi
. "$(dirname "${BASH_SOURCE[0]}")/sh.sh"
trap 'exit 143' TERM INT

CLUSTER=$T/cluster
export SLURM_CONF=$CLUSTER/slurm.conf
# Both nodes share this machine's loopback; mpirun takes SLURM's nodes, not the machine's cores.
export OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo

node_start() { # NODE: its slurmd, on a machine of that name
    unshare --uts bash -c "hostname $1 && exec slurmd -D -N $1" >"$CLUSTER/$1.out" 2>&1 &
}

nodes_idle() { [ "$(sinfo -h -t idle -o %D)" = 2 ]; }

cluster_start() { # KILLWAIT
    local base=$((20000 + 3 * (RANDOM % 3000)))
    mkdir -p "$CLUSTER/ctld" "$CLUSTER/n1" "$CLUSTER/n2"
    chmod 755 "$T"
    hostname ctl
    echo "127.0.0.1 localhost ctl n1 n2" >"$CLUSTER/hosts"
    mount --bind "$CLUSTER/hosts" /etc/hosts || return 1
    sed "s,@DIR@,$CLUSTER,; s,@KILLWAIT@,$1,; s,@PORT0@,$base,; s,@PORT1@,$((base + 1)),; s,@PORT2@,$((base + 2))," \
        tests/support/slurm.conf.in >"$SLURM_CONF"
    head -c 1024 /dev/urandom >"$CLUSTER/munge.key"
    chmod 400 "$CLUSTER/munge.key"
    munged -F -f -S "$CLUSTER/munge.socket" --key-file "$CLUSTER/munge.key" --pid-file "$CLUSTER/munge.pid" \
        --log-file "$CLUSTER/munge.log" --seed-file "$CLUSTER/munge.seed" >"$CLUSTER/munge.out" 2>&1 &
    wait_until "munge's socket" test -S "$CLUSTER/munge.socket" || return 1
    slurmctld -D -i >"$CLUSTER/ctld.out" 2>&1 &
    node_start n1
    node_start n2
    WHILE=$! wait_until "two idle nodes" nodes_idle
}

job_says() { # JOB FIELD: of `scontrol show job`
    scontrol show job "$1" 2>/dev/null | grep -oP "(?<=\b$2=)\S+" | head -n 1
}
job_is() { [[ " ${*:2} " == *" $(job_says "$1" JobState) "* ]]; } # JOB STATE...
job_ended() { job_is "$1" COMPLETED FAILED CANCELLED TIMEOUT NODE_FAIL PREEMPTED BOOT_FAIL; }
job_waits() { job_is "$1" PENDING && [ "$(job_says "$1" Reason)" = BeginTime ]; }
job_settled() { # JOB: it has ended; SLURM lets a job that is queued again wait for two minutes, we do not
    ! job_waits "$1" || scontrol update JobId="$1" StartTime=now
    job_ended "$1"
}

# A folder as users have it: the shipped scripts, with a job of some seconds under the name of theirs.
SITE=$T/site
OUT=results/full_matrix.h5
site_make() {
    mkdir -p "$SITE/results"
    cp -r slurm datasets models "$SITE/"
    mkdir "$SITE/jobs"
    cd "$SITE" || exit 2
    cat >jobs/full_matrix.json <<JOB
{
  "name": "full_matrix", "output": "$OUT", "labels": ["positive", "neutral", "negative"],
  "unit_tokens": 64, "bootstrap": 100,
  "models": {"finetuned": "models/mini-finetuned"},
  "datasets": {"smsa": {"path": "datasets/test.tsv", "sample": {"count": 150, "seed": 1}}},
  "experiments": {"a": {"model": "finetuned", "dataset": "smsa"}},
  "precisions": ["fp32", "int8"],
  "explain": {"methods": ["gradient_x_input", {"method": "lime", "samples": 150}],
              "samples": {"per_class": 10}, "target": "reference"}
}
JOB
    export QGRID
}

with=() # options of qgrid run
submit() { # OPTION of sbatch...: queues slurm/full_matrix.sbatch on both nodes and tells its number
    sbatch --parsable -N 2 -n 4 --mem-per-cpu=10 "$@" slurm/full_matrix.sbatch "${with[@]}"
}
started() { job_is "$1" RUNNING; } # JOB
job_log() { cat "results/slurm-qgrid-full-matrix-$1.out"; }
told() { job_log "$1" | grep -qF -- "$2"; } # JOB TEXT

# JOB RESTARTS: it ends COMPLETED, was started again so many times, and has the undisturbed run's bits.
good() {
    wait_until "end of job $1" job_settled "$1"
    if job_is "$1" COMPLETED && [ "$(job_says "$1" Restarts)" -eq "$2" ] &&
        [ "$("$QGRID" digest "$OUT")" = "$(cat "$T/digest")" ]; then
        return 0
    fi
    scontrol show job "$1" | grep -E 'JobState|Restarts'
    job_log "$1"
    return 1
}

on_node() { # NODE NAME: processes of jobs of that name on that node
    local p
    for p in $(pgrep -x "$2"); do
        tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null | grep -qx "SLURMD_NODENAME=$1" && echo "$p"
    done
    return 0
}

# The batch script runs and catches the warning. Before this moment no script can.
catches() {
    local p mask
    for p in $(pgrep -f 'slurm_script$'); do
        mask=$(sed -n 's/^SigCgt:\t//p' "/proc/$p/status" 2>/dev/null)
        if [ -n "$mask" ] && [ $((0x$mask >> 9 & 1)) = 1 ]; then return 0; fi
    done
    return 1
}

fresh_job() { # OPTION of sbatch...: a job of which there is no results file; its number in `job`
    rm -f "$OUT"
    job=$(submit "$@") && wait_until "start of job $job" catches
}
busy_job() { # OPTION of sbatch...: the same, in the middle of its work
    fresh_job "$@" && wait_until "results file" test -e "$OUT" && wait_until "progress" has_units "$OUT" 12
}
warn() { scancel --batch --signal=USR1 "$job"; }
