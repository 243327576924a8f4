/*
 * classification.c - confusion matrix and what follows from it; probability scores.
 *
 * MCC: Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient",
 * Computational Biology and Chemistry 28, 2004. Everything else as scikit-learn defines it.
 */
#include "qgrid/metrics.h"

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

static double ratio(double a, double b)
{
    return b != 0 ? a / b : 0;
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

static void classes(qg_scores *out, qg_class_scores *per_class, const int64_t *confusion, int K,
                    double n)
{
    for (int k = 0; k < K; k++) {
        int64_t truth = 0, predicted = 0, hit = confusion[k * K + k];
        for (int j = 0; j < K; j++) {
            truth += confusion[k * K + j];
            predicted += confusion[j * K + k];
        }
        qg_class_scores c = {.support = truth};
        c.precision = ratio((double)hit, (double)predicted);
        c.recall = ratio((double)hit, (double)truth);
        c.f1 = ratio(2.0 * (double)hit, (double)(truth + predicted));
        per_class[k] = c;
        out->accuracy += (double)hit;
        out->macro_precision += c.precision;
        out->macro_recall += c.recall;
        out->macro_f1 += c.f1;
        out->weighted_precision += c.precision * (double)truth;
        out->weighted_recall += c.recall * (double)truth;
        out->weighted_f1 += c.f1 * (double)truth;
    }
    out->accuracy /= n;
    out->macro_precision /= K;
    out->macro_recall /= K;
    out->macro_f1 /= K;
    out->weighted_precision /= n;
    out->weighted_recall /= n;
    out->weighted_f1 /= n;
}

static double clip(double p)
{
    return p < CLIP ? CLIP : p > 1 - CLIP ? 1 - CLIP : p;
}

static double confidence_of(const double *p, int K)
{
    double most = p[0];
    for (int k = 1; k < K; k++)
        if (p[k] > most)
            most = p[k];
    return most;
}

/* One row of probabilities: NLL (clipped, then divided by the row's sum), Brier, confidence. */
static void add_row(qg_scores *out, const double *p, int32_t label, int32_t predicted, int K)
{
    double sum = 0, brier = 0, confidence = confidence_of(p, K);
    for (int k = 0; k < K; k++) {
        double miss = p[k] - (k == label);
        sum += clip(p[k]);
        brier += miss * miss;
    }
    out->nll -= log(clip(p[label]) / sum);
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

qg_code qg_score(qg_scores *out, qg_class_scores *per_class, int64_t *confusion,
                 const int32_t *label, const int32_t *predicted, const double *prob, int64_t n,
                 int K)
{
    int64_t used = 0;
    *out = (qg_scores){0};
    for (int i = 0; i < K * K; i++)
        confusion[i] = 0;
    for (int64_t i = 0; i < n; i++) {
        if (label[i] < 0)
            continue;
        QG_TRY(check_row(prob + i * K, label[i], predicted[i], i, K));
        confusion[label[i] * K + predicted[i]]++;
        add_row(out, prob + i * K, label[i], predicted[i], K);
        used++;
    }
    if (used == 0)
        return QG_FAIL(QG_EFORMAT, "no row has a label");
    classes(out, per_class, confusion, K, (double)used);
    out->mcc = mcc_of(confusion, K, (double)used);
    out->nll /= (double)used;
    out->brier /= (double)used;
    out->mean_confidence /= (double)used;
    out->overconfidence /= (double)used;
    qg_bin bin[10];
    qg_predictions p = {label, predicted, prob, n, K};
    qg_calibration(&out->ece, &out->mce, bin, 10, &p);
    return QG_OK;
}

void qg_calibration(double *ece, double *mce, qg_bin *bin, int bins, const qg_predictions *p)
{
    int64_t used = 0;
    *ece = *mce = 0;
    for (int b = 0; b < bins; b++)
        bin[b] = (qg_bin){0};
    for (int64_t i = 0; i < p->n; i++) {
        if (p->label[i] < 0)
            continue;
        double confidence = confidence_of(p->probabilities + i * p->K, p->K);
        int b = (int)ceil(confidence * bins) - 1;
        b = b < 0 ? 0 : b >= bins ? bins - 1 : b;
        bin[b].count++;
        bin[b].accuracy += p->predicted[i] == p->label[i];
        bin[b].confidence += confidence;
        used++;
    }
    for (int b = 0; b < bins; b++) {
        if (bin[b].count == 0) {
            bin[b].accuracy = bin[b].confidence = (double)NAN;
            continue;
        }
        bin[b].accuracy /= (double)bin[b].count;
        bin[b].confidence /= (double)bin[b].count;
        double gap = fabs(bin[b].accuracy - bin[b].confidence);
        *ece += gap * (double)bin[b].count / (double)used;
        if (gap > *mce)
            *mce = gap;
    }
}
