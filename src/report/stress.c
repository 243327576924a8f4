/*
 * stress.c - what perturbed texts do to predictions and to explanations, level by level.
 */
#include "table.h"

#include <math.h>
#include <string.h>

#define GROUP "/stress/{model}/{dataset}/{other}"

/* A dataset [precision, level, column] of the cell's group. */
static qg_code read_curve(qg_matrix *out, qg_reading *r, const qg_read_cell *c, const char *name)
{
    char *group, *path;
    QG_TRY(qg_reading_path(&group, r, GROUP, c));
    path = qg_arena_printf(r->arena, "%s/%s", group, name);
    return path ? qg_matrix_read(out, r, path, "precision", "level", "share_statistic") : QG_ENOMEM;
}

static const char *row_name(qg_reading *r, const qg_read_cell *c, const char *precision,
                            const char *level)
{
    const char *perturbation = strrchr(c->name, '/');
    return qg_arena_printf(r->arena, "%s%s %s/%s", c->experiment, perturbation ? perturbation : "",
                           level + strlen("level "), precision);
}

static qg_code add_curves(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const share[] = {"share", "ci_low", "ci_high"};
    static const char *const names[] = {"accuracy", "flips", "confidence", "ece"};
    qg_matrix m[4];
    for (int i = 0; i < 4; i++)
        QG_TRY(read_curve(&m[i], r, c, names[i]));
    for (int64_t p = 0; p < m[0].blocks; p++)
        for (int64_t l = 0; l < m[0].rows && m[0].x; l++) {
            const char *precision = m[0].block[p], *level = m[0].row[l];
            qg_value *v;
            QG_TRY(qg_table_add_row(&v, t));
            if (!(v[0].text = row_name(r, c, precision, level)))
                return QG_ENOMEM;
            for (int i = 0; i < 12; i++)
                v[1 + i].number = qg_matrix_at(&m[i / 3], precision, level, share[i % 3]);
        }
    return QG_OK;
}

qg_code qg_table_stress(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"texts", NULL, QG_TEXT, 0}, {"accuracy", NULL, QG_FIXED, 4},   {"low", NULL, QG_FIXED, 4},
        {"high", NULL, QG_FIXED, 4}, {"flips", NULL, QG_FIXED, 4},      {"low", NULL, QG_FIXED, 4},
        {"high", NULL, QG_FIXED, 4}, {"confidence", NULL, QG_FIXED, 4}, {"low", NULL, QG_FIXED, 4},
        {"high", NULL, QG_FIXED, 4}, {"ECE", NULL, QG_FIXED, 4},        {"low", NULL, QG_FIXED, 4},
        {"high", NULL, QG_FIXED, 4},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->cell[i].kind, "stress") == 0 && r->cell[i].state == QG_STATE_DONE)
            QG_TRY(add_curves(t, r, &r->cell[i]));
    return QG_OK;
}

/* The precisions of a cell stand along its curves. */
static qg_code add_drifts(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix curve, m;
    char *group;
    QG_TRY(read_curve(&curve, r, c, "accuracy"));
    QG_TRY(qg_reading_path(&group, r, GROUP, c));
    for (int64_t p = 0; p < curve.blocks && curve.x; p++) {
        const char *path = qg_arena_printf(r->arena, "%s/%s/spearman", group, curve.block[p]);
        if (!path)
            return QG_ENOMEM;
        QG_TRY(qg_matrix_read(&m, r, path, "method", "level", "summary_statistic"));
        for (int64_t i = 0; i < m.blocks * m.rows && m.x; i++) {
            static const char *const columns[] = {"n", "mean", "ci_low", "ci_high"};
            const char *method = m.block[i / m.rows], *level = m.row[i % m.rows];
            qg_value *v;
            QG_TRY(qg_table_add_row(&v, t));
            v[0].text =
                qg_arena_printf(r->arena, "%s/%s", row_name(r, c, curve.block[p], level), method);
            if (!v[0].text)
                return QG_ENOMEM;
            for (int k = 0; k < 4; k++)
                v[1 + k].number = qg_matrix_at(&m, method, level, columns[k]);
        }
    }
    return QG_OK;
}

qg_code qg_table_stress_drift(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"texts", NULL, QG_TEXT, 0}, {"n", NULL, QG_FIXED, 0},    {"mean", NULL, QG_FIXED, 4},
        {"low", NULL, QG_FIXED, 4},  {"high", NULL, QG_FIXED, 4},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->cell[i].kind, "stress") == 0 && r->cell[i].state == QG_STATE_DONE)
            QG_TRY(add_drifts(t, r, &r->cell[i]));
    return QG_OK;
}
