#!/usr/bin/env bash
# qgrid explain: numbers, what a terminal and a page show, what is refused.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
M=models/mini-finetuned
E="$QGRID explain -m $M"
unset NO_COLOR COLUMNS LC_ALL LC_CTYPE
export LANG=C.UTF-8 TERM=xterm-256color

cat >"$T/read.py" <<'EOF'
import json, math, subprocess, sys

KEYS = ["method", "precision", "target", "label", "probabilities", "base_value", "delta"]
LABELS = ["positive", "neutral", "negative"]

def no_number(constant):
    raise ValueError(constant)

def parsed(lines):
    return [json.loads(l, parse_constant=no_number) for l in lines]

def rows(name):
    return parsed(open("%s/%s" % (sys.argv[1], name), encoding="utf-8"))

def run(command, *texts):
    return subprocess.run(command.split() + list(texts), capture_output=True, text=True, check=True).stdout

def check(r, text):
    assert [k for k in r if k not in ("id", "gradients", "fit", "steps", "tolerance_reached")] == ["text"] + KEYS + ["tokens", "words"], r
    assert r["text"] == text
    assert r["label"] == LABELS[max(range(3), key=lambda k: r["probabilities"][k])]
    assert abs(sum(r["probabilities"]) - 1) < 1e-12
    assert [w["text"] for w in r["words"]] == text.split()
    assert [text[w["start"]:w["end"]] for w in r["words"]] == text.split()
    assert all(list(t) == ["text", "id", "score"] for t in r["tokens"])
    assert all(list(w) == ["text", "start", "end", "score"] for w in r["words"])
    assert r["tokens"][0] == {"text": "[CLS]", "id": 2, "score": 0}
    assert r["tokens"][-1] == {"text": "[SEP]", "id": 3, "score": 0}
    assert all(math.isfinite(w["score"]) for w in r["words"])

def scores(r, of="words"):
    return [x["score"] for x in r[of]]
EOF
holds() { # SENTENCE PROGRAM
    ok "$1" env PYTHONPATH="$T" $PYTHON -c "from read import *
$2" "$T"
}

# ------------------------------------------------------------------------------------- numbers
TEXT='makanan nya enak sekali tapi pelayanan buruk , buruk !'
FOUR="-p fp32,int8 -x integrated_gradients,shap,kernel_shap,lime"
ok "numbers" sh -c "$E --json $FOUR '$TEXT' >'$T/json' 2>'$T/err' && test ! -s '$T/err'"
holds "one object a line: precisions, and methods of each" "
r = rows('json')
methods = ['integrated_gradients', 'shap', 'kernel_shap', 'lime']
assert [(x['precision'], x['method']) for x in r] == [(p, m) for p in ('fp32', 'int8') for m in methods]
for x in r: check(x, '$TEXT')"
"$QGRID" predict -m $M <<<"$TEXT" >"$T/logits"
holds "integrated gradients add up to the logit" "
r, logits = rows('json')[0], rows('logits')[0]['logits']
for of in ('words', 'tokens'):
    assert abs(r['base_value'] + sum(scores(r, of)) - r['delta'] - logits[LABELS.index(r['target'])]) < 1e-4
assert abs(sum(scores(r))) > 0.1 and abs(r['delta']) < 1e-2 * abs(sum(scores(r)))"
holds "Shapley values add up to the probability" "
for r in [rows('json')[i] for i in (1, 2, 5, 6)]:
    assert abs(r['base_value'] + sum(scores(r)) - r['probabilities'][LABELS.index(r['target'])]) < 1e-9
    assert abs(r['delta']) < 1e-9 and abs(sum(scores(r))) > 0.1"
