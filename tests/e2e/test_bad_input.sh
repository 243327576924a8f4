#!/usr/bin/env bash
# Wrong input: one clear line with file, place and field, and the right exit status.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

job() { # writes $T/$1.json from a Python dict expression with changes in $2
    $PYTHON - "$T/$1.json" "$T" "$2" <<'EOF'
import json, sys
T = sys.argv[2]
job = {"name": "bad", "output": T + "/bad.h5", "labels": ["positive", "neutral", "negative"],
       "models": {"m": "models/mini-finetuned"}, "datasets": {"d": "datasets/test.tsv"},
       "experiments": {"e": {"model": "m", "dataset": "d"}}, "precisions": ["fp32"]}
exec(sys.argv[3])
json.dump(job, open(sys.argv[1], "w"), indent=1)
EOF
}
bad() { # NAME CHANGE MESSAGE [STATUS]
    job bad "$2"
    fails "${4:-2}" "$3" "$1" "$QGRID" run --progress none "$T/bad.json" --fresh
}
model() { # a copy of the shipped model to break
    rm -rf "$T/model"
    cp -r models/mini-finetuned "$T/model"
}
edit() { $PYTHON -c "import sys; p = '$T/model/model.safetensors'; b = bytearray(open(p, 'rb').read()); $1; open(p, 'wb').write(b)"; }
M="job['models']['m'] = T + '/model'"

fails 2 "usage" "no arguments" "$QGRID"
fails 2 "did you mean 'predict'" "an unknown command" "$QGRID" predct
fails 2 "a job file is missing" "run without a job" "$QGRID" run
fails 2 "there is no option '--onyl', did you mean '--only'?" "an unknown option names the nearest" "$QGRID" --onyl x jobs/full_matrix.json
fails 2 "run: --set needs a value" "an option without its value" "$QGRID" run --set
fails 2 "run: --fresh takes no value" "a value that is not wanted" "$QGRID" run --fresh=1 x.json
fails 2 "'--r' could be: --ranks, --ranks-per-node, --retry-failed" "an ambiguous option" "$QGRID" plan --r x.json
fails 2 "--max-length '12x' is not a whole number from 2 to" "a number with a tail" "$QGRID" predict -m models/mini-finetuned --max-length 12x
fails 2 "--max-length '1' is not a whole number from 2 to" "a length too short" "$QGRID" tokenize -m models/mini-finetuned --max-length 1
fails 2 "--seed 'abc' is not a whole number from 0 to" "a seed that is no number" "$QGRID" quantize -m models/mini-original -p int8 -o "$T/q" --head random --seed abc
fails 2 "--ranks '4x' is not a whole number from 1 to" "ranks that are no number" "$QGRID" plan jobs/full_matrix.json --ranks 4x
fails 2 "--max-time '0s' is not a time such as" "no time at all" "$QGRID" run jobs/full_matrix.json --max-time 0s
ok "a mistake is told once, not by each rank" sh -c \
    "mpirun -np 3 '$QGRID' run --onyl 2>&1 | grep -c 'there is no option' | grep -qx 1"
