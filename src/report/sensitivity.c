/*
 * sensitivity.c - parts of models under precisions: the blocks of each with their intervals, and
 * every part beside every precision, measure by measure.
 */
#include "sensitivity.h"

#include <math.h>
#include <string.h>

#define GROUP "/sensitivity/{model}/{dataset}/{precision}"

const qg_part_measure qg_part_kl = {"sensitivity", GROUP "/kl", "summary_statistic", "mean", NULL};
const qg_part_measure qg_part_flips = {"sensitivity", GROUP "/flips", "share_statistic", "share",
                                       NULL};
const qg_part_measure qg_part_accuracy = {"sensitivity", GROUP "/accuracy_difference", NULL, NULL,
                                          NULL};
const qg_part_measure qg_part_macro_f1 = {"sensitivity", GROUP "/macro_f1_difference", NULL, NULL,
                                          NULL};
const qg_part_measure qg_part_drift = {"explained_sensitivity", GROUP "/{method}/summary",
                                       "summary_statistic", "mean", "spearman"};

/* ----------------------------------------------------------------------- parts beside precisions
 */

static qg_code read_measure(qg_matrix *out, qg_reading *r, const qg_read_cell *c,
                            const qg_part_measure *x)
{
    char *path;
    QG_TRY(qg_reading_path(&path, r, x->data, c));
    return x->measure ? qg_matrix_read(out, r, path, "part", "measure", x->across)
                      : qg_matrix_read(out, r, path, NULL, "part", x->across);
}

static double number_of(const qg_matrix *m, const char *part, const qg_part_measure *x)
{
    return x->measure ? qg_matrix_at(m, part, x->measure, x->number)
                      : qg_matrix_at(m, NULL, part, x->number);
}

/* What the parts are, as the group of their predictions says it. */
static qg_code read_parts(qg_part_matrix *p, qg_reading *r)
{
    char *group, *path;
    int64_t n;
    QG_TRY(qg_reading_path(&group, r, GROUP, p->cell));
    if (!(path = qg_arena_printf(r->arena, "%s/kind", group)))
        return QG_ENOMEM;
    QG_TRY(qg_names_read(&p->kind, &n, r, path));
    if (!(path = qg_arena_printf(r->arena, "%s/role", group)))
        return QG_ENOMEM;
    QG_TRY(qg_names_read(&p->role, &n, r, path));
    QG_NEW(p->layer, r->arena, n);
    if (n != p->m.rows)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, group, "has another number of parts");
    if (!(path = qg_arena_printf(r->arena, "%s/layer", group)))
        return QG_ENOMEM;
    return qg_store_read(r->store, path, QG_STORE_I32, NULL, NULL, p->layer);
}

static bool has(const qg_read_cell *c, const qg_part_measure *x)
{
    return strcmp(c->kind, x->kind) == 0 && c->state == QG_STATE_DONE;
}

static bool are_together(const qg_read_cell *a, const qg_read_cell *b)
{
    return strcmp(a->experiment, b->experiment) == 0 && strcmp(a->method, b->method) == 0;
}

/* The precisions of a cell's experiment (and method), each a column. */
static qg_code read_all(qg_part_matrix *p, qg_reading *r, const qg_part_measure *x)
{
    qg_matrix *of, *m = &p->m;
    int n = 0;
    QG_NEW(of, r->arena, r->n);
    QG_NEW(m->column, r->arena, r->n);
    for (int i = 0; i < r->n; i++)
        if (has(&r->cell[i], x) && are_together(&r->cell[i], p->cell)) {
            m->column[n] = r->cell[i].precision;
            QG_TRY(read_measure(&of[n++], r, &r->cell[i], x));
        }
    m->blocks = 1;
    m->columns = n;
    m->rows = x->measure ? of[0].blocks : of[0].rows;
    m->row = x->measure ? of[0].block : of[0].row;
    QG_NEW(m->x, r->arena, m->rows * n);
    for (int64_t i = 0; i < m->rows; i++)
        for (int k = 0; k < n; k++)
            m->x[i * n + k] = number_of(&of[k], m->row[i], x);
    return read_parts(p, r);
}

qg_code qg_part_matrices(qg_part_matrix **out, int *n, qg_reading *r, const qg_part_measure *x)
{
    *n = 0;
    QG_NEW(*out, r->arena, r->n);
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        bool there = !has(c, x);
        for (int k = 0; k < *n && !there; k++)
            there = are_together(c, (*out)[k].cell);
        if (there)
            continue;
        qg_part_matrix *p = &(*out)[*n];
        p->cell = c;
        p->of = c->method[0] ? qg_arena_printf(r->arena, "%s/%s", c->experiment, c->method)
                             : c->experiment;
        if (!p->of)
            return QG_ENOMEM;
        QG_TRY(read_all(p, r, x));
        if (p->m.rows > 0)
            *n += 1;
    }
    return QG_OK;
}

