/*
 * export.c - tables of a results file in any format: one, all that a glob matches, or a list of
 * them.
 */
#include "format.h"

#include <string.h>

const char *const *qg_export_formats(void)
{
    static const char *const names[] = {
#define QG_FORMAT(name, suffix) #name,
#include "formats.def"
#undef QG_FORMAT
        NULL};
    return names;
}

const char *qg_export_suffix(const char *format)
{
    const qg_table_format *f = qg_table_format_find(format);
    return f ? f->suffix : NULL;
}

static qg_code find_format(const qg_table_format **out, const char *name)
{
    char names[200];
    *out = qg_table_format_find(name);
    return *out ? QG_OK
                : QG_FAIL(QG_EUSAGE, "there is no format '%s': %s", name,
                          qg_join_names(names, sizeof names, qg_export_formats()));
}

/* Tables that are exported: what is for one moment of a run, and what only diff needs, are not. */
static bool is_exported(const qg_table_entry *e)
{
    return e->use & (QG_PAPER | QG_SHOW | QG_DIFF);
}

qg_code qg_export_names(const char *const **out, int *n, qg_arena *a, const char *glob)
{
    const char **names, **known;
    int n_known = 0, room = 1;
    for (const qg_table_entry *e = qg_table_entries; e->name; e++)
        room++;
    QG_NEW(names, a, room);
    QG_NEW(known, a, room);
    *n = 0;
    *out = names;
    for (const qg_table_entry *e = qg_table_entries; e->name; e++) {
        if (!is_exported(e))
            continue;
        known[n_known++] = e->name;
        if (qg_glob(glob, e->name))
            names[(*n)++] = e->name;
    }
    if (*n > 0)
        return QG_OK;
    const char *near = qg_nearest(glob, known);
    return QG_FAIL(QG_EUSAGE, "there is no table '%s'%s%s%s; qgrid export lists them", glob,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

qg_code qg_export_table(qg_str *out, int64_t *rows, qg_reading *r, const char *table,
                        const char *format)
{
    const qg_table_format *f;
    const qg_table_entry *e = qg_table_find(table);
    qg_table t;
    QG_TRY(find_format(&f, format));
    if (!e)
        return QG_FAIL(QG_EUSAGE, "there is no table '%s'", table);
    qg_mark mark = qg_arena_mark(r->arena);
    QG_TRY(qg_table_read_all(&t, e, r));
    *rows = t.n_rows;
    QG_TRY(f->write(out, &t, e));
    qg_arena_release(r->arena, mark);
    return QG_OK;
}

qg_code qg_export_list(qg_str *out, qg_arena *a, qg_reading *r, const char *format)
{
    static const qg_column table = {"table", NULL, QG_TEXT, 0};
    static const qg_column rows = {"rows", NULL, QG_SIGNIFICANT, 17};
    static const qg_column caption = {"caption", NULL, QG_TEXT, 0};
    const qg_table_format *f;
    qg_table list = {.name = "tables", .shape = QG_COLUMNS, .arena = a};
    QG_TRY(find_format(&f, format));
    QG_TRY(qg_table_add_columns(&list, &table, 1));
    if (r)
        QG_TRY(qg_table_add_columns(&list, &rows, 1));
    QG_TRY(qg_table_add_columns(&list, &caption, 1));
    for (const qg_table_entry *e = qg_table_entries; e->name; e++) {
        qg_value *v;
        if (!is_exported(e))
            continue;
        QG_TRY(qg_table_add_row(&v, &list));
        v[0].text = e->name;
        v[r ? 2 : 1].text = e->caption;
        if (!r)
            continue;
        qg_table t;
        qg_reading own = *r;
        own.arena = qg_arena_create(0);
        if (!own.arena)
            return QG_ENOMEM;
        qg_code rc = qg_table_read_all(&t, e, &own);
        v[1].number = (double)t.n_rows;
        qg_arena_destroy(own.arena);
        QG_TRY(rc);
    }
    return f->write(out, &list, NULL);
}
