/*
 * netcdf.c - a table as a netCDF classic file (64-bit offsets, "CDF-2"): every program that reads
 * netCDF opens it, none of them needs HDF5.
 *
 * One dimension, `observation`; a variable for each column. Numbers are doubles; texts are
 * characters [observation, longest], padded with NUL, UTF-8. Format: "The NetCDF Classic Format
 * Specification" of the Unidata NetCDF User's Guide. All numbers are big-endian.
 */
#include "report/format.h"

#include <string.h>

enum { DIMENSION = 10, VARIABLE = 11, ATTRIBUTE = 12, CHARACTER = 2, DOUBLE = 6 };

/* A table on its way into a file. */
typedef struct writer {
    qg_str *out;
    const qg_table *t;
    const char *const *key; /* [n_columns] */
    int64_t *width;         /* [n_columns] bytes of a text column, 0: numbers */
    int64_t *size;          /* [n_columns] bytes of its values, a multiple of 4 */
} writer;

static void add_u32(qg_str *out, uint64_t v)
{
    const unsigned char b[4] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16),
                                (unsigned char)(v >> 8), (unsigned char)v};
    qg_str_addn(out, b, 4);
}

static void add_u64(qg_str *out, uint64_t v)
{
    add_u32(out, v >> 32);
    add_u32(out, v & 0xffffffffu);
}

static void add_zeros(qg_str *out, int64_t n)
{
    static const char zeros[64] = {0};
    for (; n > 0; n -= 64)
        qg_str_addn(out, zeros, (size_t)(n < 64 ? n : 64));
}

static int64_t padded(int64_t n)
{
    return (n + 3) / 4 * 4;
}

static void add_name(qg_str *out, const char *name)
{
    int64_t n = (int64_t)strlen(name);
    add_u32(out, (uint64_t)n);
    qg_str_addn(out, name, (size_t)n);
    add_zeros(out, padded(n) - n);
}

static void add_attribute(qg_str *out, const char *name, const char *text)
{
    add_name(out, name);
    add_u32(out, CHARACTER);
    add_name(out, text); /* a count and padded characters, too */
}

/* What a value of a text column is; numbers of it stand as text. */
static const char *text_of(char number[64], const qg_value *v)
{
    if (v->text)
        return v->text;
    return v->number == v->number ? qg_table_exact_number(number, 64, v->number) : "";
}

static qg_code measure(writer *w)
{
    const qg_table *t = w->t;
    char number[64];
    QG_NEW(w->width, t->arena, t->n_columns);
    QG_NEW(w->size, t->arena, t->n_columns);
    for (int64_t i = 0; i < t->n_rows * t->n_columns; i++) {
        int64_t *width = &w->width[i % t->n_columns];
        if (!t->value[i].text && t->column[i % t->n_columns].format != QG_TEXT)
            continue;
        int64_t n = (int64_t)strlen(text_of(number, &t->value[i]));
        *width = n > *width ? n : *width;
        *width = *width > 0 ? *width : 1;
    }
    for (int k = 0; k < t->n_columns; k++) {
        for (int64_t i = 0; w->width[k] && i < t->n_rows; i++) {
            int64_t n = (int64_t)strlen(text_of(number, &t->value[i * t->n_columns + k]));
            w->width[k] = n > w->width[k] ? n : w->width[k];
        }
        w->size[k] = padded(t->n_rows * (w->width[k] ? w->width[k] : 8));
    }
    return QG_OK;
}

/* `observation`, and one for the characters of each text column. */
static void add_dimensions(const writer *w)
{
    int texts = 0;
    for (int k = 0; k < w->t->n_columns; k++)
        texts += w->width[k] > 0;
    add_u32(w->out, DIMENSION);
    add_u32(w->out, (uint64_t)texts + 1);
    add_name(w->out, "observation");
    add_u32(w->out, (uint64_t)w->t->n_rows);
    for (int k = 0; k < w->t->n_columns; k++) {
        char name[300];
        if (!w->width[k])
            continue;
        snprintf(name, sizeof name, "%s_length", w->key[k]);
        add_name(w->out, name);
        add_u32(w->out, (uint64_t)w->width[k]);
    }
}

