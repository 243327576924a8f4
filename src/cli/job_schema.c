/*
 * job_schema.c - the schema of jobs and of training configs, for editors, from the tables that read
 * them.
 *
 * Rows that hold a number, a word or a text say all that is needed. For those that hold an array or
 * an object this file knows the form.
 */
#include "document.h"

#include "qgrid/job.h"
#include "qgrid/training.h"

#include <math.h>
#include <string.h>

#define REF(name)     "'$ref':'#/definitions/" name "'"
#define IS(name)      "'allOf':[{" REF(name) "}]"
#define LIST_OF(item) "'type':'array','minItems':1,'items':{" item "}"
#define NAMED(item)                                                                                \
    "'type':'object','minProperties':1,'propertyNames':{" REF(                                     \
        "name") "},'additionalProperties':{" item "}"
#define EITHER(a, b) "'anyOf':[{" a "},{" b "}]"
#define TEXTS                                                                                      \
    "'type':'array','minItems':2,'uniqueItems':true,'items':{'type':'string','minLength':1}"
#define DATASET EITHER("'type':'string'", REF("dataset"))

/* What a value has to be besides what its row says: members of a schema, with ' in place of ". */
// clang-format off
static const struct {
    const char *table, *key, *text;
} forms[] = {
    {"job", "name", IS("name")},
    {"job", "labels", TEXTS},
    {"job", "models", NAMED("'anyOf':[{'type':'string'},{" REF("folder") "},{" REF("train") "}]")},
    {"job", "datasets", NAMED(DATASET)},
    {"job", "experiments", NAMED(REF("experiment"))},
    {"job", "precisions", LIST_OF(EITHER(REF("precision_name"), REF("precision")))},
    {"job", "explain", IS("explain")},
    {"job", "latency", IS("latency")},
    {"job", "margin", IS("margin")},
    {"job", "stress", IS("stress")},
    {"job", "recommend", IS("recommend")},
    {"recommend", "experiments", LIST_OF("'type':'string'") ",'uniqueItems':true"},
    {"recommend", "without", LIST_OF(REF("criterion")) ",'uniqueItems':true"},
    {"job", "sensitivity", IS("sensitivity")},
    {"job", "decompose", LIST_OF(REF("decompose"))},
    {"experiment", "reference", EITHER("'type':'string'", "'const':false")},
    {"decompose", "of", "'type':'string'"},
    {"decompose", "control", "'type':'string'"},
    {"folder", "head", "'const':'random'"},
    {"train", "train", IS("trained")},
    {"stress", "datasets", LIST_OF("'type':'string'")},
    {"stress", "perturbations", LIST_OF(REF("perturbation")) ",'uniqueItems':true"},
    {"stress", "levels", LIST_OF("'type':'number','minimum':0,'maximum':1") ",'uniqueItems':true"},
    {"stress", "samples", IS("sample")},
    {"latency", "batch_sizes", LIST_OF("'type':'integer','minimum':1,'maximum':4096") ",'uniqueItems':true"},
    {"explain", "methods", LIST_OF(REF("method"))},
    {"explain", "samples", IS("samples")},
    {"samples", "per_class", EITHER("'type':'integer','minimum':1,'maximum':1000000,'default':17", "'type':'object','minProperties':1,'additionalProperties':{'type':'integer','minimum':0,'maximum':1000000}")},
    {"samples", "ids", LIST_OF("'type':['string','integer']")},
    {"samples", "as", "'type':'string'"},
    {"explain", "faithfulness", EITHER("'type':'boolean'", REF("faithfulness"))},
    {"explain", "randomisation", EITHER("'type':'boolean'", REF("randomisation"))},
    {"randomisation", "methods", LIST_OF("'type':'string'")},
    {"randomisation", "experiments", LIST_OF("'type':'string'")},
    {"sensitivity", "experiments", LIST_OF("'type':'string'")},
    {"sensitivity", "precisions", LIST_OF("'type':'string'")},
    {"sensitivity", "methods", LIST_OF("'type':'string'")},
    {"sensitivity", "samples", IS("sensitivity_samples")},
    {"explain", "pairs", LIST_OF("'type':'array','minItems':2,'maxItems':2,'items':{'type':'string'}")},
    {"faithfulness", "k", LIST_OF("'type':'number','exclusiveMinimum':0,'maximum':10000") ",'uniqueItems':true"},
    {"dataset", "format", IS("format")},
    {"dataset", "normalize", EITHER(REF("text_rule"), "'type':'array','items':{" REF("text_rule") "}")},
    {"dataset", "delimiter", "'minLength':1,'maxLength':1"},
    {"dataset", "label_columns", LIST_OF("'type':'string'")},
    {"dataset", "label_map", "'type':'object','additionalProperties':{'type':['string','null']}"},
    {"dataset", "split", "'type':'object','additionalProperties':{'type':'number','minimum':0}"},
    {"dataset", "sample", IS("sample")},
    {"dataset", "perturb", "'type':'object','minProperties':1,'propertyNames':{" REF("perturbation") "},'additionalProperties':{'type':'number','minimum':0,'maximum':1}"},
    {"precision", "precision", IS("precision_name")},
    {"precision", "name", IS("name")},
    {"qat", "precision", IS("precision_name")},
    {"qat", "name", IS("name")},
    {"folder", "labels", EITHER(TEXTS, "'type':'object','additionalProperties':{'type':'string'}")},
    {"training", "head", "'const':'random'"},
    {"training", "weights", "'const':'random'"},
    {"training", "labels", TEXTS},
    {"training", "dataset", "'anyOf':[{'type':'string'},{" REF("dataset") "},{" LIST_OF(DATASET) "}]"},
    {"training", "validation", DATASET},
    {"training", "dropout", IS("dropout")},
    {"training", "class_weights", EITHER("'const':'balanced'", LIST_OF("'type':'number','minimum':0"))},
    {"training", "qat", EITHER(REF("precision_name"), REF("qat"))},
    {"training", "distill", IS("distill")},
    {"training", "checkpoint", IS("checkpoint")},
    {"training", "seeds", LIST_OF("'type':'integer','minimum':0") ",'uniqueItems':true"},
};
// clang-format on

