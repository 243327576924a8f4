#!/usr/bin/env bash
# qgrid export: every format round trips, hostile texts are inert in each, the same bytes from 1 and 3
# ranks, LaTeX compiles, netCDF opens. May run beside other tests.
. "$(dirname "${BASH_SOURCE[0]}")/../support/sh.sh"

cat >"$T/job.json" <<'JSON'
{"name": "export", "labels": ["positive", "neutral", "negative"],
 "models": {"m": "models/mini-finetuned"},
 "datasets": {"d": {"path": "TEXTS", "format": "jsonl"}},
 "experiments": {"e": {"model": "m", "dataset": "d"}},
 "precisions": ["fp32", "int8", "int4"],
 "explain": {"methods": ["gradient_x_input", "occlusion", "attention_rollout"], "samples": {"per_class": 3}},
 "latency": {"samples": 2, "runs": 2}}
JSON
sed -i "s#TEXTS#$T/texts.jsonl#" "$T/job.json"
$PYTHON - "$T/texts.jsonl" <<'PY'
import json, sys
texts = ["=1+1", "+SUM(A1)", "-2+3", "@cmd", "'=1", "makanan \"enak\" sekali, puas", "a | b * c _ d ` e",
         "100 % $x$ & {y} \\input{z} #1 ~ ^ <script>alert(1)</script>", "baris satu\nbaris dua", "wajah \U0001f600 senang",
         "[ok] tempat ini jelek", "pelayanan buruk ; kotor"]
with open(sys.argv[1], "w") as f:
    for i, t in enumerate(texts):
        f.write(json.dumps({"id": f"t{i}", "text": t, "label": ["positive", "neutral", "negative"][i % 3]}) + "\n")
PY
run() { OPENBLAS_NUM_THREADS=1 mpirun -np "$1" "$QGRID" run "$T/job.json" --progress none --output "$T/$1.h5"; }
ok "a job with hostile texts" run 1
ok "the same on 3 ranks" run 3
for f in csv json jsonl markdown latex netcdf text; do
    ok "all tables as $f" "$QGRID" export "$T/1.h5" '*' -f $f -o "$T/$f/"
    ok "all tables of 3 ranks as $f" "$QGRID" export "$T/3.h5" '*' -f $f -o "$T/$f-3/"
done
ok "tables of one precision" "$QGRID" export "$T/1.h5" summary --only 'e/int8' -o "$T/one.json"

cat >"$T/check_formats.py" <<'PY'
import csv, json, re, sys
from pathlib import Path
T = Path(sys.argv[1])
GUARD = re.compile("['\\s]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r]")

def exact(text):
    return text[1:] if text.startswith("'") and GUARD.match(text[1:]) else text

def number(text):
    return float(text) if text else None

tables = sorted((T / "csv").glob("*.csv"))
assert len(tables) > 30, len(tables)
for path in tables:
    whole = json.loads((T / "json" / (path.stem + ".json")).read_text())
    rows = [json.loads(line) for line in (T / "jsonl" / (path.stem + ".jsonl")).read_text().splitlines()]
    assert whole["table"] == path.stem and whole["caption"].endswith("."), path
    assert whole["rows"] == rows and rows, path
    with open(path, newline="") as f:
        fields = list(csv.reader(f))
    keys = [c["key"] for c in whole["columns"]]
    assert fields[0] == keys and len(set(keys)) == len(keys), (path, keys)
    assert len(fields) == len(rows) + 1, path
    for line, row in zip(fields[1:], rows):
        for text, key in zip(line, keys):
            v = row[key]
            if isinstance(v, str):
                assert exact(text) == v and not re.match("[=+\\-@]", text), (path, text, v)
            else:
                assert number(text) == v, (path, key, text, v)
texts = {r["text"] for r in json.loads((T / "json/predictions_per_text.json").read_text())["rows"]}
assert "=1+1" in texts and "'=1" in texts, texts
for path in (T / "markdown").glob("*.md"):
    text = path.read_text()
    lines = [x for x in text.splitlines() if x.startswith("|")]
    bars = {len(re.findall(r"(?<!\\)\|", x)) for x in lines}
    assert len(bars) == 1 and "<script" not in text, (path, bars)
one = json.loads((T / "one.json").read_text())["rows"]
assert [r["precision"] for r in one] == ["int8"], one
PY
ok "CSV, JSON and lines of JSON hold the same; texts are inert" $PYTHON "$T/check_formats.py" "$T"