holds "gradients say what they are, surrogates how they fit" "
r = rows('json')
assert [x.get('gradients') for x in r] == ['exact', None, None, None, 'ste', None, None, None]
assert ['fit' in x for x in r] == [False, False, False, True] * 2
assert all(0 < x['fit'] <= 1 for x in r if 'fit' in x)"
holds "a repeated word has a score at each place" "
a, b = [w['score'] for w in rows('json')[0]['words'] if w['text'] == 'buruk']
assert a != b"
ok "numbers are the same again" sh -c "$E --json $FOUR '$TEXT' | cmp - '$T/json'"
ok "a seed draws other perturbations" sh -c \
    "sed -n 4p '$T/json' >'$T/lime' && $E --json -x lime '$TEXT' | cmp - '$T/lime' && ! $E --json --seed 7 -x lime '$TEXT' | cmp -s - '$T/lime'"
for label in positive negative; do
    $E --json --target $label "$TEXT" >"$T/$label"
done
holds "a word for one class is against the other" "
p, n = rows('positive')[0], rows('negative')[0]
assert p['target'] == 'positive' and n['target'] == 'negative' and p['label'] == n['label']
i = '$TEXT'.split().index('enak')
assert scores(p)[i] > 0.1 and scores(n)[i] < -0.1"
ok "options reach the methods that have them" sh -c \
    "$E --json -x lime,integrated_gradients --option samples=50 --option rule=trapezoid --option steps=3 '$TEXT' >'$T/options'"
holds "and change what they say" "
lime, ig = rows('options')
assert scores(lime) != scores(rows('json')[3]) and scores(ig) != scores(rows('json')[0])"
IG="$E --json -p fp32,int8 -x integrated_gradients,lime --option steps=2 --option rule=riemann_left"
ok "a tolerance that is not reached warns" sh -c "$IG --option tolerance=0.001 --option most_steps=5 '$TEXT' >'$T/missed' 2>'$T/err' && \
    test \$(grep -c 'has not reached its tolerance in 4 steps' '$T/err') = 2"
ok "one that is does not" sh -c "$IG --option tolerance=0.5 --option most_steps=64 '$TEXT' >'$T/reached' 2>'$T/err' && test ! -s '$T/err'"
ok "neither does none" sh -c "$IG '$TEXT' >'$T/none' 2>'$T/err' && test ! -s '$T/err'"
holds "the object has the steps, and whether they are enough" "
for name, is_reached in (('missed', False), ('reached', True), ('none', None)):
    for r in rows(name):
        path = r['method'] == 'integrated_gradients'
        assert r.get('tolerance_reached') is (is_reached if path else None), (name, r['method'])
        assert ('steps' in r) == path and (not path or r['steps'] in ({'missed': [4], 'none': [2]}.get(name) or [2, 4, 8, 16, 32, 64]))"
ok "the last of equal options counts" sh -c \
    "test \"\$($E --json --option steps=3 --option steps=50 '$TEXT')\" = \"\$(sed -n 1p '$T/json')\""
holds "all is every method" "
r = parsed(run('$E --json -x all', 'tidak enak').splitlines())
assert len({x['method'] for x in r}) == len(r) >= 10
for x in r: check(x, 'tidak enak')"
holds "the class is that of fp32, or each precision's own" "
text = ' '.join(['bagus', 'buruk'] * 20)
for target, same in (('reference', True), ('predicted', False)):
    r = parsed(run('$E --json -x occlusion -p int4,fp32,int8 --target ' + target, text).splitlines())
    assert [x['target'] for x in r] == [r[1]['label'] if same else x['label'] for x in r]"

# --------------------------------------------------------------------------------------- texts
$PYTHON - "$T" <<'EOF'
import json, sys
texts = ["tidak enak", "", "[UNK] \U0001f600 \u4f60\u597d", "enak", "\u202e hai \u001b[31m"]
with open(sys.argv[1] + "/in.jsonl", "w") as f:
    for i, t in enumerate(texts):
        f.write(json.dumps({"id": "row-%d\u001b[5m" % i, "text": t}) + "\n")
    f.write(json.dumps({"id": 17, "ids": [2, 428, 466, 3]}) + "\n")
    for i in range(30):
        f.write(json.dumps({"text": "barang bagus %d" % i}) + "\n")
