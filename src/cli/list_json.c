/*
 * list_json.c - the sections of `qgrid list` as JSON.
 */
#include "list_json.h"

#include "cli.h"

#include "qgrid/drift.h"
#include "qgrid/faithfulness_of.h"
#include "qgrid/kernel.h"
#include "qgrid/layout.h"
#include "qgrid/method.h"
#include "qgrid/metrics.h"
#include "qgrid/model.h"
#include "qgrid/tokenizer.h"
#include "qgrid/training.h"

#include <string.h>

typedef struct writer {
    qg_str *out;
    int objects, members; /* begun so far; of the object */
} writer;

static void begin(writer *w)
{
    qg_str_add(w->out, w->objects++ ? ",\n  {" : "\n  {");
    w->members = 0;
}

static void key(writer *w, const char *name)
{
    qg_str_addf(w->out, "%s\"%s\": ", w->members++ ? ", " : "", name);
}

/* A text; null where it is NULL. */
static void text(writer *w, const char *name, const char *value)
{
    key(w, name);
    if (value)
        qg_str_add_json(w->out, value, strlen(value));
    else
        qg_str_add(w->out, "null");
}

static void flag(writer *w, const char *name, bool value)
{
    key(w, name);
    qg_str_add(w->out, value ? "true" : "false");
}

static void end(writer *w)
{
    qg_str_add(w->out, "}");
}

/* Something with a name and a sentence, and where it is from (NULL: not said). */
static void item(writer *w, const char *name, const char *what, const char *source)
{
    begin(w);
    text(w, "name", name);
    text(w, "what", what);
    if (source)
        text(w, "source", source);
    end(w);
}

/* A list of names. */
static void texts(writer *w, const char *name, const char *const *value)
{
    key(w, name);
    qg_str_add(w->out, "[");
    for (int i = 0; value && value[i]; i++) {
        qg_str_add(w->out, i ? ", " : "");
        qg_str_add_json(w->out, value[i], strlen(value[i]));
    }
    qg_str_add(w->out, "]");
}

/* What options there are: key, what it means, default, range or names. */
static void options(writer *w, const qg_opt *table)
{
    writer own = {.out = w->out};
    key(w, "options");
    qg_str_add(w->out, "[");
    for (const qg_opt *o = table; o->key; o++) {
        bool number = o->type == QG_OPT_INT || o->type == QG_OPT_REAL;
        begin(&own);
        text(&own, "key", o->key);
        text(&own, "what", o->help);
        flag(&own, "required", o->required);
        key(&own, "default");
        if (number)
            qg_str_add_f64(w->out, o->def);
        else if (o->type == QG_OPT_BOOL)
            qg_str_add(w->out, o->def != 0 ? "true" : "false");
        else if (o->type == QG_OPT_ENUM && o->def != QG_NOT_SAID)
            qg_str_add_json(w->out, o->names[(int)o->def], strlen(o->names[(int)o->def]));
        else if (o->def_text)
            qg_str_add_json(w->out, o->def_text, strlen(o->def_text));
        else
            qg_str_add(w->out, "null");
        if (number && (o->min != 0 || o->max != 0)) {
            key(&own, "least");
            qg_str_add_f64(w->out, o->min);
            key(&own, "most");
            qg_str_add_f64(w->out, o->max);
        }
        if (o->type == QG_OPT_ENUM)
            texts(&own, "names", o->names);
        end(&own);
    }
    qg_str_add(w->out, "]");
}

/* ------------------------------------------------------------------------------------- sections */

static void list_precisions(writer *w)
{
    for (const qg_precision *const *p = qg_precisions; *p; p++)
        item(w, qg_precision_name(*p), qg_precision_summary(*p), NULL);
}

static void list_formats(writer *w)
{
    for (const qg_format *const *f = qg_formats; *f; f++) {
        begin(w);
        text(w, "name", (*f)->name);
        text(w, "what", (*f)->summary);
        text(w, "extensions", (*f)->extensions);
        options(w, qg_dataset_opts);
        end(w);
    }
}

