/*
 * format.c - the registry of formats, and what writers share: keys of columns, numbers, the best.
 */
#include "format.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const qg_table_format qg_table_formats[] = {
#define QG_FORMAT(name, suffix) {#name, suffix, qg_table_write_##name},
#include "formats.def"
#undef QG_FORMAT
    {0},
};

const qg_table_format *qg_table_format_find(const char *name)
{
    const qg_table_format *f = qg_table_formats;
    while (f->name && strcmp(f->name, name) != 0)
        f++;
    return f->name ? f : NULL;
}

char *qg_table_number(char *out, size_t size, const qg_column *c, double v)
{
    bool whole = fabs(v) < 1e15 && v == floor(v);
    if (isnan(v))
        snprintf(out, size, "-");
    else if (c->format == QG_BYTES)
        qg_format_bytes(out, size, v);
    else if (c->format == QG_FIXED)
        snprintf(out, size, "%.*f", c->digits, v);
    else if (whole)
        snprintf(out, size, "%.0f", v);
    else
        snprintf(out, size, "%.*g", c->digits, v);
    return out;
}

char *qg_table_exact_number(char *out, size_t size, double v)
{
    if (fabs(v) < 1e15 && v == floor(v)) {
        snprintf(out, size, "%.0f", v + 0.0); /* 0 for -0 */
        return out;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, size, "%.*g", digits, v);
        if (strtod(out, NULL) == v)
            break;
    }
    return out;
}

bool qg_table_is_numeric(const qg_table *t, int column)
{
    return t->column[column].format != QG_TEXT;
}

/* ------------------------------------------------------------------------------------------ keys
 */

/* Appends a word in lower case, each run of other characters one underscore. */
static void add_key(qg_str *out, const char *word)
{
    if (out->len > 0)
        qg_str_add(out, "_");
    for (; *word; word++) {
        bool known = isalnum((unsigned char)*word);
        char c = (char)(known ? tolower((unsigned char)*word) : '_');
        if (known || (out->len > 0 && out->data[out->len - 1] != '_'))
            qg_str_addn(out, &c, 1);
    }
    while (out->len > 0 && out->data[out->len - 1] == '_')
        out->data[--out->len] = 0;
}

static int count_of(const qg_table *t, const char *head)
{
    int n = 0;
    for (int k = 0; k < t->n_columns; k++)
        n += strcmp(t->column[k].head, head) == 0;
    return n;
}

/* The key of a column that is none of a matrix. */
static void make_key(qg_str *out, const qg_table *t, int column)
{
    const qg_column *c = &t->column[column];
    for (int k = column - 1; k > 0 && count_of(t, c->head) > 1; k--) {
        if (count_of(t, t->column[k].head) == 1) {
            add_key(out, t->column[k].head);
            break;
        }
    }
    add_key(out, c->head[0] ? c->head : "name");
    if (c->format == QG_BYTES)
        add_key(out, "bytes");
    else if (c->unit)
        add_key(out, c->unit);
}

/* What the sides of a matrix are called; NULL: the column keeps its head. */
static const char *side_of(const qg_table *t, const qg_table_entry *e, int column)
{
    if (column == 0 && e->blocks)
        return e->blocks;
    if (column == t->blocks)
        return e->down;
    return e->across ? NULL : e->name;
}

static bool is_known(const char *const *key, int n, const char *name)
{
    for (int k = 0; k < n; k++)
        if (strcmp(key[k], name) == 0)
            return true;
    return false;
}

qg_code qg_table_keys(const char *const **out, const qg_table *t, const qg_table_entry *e)
{
    const char **key;
    qg_str s = {0};
    QG_NEW(key, t->arena, t->n_columns);
    for (int k = 0; k < t->n_columns; k++) {
        bool matrix = e && e->data && t->shape == QG_MATRIX;
        const char *side = matrix ? side_of(t, e, k) : NULL;
        qg_str_clear(&s);
        if (side || matrix || t->keyed)
            qg_str_add(&s, side ? side : t->column[k].head);
        else
            make_key(&s, t, k);
        key[k] = s.failed ? NULL : qg_arena_strdup(t->arena, s.data);
        for (int i = 2; key[k] && is_known(key, k, key[k]); i++)
            key[k] = qg_arena_printf(t->arena, "%s_%d", s.data, i);
        if (!key[k])
            break;
    }
    qg_code rc = qg_str_status(&s);
    qg_str_fini(&s);
    *out = key;
    return rc == QG_OK && t->n_columns > 0 && !key[t->n_columns - 1] ? QG_ENOMEM : rc;
}

/* -------------------------------------------------------------------------------------- the best
 */

static bool same_value(const qg_value *a, const qg_value *b)
{
    return a->text && b->text ? strcmp(a->text, b->text) == 0
                              : !a->text && !b->text && a->number == b->number;
}

/* Behind the last row of the group that begins at `row`. */
static int64_t end_of_group(const qg_table *t, int64_t row)
{
    int64_t end = row + 1;
    for (; end < t->n_rows; end++)
        for (int k = 0; k < t->within; k++)
            if (!same_value(&t->value[row * t->n_columns + k], &t->value[end * t->n_columns + k]))
                return end;
    return end;
}

static void mark_best(bool *best, const qg_table *t, int64_t row, int64_t end, int column)
{
    double sign = t->best[column] == '-' ? -1 : 1, top = (double)NAN;
    int known = 0;
    for (int64_t i = row; i < end; i++) {
        const qg_value *v = &t->value[i * t->n_columns + column];
        if (v->text || isnan(v->number))
            continue;
        top = known++ ? fmax(top, sign * v->number) : sign * v->number;
    }
    for (int64_t i = row; i < end && known > 1; i++) {
        const qg_value *v = &t->value[i * t->n_columns + column];
        best[i * t->n_columns + column] = !v->text && sign * v->number == top;
    }
}

qg_code qg_table_best(bool **out, const qg_table *t)
{
    QG_NEW(*out, t->arena, t->n_rows * t->n_columns);
    for (int64_t row = 0, end; t->best && row < t->n_rows; row = end) {
        end = end_of_group(t, row);
        for (int k = 0; k < t->n_columns && t->best[k]; k++)
            if (t->best[k] != ' ')
                mark_best(*out, t, row, end, k);
    }
    return QG_OK;
}
