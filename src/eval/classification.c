/*
 * classification.c - confusion matrix and what follows from it; probability scores.
 *
 * MCC: Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient",
 * Computational Biology and Chemistry 28, 2004. Everything else as scikit-learn defines it.
 */
#include "classification.h"

#include <math.h>
#include <string.h>

const char *const qg_metric_names[QG_METRICS] = {
#define X(name, doc) #name,
    QG_METRIC_LIST(X)
#undef X
};
_Static_assert(QG_METRICS == sizeof(qg_scores) / sizeof(double), "one double a metric");

double qg_metric_of(const qg_scores *s, int metric)
{
    double value;
    memcpy(&value, (const char *)s + (size_t)metric * sizeof value, sizeof value);
    return value;
}

static const double CLIP = 1e-15;

double qg_ratio(double a, double b)
{
    return b != 0 ? a / b : 0;
}

double qg_f1(const qg_class_counts *c)
{
    return qg_ratio(2.0 * (double)c->hit, (double)(c->truth + c->predicted));
}

bool qg_takes_part(const qg_class_counts *c, qg_absent absent)
{
    return absent == QG_ABSENT_ZERO || c->truth + c->predicted > 0;
}

/* sqrt of products of sums, as scikit-learn: exact for counts below 2^53. */
static double mcc_of(const int64_t *confusion, int K, double n)
{
    double correct = 0, cross = 0, truth2 = 0, predicted2 = 0;
    for (int k = 0; k < K; k++) {
        double truth = 0, predicted = 0;
        correct += (double)confusion[k * K + k];
        for (int j = 0; j < K; j++) {
            truth += (double)confusion[k * K + j];
            predicted += (double)confusion[j * K + k];
        }
        cross += truth * predicted;
        truth2 += truth * truth;
        predicted2 += predicted * predicted;
    }
    double spread = (n * n - predicted2) * (n * n - truth2);
    return spread > 0 ? (correct * n - cross) / sqrt(spread) : 0;
}

static qg_class_counts counts_of(const int64_t *confusion, int k, int K)
{
    qg_class_counts c = {.hit = confusion[k * K + k]};
    for (int j = 0; j < K; j++) {
        c.truth += confusion[k * K + j];
        c.predicted += confusion[j * K + k];
    }
    return c;
}

static void classes(qg_scores *out, qg_class_scores *per_class, const int64_t *confusion, int K,
                    double n, qg_absent absent)
{
    int part = 0; /* classes that macro means are over */
    for (int k = 0; k < K; k++) {
        qg_class_counts t = counts_of(confusion, k, K);
        qg_class_scores c = {.support = t.truth};
        c.precision = qg_ratio((double)t.hit, (double)t.predicted);
        c.recall = qg_ratio((double)t.hit, (double)t.truth);
        c.f1 = qg_f1(&t);
        per_class[k] = c;
        part += qg_takes_part(&t, absent);
        out->accuracy += (double)t.hit;
        out->macro_precision += c.precision;
        out->macro_recall += c.recall;
        out->macro_f1 += c.f1;
        out->weighted_precision += c.precision * (double)t.truth;
        out->weighted_recall += c.recall * (double)t.truth;
        out->weighted_f1 += c.f1 * (double)t.truth;
    }
    out->accuracy /= n;
    out->macro_precision /= part;
    out->macro_recall /= part;
    out->macro_f1 /= part;
    out->weighted_precision /= n;
    out->weighted_recall /= n;
    out->weighted_f1 /= n;
}

static double clip(double p)
{
    return p < CLIP ? CLIP : p > 1 - CLIP ? 1 - CLIP : p;
}

double qg_confidence(const double *p, int K)
{
    double most = p[0];
    for (int k = 1; k < K; k++)
        if (p[k] > most)
            most = p[k];
    return most;
}

/* Clipped, then divided by the row's sum. */
double qg_row_nll(const double *p, int32_t label, int K)
{
    double sum = 0;
    for (int k = 0; k < K; k++)
        sum += clip(p[k]);
    return -log(clip(p[label]) / sum);
}

static void add_row(qg_scores *out, const double *p, int32_t label, int32_t predicted, int K)
{
    double brier = 0, confidence = qg_confidence(p, K);
    for (int k = 0; k < K; k++) {
        double miss = p[k] - (k == label);
        brier += miss * miss;
    }
    out->nll += qg_row_nll(p, label, K);
    out->brier += brier;
    out->mean_confidence += confidence;
    out->overconfidence += confidence > 0.9 && predicted != label;
}

static qg_code check_row(const double *p, int32_t label, int32_t predicted, int64_t row, int K)
{
    if (label >= K || predicted < 0 || predicted >= K)
        return QG_FAIL(QG_EBUG, "row %lld: class %d or prediction %d is outside 0 to %d",
                       (long long)row, label, predicted, K - 1);
    for (int k = 0; k < K; k++)
        if (!(p[k] >= 0 && p[k] <= 1))
            return QG_FAIL(QG_ENUMERIC, "row %lld: probability %g is not in [0, 1]", (long long)row,
                           p[k]);
    return QG_OK;
}

bool qg_any_label(const qg_predictions *p)
{
    for (int64_t i = 0; i < p->n; i++)
        if (p->label[i] >= 0)
            return true;
    return false;
}

qg_code qg_score(qg_scores *out, qg_class_scores *per_class, int64_t *confusion,
                 const qg_predictions *p, qg_absent absent, qg_arena *scratch)
{
    int K = p->K;
    int64_t used = 0;
    *out = (qg_scores){0};
    for (int i = 0; i < K * K; i++)
        confusion[i] = 0;
    for (int64_t i = 0; i < p->n; i++) {
        if (p->label[i] < 0)
            continue;
        QG_TRY(check_row(p->probabilities + i * K, p->label[i], p->predicted[i], i, K));
        confusion[p->label[i] * K + p->predicted[i]]++;
        add_row(out, p->probabilities + i * K, p->label[i], p->predicted[i], K);
        used++;
    }
    if (used == 0)
        return QG_FAIL(QG_EFORMAT, "no row has a label");
    classes(out, per_class, confusion, K, (double)used, absent);
    out->mcc = mcc_of(confusion, K, (double)used);
    out->nll /= (double)used;
    out->brier /= (double)used;
    out->mean_confidence /= (double)used;
    out->overconfidence /= (double)used;
    out->confidence_gap = out->mean_confidence - out->accuracy;
    qg_bin bin[QG_BINS];
    double edge[QG_BINS + 1];
    qg_calibration(&out->ece, &out->mce, bin, QG_BINS, p);
    return qg_calibration_quantile(&out->ece_quantile, bin, edge, QG_BINS, p, scratch);
}
