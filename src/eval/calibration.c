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

/* The bin between whose edges a confidence is: above the lower, at most the upper. */
static int bin_between(const double *edge, int bins, double confidence)
{
    int b = 0;
    while (b < bins - 1 && edge[b + 1] < confidence)
        b++;
    return b;
}

/* Sums over the labelled rows, in bins between these edges [bins + 1], or NULL: equal ones; returns
 * how many rows there are. */
static int64_t fill(qg_bin *bin, int bins, const double *edge, const qg_predictions *p)
{
    int64_t used = 0;
    for (int b = 0; b < bins; b++)
        bin[b] = (qg_bin){0};
    for (int64_t i = 0; i < p->n; i++) {
        if (p->label[i] < 0)
            continue;
        double confidence = qg_confidence(p->probabilities + i * p->K, p->K);
        qg_bin *in = &bin[edge ? bin_between(edge, bins, confidence) : qg_bin_of(confidence, bins)];
        in->count++;
        in->accuracy += p->predicted[i] == p->label[i];
        in->confidence += confidence;
        used++;
    }
    return used;
}

void qg_calibration(double *ece, double *mce, qg_bin *bin, int bins, const qg_predictions *p)
{
    int64_t used = fill(bin, bins, NULL, p);
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
    used = fill(bin, bins, edge, p);
    close_bins(ece, &mce, bin, bins, used);
    qg_arena_release(scratch, mark);
    return QG_OK;
}
