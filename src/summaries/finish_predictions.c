/*
 * finish_predictions.c - metrics of finished predictions, precisions compared in pairs.
 */
#include "finish.h"

#include "qgrid/explained.h"
#include "qgrid/metrics.h"

#include <string.h>

typedef struct table {
    int64_t n;
    const int32_t *label;
    int32_t *predicted;
    double *probabilities;
} table;

static qg_code read_table(table *out, qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    const qg_dataset *d = &p->datasets[p->job->experiments[c->experiment].dataset].data;
    qg_group_ref g = qg_cell_group(p, c, QG_GROUP_PREDICTIONS);
    *out = (table){.n = d->n, .label = d->label};
    QG_NEW(out->predicted, r->scratch, d->n);
    QG_NEW(out->probabilities, r->scratch, d->n * p->job->K);
    QG_TRY(qg_results_read(r, g, "predicted", QG_STORE_I32, NULL, NULL, out->predicted));
    return qg_results_read(r, g, "probabilities", QG_STORE_F64, NULL, NULL, out->probabilities);
}

static qg_code write_scores(qg_results *r, qg_group_ref g, const qg_scores *s)
{
#define X(name, doc) QG_TRY(qg_results_write(r, g, #name, QG_STORE_F64, NULL, NULL, &s->name));
    QG_METRIC_LIST(X)
#undef X
    return QG_OK;
}

static qg_code write_bins(qg_results *r, qg_group_ref g, const table *t, int K)
{
    qg_bin bin[QG_BINS];
    double ece, mce, accuracy[QG_BINS], confidence[QG_BINS];
    int64_t count[QG_BINS];
    qg_predictions p = {t->label, t->predicted, t->probabilities, t->n, K};
    qg_calibration(&ece, &mce, bin, QG_BINS, &p);
    for (int i = 0; i < QG_BINS; i++) {
        count[i] = bin[i].count;
        accuracy[i] = bin[i].accuracy;
        confidence[i] = bin[i].confidence;
    }
    QG_TRY(qg_results_write(r, g, "bin_count", QG_STORE_I64, NULL, NULL, count));
    QG_TRY(qg_results_write(r, g, "bin_accuracy", QG_STORE_F64, NULL, NULL, accuracy));
    return qg_results_write(r, g, "bin_confidence", QG_STORE_F64, NULL, NULL, confidence);
}

static bool any_label(const table *t)
{
    for (int64_t i = 0; i < t->n; i++)
        if (t->label[i] >= 0)
            return true;
    return false;
}

/* Share of predictions equal to those of fp32, for a cell whose predictions are all there. */
static qg_code write_agreement(qg_results *r, const qg_cell *c, const qg_cell *reference)
{
    table t, f;
    qg_mark m = qg_arena_mark(r->scratch);
    QG_TRY(read_table(&t, r, c));
    QG_TRY(read_table(&f, r, reference));
    double agreement = qg_agreement(t.predicted, f.predicted, t.n);
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
    int K = r->plan->job->K;
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_METRICS);
    table t;
    qg_scores s;
    qg_class_scores *per_class;
    double *rows;
    int64_t *confusion;
    QG_TRY(read_table(&t, r, c));
    QG_NEW(per_class, r->scratch, K);
    QG_NEW(rows, r->scratch, 4 * K);
    QG_NEW(confusion, r->scratch, K * K);
    QG_TRY(write_agreements(r, c));
    QG_TRY(write_same_logits(r, c));
    if (r->plan->explained && c->precision == qg_job_reference(r->plan->job))
        QG_TRY(qg_results_put_explained(r, c->experiment));
    if (!any_label(&t)) /* predictions of unlabelled texts: metrics stay NaN */
        return QG_OK;
    QG_TRY(qg_score(&s, per_class, confusion, t.label, t.predicted, t.probabilities, t.n, K));
    for (int k = 0; k < K; k++) {
        double row[] = {per_class[k].precision, per_class[k].recall, per_class[k].f1,
                        (double)per_class[k].support};
        memcpy(rows + 4 * k, row, sizeof row);
    }
    QG_TRY(write_scores(r, g, &s));
    QG_TRY(qg_results_write(r, g, "confusion", QG_STORE_I64, NULL, NULL, confusion));
    QG_TRY(qg_results_write(r, g, "per_class", QG_STORE_F64, NULL, NULL, rows));
    return write_bins(r, g, &t, K);
}

