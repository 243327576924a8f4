/*
 * aopc_bounds.c - extreme sums of drops over paths through the sets of a text's words, from all of
 * them to none.
 *
 * Sums are added up in the order in which words go, as those of a single order are: the extreme
 * order's own AOPC has the bits of the bound.
 */
#include "qgrid/aopc_bounds.h"

#include <math.h>
#include <string.h>

/* The drop of p when the set behind a slot is left. */
typedef struct model_of_text {
    const qg_perturber *perturber;
    int64_t full; /* slot */
    int32_t target;
} model_of_text;

static double p_at(const model_of_text *m, int64_t slot)
{
    return qg_perturb_value(m->perturber, slot, m->target, QG_EXPLAIN_PROBABILITY);
}

static double drop_at(const model_of_text *m, int64_t slot)
{
    return p_at(m, m->full) - p_at(m, slot);
}

/* ------------------------------------------------------------------------------------ all orders
 */

/* slot [2^W] of the sets of words that are present. */
static qg_code ask_all(int64_t *slot, qg_perturber *p, const qg_sample *s, qg_masking masking)
{
    uint8_t present[QG_AOPC_MOST_EXACT];
    for (uint32_t set = 0; set < 1U << s->units; set++) {
        for (int u = 0; u < s->units; u++)
            present[u] = set >> u & 1;
        QG_TRY(qg_perturb_add(&slot[set], p, s, present, masking));
    }
    return QG_OK;
}

/* extreme [2^W]: the greatest (sign 1) or least (-1) sum of drops on a path from all words to the
 * set. A set is a smaller number than those it comes from. */
static double extreme_of_all(double *extreme, const model_of_text *m, const int64_t *slot, int W,
                             int sign)
{
    uint32_t all = (1U << W) - 1;
    extreme[all] = 0;
    for (uint32_t set = all; set-- > 0;) {
        double best = -(double)INFINITY;
        for (int u = 0; u < W; u++)
            if (!(set >> u & 1))
                best = fmax(best, sign * extreme[set | 1U << u]);
        extreme[set] = sign * best + drop_at(m, slot[set]);
    }
    return extreme[0] / W;
}

static qg_code read_all(qg_aopc_bounds *out, const model_of_text *m, const int64_t *slot, int W,
                        qg_arena *a)
{
    double *extreme;
    QG_NEW(extreme, a, (size_t)1 << W);
    out->lower = extreme_of_all(extreme, m, slot, W, -1);
    out->upper = extreme_of_all(extreme, m, slot, W, 1);
    return QG_OK;
}

/* ------------------------------------------------------------------------------------------ beam
 */

/* Sets of one size that are followed, and what may follow them: each set once, the best first. */
typedef struct beam {
    int sign, width, W, n; /* n: sets that are followed */
    uint8_t *set;          /* [width, W] 1 = present */
    double *sum;           /* [width] of the drops up to the set */
    int next;              /* candidates */
    uint8_t *next_set;     /* [width * W, W] */
    double *next_sum;      /* [width * W] up to the set before; then with its own drop */
    int64_t *slot;         /* [width * W] */
} beam;

static qg_code make_beam(beam *b, int W, int width, int sign, qg_arena *a)
{
    size_t w = (size_t)W, most = (size_t)width * w;
    *b = (beam){.sign = sign, .width = width, .W = W, .n = 1};
    QG_NEW(b->set, a, most);
    QG_NEW(b->sum, a, width);
    QG_NEW(b->next_set, a, most * w);
    QG_NEW(b->next_sum, a, most);
    QG_NEW(b->slot, a, most);
    memset(b->set, 1, w);
    return QG_OK;
}

/* Two ways to a set: the better one is kept. */
static void add_candidate(beam *b, const uint8_t *set, double sum)
{
    size_t w = (size_t)b->W;
    int i = 0;
    while (i < b->next && memcmp(b->next_set + (size_t)i * w, set, w) != 0)
        i++;
    if (i < b->next && b->sign * sum <= b->sign * b->next_sum[i])
        return;
    b->next += i == b->next;
    memcpy(b->next_set + (size_t)i * w, set, w);
    b->next_sum[i] = sum;
}