cat >"$T/check_numbers.py" <<'PY'
import csv, json, sys
from pathlib import Path
import h5py, numpy as np
T = Path(sys.argv[1])
f = h5py.File(T / "1.h5")
def table(name):
    return json.loads((T / f"json/{name}.json").read_text())["rows"]
for r in table("summary"):
    m = f[f"metrics/m/d/{r['precision']}"]
    assert r["accuracy"] == m["accuracy"][()] and r["ece"] == m["ece"][()] and r["f1_neutral"] == m["per_class"][1, 2], r
    assert r["size_bytes"] == f[f"models/m/{r['precision']}/size_bytes"][()] and r["n"] == 12
    k, n = round(r["accuracy"] * 12), 12  # Wilson's interval
    z, p = 1.959963984540054, k / n
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    assert abs(r["ci_low"] - max(0, middle - half)) < 1e-9 and abs(r["ci_high"] - min(1, middle + half)) < 1e-9, r
base = f["metrics/m/d/fp32/accuracy"][()]
for r in table("ptq"):
    if r["precision"] != "fp32" and base > 0:
        assert abs(r["accuracy_change"] - 100 * (r["accuracy"] - base) / base) < 1e-9, r
order = [r["ece"] for r in table("ece_ranking")]
assert order == sorted(order)
for r in table("confusions"):
    names = ["positive", "neutral", "negative"]
    assert r["texts"] == f[f"metrics/m/d/{r['precision']}/confusion"][names.index(r["true_class"]), names.index(r["predicted_class"])]
per_text = table("stability_per_text")
for r in table("stability"):
    own = [x["spearman"] for x in per_text if x["precision"] == r["precision"] and x["method"] == r["method"]]
    own = [x for x in own if x is not None]
    assert r["n"] == len(own) and (not own or abs(np.mean(own) - r["mean_rho"]) < 1e-12), r
for r in table("stability_by_family"):
    methods = {"gradient": ["gradient_x_input"], "perturbation": ["occlusion"], "attention": ["attention_rollout"]}[r["family"]]
    own = [x["spearman"] for x in per_text if x["precision"] == r["precision"] and x["method"] in methods and x["spearman"] is not None]
    assert r["methods"] == 1 and (not own or abs(np.mean(own) - r["mean_rho"]) < 1e-12), r
d = f["datasets/d"]
words = table("words")
assert words and all(w["score"] is not None for w in words)
ids = [x.decode() for x in d["sample_id"][:]]
for w in words[:40]:
    row = ids.index(w["sample_id"])
    i = d["word_row_splits"][row] + w["place"]
    assert d["text"][row].decode()[d["word_start"][i]:d["word_end"][i]] == w["word"], w
PY
ok "numbers are those of the results file" $PYTHON "$T/check_numbers.py" "$T"

ok "an explanation as token attributions" "$QGRID" export "$T/1.h5" -f thermostat --only e/int8/occlusion -o "$T/t.jsonl"
ok "predictions as of a checkpoint" "$QGRID" export "$T/1.h5" -f predictions --only e/int8 -o "$T/p.csv"
cat >"$T/check_cells.py" <<'PY'
import csv, json, sys
from pathlib import Path
import h5py, numpy as np
T = Path(sys.argv[1])
f = h5py.File(T / "1.h5")
lines = [json.loads(x) for x in open(T / "t.jsonl")]
explained = f["explained/m/d/row"][:]
explained = [r for r in explained if r >= 0]
assert [x["idx"] for x in lines] == explained and lines
split, ids = f["datasets/d/tokens/m/token_row_splits"][:], f["datasets/d/tokens/m/token_id"][:]
for x in lines:
    assert set(x) == {"attributions", "idx", "input_ids", "label", "predictions"}
    assert len(x["attributions"]) == len(x["input_ids"]) and x["attributions"][0] == 0
    assert x["input_ids"] == list(ids[split[x["idx"]]:split[x["idx"] + 1]]) and x["label"] == f["datasets/d/label"][x["idx"]]
    assert np.array_equal(np.float32(x["predictions"]), f["predictions/m/d/int8/logits"][x["idx"]])
rows = list(csv.DictReader(open(T / "p.csv", newline="")))
assert list(rows[0]) == ["sample_id", "text", "true_label", "pred_label", "prob_pos", "prob_neu", "prob_neg"] and len(rows) == 12
for i, r in enumerate(rows):
    p = f["predictions/m/d/int8/probabilities"][i]
    assert [float(r[k]) for k in list(r)[4:]] == list(p) and r["pred_label"] == ["positive", "neutral", "negative"][p.argmax()]
