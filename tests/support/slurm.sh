# shellcheck shell=bash disable=SC2030,SC2031,SC2034 # each case has its own OUT; WHILE is for sh.sh
# slurm.sh - a SLURM cluster of two nodes, n1 and n2, on this machine, for the script that sources
# this: munged, slurmctld and two slurmd. The script starts itself anew in namespaces of its own: the
# nodes have names, ports and processes are its own, this machine's /etc/hosts stays as it is, and
# every process ends with the script.
#
# Cases run at the same time, each with a results file of its own: `later "sentence" COMMAND...` begins
# one, and `all_reported` waits for them. A job is hurt while it stands still at a gate, so
# that no machine is too slow or too fast for it.
if [ "${QGRID_SLURM_INSIDE:-}" != 1 ]; then
    why=""
    for program in munged slurmctld slurmd sbatch srun scontrol unshare ip; do
        command -v $program >/dev/null || why="no $program here (make slurm-deps)"
    done
    if [ -z "$why" ] && ! unshare -mupn --fork --mount-proc sh -c 'mount -t tmpfs none /mnt && ip link set lo up' 2>/dev/null; then
        why="needs root and namespaces"
    fi
    if [ -n "$why" ]; then
        echo "SKIPPED: ${0##*/}: $why"
        echo "0 passed, 0 failed, $(grep -cE '^(ok|later) "' "$0") skipped"
        exit 0
    fi
    folder=$(mktemp -d)
    QGRID_SLURM_INSIDE=1 TMPDIR=$folder unshare -mupn --fork --kill-child --mount-proc bash "$0" "$@" &
    inside=$!
    trap 'kill -KILL $inside' INT TERM HUP
    wait $inside
    status=$?
    until rm -rf "$folder" 2>/dev/null; do sleep 0.1; done # its last processes are just ending
    exit $status
fi
. "$(dirname "${BASH_SOURCE[0]}")/sh.sh"
. "$(dirname "${BASH_SOURCE[0]}")/faults.sh"
trap - EXIT # what is in the folder ends first

CLUSTER=$T/cluster
export SLURM_CONF=$CLUSTER/slurm.conf
# Both nodes share the loopback, and all ranks few cores.
export OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo OMPI_MCA_mpi_yield_when_idle=1

node_start() { # NODE: its slurmd, on a machine of that name, with a disk of its own at $T/disk
    mkdir -p "$CLUSTER/$1/disk" "$T/disk"
    unshare --uts --mount bash -c "hostname $1 && mount --bind $CLUSTER/$1/disk $T/disk && exec slurmd -D -N $1" \
        >"$CLUSTER/$1.out" 2>&1 &
}

nodes_idle() { [ "$(sinfo -h -t idle -o %D)" = 2 ]; }

daemons_start() {
    mkdir -p "$CLUSTER/ctld" "$CLUSTER/n1" "$CLUSTER/n2"
    hostname ctl
    ip link set lo up && ip address add 127.0.0.2 dev lo # with 127.0.0.1 alone getaddrinfo finds no address to listen on
    echo "127.0.0.1 localhost ctl n1 n2" >"$CLUSTER/hosts"
    mount --bind "$CLUSTER/hosts" /etc/hosts || return 1
    sed "s,@DIR@,$CLUSTER," tests/support/slurm.conf.in >"$SLURM_CONF"
    head -c 1024 /dev/urandom >"$CLUSTER/munge.key"
    chmod 400 "$CLUSTER/munge.key"
    munged -F -f -S "$CLUSTER/munge.socket" --key-file "$CLUSTER/munge.key" --pid-file "$CLUSTER/munge.pid" \
        --log-file "$CLUSTER/munge.log" --seed-file "$CLUSTER/munge.seed" >"$CLUSTER/munge.out" 2>&1 &
    WHILE=$! wait_until "munge's socket" test -S "$CLUSTER/munge.socket" || return 1
    slurmctld -D -i >"$CLUSTER/ctld.out" 2>&1 &
    WHILE=$! # from here on nothing is waited for without it
    node_start n1
    node_start n2
    wait_until "two idle nodes" nodes_idle
}

