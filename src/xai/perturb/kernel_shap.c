/*
 * kernel_shap.c - Shapley values of units: which coalitions are run.
 */
#include "whole_and_empty.h"
#include "draw.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_EXACT = 16 };

typedef struct shap_run {
    qg_ends ends;
    int count;      /* coalitions */
    uint8_t *masks; /* [count, units] */
    int64_t *slot;  /* [count] */
} shap_run;

qg_kernel_shap_options qg_kernel_shap_defaults(void)
{
    return (qg_kernel_shap_options){.masking = QG_MASKING_MASK,
                                    .output = QG_EXPLAIN_PROBABILITY,
                                    .exact_units = 10,
                                    .coalitions = 1000,
                                    .seed = 42};
}

static bool is_exact(int units, const qg_kernel_shap_options *o)
{
    return units <= o->exact_units || units < 2;
}

static void all_coalitions(uint8_t *masks, int units, int count)
{
    for (int set = 0; set < count; set++)
        for (int u = 0; u < units; u++)
            *masks++ = (uint8_t)(set >> u & 1);
}

static qg_code ask(shap_run *run, qg_attribution *out, qg_perturber *p, const qg_sample *s,
                   const qg_kernel_shap_options *o)
{
    qg_arena *a = qg_perturb_arena(p);
    bool exact = is_exact(s->units, o);
    run->count = exact ? 1 << s->units : 2 * ((o->coalitions + 1) / 2);
    QG_NEW(run->masks, a, (size_t)run->count * (size_t)s->units);
    QG_NEW(run->slot, a, run->count);
    qg_rng r = qg_rng_make(o->seed, "xai/kernel_shap", s->key);
    if (exact)
        all_coalitions(run->masks, s->units, run->count);
    else
        QG_TRY(qg_draw_shapley(run->masks, run->count, s->units, &r, a));
    for (int i = 0; i < run->count; i++)
        QG_TRY(qg_perturb_add(&run->slot[i], p, s, run->masks + (size_t)i * (size_t)s->units,
                              o->masking));
    out->evaluations += run->count;
    return QG_OK;
}

/* Strongest first; of equals the first in the text. */
static int by_strength(const void *x, const void *y)
{
    const qg_unit_pair *a = x, *b = y;
    double s = fabs(a->score), t = fabs(b->score);
    if (s != t)
        return s < t ? 1 : -1;
    return a->first != b->first ? a->first - b->first : a->second - b->second;
}

/* All coalitions have the kernel as weight; the empty and the whole one are no equations. */
static qg_code weigh(const double **out, const qg_coalitions *c, qg_arena *a)
{
    double *weight;
    QG_NEW(weight, a, c->N);
    for (int row = 0; row < c->N; row++) {
        int size = 0;
        for (int i = 0; i < c->n; i++)
            size += c->masks[(size_t)row * (size_t)c->n + (size_t)i];
        weight[row] = size > 0 && size < c->n ? qg_shapley_kernel(c->n, size) : 0;
    }
    *out = weight;
    return QG_OK;
}

static qg_code find_pairs(qg_attribution *out, const qg_coalitions *c, bool exact, int most,
                          qg_arena *a)
{
    int n = c->n, count = n * (n - 1) / 2, at = 0;
    double *single, *score;
    qg_coalitions weighed = *c;
    if (count == 0 || n > QG_MOST_PAIRED || (!exact && c->N < 2 * (n + count)))
        return QG_OK;
    QG_NEW(single, a, n);
    QG_NEW(score, a, count);
    QG_NEW(out->pair, a, count);
    if (exact)
        QG_TRY(weigh(&weighed.weight, c, a));
    QG_TRY(qg_faith_shap(single, score, &weighed, a));
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++, at++)
            out->pair[at] = (qg_unit_pair){i, j, score[at]};
    qsort(out->pair, (size_t)count, sizeof *out->pair, by_strength);
    out->pairs = count < most ? count : most;
    return QG_OK;
}

static qg_code solve(qg_attribution *out, const shap_run *run, const qg_perturber *p,
                     const qg_kernel_shap_options *o)
{
    double *v;
    qg_arena *a = qg_perturb_arena(p);
    QG_NEW(v, a, run->count);
    for (int i = 0; i < run->count; i++)
        v[i] = qg_perturb_value(p, run->slot[i], out->target, o->output);
    qg_attribution_read_ends(out, p, &run->ends, o->output);
    qg_coalitions c = {run->masks, NULL, v, run->count, out->n, out->base, out->full};
    if (is_exact(out->n, o))
        qg_shapley_exact(out->score, v, out->n);
    else
        QG_TRY(qg_shapley_solve(out->score, &c, a));
    if (o->pairs > 0)
        QG_TRY(find_pairs(out, &c, is_exact(out->n, o), o->pairs, a));
    qg_attribution_close(out);
    return QG_OK;
}

qg_code qg_kernel_shap(qg_attribution *out, qg_perturber *p, const qg_sample *s,
                       const int32_t *target, int n, const qg_kernel_shap_options *o)
{
    shap_run *run;
    QG_ASSERT(o->exact_units >= 0 && o->exact_units <= MOST_EXACT && o->coalitions >= 2);
    QG_NEW(run, qg_perturb_arena(p), n);
    for (int i = 0; i < n; i++) {
        QG_TRY(qg_attribution_begin(&out[i], &run[i].ends, p, &s[i], target[i], o->masking));
        QG_TRY(ask(&run[i], &out[i], p, &s[i], o));
    }
    QG_TRY(qg_perturb_run(p));
    for (int i = 0; i < n; i++)
        QG_TRY(solve(&out[i], &run[i], p, o));
    return QG_OK;
}