fails 2 "No such file" "a missing job" "$QGRID" run "$T/none.json"
printf '{"name": "x",\n "labels": [1, 2,]}' >"$T/broken.json"
fails 2 "broken.json:2:17: a comma before ]" "broken JSON has line and column" "$QGRID" run "$T/broken.json"
$PYTHON -c "print('[' * 100000)" >"$T/deep.json"
fails 2 "nested more than 64 deep" "deep JSON" "$QGRID" run "$T/deep.json"
printf '\xff\xfe{' >"$T/utf16.json"
fails 2 "not valid UTF-8" "UTF-16" "$QGRID" run "$T/utf16.json"
printf '{"name": "x", "name": "y"}' >"$T/twice.json"
fails 2 "key 'name' occurs twice" "a key twice" "$QGRID" run "$T/twice.json"
bad "an unknown key names the nearest" "job['precision'] = []" "unknown key 'precision', did you mean 'precisions'?"
bad "a wrong type" "job['seed'] = 'a'" "/seed: found a string, an integer is expected"
bad "an unknown precision names the nearest" "job['precisions'] = ['int9']" "there is no precision 'int9', did you mean 'int8'"
bad "a precision's name that a cell needs" "job['precisions'] = ['fp32', {'precision': 'int8', 'name': 'compare'}]" "/precisions/1: name 'compare' is taken"
bad "an unknown model" "job['experiments']['e']['model'] = 'n'" "there is no model 'n', known are: m"
bad "an unknown format" "job['datasets']['d'] = {'path': 'datasets/test.tsv', 'format': 'xml'}" "xml"
bad "a missing data set" "job['datasets']['d'] = 'none.tsv'" "none.tsv: /datasets/d: cannot open: No such file or directory"
bad "a missing model" "job['models']['m'] = 'none'" "none: /models/m: there is no such model folder"
bad "labels in another order" "job['labels'].reverse()" "the order counts"
bad "an empty name of the results file" "job['output'] = ''" "/output: is empty, a file name is expected"
bad "a batch size twice" "job['latency'] = {'batch_sizes': [8, 1, 8]}" "/latency/batch_sizes/2: 8 occurs twice"
job two "job['seed'] = -1; job['precisions'] = ['x1']; job['experiments']['e']['dataset'] = 'q'"
fails 2 "3 mistakes" "all mistakes are found" "$QGRID" check "$T/two.json"
fails 2 "there is no 'precision' in an object" "--set of an unknown place" "$QGRID" run "$T/two.json" --set /precision/x=1
fails 2 "to get datasets/test_preprocess.tsv" "check tells what to fetch" "$QGRID" check jobs/paper.json

printf 'bagus\tpositive\njelek\tbad\n' >"$T/d.tsv"
D="job['datasets']['d'] = {'path': T + '/d.tsv', 'format': 'smsa'}"
bad "an unknown label has its line" "$D" "d.tsv:2:7: "
printf 'bagus\tpositive\njelek \xff\tnegative\n' >"$T/d.tsv"
bad "invalid UTF-8 has its line and column" "$D" "d.tsv:2:7: "
: >"$T/d.tsv"
bad "an empty data set" "$D" "d.tsv"
printf 'Date\tUser\tTweet\tsentiment\n1\tu\t"open\tx\t1\n' >"$T/d.tsv"
bad "broken quoting has its line" "job['datasets']['d'] = {'path': T + '/d.tsv', 'format': 'tweets'}" "d.tsv:2"
printf 'bagus\tpositive\njelek\tbad\nbiasa\tneutral\n' >"$T/d.tsv"
job skipping "job['datasets']['d'] = {'path': T + '/d.tsv', 'format': 'smsa', 'on_error': 'skip'}"
ok "on_error skip goes on" "$QGRID" run --progress none "$T/skipping.json"
ok "and says what was skipped" sh -c "'$QGRID' check '$T/skipping.json' | grep -q 'skipped: .*d.tsv:2:7'"

# What is not wrong but should be known.
printf 'bagus\tpositive\nbagus\tpositive\nbagus\tnegative\n\tneutral\n' >"$T/d.tsv"
head -n 3 datasets/test.tsv >"$T/e.tsv"
job odd "job['datasets'] = {'d': T + '/d.tsv', 'e': T + '/e.tsv', 'smsa': 'datasets/test.tsv'}
job['experiments'] = {d: {'model': 'm', 'dataset': d} for d in job['datasets']}"
for m in "1 empty, 2 duplicates, 1 conflicting labels" "warning: leak: rows of dataset smsa that e has too: 3" \
    "this is a file that qgrid does not know" "this is a sample shipped with qgrid (reviews)"; do
    fails 0 "$m" "check reports: $m" "$QGRID" check "$T/odd.json"
done
ok "a run with such data" "$QGRID" run --progress none "$T/odd.json" --output "$T/odd.h5"
ok "the results name the leak" $PYTHON -c "
import h5py
a = h5py.File('$T/odd.h5')['environment'].attrs
assert b'leak: rows of dataset smsa that e has too: 3' in [v for k, v in a.items() if k.startswith('warning_')], dict(a)"

