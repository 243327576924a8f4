#!/usr/bin/env bash
# Files that are wrong, or odd and right, in ways that other tests do not have: refused with their
# place, in little memory, without a results file; or read.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

JOB='{"name": "x", "output": "'$T'/x.h5", "labels": ["positive", "neutral", "negative"], "models": {"m": "models/mini-finetuned"}, "datasets": {"d": "datasets/test.tsv"}, "experiments": {"e": {"model": "m", "dataset": "d"}}, "precisions": ["fp32"]'
refused() { # MESSAGE NAME: the job in $T/j.json
    fails 2 "$1" "a job: $2" "$QGRID" run --progress none "$T/j.json"
    ok "and no results file is left: $2" test ! -e "$T/x.h5"
}
printf '\xef\xbb\xbf%s}' "$JOB" >"$T/j.json"
ok "a job with a byte order mark is read" "$QGRID" check "$T/j.json"
printf '%s}' "${JOB//, /$',\r\n'}" >"$T/j.json"
ok "a job with CRLF is read" "$QGRID" check "$T/j.json"
printf '%s,\n"seed": 9007199254740991}' "$JOB" >"$T/j.json"
ok "the largest exact integer is read" "$QGRID" check "$T/j.json"
printf '%s,\n"seed": 9007199254740993}' "$JOB" >"$T/j.json"
refused "j.json:2:1: /seed: 9007199254740992 is not below 2^53" "an integer that is not exact"
printf '%s,\n"seed": 1e999}' "$JOB" >"$T/j.json"
refused "j.json:2:9: this number is too large" "1e999"
printf '%s,\n"seed": NaN}' "$JOB" >"$T/j.json"
refused "j.json:2:9: not a JSON value" "NaN"
printf '%s,\n"se\0ed": 1}' "$JOB" >"$T/j.json"
refused "j.json:2:4: a control character inside a string" "a NUL byte"
printf '%s,\n// seed\n"seed": 1}' "$JOB" >"$T/j.json"
refused "j.json:2:1: JSON has no comments" "a comment"
: >"$T/j.json"
refused "j.json:1:1: a value is missing" "empty"
{ printf '%s, "x": "' "$JOB" && head -c 104857600 /dev/zero | tr '\0' a && printf '"}'; } >"$T/j.json"
refused "at most 1048576 are read" "100 MB"
rm "$T/j.json"

encode() { echo "film ini bagus xyz" | "$QGRID" tokenize -m "$T/m"; }
vocabulary() { # a copy of the shipped model, whose vocabulary is to be changed
    rm -rf "$T/m"
    cp -r models/mini-finetuned "$T/m"
}
vocabulary
encode >"$T/want"
sed -i 's/$/\r/' "$T/m/vocab.txt"
encode >"$T/got"
ok "a vocabulary with CRLF gives the same tokens" cmp "$T/want" "$T/got"
vocabulary
: >"$T/m/vocab.txt"
fails 1 "vocab.txt: holds 0 tokens" "an empty vocabulary" encode
vocabulary
sed -i 's/^\[UNK\]$/x/' "$T/m/vocab.txt"
fails 1 "unk_token: the vocabulary lacks '[UNK]'" "a vocabulary without [UNK]" encode
vocabulary
id=$(grep -nx bagus "$T/m/vocab.txt" | cut -d: -f1)
echo bagus >>"$T/m/vocab.txt"
ok "of a token that occurs twice the last place counts, as in transformers" \
    sh -c "test $((id - 1)) -ne 7600 && echo bagus | '$QGRID' tokenize -m '$T/m' | grep -q '\"ids\": \[2, 7600, 3\]'"
vocabulary
head -c 70000 /dev/zero | tr '\0' a >>"$T/m/vocab.txt"
fails 1 "vocab.txt:7601: this token has more than 65536 bytes" "a token of 70 kB" encode

{ head -c 1048576 /dev/zero | tr '\0' a && printf '\tpositive\nbagus\tneutral\n'; } >"$T/d.tsv"
printf '%s}' "${JOB/datasets\/test.tsv/$T/d.tsv}" >"$T/j.json"
ok "a line of 1 MB is one text" sh -c "'$QGRID' check '$T/j.json' | grep -q '2 of 2 records; 0 skipped'"
printf 'text,label\ra,neutral\rb"c,neutral\rd,positive\r' >"$T/d.csv"
printf '%s}' "${JOB/datasets\/test.tsv/$T/d.csv}" >"$T/j.json"
fails 2 "d.csv:3:2: " "lines that end with CR alone have places" "$QGRID" check "$T/j.json"
sed -i "s#\"datasets\": {\"d\": [^}]*}#\"datasets\": {\"d\": {\"path\": \"$T/d.csv\", \"on_error\": \"skip\"}}#" "$T/j.json"
ok "and a bad one costs itself alone" sh -c "'$QGRID' check '$T/j.json' | grep -q '2 of 3 records; 1 skipped'"
printf '{"text": "a", "label": 9007199254740993}\n' >"$T/d.jsonl"
printf '%s}' "${JOB/datasets\/test.tsv/$T/d.jsonl}" >"$T/j.json"
fails 2 "d.jsonl:1:15: /label: 9007199254740992 is not below 2^53" "a label that is not exact" "$QGRID" check "$T/j.json"
finish
