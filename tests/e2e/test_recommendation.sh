#!/usr/bin/env bash
# test_recommendation.sh - which variant may be deployed: numbers against the file's by numpy, what is not known, seeds,
# other thresholds for a finished file, mistakes of the job.
# shellcheck source=tests/support/sh.sh
source "$(dirname "$0")/../support/sh.sh"

job() { # RECOMMEND [LATENCY]: on standard output
    cat <<END
{"name": "rec", "labels": ["positive", "neutral", "negative"], "max_length": 64,
 "models": {"m": "models/mini-finetuned", "o": {"path": "models/mini-original", "head": "random"}},
 "datasets": {"d": {"path": "datasets/test.tsv", "format": "smsa", "normalize": "whitespace"}},
 "experiments": {"e": {"model": "m", "dataset": "d"}, "f": {"model": "o", "dataset": "d"}},
 "precisions": ["fp32", "int8", "int4"],
 "explain": {"methods": ["gradient_x_input", "occlusion", "random"], "samples": {"per_class": 3}, "faithfulness": {"k": [3, 5], "curve_steps": 0}},
 ${2:-\"latency\": {\"runs\": 2, \"warmup\": 0, \"samples\": 3, \"batch_sizes\": [1, 2]\},}
 "recommend": {$1}}
END
}
export_of() { "$QGRID" export "$1" "$2" --format json; }
holds() { # EXPRESSION over the rows v and n of verdict and recommendation of FILE
    export_of "$2" verdict >"$T/verdict" && export_of "$2" recommendation >"$T/all" || return 1
    "$PYTHON" -c "
import json, sys
v = json.load(open(sys.argv[1]))['rows']
n = {r['variant']: r for r in json.load(open(sys.argv[2]))['rows']}
take = {(r['reference'], r['looking_for']): r['take'] for r in v}
because = {(r['reference'], r['looking_for']): r['because'] for r in v}
assert $1, (v, n)" "$T/verdict" "$T/all"
}

job '"ece": 0.5, "agreement": 0.9, "macro_f1_drop": 0.05, "latency_ms": 1000000, "batch_size": 2, "k": 3' >"$T/job.json"
ok "a job that recommends" run_np 2 "$T/job.json" --output "$T/r.h5"
grep -q '^e/fp32 .* balanced ' "$T/out"
ok "says at its end what to take" test $? = 0
cat >"$T/check.py" <<'END'
import json
import sys
import h5py
import numpy as np

f = h5py.File(sys.argv[1])
rows = {r["variant"]: r for r in json.load(open(sys.argv[2]))["rows"]}
assert len(rows) == 6, rows.keys()
names = lambda g, k: [x.decode() for x in f[g][k][()]]
for model, e in (("m", "e"), ("o", "f")):
    of = lambda p, k: f[f"metrics/{model}/d/{p}/{k}"][()]
    for p in ("fp32", "int8", "int4"):
        r, reference = rows[f"{e}/{p}"], rows[f"{e}/fp32"]
        rho, comprehensiveness = [], []
        for x in ("gradient_x_input", "occlusion"):
            s = f[f"faithfulness/{model}/d/{p}/{x}/comprehensiveness"][()]
            comprehensiveness.append(np.nanmean(s[:, 0]))
            if p != "fp32":
                rho.append(np.nanmean(f[f"comparisons/{model}/d/{p}/{x}/spearman"][()]))
        rho = rho or [1]
        ms = np.nanmedian(f[f"timing/latency/{model}/d/{p}/ms"][1]) if e == "e" else None
        bytes_ = f[f"models/{model}/{p}/size_bytes"][()]
        want = {
            "seeds": 1, "accuracy": of(p, "accuracy"), "macro_f1": of(p, "macro_f1"),
            "drop": of("fp32", "macro_f1") - of(p, "macro_f1"),
            "agreement": np.mean(f[f"predictions/{model}/d/{p}/predicted"][()] == f[f"predictions/{model}/d/fp32/predicted"][()]),
            "ece": of(p, "ece"), "rho": np.mean(rho), "least_rho": np.min(rho), "comprehensiveness": np.mean(comprehensiveness),
            "size_mb": bytes_ / 1e6, "size_ratio": bytes_ / f[f"models/{model}/fp32/size_bytes"][()],
        }
        if ms is not None:
            want["latency_ms"] = ms
        for k, w in want.items():
            assert abs(r[k] - w) <= 1e-12 * max(1, abs(w)), (e, p, k, r[k], w)
        assert r["methods_below"] == sum(x < 0.9 for x in rho), (r, rho)
        assert abs(r["speed_up"] - reference["latency_ms"] / r["latency_ms"]) < 1e-12
END
export_of "$T/r.h5" recommendation >"$T/all"
ok "all numbers are those of the file" "$PYTHON" "$T/check.py" "$T/r.h5" "$T/all"
ok "the smallest is taken for its size" holds "take['e/fp32', 'size'] == 'e/int4' and n['e/int4']['place_size'] == 1 and n['e/int8']['place_size'] == 2" "$T/r.h5"
ok "the other for its explanations" holds "take['e/fp32', 'explanations'] == 'e/int8'" "$T/r.h5"
ok "the reference is no candidate" holds "n['e/fp32']['place_size'] is None and n['e/fp32']['not_recommended_because'] == 'the reference'" "$T/r.h5"
ok "nothing is recommended beside a reference that guesses" \
    holds "take['f/fp32', 'anything'] == 'none' and 'most frequent class' in because['f/fp32', 'anything'] and n['f/int8']['place_size'] is None" "$T/r.h5"

# other thresholds
job '"ece": 0.0001, "without": ["latency_ms"]' >"$T/strict.json"
fails 2 '"recommend" are others. Use --accept-changes' "another recommend for a finished file is said" run_np 0 "$T/strict.json" --output "$T/r.h5"
before=$("$QGRID" digest "$T/r.h5")
ok "and taken with --accept-changes" run_np 0 "$T/strict.json" --output "$T/r.h5" --accept-changes
ok "nothing is lost" "$QGRID" status "$T/r.h5"
ok "the file is sound" "$QGRID" verify "$T/r.h5"
ok "and is another one" test "$before" != "$("$QGRID" digest "$T/r.h5")"
ok "then nobody qualifies; the closest one is named with what it fails" \
    holds "take['e/fp32', 'size'] == 'none' and 'closest is e/int' in because['e/fp32', 'size'] and 'is above 0.0001' in because['e/fp32', 'size']" "$T/r.h5"
ok "who is not asked for a latency has no lane of it" holds "('e/fp32', 'latency') not in take" "$T/r.h5"

# what is not known is no pass
job '"ece": 0.5, "agreement": 0.5, "macro_f1_drop": 0.5, "rho": -1, "comprehensiveness": -1, "latency_ms": 1e9' >"$T/part.json"
ok "a run without the latency of a variant" run_np 2 "$T/part.json" --output "$T/part.h5" --only 'e/????'
ok "names the cell, and keeps it out of that lane" \
    holds "take['e/fp32', 'latency'] == 'none' and 'e/int8/latency, which is not finished' in n['e/int8']['not_recommended_because'] and take['e/fp32', 'size'] == 'e/int4'" "$T/part.h5"
ok "explanations that are open are not good ones" holds "take['e/fp32', 'explanations'] == 'none'" "$T/part.h5"

# seeds
cat >"$T/seeds.json" <<'END'
{"name": "seeds", "labels": ["positive", "neutral", "negative"], "max_length": 32,
 "models": {"m": "models/mini-finetuned",
   "ft": {"train": {"from": "m", "seeds": [1, 2], "dataset": "few", "validation": "few", "epochs": 1, "batch": 16, "learning_rate": 1e-4}},
   "q": {"train": {"from": "ft", "seeds": [1, 2], "dataset": "few", "validation": "few", "epochs": 1, "batch": 16, "learning_rate": 1e-4, "qat": "int8"}}},
 "datasets": {"few": {"path": "datasets/test.tsv", "format": "smsa", "normalize": "whitespace", "sample": {"per_class": 8}}},
 "experiments": {"ft_d": {"model": "ft", "dataset": "few", "reference": false}, "q_d": {"model": "q", "dataset": "few"}},
 "precisions": ["fp32", "int8"],
 "explain": {"methods": ["gradient_x_input", "occlusion"], "samples": {"per_class": 3}, "faithfulness": {"k": [5], "curve_steps": 0}},
 "recommend": {"without": ["latency_ms", "comprehensiveness"], "ece": 1, "macro_f1_drop": 1, "agreement": 0}}
END
ok "two seeds of a reference" run_np 2 "$T/seeds.json" --output "$T/s.h5"
cat >"$T/seeds.py" <<'END'
import json
import sys
import h5py
import numpy as np

f = h5py.File(sys.argv[1])
rows = {r["variant"]: r for r in json.load(open(sys.argv[2]))["rows"]}
assert list(rows) == ["ft_d/fp32", "ft_d/int8", "q_d/fp32", "q_d/int8"], rows
methods = ("gradient_x_input", "occlusion")
names = [x.decode() for x in f["seeds/ft/few/explanations/summary_statistic"][()]]
null = np.mean(f["seeds/ft/few/explanations/between_seeds"][:, names.index("mean")])
for v, r in rows.items():
    assert r["seeds"] == 2, r
    if v == "ft_d/fp32":
        continue
    e, p = v.split("/")
    of = "ft" if e == "ft_d" else "q"
    where = "{p}/{x}" if e == "ft_d" else "{p}/{x}/reference"
    rho = [np.mean([np.nanmean(f[f"comparisons/{of}_s{s}/few/" + where.format(p=p, x=x) + "/spearman"][()]) for s in (1, 2)]) for x in methods]
    assert abs(r["rho"] - np.mean(rho)) < 1e-12, (v, r["rho"], rho)
    assert r["methods_below"] == sum(x < null for x in rho), (v, rho, null)
    assert (r["place_explanations"] is not None) == (np.mean(rho) >= null), (v, r, null)
END
export_of "$T/s.h5" recommendation >"$T/all"
ok "are judged together, by what the seeds have in common" "$PYTHON" "$T/seeds.py" "$T/s.h5" "$T/all"

# mistakes
wrong() { # CASE PATTERN RECOMMEND [LATENCY]
    job "$3" "${4:-}" >"$T/wrong.json"
    fails 2 "$2" "$1" "$QGRID" check "$T/wrong.json"
}
wrong "latency that the job does not measure" 'recommend: latency is asked for, and the job measures none' '' ' '
wrong "another batch" 'latency of batches of 3 is asked for' '"batch_size": 3'
wrong "another k" 'comprehensiveness of 7 words is asked for' '"k": 7'
wrong "an unknown criterion" "found speed, one of macro_f1_drop, " '"without": ["speed"]'
wrong "an unknown experiment" "there is no experiment 'g'" '"experiments": ["g"]'
wrong "a threshold that is none" 'recommend/ece' '"ece": 7'
finish