static void list_rules(writer *w)
{
    for (int i = 0; qg_text_rule_names()[i]; i++)
        item(w, qg_text_rule_names()[i], qg_text_rule_help((qg_text_rule)i), NULL);
}

static void list_perturbations(writer *w)
{
    for (int i = 0; qg_perturbation_names()[i]; i++)
        item(w, qg_perturbation_names()[i], qg_perturbation_help((qg_perturbation)i), NULL);
}

static void list_models(writer *w)
{
    for (const qg_family *const *f = qg_families; *f; f++)
        item(w, (*f)->name, (*f)->summary, (*f)->paper);
}

static void list_tokenizers(writer *w)
{
    for (const qg_tokenizer_kind *const *k = qg_tokenizer_kinds; *k; k++) {
        begin(w);
        text(w, "name", (*k)->name);
        text(w, "what", (*k)->summary);
        texts(w, "classes", (*k)->classes);
        text(w, "source", (*k)->paper);
        end(w);
    }
}

static void list_kernels(writer *w)
{
    int n;
    const qg_kernel_info *k = qg_kernel_list(&n);
    for (int i = 0; i < n; i++) {
        begin(w);
        text(w, "name", k[i].op);
        text(w, "instructions", k[i].isa);
        flag(w, "supported", k[i].supported);
        flag(w, "in_use", k[i].chosen);
        end(w);
    }
}

static void list_metrics(writer *w)
{
#define X(name, doc) item(w, #name, doc, NULL);
    QG_METRIC_LIST(X)
    item(w, "agreement_with_fp32", "share of predictions equal to those of fp32", NULL);
    item(w, "same_logits", "texts with the logits, to the bit, of a text with other tokens", NULL);
    QG_DRIFT_LIST(X)
    QG_FAITHFUL_AT_K_LIST(X)
    QG_FAITHFUL_LIST(X)
#undef X
    qg_schema_field f;
    for (int i = 0; qg_schema_field_get(&f, i); i++)
        if (qg_list_has_field(&f))
            item(w, f.name, f.doc, NULL);
}

static void list_training(writer *w)
{
    begin(w);
    text(w, "name", "training");
    text(w, "what", "a training");
    options(w, qg_training_opts);
    end(w);
    for (const qg_opt_table *o = qg_training_objects; o->name; o++) {
        begin(w);
        text(w, "name", o->name);
        text(w, "what", "an object of a training");
        options(w, o->rows);
        end(w);
    }
}

static void list_methods(writer *w)
{
    for (const qg_method *const *m = qg_methods; *m; m++) {
        begin(w);
        text(w, "name", (*m)->name);
        text(w, "what", (*m)->summary);
        text(w, "source", (*m)->paper);
        flag(w, "needs_gradients", (*m)->needs & QG_NEEDS_GRADIENTS);
        flag(w, "needs_attention", (*m)->needs & QG_NEEDS_ATTENTION);
        flag(w, "draws", (*m)->random);
        options(w, (*m)->options);
        end(w);
    }
}

static void list_results(writer *w)
{
    qg_schema_field f;
    for (int i = 0; qg_schema_field_get(&f, i); i++) {
        const char *axes[4] = {f.axis[0], f.axis[1], f.axis[2], NULL};
        begin(w);
        text(w, "group", f.group);
        text(w, "name", f.name);
        text(w, "type", f.type);
        texts(w, "axes", axes);
        text(w, "units", f.units);
        text(w, "what", f.doc);
        end(w);
    }
}

qg_code qg_list_json(qg_str *out, const char *section)
{
    writer w = {.out = out};
    qg_str_add(out, "[");
#define X(separator, name)                                                                         \
    if (strcmp(section, #name) == 0)                                                               \
        list_##name(&w);
    QG_LIST_SECTIONS(X)
#undef X
    qg_str_add(out, "]");
    return qg_str_status(out);
}