static const char *find_form(const char *table, const char *key)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(forms[i].table, table) == 0 && strcmp(forms[i].key, key) == 0)
            return forms[i].text;
    return NULL;
}

static void add_json(qg_str *out, const char *text)
{
    qg_str_add_json(out, text, strlen(text));
}

static void add_form(qg_str *out, const char *text)
{
    for (; *text; text++)
        qg_str_addn(out, *text == '\'' ? "\"" : text, 1);
}

static void add_names(qg_str *out, const char *const *names)
{
    qg_str_add(out, "\"enum\":[");
    for (int i = 0; names[i]; i++) {
        qg_str_add(out, i ? "," : "");
        add_json(out, names[i]);
    }
    qg_str_add(out, "]");
}

/* -------------------------------------------------------------------------------------- one row */

static void add_number(qg_str *out, const char *key, double v)
{
    qg_str_addf(out, ",\"%s\":%.17g", key, v);
}

static void add_default(qg_str *out, const qg_opt *o)
{
    if (o->required)
        return;
    if ((o->type == QG_OPT_INT || o->type == QG_OPT_REAL) && !isnan(o->def) && o->def >= o->min)
        add_number(out, "default", o->def);
    else if (o->type == QG_OPT_BOOL)
        qg_str_addf(out, ",\"default\":%s", o->def != 0 ? "true" : "false");
    else if ((o->type == QG_OPT_ENUM && o->def != QG_NOT_SAID) ||
             (o->type == QG_OPT_STRING && o->def_text)) {
        qg_str_add(out, ",\"default\":");
        add_json(out, o->type == QG_OPT_ENUM ? o->names[(int)o->def] : o->def_text);
    }
}

/* Type and range, without a comma in front. */
static void add_type(qg_str *out, const qg_opt *o)
{
    static const char *const types[] = {[QG_OPT_BOOL] = "boolean",
                                        [QG_OPT_INT] = "integer",
                                        [QG_OPT_REAL] = "number",
                                        [QG_OPT_STRING] = "string"};
    if (o->type == QG_OPT_ENUM)
        add_names(out, o->names);
    else
        qg_str_addf(out, "\"type\":\"%s\"", types[o->type]);
    if (o->min != 0 || o->max != 0) {
        add_number(out, "minimum", o->min);
        add_number(out, "maximum", o->max);
    }
}

/* A property. `table` is where its form is looked up. */
static qg_code add_row(qg_str *out, const char *table, const qg_opt *o)
{
    const char *form = find_form(table, o->key);
    if (o->type == QG_OPT_NODE && !form)
        return QG_FAIL(QG_EUNSUPPORTED, "schema: nothing is known of '%s' of '%s'", o->key, table);
    qg_str_addf(out, "\"%s\":{", o->key);
    if (o->type != QG_OPT_NODE)
        add_type(out, o);
    if (form) {
        qg_str_add(out, o->type != QG_OPT_NODE ? "," : "");
        add_form(out, form);
    }
    add_default(out, o);
    qg_str_add(out, ",\"description\":");
    add_json(out, o->help);
    qg_str_add(out, "}");
    return QG_OK;
}

/* -------------------------------------------------------------------------------------- objects */

/* Properties of an object, one a line, and which of them have to be there. */
typedef struct object {
    qg_str *out;
    qg_str required;
    int n; /* properties so far */
} object;

