#!/usr/bin/env bash
# What a person meets who types: mistakes in jobs, names, hints, lists of cells, data cards.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

cat >"$T/own.csv" <<'TEXTS'
text,label
"makanan nya enak , pelayanan nya ramah",positive
"pelayanan nya lambat dan mahal",negative
"acara nya mulai jam tujuh",neutral
"suka sekali dengan warna nya",positive
"barang nya tidak bagus , tidak kecewa",negative
"kantor nya buka hari senin",neutral
TEXTS
write() { # JOB [PYTHON]: a whole job, changed
    $PYTHON - "$T/$1" "$T" "${2:-}" <<'PY'
import json, sys
T = sys.argv[2]
j = {"name": "own", "output": T + "/own.h5", "labels": ["positive", "neutral", "negative"], "models": {"m": "models/mini-finetuned"},
     "datasets": {"d": T + "/own.csv"}, "experiments": {"e": {"model": "m", "dataset": "d"}}, "precisions": ["fp32"]}
exec(sys.argv[3])
json.dump(j, open(sys.argv[1], "w"))
PY
}
check() { "$QGRID" check "$@"; }
mistakes() { check "$1" 2>&1 | grep -c "^qgrid: .*: "; } # JOB: how many are named
exactly() { # N JOB
    local n
    n=$(mistakes "$2")
    [ "$n" -eq "$1" ] || { echo "$n mistakes:" && check "$2"; }
}
refused() { # PIECE SENTENCE JOB ARGUMENTS...
    local piece=$1 sentence=$2 job=$3
    shift 3
    fails 2 "$piece" "$sentence" "$QGRID" check "$T/$job" "$@"
}
marked() { # LINE MARK: a line of the job, and below it a mark in a column
    check "$T/j.json" 2>&1 | grep -F -A1 "    | $1" | sed -n 2p | grep -qxF "    | $2"
}

# ------------------------------------------------------------------------------- mistakes in a job
while IFS='|' read -r text place message; do
    printf '%b' "$text" >"$T/j.json"
    refused "j.json:$place: $message" "of $text: $message" j.json
    ok "with its line and a mark" sh -c "'$QGRID' check '$T/j.json' 2>&1 | grep -q '^    |  *^\$'"
