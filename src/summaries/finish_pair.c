/*
 * finish_pair.c - two experiments on one data set: whether one drifts more than the other, over the
 * texts that both explain for the same class.
 */
#include "drift_tests.h"

#include <math.h>

/* What is tested of each method and precision [M, P]. */
typedef struct pair {
    qg_results *r;
    const qg_cell *cell;
    int M, P;
    qg_match *match; /* [M, P] */
} pair;

static const qg_cell *cell_of(const pair *x, int experiment, int i)
{
    return qg_plan_explain_cell(x->r->plan, experiment, i % x->P, i / x->P);
}

static const qg_job_pair *job_pair(const pair *x)
{
    return &x->r->plan->job->explain.pairs[x->cell->method];
}

/* Matches, and how many texts there are: those compared, and those left out. */
static qg_code match_all(pair *x)
{
    qg_group_ref g = qg_cell_group(x->r->plan, x->cell, QG_GROUP_PAIR);
    int64_t *same, *other;
    QG_NEW(x->match, x->r->scratch, x->M * x->P);
    QG_NEW(same, x->r->scratch, x->M * x->P);
    QG_NEW(other, x->r->scratch, x->M * x->P);
    for (int i = 0; i < x->M * x->P; i++) {
        QG_TRY(qg_match_explanations(&x->match[i], x->r, cell_of(x, job_pair(x)->a, i),
                                     cell_of(x, job_pair(x)->b, i)));
        same[i] = x->match[i].same;
        other[i] = x->match[i].other_class;
    }
    QG_TRY(qg_results_write(x->r, g, "same_class", QG_STORE_I64, NULL, NULL, same));
    return qg_results_write(x->r, g, "other_class", QG_STORE_I64, NULL, NULL, other);
}

static qg_code write_tests(const pair *x, qg_group group, const char *from, double margin,
                           const char *name)
{
    qg_results *r = x->r;
    qg_drift_tests t;
    double *a, *b, *matched;
    QG_TRY(qg_drift_tests_make(&t, r, x->P));
    for (int i = 0; i < x->M * x->P; i++) {
        const qg_match *match = &x->match[i];
        qg_mark mark = qg_arena_mark(r->scratch);
        QG_TRY(qg_drift_column(&a, r, cell_of(x, job_pair(x)->a, i), group, from));
        QG_TRY(qg_drift_column(&b, r, cell_of(x, job_pair(x)->b, i), group, from));
        QG_TRY(qg_undefined_numbers(&matched, r->scratch, match->n));
        for (int64_t s = 0; s < match->n; s++)
            if (match->slot[s] >= 0)
                matched[s] = b[match->slot[s]];
        QG_TRY(qg_drift_test(&t, r, i, a, matched, match->n, margin));
        qg_arena_release(r->scratch, mark);
    }
    QG_TRY(qg_drift_tests_adjust(&t, r));
    return qg_drift_tests_write(&t, r, qg_cell_group(r->plan, x->cell, QG_GROUP_PAIR), name);
}

qg_code qg_finish_pair(qg_results *r, const qg_cell *c)
{
    const qg_job *job = r->plan->job;
    pair x = {.r = r, .cell = c, .M = job->explain.n_methods, .P = job->n_precisions};
    QG_TRY(match_all(&x));
    QG_TRY(write_tests(&x, QG_GROUP_DRIFT, "spearman", job->margin.rho, "drift"));
    if (job->explain.faithful.n_k == 0)
        return QG_OK;
    return write_tests(&x, QG_GROUP_FAITHFULNESS, "aopc_comprehensiveness", job->margin.aopc,
                       "aopc_comprehensiveness");
}
