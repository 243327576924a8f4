/*
 * references.c - experiments against the fp32 of their references: what became of their
 * predictions, and of their explanations.
 */
#include "table.h"

#include <math.h>
#include <string.h>

#define GROUP "/comparisons/{model}/{dataset}/reference"

/* A list [precision] of the group of a cell; NaN where there is none. */
static qg_code read_list(qg_matrix *out, qg_reading *r, const qg_read_cell *c, const char *name)
{
    char *group, *path;
    QG_TRY(qg_reading_path(&group, r, GROUP, c));
    path = qg_arena_printf(r->arena, "%s/%s", group, name);
    return path ? qg_matrix_read(out, r, path, NULL, "precision", NULL) : QG_ENOMEM;
}

static double count_at(const qg_matrix *m, const char *precision)
{
    double v = qg_matrix_at(m, NULL, precision, NULL);
    return v < 0 ? (double)NAN : v; /* not known */
}

static qg_code add_variants(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const count[] = {"harmful", "beneficial", "neutral"};
    qg_matrix agreement, kl, p, counts[3], difference;
    char *path;
    QG_TRY(read_list(&agreement, r, c, "agreement"));
    QG_TRY(read_list(&kl, r, c, "kl"));
    QG_TRY(read_list(&p, r, c, "mcnemar_p_holm"));
    for (int i = 0; i < 3; i++)
        QG_TRY(read_list(&counts[i], r, c, count[i]));
    QG_TRY(qg_reading_path(&path, r, GROUP "/metric_difference", c));
    QG_TRY(qg_matrix_read(&difference, r, path, "precision", "metric", "difference_statistic"));
    for (int64_t i = 0; i < agreement.rows; i++) {
        const char *precision = agreement.row[i];
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = qg_arena_printf(r->arena, "%s/%s", c->experiment, precision);
        if (!v[0].text)
            return QG_ENOMEM;
        v[1].number = qg_matrix_at(&agreement, NULL, precision, NULL);
        for (int k = 0; k < 3; k++)
            v[2 + k].number = count_at(&counts[k], precision);
        v[5].number = qg_matrix_at(&p, NULL, precision, NULL);
        v[6].number = qg_matrix_at(&difference, precision, "accuracy", "difference");
        v[7].number = qg_matrix_at(&difference, precision, "accuracy", "ci_low");
        v[8].number = qg_matrix_at(&difference, precision, "accuracy", "ci_high");
        v[9].number = qg_matrix_at(&kl, NULL, precision, NULL);
    }
    return QG_OK;
}

qg_code qg_table_references(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const qg_column columns[] = {
        {"variant", NULL, QG_TEXT, 0},     {"agreement", NULL, QG_FIXED, 4},
        {"harmful", NULL, QG_FIXED, 0},    {"beneficial", NULL, QG_FIXED, 0},
        {"neutral", NULL, QG_FIXED, 0},    {"McNemar, Holm", NULL, QG_SIGNIFICANT, 3},
        {"accuracy +", NULL, QG_FIXED, 4}, {"ci_low", NULL, QG_FIXED, 4},
        {"ci_high", NULL, QG_FIXED, 4},    {"KL", "nat", QG_SIGNIFICANT, 3},
    };
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *k = &r->cell[i];
        if (strcmp(k->kind, "reference") == 0 && k->state == QG_STATE_DONE && (!c || c == k))
            QG_TRY(add_variants(t, r, k));
    }
    return QG_OK;
}

qg_code qg_table_variants(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    return qg_table_references(t, r, c);
}

/* ---------------------------------------------------------------------------------- explanations
 */

/* A row for each method of a cell: means of a dataset [method, precision, statistics], and what
 * `last` says of the method, if it is not NULL. */
static qg_code add_methods(qg_table *t, qg_reading *r, const qg_read_cell *c, const qg_matrix *m,
                           const qg_matrix *last)
{
    for (int64_t i = 0; i < m->blocks; i++) {
        qg_value *v;
        bool any = false;
        for (int64_t k = 0; k < m->rows; k++)
            any |= !isnan(qg_matrix_at(m, m->block[i], m->row[k], "mean"));
        if (!any) /* the methods that are skipped */
            continue;
        if (t->n_columns == 1) {
            for (int64_t k = 0; k < m->rows; k++)
                QG_TRY(qg_table_add_columns(t, &(qg_column){m->row[k], NULL, QG_FIXED, 3}, 1));
            if (last)
                QG_TRY(
                    qg_table_add_columns(t, &(qg_column){"between seeds", NULL, QG_FIXED, 3}, 1));
        }
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = qg_arena_printf(r->arena, "%s/*/%s", c->experiment, m->block[i]);
        if (!v[0].text)
            return QG_ENOMEM;
        for (int64_t k = 0; k < m->rows; k++)
            v[1 + k].number = qg_matrix_at(m, m->block[i], m->row[k], "mean");
        if (last)
            v[1 + m->rows].number = qg_matrix_at(last, NULL, m->block[i], "mean");
    }
    return QG_OK;
}

/* One table over all cells of a kind. */
static qg_code add_cells(qg_table *t, qg_reading *r, const char *kind, const char *pattern,
                         const char *statistics, const char *last_pattern)
{
    static const qg_column names = {"explanation", NULL, QG_TEXT, 0};
    QG_TRY(qg_table_add_columns(t, &names, 1));
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_matrix m, last;
        char *path;
        if (strcmp(c->kind, kind) != 0 || c->state != QG_STATE_DONE)
            continue;
        QG_TRY(qg_reading_path(&path, r, pattern, c));
        QG_TRY(qg_matrix_read(&m, r, path, "method", "precision", statistics));
        if (last_pattern) {
            QG_TRY(qg_reading_path(&path, r, last_pattern, c));
            QG_TRY(qg_matrix_read(&last, r, path, NULL, "method", "summary_statistic"));
        }
        QG_TRY(add_methods(t, r, c, &m, last_pattern ? &last : NULL));
    }
    return QG_OK;
}

qg_code qg_table_reference_drift(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    (void)none;
    return add_cells(t, r, "reference", GROUP "/explanations/drift", "summary_statistic", NULL);
}

qg_code qg_table_drift_over_seeds(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    (void)none;
    return add_cells(t, r, "explained_seeds", "/seeds/{model}/{dataset}/explanations/drift",
                     "pooled_statistic", "/seeds/{model}/{dataset}/explanations/between_seeds");
}

qg_code qg_table_reference_over_seeds(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    (void)none;
    return add_cells(t, r, "explained_seeds",
                     "/seeds/{model}/{dataset}/explanations/reference_drift", "pooled_statistic",
                     "/seeds/{model}/{dataset}/explanations/between_seeds");
}