/* Columns of all precisions that occur, in the order of the file. */
static qg_code name_precisions(const char ***out, int *n, qg_reading *r, const qg_part_matrix *p,
                               int count)
{
    *n = 0;
    QG_NEW(*out, r->arena, r->n);
    for (int i = 0; i < count; i++)
        for (int64_t k = 0; k < p[i].m.columns; k++) {
            bool there = false;
            for (int j = 0; j < *n; j++)
                there = there || strcmp((*out)[j], p[i].m.column[k]) == 0;
            if (!there)
                (*out)[(*n)++] = p[i].m.column[k];
        }
    return QG_OK;
}

/* A table of a measure: a block for each experiment (and method), parts by precisions. */
static qg_code add_measure(qg_table *t, qg_reading *r, const qg_part_measure *x)
{
    const qg_column sides[] = {{"experiment", NULL, QG_TEXT, 0}, {"part", NULL, QG_TEXT, 0}};
    const char **precision;
    qg_part_matrix *p;
    int n, columns;
    QG_TRY(qg_part_matrices(&p, &n, r, x));
    QG_TRY(name_precisions(&precision, &columns, r, p, n));
    t->blocks = true;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(sides)));
    for (int k = 0; k < columns; k++)
        QG_TRY(qg_table_add_columns(t, &(qg_column){precision[k], NULL, QG_SIGNIFICANT, 3}, 1));
    for (int i = 0; i < n; i++)
        for (int64_t part = 0; part < p[i].m.rows; part++) {
            qg_value *v;
            QG_TRY(qg_table_add_row(&v, t));
            v[0].text = p[i].of;
            v[1].text = p[i].m.row[part];
            for (int k = 0; k < columns; k++)
                v[2 + k].number = qg_matrix_at(&p[i].m, NULL, v[1].text, precision[k]);
        }
    return QG_OK;
}

#define MEASURE(name)                                                                              \
    qg_code qg_table_part_##name(qg_table *t, qg_reading *r, const qg_read_cell *none)             \
    {                                                                                              \
        (void)none;                                                                                \
        return add_measure(t, r, &qg_part_##name);                                                 \
    }
MEASURE(kl)
MEASURE(flips)
MEASURE(accuracy)
MEASURE(macro_f1)
MEASURE(drift)

/* ------------------------------------------------------------------------ blocks, with intervals
 */

static qg_code add_blocks(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const numbers[] = {"mean", "ci_low", "ci_high"};
    static const char *const shares[] = {"share", "ci_low", "ci_high"};
    qg_matrix kl, flips, accuracy;
    qg_part_matrix parts = {.cell = c};
    QG_TRY(read_measure(&kl, r, c, &qg_part_kl));
    QG_TRY(read_measure(&flips, r, c, &qg_part_flips));
    QG_TRY(read_measure(&accuracy, r, c, &qg_part_accuracy));
    parts.m.rows = kl.rows;
    if (!kl.x)
        return QG_OK;
    QG_TRY(read_parts(&parts, r));
    for (int64_t i = 0; i < kl.rows; i++) {
        const char *part = kl.row[i];
        qg_value *v;
        if (strcmp(parts.kind[i], "whole") != 0 && strcmp(parts.kind[i], "block") != 0)
            continue;
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = qg_arena_printf(r->arena, "%s/%s, %s", c->experiment, c->precision, part);
        if (!v[0].text)
            return QG_ENOMEM;
        for (int k = 0; k < 3; k++) {
            v[1 + k].number = qg_matrix_at(&kl, NULL, part, numbers[k]);
            v[4 + k].number = qg_matrix_at(&flips, NULL, part, shares[k]);
        }
        v[7].number = qg_matrix_at(&accuracy, NULL, part, NULL);
    }
    return QG_OK;
}

qg_code qg_table_sensitivity(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"part", NULL, QG_TEXT, 0},         {"KL", NULL, QG_SIGNIFICANT, 3},
        {"low", NULL, QG_SIGNIFICANT, 3},   {"high", NULL, QG_SIGNIFICANT, 3},
        {"other class", NULL, QG_FIXED, 4}, {"low", NULL, QG_FIXED, 4},
        {"high", NULL, QG_FIXED, 4},        {"accuracy", NULL, QG_FIXED, 4},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++)
        if (has(&r->cell[i], &qg_part_kl))
            QG_TRY(add_blocks(t, r, &r->cell[i]));
    return QG_OK;
}
