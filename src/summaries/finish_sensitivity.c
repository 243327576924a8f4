/*
 * finish_sensitivity.c - what the precision of a part does to predictions: divergence and changed
 * classes against the model in fp32, and quality beside its.
 */
#include "finish.h"

#include "qgrid/softmax.h"

#include <math.h>

/* The first part is nothing: fp32. */
enum { REFERENCE = 0 };

typedef struct parts {
    int64_t texts, n; /* n: parts */
    int K;
    int32_t *label;        /* [texts] */
    double *probabilities; /* [n][texts, K] */
    int32_t *predicted;    /* [n][texts] */
} parts;

/* Numbers by part, as they stand in the file. */
typedef struct by_part {
    double *kl, *flips; /* [n, QG_SUMMARIES], [n, QG_SHARES] */
    int64_t *harmful, *beneficial, *neutral;
    double *accuracy, *accuracy_difference, *macro_f1, *macro_f1_difference;
} by_part;

static qg_code read_parts(parts *x, qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    const qg_plan_sensitivity *s = &p->sensitivity[c->experiment];
    const qg_dataset *d = &p->datasets[p->job->experiments[c->experiment].dataset].data;
    int64_t K = p->job->K;
    float *logits;
    *x = (parts){.texts = s->texts, .n = s->parts, .K = p->job->K};
    QG_NEW(logits, r->scratch, x->texts * x->n * K);
    QG_NEW(x->label, r->scratch, x->texts);
    QG_NEW(x->probabilities, r->scratch, x->n * x->texts * K);
    QG_NEW(x->predicted, r->scratch, x->n * x->texts);
    QG_TRY(qg_results_read(r, qg_cell_group(p, c, QG_GROUP_SENSITIVITY), "logits", QG_STORE_F32,
                           NULL, NULL, logits));
    for (int64_t t = 0; t < x->texts; t++) {
        x->label[t] = d->label[s->row[t]];
        for (int64_t i = 0; i < x->n; i++) {
            const float *z = logits + (t * x->n + i) * K;
            int64_t at = i * x->texts + t;
            qg_softmax(x->probabilities + at * K, z, x->K);
            x->predicted[at] = qg_argmax_f32(z, x->K);
        }
    }
    return QG_OK;
}

static qg_predictions predictions_of(const parts *x, int64_t i)
{
    return (qg_predictions){.label = x->label,
                            .predicted = x->predicted + i * x->texts,
                            .probabilities = x->probabilities + i * x->texts * x->K,
                            .n = x->texts,
                            .K = x->K};
}

static qg_code make_numbers(by_part *n, qg_arena *a, int64_t count)
{
    QG_NEW(n->kl, a, count * QG_SUMMARIES);
    QG_NEW(n->flips, a, count * QG_SHARES);
    QG_NEW(n->harmful, a, count);
    QG_NEW(n->beneficial, a, count);
    QG_NEW(n->neutral, a, count);
    QG_TRY(qg_undefined_numbers(&n->accuracy, a, count));
    QG_TRY(qg_undefined_numbers(&n->accuracy_difference, a, count));
    QG_TRY(qg_undefined_numbers(&n->macro_f1, a, count));
    return qg_undefined_numbers(&n->macro_f1_difference, a, count);
}

static qg_code diverge(by_part *n, qg_results *r, const parts *x, int64_t i)
{
    const double *p = predictions_of(x, REFERENCE).probabilities;
    const double *q = predictions_of(x, i).probabilities;
    double *kl;
    QG_NEW(kl, r->scratch, x->texts);
    for (int64_t t = 0; t < x->texts; t++) {
        qg_divergence d;
        qg_divergence_mean(&d, p + t * x->K, q + t * x->K, 1, x->K);
        kl[t] = d.kl;
    }
    return qg_summarize(n->kl + i * QG_SUMMARIES, kl, x->texts, 1, &r->resampler, r->scratch);
}

static void count_flips(by_part *n, const parts *x, int64_t i)
{
    const int32_t *was = predictions_of(x, REFERENCE).predicted;
    const int32_t *is = predictions_of(x, i).predicted;
    int64_t flips = 0;
    for (int64_t t = 0; t < x->texts; t++) {
        if (was[t] == is[t])
            continue;
        flips++;
        n->harmful[i] += was[t] == x->label[t];
        n->beneficial[i] += is[t] == x->label[t];
    }
    n->neutral[i] = flips - n->harmful[i] - n->beneficial[i];
    qg_finish_share(n->flips + i * QG_SHARES, flips, x->texts);
}

static qg_code score(by_part *n, qg_results *r, const parts *x, int64_t i)
{
    qg_predictions p = predictions_of(x, i);
    qg_scores s;
    qg_class_scores *per_class;
    int64_t *confusion;
    if (!qg_any_label(&p))
        return QG_OK;
    QG_NEW(per_class, r->scratch, x->K);
    QG_NEW(confusion, r->scratch, x->K * x->K);
    QG_TRY(qg_score(&s, per_class, confusion, &p, r->plan->job->absent, r->scratch));
    n->accuracy[i] = s.accuracy;
    n->macro_f1[i] = s.macro_f1;
    n->accuracy_difference[i] = s.accuracy - n->accuracy[REFERENCE];
    n->macro_f1_difference[i] = s.macro_f1 - n->macro_f1[REFERENCE];
    return QG_OK;
}

static qg_code write_numbers(qg_results *r, qg_group_ref g, const by_part *n)
{
#define WRITE(name, type)                                                                          \
    QG_TRY(qg_results_write(r, g, #name, QG_STORE_##type, NULL, NULL, n->name))
    WRITE(kl, F64);
    WRITE(flips, F64);
    WRITE(harmful, I64);
    WRITE(beneficial, I64);
    WRITE(neutral, I64);
    WRITE(accuracy, F64);
    WRITE(accuracy_difference, F64);
    WRITE(macro_f1, F64);
    WRITE(macro_f1_difference, F64);
#undef WRITE
    return QG_OK;
}

qg_code qg_finish_sensitivity(qg_results *r, const qg_cell *c)
{
    parts x;
    by_part n;
    QG_TRY(read_parts(&x, r, c));
    QG_TRY(make_numbers(&n, r->scratch, x.n));
    for (int64_t i = 0; i < x.n; i++) {
        qg_mark m = qg_arena_mark(r->scratch);
        QG_TRY(diverge(&n, r, &x, i));
        QG_TRY(score(&n, r, &x, i));
        qg_arena_release(r->scratch, m);
        count_flips(&n, &x, i);
    }
    return write_numbers(r, qg_cell_group(r->plan, c, QG_GROUP_SENSITIVITY), &n);
}

qg_code qg_finish_explained_sensitivity(qg_results *r, const qg_cell *c)
{
    const qg_plan_sensitivity *s = &r->plan->sensitivity[c->experiment];
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_SENSITIVITY_EXPLAINED);
    int64_t width = s->parts * QG_DRIFTS;
    double *drift, *summary;
    QG_NEW(drift, r->scratch, s->slots * width);
    QG_NEW(summary, r->scratch, width * QG_SUMMARIES);
    QG_TRY(qg_results_read(r, g, "drift", QG_STORE_F64, NULL, NULL, drift));
    for (int64_t i = 0; i < width; i++)
        QG_TRY(qg_summarize(summary + i * QG_SUMMARIES, drift + i, s->slots, width, &r->resampler,
                            r->scratch));
    return qg_results_write(r, g, "summary", QG_STORE_F64, NULL, NULL, summary);
}
