/*
 * partition_shap.c - Owen values over halves of halves of a text, the largest differences first.
 *
 * A group is a run of units in a context: which units outside of it are present. It is worth
 * with - without. Splitting it asks for the context with its left half and with its right half;
 * each half then stands in two contexts (the other half absent, present), each with half the
 * weight:
 *
 *     group (without, with)  ->  left  (without, left)   left  (right, with)
 *                                right (without, right)  right (left, with)
 */
#include "whole_and_empty.h"

#include <math.h>
#include <string.h>

/* Splits of a sample between two runs of the engine. A constant: it decides what is split before
 * its neighbours are known, so the scores depend on it. */
enum { ROUND = 8 };

typedef struct group {
    int begin, end;
    double without, with;
    double weight;
    uint8_t *context; /* [units] units outside of the group that are present */
    bool split;
} group;

typedef struct split {
    int64_t group;
    uint8_t *left, *right; /* [units] contexts with one half */
    int64_t left_slot, right_slot;
} split;

typedef struct owen {
    qg_ends ends;
    const qg_sample *sample;
    group *groups; /* [count of room], in order of appearance */
    int64_t count, room;
    split open[ROUND];
    int opened;
} owen;

qg_partition_shap_options qg_partition_shap_defaults(void)
{
    return (qg_partition_shap_options){
        .masking = QG_MASKING_MASK, .output = QG_EXPLAIN_PROBABILITY, .evaluations = 500};
}

/* A single unit's worth goes to its score; a larger group waits to be split. */
static qg_code add_group(owen *w, qg_attribution *out, qg_arena *a, group g)
{
    if (g.end - g.begin == 1) {
        out->score[g.begin] += g.weight * (g.with - g.without);
        return QG_OK;
    }
    if (w->count == w->room) {
        int64_t room = w->room > 0 ? 2 * w->room : 64;
        w->groups = qg_arena_grow(a, w->groups, (size_t)w->room, (size_t)room, sizeof *w->groups);
        if (!w->groups)
            return QG_ENOMEM;
        w->room = room;
    }
    w->groups[w->count++] = g;
    return QG_OK;
}

/* The group that matters most and is not split yet, the earliest on ties; -1: none. */
static int64_t next_group(const owen *w)
{
    int64_t best = -1;
    double most = -1;
    for (int64_t i = 0; i < w->count; i++) {
        const group *g = &w->groups[i];
        double matters = g->weight * fabs(g->with - g->without);
        if (!g->split && matters > most) {
            best = i;
            most = matters;
        }
    }
    return best;
}

static qg_code context_with(uint8_t **out, qg_arena *a, const group *g, int units, int begin,
                            int end)
{
    QG_NEW(*out, a, units);
    memcpy(*out, g->context, (size_t)units);
    memset(*out + begin, 1, (size_t)(end - begin));
    return QG_OK;
}

static qg_code open_split(owen *w, qg_attribution *out, qg_perturber *p, int64_t at,
                          qg_masking masking)
{
    group *g = &w->groups[at];
    split *s = &w->open[w->opened++];
    int units = w->sample->units, middle = g->begin + (g->end - g->begin) / 2;
    g->split = true;
    s->group = at;
    QG_TRY(context_with(&s->left, qg_perturb_arena(p), g, units, g->begin, middle));
    QG_TRY(context_with(&s->right, qg_perturb_arena(p), g, units, middle, g->end));
    QG_TRY(qg_perturb_add(&s->left_slot, p, w->sample, s->left, masking));
    QG_TRY(qg_perturb_add(&s->right_slot, p, w->sample, s->right, masking));
    out->evaluations += 2;
    return QG_OK;
}

static qg_code close_split(owen *w, qg_attribution *out, const qg_perturber *p, const split *s,
                           qg_explain_output output)
{
    qg_arena *a = qg_perturb_arena(p);
    group g = w->groups[s->group];
    int middle = g.begin + (g.end - g.begin) / 2;
    double left = qg_perturb_value(p, s->left_slot, out->target, output);
    double right = qg_perturb_value(p, s->right_slot, out->target, output), half = g.weight / 2;
    QG_TRY(add_group(w, out, a, (group){g.begin, middle, g.without, left, half, g.context, false}));
    QG_TRY(add_group(w, out, a, (group){g.begin, middle, right, g.with, half, s->right, false}));
    QG_TRY(add_group(w, out, a, (group){middle, g.end, g.without, right, half, g.context, false}));
    return add_group(w, out, a, (group){middle, g.end, left, g.with, half, s->left, false});
}

static qg_code open_round(owen *w, qg_attribution *out, qg_perturber *p,
                          const qg_partition_shap_options *o)
{
    w->opened = 0;
    while (w->opened < ROUND && out->evaluations + 2 <= o->evaluations) {
        int64_t at = next_group(w);
        if (at < 0)
            break;
        QG_TRY(open_split(w, out, p, at, o->masking));
    }
    return QG_OK;
}

static qg_code close_round(owen *w, qg_attribution *out, const qg_perturber *p,
                           const qg_partition_shap_options *o)
{
    for (int i = 0; i < w->opened; i++)
        QG_TRY(close_split(w, out, p, &w->open[i], o->output));
    return QG_OK;
}

/* What is not split when evaluations run out is shared equally. */
static void share_rest(const owen *w, qg_attribution *out)
{
    for (int64_t i = 0; i < w->count; i++) {
        const group *g = &w->groups[i];
        double each = g->weight * (g->with - g->without) / (g->end - g->begin);
        for (int u = g->begin; !g->split && u < g->end; u++)
            out->score[u] += each;
    }
}

static qg_code plant(owen *w, qg_attribution *out, const qg_perturber *p, qg_explain_output output)
{
    qg_arena *a = qg_perturb_arena(p);
    uint8_t *nothing;
    qg_attribution_read_ends(out, p, &w->ends, output);
    if (out->n == 0)
        return QG_OK;
    QG_NEW(nothing, a, out->n);
    return add_group(w, out, a, (group){0, out->n, out->base, out->full, 1, nothing, false});
}

qg_code qg_partition_shap(qg_attribution *out, qg_perturber *p, const qg_sample *s,
                          const int32_t *target, int n, const qg_partition_shap_options *o)
{
    owen *w;
    QG_ASSERT(o->evaluations >= 2);
    QG_NEW(w, qg_perturb_arena(p), n);
    for (int i = 0; i < n; i++) {
        w[i].sample = &s[i];
        QG_TRY(qg_attribution_begin(&out[i], &w[i].ends, p, &s[i], target[i], o->masking));
    }
    QG_TRY(qg_perturb_run(p));
    for (int i = 0; i < n; i++)
        QG_TRY(plant(&w[i], &out[i], p, o->output));
    for (bool going = true; going;) {
        going = false;
        for (int i = 0; i < n; i++) {
            QG_TRY(open_round(&w[i], &out[i], p, o));
            going = going || w[i].opened > 0;
        }
        QG_TRY(qg_perturb_run(p));
        for (int i = 0; i < n; i++)
            QG_TRY(close_round(&w[i], &out[i], p, o));
    }
    for (int i = 0; i < n; i++) {
        share_rest(&w[i], &out[i]);
        qg_attribution_close(&out[i]);
    }
    return QG_OK;
}
