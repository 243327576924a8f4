/*
 * matrix.c - printing tables with the names along their sides.
 */
#include "qgrid/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 160 };

typedef struct side {
    char (*name)[NAME];
    int64_t n;
} side;

static qg_code read_numbers(double *out, qg_reading *r, const char *path, const qg_store_info *s)
{
    int64_t *whole;
    if (s->type == QG_STORE_F64)
        return qg_store_read(r->store, path, s->type, NULL, NULL, out);
    QG_NEW(whole, r->arena, s->shape[0]);
    QG_TRY(qg_store_read(r->store, path, s->type, NULL, NULL, whole));
    for (int64_t i = 0; i < s->shape[0]; i++)
        out[i] = (double)whole[i];
    return QG_OK;
}

/* The names along one side: texts or numbers of a scale. */
static qg_code read_side(side *out, qg_reading *r, const char *group, const char *name)
{
    char path[1100], *text;
    qg_store_info s;
    double *number;
    snprintf(path, sizeof path, "%s/%s", group, name);
    QG_TRY(qg_store_describe(&s, r->store, path));
    bool strings = s.type == QG_STORE_STRING;
    if (s.ndim != 1 || (!strings && s.type != QG_STORE_I64 && s.type != QG_STORE_F64))
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, path, "is not a list of names or numbers");
    out->n = s.shape[0];
    QG_NEW(out->name, r->arena, out->n);
    QG_NEW(number, r->arena, out->n);
    QG_NEW(text, r->arena, strings ? (size_t)out->n * s.string_size : 1);
    if (strings)
        QG_TRY(qg_store_read(r->store, path, s.type, NULL, NULL, text));
    else
        QG_TRY(read_numbers(number, r, path, &s));
    for (int64_t i = 0; i < out->n; i++)
        if (strings)
            snprintf(out->name[i], NAME, "%.*s", (int)s.string_size,
                     text + (size_t)i * s.string_size);
        else
            snprintf(out->name[i], NAME, "%s %g", name, number[i]);
    return QG_OK;
}

static void print(const char *title, const double *x, const side *down, const side *across)
{
    int width = 24;
    for (int64_t i = -1; i < down->n; i++) {
        int len = (int)strlen(i < 0 ? title : down->name[i]);
        width = len > width ? len : width;
    }
    printf("  %-*s", width, title);
    for (int64_t k = 0; k < across->n; k++)
        printf(" %12.12s", across->name[k]);
    printf("\n");
    for (int64_t i = 0; i < down->n; i++) {
        printf("  %-*s", width, down->name[i]);
        for (int64_t k = 0; k < across->n; k++)
            if (isnan(x[i * across->n + k]))
                printf(" %12s", "-");
            else
                printf(" %12.5g", x[i * across->n + k]);
        printf("\n");
    }
}

qg_code qg_show_matrices(qg_reading *r, const char *group, const char *data, const char *tables,
                         const char *rows, const char *columns)
{
    char path[1100], title[2 * NAME];
    qg_store_info v;
    side of = {.n = 1}, down, across;
    int lead = tables ? 1 : 0;
    double *x;
    if (tables)
        QG_TRY(read_side(&of, r, group, tables));
    QG_TRY(read_side(&down, r, group, rows));
    QG_TRY(read_side(&across, r, group, columns));
    snprintf(path, sizeof path, "%s/%s", group, data);
    QG_TRY(qg_store_describe(&v, r->store, path));
    if (v.ndim != 2 + lead || (lead && v.shape[0] != of.n) || v.shape[lead] != down.n ||
        v.shape[lead + 1] != across.n)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, path, "has another shape");
    QG_NEW(x, r->arena, (size_t)(of.n * down.n * across.n));
    QG_TRY(qg_store_read(r->store, path, QG_STORE_F64, NULL, NULL, x));
    for (int64_t i = 0; i < of.n; i++) {
        snprintf(title, sizeof title, "%s%s%s", data, tables ? ", " : "", tables ? of.name[i] : "");
        print(title, x + i * down.n * across.n, &down, &across);
    }
    return QG_OK;
}

qg_code qg_show_matrix(qg_reading *r, const char *group, const char *data, const char *rows,
                       const char *columns)
{
    return qg_show_matrices(r, group, data, NULL, rows, columns);
}
