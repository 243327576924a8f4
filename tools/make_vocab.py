#!/usr/bin/env python3
"""make_vocab.py SIZE FILE... > vocab.txt

A small WordPiece vocabulary from the texts of TSV files (first or third column) or plain files:
special tokens, every character alone and as a continuation, then the most frequent words and
word ends. Ties are broken alphabetically, so equal input gives equal output.
"""
import collections
import csv
import re
import sys
import unicodedata

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def texts(path):
    with open(path, encoding="utf-8", newline="") as f:
        rows = list(csv.reader(f, delimiter="\t", quoting=csv.QUOTE_MINIMAL if path.endswith(".csv") else csv.QUOTE_NONE))
    for row in rows:
        yield row[2] if len(row) > 2 else row[0]


def words(text):
    text = unicodedata.normalize("NFD", text.lower())
    text = "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Cf", "Cc") or c.isspace())
    return re.findall(r"[^\W_]+|[^\w\s]|_", text)


def main():
    size = int(sys.argv[1])
    count = collections.Counter(w for p in sys.argv[2:] for t in texts(p) for w in words(t))
    chars = sorted({c for w in count for c in w})
    vocab = SPECIALS + chars + ["##" + c for c in chars if c.isalnum()]
    ends = collections.Counter()
    for w, n in count.items():
        for k in range(2, min(6, len(w) - 1)):
            if w.isalpha():
                ends["##" + w[-k:]] += n
    pool = {w: n for w, n in count.items() if len(w) > 1}
    pool.update({e: n for e, n in ends.most_common(400) if n > 4})
    rest = sorted(pool, key=lambda w: (-pool[w], w))
    seen = set(vocab)
    vocab += [w for w in rest if w not in seen][: size - len(vocab)]
    sys.stdout.write("\n".join(vocab) + "\n")


main()
