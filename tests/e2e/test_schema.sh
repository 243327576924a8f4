#!/usr/bin/env bash
# docs/job.schema.json: it is what the option tables say, it takes the jobs that qgrid takes, and
# refuses mistakes.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
"$QGRID" document schema >"$T/schema.json"
ok "docs/job.schema.json is up to date (make docs writes it)" cmp "$T/schema.json" docs/job.schema.json

cat >"$T/validate.py" <<'END'
import json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
errors = list(jsonschema.Draft7Validator(schema).iter_errors(json.load(open(sys.argv[2]))))
for e in errors:
    print("/".join(map(str, e.path)), e.message[:200])
sys.exit(1 if errors else 0)
END
valid() { $PYTHON "$T/validate.py" docs/job.schema.json "$1"; }
for job in jobs/*.json; do
    ok "$job is valid" valid "$job"
done

# Each change is a mistake for the schema and for qgrid check (train for a config).
changed() { # JOB PYTHON-STATEMENT
    $PYTHON -c "import json; j = json.load(open('$1')); $2; json.dump(j, open('$T/job.json', 'w'))"
}
refused_by_both() { # JOB PYTHON-STATEMENT
    changed "$1" "$2" || return 1
    ! valid "$T/job.json" || { echo "the schema takes it"; return 1; }
    ! "$QGRID" check "$T/job.json" || { echo "qgrid check takes it"; return 1; }
}
taken_by_both() {
    changed "$1" "$2" && valid "$T/job.json" && "$QGRID" check "$T/job.json"
}
J=jobs/full_matrix.json
ok "a key that does not exist" refused_by_both $J "j['precision'] = j.pop('precisions')"
ok "a key too many" refused_by_both $J "j['latency']['run'] = 3"
ok "a precision that does not exist" refused_by_both $J "j['precisions'].append('int5')"
ok "a method that does not exist" refused_by_both $J "j['explain']['methods'].append('lim')"
ok "an option of another method" refused_by_both $J "j['explain']['methods'].append({'method': 'lime', 'name': 'l', 'evaluations': 300})"
ok "a number out of range" refused_by_both $J "j['max_length'] = 2"
ok "a fraction for a whole number" refused_by_both $J "j['seed'] = 1.5"
ok "a text for a number" refused_by_both $J "j['seed'] = '42'"
ok "a rule that does not exist" refused_by_both $J "j['datasets']['smsa']['normalize'] = 'lowr'"
ok "a format that does not exist" refused_by_both $J "j['datasets']['smsa']['format'] = 'xml'"
ok "a name with a slash" refused_by_both $J "j['models']['a/b'] = j['models']['original']"
ok "an experiment without a data set" refused_by_both $J "del j['experiments']['original_smsa']['dataset']"
ok "a training without data" refused_by_both jobs/qat.json "del j['models']['control']['train']['dataset']"
ok "labels inside a job's training" refused_by_both jobs/qat.json "j['models']['control']['train']['labels'] = j['labels']"
ok "a dropout that is no share" refused_by_both jobs/qat.json "j['models']['control']['train']['dropout'] = {'hidden': 1}"
ok "names where objects may stand" taken_by_both $J "j['models']['finetuned'] = 'models/mini-finetuned'; j['precisions'].append({'precision': 'int8', 'embeddings': 'int8'})"
ok "false where an object may stand" taken_by_both $J "j['explain']['faithfulness'] = False; j['recommend'] = {'without': ['comprehensiveness']}"
ok "a training with all its objects" taken_by_both jobs/qat.json "j['models']['control']['train'].update(dropout={'hidden': 0.1}, distill={'from': 'finetuned'}, checkpoint={'steps': 5}, class_weights='balanced')"
finish