static void add_variable_attributes(qg_str *out, const qg_column *c, bool text)
{
    const char *unit = c->format == QG_BYTES ? "byte" : c->unit;
    add_u32(out, ATTRIBUTE);
    add_u32(out, 1u + (text || unit));
    add_attribute(out, "long_name", c->head);
    if (text)
        add_attribute(out, "_Encoding", "utf-8");
    else if (unit)
        add_attribute(out, "units", unit);
}

/* Heads of all variables; their values begin at `begin`, one behind the other. */
static void add_variables(const writer *w, uint64_t begin)
{
    const qg_table *t = w->t;
    uint32_t dimension = 1;
    add_u32(w->out, VARIABLE);
    add_u32(w->out, (uint64_t)t->n_columns);
    for (int k = 0; k < t->n_columns; k++) {
        bool text = w->width[k] > 0;
        add_name(w->out, w->key[k]);
        add_u32(w->out, text ? 2 : 1);
        add_u32(w->out, 0);
        if (text)
            add_u32(w->out, dimension++);
        add_variable_attributes(w->out, &t->column[k], text);
        add_u32(w->out, text ? CHARACTER : DOUBLE);
        add_u32(w->out, w->size[k] < UINT32_MAX ? (uint64_t)w->size[k] : UINT32_MAX);
        add_u64(w->out, begin);
        begin += (uint64_t)w->size[k];
    }
}

static void add_text(qg_str *out, const char *text, int64_t width)
{
    size_t len = strlen(text), from = 0, good;
    while ((good = qg_utf8_check(text + from, len - from)) < len - from) {
        qg_str_addn(out, text + from, good);
        qg_str_add(out, "?"); /* a byte that is no UTF-8 */
        from += good + 1;
    }
    qg_str_addn(out, text + from, len - from);
    add_zeros(out, width - (int64_t)len);
}

static void add_values(const writer *w, int column)
{
    const qg_table *t = w->t;
    char number[64];
    for (int64_t i = 0; i < t->n_rows; i++) {
        const qg_value *v = &t->value[i * t->n_columns + column];
        uint64_t bits;
        if (w->width[column]) {
            add_text(w->out, text_of(number, v), w->width[column]);
            continue;
        }
        memcpy(&bits, &v->number, sizeof bits);
        add_u64(w->out, bits);
    }
    add_zeros(w->out, w->size[column] - t->n_rows * (w->width[column] ? w->width[column] : 8));
}

static void add_head(const writer *w, const qg_table_entry *e, uint64_t begin)
{
    qg_str_addn(w->out, "CDF\x02\0\0\0\0", 8); /* and no records */
    if (w->t->n_rows > 0)
        add_dimensions(w);
    else
        add_zeros(w->out, 8);
    add_u32(w->out, ATTRIBUTE);
    add_u32(w->out, 2);
    add_attribute(w->out, "table", w->t->name);
    add_attribute(w->out, "title", e ? e->caption : w->t->name);
    if (w->t->n_rows > 0)
        add_variables(w, begin);
    else
        add_zeros(w->out, 8);
}

qg_code qg_table_write_netcdf(qg_str *out, const qg_table *t, const qg_table_entry *e)
{
    qg_str head = {0};
    writer w = {.out = &head, .t = t};
    QG_TRY(qg_table_keys(&w.key, t, e));
    QG_TRY(measure(&w));
    add_head(&w, e, 0); /* how long it is does not depend on where values begin */
    uint64_t begin = head.len;
    qg_code rc = qg_str_status(&head);
    qg_str_fini(&head);
    QG_TRY(rc);
    w.out = out;
    add_head(&w, e, begin);
    for (int k = 0; t->n_rows > 0 && k < t->n_columns; k++)
        add_values(&w, k);
    return qg_str_status(out);
}
