#!/usr/bin/env bash
# Every command of README.md, in order, and its Python example. The commands for SLURM are run by
# test_slurm.sh; `make run` and `make test` are the way here.
. "$(dirname "$0")/../support/sh.sh"
if [ "${MODE:-release}" != release ]; then
    ok() { skip "README" "it is about the release build"; }
fi
mkdir "$T/site"
cp -r Makefile README.md src include tests scripts tools jobs datasets models slurm .ci "$T/site/"
mkdir -p "$T/site/results" "$T/site/build"
cp -r "$(dirname "$QGRID")" "$T/site/build/"
cd "$T/site" || exit 2
git -C "$T/site" init -q 2>/dev/null
n=0
while IFS= read -r line; do
    n=$((n + 1))
    if [ "$line" = make ]; then
        # The copied build is up to date but for its time stamps.
        ok "README: $line" make -t bins
        continue
    fi
    ok "README: $line" timeout 1800 bash -c "$line" </dev/null
done < <(sed -n '/^```console$/,/^```$/s/^\$ //p' README.md)
ok "README has commands" test $n -gt 10
sed -n '/^```python$/,/^```$/p' README.md | grep -v '^```' >"$T/example.py"
ok "the Python example" $PYTHON "$T/example.py"
table_has_all() { [ "$($PYTHON "$T/example.py" | grep -c /)" -eq 16 ]; }
ok "and it prints every cell" table_has_all
$PYTHON - >"$T/job.json" <<'EOF'
import re
print(re.search(r"```json\n(.*?)```", open("README.md").read(), re.S).group(1))
EOF
sed -i 's#datasets/tweets.csv#datasets/INA_TweetsPPKM_Labeled_Pure.csv#' "$T/job.json"
ok "the job of README is valid" "$QGRID" check "$T/job.json"
listed() {
    for p in $("$QGRID" list precisions | awk '/^  [a-z]/ && $1 != "options" {print $1}'); do
        grep -q "\`$p\`" README.md || { echo "README does not know $p"; return 1; }
    done
}
ok "README lists every precision" listed
targets() { for t in run test lint asan bench install help; do make help | grep -q "make $t" || return 1; done; }
ok "make help lists the targets" targets
finish