done <<'CASES'
{"name": "own", // my study\n"seed": 1}|1:17|JSON has no comments
{"name": "own", /* my study */ "seed": 1}|1:17|JSON has no comments
{"name": "own",\n# my study\n"seed": 1}|2:1|JSON has no comments
{"name": "own" // my study\n}|1:16|JSON has no comments
{"labels": ["a", // first\n "b"]}|1:18|JSON has no comments
{"labels": ["a", "b",]}|1:21|a comma before ]
{"name": "own" ,\n}|1:16|a comma before }
name: own\nmodels: {m: models/x}\n|1:1|is not JSON; a job is a JSON object
[experiment]\n|1:2|not a JSON value
own|1:1|is not JSON; a job is a JSON object
CASES
write j.json 'j["precisions"] = "int8"'
refused '/precisions: found a string, an array is expected: ["int8"]' "one precision shows the list of one" j.json
write j.json 'j["explain"] = {"methods": "lime"}'
refused '/explain/methods: found a string, an array is expected: ["lime"]' "one method does, too" j.json
write j.json 'j["latency"] = {"batch_sizes": "1", "run": 2}'
refused '/latency/batch_sizes: found a string' "a wrong type is found beside a misspelt key" j.json
ok "both are told" exactly 2 "$T/j.json"
write j.json 'j.update(seeds=1, outputs=j.pop("output"), model=j.pop("models"), dataset=j.pop("datasets"), precision=j.pop("precisions"))'
refused "unknown key 'precision', did you mean 'precisions'?" "misspelt keys" j.json
refused "5 mistakes" "what follows from them is not said" j.json
write j.json 'j["models"]["m"] = T + "/none"; j["datasets"]["d"] = {"path": T + "/own.cvs", "format": "csv"}; j["experiments"]["e"]["dataset"] = "dd"'
refused "there is no dataset 'dd', known are: d" "a wrong name" j.json
refused "own.cvs: /datasets/d: cannot open" "does not hide a missing file" j.json
refused "none: /models/m: there is no such model folder" "nor a missing folder" j.json
refused "3 mistakes" "and that is all" j.json
write j.json 'j["experiments"]["e"].update(dataset="dd", modell=1); j["datasets"]["d"] = {"path": T + "/own.csv", "lable_map": {}}'
refused "3 mistakes" "a wrong key of an entry hides no wrong name, and nothing follows from it" j.json
write j.json 'j["datasets"] = {"d": T + "/none.csv", "x": {"from": "d", "perturb": {"drop_characters": 0.1}}}; j["seed"] = "x"'
refused "2 mistakes" "data that are made from a missing file are not missed, too" j.json
write j.json 'j["labels"] = "positive"; j["datasets"]["none"] = T + "/none.csv"'
refused "none.csv: /datasets/none: cannot open" "wrong labels hide no missing file" j.json
refused "2 mistakes" "and no text has a wrong label then" j.json
write j.json 'j["explain"] = {"methods": ["limee"], "samples": {"per_class": "x"}, "faithfulness": {"kk": 1, "k": [0]}, "pairs": [["e"]], "target": "zz", "targett": 1}'
refused "7 mistakes" "all of explain's mistakes, inside objects that have others" j.json
cat >"$T/wrong.py" <<'PY'
import json, subprocess, sys
T, qgrid, bad = sys.argv[1], sys.argv[2], 0
whole = json.load(open(T + "/j.json"))
keys = sorted(set(whole) | {"explain", "latency", "decompose", "margin", "max_length"})
for key in keys:
    for value in (None, 3, "x", [], ["a"], [{}], {"a": 1}, {"a": []}):
        json.dump(whole | {key: value}, open(T + "/wrong.json", "w"))
        r = subprocess.run([qgrid, "check", T + "/wrong.json"], capture_output=True, text=True)
        if r.returncode not in (0, 2) or (r.returncode == 2 and "wrong.json:1:" not in r.stderr and "matches no" not in r.stderr):
            bad += 1
            print(key, value, r.returncode, r.stderr)
sys.exit(bad)
PY
write j.json ''
ok "a value of any other type is a mistake with its place" $PYTHON "$T/wrong.py" "$T" "$QGRID"
cp -r models/mini-finetuned "$T/broken"
head -c 100000 models/mini-finetuned/model.safetensors >"$T/broken/model.safetensors"
write j.json 'j["models"]["b"] = T + "/broken"; j["experiments"]["b"] = {"model": "b", "dataset": "d"}; j["datasets"]["none"] = T + "/none.csv"'
refused "broken/model.safetensors: bert.embeddings.word_embeddings.weight: the tensor ends" "a missing file hides no broken weights" j.json
refused "none.csv: /datasets/none: cannot open" "nor is it hidden" j.json
sed -E 's/,positive/,0/; s/,neutral/,1/; s/,negative/,2/' "$T/own.csv" >"$T/numbers.csv"
write j.json 'j["datasets"]["d"] = T + "/numbers.csv"'
refused '"label_map": {"0": "positive", "2": "negative", "1": "neutral"}' "labels that are numbers: the way out" j.json
ok "the line of the data file is shown, too" sh -c "'$QGRID' check '$T/j.json' 2>&1 | grep -qF '    | \"makanan nya enak , pelayanan nya ramah\",0'"
write j.json 'j["explain"] = {"methods": ["occlusion"], "samples": {"per_class": 1000}, "faithfulness": False}'
fails 0 'at most 2 texts of class positive to explain, "per_class" asks for 1000' "more texts a class than there are" "$QGRID" check "$T/j.json"
printf '{"name": "\303\251\303\251", "x": 1}' >"$T/j.json"
ok "the mark counts characters" marked '{"name": "éé", "x": 1}' '               ^'
{ printf '{"name": "own", "labels": ["' && head -c 300 /dev/zero | tr '\0' a && printf '"], "x": 1, "y": 2}'; } >"$T/j.json"
ok "of a long line what is around the place is shown" sh -c "'$QGRID' check '$T/j.json' 2>&1 | grep -A1 '^    | \.\.\.a*\"\], \"x\": 1, \"y\": 2}' | grep -q '^    |  *^'"

# ------------------------------------------------------------------------------------------- hints
hint() { check "$T/j.json" 2>&1 | grep "to get $1: .*$2"; }
no_hint() { check "$T/j.json" >"$T/said" 2>&1; grep -q "no such model folder\|cannot open" "$T/said" && ! grep "to get" "$T/said"; }
for name in indobert-base-p1 indobert-base-p2 indobert-large-p2; do
    write j.json "j['models']['m'] = 'none/$name'"
    ok "$name has its own address" hint "none/$name" "/$name "
done
for name in my-indobertweet indobert my/indobert-base-p2-mine indobert-base; do
    write j.json "j['models']['m'] = '$name'"
    ok "$name gets no address" no_hint
done
for name in latest.tsv mytest_preprocess.tsv PPKM.csv; do
    write j.json "j['datasets']['d'] = '$name'"
    ok "$name gets none either" no_hint
done
write j.json 'j["datasets"]["d"] = "none/test_preprocess.tsv"'
ok "a file by its whole name gets one" hint none/test_preprocess.tsv SmSA
write j.json 'j["datasets"]["d"] = "indonlu/smsa"'
refused "/datasets/d: there is no file 'indonlu/smsa'; qgrid does not fetch data sets" "a data set of a hub" j.json
ok "that is all" exactly 1 "$T/j.json"

# ----------------------------------------------------------------------------------- check: options
write j.json ''
refused "/precisions: is empty" "check takes --set" j.json --set '/precisions=[]'
refused "matches no cell" "and --only" j.json --only nothing
fails 0 "2 cells, 1 of them selected" "which are counted" "$QGRID" check "$T/j.json" --only e/fp32
cat >"$T/card.py" <<'PY'
import json, re, sys
T = sys.argv[1]
c = json.load(open(T + "/card.json"))
d, t = c["datasets"]
texts = [l.rsplit(",", 1)[0].strip('"') for l in open(T + "/own.csv").read().split("\n")[1:7]]
words = [[w for w in (w.strip(".,!?").lower() for w in x.split()) if w] for x in texts]
n = sorted(len(w) for w in words)
assert d["classes"] == {"positive": 2, "neutral": 2, "negative": 2} and d["unlabelled"] == 0, d
at = lambda q: n[int(q * 5)] + (q * 5 - int(q * 5)) * (n[min(int(q * 5) + 1, 5)] - n[int(q * 5)])
for key, q in {"min": 0, "q05": .05, "q25": .25, "median": .5, "q75": .75, "q95": .95, "max": 1}.items():
    assert abs(d["words"][key] - at(q)) < 1e-12, (key, d["words"], n)
assert d["running_words"] == sum(n) and d["different_words"] == len({w for x in words for w in x})
assert d["phenomena"]["negation"] == {"texts": 1, "words": 2} and d["phenomena"]["intensifier"] == {"texts": 1, "words": 1}, d["phenomena"]
known = {w for x in open(T + "/train.csv").read().split("\n")[1:] for w in x.rsplit(",", 1)[0].lower().split()}
share = len({w for x in words for w in x} & known) / d["different_words"]
assert 0 < share < 1 and abs(d["different_words_in_training"] - share) < 1e-12, (d, share)
assert abs(d["running_words_in_training"] - sum(w in known for x in words for w in x) / d["running_words"]) < 1e-12
assert t["different_words_in_training"] is None
assert d["leaks"] == {"t": 1} and t["leaks"] == {"d": 1}, (d["leaks"], t["leaks"])
tok = d["tokenizers"]
lengths = sorted(len(json.loads(l)["ids"]) for l in open(T + "/tokens.jsonl"))
assert [x["max_length"] for x in tok] == [8] and tok[0]["tokens"]["max"] == lengths[-1] > 8 and tok[0]["tokens"]["min"] == lengths[0]
assert abs(tok[0]["share_cut"] - sum(x > 8 for x in lengths) / 6) < 1e-12, tok
PY
printf 'text,label\nmakanan nya enak sekali,positive\nacara nya mulai jam tujuh,neutral\nlambat dan mahal,negative\n' >"$T/train.csv"
write j.json 'j["max_length"] = 8; j["datasets"]["t"] = T + "/train.csv"
j["models"]["n"] = {"train": {"from": "m", "dataset": "t", "validation": "t", "epochs": 1}}; j["experiments"]["n"] = {"model": "n", "dataset": "d"}'
sed '1d; s/","*[a-z]*$//; s/^"//; s/",[a-z]*$//' "$T/own.csv" | "$QGRID" tokenize -m models/mini-finetuned - >"$T/tokens.jsonl"
ok "the data card as JSON" sh -c "'$QGRID' check --json '$T/j.json' >'$T/card.json'"
ok "has the numbers that the texts have" $PYTHON "$T/card.py" "$T"
for piece in "classes: positive 2, neutral 2, negative 2" "words of a text: 5 to 6" "% cut at 8" "the training data have" "negation: 1 (2 words)" "leak: "; do
    ok "as text it has '$piece'" sh -c "'$QGRID' check '$T/j.json' | grep -qF '$piece'"
done

sed '1s/$/,kind/; 2,4s/$/,first/; 5,6s/$/,second/; 7s/$/,/' "$T/own.csv" >"$T/groups.csv"
write j.json 'j["datasets"]["d"] = {"path": T + "/groups.csv", "group_column": "kind"}'
ok "texts by group and class" sh -c "'$QGRID' check '$T/j.json' | grep -A1 '^    group first: positive 1, neutral 1, negative 1\$' | grep -q '^    group second: positive 1, neutral 0, negative 1\$'"
ok "also as JSON" sh -c "'$QGRID' check --json '$T/j.json' | grep -qF '\"groups\":{\"first\":{\"positive\":1,\"neutral\":1,\"negative\":1},\"second\":{\"positive\":1,\"neutral\":0,\"negative\":1}}'"

# ------------------------------------------------------------------------------ names of everything
for x in "-V" "--version" "version"; do
    ok "$x" sh -c "'$QGRID' $x | grep -q '^qgrid '"
done
ok "help COMMAND is COMMAND --help" sh -c "test \"\$('$QGRID' help plan)\" = \"\$('$QGRID' plan --help)\""
fails 2 "there is no command 'pln', did you mean 'plan'?" "help of an unknown command" "$QGRID" help pln
for x in precision format rule model tokenizer kernel metric method result; do
    ok "list $x is list ${x}s" sh -c "test \"\$('$QGRID' list $x)\" = \"\$('$QGRID' list ${x}s)\""
done
fails 2 "'methodss' is not one of" "what is neither" "$QGRID" list methodss
explained() { "$QGRID" explain -m models/mini-finetuned -x "$1" --json 'enak sekali'; }
ok "ig is integrated_gradients" sh -c "'$QGRID' explain -m models/mini-finetuned -x ig --json enak | grep -q '\"method\": \"integrated_gradients\"'"
ok "with the same numbers" test "$(explained ig)" = "$(explained integrated_gradients)"
ok "the list says so" sh -c "'$QGRID' list methods | grep -A4 '^  integrated_gradients' | grep -q 'also called ig'"
write j.json 'j["explain"] = {"methods": ["loo", {"method": "ig", "steps": 4}], "samples": {"per_class": 1, "correct_only": False}, "faithfulness": False}'
ok "cells have the method's own name" sh -c "'$QGRID' plan -v '$T/j.json' | grep -cx 'e/fp32/occlusion\|e/fp32/integrated_gradients' | grep -qx 2"
write k.json 'j["explain"] = {"methods": ["ig", "integrated_gradients"]}'
refused "method 'integrated_gradients' occurs twice" "two names of one method" k.json

# ------------------------------------------------------------------------------- status of bad usage
M="-m models/mini-finetuned"
for c in check plan run show status diff digest verify tokenize predict explain quantize train document "list x" "document x" "document man x" \
    "document completion x" "doctor a b" "show a.h5 b c" "diff a" "bench x" "explain $M -x nope enak" "explain $M --option steps=x -x ig enak" \
    "explain $M --target nope enak" "explain $M -p nope enak" "tokenize $M a b" "predict $M --head x" "train a b" "quantize $M -p nope -o $T/q" \
    "bench --kernel nope" "plan $T/none.json" "run $T/none.json" "check $T/none.json" "train $T/none.json" "check $T/j.json --set x" \
    "check $T/j.json --set /nope/x=1" "run $T/j.json --set x" "help x" xyz none.json none.h5x; do
    # shellcheck disable=SC2086 # words of a command
    fails 2 "qgrid: " "status 2: $c" "$QGRID" $c </dev/null
done

# -------------------------------------------------------------------------- where in the source: -v
fails 2 "no such model folder" "an error" "$QGRID" predict -m "$T/none" /dev/null
ok "does not tell its source" sh -c "! grep -q 'QG_E' '$T/out'"
fails 2 "[QG_EUSAGE src/cli/" "-v does" "$QGRID" predict -v -m "$T/none" /dev/null
fails 2 "[QG_EUSAGE src/cli/" "--verbose, too" "$QGRID" predict --verbose -m "$T/none" /dev/null
fails 2 "there is no such option" "unknown QGRID_KERNELS are a wrong command line" sh -c "QGRID_KERNELS=nonsense '$QGRID' bench --peaks 2>&1 | sed 's/is not one of/there is no such option/'; exit 2"

# ------------------------------------------------------------------------------------ parts of a run
write j.json 'j["precisions"] = ["fp32", "int8", "int4"]
j["explain"] = {"methods": ["occlusion", "random"], "samples": {"per_class": 1, "correct_only": False}, "faithfulness": False}'
J=$T/j.json
ok "plan groups alike cells" sh -c "'$QGRID' plan '$J' | grep -qxF 'e/*/* (6 explain)'"
ok "-v lists all" sh -c "'$QGRID' plan -v '$J' | grep -c '^e/[a-z0-9]*/[a-z]*\$' | grep -qx 6"
fails 0 "1 of the 1 selected cells done, 0 failed, 0 open; 10 others are open: $T/own.h5" "a part of a run counts what was selected" \
    "$QGRID" run "$J" --only e/fp32 --progress none
fails 75 "11 cells: 1 done, 0 failed, 10 open; " "status counts all" "$QGRID" status "$T/own.h5"
ok "and groups alike cells" sh -c "'$QGRID' status '$T/own.h5' | grep -qE '^open +e/[*]/[*] [(]6 explain[)]\$'"
ok "-v lists all of them" sh -c "'$QGRID' status -v '$T/own.h5' | grep -c '^open *e/[a-z0-9]*/[a-z]*\$' | grep -qx 6"
forecast() { # what plan says of the file's size: not too little, nor far too much for a small file
    local said
    said=$("$QGRID" plan "$J" | sed -n 's/^results file: at most //p')
    $PYTHON - "$said" "$(stat -c %s "$T/own.h5")" <<'PY'
import sys
n, unit = sys.argv[1].split()
said = float(n) * {"KiB": 1024, "MiB": 1 << 20, "bytes": 1}[unit]
assert 1 <= said / int(sys.argv[2]) < 1.6, sys.argv
PY
}
ok "plan forecasts the size of the file" forecast
announced() { # RANKS: what a run says before it begins
    local np=$1
    mpirun -np "$np" "$QGRID" run "$J" --fresh 2>&1 >/dev/null | grep "^qgrid: own: 11 of 11 cells to do, .* units on $np rank.*, into $T/own.h5; about "
}
ok "a run says what it will do" announced 1
ok "once, on two ranks" sh -c "test $(announced 2 | wc -l) = 1"
ok "a finished one has nothing to say" sh -c "! '$QGRID' run '$J' 2>&1 >/dev/null | grep 'to do'"

# ------------------------------------------------------------------------------------- what is shown
ok "FILE.h5 is show" sh -c "test \"\$('$QGRID' '$T/own.h5')\" = \"\$('$QGRID' show '$T/own.h5')\""
ok "also of a cell" sh -c "test \"\$('$QGRID' '$T/own.h5' e/int8)\" = \"\$('$QGRID' show '$T/own.h5' e/int8)\""
ok "show takes globs" sh -c "'$QGRID' show '$T/own.h5' 'e/*/occlusion' | grep -c ': done\$' | grep -qx 3"
fails 2 "'f/*' matches none of its 11 cells" "one that matches nothing" "$QGRID" show "$T/own.h5" 'f/*'
"$QGRID" show "$T/own.h5" >"$T/shown"
ok "the accuracy has Wilson's interval" $PYTHON - "$T" <<'PY'
import math, sys, h5py
f, z = h5py.File(sys.argv[1] + "/own.h5"), 1.959963984540054
p, n = f["/metrics/m/d/int8/accuracy"][()], 6
lo, hi = ((p + z * z / 12 + s * z * math.sqrt(p * (1 - p) / n + z * z / 144)) / (1 + z * z / n) for s in (-1, 1))
want = "%.4f  %.4f-%.4f" % (p, lo, min(hi, 1))
assert want in open(sys.argv[1] + "/shown").read(), (want, open(sys.argv[1] + "/shown").read())
PY
ok "the drift has that of the bootstrap" $PYTHON - "$T" <<'PY'
import sys, h5py
f = h5py.File(sys.argv[1] + "/own.h5")
g = f["/comparisons/m/d/int8/occlusion"]
at = [n.decode() for n in g["summary_statistic"][:]]
row = g["summary"][0, [n.decode() for n in g["measure"][:]].index("spearman")]
lo, hi = row[at.index("ci_low")], row[at.index("ci_high")]
want = ("%.3f to %.3f" if lo < 0 or hi < 0 else "%.3f-%.3f") % (lo, hi)
assert lo == lo and want in open(sys.argv[1] + "/shown").read(), want
PY
write j.json 'j["precisions"] = ["fp32", "int4_g128_a8", {"precision": "int4_g128_a8", "embeddings": "int8"}]; j["output"] = T + "/names.h5"
j["explain"] = {"methods": ["attention_rollout", "attention_entropy"], "samples": {"per_class": 1, "correct_only": False}, "faithfulness": False}'
ok "a run with long names" sh -c "'$QGRID' run '$T/j.json' --progress none >'$T/names'"
ok "heads are whole" grep -qE 'int4_g128_a8 +int4_g128_a8_emb_int8' "$T/names"
fails 0 "attention_rollout  attention_entropy" "also of methods" "$QGRID" show "$T/names.h5" e/explanations

# ------------------------------------------------------------------------------------------- bench
shares() { "$QGRID" bench --json --kernel "$1" --runs 20 2>/dev/null | $PYTHON -c "
import json, sys
rows = [json.loads(l) for l in sys.stdin]
assert any(r['kind'] == 'kernel' for r in rows)
for r in rows: assert r.get('peak_share', 0) <= 1 and ('peak_share' in r) == ('peak' in r), r"; }
for k in absmax minmax transpose; do
    ok "no share of a peak above 100 %: $k" shares $k
done
write split.json "j['datasets']['d'] = {'path': T + '/own.csv', 'split': {'train': 1.7, 'test': 0.2}}; j['experiments']['e']['dataset'] = 'd_test'"
ok "a wrong split brings no mistake about its parts" exactly 1 "$T/split.json"
ok "help of help" sh -c "'$QGRID' help help | grep -q '^usage: qgrid COMMAND'"
sections() { # those that the help of list names, and those that it has
    [ "$("$QGRID" list -h | sed -n '1s/.*\[\(precisions.*\)\]/\1/p' | tr '|' '\n' | sort)" = \
        "$("$QGRID" list nothing 2>&1 | sed -n 's/.*is not one of: //p' | tr -d ' ' | tr ',' '\n' | sort)" ]
}
ok "help of list names all lists" sections
listed() { # every section, and in it every name that the text has
    "$QGRID" list --json >"$T/list.json" || return 1
    for x in precisions formats rules perturbations models tokenizers metrics methods; do
        "$QGRID" list $x >"$T/list" || return 1
        "$PYTHON" - "$T/list.json" "$T/list" $x <<'END' || return 1
import json, re, sys
names = {i["name"] for i in json.load(open(sys.argv[1]))[sys.argv[3]]}
text = set(re.findall(r"^  ([a-z0-9_]+)  ", open(sys.argv[2]).read(), re.M))
assert text and names >= text, text - names
END
    done
}
ok "list --json has all of it" listed
printf 'text,label\nTİDAK ENAK,negative\nÉNAK énak ,positive\n' >"$T/upper.csv"
write upper.json "j['datasets']['d'] = T + '/upper.csv'"
ok "words of a card are lower-cased in Unicode" sh -c "'$QGRID' check '$T/upper.json' | grep -q 'vocabulary: 3 different of 4 words'"
write many.json "j['datasets']['d'] = T + '/many.csv'"
{ echo text,label && yes enak,baik | head -n 20 && echo enak; } >"$T/many.csv"
ok "of a file with many bad rows the first are named" exactly 5 "$T/many.json"
refused '17 more bad rows; of all 21: 20 x label' "and how many others there are" many.json
printf '{"text": "a\\u0000b", "label": "neutral"}\n{"text": "c", "label": "neutral"}\n' >"$T/nul.jsonl"
write nul.json "j['datasets']['d'] = T + '/nul.jsonl'"
refused 'nul.jsonl:1:12: /datasets/d: \u0000, which no text may hold' "U+0000 is refused where it stands" nul.json
finish
