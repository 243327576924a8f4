/*
 * finish_groups.c - metrics of predictions, drift and faithfulness of explanations by the groups
 * of a data set.
 */
#include "finish.h"

#include "qgrid/drift.h"
#include "qgrid/explained.h"
#include "qgrid/pair_scores.h"

#include <math.h>
#include <string.h>

static const qg_dataset *dataset_of(const qg_results *r, const qg_cell *c)
{
    return &r->plan->datasets[r->plan->job->experiments[c->experiment].dataset].data;
}

void qg_finish_share(double out[QG_SHARES], int64_t hits, int64_t n)
{
    out[QG_SHARE_share] = n > 0 ? (double)hits / (double)n : (double)NAN;
    qg_share_interval(&out[QG_SHARE_ci_low], &out[QG_SHARE_ci_high], hits, n);
}

/* ------------------------------------------------------------------------------------- predictions
 */

/* The labelled predictions of a group, copied. */
static qg_code of_group(qg_predictions *out, const qg_predictions *all, const qg_dataset *d, int g,
                        qg_arena *a)
{
    int32_t *label, *predicted;
    double *probabilities;
    int K = all->K;
    *out = (qg_predictions){.K = K};
    QG_NEW(label, a, all->n);
    QG_NEW(predicted, a, all->n);
    QG_NEW(probabilities, a, all->n * K);
    for (int64_t i = 0; i < all->n; i++) {
        if (d->group[i] != g || d->label[i] < 0)
            continue;
        label[out->n] = all->label[i];
        predicted[out->n] = all->predicted[i];
        memcpy(probabilities + out->n * K, all->probabilities + i * K, (size_t)K * sizeof(double));
        out->n++;
    }
    out->label = label;
    out->predicted = predicted;
    out->probabilities = probabilities;
    return QG_OK;
}

/* Metrics [QG_METRICS, groups] of the groups that have labels. */
typedef struct by_group {
    int n;
    int64_t *labelled;
    double *metric, *accuracy;
} by_group;

static qg_code score(by_group *x, int g, const qg_predictions *p, qg_absent absent, qg_arena *a)
{
    qg_scores s;
    qg_class_scores *per_class;
    int64_t *confusion, right = 0;
    x->labelled[g] = p->n;
    if (p->n == 0)
        return QG_OK;
    QG_NEW(per_class, a, p->K);
    QG_NEW(confusion, a, p->K * p->K);
    QG_TRY(qg_score(&s, per_class, confusion, p, absent, a));
    for (int m = 0; m < QG_METRICS; m++)
        x->metric[m * x->n + g] = qg_metric_of(&s, m);
    for (int64_t i = 0; i < p->n; i++)
        right += p->label[i] == p->predicted[i];
    qg_finish_share(x->accuracy + g * QG_SHARES, right, p->n);
    return QG_OK;
}

qg_code qg_finish_metrics_by_group(qg_results *r, const qg_cell *c, const qg_predictions *p)
{
    const qg_dataset *d = dataset_of(r, c);
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_METRICS_BY_GROUP);
    by_group x = {.n = d->n_groups};
    if (d->n_groups == 0)
        return QG_OK;
    QG_NEW(x.labelled, r->scratch, x.n);
    QG_TRY(qg_undefined_numbers(&x.metric, r->scratch, QG_METRICS * x.n));
    QG_TRY(qg_undefined_numbers(&x.accuracy, r->scratch, x.n * QG_SHARES));
    for (int i = 0; i < x.n; i++) {
        qg_predictions own;
        qg_mark mark = qg_arena_mark(r->scratch);
        QG_TRY(of_group(&own, p, d, i, r->scratch));
        QG_TRY(score(&x, i, &own, r->plan->job->absent, r->scratch));
        qg_arena_release(r->scratch, mark);
    }
    QG_TRY(qg_results_write(r, g, "labelled", QG_STORE_I64, NULL, NULL, x.labelled));
    for (int m = 0; m < QG_METRICS; m++)
        QG_TRY(qg_results_write(r, g, qg_metric_names[m], QG_STORE_F64, NULL, NULL,
                                x.metric + m * x.n));
    return qg_results_write(r, g, "accuracy_interval", QG_STORE_F64, NULL, NULL, x.accuracy);
}

qg_code qg_finish_agreement_by_group(qg_results *r, const qg_cell *c, const int32_t *predicted,
                                     const int32_t *reference)
{
    const qg_dataset *d = dataset_of(r, c);
    double *agreement;
    if (d->n_groups == 0)
        return QG_OK;
    QG_TRY(qg_undefined_numbers(&agreement, r->scratch, d->n_groups * QG_SHARES));
    for (int g = 0; g < d->n_groups; g++) {
        int64_t n = 0, same = 0;
        for (int64_t i = 0; i < d->n; i++) {
            n += d->group[i] == g;
            same += d->group[i] == g && predicted[i] == reference[i];
        }
        qg_finish_share(agreement + g * QG_SHARES, same, n);
    }
    return qg_results_write(r, qg_cell_group(r->plan, c, QG_GROUP_METRICS_BY_GROUP),
                            "agreement_with_fp32", QG_STORE_F64, NULL, NULL, agreement);
}

/* ------------------------------------------------------------------------------------ explanations
 */

qg_code qg_finish_explained_by_group(qg_results *r, const qg_cell *c, qg_group group,
                                     const double *v, int measures)
{
    const qg_dataset *d = dataset_of(r, c);
    qg_explained x;
    double *own, *out;
    if (d->n_groups == 0)
        return QG_OK;
    qg_mark mark = qg_arena_mark(r->scratch);
    QG_TRY(qg_results_explained(&x, r, c->experiment));
    QG_NEW(own, r->scratch, x.slots);
    QG_NEW(out, r->scratch, d->n_groups * measures * QG_SUMMARIES);
    for (int i = 0; i < d->n_groups * measures; i++) {
        int g = i / measures, m = i % measures;
        for (int64_t s = 0; s < x.slots; s++)
            own[s] = x.row[s] >= 0 && d->group[x.row[s]] == g ? v[s * measures + m] : (double)NAN;
        QG_TRY(qg_summarize(out + i * QG_SUMMARIES, own, x.slots, 1, &r->resampler, r->scratch));
    }
    QG_TRY(qg_results_write(r, qg_cell_group(r->plan, c, group), "summary", QG_STORE_F64, NULL,
                            NULL, out));
    qg_arena_release(r->scratch, mark);
    return QG_OK;
}
