/*
 * finish_stress.c - what a perturbation does to predictions, level by level: each text against the
 * same one as it is, under the same model and precision.
 */
#include "finish.h"

#include "qgrid/drift.h"
#include "qgrid/pair_scores.h"
#include "qgrid/statistics.h"

#include <math.h>
#include <string.h>

enum { METRICS = QG_COMPARED + 1, CONFIDENCE = QG_COMPARED };

/* What is written: of each precision all levels [P, L]. */
typedef struct curves {
    int P, L;
    int64_t *harmful, *beneficial;
    double *mcnemar_p;
    double *accuracy, *flips;    /* [P, L, QG_SHARES] as the next */
    double *value[METRICS];      /* macro_f1, ece, confidence are written */
    double *difference[METRICS]; /* [P, L, QG_DIFFERENCES] */
} curves;

static qg_code make_curves(curves *x, qg_arena *a, int P, int L)
{
    *x = (curves){.P = P, .L = L};
    int64_t **count[] = {&x->harmful, &x->beneficial};
    for (int i = 0; i < 2; i++) {
        QG_NEW(*count[i], a, P * L);
        for (int k = 0; k < P * L; k++)
            (*count[i])[k] = -1;
    }
    QG_TRY(qg_undefined_numbers(&x->mcnemar_p, a, P * L));
    QG_TRY(qg_undefined_numbers(&x->accuracy, a, P * L * QG_SHARES));
    QG_TRY(qg_undefined_numbers(&x->flips, a, P * L * QG_SHARES));
    for (int m = 0; m < METRICS; m++) {
        QG_TRY(qg_undefined_numbers(&x->value[m], a, P * L * QG_SHARES));
        QG_TRY(qg_undefined_numbers(&x->difference[m], a, P * L * QG_DIFFERENCES));
    }
    return QG_OK;
}

static void put_share(double *out, double share, double low, double high)
{
    out[QG_SHARE_share] = share;
    out[QG_SHARE_ci_low] = low;
    out[QG_SHARE_ci_high] = high;
}

static qg_code confidences(double **out, const qg_predictions *p, qg_arena *a)
{
    QG_NEW(*out, a, p->n);
    for (int64_t i = 0; i < p->n; i++)
        (*out)[i] = qg_confidence(p->probabilities + i * p->K, p->K);
    return QG_OK;
}

/* Of all texts, labelled or not. */
static qg_code put_confidence(curves *x, qg_results *r, int at, const qg_predictions *plain,
                              const qg_predictions *of)
{
    double *before, *now, summary[QG_SUMMARIES];
    double *d = x->difference[CONFIDENCE] + at * QG_DIFFERENCES;
    qg_paired_drift paired;
    QG_TRY(confidences(&before, plain, r->scratch));
    QG_TRY(confidences(&now, of, r->scratch));
    QG_TRY(qg_summarize(summary, now, of->n, 1, &r->resampler, r->scratch));
    put_share(x->value[CONFIDENCE] + at * QG_SHARES, summary[QG_SUMMARY_mean],
              summary[QG_SUMMARY_ci_low], summary[QG_SUMMARY_ci_high]);
    QG_TRY(qg_paired_drift_test(&paired, before, now, of->n, 1, &r->resampler, r->scratch));
    d[QG_DIFFERENCE_difference] = paired.difference;
    d[QG_DIFFERENCE_ci_low] = paired.ci_low;
    d[QG_DIFFERENCE_ci_high] = paired.ci_high;
    d[QG_DIFFERENCE_p] = paired.p_wilcoxon;
    return QG_OK;
}

static void put_flips(curves *x, int at, const qg_predictions *plain, const qg_predictions *of)
{
    int64_t flips = 0;
    for (int64_t i = 0; i < of->n; i++)
        flips += plain->predicted[i] != of->predicted[i];
    qg_finish_share(x->flips + at * QG_SHARES, flips, of->n);
}

static qg_code put_metrics(curves *x, qg_results *r, int at, const qg_predictions *plain,
                           const qg_predictions *of)
{
    const qg_job *job = r->plan->job;
    const qg_draws draws = {(int)job->bootstrap, (uint64_t)job->seed, NULL};
    qg_bootstrap own[QG_COMPARED], against[QG_COMPARED];
    qg_mcnemar m;
    qg_mcnemar_test(&m, of->label, plain->predicted, of->predicted, of->n, QG_ANY_CLASS);
    x->harmful[at] = m.only_a;
    x->beneficial[at] = m.only_b;
    x->mcnemar_p[at] = m.p_exact;
    qg_finish_share(x->accuracy + at * QG_SHARES, m.both_right + m.only_b,
                    m.both_right + m.only_a + m.only_b + m.both_wrong);
    QG_TRY(qg_bootstrap_metrics_of(own, of, job->absent, &draws, r->scratch));
    QG_TRY(qg_bootstrap_metrics(against, plain, of, job->absent, &draws, r->scratch));
    for (int i = 0; i < QG_COMPARED; i++) {
        double *d = x->difference[i] + at * QG_DIFFERENCES;
        put_share(x->value[i] + at * QG_SHARES, own[i].difference, own[i].low, own[i].high);
        d[QG_DIFFERENCE_difference] = against[i].difference;
        d[QG_DIFFERENCE_ci_low] = against[i].low;
        d[QG_DIFFERENCE_ci_high] = against[i].high;
        d[QG_DIFFERENCE_p] = against[i].p_two_sided;
    }
    return QG_OK;
}

