/*
 * lime.c - LIME's perturbations, distances and kernel; the fit is in lime_fit.c.
 */
#include "whole_and_empty.h"
#include "draw.h"

#include <math.h>

const char *const qg_lime_selection_names[] = {"auto", "none", "highest_weights", "forward", NULL};

typedef struct lime_run {
    qg_ends ends;
    uint8_t *masks; /* [samples, units] */
    int64_t *slot;  /* [samples] */
} lime_run;

qg_lime_options qg_lime_defaults(void)
{
    return (qg_lime_options){.masking = QG_MASKING_DELETE,
                             .output = QG_EXPLAIN_PROBABILITY,
                             .samples = 1000,
                             .kernel_width = 25,
                             .ridge = 1,
                             .seed = 42};
}

double qg_lime_distance(int kept, int units)
{
    return 100 * (1 - sqrt((double)kept / units));
}

double qg_lime_weight(double distance, double kernel_width)
{
    return sqrt(exp(-(distance * distance) / (kernel_width * kernel_width)));
}

static qg_code ask(lime_run *run, qg_attribution *out, qg_perturber *p, const qg_sample *s,
                   const qg_lime_options *o)
{
    qg_arena *a = qg_perturb_arena(p);
    if (s->units == 0)
        return QG_OK;
    QG_NEW(run->masks, a, (size_t)o->samples * (size_t)s->units);
    QG_NEW(run->slot, a, o->samples);
    qg_rng r = qg_rng_make(o->seed, "xai/lime", s->key);
    QG_TRY(qg_draw_lime(run->masks, o->samples, s->units, &r, a));
    for (int row = 0; row < o->samples; row++)
        QG_TRY(qg_perturb_add(&run->slot[row], p, s, run->masks + (size_t)row * (size_t)s->units,
                              o->masking));
    out->evaluations += o->samples;
    return QG_OK;
}

static qg_code fit(qg_attribution *out, const lime_run *run, const qg_perturber *p,
                   const qg_lime_options *o, int text)
{
    double *y, *weight;
    qg_arena *a = qg_perturb_arena(p);
    qg_lime_fit f = {.coef = out->score};
    QG_NEW(y, a, o->samples);
    QG_NEW(weight, a, o->samples);
    for (int row = 0; row < o->samples; row++) {
        int kept = 0;
        for (int u = 0; u < out->n; u++)
            kept += run->masks[(size_t)row * (size_t)out->n + (size_t)u];
        y[row] = qg_perturb_value(p, run->slot[row], out->target, o->output);
        if (!isfinite(y[row]))
            return QG_FAIL(QG_ENUMERIC, "text %d: perturbation %d has the value %g", text, row,
                           y[row]);
        weight[row] = qg_lime_weight(qg_lime_distance(kept, out->n), o->kernel_width);
    }
    QG_TRY(qg_lime_solve(&f, run->masks, weight, y, o->samples, out->n, o, a));
    out->base = f.intercept;
    out->fit = f.score;
    return QG_OK;
}

qg_code qg_lime(qg_attribution *out, qg_perturber *p, const qg_sample *s, const int32_t *target,
                int n, const qg_lime_options *o)
{
    lime_run *run;
    QG_ASSERT(o->samples >= 2 && o->features >= 0 && o->kernel_width > 0 && o->ridge >= 0);
    QG_NEW(run, qg_perturb_arena(p), n);
    for (int i = 0; i < n; i++) {
        QG_TRY(qg_attribution_begin(&out[i], &run[i].ends, p, &s[i], target[i], o->masking));
        QG_TRY(ask(&run[i], &out[i], p, &s[i], o));
    }
    QG_TRY(qg_perturb_run(p));
    for (int i = 0; i < n; i++) {
        qg_attribution_read_ends(&out[i], p, &run[i].ends, o->output);
        if (s[i].units > 0)
            QG_TRY(fit(&out[i], &run[i], p, o, i));
        qg_attribution_close(&out[i]);
    }
    return QG_OK;
}
