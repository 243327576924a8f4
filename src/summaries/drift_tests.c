/*
 * drift_tests.c - what tests over explanations have in common: the columns that they read, one
 * paired test, a family of them.
 */
#include "drift_tests.h"

#include "qgrid/drift.h"

#include <math.h>

qg_code qg_drift_test(double out[QG_TESTS], qg_results *r, const double *a, const double *b,
                      int64_t n)
{
    qg_paired_drift t;
    QG_TRY(qg_paired_drift_test(&t, a, b, n, 1, &r->resampler, r->scratch));
    out[QG_TEST_n] = (double)t.n;
    out[QG_TEST_difference] = t.difference;
    out[QG_TEST_ci_low] = t.ci_low;
    out[QG_TEST_ci_high] = t.ci_high;
    out[QG_TEST_p] = t.p_wilcoxon;
    out[QG_TEST_rank_biserial] = t.rank_biserial;
    return QG_OK;
}

/* Adjusted p values of a family of tests [n, QG_TESTS]. */
qg_code qg_drift_adjust(double *tests, int n, qg_arena *a)
{
    double *p, *holm, *bonferroni;
    QG_NEW(p, a, n);
    QG_NEW(holm, a, n);
    QG_NEW(bonferroni, a, n);
    for (int i = 0; i < n; i++)
        p[i] = tests[i * QG_TESTS + QG_TEST_p];
    QG_TRY(qg_holm(holm, p, n, a));
    qg_bonferroni(bonferroni, p, n);
    for (int i = 0; i < n; i++) {
        tests[i * QG_TESTS + QG_TEST_p_holm] = holm[i];
        tests[i * QG_TESTS + QG_TEST_p_bonferroni] = bonferroni[i];
    }
    return QG_OK;
}

/* A column of a cell's drift or faithfulness [slots]; NaN where it was not computed. */
qg_code qg_drift_column(double **out, qg_results *r, const qg_cell *c, qg_group group,
                        const char *name)
{
    QG_TRY(qg_undefined_numbers(out, r->scratch, r->plan->explained[c->experiment].slots));
    bool is_reference = c->precision == qg_job_reference(r->plan->job);
    if (!qg_finish_is_done(r, c) || (group == QG_GROUP_DRIFT && is_reference))
        return QG_OK;
    return qg_results_read(r, qg_cell_group(r->plan, c, group), name, QG_STORE_F64, NULL, NULL,
                           *out);
}

/* The Spearman drift's bound, of a table [slots, QG_DRIFTS]. */
qg_code qg_drift_bound(double **out, qg_results *r, const qg_cell *c, const char *name)
{
    int64_t slots = r->plan->explained[c->experiment].slots;
    double *table;
    QG_TRY(qg_undefined_numbers(out, r->scratch, slots));
    if (!qg_finish_is_done(r, c) || c->precision == qg_job_reference(r->plan->job))
        return QG_OK;
    QG_NEW(table, r->scratch, slots * QG_DRIFTS);
    QG_TRY(qg_results_read(r, qg_cell_group(r->plan, c, QG_GROUP_DRIFT), name, QG_STORE_F64, NULL,
                           NULL, table));
    for (int64_t i = 0; i < slots; i++)
        (*out)[i] = table[i * QG_DRIFTS + QG_DRIFT_spearman];
    return QG_OK;
}
