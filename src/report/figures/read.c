/*
 * read.c - what readers of figures share.
 */
#include "read.h"

#include "qgrid/metrics.h"

#include <stdlib.h>

bool qg_is_drawn(const qg_read_cell *c, const char *kind)
{
    return strcmp(c->kind, kind) == 0 && c->state == QG_STATE_DONE && !strchr(c->experiment, '+');
}

bool qg_is_reference(const char *precision)
{
    return strcmp(precision, QG_REFERENCE) == 0;
}

qg_code qg_matrix_of(qg_matrix *out, qg_reading *r, const qg_read_cell *c, const char *pattern,
                     const char *blocks, const char *rows, const char *columns)
{
    char *path;
    QG_TRY(qg_reading_path(&path, r, pattern, c));
    return qg_matrix_read(out, r, path, blocks, rows, columns);
}

qg_code qg_numbers_of(double **out, int64_t *n, qg_reading *r, const qg_read_cell *c,
                      const char *pattern)
{
    char *path;
    QG_TRY(qg_reading_path(&path, r, pattern, c));
    return qg_numbers_read(out, n, r, path);
}

qg_code qg_number_of(double *out, qg_reading *r, const qg_read_cell *c, const char *pattern,
                     const char *name)
{
    char *group;
    QG_TRY(qg_reading_path(&group, r, pattern, c));
    *out = qg_reading_f64(r, group, name);
    return QG_OK;
}

qg_code qg_name_of(const char **out, qg_figure *f, const char *a, const char *b)
{
    *out = b ? qg_arena_printf(f->arena, "%s, %s", a, b) : a;
    return *out ? QG_OK : QG_ENOMEM;
}

qg_code qg_put_row(qg_figure *f, qg_panel *p, const char *series, qg_mark_kind mark,
                   const char *row, qg_datum d)
{
    qg_plot_series *s;
    QG_TRY(qg_axis_place(&d.y, f, &p->y, row));
    QG_TRY(qg_panel_series(&s, f, p, series, mark));
    return qg_series_add(f, s, d);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

qg_datum qg_box_of(double *x, int64_t n)
{
    qg_datum d = QG_DATUM((double)NAN, 0);
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(x[i]))
            x[kept++] = x[i];
    d.n = (double)kept;
    if (kept == 0)
        return d;
    qsort(x, (size_t)kept, sizeof *x, compare);
    d.x = qg_percentile_sorted(x, kept, 50);
    d.q1 = qg_percentile_sorted(x, kept, 25);
    d.q3 = qg_percentile_sorted(x, kept, 75);
    d.low = qg_percentile_sorted(x, kept, 5);
    d.high = qg_percentile_sorted(x, kept, 95);
    return d;
}

qg_code qg_texts_of(double *out, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix m;
    QG_TRY(
        qg_matrix_of(&m, r, c, QG_METRICS_PATH "/per_class", NULL, "true_class", "class_metric"));
    *out = m.x ? 0 : (double)NAN;
    for (int64_t k = 0; m.x && k < m.rows; k++)
        *out += qg_matrix_at(&m, NULL, m.row[k], "support");
    return QG_OK;
}
