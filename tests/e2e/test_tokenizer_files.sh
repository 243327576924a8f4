#!/usr/bin/env bash
# Tokenizer files of every kind: what they say is done, or refused by name.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

tokenize() { # NAME OPTIONS TEXT: its tokens, without the special ones around it
    # shellcheck disable=SC2086 # options are words
    printf '%s\n' "$3" | "$QGRID" tokenize -m "$T/files/$1" $2 | $PYTHON -c '
import json, sys
tokens = json.load(sys.stdin)["tokens"]
assert tokens[0] == "[CLS]" and tokens[-1] == "[SEP]"
print(*tokens[1:-1])'
}
has() { # NAME OPTIONS TEXT TOKENS
    local got
    got=$(tokenize "$1" "$2" "$3") && echo "found: $got, wanted: $4" && [ "$got" = "$4" ]
}

$PYTHON tests/support/tokenizer_files.py "$T/files" >"$T/rows" || exit 1
while IFS=$'\t' read -r name options text wanted; do
    [ "$options" != - ] || options=
    # shellcheck disable=SC2086
    case $wanted in
    !*) fails 1 "${wanted#!}" "$name" "$QGRID" tokenize -m "$T/files/$name" $options /dev/null ;;
    *) ok "$name" has "$name" "$options" "$text" "$wanted" ;;
    esac
done <"$T/rows"
ok "no row was left out" [ $((passed + failed)) -ge 78 ]

# Models: the row of an added token is the one that counts, and rows that no token names are ids.
mini() { # NAME ROWS: the shipped model with so many rows more
    $PYTHON - "$T/$1" "$2" <<'EOF'
import json, pathlib, shutil, struct, sys
import numpy as np
name, more = sys.argv[1], int(sys.argv[2])
shutil.copytree("models/mini-finetuned", name)
p = pathlib.Path(name)
config = json.loads((p / "config.json").read_text())
config["vocab_size"] += more
(p / "config.json").write_text(json.dumps(config))
raw = (p / "model.safetensors").read_bytes()
n = struct.unpack("<Q", raw[:8])[0]
head, data = json.loads(raw[8:8 + n]), raw[8 + n:]
out, at, parts = {}, 0, []
for key, t in head.items():
    if key == "__metadata__":
        continue
    piece = data[slice(*t["data_offsets"])]
    if key.endswith("word_embeddings.weight"):
        piece += ((np.arange(more * 160) % 7 - 3) / 3).astype("<f4").tobytes()
        t["shape"][0] += more
    out[key] = {"dtype": t["dtype"], "shape": t["shape"], "data_offsets": [at, at + len(piece)]}
    at += len(piece)
    parts.append(piece)
text = json.dumps(out).encode()
text += b" " * (-len(text) % 8)
(p / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))
EOF
}
logits() { sed -E 's/.*"logits": \[([^]]*)\].*/\1/'; }
mini unnamed 2
mini added 2
echo '{"<user>": 7600}' >"$T/added/added_tokens.json"
text='<user> tidak suka' ids='{"ids": [2, 7600, 428, 854, 3]}'
"$QGRID" predict -m "$T/added" <<<"$text" | logits >"$T/by_text"
"$QGRID" predict -m "$T/added" --jsonl <<<"$ids" | logits >"$T/by_ids"
ok "an added token is its row" cmp "$T/by_text" "$T/by_ids"
ok "in every precision" bash -c "
    '$QGRID' predict -m '$T/added' -p int8 --embeddings int8 <<<'$text' | sed 's/.*logits//; s/, .proba.*//' >'$T/a'
    '$QGRID' predict -m '$T/added' -p int8 --embeddings int8 --jsonl <<<'$ids' | sed 's/.*logits//; s/, .proba.*//' >'$T/b'
    cmp '$T/a' '$T/b'"
ok "a row that no token names is an id" bash -c "
    '$QGRID' predict -m '$T/unnamed' --jsonl <<<'$ids' | sed 's/.*logits//; s/, .proba.*//' >'$T/a'
    '$QGRID' predict -m '$T/added' --jsonl <<<'$ids' | sed 's/.*logits//; s/, .proba.*//' >'$T/b'
    cmp '$T/a' '$T/b'"
ok "also for tokenize" grep -q '"tokens": \["", "tidak"\]' <("$QGRID" tokenize -m "$T/unnamed" --jsonl <<<'{"ids": [7601, 428]}')
ok "and for explain" "$QGRID" explain -m "$T/unnamed" -x occlusion --jsonl - <<<"$ids"
echo '{"ids": [2, 7602, 3]}' >"$T/beyond.jsonl"
for command in predict tokenize "explain -x occlusion --file"; do
    # shellcheck disable=SC2086
    fails 1 "id 7602 is outside the 7602 rows of the embedding table" "no row: $command" "$QGRID" $command "$T/beyond.jsonl" -m "$T/unnamed"
done
echo '{"<user>": 7602}' >"$T/added/added_tokens.json"
fails 1 "7603 vocabulary entries and added tokens, the embedding table has 7602 rows" "an added token without a row" \
    "$QGRID" predict -m "$T/added" <<<"$text"

# Characters: the tables that are compiled in, and what Python knows of them.
ok "tables of characters agree with Python's" scripts/unicode-tables.py --check
finish
