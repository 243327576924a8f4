/*
 * method.c - the registry of methods, reading one from a job, and the call that explains.
 */
#include "method.h"

#include "qgrid/str.h"

#include <math.h>
#include <string.h>

const qg_method *const qg_methods[] = {
#define QG_METHOD(id) &qg_method_##id,
#include "methods.def"
#undef QG_METHOD
    NULL,
};

/* Other names that people have for a method. */
static const struct {
    const char *name, *of;
} aliases[] = {
#define QG_METHOD_ALIAS(name, of) {#name, #of},
#include "aliases.def"
#undef QG_METHOD_ALIAS
};
enum { METHODS = sizeof qg_methods / sizeof qg_methods[0] - 1 };

const char *qg_method_alias(const char **of, int i)
{
    if (i >= (int)(sizeof aliases / sizeof aliases[0]))
        return NULL;
    *of = aliases[i].of;
    return aliases[i].name;
}

const char *qg_method_own_name(const char *name)
{
    const char *alias, *of;
    for (int i = 0; (alias = qg_method_alias(&of, i)); i++)
        if (strcmp(alias, name) == 0)
            return of;
    return name;
}

const char *qg_method_cells(qg_arena *a, const char *glob)
{
    qg_str s = {0};
    size_t n = strcspn(glob, "/");
    qg_str_addn(&s, glob, n); /* the experiment */
    for (const char *p = glob + n; *p; p += n) {
        n = strcspn(++p, "/");
        const char *part = qg_arena_strndup(a, p, n);
        if (!part)
            s.failed = true;
        qg_str_addf(&s, "/%s", part ? qg_method_own_name(part) : "");
    }
    const char *out = s.failed ? NULL : qg_arena_strndup(a, s.data, s.len);
    qg_str_fini(&s);
    return out;
}

const qg_method *qg_method_find(const char *name)
{
    const char *own = qg_method_own_name(name);
    for (const qg_method *const *m = qg_methods; *m; m++)
        if (strcmp((*m)->name, own) == 0)
            return *m;
    return NULL;
}

int qg_method_spec_find(const qg_method_spec *list, int n, const char *name)
{
    const char *own = qg_method_own_name(name);
    int found = -1;
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].name, name) == 0)
            return i;
        if (strcmp(list[i].name, own) == 0)
            found = i;
    }
    return found;
}

int qg_method_pairs(const qg_method_spec *spec)
{
    return spec->method->pairs ? spec->method->pairs(spec->options) : 0;
}

/* -------------------------------------------------------------------------------- reading */

/* What stands before the options of every method. */
typedef struct head {
    const char *name, *method;
} head;

// clang-format off
static const qg_opt head_rows[] = {
    {"name", QG_OPT_STRING, offsetof(head, name), .help = "name in cells; default the method's"},
    {"method", QG_OPT_STRING, offsetof(head, method), .required = true, .help = "name of a method"},
};
// clang-format on
enum { HEAD_ROWS = sizeof head_rows / sizeof head_rows[0] };

/* Rows of the head and of the method, over a head with the method's options behind it. */
static qg_code rows_of(qg_opt **rows, const qg_method *m, qg_arena *a)
{
    size_t n = 0;
    while (m->options[n].key)
        n++;
    QG_NEW(*rows, a, HEAD_ROWS + n + 1);
    memcpy(*rows, head_rows, sizeof head_rows);
    memcpy(*rows + HEAD_ROWS, m->options, (n + 1) * sizeof **rows);
    for (size_t i = 0; i < n; i++)
        (*rows)[HEAD_ROWS + i].offset += sizeof(head);
    return QG_OK;
}

static qg_code unknown_method(const qg_json_doc *doc, const qg_json *v)
{
    const char *names[METHODS + 1] = {NULL};
    char known[500];
    for (int i = 0; i < METHODS; i++)
        names[i] = qg_methods[i]->name;
    const char *near = qg_nearest(v->string, names);
    return QG_JSON_FAIL(doc, v, QG_EJOB, "there is no method '%s'%s%s%s; known are: %s", v->string,
                        near ? ", did you mean '" : "", near ? near : "", near ? "'" : "",
                        qg_join_names(known, sizeof known, names));
}

static qg_code find_method(const qg_method **out, const qg_json_doc *doc, const qg_json *entry)
{
    const qg_json *v = entry->type == QG_JSON_OBJECT ? qg_json_get(entry, "method") : entry;
    *out = NULL;
    if (!v)
        return QG_JSON_FAIL(doc, entry, QG_EJOB, "key 'method' is missing (name of a method)");
    if (v->type != QG_JSON_STRING)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "found %s, the name of a method is expected",
                            qg_json_kind(v));
    *out = qg_method_find(v->string);
    return *out ? QG_OK : unknown_method(doc, v);
}

