/*
 * whole_and_empty.c - the begin and end of an explanation.
 */
#include "whole_and_empty.h"

#include <math.h>

qg_code qg_attribution_begin(qg_attribution *out, qg_ends *ends, qg_perturber *p,
                             const qg_sample *s, int target, qg_masking masking)
{
    QG_ASSERT(target >= 0 && target < qg_perturb_classes(p));
    uint8_t *none;
    *out = (qg_attribution){.n = s->units, .target = target, .fit = (double)NAN, .evaluations = 2};
    QG_NEW(out->score, qg_perturb_arena(p), s->units);
    QG_NEW(none, qg_perturb_arena(p), s->units);
    QG_TRY(qg_perturb_add(&ends->full, p, s, NULL, masking));
    return qg_perturb_add(&ends->empty, p, s, none, masking);
}

void qg_attribution_read_ends(qg_attribution *out, const qg_perturber *p, const qg_ends *ends,
                              qg_explain_output output)
{
    out->full = qg_perturb_value(p, ends->full, out->target, output);
    out->base = qg_perturb_value(p, ends->empty, out->target, output);
}

void qg_attribution_close(qg_attribution *out)
{
    double sum = 0;
    for (int u = 0; u < out->n; u++)
        sum += out->score[u];
    out->delta = sum - (out->full - out->base);
}
