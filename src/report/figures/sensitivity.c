/*
 * sensitivity.c - heat maps of what a precision does to one part of a model at a time.
 */
#include "figure.h"

#include "report/sensitivity.h"

#include <math.h>
#include <string.h>

#define LOG_KL "log10 of KL from fp32"

/* Parts, and precisions, are orders of magnitude apart. What changes nothing has no logarithm. */
static void take_logarithms(qg_part_matrix *p)
{
    for (int64_t i = 0; i < p->m.rows * p->m.columns; i++)
        p->m.x[i] = p->m.x[i] > 0 ? log10(p->m.x[i]) : (double)NAN;
}

/* Blocks and kinds beside precisions. */
static qg_code add_parts(qg_figure *out, const qg_part_matrix *p, const char *what, int digits)
{
    qg_matrix m = p->m;
    int first;
    m.rows = 0;
    QG_NEW(m.row, out->arena, p->m.rows);
    QG_NEW(m.x, out->arena, p->m.rows * m.columns);
    for (int64_t i = 0; i < p->m.rows; i++) {
        if (strcmp(p->kind[i], "block") != 0 && strcmp(p->kind[i], "kind") != 0)
            continue;
        m.row[m.rows] = p->m.row[i];
        memcpy(m.x + m.rows++ * m.columns, p->m.x + i * m.columns, (size_t)m.columns * sizeof *m.x);
    }
    QG_TRY(qg_figure_add_heat_map(&first, out, &m, p->of, what));
    for (int i = first; i < out->n_panels; i++) {
        out->panel[i].digits = digits;
        out->panel[i].half = true;
    }
    return QG_OK;
}

qg_code qg_figure_sensitivity(qg_figure *out, qg_reading *r)
{
    qg_part_matrix *p;
    int n;
    QG_TRY(qg_part_matrices(&p, &n, r, &qg_part_kl));
    for (int i = 0; i < n; i++) {
        take_logarithms(&p[i]);
        QG_TRY(add_parts(out, &p[i], LOG_KL, 1));
    }
    return QG_OK;
}

qg_code qg_figure_sensitivity_drift(qg_figure *out, qg_reading *r)
{
    qg_part_matrix *p;
    int n;
    QG_TRY(qg_part_matrices(&p, &n, r, &qg_part_drift));
    for (int i = 0; i < n; i++)
        QG_TRY(add_parts(out, &p[i], "mean rho with fp32", 2));
    return QG_OK;
}

/* Where a name stands in a list, at the end of which it is put if it is new. */
static int64_t place(const char **name, int64_t *n, const char *what)
{
    int64_t i = 0;
    while (i < *n && strcmp(name[i], what) != 0)
        i++;
    if (i == *n)
        name[(*n)++] = what;
    return i;
}

/* Linear layers of the encoder under one precision: layers beside roles. */
static qg_code add_layers(qg_figure *out, qg_reading *r, const qg_part_matrix *p, int64_t precision)
{
    int64_t most = p->m.rows;
    qg_matrix m = {.blocks = 1};
    int32_t layers = 0;
    int first;
    QG_NEW(m.row, r->arena, most);
    QG_NEW(m.column, r->arena, most);
    for (int64_t i = 0; i < most; i++)
        if (strcmp(p->kind[i], "linear") == 0 && p->layer[i] >= 0) {
            place(m.column, &m.columns, p->role[i]);
            layers = p->layer[i] >= layers ? p->layer[i] + 1 : layers;
        }
    m.rows = layers < most ? layers : most;
    for (int64_t l = 0; l < m.rows; l++)
        if (!(m.row[l] = qg_arena_printf(r->arena, "layer %lld", (long long)l)))
            return QG_ENOMEM;
    QG_NEW(m.x, r->arena, m.rows * m.columns);
    for (int64_t i = 0; i < m.rows * m.columns; i++)
        m.x[i] = (double)NAN;
    for (int64_t i = 0; i < most; i++)
        if (strcmp(p->kind[i], "linear") == 0 && p->layer[i] >= 0 && p->layer[i] < m.rows)
            m.x[p->layer[i] * m.columns + place(m.column, &m.columns, p->role[i])] =
                p->m.x[i * p->m.columns + precision];
    const char *title = qg_arena_printf(r->arena, "%s/%s", p->of, p->m.column[precision]);
    if (!title)
        return QG_ENOMEM;
    QG_TRY(qg_figure_add_heat_map(&first, out, &m, title, LOG_KL));
    for (int i = first; i < out->n_panels; i++) {
        out->panel[i].digits = 1;
        out->panel[i].half = true;
    }
    return QG_OK;
}

qg_code qg_figure_sensitivity_layers(qg_figure *out, qg_reading *r)
{
    qg_part_matrix *p;
    int n;
    QG_TRY(qg_part_matrices(&p, &n, r, &qg_part_kl));
    for (int i = 0; i < n; i++) {
        take_logarithms(&p[i]);
        for (int64_t k = 0; k < p[i].m.columns; k++)
            QG_TRY(add_layers(out, r, &p[i], k));
    }
    return QG_OK;
}
