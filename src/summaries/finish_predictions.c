/*
 * finish_predictions.c - metrics of finished predictions, and how they agree with fp32.
 */
#include "finish.h"

#include "qgrid/explained.h"
#include "qgrid/metrics.h"

#include <stdio.h>
#include <string.h>

static qg_code write_scores(qg_results *r, qg_group_ref g, const qg_scores *s)
{
#define X(name, doc) QG_TRY(qg_results_write(r, g, #name, QG_STORE_F64, NULL, NULL, &s->name));
    QG_METRIC_LIST(X)
#undef X
    return QG_OK;
}

/* Counts and means of bins, under names that begin with `prefix`. */
static qg_code write_bins(qg_results *r, qg_group_ref g, const char *prefix, const qg_bin *bin)
{
    char name[64];
    double accuracy[QG_BINS], confidence[QG_BINS];
    int64_t count[QG_BINS];
    for (int i = 0; i < QG_BINS; i++) {
        count[i] = bin[i].count;
        accuracy[i] = bin[i].accuracy;
        confidence[i] = bin[i].confidence;
    }
    snprintf(name, sizeof name, "%scount", prefix);
    QG_TRY(qg_results_write(r, g, name, QG_STORE_I64, NULL, NULL, count));
    snprintf(name, sizeof name, "%saccuracy", prefix);
    QG_TRY(qg_results_write(r, g, name, QG_STORE_F64, NULL, NULL, accuracy));
    snprintf(name, sizeof name, "%sconfidence", prefix);
    return qg_results_write(r, g, name, QG_STORE_F64, NULL, NULL, confidence);
}

static qg_code write_calibration(qg_results *r, qg_group_ref g, const qg_predictions *p)
{
    qg_bin bin[QG_BINS];
    double ece, mce, edge[QG_BINS + 1];
    qg_calibration(&ece, &mce, bin, QG_BINS, p);
    QG_TRY(write_bins(r, g, "bin_", bin));
    QG_TRY(qg_calibration_quantile(&ece, bin, edge, QG_BINS, p, r->scratch));
    QG_TRY(write_bins(r, g, "quantile_bin_", bin));
    return qg_results_write(r, g, "quantile_bin_edge", QG_STORE_F64, NULL, NULL, edge);
}

/* Share of predictions equal to those of fp32, for a cell whose predictions are all there. */
static qg_code write_agreement(qg_results *r, const qg_cell *c, const qg_cell *reference)
{
    qg_predictions t, f;
    qg_mark m = qg_arena_mark(r->scratch);
    QG_TRY(qg_finish_read_predictions(&t, r, c));
    QG_TRY(qg_finish_read_predictions(&f, r, reference));
    double agreement = qg_agreement(t.predicted, f.predicted, t.n);
    QG_TRY(qg_finish_agreement_by_group(r, c, t.predicted, f.predicted));
    qg_arena_release(r->scratch, m);
    return qg_results_write(r, qg_cell_group(r->plan, c, QG_GROUP_METRICS), "agreement_with_fp32",
                            QG_STORE_F64, NULL, NULL, &agreement);
}

/* Whichever comes last, a cell or its fp32 reference, completes the pair. */
static qg_code write_agreements(qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    int reference = qg_job_reference(p->job);
    if (reference < 0)
        return QG_OK;
    const qg_cell *f = &p->cells[qg_predict_cell(p, c->experiment, reference)];
    if (!qg_finish_task_done(r, f->task))
        return QG_OK;
    for (int i = 0; i < p->job->n_precisions; i++) {
        const qg_cell *other = &p->cells[qg_predict_cell(p, c->experiment, i)];
        if ((other == c || f == c) && qg_finish_task_done(r, other->task))
            QG_TRY(write_agreement(r, other, f));
    }
    return QG_OK;
}

/* Of all texts, labelled or not. */
static qg_code write_same_logits(qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    const qg_plan_tokens *t = p->tokens[c->experiment];
    int64_t same, n = p->datasets[t->dataset].data.n;
    float *logits;
    qg_mark m = qg_arena_mark(r->scratch);
    QG_NEW(logits, r->scratch, n * p->job->K);
    QG_TRY(qg_results_read(r, qg_cell_group(p, c, QG_GROUP_PREDICTIONS), "logits", QG_STORE_F32,
                           NULL, NULL, logits));
    QG_TRY(qg_same_logits(&same, logits, p->job->K, t->ids, t->splits, n, r->scratch));
    qg_arena_release(r->scratch, m);
    return qg_results_write(r, qg_cell_group(p, c, QG_GROUP_METRICS), "same_logits", QG_STORE_I64,
                            NULL, NULL, &same);
}

qg_code qg_finish_predictions(qg_results *r, const qg_cell *c)
{
    const qg_job *job = r->plan->job;
    int K = job->K;
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_METRICS);
    qg_predictions p;
    qg_scores s;
    qg_class_scores *per_class;
    double *rows;
    int64_t *confusion;
    QG_TRY(qg_finish_read_predictions(&p, r, c));
    QG_NEW(per_class, r->scratch, K);
    QG_NEW(rows, r->scratch, 4 * K);
    QG_NEW(confusion, r->scratch, K * K);
    QG_TRY(write_agreements(r, c));
    QG_TRY(write_same_logits(r, c));
    if (r->plan->explained)
        QG_TRY(qg_results_put_explained(r, c));
    if (!qg_any_label(&p)) /* predictions of unlabelled texts: metrics stay NaN */
        return QG_OK;
    QG_TRY(qg_finish_metrics_by_group(r, c, &p));
    QG_TRY(qg_score(&s, per_class, confusion, &p, job->absent, r->scratch));
    for (int k = 0; k < K; k++) {
        double row[] = {per_class[k].precision, per_class[k].recall, per_class[k].f1,
                        (double)per_class[k].support};
        memcpy(rows + 4 * k, row, sizeof row);
    }
    QG_TRY(write_scores(r, g, &s));
    QG_TRY(qg_results_write(r, g, "confusion", QG_STORE_I64, NULL, NULL, confusion));
    QG_TRY(qg_results_write(r, g, "per_class", QG_STORE_F64, NULL, NULL, rows));
    return write_calibration(r, g, &p);
}

qg_code qg_finish_read_predictions(qg_predictions *out, qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    const qg_dataset *d = &p->datasets[p->job->experiments[c->experiment].dataset].data;
    qg_group_ref g = qg_cell_group(p, c, QG_GROUP_PREDICTIONS);
    int32_t *predicted;
    double *probabilities;
    QG_NEW(predicted, r->scratch, d->n);
    QG_NEW(probabilities, r->scratch, d->n * p->job->K);
    QG_TRY(qg_results_read(r, g, "predicted", QG_STORE_I32, NULL, NULL, predicted));
    *out = (qg_predictions){d->label, predicted, probabilities, d->n, p->job->K};
    return qg_results_read(r, g, "probabilities", QG_STORE_F64, NULL, NULL, probabilities);
}