# A folder as users have it: the shipped scripts, with a job of some seconds under the name of theirs.
SITE=$T/site
OUT=results/full_matrix.h5
site_make() {
    mkdir -p "$SITE/results" "$SITE/jobs"
    cp -r slurm datasets models "$SITE/"
    cat >"$SITE/jobs/full_matrix.json" <<JOB
{
  "name": "full_matrix", "output": "$OUT", "labels": ["positive", "neutral", "negative"],
  "unit_tokens": 64, "bootstrap": 100,
  "models": {"finetuned": "models/mini-finetuned"},
  "datasets": {"smsa": {"path": "datasets/test.tsv", "sample": {"count": 150, "seed": 1}}},
  "experiments": {"a": {"model": "finetuned", "dataset": "smsa"}},
  "precisions": ["fp32", "int8"],
  "explain": {"methods": ["gradient_x_input", {"method": "lime", "samples": 40}],
              "samples": {"per_class": 4}, "target": "reference"}
}
JOB
}

# The cluster, the folder, the bits that every run must have, and how often one writes.
cluster_start() {
    site_make && gates_make || return 1
    (cd "$SITE" && count_calls write "$T/alone.h5" run_np 0 jobs/full_matrix.json --output "$T/alone.h5") >"$T/writes" &
    local alone=$!
    daemons_start && cd "$SITE" || return 1
    : >"$T/jobs"
    jobs_watch &
    wait $alone && digest_of "$T/alone.h5" >"$T/digest"
}

# What SLURM says of all jobs, "NUMBER STATE REASON ID" each, in the file $T/jobs. SLURM lets a job that is
# queued again wait for two minutes; here it need not wait longer than for the end of its last start, whose
# status would count as that of the next.
jobs_watch() {
    local number state reason id
    while squeue -h -t all -r -o '%i %T %r %A' >"$T/jobs.new"; do
        mv "$T/jobs.new" "$T/jobs"
        while read -r number state reason id; do
            [ "$state $reason" = "PENDING BeginTime" ] && ! pgrep -f "^slurmstepd: \[$id\." >/dev/null &&
                scontrol update JobId="$number" StartTime=now
        done <"$T/jobs"
        sleep 0.2
    done
}

# Programs of the job that stop themselves before they begin, once: $GATE is the program's name, or
# "write", where qgrid stops at rank 0's GATE_AT-th write to the results file $GATE_FILE. $GATE_PID is
# the file with the process; who removes it closes the gate again.
gates_make() {
    local program
    mkdir "$T/gates"
    for program in scontrol mpirun qgrid; do
        cat >"$T/gates/$program" <<GATE
#!/bin/bash
if [ -n "\${GATE:-}" ] && [ ! -e "\$GATE_PID" ] && [ "\${OMPI_COMM_WORLD_RANK:-\${SLURM_PROCID:-0}}" = 0 ]; then
    case \$GATE:$program in
    $program:$program) echo \$\$ >"\$GATE_PID" && kill -STOP \$\$ ;;
    write:qgrid)
        echo \$\$ >"\$GATE_PID"
        export LD_PRELOAD=$FAULTY FAULTY_CALL=write FAULTY_PATH="*/\$GATE_FILE" FAULTY_AT="\$GATE_AT" FAULTY_DO=stop
        ;;
    esac
