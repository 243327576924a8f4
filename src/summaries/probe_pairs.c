/*
 * probe_pairs.c - minimal pairs: success of each precision by phenomenon, and against the variant
 * that an experiment is compared with.
 *
 * That variant is the fp32 of the experiment's reference, or its own fp32 where it has none.
 */
#include "finish.h"

#include "qgrid/drift.h"
#include "qgrid/explained.h"
#include "qgrid/pair_scores.h"

#include <math.h>

/* Over which pairs: the names of what is written, and whether their label changes. */
static const struct {
    const char *score, *test;
    int changes;
} subsets[] = {
    {"psr", "mcnemar", QG_ANY_PAIR},
    {"psr_changes", "mcnemar_changes", 1},
    {"psr_stays", "mcnemar_stays", 0},
};
enum { SUBSETS = sizeof subsets / sizeof subsets[0] };

/* What is written of one of them [phenomena, P]; phenomenon 0 stands for all. */
typedef struct numbers {
    double *score; /* [phenomena, P, QG_PAIR_SCORES] */
    double *test;  /* [phenomena, P, QG_PAIR_TESTS] */
} numbers;

typedef struct probing {
    qg_results *r;
    const qg_cell *cell;
    qg_pair_set set;
    int phenomena, P;         /* "all" is one of the phenomena */
    const int32_t *reference; /* classes [rows] of the variant compared with; NULL: not known */
    const qg_cell *of;        /* that variant */
    numbers numbers[SUBSETS];
} probing;

static qg_code begin(probing *x, qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    const qg_experiment *e = &p->job->experiments[c->experiment];
    const qg_dataset *d = &p->datasets[e->dataset].data;
    int fp32 = qg_job_reference(p->job), from = e->reference < 0 ? c->experiment : e->reference;
    *x = (probing){.r = r,
                   .cell = c,
                   .set = {d->pairs->n, d->pairs->first, d->pairs->second, d->pairs->of_pair,
                           d->pairs->changes, d->label},
                   .phenomena = d->pairs->n_phenomena + 1,
                   .P = p->job->n_precisions};
    for (int s = 0; s < SUBSETS; s++) {
        int64_t n = (int64_t)x->phenomena * x->P;
        QG_TRY(qg_undefined_numbers(&x->numbers[s].score, r->scratch, n * QG_PAIR_SCORES));
        QG_TRY(qg_undefined_numbers(&x->numbers[s].test, r->scratch, n * QG_PAIR_TESTS));
    }
    if (fp32 < 0)
        return QG_OK;
    x->of = &p->cells[qg_predict_cell(p, from, fp32)];
    int32_t *predicted;
    if (qg_finish_is_done(r, x->of)) {
        QG_TRY(qg_results_predicted(&predicted, r, from, fp32));
        x->reference = predicted;
    }
    return QG_OK;
}

/* One precision: each phenomenon, over each kind of pairs. */
static void score(probing *x, int precision, const int32_t *predicted, bool compared)
{
    for (int s = 0; s < SUBSETS; s++)
        for (int k = 0; k < x->phenomena; k++) {
            qg_pair_choice choice = {k == 0 ? QG_ANY_PHENOMENON : k - 1, subsets[s].changes};
            int64_t at = (int64_t)k * x->P + precision;
            qg_pair_score(x->numbers[s].score + at * QG_PAIR_SCORES, &x->set, choice, predicted);
            if (compared)
                qg_pair_test(x->numbers[s].test + at * QG_PAIR_TESTS, &x->set, choice, x->reference,
                             predicted);
        }
}

/* Holm over tests [n], each QG_PAIR_TESTS numbers. */
static qg_code adjust_family(double *test, int n, qg_arena *scratch)
{
    double *p, *holm;
    int family = 0;
    QG_NEW(p, scratch, n);
    QG_NEW(holm, scratch, n);
    for (int i = 0; i < n; i++) {
        p[i] = test[i * QG_PAIR_TESTS + QG_PAIR_TEST_p];
        family += !isnan(p[i]);
    }
    QG_TRY(qg_holm(holm, p, n, scratch));
    for (int i = 0; i < n; i++) {
        test[i * QG_PAIR_TESTS + QG_PAIR_TEST_p_holm] = holm[i];
        test[i * QG_PAIR_TESTS + QG_PAIR_TEST_family] = isnan(p[i]) ? 0 : family;
    }
    return QG_OK;
}

/* The pairs of all phenomena are those of each once more: a family of their own. */
static qg_code adjust(probing *x)
{
    for (int s = 0; s < SUBSETS; s++) {
        double *test = x->numbers[s].test;
        QG_TRY(adjust_family(test, x->P, x->r->scratch));
        QG_TRY(adjust_family(test + (int64_t)x->P * QG_PAIR_TESTS, (x->phenomena - 1) * x->P,
                             x->r->scratch));
    }
    return QG_OK;
}

qg_code qg_finish_probes(qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    qg_group_ref g = qg_cell_group(p, c, QG_GROUP_PROBES);
    probing x;
    QG_TRY(begin(&x, r, c));
    for (int i = 0; i < x.P; i++) {
        const qg_cell *v = &p->cells[qg_predict_cell(p, c->experiment, i)];
        int32_t *predicted;
        if (!qg_finish_is_done(r, v))
            continue;
        qg_mark m = qg_arena_mark(r->scratch);
        QG_TRY(qg_results_predicted(&predicted, r, c->experiment, i));
        score(&x, i, predicted, x.reference && v != x.of);
        qg_arena_release(r->scratch, m);
    }
    QG_TRY(adjust(&x));
    for (int s = 0; s < SUBSETS; s++) {
        QG_TRY(
            qg_results_write(r, g, subsets[s].score, QG_STORE_F64, NULL, NULL, x.numbers[s].score));
        QG_TRY(
            qg_results_write(r, g, subsets[s].test, QG_STORE_F64, NULL, NULL, x.numbers[s].test));
    }
    return QG_OK;
}