with open(sys.argv[1] + "/page.jsonl", "w") as f:
    for t in ["<script>alert(1)</script> tidak enak \u001b[1m", "", "enak '\"&"]:
        f.write(json.dumps({"id": 'a"&<b>', "text": t}) + "\n")
EOF
ok "jsonl" sh -c "$E --json -x integrated_gradients,shap --jsonl '$T/in.jsonl' >'$T/jsonl'"
holds "hands ids through, whatever the text" "
r, texts = rows('jsonl'), rows('in.jsonl')
assert len(r) == 2 * len(texts)
for i, x in enumerate(r):
    assert x.get('id') == texts[i // 2].get('id') and x.get('text') == texts[i // 2].get('text')
assert r[2]['words'] == [] and len(r[2]['tokens']) == 2
assert scores(r[8])[0] is None and scores(r[8])[1] is not None"
holds "ids have the words that their tokens make" "
a, b = rows('jsonl')[0], rows('jsonl')[10]
assert b['ids'] == [2, 428, 466, 3] and 'text' not in b
assert [w['text'] for w in b['words']] == ['tidak', 'enak'] and scores(a) == scores(b)
assert b['words'][0]['start'] is None and b['words'][0]['end'] is None"
holds "a text's numbers do not depend on those beside it" "
one = run('$E --json -x integrated_gradients,shap', rows('in.jsonl')[20]['text'])
assert one.count('\n') == 2 and one in open('$T/jsonl').read()"
printf 'tidak enak\n\nenak\n' >"$T/in.txt"
$E --json 'tidak enak' '' enak >"$T/arguments"
ok "lines of a file are texts like arguments" sh -c "$E --json --file '$T/in.txt' | cmp - '$T/arguments'"
ok "and those of standard input" sh -c "$E --json <'$T/in.txt' | cmp - '$T/arguments' && $E --json - <'$T/in.txt' | cmp - '$T/arguments'"
LONG=$(printf 'enak %.0s' $(seq 300))
ok "a long text is cut, and that is told once" sh -c \
    "$E --json -p fp32,int8 '$LONG' >'$T/long' 2>'$T/err' && grep -c 'text 1: cut to 128 tokens' '$T/err' | grep -qx 1"
holds "words that were cut off have no score" "
for r in rows('long'):
    assert len(scores(r)) == 300 and None not in scores(r)[:126] and set(scores(r)[126:]) == {None}"
printf '{"text": "enak"}\n{"text": 3}\n{"text": "enak"}\n' >"$T/bad.jsonl"
ok "lines before a bad one are explained" sh -c \
    "! $E --json --jsonl '$T/bad.jsonl' >'$T/bad' 2>'$T/err' && grep -q 'bad.jsonl:2' '$T/err' && test \$(wc -l <'$T/bad') = 1"
printf '{"text": "enak"}\n{"ids": [428]}\n' >"$T/bare.jsonl"
ok "so are those before one that cannot be, which is named" sh -c \
    "! $E --json -x lime --jsonl '$T/bare.jsonl' >'$T/bad' 2>'$T/err' && grep -q 'bare.jsonl:2' '$T/err' && test \$(wc -l <'$T/bad') = 1"

# ---------------------------------------------------------------------------------- for people
ESC=$(printf '\033')
$E "$TEXT" >"$T/plain"
ok "no escape codes where there is no terminal" sh -c "test -s '$T/plain' && ! grep -q '$ESC' '$T/plain'"
ok "head, text and bars" sh -c \
    "grep -q '$M  fp32  integrated_gradients' '$T/plain' && grep -q 'predicted negative 0\.' '$T/plain' && \
    grep -qxF '$TEXT' '$T/plain' && grep -q ' 3  enak .* -[0-9.]*  █' '$T/plain'"
ok "ASCII in a locale that has no more" sh -c \
    "LANG=C $E '$TEXT' >'$T/ascii' && grep -q ' 3  enak .*  ---' '$T/ascii' && ! LC_ALL=C grep -q '[^ -~]' '$T/ascii'"
ok "colours where they are asked for" sh -c "NO_COLOR=1 $E --color always '$TEXT' | grep -q '$ESC\[48;5;'"
ok "columns" sh -c "$E -p fp32,int8 -x integrated_gradients,occlusion '$TEXT' >'$T/table'"
ok "side by side, with rank correlations" sh -c \
    "grep -q '^precision  *fp32  *fp32  *int8  *int8\$' '$T/table' && grep -q '^enak   *-[0-9.]*  *[-+][0-9.]*  *-[0-9.]*  *[-+][0-9.]*\$' '$T/table' && \
    grep -q '^rho, first  *+1.0000 ' '$T/table' && grep -q '^rho, method  *+1.0000  *+1.0000  *+[01]' '$T/table' && ! grep -q █ '$T/table'"
$E --json -p fp32,int8 -x integrated_gradients,occlusion "$TEXT" >"$T/columns"
holds "they are Spearman's of the words" "
def ranks(v):
    return [sum(y < x for y in v) + (sum(y == x for y in v) - 1) / 2 for x in v]
def rho(x, y):
    a, b = ranks(x), ranks(y)
    m = (len(a) - 1) / 2
    dot = lambda u, v: sum((p - m) * (q - m) for p, q in zip(u, v))
    return dot(a, b) / math.sqrt(dot(a, a) * dot(b, b))
c = [scores(r) for r in rows('columns')]
lines = {l[:11]: l.split()[2:] for l in open('$T/table') if l.startswith('rho, ')}
assert lines['rho, first '] == ['%+.4f' % rho(c[0], y) for y in c], lines
assert lines['rho, method'] == ['%+.4f' % rho(c[i % 2], y) for i, y in enumerate(c)], lines
assert lines['rho, first '] != lines['rho, method']"
holds "bars are of the words that weigh most, in that order" "
words = ['w%d' % i for i in range(9)] + ['enak', 'buruk'] * 5
text = ' '.join(words)
(r,) = parsed(run('$E --json', text).splitlines())
order = sorted(range(19), key=lambda i: -abs(scores(r)[i]))[:15]
bars = [l.split() for l in run('$E', text).split('\\n\\n')[2].splitlines()]
assert [(int(b[0]) - 1, b[1]) for b in bars[:15]] == [(i, words[i]) for i in order], bars
assert [b[2] for b in bars[:15]] == ['%+.4f' % scores(r)[i] for i in order]
assert bars[15] == 'and 4 words of less weight'.split() and len(bars) == 16
assert len(bars[0][3]) == 40"
holds "columns stand under each other also behind wide characters" "
import unicodedata
wide = lambda l: sum(2 if unicodedata.east_asian_width(c) in 'WF' else 0 if unicodedata.combining(c) else 1 for c in l)
table = run('$E -p fp32,int8', '\u4f60\u597d e\u0301nak ' + 40 * 'x').split('\n\n')[2].splitlines()
assert len(table) == 3 and len({wide(l) for l in table}) == 1 and 'xxx~' in table[2], table"
ok "as many as fit in \$COLUMNS" sh -c \
    "COLUMNS=100 $E -p fp32,int8,int4 -x integrated_gradients,occlusion enak | grep -c ^precision | grep -qx 1 && \
    COLUMNS=50 $E -p fp32,int8,int4 -x integrated_gradients,occlusion enak | grep -c ^precision | grep -qx 2"
ok "with bars if they are asked for" sh -c "$E --bars -p fp32,int8 '$TEXT' | grep -c '  enak .*█' | grep -qx 2"
ok "one word has no rank" sh -c "$E -p fp32,int8 enak | grep -q '^rho, first  *-  *-\$'"
ok "a text without words says so" sh -c "$E '' | grep -qx '(no words)'"
ok "controls of a text never reach the terminal" sh -c \
    "$E -x occlusion -p fp32,int8 --bars --jsonl '$T/in.jsonl' >'$T/control' && ! grep -q '$ESC' '$T/control' && \
    grep -qF '== row-0\\x1b[5m' '$T/control' && grep -qF '\\x1b[31m' '$T/control' && grep -qF '\\u202e' '$T/control'"
cat >"$T/terminal.py" <<'EOF'
import fcntl, os, pty, re, struct, sys, termios
def run(args, columns, typed=None, **env):
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execve(args[0], args, {**os.environ, **env})
    out = b""
    if typed:
        os.write(fd, typed.encode())
    try:
        while chunk := os.read(fd, 4096):
            out += chunk
            if typed and b"for negative" in out:  # the answer came before the end of the input
                os.write(fd, b"\x04")
                typed = None
    except OSError:
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, out
    return out.decode()
explain, text = sys.argv[1].split(), sys.argv[2]
out = run(explain + [text], 44)
assert "\033[48;5;" in out and "\033[0m" in out
assert "\033" not in run(explain + [text], 44, NO_COLOR="1")
assert "\033" not in run(explain + [text], 44, TERM="dumb")
body = re.sub("\033[^m]*m", "", out).replace("\r", "").split("\n")[2:]
assert max(map(len, body)) <= 44 and any("█" in l for l in body), body
long = run(explain + ["a" * 60 + " enak"], 20).replace("\r", "").split("\n")
assert any(re.search("a~ .* \\033", l) for l in long), long
assert run(explain + ["-p", "fp32,int8,int4", text], 44).count("precision") == 2
assert run(explain + ["-p", "fp32,int8,int4", text], 80).count("precision") == 1
assert "enak" in run(explain + ["-x", "occlusion"], 80, typed="tidak enak\n")
EOF
ok "a terminal gets colours and lines that fit, and every line its answer at once" \
    timeout $HANG $PYTHON "$T/terminal.py" "$E" "$TEXT"

# ------------------------------------------------------------------------------------ the page
cat >"$T/page.py" <<'EOF'
import html.parser, re, sys
page = open(sys.argv[1], encoding="utf-8").read()
class Check(html.parser.HTMLParser):
    stack, tags, text, titles = [], [], "", []
    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.titles += [v for k, v in attrs if k == "title"]
        assert not any(k in ("src", "href") or k.startswith("on") for k, v in attrs), attrs
        if tag not in ("meta", "br"):
            self.stack.append(tag)
    def handle_endtag(self, tag):
        assert self.stack.pop() == tag, tag
    def handle_data(self, data):
        self.text += data
c = Check()
c.feed(page)
c.close()
assert c.stack == [] and c.tags[:2] == ["html", "head"]
assert not {"script", "link", "img", "b", "iframe"} & set(c.tags)
assert "<script>alert(1)</script>" in c.text and 'a"&<b>' in c.text and "'\"&" in c.text
assert not re.search("https?:|url\\(|@import", page) and "\033" not in page
assert "prefers-color-scheme" in page and "@media print" in page
assert c.tags.count("section") == 3 and c.tags.count("article") == 12 and c.tags.count("caption") == 6
assert all(re.fullmatch(r"[-+][0-9.]+(e[-+]\d+)?|no score", t) for t in c.titles), c.titles
assert len(c.titles) == 4 * (4 + 0 + 2)
EOF
PAGE="$E -p fp32,int8 -x integrated_gradients,shap --html $T/page.html --jsonl $T/page.jsonl"
fails 0 "page.html: 3 texts" "a page" $PAGE
ok "in place of what is printed" sh -c "test -s '$T/page.html' && test -z \"\$($PAGE 2>/dev/null)\""
ok "is well-formed, stands alone and escapes what is in texts" $PYTHON "$T/page.py" "$T/page.html"
cp "$T/page.html" "$T/page.1"
ok "with --json both are written" sh -c "$PAGE --json 2>/dev/null | wc -l | grep -qx 12"
ok "the same again" cmp "$T/page.html" "$T/page.1"
ok "a page is written whole or not at all" sh -c \
    "mkdir '$T/pages' && ! $E --html '$T/pages/none.html' --jsonl '$T/bad.jsonl' 2>/dev/null && test -z \"\$(ls -A '$T/pages')\""

# ------------------------------------------------------------------------------- what is refused
fails 2 "-m MODEL is needed" "no model" "$QGRID" explain enak
fails 2 "there is no method 'limee', did you mean 'lime'" "an unknown method" $E -x limee enak
fails 2 "there is no method ''" "an empty name" $E -x lime, enak
fails 2 "there is no precision 'int9', did you mean 'int8'" "an unknown precision" $E -p fp32,int9 enak
fails 2 "there is no label 'positif', did you mean 'positive'; labels are: positive, neutral, negative" \
    "an unknown label" $E --target positif enak
fails 2 "no method asked for has an option 'sampels', did you mean 'samples'" "an unknown option" \
    $E -x lime,shap --option sampels=3 enak
fails 2 "lime: --option samples: found a string" "an option of another type" $E -x lime --option samples=many enak
fails 2 "lime: --option samples: 1 is outside" "an option out of range" $E -x lime --option samples=1 enak
fails 2 "is not of the form key=value" "an option without a value" $E --option samples enak
fails 2 "--color 'maybe' is not one of" "an unknown colour" $E --color maybe enak
fails 2 "not both" "texts from two places" $E --file "$T/in.txt" enak
fails 2 "only one" "two files" $E --file "$T/in.txt" --jsonl "$T/in.jsonl"
fails 2 "did you mean '--color'" "an unknown option of the command" $E --colour x
fails 2 "text 2 is not valid UTF-8" "bytes that are no text" $E enak "$(printf '\377')"
fails 1 "cannot open" "a file that is not there" $E --file "$T/no.txt"
fails 1 "cannot write" "a folder that is not there" $E --html "$T/no/page.html" enak
fails 1 "--head random" "a model without a classifier" "$QGRID" explain -m models/mini-original enak
ok "which may be drawn" sh -c "'$QGRID' explain -m models/mini-original --head random --json enak | grep -q '\"label\": \"LABEL_'"
ok "a packed folder" "$QGRID" quantize -m $M -p int8 -o "$T/int8"
P="$QGRID explain -m $T/int8"
fails 2 "integrated_gradients needs gradients, and '$T/int8' is a packed folder" "gives no gradients" $P enak
fails 2 "--target reference: '$T/int8' is a packed folder" "and no reference" $P -x occlusion --target reference enak
ok "and the same scores as its checkpoint" sh -c \
    "$P --json -x occlusion,attention_rollout 'tidak enak' >'$T/packed' && \
    $E --json -p int8 --target predicted -x occlusion,attention_rollout 'tidak enak' | cmp - '$T/packed'"
ok "all methods that go without are shown" sh -c \
    "$P --json -x all enak 2>'$T/err' | grep -q '\"lime\"' && grep -q 'saliency is left out' '$T/err'"
ok "help" sh -c "'$QGRID' explain --help | grep -q 'usage: qgrid explain' && '$QGRID' explain -h | grep -q -- '--html FILE'"
yes enak | head -n 200 >"$T/many.txt"
ok "a closed pipe ends it in silence" bash -c \
    "$E -x occlusion --file '$T/many.txt' 2>'$T/err' | head -n 1 >/dev/null; test ! -s '$T/err'"
finish
