/*
 * calibration.c - how far confidence is from accuracy, by bins of confidence.
 *
 * Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017.
 */
#include "classification.h"
#include "ranking.h"

#include <math.h>

int qg_bin_of(double confidence, int bins)
{
    int b = (int)ceil(confidence * bins) - 1;
    return b < 0 ? 0 : b >= bins ? bins - 1 : b;
}

/* Sums into means; the calibration error over them. */
static void close_bins(double *ece, double *mce, qg_bin *bin, int bins, int64_t used)
{
    *ece = *mce = 0;
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

static void put(qg_bin *bin, double confidence, bool right)
{
    bin->count++;
    bin->accuracy += right;
    bin->confidence += confidence;
}

void qg_calibration(double *ece, double *mce, qg_bin *bin, int bins, const qg_predictions *p)
{
    int64_t used = 0;
    for (int b = 0; b < bins; b++)
        bin[b] = (qg_bin){0};
    for (int64_t i = 0; i < p->n; i++) {
        if (p->label[i] < 0)
            continue;
        double confidence = qg_confidence(p->probabilities + i * p->K, p->K);
        put(&bin[qg_bin_of(confidence, bins)], confidence, p->predicted[i] == p->label[i]);
        used++;
    }
    close_bins(ece, mce, bin, bins, used);
}

/* Confidences of the labelled rows in rising order. */
static qg_code confidences(double **out, int64_t *n, const qg_predictions *p, qg_arena *a)
{
    double *v;
    *n = 0;
    QG_NEW(v, a, p->n);
    QG_NEW(*out, a, p->n);
    for (int64_t i = 0; i < p->n; i++)
        if (p->label[i] >= 0)
            v[(*n)++] = qg_confidence(p->probabilities + i * p->K, p->K);
    const qg_keyed *s = qg_sorted(v, *n, a);
    if (!s)
        return QG_ENOMEM;
    for (int64_t i = 0; i < *n; i++)
        (*out)[i] = s[i].value;
    return QG_OK;
}

qg_code qg_calibration_quantile(double *ece, qg_bin *bin, double *edge, int bins,
                                const qg_predictions *p, qg_arena *scratch)
{
    double *sorted, mce;
    int64_t used;
    qg_mark mark = qg_arena_mark(scratch);
    QG_TRY(confidences(&sorted, &used, p, scratch));
    for (int b = 0; b <= bins; b++)
        edge[b] = qg_percentile_sorted(sorted, used, 100.0 * b / bins);
    for (int b = 0; b < bins; b++)
        bin[b] = (qg_bin){0};
    for (int64_t i = 0; i < p->n; i++) {
        if (p->label[i] < 0)
            continue;
        double confidence = qg_confidence(p->probabilities + i * p->K, p->K);
        int b = 0;
        while (b < bins - 1 && edge[b + 1] < confidence)
            b++;
        put(&bin[b], confidence, p->predicted[i] == p->label[i]);
    }
    close_bins(ece, &mce, bin, bins, used);
    qg_arena_release(scratch, mark);
    return QG_OK;
}
