/*
 * decompositions.c - what of the distance between a variant's explanations and the reference's the
 * training makes, and what the quantization.
 */
#include "paper.h"

#define GROUP "/decompositions/{experiment}/{other}"

enum { PARTS = 3, SHARES = 2 };

static qg_code add_parts(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const part_path[PARTS] = {GROUP "/total", GROUP "/training",
                                                 GROUP "/quantization"};
    static const char *const share_path[SHARES] = {GROUP "/training_share",
                                                   GROUP "/quantization_share"};
    static const char *const numbers[] = {"mean", "ci_low", "ci_high"};
    qg_matrix part[PARTS], share[SHARES], test;
    for (int k = 0; k < PARTS; k++)
        QG_TRY(qg_paper_matrix(&part[k], r, c, part_path[k], "method", "precision",
                               "pooled_statistic"));
    for (int k = 0; k < SHARES; k++)
        QG_TRY(qg_paper_matrix(&share[k], r, c, share_path[k], "method", "precision",
                               "share_statistic"));
    QG_TRY(qg_paper_matrix(&test, r, c, GROUP "/quantization_test", "method", "precision", "test"));
    for (int64_t i = 0; part[0].x && i < part[0].blocks * part[0].rows; i++) {
        const char *method = part[0].block[i / part[0].rows];
        const char *precision = part[0].row[i % part[0].rows];
        double total = qg_matrix_at(&part[0], method, precision, "mean");
        double training = qg_matrix_at(&part[1], method, precision, "mean");
        qg_value *v;
        if (isnan(total))
            continue;
        QG_TRY(qg_table_add_row(&v, t));
        qg_paper_variant(v, c, precision);
        v += QG_VARIANT;
        v[0].text = strrchr(c->name, '/') + 1;
        v[1].text = method;
        v[2].number = qg_matrix_at(&part[0], method, precision, "seeds");
        v[3].number = qg_matrix_at(&part[0], method, precision, "n");
        v[4].number = 1 - training;
        v[5].number = 1 - total;
        for (int k = 0; k < 3 * PARTS; k++)
            v[6 + k].number = qg_matrix_at(&part[k / 3], method, precision, numbers[k % 3]);
        for (int k = 0; k < SHARES; k++)
            v[15 + k].number = qg_matrix_at(&share[k], method, precision, "share");
        v[17].number = qg_matrix_at(&test, method, precision, "p");
        v[18].number = qg_matrix_at(&test, method, precision, "p_holm");
        v[12].significant = v[18].number < 0.05;
    }
    return QG_OK;
}

qg_code qg_table_decompositions(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"control", NULL, QG_TEXT, 0},
        {"method", NULL, QG_TEXT, 0},
        {"seeds", NULL, QG_SIGNIFICANT, 9},
        {"n", NULL, QG_SIGNIFICANT, 9},
        {"rho of control", NULL, QG_FIXED, 3},
        {"rho", NULL, QG_FIXED, 3},
        {"total", NULL, QG_FIXED, 3},
        {"ci_low", NULL, QG_FIXED, 3},
        {"ci_high", NULL, QG_FIXED, 3},
        {"training", NULL, QG_FIXED, 3},
        {"ci_low", NULL, QG_FIXED, 3},
        {"ci_high", NULL, QG_FIXED, 3},
        {"quantization", NULL, QG_FIXED, 3},
        {"ci_low", NULL, QG_FIXED, 3},
        {"ci_high", NULL, QG_FIXED, 3},
        {"training share", NULL, QG_FIXED, 3},
        {"quantization share", NULL, QG_FIXED, 3},
        {"p", NULL, QG_SIGNIFICANT, 3},
        {"p_holm", NULL, QG_SIGNIFICANT, 3},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    return qg_paper_each(t, r, "decomposition", add_parts);
}
