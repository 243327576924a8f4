#!/usr/bin/env bash
# What is done to the texts of data sets before they are cut into tokens.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

cp -r models/mini-finetuned "$T/cased"
sed -i 's/"do_lower_case": *true/"do_lower_case": false/' "$T/cased/tokenizer_config.json"
ok "a model whose tokenizer does not lower" grep -q '"do_lower_case": false' "$T/cased/tokenizer_config.json"
cat >"$T/texts.tsv" <<'END'
Produk ini SANGAT Bagus	positive
Saya TIDAK suka Pelayanannya	negative
Biasa saja	neutral
END
tr '[:upper:]' '[:lower:]' <"$T/texts.tsv" >"$T/lowered.tsv"
job() { # NAME FILE RULES
    cat >"$T/$1.json" <<END
{"name": "texts", "output": "$T/$1.h5", "labels": ["positive", "neutral", "negative"],
 "models": {"m": "$T/cased"}, "datasets": {"d": {"path": "$T/$2", "format": "smsa", "normalize": $3}},
 "experiments": {"e": {"model": "m", "dataset": "d"}}, "precisions": ["fp32"]}
END
}
logits() { # FILE FILE: whether their logits are the same bits
    $PYTHON - "$1" "$2" <<'END'
import h5py, sys
a, b = (h5py.File(p)["/predictions/m/d/fp32/logits"][:] for p in sys.argv[1:])
assert a.shape == (3, 3) and a.tobytes() == b.tobytes(), (a, b)
END
}
attribute() { # FILE TEXT
    $PYTHON -c "import h5py, sys; v = h5py.File(sys.argv[1])['/datasets/d'].attrs['normalize']; v = v.decode() if isinstance(v, bytes) else v; assert v == sys.argv[2], v" "$1" "$2"
}

job letters texts.tsv '"letters"'
job both texts.tsv '["letters", "lower"]'
job plain lowered.tsv '"none"'
"$QGRID" check "$T/letters.json" >"$T/said" 2>&1
ok "check warns of texts that are mostly unknown" grep -qE 'experiment e: [3-9][0-9]\.[0-9] % of the tokens are unknown to the vocabulary, which has lower case only' "$T/said"
ok "and the remedy" grep -qF '"normalize": "lower" of dataset d makes that ' "$T/said"
ok "and calls no such job fine" grep -q 'units of work: the job would run, but on texts that its models cannot read' "$T/said"
"$QGRID" check "$T/both.json" >"$T/said" 2>&1
ok "the remedy helps" grep -q 'the job is fine' "$T/said"
ok "a run with two rules" run_np 0 "$T/both.json"
ok "a run of the lower-case texts" run_np 0 "$T/plain.json"
ok "which gives the same bits" logits "$T/both.h5" "$T/plain.h5"
ok "the results say what was done" attribute "$T/both.h5" "letters lower"
ok "or that nothing was" attribute "$T/plain.h5" "none"

printf 'Halo &amp; @budi lihat https://t.co/x\tpositive\n' >"$T/tweet.tsv"
job wrong tweet.tsv '["html", "twet"]'
fails 2 "/datasets/d/normalize/1: 'twet' is not one of: none, whitespace, letters, lower, nfc, nfkc, html, tweet" "an unknown rule" "$QGRID" check "$T/wrong.json"
"$QGRID" list rules >"$T/rules"
for rule in none whitespace letters lower nfc nfkc html tweet; do
    ok "$rule is listed" grep -qE "^  $rule +[a-zA-Z]" "$T/rules"
done
finish
