#!/usr/bin/env bash
# qgrid report: the page of a study, in the hands of a parser and of a browser; qgrid explain of
# stored explanations; the report of a run.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
J=$T/job.json R=$T/one/r.h5 D=$T/one/out
mkdir "$T/one" "$T/three"

# ---------------------------------------------------------------------------------------- a study
# Texts and labels that mean something to HTML, scripts, style sheets and people's eyes.
cat >"$T/hostile.jsonl" <<'EOF'
{"text": "bagus <script>document.title='owned'</script> sekali", "label": "positive", "id": "<b>1"}
{"text": "buruk \"><img src=x onerror=alert(1)> 'sekali' & </style> </td></table>", "label": "negative", "id": "'2"}
{"text": "biasa \u202eterbalik javascript:alert(1) saja", "label": "positive", "id": "\"3"}
{"text": "tidak enak ]]> --> <!-- sekali", "label": "negative", "id": "4"}
EOF
cp -r models/mini-finetuned "$T/model" && sed -i 's/"neutral"/"neu<i>tral"/' "$T/model/config.json"
cat >"$J" <<EOF
{"name": "hostile", "seed": 42, "output": "$T/none.h5", "report": "$T/none", "labels": ["positive", "neu<i>tral", "negative"],
 "models": {"finetuned": {"path": "$T/model"}},
 "datasets": {"hostile": {"path": "$T/hostile.jsonl", "format": "jsonl"}},
 "experiments": {"study": {"model": "finetuned", "dataset": "hostile"}},
 "precisions": ["fp32", "int8", "int4"], "bootstrap": 100,
 "explain": {"methods": ["saliency", "occlusion"], "samples": {"per_class": 2, "correct_only": false}, "faithfulness": {"infidelity": 5}},
 "latency": {"warmup": 0, "runs": 2, "samples": 2}}
EOF
ok "a study of hostile texts" run_np 1 "$J" --output "$R"
ok "the same on three ranks" run_np 3 "$J" --output "$T/three/r.h5"
# The results file is named on the page as it is on the command line.
report() { (cd "$1" && "$QGRID" report r.h5 -o "$2" "${@:3}"); }
all=(--text "'2" --text '<b>1' --text 'hostile/"3' --text 4)
ok "its report" report "$T/one" out "${all[@]}"
ok "the report of the other" report "$T/three" out "${all[@]}"
ok "and once more" report "$T/one" again "${all[@]}"
holds() { # SENTENCE PROGRAM
    ok "$1" env PYTHONPATH=tests/support "$PYTHON" -c "import base64, glob, json, os, re, sys
from page import *
T = sys.argv[1]
page = checked(T + '/one/out/index.html')
$2" "$T"
}

