#!/usr/bin/env bash
# test_figures.sh - figures of the report: which there are, well-formed, equal to the byte from files of 1 and 3 ranks,
# their data against the file's by h5py, a PDF by pdflatex; docs/figures.md names all of them.
# shellcheck source=tests/support/sh.sh
source "$(dirname "$0")/../support/sh.sh"

cat >"$T/job.json" <<'END'
{"name": "figures", "labels": ["positive", "neutral", "negative"], "max_length": 64,
 "models": {"m": "models/mini-finetuned"},
 "datasets": {"d": {"path": "datasets/test.tsv", "format": "smsa", "normalize": "whitespace"}},
 "experiments": {"e": {"model": "m", "dataset": "d"}},
 "precisions": ["fp32", "int8", "int4"],
 "explain": {"methods": ["gradient_x_input", "occlusion"], "samples": {"per_class": 3}, "faithfulness": {"k": [3, 5], "curve_steps": 0}},
 "stress": {"datasets": ["d"], "perturbations": ["typos"], "levels": [0, 0.2]},
 "latency": {"runs": 2, "warmup": 0, "samples": 3}}
END
ok "a job" run_np 1 "$T/job.json" --output "$T/1.h5"
ok "the same on 3 ranks" run_np 3 "$T/job.json" --output "$T/3.h5"
ok "a report" "$QGRID" report "$T/1.h5" -o "$T/a"
ok "once more" "$QGRID" report "$T/1.h5" -o "$T/b"
ok "a report of the other" "$QGRID" report "$T/3.h5" -o "$T/c"
ok "the same bytes twice" diff -r "$T/a/figures" "$T/b/figures"
ok "the same bytes from 3 ranks, but what was timed" diff -r -x 'latency.*' -x 'pareto.*' -x 'ranks.*' -x 'memory.*' "$T/a/figures" "$T/c/figures"

for name in pareto classes lengths accuracy differences critical_difference per_class_f1 confusion confusion_shares calibration \
    reliability_lines reliability size latency drift_map drift drift_ranks rho_distributions top_words agreement_of_methods \
    faithfulness perturbation_curves noise_curves noise_flips ranks memory; do
    ok "there is $name" test -s "$T/a/figures/$name.svg" -a -s "$T/a/figures/$name.csv" -a -s "$T/a/figures/$name.tex"
done
ok "no figure of what the file has not" test ! -e "$T/a/figures/training.svg"

cat >"$T/check.py" <<'END'
import csv
import glob
import re
import sys
import xml.etree.ElementTree as tree
import h5py
import numpy as np

dir, f = sys.argv[1], h5py.File(sys.argv[2])
SVG = '{http://www.w3.org/2000/svg}'
seen = set()
for path in sorted(glob.glob(dir + '/*.svg')):
    root = tree.parse(path).getroot()
    ids = [e.get('id') for e in root.iter() if e.get('id')]
    assert len(ids) == len(set(ids)) and not seen & set(ids), (path, ids)
    seen |= set(ids)
    assert root.get('role') == 'img' and root.get('aria-labelledby') in ids and root.get('aria-describedby') in ids, path
    box = [float(x) for x in root.get('viewBox').split()]
    for e in root.iter(SVG + 'text'):  # nothing begins outside the paper
        if e.get('x'):
            assert box[0] <= float(e.get('x')) <= box[0] + box[2] and 0 <= float(e.get('y')) <= box[3], (path, e.attrib)
    assert not re.search('nan|inf[^i]|http://(?!www.w3.org/2000/svg)|https:|<script|url\\(', open(path).read().split('</style>')[1]), path

rows = lambda name: list(csv.DictReader(open(f'{dir}/{name}.csv', newline='')))
for p in ('fp32', 'int8', 'int4'):
    (r,) = [r for r in rows('accuracy') if r['y'] == p]
    n, x = float(r['n']), float(r['x'])
    assert x == f[f'metrics/m/d/{p}/accuracy'][()], (p, x)
    z, k = 1.959963984540054, x * n
    half = z * np.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    middle = (k + z * z / 2) / (n + z * z)
    assert np.allclose([float(r['low']), float(r['high'])], [middle - half, middle + half], rtol=1e-12), r
    cells = [r for r in rows('confusion') if r['panel'] == f'e, {p}']
    got = np.array([float(r['value']) for r in cells]).reshape(3, 3)
    assert (got == f[f'metrics/m/d/{p}/confusion'][()]).all(), got
    bars = [r for r in rows('reliability') if r['panel'] == f'e, {p}' and r['series'] == 'accuracy']
    count, accuracy = f[f'metrics/m/d/{p}/bin_count'][()], f[f'metrics/m/d/{p}/bin_accuracy'][()]
    assert [float(r['y']) for r in bars] == list(accuracy[count > 0]), bars
for r in rows('drift'):
    if r['series'] in ('int8', 'int4'):
        x = f[f'comparisons/m/d/{r["series"]}/{r["y"]}/spearman'][()]
        want = np.nanpercentile(x, [50, 5, 95, 25, 75])
        got = [float(r[k]) for k in ('x', 'low', 'high', 'q1', 'q3')]
        assert np.allclose(got, want, rtol=1e-12) and float(r['n']) == np.isfinite(x).sum(), (r, want)
label = f['datasets/d/label'][()]
p = np.stack([f[f'predictions/m/d/{k}/probabilities'][()][np.arange(len(label)), label] for k in ('fp32', 'int8', 'int4')], 1)
rank = [[(-row < -v).sum() + ((row == v).sum() + 1) / 2 for v in row] for row in p]
mean = dict(zip(('fp32', 'int8', 'int4'), np.mean(rank, 0)))
got = {r['y']: float(r['x']) for r in rows('critical_difference')}
assert all(abs(got[k] - mean[k]) < 1e-12 for k in mean), (got, mean)
for r in rows('noise_curves'):
    at = list(f['stress/m/d/typos/level'][()]).index(float(r['x']))
    of = [x.decode() for x in f['stress/m/d/typos/precision'][()]].index(r['series'])
    assert (np.array([r['y'], r['low'], r['high']], float) == f['stress/m/d/typos/accuracy'][of, at]).all(), r
END
ok "well-formed, inside its paper, and what the file has" "$PYTHON" "$T/check.py" "$T/a/figures" "$T/1.h5"

if command -v pdflatex >/dev/null; then
    ok "PDFs for a paper" make -s -C "$T/a/figures" confusion.pdf drift.pdf reliability_lines.pdf
    ok "the same PDF twice" sh -c "make -s -C '$T/b/figures' drift.pdf && cmp '$T/a/figures/drift.pdf' '$T/b/figures/drift.pdf'"
else
    skip "PDFs for a paper" "no pdflatex" 2
fi
ok "says that there is no pdflatex" sh -c "mkdir '$T/bin' && ln -s \$(command -v make) \$(command -v sh) '$T/bin' &&
    PATH='$T/bin' make -s -C '$T/c/figures' size.pdf | grep -q 'size.pdf: not made, there is no pdflatex'"

names=$(sed -n 's/^QG_FIGURE(\([a-z0-9_]*\),.*/\1/p' src/report/figures/figures.def)
for name in $names; do
    ok "docs/figures.md has $name" grep -q "^| \`$name\`" docs/figures.md
done
finish
