#!/usr/bin/env bash
# make_all.sh [OUT] - every file of tests/golden/data that has a maker, then a check of those that
# have none. PYTHON names an interpreter that has the packages of README.md.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")"
export GLOG_minloglevel=2 OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
for script in make_tokenizer make_added make_models make_quant make_train make_xai; do
    echo "== $script"
    "${PYTHON:-python3}" -W ignore "$script.py" "$@"
done
echo "== make_mlm"
"${PYTHON:-python3}" make_mlm.py >"${1:-../data}/train/mlm.json"
echo "== check_reused"
"${PYTHON:-python3}" -W ignore check_reused.py "$@"
