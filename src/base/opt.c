/*
 * opt.c - reading JSON objects by table.
 */
#include "qgrid/opt.h"

#include "qgrid/str.h"

#include <math.h>
#include <string.h>

qg_code qg_problems_take(qg_problems *list, qg_code rc)
{
    if (rc == QG_OK)
        return rc;
    if (list->n == list->cap) {
        int cap = list->cap ? 2 * list->cap : 16;
        qg_error kept = *qg_error_last();
        qg_error *item =
            qg_arena_grow(list->arena, list->item, (size_t)list->n, (size_t)cap, sizeof *item);
        if (!item) {
            list->failed = true;
            return QG_ENOMEM;
        }
        (void)qg_error_restore(&kept);
        list->item = item;
        list->cap = cap;
    }
    list->item[list->n++] = *qg_error_last();
    return rc;
}

qg_code qg_problems_take_at(qg_problems *list, const qg_json_doc *doc, const qg_json *v, qg_code rc)
{
    char pointer[96];
    int64_t line, column;
    if (rc == QG_OK)
        return rc;
    qg_json_place(doc, v, &line, &column);
    bool other = qg_error_last()->path[0] != 0;
    (void)qg_error_place(doc->path, other ? 0 : line, other ? 0 : column,
                         qg_json_pointer(pointer, sizeof pointer, v));
    return qg_problems_take(list, rc);
}

static void set_default(void *field, const qg_opt *o)
{
    switch (o->type) {
    case QG_OPT_BOOL:
        *(bool *)field = o->def != 0;
        break;
    case QG_OPT_INT:
        *(int64_t *)field = (int64_t)o->def;
        break;
    case QG_OPT_REAL:
        *(double *)field = o->def;
        break;
    case QG_OPT_STRING:
        *(const char **)field = o->def_text;
        break;
    case QG_OPT_ENUM:
        *(int *)field = (int)o->def;
        break;
    case QG_OPT_NODE:
        *(const qg_json **)field = NULL;
        break;
    }
}

static bool has_range(const qg_opt *o)
{
    return o->min != 0 || o->max != 0;
}

static qg_code read_number(void *field, const qg_opt *o, const qg_json_doc *doc, const qg_json *v)
{
    bool whole = o->type == QG_OPT_INT;
    if (v->type != QG_JSON_NUMBER || (whole && v->number != rint(v->number)))
        return QG_JSON_FAIL(doc, v, QG_EJOB, "found %s, %s is expected",
                            v->type == QG_JSON_NUMBER ? "a fraction" : qg_json_kind(v),
                            whole ? "an integer" : "a number");
    if (whole && fabs(v->number) > QG_JSON_MOST_INTEGER)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "%.0f is not below 2^53 and not exact in JSON",
                            v->number);
    if (has_range(o) && !(v->number >= o->min && v->number <= o->max))
        return QG_JSON_FAIL(doc, v, QG_EJOB, "%.17g is outside [%.17g, %.17g]", v->number, o->min,
                            o->max);
    if (whole)
        *(int64_t *)field = (int64_t)v->number;
    else
        *(double *)field = v->number;
    return QG_OK;
}

static qg_code read_enum(void *field, const qg_opt *o, const qg_json_doc *doc, const qg_json *v)
{
    char known[200];
    qg_join_names(known, sizeof known, o->names);
    if (v->type != QG_JSON_STRING)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "found %s, one of these is expected: %s",
                            qg_json_kind(v), known);
    for (int i = 0; o->names[i]; i++) {
        if (strcmp(v->string, o->names[i]) == 0) {
            *(int *)field = i;
            return QG_OK;
        }
    }
    return QG_JSON_FAIL(doc, v, QG_EJOB, "'%s' is not one of: %s", v->string, known);
}

static qg_code read_field(void *field, const qg_opt *o, const qg_json_doc *doc, const qg_json *v)
{
    switch (o->type) {
    case QG_OPT_BOOL:
        if (v->type != QG_JSON_BOOL)
            return QG_JSON_FAIL(doc, v, QG_EJOB, "found %s, true or false is expected",
                                qg_json_kind(v));
        *(bool *)field = v->boolean;
        return QG_OK;
    case QG_OPT_INT:
    case QG_OPT_REAL:
        return read_number(field, o, doc, v);
    case QG_OPT_STRING:
        if (v->type != QG_JSON_STRING)
            return QG_JSON_FAIL(doc, v, QG_EJOB, "found %s, a string is expected", qg_json_kind(v));
        *(const char **)field = v->string;
        return QG_OK;
    case QG_OPT_ENUM:
        return read_enum(field, o, doc, v);
    case QG_OPT_NODE:
        *(const qg_json **)field = v;
        return QG_OK;
    }
    return QG_OK;
}

