/*
 * json_set.c - changing single values of a parsed job (RFC 6901 pointers).
 */
#include "qgrid/json_set.h"

#include <stdlib.h>
#include <string.h>

/* The tree was made by us in an arena; it is const only for its readers. */
static qg_json *writable(const qg_json *v)
{
    return (qg_json *)(uintptr_t)v;
}

/* "~1" is '/', "~0" is '~'. In place. */
static void unescape(char *s)
{
    char *to = s;
    for (; *s; s++, to++) {
        *to = *s;
        if (s[0] == '~' && (s[1] == '0' || s[1] == '1')) {
            *to = s[1] == '1' ? '/' : '~';
            s++;
        }
    }
    *to = 0;
}

static const qg_json *step(const qg_json *v, const char *name)
{
    if (v->type == QG_JSON_OBJECT)
        return qg_json_get(v, name);
    if (v->type != QG_JSON_ARRAY)
        return NULL;
    char *end;
    long index = strtol(name, &end, 10);
    const qg_json *m = v->child;
    if (*end || end == name || index < 0)
        return NULL;
    for (; m && index > 0; index--)
        m = m->next;
    return m;
}

/* Messages about a value from the command line point at the place it stands in for. */
static void move_to(qg_json *v, size_t offset)
{
    v->offset = offset;
    for (const qg_json *m = v->child; m; m = m->next)
        move_to(writable(m), offset);
}

static void put(qg_json *at, const qg_json *value)
{
    size_t offset = at->offset;
    at->type = value->type;
    at->count = value->count;
    at->boolean = value->boolean;
    at->number = value->number;
    at->string = value->string;
    at->child = value->child;
    for (const qg_json *m = at->child; m; m = m->next)
        writable(m)->parent = at;
    move_to(at, offset);
}

static qg_json *add_member(qg_json *object, qg_arena *a, const char *key)
{
    qg_json *m = qg_arena_alloc(a, 1, sizeof *m);
    if (!m)
        return NULL;
    m->key = key;
    m->parent = object;
    m->offset = object->offset;
    if (!object->child) {
        object->child = m;
    } else {
        const qg_json *last = object->child;
        while (last->next)
            last = last->next;
        writable(last)->next = m;
    }
    object->count++;
    return m;
}

static qg_code parse_value(const qg_json **out, qg_arena *a, const char *text)
{
    qg_json_doc *doc;
    QG_NEW(doc, a, 1);
    if (qg_json_parse(doc, a, "--set", text, strlen(text)) == QG_OK) {
        *out = doc->root;
        return QG_OK;
    }
    qg_error_clear();
    qg_json *s;
    QG_NEW(s, a, 1);
    s->type = QG_JSON_STRING;
    s->string = text;
    *out = s;
    return QG_OK;
}

qg_code qg_json_set(qg_json_doc *doc, qg_arena *a, const char *assignment)
{
    const char *eq = strchr(assignment, '=');
    if (assignment[0] != '/' || !eq)
        return QG_FAIL(QG_EUSAGE, "--set '%s': /json/pointer=value is expected", assignment);
    char *pointer = qg_arena_strndup(a, assignment, (size_t)(eq - assignment));
    const qg_json *value, *at = doc->root;
    if (!pointer)
        return QG_ENOMEM;
    QG_TRY(parse_value(&value, a, eq + 1));
    for (char *name = pointer + 1, *next; name; name = next) {
        next = strchr(name, '/');
        if (next)
            *next++ = 0;
        unescape(name);
        const qg_json *m = step(at, name);
        if (!m && !next && at->type == QG_JSON_OBJECT && *name)
            m = add_member(writable(at), a, name);
        if (!m)
            return QG_FAIL(QG_EUSAGE, "--set '%s': there is no '%s' in %s of the job", assignment,
                           name, qg_json_kind(at));
        at = m;
    }
    put(writable(at), value);
    return QG_OK;
}
