/*
 * json_value.c - values of a parsed document: members, pointers, canonical text, errors at them.
 */
#include "qgrid/json.h"

#include "qgrid/str.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const qg_json *qg_json_get(const qg_json *object, const char *key)
{
    if (!object || object->type != QG_JSON_OBJECT)
        return NULL;
    for (const qg_json *m = object->child; m; m = m->next)
        if (strcmp(m->key, key) == 0)
            return m;
    return NULL;
}

char *qg_json_pointer(char *out, size_t size, const qg_json *v)
{
    const qg_json *path[QG_JSON_DEPTH + 1];
    int n = 0;
    size_t len = 0;
    for (; v && v->parent && n <= QG_JSON_DEPTH; v = v->parent)
        path[n++] = v;
    out[0] = 0;
    while (n-- > 0 && len + 1 < size) {
        if (path[n]->key) {
            len += (size_t)snprintf(out + len, size - len, "/%s", path[n]->key);
        } else {
            int index = 0;
            for (const qg_json *m = path[n]->parent->child; m && m != path[n]; m = m->next)
                index++;
            len += (size_t)snprintf(out + len, size - len, "/%d", index);
        }
    }
    return out;
}

const char *qg_json_kind(const qg_json *v)
{
    static const char *const kind[] = {"null",     "a boolean", "a number",
                                       "a string", "an array",  "an object"};
    return kind[v->type];
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(const qg_json *const *)a)->key, (*(const qg_json *const *)b)->key);
}

void qg_json_canonical(qg_str *out, const qg_json *v)
{
    switch (v->type) {
    case QG_JSON_NULL:
        qg_str_add(out, "null");
        return;
    case QG_JSON_BOOL:
        qg_str_add(out, v->boolean ? "true" : "false");
        return;
    case QG_JSON_NUMBER:
        qg_str_add_f64(out, v->number);
        return;
    case QG_JSON_STRING:
        qg_str_add_json(out, v->string, strlen(v->string));
        return;
    default:
        break;
    }
    bool object = v->type == QG_JSON_OBJECT;
    const qg_json **members = calloc((size_t)v->count + 1, sizeof *members);
    if (!members) {
        out->failed = true;
        return;
    }
    int n = 0;
    for (const qg_json *m = v->child; m; m = m->next)
        members[n++] = m;
    if (object)
        qsort(members, (size_t)n, sizeof *members, by_key);
    qg_str_add(out, object ? "{" : "[");
    for (int i = 0; i < n; i++) {
        if (i)
            qg_str_add(out, ",");
        if (object) {
            qg_str_add_json(out, members[i]->key, strlen(members[i]->key));
            qg_str_add(out, ":");
        }
        qg_json_canonical(out, members[i]);
    }
    qg_str_add(out, object ? "}" : "]");
    free(members);
}

qg_code qg_json_fail(const qg_json_doc *doc, const qg_json *v, qg_code code, const char *src,
                     const char *fmt, ...)
{
    char msg[400], pointer[96];
    int64_t line, column;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    qg_json_place(doc, v, &line, &column);
    (void)qg_error_set(code, src, "%s", msg);
    return qg_error_place(doc->path, line, column, qg_json_pointer(pointer, sizeof pointer, v));
}
