/*
 * compare_schema.c - what the groups of a results file have otherwise than this program's schema.
 *
 * A file says by a hash which schema it was made with. Another hash, or none, is looked into: each
 * group of the file against the rows of the schema that make such a group. Groups of one kind that
 * differ alike are told once.
 */
#include "qgrid/reading.h"

#include "qgrid/layout.h"
#include "qgrid/str.h"

#include <stdlib.h>
#include <string.h>

/* A dataset of the file: its group's path is the first `group` bytes of its own. */
typedef struct member {
    const qg_store_info *info;
    const char *name;
    size_t group;
} member;

/* Groups of one kind that differ in the same. */
typedef struct difference {
    const char *pattern, *first, *text;
    int n;
} difference;

typedef struct comparison {
    qg_arena *arena;
    bool says; /* the file says which schema it was made with, and it is another one */
    difference *found;
    int n, cap;
} comparison;

static int by_group(const void *x, const void *y)
{
    const member *a = x, *b = y;
    size_t n = a->group < b->group ? a->group : b->group;
    int order = memcmp(a->info->path, b->info->path, n);
    if (order == 0 && a->group != b->group)
        order = a->group < b->group ? -1 : 1;
    return order ? order : strcmp(a->name, b->name);
}

/* Whether a path is an instance of a pattern, in which a capital letter stands for any name. */
static bool is_instance(const char *path, size_t size, const char *pattern)
{
    size_t at = 0;
    for (; *pattern && at < size; pattern++) {
        if (*pattern >= 'A' && *pattern <= 'Z')
            while (at < size && path[at] != '/')
                at++;
        else if (path[at++] != *pattern)
            return false;
    }
    return *pattern == 0 && at == size;
}

static const char *pattern_of(const member *m)
{
    qg_schema_field f;
    for (int i = 0; qg_schema_field_get(&f, i); i++)
        if (is_instance(m->info->path, m->group, f.group))
            return f.group;
    return NULL;
}

static const member *find(const member *m, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(m[i].name, name) == 0)
            return &m[i];
    return NULL;
}

static void add_name(qg_str *list, const char *name)
{
    qg_str_addf(list, "%s%s", list->len ? ", " : "", name);
}

/* Fields of the schema that the group lacks, or has as something else. */
static void compare_fields(qg_str *lacks, qg_str *other, const member *m, int n,
                           const char *pattern)
{
    qg_schema_field f;
    for (int i = 0; qg_schema_field_get(&f, i); i++) {
        int ndim = 0;
        if (f.group != pattern)
            continue;
        while (ndim < 3 && f.axis[ndim])
            ndim++;
        const member *k = find(m, n, f.name);
        if (!k)
            add_name(lacks, f.name);
        else if (strcmp(qg_store_type_name(k->info->type), f.type) != 0 || k->info->ndim != ndim)
            add_name(other, f.name);
    }
}

static bool is_known(const char *name, const char *pattern)
{
    qg_schema_field f;
    for (int i = 0; qg_schema_field_get(&f, i); i++)
        for (int k = -1; f.group == pattern && k < 3; k++)
            if (k < 0 ? strcmp(f.name, name) == 0 : f.axis[k] && strcmp(f.axis[k], name) == 0)
                return true;
    return false;
}

/* "this program has kappa, the file has not; ..." */
static void describe(qg_str *out, const qg_str *lacks, const qg_str *more, const qg_str *other)
{
    if (lacks->len)
        qg_str_addf(out, "this program has %s, the file has not", lacks->data);
    if (more->len)
        qg_str_addf(out, "%sthe file has %s, this program has not", out->len ? "; " : "",
                    more->data);
    if (other->len)
        qg_str_addf(out, "%s%s of another type or shape", out->len ? "; " : "", other->data);
}

static qg_code add_difference(comparison *c, const member *m, const char *pattern, const char *text)
{
    for (int i = 0; i < c->n; i++)
        if (c->found[i].pattern == pattern && strcmp(c->found[i].text, text) == 0) {
            c->found[i].n++;
            return QG_OK;
        }
    if (c->n == c->cap) {
        int cap = c->cap ? 2 * c->cap : 16;
        QG_GROW(c->found, c->arena, c->n, cap);
        c->cap = cap;
    }
    difference *d = &c->found[c->n++];
    *d = (difference){.pattern = pattern,
                      .first = qg_arena_strndup(c->arena, m->info->path, m->group),
                      .text = qg_arena_strdup(c->arena, text),
                      .n = 1};
    return d->first && d->text ? QG_OK : QG_ENOMEM;
}

static qg_code compare_group(comparison *c, const member *m, int n)
{
    const char *pattern = pattern_of(m);
    qg_str lacks = {0}, more = {0}, other = {0}, text = {0};
    if (!pattern && c->says) /* else somebody has added it */
        qg_str_add(&text, "this program knows no such group");
    if (pattern)
        compare_fields(&lacks, &other, m, n, pattern);
    for (int i = 0; i < n && pattern; i++)
        if (!is_known(m[i].name, pattern))
            add_name(&more, m[i].name);
    describe(&text, &lacks, &more, &other);
    qg_code rc = qg_str_status(&text);
    if (rc == QG_OK && text.len)
        rc = add_difference(c, m, pattern, text.data);
    qg_str_fini(&lacks);
    qg_str_fini(&more);
    qg_str_fini(&other);
    qg_str_fini(&text);
    return rc;
}

static qg_code compare_all(comparison *c, qg_store *s)
{
    qg_store_info *info;
    member *m;
    int n;
    QG_TRY(qg_store_list(&info, &n, s, c->arena, "/"));
    QG_NEW(m, c->arena, n);
    for (int i = 0; i < n; i++) {
        const char *slash = strrchr(info[i].path, '/');
        m[i] = (member){&info[i], slash + 1, (size_t)(slash - info[i].path)};
    }
    qsort(m, (size_t)n, sizeof *m, by_group);
    for (int from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && m[to].group == m[from].group &&
                            memcmp(m[to].info->path, m[from].info->path, m[from].group) == 0;)
            to++;
        QG_TRY(compare_group(c, m + from, to - from));
    }
    return QG_OK;
}

static void tell(qg_str *out, const comparison *c)
{
    for (int i = 0; i < c->n; i++) {
        const difference *d = &c->found[i];
        qg_str_addf(out, "%s%s", i ? "; " : "", d->first);
        if (d->n > 1)
            qg_str_addf(out, " and %d more", d->n - 1);
        qg_str_addf(out, ": %s", d->text);
    }
}

qg_code qg_file_schema_hash(char **out, qg_store *s, qg_arena *a)
{
    *out = NULL;
    return qg_store_has(s, "/environment")
               ? qg_store_attr_text(out, s, a, "/environment", "schema_hash")
               : QG_OK;
}

qg_code qg_schema_differences(const char **out, qg_store *s, qg_arena *a)
{
    char own[65], *hash;
    comparison c = {.arena = a};
    *out = NULL;
    QG_TRY(qg_file_schema_hash(&hash, s, a));
    if (hash && strcmp(hash, qg_schema_hash(own)) == 0)
        return QG_OK;
    c.says = hash != NULL;
    QG_TRY(compare_all(&c, s));
    qg_str text = {0};
    tell(&text, &c);
    if (hash && c.n == 0)
        qg_str_addf(&text, "its schema is %.12s, this program's is %.12s; no group of it shows how",
                    hash, own);
    qg_code rc = qg_str_status(&text);
    if (rc == QG_OK && text.len && !(*out = qg_arena_strdup(a, text.data)))
        rc = QG_ENOMEM;
    qg_str_fini(&text);
    return rc;
}
