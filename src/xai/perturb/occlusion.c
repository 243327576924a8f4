/*
 * occlusion.c - how much of the value goes when a window of units goes.
 */
#include "whole_and_empty.h"

#include <string.h>

typedef struct windows {
    qg_ends ends;
    int count;
    int64_t *slot; /* [count] */
} windows;

/* Windows cover all units: the last one is moved back so that it ends with the text. */
static int window_begin(int w, int units, const qg_occlusion_options *o)
{
    int begin = w * o->stride, last = units - o->window;
    return begin < last ? begin : last > 0 ? last : 0;
}

static int window_end(int w, int units, const qg_occlusion_options *o)
{
    int end = window_begin(w, units, o) + o->window;
    return end < units ? end : units;
}

static int window_count(int units, const qg_occlusion_options *o)
{
    if (units <= o->window)
        return units > 0;
    return (units - o->window + o->stride - 1) / o->stride + 1;
}

static qg_code ask(windows *w, qg_attribution *out, qg_perturber *p, const qg_sample *s,
                   const qg_occlusion_options *o)
{
    uint8_t *present;
    w->count = window_count(s->units, o);
    QG_NEW(w->slot, qg_perturb_arena(p), w->count);
    QG_NEW(present, qg_perturb_arena(p), s->units);
    for (int i = 0; i < w->count; i++) {
        int begin = window_begin(i, s->units, o), end = window_end(i, s->units, o);
        memset(present, 1, (size_t)s->units);
        memset(present + begin, 0, (size_t)(end - begin));
        QG_TRY(qg_perturb_add(&w->slot[i], p, s, present, o->masking));
    }
    out->evaluations += w->count;
    return QG_OK;
}

static qg_code read(qg_attribution *out, const windows *w, const qg_perturber *p,
                    const qg_occlusion_options *o)
{
    int *covers;
    QG_NEW(covers, qg_perturb_arena(p), out->n);
    qg_attribution_read_ends(out, p, &w->ends, o->output);
    for (int i = 0; i < w->count; i++) {
        double drop = out->full - qg_perturb_value(p, w->slot[i], out->target, o->output);
        for (int u = window_begin(i, out->n, o); u < window_end(i, out->n, o); u++) {
            out->score[u] += drop;
            covers[u]++;
        }
    }
    for (int u = 0; u < out->n; u++)
        out->score[u] /= covers[u];
    qg_attribution_close(out);
    return QG_OK;
}

qg_code qg_occlusion(qg_attribution *out, qg_perturber *p, const qg_sample *s,
                     const int32_t *target, int n, const qg_occlusion_options *o)
{
    windows *w;
    QG_ASSERT(o->window >= 1 && o->stride >= 1 && o->stride <= o->window);
    QG_NEW(w, qg_perturb_arena(p), n);
    for (int i = 0; i < n; i++) {
        QG_TRY(qg_attribution_begin(&out[i], &w[i].ends, p, &s[i], target[i], o->masking));
        QG_TRY(ask(&w[i], &out[i], p, &s[i], o));
    }
    QG_TRY(qg_perturb_run(p));
    for (int i = 0; i < n; i++)
        QG_TRY(read(&out[i], &w[i], p, o));
    return QG_OK;
}