static qg_code ask_next(beam *b, qg_perturber *p, const qg_sample *s, qg_masking masking)
{
    size_t w = (size_t)b->W;
    b->next = 0;
    for (int i = 0; i < b->n; i++) {
        uint8_t *set = b->set + (size_t)i * w;
        for (int u = 0; u < b->W; u++) {
            if (!set[u])
                continue;
            set[u] = 0;
            add_candidate(b, set, b->sum[i]);
            set[u] = 1;
        }
    }
    for (int i = 0; i < b->next; i++)
        QG_TRY(qg_perturb_add(&b->slot[i], p, s, b->next_set + (size_t)i * w, masking));
    return QG_OK;
}

/* The best candidates, of equals the first that was found. */
static void choose(beam *b, const model_of_text *m)
{
    size_t w = (size_t)b->W;
    for (int i = 0; i < b->next; i++)
        b->next_sum[i] += drop_at(m, b->slot[i]);
    for (b->n = 0; b->n < b->width && b->n < b->next; b->n++) {
        int best = -1;
        for (int i = 0; i < b->next; i++)
            if (!isnan(b->next_sum[i]) &&
                (best < 0 || b->sign * b->next_sum[i] > b->sign * b->next_sum[best]))
                best = i;
        if (best < 0)
            break;
        memcpy(b->set + (size_t)b->n * w, b->next_set + (size_t)best * w, w);
        b->sum[b->n] = b->next_sum[best];
        b->next_sum[best] = (double)NAN; /* taken */
    }
}

/* ----------------------------------------------------------------------------------------- texts
 */

typedef struct search {
    model_of_text model;
    int64_t *slot; /* [2^W] of the exact search, else NULL */
    beam side[2];  /* for the lower and the upper bound */
} search;

static qg_code begin(search *x, qg_perturber *p, const qg_sample *s, int32_t target,
                     const qg_aopc_search *how)
{
    qg_arena *a = qg_perturb_arena(p);
    *x = (search){.model = {.perturber = p, .target = target}};
    if (s->units == 0)
        return QG_OK;
    QG_TRY(qg_perturb_add(&x->model.full, p, s, NULL, how->masking));
    if (s->units <= how->exact) {
        QG_NEW(x->slot, a, (size_t)1 << s->units);
        return ask_all(x->slot, p, s, how->masking);
    }
    for (int i = 0; i < 2; i++)
        QG_TRY(make_beam(&x->side[i], s->units, how->beam, 2 * i - 1, a));
    return QG_OK;
}

/* One word more of every text that is long enough; *more: there was one. */
static qg_code step(bool *more, search *x, qg_perturber *p, const qg_sample *s, int n, int k,
                    qg_masking masking)
{
    *more = false;
    for (int t = 0; t < n; t++)
        for (int i = 0; i < 2 && k <= x[t].side[0].W; i++) {
            QG_TRY(ask_next(&x[t].side[i], p, &s[t], masking));
            *more = true;
        }
    QG_TRY(qg_perturb_run(p));
    for (int t = 0; t < n; t++)
        for (int i = 0; i < 2 && k <= x[t].side[0].W; i++)
            choose(&x[t].side[i], &x[t].model);
    return QG_OK;
}

qg_code qg_aopc_find_bounds(qg_aopc_bounds *out, qg_perturber *p, const qg_sample *s,
                            const int32_t *target, int n, const qg_aopc_search *how)
{
    search *x;
    bool more = true;
    QG_ASSERT(how->exact <= QG_AOPC_MOST_EXACT && how->beam >= 1);
    QG_NEW(x, qg_perturb_arena(p), n);
    for (int t = 0; t < n; t++) {
        out[t] = (qg_aopc_bounds){(double)NAN, (double)NAN};
        QG_TRY(begin(&x[t], p, &s[t], target[t], how));
    }
    for (int k = 1; more; k++)
        QG_TRY(step(&more, x, p, s, n, k, how->masking));
    for (int t = 0; t < n; t++) {
        if (x[t].slot)
            QG_TRY(read_all(&out[t], &x[t].model, x[t].slot, s[t].units, qg_perturb_arena(p)));
        else if (s[t].units > 0)
            out[t] = (qg_aopc_bounds){x[t].side[0].sum[0] / s[t].units,
                                      x[t].side[1].sum[0] / s[t].units};
    }
    return QG_OK;
}

double qg_aopc_bounds_cost(const qg_aopc_search *how, int words)
{
    double passes = 0, sets = 1; /* of so many absent words */
    if (words <= how->exact)
        return ldexp(1, words);
    for (int k = 1; k <= words; k++) {
        double followed = fmin(sets, how->beam);
        sets *= (double)(words - k + 1) / k;
        passes += 2 * fmin(followed * (words - k + 1), sets);
    }
    return passes;
}
