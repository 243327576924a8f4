/*
 * methods.c - "-x lime,shap --option samples=100" read as a job's {"method": ..., ...}.
 */
#include "run.h"

#include "qgrid/log.h"

#include <string.h>

qg_code qg_comma_list(const char ***out, int *n, qg_arena *a, const char *text)
{
    QG_NEW(*out, a, strlen(text) + 1);
    for (*n = 0;;) {
        size_t len = strcspn(text, ",");
        if (!((*out)[(*n)++] = qg_arena_strndup(a, text, len)))
            return QG_ENOMEM;
        if (text[len] == 0)
            return QG_OK;
        text += len + 1;
    }
}

/* --------------------------------------------------------------------------------------- options
 */

static const qg_opt *row_of(const qg_method *m, const char *key, size_t len)
{
    for (const qg_opt *o = m->options; o->key; o++)
        if (strlen(o->key) == len && memcmp(o->key, key, len) == 0)
            return o;
    return NULL;
}

/* All option names of the methods, NULL-terminated. */
static qg_code keys_of(const char ***out, const qg_method *const *m, int n, qg_arena *a)
{
    int keys = 0, at = 0;
    for (int i = 0; i < n; i++)
        for (const qg_opt *o = m[i]->options; o->key; o++)
            keys++;
    QG_NEW(*out, a, keys + 1);
    for (int i = 0; i < n; i++)
        for (const qg_opt *o = m[i]->options; o->key; o++)
            (*out)[at++] = o->key;
    return QG_OK;
}

/* Every option must be one of some method. */
static qg_code check_options(const qg_explain_wish *wish, const qg_method *const *m, int n,
                             qg_arena *a)
{
    for (int i = 0; i < wish->n_options; i++) {
        const char *option = wish->options[i], **keys;
        size_t len = strcspn(option, "=");
        bool known = false;
        if (option[len] == 0)
            return QG_FAIL(QG_EUSAGE, "--option '%s' is not of the form key=value", option);
        for (int k = 0; k < n; k++)
            known |= row_of(m[k], option, len) != NULL;
        if (known)
            continue;
        char *key = qg_arena_strndup(a, option, len);
        if (!key)
            return QG_ENOMEM;
        QG_TRY(keys_of(&keys, m, n, a));
        const char *near = qg_nearest(key, keys);
        return QG_FAIL(QG_EUSAGE, "no method asked for has an option '%s'%s%s%s", key,
                       near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return QG_OK;
}

static bool is_json(const char *text, qg_arena *a)
{
    qg_json_doc doc;
    bool is = qg_json_parse(&doc, a, NULL, text, strlen(text)) == QG_OK;
    qg_error_clear();
    return is;
}

static bool is_last(const qg_explain_wish *wish, int option)
{
    const char *key = wish->options[option];
    size_t len = strcspn(key, "=") + 1;
    for (int i = option + 1; i < wish->n_options; i++)
        if (strncmp(wish->options[i], key, len) == 0)
            return false;
    return true;
}

/* The object that a job would have for the method. */
static void write_entry(qg_str *s, const qg_method *m, const qg_explain_wish *wish, qg_arena *a)
{
    qg_str_add(s, "{\"method\":");
    qg_str_add_json(s, m->name, strlen(m->name));
    for (int i = 0; i < wish->n_options; i++) {
        const char *option = wish->options[i];
        size_t len = strcspn(option, "=");
        const char *value = option + len + 1;
        if (!row_of(m, option, len) || !is_last(wish, i))
            continue;
        qg_str_add(s, ",");
        qg_str_add_json(s, option, len);
        qg_str_add(s, ":");
        if (is_json(value, a))
            qg_str_add(s, value);
        else
            qg_str_add_json(s, value, strlen(value));
    }
    qg_str_add(s, "}");
}

/* Nobody wrote that object: "/steps" is what an option said. */
static qg_code tell(const qg_error *e, const qg_method *m)
{
    qg_error kept = *e;
    if (kept.field[0] == '/' && kept.field[1])
        return QG_FAIL(kept.code, "%s: --option %s: %s", m->name, kept.field + 1, kept.msg);
    return QG_FAIL(kept.code, "%s: %s", m->name, kept.msg);
}

static qg_code read_method(qg_method_spec *out, const qg_method *m, const qg_explain_wish *wish,
                           qg_arena *a)
{
    qg_str text = {0};
    qg_problems problems = {.arena = a};
    qg_json_doc *doc;
    QG_NEW(doc, a, 1);
    write_entry(&text, m, wish, a);
    char *kept = text.failed ? NULL : qg_arena_strdup(a, text.data);
    qg_str_fini(&text);
    if (!kept)
        return QG_ENOMEM;
    QG_TRY(qg_json_parse(doc, a, "command line", kept, strlen(kept)));
    qg_code rc = qg_method_spec_read(out, doc, doc->root, &problems);
    return problems.n > 0 ? tell(&problems.item[0], m) : rc;
}

/* --------------------------------------------------------------------------------------- methods
 */

/* Says what a job with this name would be told. */
static qg_code unknown(const char *name, qg_arena *a)
{
    qg_str text = {0};
    qg_method_spec spec;
    qg_str_add_json(&text, name, strlen(name));
    qg_code rc = text.failed ? QG_ENOMEM : qg_method_spec_parse(&spec, a, text.data);
    qg_str_fini(&text);
    qg_error kept = *qg_error_last();
    return rc == QG_EJOB ? QG_FAIL(QG_EUSAGE, "%s, or all", kept.msg) : rc;
}

/* All that the model can be explained by. */
static qg_code take_all(const qg_method ***out, int *n, qg_arena *a, const char *packed)
{
    int all = 0;
    while (qg_methods[all])
        all++;
    QG_NEW(*out, a, all);
    for (int i = 0; i < all; i++)
        if (packed && (qg_methods[i]->needs & QG_NEEDS_GRADIENTS))
            qg_note("%s is left out: it needs gradients, which a packed folder does not give",
                    qg_methods[i]->name);
        else
            (*out)[(*n)++] = qg_methods[i];
    return QG_OK;
}

static qg_code take_named(const qg_method ***out, int *n, qg_arena *a, const qg_explain_wish *wish)
{
    const char **names;
    int all;
    QG_TRY(qg_comma_list(&names, &all, a, wish->methods));
    QG_NEW(*out, a, all);
    for (*n = 0; *n < all; (*n)++) {
        const qg_method *m = qg_method_find(names[*n]);
        if (!m)
            return unknown(names[*n], a);
        if (wish->packed && (m->needs & QG_NEEDS_GRADIENTS))
            return QG_FAIL(QG_EUSAGE,
                           "%s needs gradients, and '%s' is a packed folder, whose checkpoint is "
                           "not at hand: give -m the folder it was packed from, or -x a method "
                           "such as occlusion",
                           m->name, wish->packed);
        (*out)[*n] = m;
    }
    return QG_OK;
}

qg_code qg_explain_methods(qg_method_spec **out, int *n, qg_arena *a, const qg_explain_wish *wish)
{
    const qg_method **m;
    *n = 0;
    if (strcmp(wish->methods, "all") == 0)
        QG_TRY(take_all(&m, n, a, wish->packed));
    else
        QG_TRY(take_named(&m, n, a, wish));
    QG_TRY(check_options(wish, m, *n, a));
    QG_NEW(*out, a, *n);
    for (int i = 0; i < *n; i++)
        QG_TRY(read_method(&(*out)[i], m[i], wish, a));
    return QG_OK;
}
