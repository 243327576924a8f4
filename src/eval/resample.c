/*
 * resample.c - paired bootstrap of metrics: both predictions on the same resampled texts.
 *
 * Percentile bootstrap: Efron and Tibshirani, 1993, chapter 13. Each metric is a function of a few
 * sums over texts; a resample adds them up again.
 */
#include "classification.h"
#include "ranking.h"

#include "qgrid/rng.h"

#include <math.h>
#include <string.h>

#define X(name, doc) #name,
const char *const qg_compared_names[] = {QG_COMPARED_LIST(X) NULL};
#undef X

/* What a labelled text adds to the sums of one prediction. */
typedef struct part {
    int32_t predicted, bin;
    double gap, nll; /* gap: 1 if right, minus confidence */
} part;

typedef struct text {
    int32_t label;
    part of[2];
} text;

/* Sums over texts of one prediction. */
typedef struct sums {
    qg_class_counts *classes; /* [K] */
    double gap[QG_BINS], nll;
} sums;

typedef struct bootstrap {
    int K;
    int64_t n;
    text *texts; /* [n] */
    sums of[2];
    qg_absent absent;
    bool alone; /* there is no first prediction: its metrics count as 0 */
} bootstrap;

static part part_of(const qg_predictions *p, int64_t row)
{
    const double *of_classes = p->probabilities + row * p->K;
    double confidence = qg_confidence(of_classes, p->K);
    return (part){.predicted = p->predicted[row],
                  .bin = qg_bin_of(confidence, QG_BINS),
                  .gap = (p->predicted[row] == p->label[row]) - confidence,
                  .nll = qg_row_nll(of_classes, p->label[row], p->K)};
}

static qg_code begin(bootstrap *out, const qg_predictions *a, const qg_predictions *b,
                     qg_absent absent, qg_arena *arena)
{
    QG_ASSERT(a->n == b->n && a->K == b->K);
    *out = (bootstrap){.K = a->K, .absent = absent};
    QG_NEW(out->texts, arena, a->n);
    for (int side = 0; side < 2; side++)
        QG_NEW(out->of[side].classes, arena, a->K);
    for (int64_t i = 0; i < a->n; i++)
        if (a->label[i] >= 0)
            out->texts[out->n++] = (text){a->label[i], {part_of(a, i), part_of(b, i)}};
    return out->n > 0 ? QG_OK : QG_FAIL(QG_EFORMAT, "no row has a label");
}

static void clear(sums *s, int K)
{
    memset(s->classes, 0, (size_t)K * sizeof *s->classes);
    memset(s->gap, 0, sizeof s->gap);
    s->nll = 0;
}

static void add(sums *s, int32_t label, const part *p)
{
    s->classes[label].truth++;
    s->classes[p->predicted].predicted++;
    s->classes[label].hit += label == p->predicted;
    s->gap[p->bin] += p->gap;
    s->nll += p->nll;
}

static void metrics(double out[QG_COMPARED], const sums *s, const bootstrap *b)
{
    double n = (double)b->n;
    int64_t right = 0;
    int classes = 0;
    memset(out, 0, QG_COMPARED * sizeof *out);
    for (int k = 0; k < b->K; k++) {
        right += s->classes[k].hit;
        classes += qg_takes_part(&s->classes[k], b->absent);
        out[QG_COMPARED_macro_f1] += qg_f1(&s->classes[k]);
    }
    for (int i = 0; i < QG_BINS; i++)
        out[QG_COMPARED_ece] += fabs(s->gap[i]) / n;
    out[QG_COMPARED_accuracy] = (double)right / n;
    out[QG_COMPARED_macro_f1] /= classes;
    out[QG_COMPARED_nll] = s->nll / n;
}

/* Of the second minus the first, over the texts index[0..n) or those that rng draws. */
static void differences(double out[QG_COMPARED], bootstrap *b, const int32_t *index, qg_rng *rng)
{
    double of_first[QG_COMPARED];
    for (int side = 0; side < 2; side++)
        clear(&b->of[side], b->K);
    for (int64_t i = 0; i < b->n; i++) {
        int64_t at = index ? index[i] : rng ? (int64_t)qg_rng_below(rng, (uint64_t)b->n) : i;
        const text *t = &b->texts[at];
        add(&b->of[0], t->label, &t->of[0]);
        add(&b->of[1], t->label, &t->of[1]);
    }
    metrics(of_first, &b->of[0], b);
    metrics(out, &b->of[1], b);
    for (int m = 0; m < QG_COMPARED && !b->alone; m++)
        out[m] -= of_first[m];
}

static qg_code resample(qg_bootstrap *out, bootstrap *x, int64_t rows, const qg_draws *draws,
                        qg_arena *scratch)
{
    double observed[QG_COMPARED], *resampled, one[QG_COMPARED];
    int R = draws->resamples;
    QG_NEW(resampled, scratch, (int64_t)R * QG_COMPARED);
    differences(observed, x, NULL, NULL);
    qg_rng base = qg_rng_make(draws->seed, "bootstrap/accuracy", 0);
    for (int r = 0; r < R; r++) {
        qg_rng rng = qg_rng_stream(&base, (uint64_t)r);
        const int32_t *index = draws->index ? draws->index + (int64_t)r * rows : NULL;
        differences(one, x, index, &rng);
        for (int m = 0; m < QG_COMPARED; m++)
            resampled[(int64_t)m * R + r] = one[m];
    }
    for (int m = 0; m < QG_COMPARED; m++)
        QG_TRY(qg_bootstrap_summary(&out[m], observed[m], resampled + (int64_t)m * R, R, scratch));
    return QG_OK;
}

qg_code qg_bootstrap_metrics(qg_bootstrap *out, const qg_predictions *a, const qg_predictions *b,
                             qg_absent absent, const qg_draws *draws, qg_arena *scratch)
{
    bootstrap x;
    qg_mark mark = qg_arena_mark(scratch);
    QG_TRY(begin(&x, a, b, absent, scratch));
    QG_TRY(resample(out, &x, a->n, draws, scratch));
    qg_arena_release(scratch, mark);
    return QG_OK;
}

qg_code qg_bootstrap_metrics_of(qg_bootstrap *out, const qg_predictions *p, qg_absent absent,
                                const qg_draws *draws, qg_arena *scratch)
{
    bootstrap x;
    qg_mark mark = qg_arena_mark(scratch);
    QG_TRY(begin(&x, p, p, absent, scratch));
    x.alone = true;
    QG_TRY(resample(out, &x, p->n, draws, scratch));
    for (int m = 0; m < QG_COMPARED; m++)
        out[m].p_one_sided = out[m].p_two_sided = (double)NAN;
    qg_arena_release(scratch, mark);
    return QG_OK;
}
