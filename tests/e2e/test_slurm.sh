#!/usr/bin/env bash
# The batch scripts under an imitation of SLURM's commands.
. "$(dirname "$0")/../support/sh.sh"
mkdir "$T/bin"
cat >"$T/bin/scontrol" <<EOF
#!/bin/sh
[ "\$1" = show ] && echo "   Command=\$SCRIPT" && exit 0
echo "\$@" >>"$T/requeued"
EOF
chmod +x "$T/bin/scontrol"
ln -s "$QGRID" "$T/bin/qgrid"
batch() { # SCRIPT: as sbatch would start it, from the submit folder
    env PATH="$T/bin:$PATH" SCRIPT="$PWD/$1" SLURM_JOB_ID=7 SLURM_NTASKS=3 SLURM_SUBMIT_DIR="$PWD" \
        QGRID_CACHE="$T/cache" timeout $HANG bash "$1"
}
site=$T/site
mkdir -p "$site"
cp -r slurm jobs datasets models "$site/"
mkdir "$site/results"
cd "$site" || exit 2
sed -i 's/"runs": 20/"runs": 2/; s/"per_class": 17/"per_class": 1/' jobs/full_matrix.json
ok "slurm/full_matrix.sbatch runs the job" batch slurm/full_matrix.sbatch
ok "all cells are done" "$QGRID" status results/full_matrix.h5
ok "nothing is queued again" test ! -e "$T/requeued"
rm results/full_matrix.h5
sed -i 's/qgrid_run jobs.*/qgrid_run jobs\/full_matrix.json --max-time 0.05s/' slurm/full_matrix.sbatch
fails 75 "open" "an interrupted job says so" batch slurm/full_matrix.sbatch
ok "and is queued again" grep -q "requeue 7" "$T/requeued"
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
whole_nodes() { grep -q '^#SBATCH --exclusive$' "$1" && grep -q '^#SBATCH --nodes=' "$1" && grep -q '^#SBATCH --ntasks-per-node=' "$1"; }
ok "slurm/paper.sbatch asks for whole nodes" whole_nodes slurm/paper.sbatch
fails 2 "models/indobert-base-p2" "slurm/paper.sbatch says what is missing" batch slurm/paper.sbatch
finish
