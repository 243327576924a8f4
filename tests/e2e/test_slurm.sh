#!/usr/bin/env bash
# What the batch scripts ask for, and run.sh where there is no SLURM. tests/faults/test_slurm.sh runs them in a cluster.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
mkdir "$T/fake"
printf '#!/bin/sh\necho "$@" >"%s/started"\n' "$T" >"$T/fake/mpirun"
chmod +x "$T/fake/mpirun"
starts() { # RANKS VARIABLES...: how many ranks run.sh asks mpirun for
    local want=$1
    shift
    env "$@" PATH="$T/fake:$PATH" bash -c '. slurm/run.sh && qgrid_run jobs/none.json'
    grep -q -- "-np $want " "$T/started"
}
ok "as many ranks as SLURM has tasks" starts 64 SLURM_NTASKS=64 SLURM_JOB_NUM_NODES=2 SLURM_NTASKS_PER_NODE=31
ok "or as its nodes have, where it does not count them" starts 62 SLURM_JOB_NUM_NODES=2 SLURM_NTASKS_PER_NODE=31
ok "two without SLURM" starts 2
anew() { # RESTARTS: whether the run is begun anew
    env PATH="$T/fake:$PATH" SLURM_RESTART_COUNT="$1" bash -c '. slurm/run.sh && qgrid_run jobs/none.json --fresh --only x'
    grep -q -- "--only x" "$T/started" && grep -q -- "--fresh" "$T/started"
}
ok "--fresh begins anew" anew 0
begun_once() { ! anew 1 && grep -q -- "--only x" "$T/started"; }
ok "but a job that SLURM started again goes on" begun_once

in_shell() { env -u SLURM_JOB_ID bash -c '. slurm/run.sh && qgrid_run "$@"' qgrid_run "$@"; }
export QGRID
small=(jobs/full_matrix.json --only 'finetuned_smsa/int8' --output "$T/small.h5")
fails 75 "the same command goes on" "an interrupted run says so" in_shell "${small[@]}" --max-time 0.001s
ok "and goes on" in_shell "${small[@]}"
fails 2 "nothing" "a run that is refused is no success, whatever an older file says" in_shell "${small[@]}" --only nothing
unwritten() { env TMPDIR="$T" "$QGRID" run --progress none "${small[@]}" --status-file "$T/none/status"; }
fails 0 "$T/none/status" "a status file that cannot be written is warned of, and the run goes on" unwritten

whole_nodes() { grep -q '^#SBATCH --exclusive$' "$1" && grep -q '^#SBATCH --nodes=' "$1" && grep -q '^#SBATCH --ntasks-per-node=' "$1"; }
ok "slurm/paper.sbatch asks for whole nodes" whole_nodes slurm/paper.sbatch
fails 2 "models/indobert-base-p2" "its job says what is missing" in_shell jobs/paper.json
finish