typedef struct pairs {
    int P;
    int64_t *both_right, *only_a, *only_b, *both_wrong;
    double *p, *difference, *low, *high, *bootstrap_p, *agreement;
} pairs;

static qg_code make_pairs(pairs *x, qg_arena *a, int P)
{
    x->P = P;
    int64_t **counts[] = {&x->both_right, &x->only_a, &x->only_b, &x->both_wrong};
    double **values[] = {&x->p, &x->difference, &x->low, &x->high, &x->bootstrap_p, &x->agreement};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        QG_NEW(*counts[i], a, P * P);
        for (int k = 0; k < P * P; k++)
            (*counts[i])[k] = -1;
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        QG_TRY(qg_undefined_numbers(values[i], a, P * P));
    return QG_OK;
}

static qg_code compare(pairs *x, qg_results *r, int i, int j, const table *a, const table *b)
{
    int at = i * x->P + j;
    qg_mcnemar m;
    qg_bootstrap s;
    x->agreement[at] = qg_agreement(a->predicted, b->predicted, a->n);
    if (!any_label(a))
        return QG_OK;
    qg_mcnemar_test(&m, a->label, a->predicted, b->predicted, a->n);
    qg_draws draws = {(int)r->plan->job->bootstrap, (uint64_t)r->plan->job->seed, NULL};
    QG_TRY(
        qg_bootstrap_accuracy(&s, a->label, a->predicted, b->predicted, a->n, &draws, r->scratch));
    x->both_right[at] = m.both_right;
    x->only_a[at] = m.only_a;
    x->only_b[at] = m.only_b;
    x->both_wrong[at] = m.both_wrong;
    x->p[at] = m.p_exact;
    x->difference[at] = s.difference;
    x->low[at] = s.low;
    x->high[at] = s.high;
    x->bootstrap_p[at] = s.p_two_sided;
    return QG_OK;
}

static qg_code write_pairs(qg_results *r, qg_group_ref g, const pairs *x)
{
    const struct {
        const char *name;
        const int64_t *v;
    } counts[] = {{"both_right", x->both_right},
                  {"only_a", x->only_a},
                  {"only_b", x->only_b},
                  {"both_wrong", x->both_wrong}};
    const struct {
        const char *name;
        const double *v;
    } values[] = {
        {"mcnemar_p", x->p},  {"accuracy_difference", x->difference}, {"ci_low", x->low},
        {"ci_high", x->high}, {"bootstrap_p", x->bootstrap_p},        {"agreement", x->agreement}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        QG_TRY(qg_results_write(r, g, counts[i].name, QG_STORE_I64, NULL, NULL, counts[i].v));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        QG_TRY(qg_results_write(r, g, values[i].name, QG_STORE_F64, NULL, NULL, values[i].v));
    return QG_OK;
}

qg_code qg_finish_comparison(qg_results *r, const qg_cell *c)
{
    int P = r->plan->job->n_precisions;
    pairs x;
    table *t;
    QG_TRY(make_pairs(&x, r->scratch, P));
    QG_NEW(t, r->scratch, P);
    for (int i = 0; i < P; i++) {
        int cell = qg_predict_cell(r->plan, c->experiment, i);
        if (r->cell_state[cell] == QG_STATE_DONE)
            QG_TRY(read_table(&t[i], r, &r->plan->cells[cell]));
    }
    for (int i = 0; i < P; i++)
        for (int j = 0; j < P; j++)
            if (t[i].predicted && t[j].predicted)
                QG_TRY(compare(&x, r, i, j, &t[i], &t[j]));
    return write_pairs(r, qg_cell_group(r->plan, c, QG_GROUP_PAIRED), &x);
}
