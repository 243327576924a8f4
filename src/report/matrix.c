/*
 * matrix.c - datasets of a results file with the names along their sides.
 */
#include "table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Any numbers of the file, as doubles [n]. */
static qg_code read_numbers(double **out, qg_reading *r, const char *path, const qg_store_info *s,
                            int64_t n)
{
    void *raw;
    double *x;
    QG_NEW(x, r->arena, n);
    *out = x;
    if (s->type == QG_STORE_F64)
        return qg_store_read(r->store, path, s->type, NULL, NULL, x);
    raw = qg_arena_alloc(r->arena, (size_t)n, sizeof(int64_t));
    if (!raw)
        return QG_ENOMEM;
    QG_TRY(qg_store_read(r->store, path, s->type, NULL, NULL, raw));
    for (int64_t i = 0; i < n; i++) {
        switch (s->type) {
        case QG_STORE_F32:
            x[i] = (double)((const float *)raw)[i];
            break;
        case QG_STORE_I32:
            x[i] = (double)((const int32_t *)raw)[i];
            break;
        case QG_STORE_I64:
            x[i] = (double)((const int64_t *)raw)[i];
            break;
        default:
            return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, path, "does not hold numbers");
        }
    }
    return QG_OK;
}

qg_code qg_numbers_read(double **out, int64_t *n, qg_reading *r, const char *path)
{
    qg_store_info s;
    *out = NULL;
    *n = 0;
    if (!qg_store_has(r->store, path))
        return QG_OK;
    QG_TRY(qg_store_describe(&s, r->store, path));
    *n = 1;
    for (int i = 0; i < s.ndim; i++)
        *n *= s.shape[i];
    return read_numbers(out, r, path, &s, *n);
}

qg_code qg_names_read(const char ***out, int64_t *n, qg_reading *r, const char *scale)
{
    qg_store_info s;
    double *number = NULL;
    char *text = NULL;
    QG_TRY(qg_store_describe(&s, r->store, scale));
    if (s.ndim != 1)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, scale, "is not a list of names or numbers");
    *n = s.shape[0];
    QG_NEW(*out, r->arena, *n);
    if (s.type == QG_STORE_STRING) {
        QG_NEW(text, r->arena, (size_t)*n * s.string_size);
        QG_TRY(qg_store_read(r->store, scale, s.type, NULL, NULL, text));
    } else {
        QG_TRY(read_numbers(&number, r, scale, &s, *n));
    }
    for (int64_t i = 0; i < *n; i++) {
        const char *at = text ? text + (size_t)i * s.string_size : NULL;
        (*out)[i] = at ? qg_arena_strndup(r->arena, at, strnlen(at, s.string_size))
                       : qg_arena_printf(r->arena, "%s %.15g", strrchr(scale, '/') + 1, number[i]);
        if (!(*out)[i])
            return QG_ENOMEM;
    }
    return QG_OK;
}

qg_value qg_table_side(const char *scale, const char *name)
{
    size_t n = strlen(scale);
    char *end;
    if (strncmp(name, scale, n) != 0 || name[n] != ' ')
        return (qg_value){.text = name};
    double number = strtod(name + n + 1, &end);
    if (*end || end == name + n + 1)
        return (qg_value){.text = name};
    return (qg_value){.number = number};
}

/* The same for a scale in the group of a dataset; nothing for a side that is not there. */
static qg_code read_side_of(const char ***out, int64_t *n, qg_reading *r, const char *data,
                            const char *scale)
{
    *out = NULL;
    *n = 1;
    if (!scale)
        return QG_OK;
    char *path =
        qg_arena_printf(r->arena, "%.*s/%s", (int)(strrchr(data, '/') - data), data, scale);
    return path ? qg_names_read(out, n, r, path) : QG_ENOMEM;
}

qg_code qg_matrix_read(qg_matrix *out, qg_reading *r, const char *path, const char *blocks,
                       const char *rows, const char *columns)
{
    qg_store_info s;
    int64_t want[3];
    int ndim = 0;
    *out = (qg_matrix){0};
    if (!qg_store_has(r->store, path))
        return QG_OK;
    QG_TRY(read_side_of(&out->block, &out->blocks, r, path, blocks));
    QG_TRY(read_side_of(&out->row, &out->rows, r, path, rows));
    QG_TRY(read_side_of(&out->column, &out->columns, r, path, columns));
    QG_TRY(qg_store_describe(&s, r->store, path));
    if (blocks)
        want[ndim++] = out->blocks;
    want[ndim++] = out->rows;
    if (columns)
        want[ndim++] = out->columns;
    if (s.ndim != ndim || memcmp(s.shape, want, (size_t)ndim * sizeof *want) != 0)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, path, "has another shape");
    return read_numbers(&out->x, r, path, &s, out->blocks * out->rows * out->columns);
}

/* Where a name stands along a side; -1: nowhere. */
static int64_t place(const char *const *names, int64_t n, const char *name)
{
    if (!names)
        return name ? -1 : 0;
    for (int64_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

double qg_matrix_at(const qg_matrix *m, const char *block, const char *row, const char *column)
{
    int64_t b = place(m->block, m->blocks, block), i = place(m->row, m->rows, row);
    int64_t k = place(m->column, m->columns, column);
    if (!m->x || b < 0 || i < 0 || k < 0)
        return (double)NAN;
    return m->x[(b * m->rows + i) * m->columns + k];
}

qg_code qg_table_add_matrix(qg_table *t, const qg_matrix *m, const char *unit)
{
    const qg_column names = {.head = "", .format = QG_TEXT};
    int first = m->block ? 2 : 1;
    t->blocks = m->block != NULL;
    for (int i = 0; i < first; i++)
        QG_TRY(qg_table_add_columns(t, &names, 1));
    for (int64_t k = 0; k < m->columns; k++) {
        const char *head = m->column ? m->column[k] : "";
        const qg_column c = {head, unit, QG_SIGNIFICANT, 5};
        QG_TRY(qg_table_add_columns(t, &c, 1));
    }
    for (int64_t i = 0; i < m->blocks * m->rows; i++) {
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        if (m->block)
            v[0].text = m->block[i / m->rows];
        v[first - 1].text = m->row[i % m->rows];
        for (int64_t k = 0; k < m->columns; k++)
            v[first + k].number = m->x[i * m->columns + k];
    }
    return QG_OK;
}
