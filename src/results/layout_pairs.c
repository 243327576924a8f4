/*
 * layout_pairs.c - minimal pairs in the results file: what the data set says of them.
 */
#include "layout_data.h"

int64_t qg_layout_cues(const qg_minimal_pairs *x, int64_t rows)
{
    return x->cue_splits[rows] > 0 ? x->cue_splits[rows] : 1;
}

static const qg_minimal_pairs *pairs_of(const qg_plan *p, qg_group_ref ref)
{
    return p->datasets[ref.dataset].data.pairs;
}

static const char *phenomenon_of(const void *ctx, int64_t i)
{
    const qg_minimal_pairs *x = ctx;
    return x->phenomenon[x->of_pair[i]];
}

qg_code qg_fill_pair_phenomenon(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    return qg_layout_names(f, a, 16, phenomenon_of, pairs_of(p, ref));
}

/* Arrays that the data set has as they are stored. */
#define PAIR_ARRAY(name, array)                                                                    \
    qg_code qg_fill_##name(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)           \
    {                                                                                              \
        (void)a;                                                                                   \
        f->initial = pairs_of(p, ref)->array;                                                      \
        return QG_OK;                                                                              \
    }

PAIR_ARRAY(pair_first, first)
PAIR_ARRAY(pair_second, second)
PAIR_ARRAY(pair_changes, changes)
PAIR_ARRAY(cue_splits, cue_splits)

/* The first or last words of all cues; -1 where there is no cue at all. */
static qg_code fill_words(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref, bool last)
{
    const qg_minimal_pairs *x = pairs_of(p, ref);
    int64_t n = x->cue_splits[p->datasets[ref.dataset].data.n];
    int32_t *v;
    QG_NEW(v, a, f->shape[0]);
    v[0] = -1;
    for (int64_t i = 0; i < n; i++)
        v[i] = last ? x->cue[i].last : x->cue[i].first;
    f->initial = v;
    return QG_OK;
}

qg_code qg_fill_cue_first(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    return fill_words(f, a, p, ref, false);
}

qg_code qg_fill_cue_last(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    return fill_words(f, a, p, ref, true);
}