const char *const *qg_opt_keys(qg_arena *a, const qg_opt *table)
{
    size_t n = 0;
    while (table[n].key)
        n++;
    const char **keys = qg_arena_alloc(a, n + 1, sizeof *keys);
    for (size_t i = 0; keys && i < n; i++)
        keys[i] = table[i].key;
    return keys;
}

static qg_code unknown_key(const qg_opt *table, const qg_json_doc *doc, const qg_json *v,
                           qg_arena *a)
{
    char known[200];
    const char *const *keys = qg_opt_keys(a, table);
    if (!keys)
        return QG_ENOMEM;
    const char *near = qg_nearest(v->key, keys);
    if (near)
        return QG_JSON_FAIL(doc, v, QG_EJOB, "unknown key '%s', did you mean '%s'?", v->key, near);
    return QG_JSON_FAIL(doc, v, QG_EJOB, "unknown key '%s', known are: %s", v->key,
                        qg_join_names(known, sizeof known, keys));
}

/* Whether an unknown key of the object is a misspelt `key`: that it is missing follows from it. */
static bool is_misspelt(const char *key, const char *const *keys, const qg_json *object)
{
    for (const qg_json *v = object->child; v; v = v->next) {
        const char *near = NULL;
        bool known = false;
        for (int i = 0; keys[i] && !known; i++)
            known = strcmp(keys[i], v->key) == 0;
        if (!known && (near = qg_nearest(v->key, keys)) && strcmp(near, key) == 0)
            return true;
    }
    return false;
}

static qg_code find_missing(const qg_opt *table, const qg_json_doc *doc, const qg_json *object,
                            qg_problems *problems)
{
    const char *const *keys = qg_opt_keys(problems->arena, table);
    if (!keys)
        return QG_ENOMEM;
    for (const qg_opt *o = table; o->key; o++)
        if (o->required && !qg_json_get(object, o->key) && !is_misspelt(o->key, keys, object))
            (void)qg_problems_take(
                problems,
                QG_JSON_FAIL(doc, object, QG_EJOB, "key '%s' is missing (%s)", o->key, o->help));
    return QG_OK;
}

qg_code qg_opt_read(void *out, const qg_opt *table, const qg_json_doc *doc, const qg_json *object,
                    qg_problems *problems)
{
    int before = problems->n;
    for (const qg_opt *o = table; o->key; o++)
        set_default((char *)out + o->offset, o);
    if (!object)
        return QG_OK;
    if (object->type != QG_JSON_OBJECT)
        return qg_problems_take(problems, QG_JSON_FAIL(doc, object, QG_EJOB,
                                                       "found %s, an object is expected",
                                                       qg_json_kind(object)));
    for (const qg_json *v = object->child; v; v = v->next) {
        const qg_opt *o = table;
        while (o->key && strcmp(o->key, v->key) != 0)
            o++;
        qg_code rc = o->key ? read_field((char *)out + o->offset, o, doc, v)
                            : unknown_key(table, doc, v, problems->arena);
        if (rc == QG_ENOMEM)
            return rc;
        (void)qg_problems_take(problems, rc);
    }
    QG_TRY(find_missing(table, doc, object, problems));
    return problems->n > before ? QG_EJOB : QG_OK;
}

void qg_opt_write_value(qg_str *out, const qg_opt *o, const void *options)
{
    const void *field = (const char *)options + o->offset;
    const qg_json *node = NULL;
    const char *text = NULL;
    switch (o->type) {
    case QG_OPT_BOOL:
        qg_str_add(out, *(const bool *)field ? "true" : "false");
        return;
    case QG_OPT_INT:
        qg_str_addf(out, "%lld", (long long)*(const int64_t *)field);
        return;
    case QG_OPT_REAL:
        qg_str_add_f64(out, *(const double *)field);
        return;
    case QG_OPT_ENUM:
        text = *(const int *)field == QG_NOT_SAID ? NULL : o->names[*(const int *)field];
        break;
    case QG_OPT_STRING:
        text = *(const char *const *)field;
        break;
    case QG_OPT_NODE:
        node = *(const qg_json *const *)field;
        break;
    }
    if (node)
        qg_json_canonical(out, node);
    else if (text)
        qg_str_add_json(out, text, strlen(text));
    else
        qg_str_add(out, "null");
}

void qg_opt_write(qg_str *out, const qg_opt *table, const void *options)
{
    bool first = true;
    qg_str_add(out, "{");
    for (const qg_opt *o = table; o->key; o++) {
        if (o->type == QG_OPT_NODE)
            continue;
        qg_str_addf(out, "%s\"%s\":", first ? "" : ",", o->key);
        first = false;
        qg_opt_write_value(out, o, options);
    }
    qg_str_add(out, "}");
}