PY
ok "both hold what the results file holds" $PYTHON "$T/check_cells.py" "$T"

same() { # what is measured, and how the run went, left out
    rm -f "$T"/*/{summary,ptq,latencies,latency,measured,latency_*,predictions,attempts}.{csv,json,jsonl,tex,md,nc,txt}
    for f in csv json jsonl markdown latex netcdf text; do diff -r "$T/$f" "$T/$f-3" || return 1; done
}
cp "$T/latex/summary.tex" "$T/summary.tex"
cp "$T/csv/summary.csv" "$T/summary.csv"
cp "$T/netcdf/summary.nc" "$T/summary.nc"
ok "1 and 3 ranks give the same bytes" same

if command -v pdflatex >/dev/null; then
    {
        printf '%s\n' '\documentclass{article}\usepackage[utf8]{inputenc}\usepackage{booktabs,longtable}\begin{document}'
        for t in stability predictions_per_text words ece_ranking; do printf '\\input{%s}\n' "$T/latex/$t.tex"; done
        printf '%s\n' "\\input{$T/summary.tex}" '\end{document}'
    } >"$T/paper.tex"
    latex() { (cd "$T" && pdflatex -interaction=nonstopmode -halt-on-error paper.tex) && ! grep -q 'Undefined\|^!' "$T/paper.log"; }
    ok "LaTeX compiles" latex
else
    skip "LaTeX compiles" "there is no pdflatex"
fi
if $PYTHON -c 'import xarray, netCDF4' 2>/dev/null; then
    cat >"$T/check_netcdf.py" <<'PY'
import csv, sys
import numpy as np, xarray as xr
rows = list(csv.DictReader(open(sys.argv[1] + "/summary.csv", newline="")))
for engine in (None, "netcdf4", "scipy"):
    try:
        d = xr.open_dataset(sys.argv[1] + "/summary.nc", engine=engine)
    except (ValueError, ModuleNotFoundError):
        assert engine == "scipy"
        continue
    assert list(d["accuracy"].values) == [float(r["accuracy"]) for r in rows]
    assert [x.decode() if isinstance(x, bytes) else str(x) for x in d["precision"].values] == [r["precision"] for r in rows]
    d.close()
d = xr.open_dataset(sys.argv[1] + "/netcdf/predictions_per_text.nc")
assert "=1+1" in [x.decode() if isinstance(x, bytes) else str(x) for x in d["text"].values]
PY
    ok "netCDF opens in every engine" $PYTHON "$T/check_netcdf.py" "$T"
else
    skip "netCDF opens in every engine" "there is no xarray, or no netCDF4"
fi
if command -v ncdump >/dev/null; then
    dumped() { ncdump -v precision "$T/summary.nc" | grep -q '"fp32"'; }
    ok "ncdump prints its texts" dumped
else
    skip "ncdump prints its texts" "there is no ncdump"
fi
if command -v Rscript >/dev/null; then
    in_r() { Rscript -e "t <- read.csv('$T/summary.csv'); stopifnot(nrow(t) == 3, is.numeric(t\$accuracy), t\$precision == c('fp32', 'int8', 'int4'))"; }
    ok "R reads CSV" in_r
else
    skip "R reads CSV" "there is no R"
fi
json() { "$QGRID" "$@" --json | $PYTHON -c 'import json, sys; d = json.load(sys.stdin); assert d, d'; }
ok "show --json" json show "$T/1.h5"
ok "show CELLS --json" json show "$T/1.h5" 'e/int8*'
ok "status --json" json status "$T/1.h5"
ok "diff --json" json diff "$T/1.h5" "$T/3.h5"
fails 2 "did you mean 'summary'" "an unknown table" "$QGRID" export "$T/1.h5" sumary
fails 2 "there is no format 'xls'" "an unknown format" "$QGRID" export "$T/1.h5" summary -f xls
fails 2 "matches none of its" "--only that matches nothing" "$QGRID" export "$T/1.h5" summary --only 'x*'
fails 2 "-o DIR/" "several tables on one stream" "$QGRID" export "$T/1.h5" 'p*'
ok "docs/export.md lists the tables" scripts/generate-tables.sh --check docs/export.md
finish
