/*
 * calibration.c - how far confidence is from accuracy, by bins of confidence.
 *
 * Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017.
 */
#include "classification.h"

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