static qg_code put_level(curves *x, qg_results *r, int at, const qg_cell *plain, const qg_cell *of)
{
    qg_predictions before, now;
    if (!qg_finish_is_done(r, plain) || !qg_finish_is_done(r, of))
        return QG_OK;
    qg_mark mark = qg_arena_mark(r->scratch);
    QG_TRY(qg_finish_read_predictions(&before, r, plain));
    QG_TRY(qg_finish_read_predictions(&now, r, of));
    put_flips(x, at, &before, &now);
    QG_TRY(put_confidence(x, r, at, &before, &now));
    if (qg_any_label(&now))
        QG_TRY(put_metrics(x, r, at, &before, &now));
    qg_arena_release(r->scratch, mark);
    return QG_OK;
}

/* --------------------------------------------------------------------------------- adjusted p
 * values
 */

/* Of p values [P, L], `stride` apart, all levels above 0 are one family; level 0 is in none. */
static qg_code holm(double *out, const double *p, int stride, const curves *x, qg_arena *a)
{
    double *family, *adjusted;
    int n = x->P * x->L;
    QG_NEW(family, a, n);
    QG_NEW(adjusted, a, n);
    for (int i = 0; i < n; i++)
        family[i] = i % x->L == 0 ? (double)NAN : p[i * stride];
    QG_TRY(qg_holm(adjusted, family, n, a));
    for (int i = 0; i < n; i++)
        out[i * stride] = adjusted[i];
    return QG_OK;
}

static qg_code write_curves(qg_results *r, qg_group_ref g, curves *x)
{
    static const char *const names[] = {
#define X(name, doc) #name,
        QG_COMPARED_LIST(X)
#undef X
            "confidence"};
    double *adjusted;
    char name[QG_NAME_SIZE];
    QG_NEW(adjusted, r->scratch, x->P * x->L);
    QG_TRY(holm(adjusted, x->mcnemar_p, 1, x, r->scratch));
    QG_TRY(qg_results_write(r, g, "mcnemar_p_holm", QG_STORE_F64, NULL, NULL, adjusted));
    QG_TRY(qg_results_write(r, g, "mcnemar_p", QG_STORE_F64, NULL, NULL, x->mcnemar_p));
    QG_TRY(qg_results_write(r, g, "harmful", QG_STORE_I64, NULL, NULL, x->harmful));
    QG_TRY(qg_results_write(r, g, "beneficial", QG_STORE_I64, NULL, NULL, x->beneficial));
    QG_TRY(qg_results_write(r, g, "accuracy", QG_STORE_F64, NULL, NULL, x->accuracy));
    QG_TRY(qg_results_write(r, g, "flips", QG_STORE_F64, NULL, NULL, x->flips));
    QG_TRY(qg_results_write(r, g, "macro_f1", QG_STORE_F64, NULL, NULL,
                            x->value[QG_COMPARED_macro_f1]));
    QG_TRY(qg_results_write(r, g, "ece", QG_STORE_F64, NULL, NULL, x->value[QG_COMPARED_ece]));
    QG_TRY(qg_results_write(r, g, "confidence", QG_STORE_F64, NULL, NULL, x->value[CONFIDENCE]));
    for (int m = 0; m < METRICS; m++) {
        double *d = x->difference[m];
        QG_TRY(holm(d + QG_DIFFERENCE_p_holm, d + QG_DIFFERENCE_p, QG_DIFFERENCES, x, r->scratch));
        snprintf(name, sizeof name, "%s_difference", names[m]);
        QG_TRY(qg_results_write(r, g, name, QG_STORE_F64, NULL, NULL, d));
    }
    return QG_OK;
}

/* ------------------------------------------------------------------------------------------- texts
 */

static qg_code write_texts(qg_results *r, qg_group_ref g, const int *experiment, int L)
{
    const qg_plan *p = r->plan;
    const qg_dataset *plain = &p->datasets[p->job->experiments[experiment[0]].dataset].data;
    int64_t texts[QG_MAX_LEVELS], changed[QG_MAX_LEVELS];
    double kept[QG_MAX_LEVELS];
    for (int l = 0; l < L; l++) {
        const qg_dataset *d = &p->datasets[p->job->experiments[experiment[l]].dataset].data;
        int64_t words = 0, whole = 0;
        changed[l] = 0;
        texts[l] = d->n;
        for (int64_t i = 0; i < d->n; i++) {
            changed[l] += strcmp(d->text[i], plain->text[i]) != 0;
            words += plain->noisy[i].n_words;
            for (int w = 0; w < d->noisy[i].n_words; w++)
                whole += d->noisy[i].from[w] >= 0;
        }
        kept[l] = words > 0 ? (double)whole / (double)words : (double)NAN;
    }
    QG_TRY(qg_results_write(r, g, "texts", QG_STORE_I64, NULL, NULL, texts));
    QG_TRY(qg_results_write(r, g, "changed", QG_STORE_I64, NULL, NULL, changed));
    return qg_results_write(r, g, "words_kept", QG_STORE_F64, NULL, NULL, kept);
}

qg_code qg_finish_stress(qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    int P = p->job->n_precisions, L = p->job->stress.n_levels;
    const int *experiment = p->job->experiments[c->experiment].stress + c->method * L;
    qg_group_ref g = qg_cell_group(p, c, QG_GROUP_STRESS);
    curves x;
    QG_TRY(make_curves(&x, r->scratch, P, L));
    for (int i = 0; i < P * L; i++)
        QG_TRY(put_level(&x, r, i, &p->cells[qg_predict_cell(p, experiment[0], i / L)],
                         &p->cells[qg_predict_cell(p, experiment[i % L], i / L)]));
    QG_TRY(write_curves(r, g, &x));
    QG_TRY(write_texts(r, g, experiment, L));
    return p->explained ? qg_finish_stress_explained(r, c) : QG_OK;
}