model && edit "b[:] = b[:100000]"
bad "truncated safetensors" "$M" "model.safetensors"
model && edit "b[0:8] = (10**9).to_bytes(8, 'little')"
bad "a header length beyond the file" "$M" "model.safetensors"
model && edit "i = b.index(b'\"data_offsets\":[') + 16; b[i:i+1] = b'9'"
bad "offsets that overlap or leave the file" "$M" "model.safetensors"
model && edit "i = b.index(b'\"F32\"'); b[i:i+5] = b'\"Q32\"'"
bad "an unknown dtype" "$M" "Q32"
model && sed -i 's/"hidden_size": 160/"hidden_size": 80/' "$T/model/config.json"
bad "a shape that config.json does not mean" "$M" "has shape" 3
model && sed -i 's/"vocab_size": 7600/"vocab_size": 50000/' "$T/model/config.json"
bad "more rows in config.json than in the file" "$M" "word_embeddings.weight: has shape [7600, 160], config.json asks for [50000, 160]" 3
model && sed -i 's/"max_position_embeddings": 128/"max_position_embeddings": 64/' "$T/model/config.json"
bad "more positions in the file than in config.json" "$M" "has shape [128, 160], config.json asks for [64, 160]" 3
model && rm "$T/model/config.json" && mkfifo "$T/model/config.json"
bad "a pipe in the place of a file" "$M" "config.json: /models/m: is not a regular file"
model && edit "i = b.index(b'encoder.layer.2.output.dense.weight'); b[i+8:i+9] = b'x'"
bad "a missing tensor" "$M" "lacks this tensor" 3
model
for i in $(seq 5); do echo "extra$i"; done >>"$T/model/vocab.txt"
bad "a vocabulary longer than the embedding table" "$M" "vocabulary entries and added tokens, the embedding table has" 3
model && sed -i 's/"gelu"/"swish"/' "$T/model/config.json"
bad "an unknown activation" "$M" "hidden_act: swish is not supported, known are: gelu"
model && sed -i 's/BertTokenizer/XLMRobertaTokenizer/' "$T/model/tokenizer_config.json"
bad "another tokenizer" "$M" "XLMRobertaTokenizer"
rm -rf "$T/model" && mkdir "$T/model" && cp models/mini-original/* "$T/model"
bad "a missing head" "$M" 'say "head": "random"'
model && rm "$T/model/model.safetensors" && $PYTHON - "$T/model/pytorch_model.bin" <<'EOF'
import io, pickle, sys, zipfile
class Evil:
    def __reduce__(self):
        return (eval, ("open('/tmp/qgrid-was-executed', 'w')",))
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.writestr("archive/data.pkl", pickle.dumps(Evil(), protocol=2))
    z.writestr("archive/version", "3\n")
EOF
rm -f /tmp/qgrid-was-executed
bad "a hostile pickle is refused by name" "$M" "eval"
ok "and nothing was executed" test ! -e /tmp/qgrid-was-executed

job fine ""
ok "a results file" "$QGRID" run --progress none "$T/fine.json" --output "$T/fine.h5"
cp "$T/fine.h5" "$T/version.h5"
$PYTHON -c "import h5py; h5py.File('$T/version.h5', 'r+').attrs.modify('schema_version', 99)"
fails 1 "has schema version 99" "another schema version" "$QGRID" run "$T/fine.json" --output "$T/version.h5"
fails 2 "run: --output needs a file name" "an empty --output" "$QGRID" run "$T/fine.json" --output ''
fails 2 "matches no cell" "plan of no cell" "$QGRID" plan "$T/fine.json" --only nothing
no_cache() { QGRID_CACHE=/proc/cache run_np "$@"; }
for np in 0 2; do
    fails 75 "/proc/cache: packed models are kept in this folder" "an unwritable cache stops the run on $np ranks" \
        no_cache $np "$T/fine.json" --output "$T/nocache$np.h5"
    fails 75 "2 open" "and fails no cell" "$QGRID" status "$T/nocache$np.h5"
done
echo hello >"$T/text.h5"
fails 1 "text.h5: is not a results file of qgrid, --fresh does not replace it" "--fresh spares a file that is no HDF5" \
    "$QGRID" run "$T/fine.json" --output "$T/text.h5" --fresh
fails 1 "text.h5" "a file that is no HDF5" "$QGRID" run "$T/fine.json" --output "$T/text.h5"
head -c 20000 "$T/fine.h5" >"$T/cut.h5"
fails 1 "cut.h5" "a truncated results file" "$QGRID" status "$T/cut.h5"
fails 1 "none.h5" "a missing results file" "$QGRID" show "$T/none.h5"
fails 1 "/proc/x.h5" "an unwritable place" "$QGRID" run "$T/fine.json" --output /proc/x.h5
if mkdir "$T/small" && mount -t tmpfs -o size=200k tmpfs "$T/small" 2>/dev/null; then
    fails 1 "$T/small" "a full disk" "$QGRID" run "$T/fine.json" --output "$T/small/x.h5"
    umount "$T/small"
else
    skip "a full disk" "may not mount a small file system"
fi
fails 1 "qgrid: standard output: No space left on device" "a full standard output" sh -c "'$QGRID' list >/dev/full"
echo 'halo dunia' >"$T/lines.txt"
ok "a full standard output is said once" sh -c \
    "'$QGRID' tokenize -m models/mini-finetuned '$T/lines.txt' 2>&1 >/dev/full | grep -c . | grep -qx 1"

echo 'halo dunia' >"$T/lines.txt"
for c in predict tokenize explain "quantize -p int8 -o $T/none-int8" bench; do
    # shellcheck disable=SC2086 # words of a command
    fails 2 "none: there is no such model folder" "$c with a missing model" "$QGRID" $c -m none </dev/null
done
fails 2 "lines.txt: is a file, the folder of a model is expected" "a file in its place" "$QGRID" predict -m "$T/lines.txt"
fails 2 "qgrid: precision: there is no precision 'int7'" "predict with an unknown precision" "$QGRID" predict -m models/mini-finetuned -p int7 "$T/lines.txt"
echo '{"ids": [2, 99999, 3]}' >"$T/ids.jsonl"
fails 1 "ids.jsonl:1: id 99999 is outside the 7600 rows" "an id outside the embedding table" \
    "$QGRID" predict -m models/mini-finetuned "$T/ids.jsonl"
fails 1 "No such file" "tokenize of a missing file" "$QGRID" tokenize -m models/mini-finetuned "$T/none.txt"
fails 2 "exists already" "quantize does not overwrite" "$QGRID" quantize -m models/mini-finetuned -p int8 -o "$T"
ok "quantize" "$QGRID" quantize -m models/mini-finetuned -p int8 -o "$T/packed"
fails 2 "qgrid: embeddings: 'int3' is not one of: fp32, fp16, int8, bf16" "unknown embeddings" "$QGRID" quantize -m models/mini-finetuned -p int8 --embeddings int3 -o "$T/none"
fails 2 "qgrid: parameters: int8 is of weights of Linear layers" "all parameters of int8" "$QGRID" quantize -m models/mini-finetuned -p int8 --parameters all -o "$T/none"
ok "Linear weights of fp16 alone" "$QGRID" quantize -m models/mini-finetuned -p fp16 --parameters linear -o "$T/linear"
fails 1 "is packed as fp16_linear, fp16 is wanted" "are not all its parameters" "$QGRID" predict -m "$T/linear" -p fp16 "$T/lines.txt"
ok "and are taken as what they are" "$QGRID" predict -m "$T/linear" -p fp16 --parameters linear "$T/lines.txt"
fails 1 "(--head random)" "a missing head on the command line" "$QGRID" quantize -m models/mini-original -p int8 -o "$T/none"
fails 1 "is packed as int8, fp16 is wanted" "a packed folder under another precision" "$QGRID" predict -m "$T/packed" -p fp16 "$T/lines.txt"
job packed "job['models']['m'] = T + '/packed'; job['precisions'] = ['int8', 'fp16', 'int4']"
fails 2 "/models/m: is packed as int8, int4 is wanted" "check tries each precision on a packed folder" "$QGRID" check "$T/packed.json"
sed -i 's/"format": [0-9]*/"format": 7/' "$T/packed/qgrid.json"
fails 1 "pack format 7" "another pack format" "$QGRID" predict -m "$T/packed" -p int8 "$T/lines.txt"

finish
