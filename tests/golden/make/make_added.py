#!/usr/bin/env python3
"""make_added.py [OUT] - tokenizer/added.jsonl: 40 drawn tokenizer.json with added tokens of all flags, under several
normalizers and pre-tokenizers, and the Rust tokenizers' ids of 25 drawn texts each (node, see rust_ids.mjs)."""
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "data")
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

PIECES = list("ab<>_1[]MASK!,ei") + ["é", "中", "文", "user", "us", "ab", "ª", "Ⓐ", "ⓐ", "\u0307"]
PIECES += ["##" + p for p in ("er", "a", "b", "_", "<", "1", "é", "e", "i", "中", "\u0307", "ª")]
LETTERS = ["a", "b", "A", "B", "<", ">", "é", "É", "中", "文", " ", "_", "1", "\u0301", "\u200d", "İ", "e", "!", "\u00a0",
           "\t", "Ⓐ", "user", "USER"]


def piece(name):
    return {"SpecialToken": {"id": name, "type_id": 0}}


def token(r, i, text, special):
    chance = lambda p: r.random() < p
    return {"id": i, "content": text, "single_word": not special and chance(.4), "lstrip": chance(.3),
            "rstrip": chance(.3), "normalized": not special and chance(.6), "special": special or chance(.3)}


def normalizer(r):
    chance = lambda p: r.random() < p
    if chance(.15):
        return None
    if chance(.15):
        return {"type": "Lowercase"}
    return {"type": "BertNormalizer", "clean_text": chance(.7), "handle_chinese_chars": chance(.7),
            "strip_accents": [None, True, False][r.randrange(0, 3)], "lowercase": chance(.7)}


def drawn(r, n):
    return "".join(LETTERS[r.randrange(0, len(LETTERS))] for _ in range(n))


def tokenizer(r, vocab):
    added = [token(r, vocab[s], s, True) for s in SPECIALS]
    for _ in range(r.randrange(0, 9)):
        text = drawn(r, r.randrange(1, 5)).strip()
        if text.strip("\u0301\u200d ") and text not in [t["content"] for t in added]:
            beyond = max(len(vocab), 1 + max(t["id"] for t in added))
            added.append(token(r, vocab.get(text, beyond), text, False))
    one = [piece("[CLS]"), {"Sequence": {"id": "A", "type_id": 0}}, piece("[SEP]")]
    ends = {s: {"id": s, "ids": [vocab[s]], "tokens": [s]} for s in ("[CLS]", "[SEP]")}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": normalizer(r),
            "pre_tokenizer": {"type": ["BertPreTokenizer", "BertPreTokenizer", "WhitespaceSplit"][r.randrange(0, 3)]},
            "post_processor": {"type": "TemplateProcessing", "single": one, "pair": one, "special_tokens": ends},
            "decoder": None, "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                                       "max_input_chars_per_word": [100, 6][r.randrange(0, 2)], "vocab": vocab}}


def text(r, file):
    own = [t["content"] for t in file["added_tokens"]]
    return "".join(drawn(r, 1) if r.random() < .65 else own[r.randrange(0, len(own))] for _ in range(r.randrange(1, 13)))


def main():
    r = random.Random("added")
    vocab = {}
    for p in SPECIALS + PIECES:
        vocab.setdefault(p, len(vocab))
    cases = []
    for _ in range(40):
        file = tokenizer(r, vocab)
        cases.append({"file": file, "texts": [text(r, file) for _ in range(25)]})
    with tempfile.TemporaryDirectory() as tmp:
        path = Path(tmp) / "cases.json"
        path.write_text(json.dumps(cases), encoding="ascii")
        run = subprocess.run(["node", Path(__file__).with_name("rust_ids.mjs"), path], check=True, capture_output=True)
    lines = [json.dumps(dict(c, ids=ids), separators=(",", ":")) for c, ids in zip(cases, json.loads(run.stdout))]
    (OUT / "tokenizer/added.jsonl").write_text("\n".join(lines) + "\n", encoding="ascii")
    print("added.jsonl:", len(lines), "tokenizers")


main()