fi
exec $(if [ $program = qgrid ]; then echo "$QGRID"; else command -v $program; fi) "\$@"
GATE
    done
    chmod +x "$T/gates"/*
}

cases=()
later() { # SENTENCE COMMAND...
    local name=$1 n=${#cases[@]}
    shift
    cases+=("$name")
    (
        OUT=results/$n.h5
        with=(--output "$OUT")
        "$@"
        echo $? >"$T/$n.status"
    ) >"$T/$n.out" 2>&1 &
}
result_of() { # N
    wait_until "end of the case" test -s "$T/$1.status"
    cat "$T/$1.out"
    return "$(cat "$T/$1.status" || echo 1)"
}
reported=0
all_reported() {
    for ((; reported < ${#cases[@]}; reported++)); do
        ok "${cases[$reported]}" result_of "$reported"
    done
}

job_says() { # JOB FIELD: of `scontrol show job`
    scontrol show job "$1" 2>/dev/null | grep -oP "(?<=\b$2=)\S+" | head -n 1
}
job_has_ended() { # JOB
    [[ $'\n'$(<"$T/jobs") =~ $'\n'$1\ (COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL|PREEMPTED|BOOT_FAIL|OUT_OF_MEMORY|DEADLINE)\  ]]
}

with=() # options of qgrid run
submit() { # OPTION of sbatch...: queues slurm/full_matrix.sbatch on both nodes, tells its number
    PATH=$T/gates:$PATH QGRID=$T/gates/qgrid sbatch --parsable -N 2 -n 2 --mem-per-cpu=10 "$@" \
        slurm/full_matrix.sbatch "${with[@]}"
}
job_log() { cat "$(job_says "$1" StdOut)"; } # JOB
told() { job_log "$1" | grep -qF -- "$2"; } # JOB TEXT

ended() { # JOB STATE RESTARTS [MOST]: it ends so, started again so many times, or so many to MOST
    wait_until "end of job $1" job_has_ended "$1" || return 1
    local restarts
    restarts=$(job_says "$1" Restarts)
    job_log "$1"
    grep -w "JobId=$1" "$CLUSTER/ctld.log" # what SLURM did, and when
    echo "job $1: $(job_says "$1" JobState), started again $restarts times"
    [ "$(job_says "$1" JobState)" = "$2" ] && [ "$restarts" -ge "$3" ] && [ "$restarts" -le "${4:-$3}" ]
}
good() { # JOB RESTARTS [MOST]: the same, COMPLETED and with the bits of a run that nobody hurt
    ended "$1" COMPLETED "${@:2}" && "$QGRID" verify "$OUT" &&
        [ "$(digest_of "$OUT")" = "$(cat "$T/digest")" ]
}

stands_still() { # FILE: the process in it
    local pid state
    [ -s "$1" ] && read -r pid <"$1" && read -r _ _ state _ <"/proc/$pid/stat" && [ "$state" = T ]
} 2>/dev/null
held_at() { # GATE OPTION of sbatch...: a new job, in `job`, that stands still there
    local gate=$1
    shift
    rm -f "$OUT" "$OUT.pid"
    job=$(GATE=$gate GATE_PID=$OUT.pid GATE_FILE=$OUT GATE_AT=${GATE_AT:-40} submit "$@") &&
        wait_until "$gate of job $job" stands_still "$OUT.pid"
}
in_the_middle() { # OPTION of sbatch...: the same, when some units are done, others are not
    local states
    held_at write "$@" || return 1
    states=$(h5dump -y -d /units/state "$OUT" | sed '1,/DATA {/d' | tr -cd 01)
    echo "units: $states"
    [[ $states =~ 1.*1.*0.*0 ]]
}
go_on() { kill -CONT "$(cat "$OUT.pid")" || true; } # SLURM may have ended it
started_again() { [ "$(job_says "$job" Restarts)" -ge 1 ]; }
warn() { scancel --batch --signal=USR1 "$job"; }

of_job() { # JOB NAME NODE: its processes of that name, on that node
    local p said
    for p in $(pgrep -x "$2"); do
        said=$(tr '\0' '\n' 2>/dev/null <"/proc/$p/environ" | grep -E '^(SLURM_JOB_ID|SLURMD_NODENAME)=')
        [[ "$said" =~ SLURM_JOB_ID=$1($|[^0-9]) && "$said" == *"SLURMD_NODENAME=$3"* ]] && echo "$p"
    done
    return 0
}
kill_on() { # NODE NAME...: the job's processes of these names there
    local name processes=""
    for name in "${@:2}"; do
        processes+=" $(of_job "$job" "$name" "$1")"
    done
    # shellcheck disable=SC2086 # several processes
    kill -KILL $processes
}
