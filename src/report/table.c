/*
 * table.c - tables in memory, and the registry.
 */
#include "table.h"

#include "section.h"

#include <math.h>
#include <string.h>

const qg_table_entry qg_table_entries[] = {
#define QG_TABLE(name, kind, use, SECTION, shape, title, caption)                                  \
    {#name, kind, use, QG_SECTION_##SECTION, shape, title, caption, qg_table_##name, NULL,         \
     NULL,  NULL, NULL},
#define QG_MATRIX_TABLE(name, kind, use, SECTION, title, data, blocks, down, across, caption)      \
    {#name,  kind, use,   QG_SECTION_##SECTION, QG_MATRIX, title, caption, NULL, data,             \
     blocks, down, across},
#include "tables.def"
#undef QG_TABLE
#undef QG_MATRIX_TABLE
    {0},
};

const qg_table_entry *qg_table_find(const char *name)
{
    const qg_table_entry *e = qg_table_entries;
    while (e->name && strcmp(e->name, name) != 0)
        e++;
    return e->name ? e : NULL;
}

qg_code qg_table_add_columns(qg_table *t, const qg_column *column, int n)
{
    QG_GROW(t->column, t->arena, t->n_columns, t->n_columns + n);
    memcpy(t->column + t->n_columns, column, (size_t)n * sizeof *column);
    t->n_columns += n;
    return QG_OK;
}

qg_code qg_table_add_row(qg_value **out, qg_table *t)
{
    if (t->n_rows == t->room) {
        int64_t room = t->room ? 2 * t->room : 16;
        QG_GROW(t->value, t->arena, t->n_rows * t->n_columns, room * t->n_columns);
        t->room = room;
    }
    *out = t->value + t->n_rows++ * t->n_columns;
    for (int i = 0; i < t->n_columns; i++)
        (*out)[i].number = (double)NAN;
    return QG_OK;
}

qg_code qg_table_add_pair(qg_table *t, const char *name, qg_value value)
{
    qg_value *v;
    QG_TRY(qg_table_add_row(&v, t));
    v[0].text = name;
    v[1] = value;
    return QG_OK;
}

double qg_table_count(qg_reading *r, const char *group, const char *name)
{
    int64_t n = qg_reading_i64(r, group, name);
    return n >= 0 ? (double)n : (double)NAN;
}

qg_code qg_table_word(const char **out, qg_reading *r, const char *group, const char *name)
{
    char *text, *path = qg_arena_printf(r->arena, "%s/%s", group, name);
    qg_store_info s;
    if (!path)
        return QG_ENOMEM;
    QG_TRY(qg_store_describe(&s, r->store, path));
    if (s.ndim != 0 || s.type != QG_STORE_STRING)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, path, "is not a text");
    QG_NEW(text, r->arena, s.string_size + 1);
    *out = text;
    return qg_store_read(r->store, path, QG_STORE_STRING, NULL, NULL, text);
}

static qg_code read_matrix(qg_table *t, const qg_table_entry *e, qg_reading *r,
                           const qg_read_cell *c)
{
    qg_matrix m;
    char *path, *unit;
    QG_TRY(qg_reading_path(&path, r, e->data, c));
    QG_TRY(qg_matrix_read(&m, r, path, e->blocks, e->down, e->across));
    if (!m.x)
        return QG_OK;
    QG_TRY(qg_store_attr_text(&unit, r->store, r->arena, path, "units"));
    return qg_table_add_matrix(t, &m, unit);
}

qg_code qg_table_read(qg_table *out, const qg_table_entry *e, qg_reading *r, const qg_read_cell *c)
{
    *out = (qg_table){.name = e->name, .title = e->title, .shape = e->shape, .arena = r->arena};
    if (c && c->state == QG_STATE_SKIPPED)
        return QG_OK;
    return e->rows ? e->rows(out, r, c) : read_matrix(out, e, r, c);
}