static void begin_object(object *o, qg_str *out)
{
    *o = (object){.out = out};
    qg_str_add(out, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
}

static void next_property(object *o)
{
    qg_str_add(o->out, o->n++ ? ",\n    " : "\n    ");
}

static void require(object *o, const char *key)
{
    qg_str_addf(&o->required, "%s\"%s\"", o->required.len ? "," : "", key);
}

static void end_object(object *o)
{
    qg_str_addf(o->out, "},\n    \"required\":[%s]}", o->required.data ? o->required.data : "");
    o->out->failed |= o->required.failed;
    qg_str_fini(&o->required);
}

static qg_code add_rows(object *o, const char *table, const qg_opt *rows)
{
    for (; rows->key; rows++) {
        next_property(o);
        QG_TRY(add_row(o->out, table, rows));
        if (rows->required)
            require(o, rows->key);
    }
    return QG_OK;
}

static void begin_definition(qg_str *out, const char *name)
{
    qg_str_addf(out, ",\n  \"%s\":", name);
}

static qg_code add_table(qg_str *out, const char *name, const qg_opt *rows)
{
    object o;
    begin_definition(out, name);
    begin_object(&o, out);
    qg_code rc = add_rows(&o, name, rows);
    end_object(&o);
    return rc;
}

/* A training inside a job: labels are the job's, and it needs no place. */
static qg_code add_trained(qg_str *out)
{
    object o;
    qg_code rc = QG_OK;
    begin_definition(out, "trained");
    begin_object(&o, out);
    for (const qg_opt *row = qg_training_opts; rc == QG_OK && row->key; row++) {
        if (strcmp(row->key, "labels") == 0)
            continue;
        next_property(&o);
        rc = add_row(out, "training", row);
        if (row->required && strcmp(row->key, "output") != 0)
            require(&o, row->key);
    }
    if (rc == QG_OK)
        rc = add_rows(&o, "training", qg_training_job_opts);
    end_object(&o);
    return rc;
}

/* Other names, of one method or (NULL) of all, behind a first one. */
static void add_aliases(qg_str *out, const char *method)
{
    const char *alias, *of;
    for (int i = 0; (alias = qg_method_alias(&of, i)); i++)
        if (!method || strcmp(of, method) == 0)
            qg_str_addf(out, ",\"%s\"", alias);
}

/* The name of a method, or an object with its options. */
static qg_code add_methods(qg_str *out)
{
    begin_definition(out, "method");
    qg_str_add(out, "{\"anyOf\":[{\"enum\":[");
    for (const qg_method *const *m = qg_methods; *m; m++)
        qg_str_addf(out, "%s\"%s\"", m == qg_methods ? "" : ",", (*m)->name);
    add_aliases(out, NULL);
    qg_str_add(out, "]}");
    for (const qg_method *const *m = qg_methods; *m; m++) {
        object o;
        qg_str_add(out, ",\n    ");
        begin_object(&o, out);
        next_property(&o);
        qg_str_addf(out, "\"method\":{\"enum\":[\"%s\"", (*m)->name);
        add_aliases(out, (*m)->name);
        qg_str_add(out, "],\"description\":");
        add_json(out, (*m)->summary);
        qg_str_add(out, "}");
        require(&o, "method");
        next_property(&o);
        add_form(out, "'name':{" REF("name") "}");
        qg_code rc = add_rows(&o, (*m)->name, (*m)->options);
        end_object(&o);
        QG_TRY(rc);
    }
    qg_str_add(out, "]}");
    return QG_OK;
}

/* Names that stand in more than one place. */
static void add_common(qg_str *out)
{
    qg_str_addf(out,
                "\n  \"name\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9_+-][A-Za-z0-9_.+-]{0,"
                "%d}$\"},\n  \"precision_name\":{\"enum\":[",
                QG_JOB_NAME - 1);
    for (const qg_precision *const *p = qg_precisions; *p; p++)
        qg_str_addf(out, "%s\"%s\"", p == qg_precisions ? "" : ",", qg_precision_name(*p));
    qg_str_add(out, "]},\n  \"format\":{\"enum\":[");
    for (const qg_format *const *f = qg_formats; *f; f++)
        qg_str_addf(out, "%s\"%s\"", f == qg_formats ? "" : ",", (*f)->name);
    qg_str_add(out, "]},\n  \"text_rule\":{\"enum\":[");
    for (const char *const *r = qg_text_rule_names(); *r; r++)
        qg_str_addf(out, "%s\"%s\"", r == qg_text_rule_names() ? "" : ",", *r);
    qg_str_add(out, "]},\n  \"perturbation\":{");
    add_names(out, qg_perturbation_names());
    qg_str_add(out, "},\n  \"criterion\":{");
    add_names(out, qg_criterion_names);
    qg_str_add(out, "}");
}

qg_code qg_job_schema(qg_str *out)
{
    add_form(out, "{'$schema':'http://json-schema.org/draft-07/schema#',\n"
                  "'title':'a job of qgrid run, or a config of qgrid train',\n"
                  "'if':{'required':['from']},'then':{" REF("training") "},'else':{" REF(
                      "job") "},\n'definitions':{");
    add_common(out);
    for (const qg_opt_table *t = qg_job_tables; t->name; t++)
        QG_TRY(add_table(out, t->name, t->rows));
    QG_TRY(add_table(out, "dataset", qg_dataset_opts));
    QG_TRY(add_table(out, "sample", qg_dataset_sample_opts));
    QG_TRY(add_table(out, "precision", qg_precision_opts));
    QG_TRY(add_methods(out));
    QG_TRY(add_table(out, "training", qg_training_opts));
    QG_TRY(add_trained(out));
    for (const qg_opt_table *t = qg_training_objects; t->name; t++)
        QG_TRY(add_table(out, t->name, t->rows));
    qg_str_add(out, "\n}}\n");
    return QG_OK;
}
