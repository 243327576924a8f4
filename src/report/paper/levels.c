/*
 * levels.c - perturbed texts, level by level.
 */
#include "paper.h"

#define GROUP "/stress/{model}/{dataset}/{other}"

enum { CURVES = 5 };

/* Where the numbers of one perturbation stand. */
typedef struct curves {
    qg_matrix texts, changed, curve[CURVES], p, drop;
} curves;

static qg_code read_curves(curves *out, qg_reading *r, const qg_read_cell *c)
{
    static const char *const path[CURVES] = {GROUP "/accuracy", GROUP "/macro_f1", GROUP "/flips",
                                             GROUP "/confidence", GROUP "/ece"};
    QG_TRY(qg_paper_list(&out->texts, r, c, GROUP "/texts", "level"));
    QG_TRY(qg_paper_list(&out->changed, r, c, GROUP "/changed", "level"));
    for (int k = 0; k < CURVES; k++)
        QG_TRY(qg_paper_matrix(&out->curve[k], r, c, path[k], "precision", "level",
                               "share_statistic"));
    QG_TRY(qg_paper_matrix(&out->p, r, c, GROUP "/mcnemar_p_holm", NULL, "precision", "level"));
    return qg_paper_matrix(&out->drop, r, c, GROUP "/accuracy_difference", "precision", "level",
                           "difference_statistic");
}

static qg_code add_levels(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const share[] = {"share", "ci_low", "ci_high"};
    curves x;
    QG_TRY(read_curves(&x, r, c));
    const qg_matrix *m = &x.curve[0];
    for (int64_t i = 0; m->x && i < m->blocks * m->rows; i++) {
        const char *precision = m->block[i / m->rows], *level = m->row[i % m->rows];
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        qg_paper_variant(v, c, precision);
        v += QG_VARIANT;
        v[0].text = strrchr(c->name, '/') + 1;
        v[1] = qg_table_side("level", level);
        v[2].number = qg_matrix_at(&x.texts, NULL, level, NULL);
        v[3].number = qg_matrix_at(&x.changed, NULL, level, NULL);
        for (int k = 0; k < 3 * CURVES; k++)
            v[4 + k].number = qg_matrix_at(&x.curve[k / 3], precision, level, share[k % 3]);
        v[19].number = qg_matrix_at(&x.drop, precision, level, "difference");
        v[20].number = qg_matrix_at(&x.p, NULL, precision, level);
        v[19].significant = v[20].number < 0.05;
    }
    return QG_OK;
}

qg_code qg_table_stress_levels(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"perturbation", NULL, QG_TEXT, 0},
        {"level", NULL, QG_SIGNIFICANT, 3},
        {"texts", NULL, QG_SIGNIFICANT, 9},
        {"changed", NULL, QG_SIGNIFICANT, 9},
#define CURVE(head)                                                                                \
    {head, NULL, QG_FIXED, 4}, {"ci_low", NULL, QG_FIXED, 4}, {"ci_high", NULL, QG_FIXED, 4}
        CURVE("accuracy"),
        CURVE("macro-F1"),
        CURVE("flips"),
        CURVE("confidence"),
        CURVE("ECE"),
#undef CURVE
        {"accuracy difference", NULL, QG_FIXED, 4},
        {"McNemar p, Holm", NULL, QG_SIGNIFICANT, 3},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    return qg_paper_each(t, r, "stress", add_levels);
}