# ----------------------------------------------------------------------------------- as it is written
ok "the same bytes twice" diff -r "$D" "$T/one/again"
holds "any number of ranks gives the same page outside what is of time" "
other = checked(T + '/three/out/index.html')
assert len(page.kept) > 500 and page.kept == other.kept, [(a, b) for a, b in zip(page.kept, other.kept) if a != b][:3]"
holds "well-formed, links at home, nothing fetched, heads with scopes" "
assert len(page.links) > 50 and page.tags['table'] >= 4 and page.tags['svg'] >= 1"
holds "hostile texts are text" "
text = ''.join(page.text)
assert \"<script>document.title='owned'</script>\" in text and '<img src=x onerror=alert(1)>' in text
assert 'neu<i>tral' in text and r'\u202eterbalik' in text
assert 'img' not in page.tags and 'b' in page.tags and len(page.scripts) == 1"
holds "every cell is there, with its n" "
text = ''.join(page.text)
assert sum(i[0] == 'c' and i[1:].isdigit() for i in page.ids) == int(re.search(r'(\d+): \d+ done', text)[1])
assert 'title=\"n = 4\"' in read(T + '/one/out/index.html')"
holds "the job can be saved as it was" "
href = [h for h, download in page.links if download][0]
assert base64.b64decode(href.split(',')[1]) == open(T + '/job.json', 'rb').read()"
holds "the script is the one that the page allows" "
import hashlib
text = read(T + '/one/out/index.html')
script = re.search(r'<script>(.*?)</script>', text, re.S)[1]
allowed = re.search(r'script-src .sha256-([A-Za-z0-9+/=]+)', text.replace('&#39;', \"'\"))[1]
assert base64.b64decode(allowed) == hashlib.sha256(script.encode()).digest()"
holds "what is linked beside the page is there" "
away = [h for h, download in page.links if h[0] != '#' and not download]
assert len(away) > 6 and all(os.path.exists(T + '/one/out/' + h) for h in away), away"
holds "metadata name every file once" "
crate = json.load(open(T + '/one/out/ro-crate-metadata.json'))
by_id = {e['@id']: e for e in crate['@graph']}
assert len(by_id) == len(crate['@graph']) and crate['@context'] == 'https://w3id.org/ro/crate/1.1/context'
root = by_id['./']
assert by_id['ro-crate-metadata.json']['about'] == {'@id': './'} and root['@type'] == 'Dataset'
parts = {p['@id'] for p in root['hasPart']}
assert all(p in by_id for p in parts)
there = {os.path.relpath(f, T + '/one/out') for f in glob.glob(T + '/one/out/**', recursive=True) if os.path.isfile(f)}
assert parts - {'r.h5'} == there - {'ro-crate-metadata.json'}, parts ^ there"

# ------------------------------------------------------------------------------------------- parts
ok "some sections alone" report "$T/one" part --only words,quality
holds "are alone" "
part = checked(T + '/one/part/index.html')
assert 'words' in part.ids and 'quality' in part.ids and 'study' not in part.ids and 'cells' in part.ids"
fails 2 "there is no section 'wrods'; sections are: verdict, study" "an unknown section" report "$T/one" no --only wrods
fails 2 "--text '17': no experiment explains a text of that id" "an unknown text" report "$T/one" no --text 17
ok "a text that is asked for" report "$T/one" text --text 4 --only words
holds "is shown alone" "
text = checked(T + '/one/text/index.html')
assert text.tags['details'] == 1 and 'asked for' in ''.join(text.text)"
ok "no texts" report "$T/one" none --texts 0 --only words
fails 1 "cannot" "a folder that cannot be" "$QGRID" report "$R" -o "$J/out"
# Without explanations, with cells that are open.
ok "a part of the study" run_np 0 "$J" --only 'study/fp32' --output "$T/part.h5"
ok "and its report" "$QGRID" report "$T/part.h5" -o "$T/part"
holds "says first that it is a part" "
part = checked(T + '/part/index.html')
assert 'This study is not complete. 1 of ' in ''.join(part.text)"
ok "an unfinished run writes none of itself" test ! -e "$T/none"

# ------------------------------------------------------------------------------------ the job's report
ok "a finished run wrote its report" test -s "$T/one/r/index.html"
mv "$T/one/r" "$T/one/gone" && echo >"$T/one/r"
ok "a report that cannot be written changes nothing" sh -c \
    "'$QGRID' run --progress none '$J' --output '$R' 2>'$T/err' && grep -q 'no report was written: ' '$T/err'"
rm "$T/one/r"
ok "a run that finds all done writes it again" sh -c "'$QGRID' run --progress none '$J' --output '$R' | grep -qx 'Report: $T/one/r/index.html' && test -s '$T/one/r/index.html'"
sed 's/"report": "[^"]*"/"report": ""/' "$J" >"$T/empty.json"
fails 2 "is empty, a folder name is expected" "an empty name" "$QGRID" check "$T/empty.json"

# ------------------------------------------------------------------------------- stored explanations
X="$QGRID explain $R"
explain() { "$QGRID" explain "$R" "$@"; }
ok "stored explanations on the terminal" sh -c "$X 'study/*/occlusion' 3 >'$T/shown' && grep -q '^precision .*fp32 .*int8 .*int4' '$T/shown'"
ok "and as JSON" sh -c "$X 'study/*' 3 --json >'$T/stored.jsonl'"
holds "with the scores of the file" "
import h5py
f = h5py.File(T + '/one/r.h5')
rows = [json.loads(l) for l in open(T + '/stored.jsonl')]
assert [(r['precision'], r['method']) for r in rows] == [(p, m) for p in ('fp32', 'int8', 'int4') for m in ('saliency', 'occlusion')]
slot = list(f['explained/finetuned/hostile/row'][:]).index(3)
for r in rows:
    a = f['attributions/finetuned/hostile'][r['precision']][r['method']]
    assert [w['score'] for w in r['words']] == list(a['word_scores'][slot][:len(r['words'])])
    assert r['probabilities'] == list(f['predictions/finetuned/hostile'][r['precision']]['probabilities'][3])
    assert [r['text'][w['start']:w['end']] for w in r['words']] == r['text'].split()"
fails 2 "row 9 of 'hostile' is not explained; rows that are: " "a row that is not explained" explain 'study/*' 9
fails 2 "is no cell that explains texts, and matches none" "a cell that explains nothing" explain study/int8 3
fails 2 "of a results file only --json" "what only a model can do" explain study/int8/occlusion 3 -x lime
fails 2 "'x' is not the number of a row" "no row" explain study/int8/occlusion x

# ----------------------------------------------------------------------------------------- a browser
cat >"$T/drive.js" <<'EOF'
const said = {}, rows = t => [...t.tBodies[0].rows].filter(r => !r.classList.contains('out'));
const table = document.getElementById('table-predictions'), heads = [...table.tHead.rows[0].cells];
const at = heads.findIndex(h => h.textContent.startsWith('cell')), button = heads[at].querySelector('button');
const names = () => rows(table).map(r => r.cells[at].textContent);
const box = document.querySelector('input[type=checkbox][value=int8]'), find = document.getElementById('filter');
said.before = names();
button.focus(); said.focus = document.activeElement === button;
button.click(); said.up = names(); said.sort = heads[at].getAttribute('aria-sort');
button.click(); said.down = names(); said.sort2 = heads[at].getAttribute('aria-sort');
box.click(); said.without = names(); box.click();
find.value = 'INT4'; find.dispatchEvent(new Event('input')); said.found = names(); said.told = document.querySelector('output').textContent;
find.value = ''; find.dispatchEvent(new Event('input')); said.after = names();
const paper = () => getComputedStyle(document.body).backgroundColor;
said.light = paper(); document.getElementById('theme').click(); said.dark = paper();
said.title = document.title; said.fetched = performance.getEntriesByType('resource').map(e => e.name);
said.width = innerWidth; said.page = document.documentElement.scrollWidth;
const out = document.createElement('pre'); out.id = 'said'; out.textContent = JSON.stringify(said); document.body.append(out);
EOF
BROWSER=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
browse() { # OPTION...: a browser with nothing of its own
    timeout -k 5 $HANG "$BROWSER" --headless=new --no-sandbox --disable-gpu --disable-background-networking --no-first-run \
        --user-data-dir="$T/browser" --virtual-time-budget=5000 --enable-logging=stderr "$@"
}
drive() { # the page with a driver in place of its policy
    sed -e '/Content-Security-Policy/d' "$D/index.html" >"$T/driven.html"
    { echo '<script>' && cat "$T/drive.js" && echo '</script>'; } >>"$T/driven.html"
    browse --window-size=400,800 --dump-dom "file://$T/driven.html" >"$T/dom" 2>"$T/console"
    grep -q 'id="said"' "$T/dom"
}
said() { # SENTENCE PROGRAM
    holds "$1" "
s = json.loads(re.search(r'<pre id=\"said\">(.*?)</pre>', read(T + '/dom'), re.S)[1].replace('&lt;', '<').replace('&gt;', '>').replace('&amp;', '&'))
$2"
}
if [ -z "$BROWSER" ]; then
    skip "the page in a browser" "there is no chromium" 9
else
    ok "a browser drives the page" drive
    said "columns are sorted, by keyboard as well" "
assert s['focus'] and s['up'] == sorted(s['before']) and s['down'] == s['up'][::-1] and s['sort'] == 'ascending' and s['sort2'] == 'descending'"
    said "variants and rows are filtered" "
assert s['without'] == [n for n in s['down'] if not n.endswith('/int8')] and len(s['without']) == 2
assert s['found'] == ['study/int4'] and ' rows' in s['told'] and s['after'] == s['down']"
    said "light turns dark" "assert s['light'] != s['dark']"
    said "nothing is fetched, no text ran" "assert s['fetched'] == [] and s['title'] == 'hostile: report'"
    said "400 pixels are enough" "assert s['width'] <= 500 and s['page'] <= s['width'], (s['width'], s['page'])"
    ok "no word on the console" sh -c "! grep -a CONSOLE '$T/console'"
    ok "prints" browse --no-pdf-header-footer --print-to-pdf="$T/page.pdf" "file://$D/index.html"
    holds "as pages" "
pdf = open(T + '/page.pdf', 'rb').read()
assert pdf.startswith(b'%PDF') and len(re.findall(rb'/Type\s*/Page\b', pdf)) >= 3"
fi
finish
