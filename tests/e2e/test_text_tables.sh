#!/usr/bin/env bash
# tokenize, predict and explain read tables as a job does: the text's column alone, ids, rules, skipped rows.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
M=models/mini-finetuned
printf 'id,ulasan,label\nr7,"Makanan NYA enak, sekali",positive\nr8,tidak enak,negative\n' >"$T/own.csv"
printf 'makanan nya enak\tpositive\ntidak enak\tnegative\n' >"$T/s.tsv"
printf '{"text": "tidak enak", "id": 9007199254740993}\n{"text": "enak", "id": "b"}\n' >"$T/j.jsonl"
key() { "$PYTHON" -c 'import json, sys; print(*[json.loads(l).get(sys.argv[1]) for l in sys.stdin], sep="|")' "$1"; }
gives() { # WANT KEY COMMAND...
    local got want=$1 key=$2
    shift 2
    got=$("$@" | key "$key")
    [ "$got" = "$want" ] || { echo "got $got" && false; }
}
ok "a .tsv is text and label, and the label is not text" gives "makanan nya enak|tidak enak" text "$QGRID" tokenize -m $M "$T/s.tsv"
ok "its ids are record numbers" gives "0|1" id "$QGRID" predict -m $M "$T/s.tsv"
ok "a .csv with a column of its own" gives "Makanan NYA enak, sekali|tidak enak" text "$QGRID" predict -m $M --read text_column=ulasan "$T/own.csv"
ok "with the ids of the file" gives "r7|r8" id "$QGRID" predict -m $M --read text_column=ulasan "$T/own.csv"
ok "with text rules" gives "makanan nya enak, sekali|tidak enak" text "$QGRID" tokenize -m $M --read text_column=ulasan --read normalize='["html", "lower"]' "$T/own.csv"
ok "explain reads it, too" gives "r7|r8" id "$QGRID" explain -m $M -x gradient_x_input --json --file "$T/own.csv" --read text_column=ulasan
fails 1 "the header lacks column 'text', it has: id, ulasan, label" "a table without the column is refused" "$QGRID" predict -m $M "$T/own.csv"
ok "JSON lines" gives "9007199254740993|b" id "$QGRID" predict -m $M "$T/j.jsonl"
cp "$T/j.jsonl" "$T/j.ndjson"
ok "under their other name" gives "tidak enak|enak" text "$QGRID" predict -m $M "$T/j.ndjson"
printf '{"kalimat": "Tidak Enak"}\n' >"$T/k.jsonl"
ok "JSON lines with a key of their own" gives "Tidak Enak" text "$QGRID" predict -m $M --read text_column=kalimat "$T/k.jsonl"
printf 'one\ttwo\tthree\nenak\tpositive\n' >"$T/bad.tsv"
fails 1 "bad.tsv:1:1: 3 tab-separated fields found" "a bad row stops" "$QGRID" predict -m $M "$T/bad.tsv"
ok "or is left out" gives "enak" text "$QGRID" predict -m $M --read on_error=skip "$T/bad.tsv"
skipped() { "$QGRID" predict -m $M --read on_error=skip "$T/bad.tsv" 2>&1 >/dev/null | grep -qF "1 of 2 rows are left out, the first in line 1; of the reasons, 1 x 3 tab-separated fields found"; }
ok "with a word about it" skipped
printf 'text\tlabel\nenak\tpositive\n' >"$T/header.tsv"
fails 1 'a header, which this format has none of; "format": "csv" with "delimiter": "\t" reads it' "a header where none belongs" "$QGRID" predict -m $M "$T/header.tsv"
ok "it is read so" gives "enak" text "$QGRID" predict -m $M --read format=csv --read delimiter='"\t"' "$T/header.tsv"
printf 'a\tb\tc\n' >"$T/plain.tsv"
ok "any file line by line" gives $'a\tb\tc' text "$QGRID" tokenize -m $M --read format=lines "$T/plain.tsv"
fails 2 "unknown key 'colour', known are: path, from" "an unknown key" "$QGRID" predict -m $M --read colour=red "$T/s.tsv"
fails 2 "/normalize: 'low' is not one of:" "an unknown value" "$QGRID" predict -m $M --read normalize=low "$T/s.tsv"
fails 2 "--read label_map: has no meaning here" "a key of labels" "$QGRID" predict -m $M --read label_map=x "$T/s.tsv"
fails 2 "--read 'format': KEY=VALUE is expected" "no value" "$QGRID" predict -m $M --read format "$T/s.tsv"
fails 2 "standard input is read line by line" "standard input is no table" "$QGRID" predict -m $M --read format=csv <"$T/s.tsv"
fails 2 "--jsonl and --read exclude each other" "two ways at once" "$QGRID" predict -m $M --jsonl --read format=csv "$T/s.tsv"
cp "$T/own.csv" "$T/OWN.CSV"
ok "extensions in any case" gives "r7|r8" id "$QGRID" predict -m $M --read text_column=ulasan "$T/OWN.CSV"
cp "$T/own.csv" "$T/own.tab"
fails 2 "the extension of '$T/own.tab' names no format" "an extension that says nothing" "$QGRID" predict -m $M "$T/own.tab"
cp "$T/own.csv" "$T/own.parquet"
fails 2 "pandas.read_parquet" "a file that is not read" "$QGRID" predict -m $M "$T/own.parquet"
printf 'enak\n' >"$T/plain"
ok "a name without one is plain lines" gives enak text "$QGRID" predict -m $M "$T/plain"
printf '{"text": "a", "label": 1}\n{"text": "b"}\n{"text": "c", "label": null}\n' >"$T/some.jsonl"
ok "labels do not matter" gives "a|b|c" text "$QGRID" predict -m $M --read normalize=lower "$T/some.jsonl"
yes enak | head -n 600 | tr '\n' ' ' >"$T/words"
lengths() { # WANT ARGUMENTS...: ids, and whether texts are cut
    local want=$1
    shift
    [ "$("$QGRID" tokenize -m $M "$@" | "$PYTHON" -c 'import json, sys; print(*[(len(x["ids"]), x["truncated"]) for x in map(json.loads, sys.stdin)])')" = "$want" ]
}
longest=$("$PYTHON" -c 'import json; print(json.load(open("'$M'/config.json"))["max_position_embeddings"])')
ok "tokenize cuts a text where the model ends, and says so" lengths "($longest, True)" "$T/words"
ok "or where it is told to" lengths "(9, True)" --max-length 9 "$T/words"
ok "a length beyond the model is the model's" lengths "($longest, True)" --max-length 100000 "$T/words"
ok "a short text is whole" lengths "(3, False)" "$T/plain"
finish
