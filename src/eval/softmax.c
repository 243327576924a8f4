/*
 * softmax.c - the largest logit, and shares of the exponentials.
 */
#include "qgrid/softmax.h"

#include <math.h>

void qg_softmax(double *p, const float *logits, int K)
{
    if (K == 1) {
        p[0] = 1 / (1 + exp(-(double)logits[0]));
        return;
    }
    double most = (double)logits[qg_argmax_f32(logits, K)], sum = 0;
    for (int k = 0; k < K; k++) {
        p[k] = exp((double)logits[k] - most);
        sum += p[k];
    }
    for (int k = 0; k < K; k++)
        p[k] /= sum;
}

int qg_argmax_f32(const float *v, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (v[i] > v[best])
            best = i;
    return best;
}