static qg_code canonical(const char **out, qg_arena *a, const qg_opt *rows, const void *block)
{
    qg_str s = {0};
    qg_opt_write(&s, rows + 1, block); /* all but "name" */
    qg_code rc = qg_str_status(&s);
    *out = rc == QG_OK ? qg_arena_strndup(a, s.data, s.len) : NULL;
    qg_str_fini(&s);
    return rc != QG_OK ? rc : *out ? QG_OK : QG_ENOMEM;
}

qg_code qg_method_spec_read(qg_method_spec *out, const qg_json_doc *doc, const qg_json *v,
                            qg_problems *problems)
{
    const qg_method *m;
    qg_arena *a = problems->arena;
    qg_opt *rows;
    char *block;
    *out = (qg_method_spec){0};
    qg_code rc = find_method(&m, doc, v);
    if (rc != QG_OK)
        return qg_problems_take(problems, rc);
    QG_TRY(rows_of(&rows, m, a));
    QG_NEW(block, a, sizeof(head) + m->size);
    QG_TRY(qg_opt_read(block, rows, doc, v->type == QG_JSON_OBJECT ? v : NULL, problems));
    head *h = (void *)block;
    h->method = m->name;
    *out = (qg_method_spec){h->name ? h->name : m->name, m, block + sizeof(head), NULL};
    if (m->check)
        QG_TRY(qg_problems_take_at(problems, doc, v, m->check(out->options)));
    return canonical(&out->canonical, a, rows, block);
}

qg_code qg_method_spec_parse(qg_method_spec *out, qg_arena *a, const char *text)
{
    qg_json_doc doc;
    qg_problems problems = {.arena = a};
    char *kept = qg_arena_strdup(a, text);
    if (!kept)
        return QG_ENOMEM;
    QG_TRY(qg_json_parse(&doc, a, "method", kept, strlen(kept)));
    qg_code rc = qg_method_spec_read(out, &doc, doc.root, &problems);
    return problems.n > 0 ? qg_error_restore(&problems.item[0]) : rc;
}

/* ------------------------------------------------------------------------------ explaining */

static qg_code check_needs(const qg_method *m, const qg_explainable *model)
{
    if ((m->needs & QG_NEEDS_GRADIENTS) && !(model->embed && model->gradient && model->relevance))
        return QG_FAIL(QG_EUNSUPPORTED, "%s needs gradients, the model gives none", m->name);
    if ((m->needs & QG_NEEDS_ATTENTION) && !model->attention)
        return QG_FAIL(QG_EUNSUPPORTED, "%s needs attention, the model gives none", m->name);
    return QG_OK;
}

static qg_code begin(qg_explanation *out, const qg_explain_text *text, qg_arena *a)
{
    double none = (double)NAN;
    *out = (qg_explanation){
        .value = none, .base = none, .delta = none, .fit = none, .steps = -1, .reached = -1};
    QG_NEW(out->token_score, a, text->code->n);
    QG_NEW(out->word_score, a, text->code->n_words);
    for (int w = 0; w < text->code->n_words; w++)
        out->word_score[w] = none;
    return QG_OK;
}

static qg_code check_scores(const qg_explanation *out, const char *name, int t,
                            const qg_encoding *code)
{
    for (int i = 0; i < code->n; i++) {
        if (!isfinite(out->token_score[i]))
            return QG_FAIL(QG_ENUMERIC, "text %d: %s gives token %d a score of %g", t, name, i,
                           out->token_score[i]);
        int w = code->word[i];
        if (w >= 0 && !isfinite(out->word_score[w]))
            return QG_FAIL(QG_ENUMERIC, "text %d: %s gives word %d a score of %g", t, name, w,
                           out->word_score[w]);
    }
    return QG_OK;
}

qg_code qg_explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text, int n,
                   const qg_method_spec *spec, uint64_t seed)
{
    const qg_method *m = spec->method;
    QG_TRY(check_needs(m, e->model));
    for (int t = 0; t < n; t++) {
        QG_ASSERT(text[t].target >= 0 && text[t].target < e->model->classes);
        QG_TRY(begin(&out[t], &text[t], e->arena));
    }
    if (n > 0)
        QG_TRY(m->explain(out, e, text, n, spec->options, seed));
    for (int t = 0; t < n; t++)
        QG_TRY(check_scores(&out[t], m->name, t, text[t].code));
    return QG_OK;
}
