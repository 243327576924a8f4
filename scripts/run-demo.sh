#!/bin/sh
# run-demo.sh QGRID RANKS - runs jobs/full_matrix.json and says what to type next.
set -u
qgrid=$1 np=$2
echo "\$ mpirun -np $np $qgrid jobs/full_matrix.json"
mpirun -np "$np" "$qgrid" jobs/full_matrix.json
status=$?
[ $status -eq 0 ] || exit $status
cat <<EOF

Tables, figures and explanations on one page, for a browser: $PWD/results/report/index.html

What to type next:
  $qgrid show results/full_matrix.h5 finetuned_smsa/int8    all numbers of one cell
  $qgrid plan jobs/full_matrix.json --why                   what would run now, and why
  echo 'makanan nya enak sekali' | $qgrid predict -m models/mini-finetuned -p int8
  make test                                                 every test
  $qgrid --help                                             all commands
EOF
