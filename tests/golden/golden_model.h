/*
 * golden_model.h - reading texts of reference data and running models over them.
 */
#ifndef GOLDEN_MODEL_H
#define GOLDEN_MODEL_H

#include "qt.h"

#include "qgrid/kernel.h"
#include "qgrid/model.h"

#include <string.h>

typedef struct texts {
    int n;
    int32_t *ids, *splits;
} texts;

static inline const qg_json *need(const qg_json *o, const char *key)
{
    const qg_json *v = qg_json_get(o, key);
    if (!v)
        fail_msg("reference data lack '%s'", key);
    return v;
}

/* Rows of ids, without padding when a mask is given. */
static inline texts read_texts(qg_arena *a, const qg_json *ids, const qg_json *mask)
{
    texts t = {.n = ids->count};
    size_t total;
    double *flat = qt_numbers(a, ids, &total);
    t.ids = qg_arena_alloc(a, total, sizeof *t.ids);
    t.splits = qg_arena_alloc(a, (size_t)t.n + 1, sizeof *t.splits);
    const qg_json *m = mask ? mask->child : NULL;
    int row = 0, at = 0;
    size_t i = 0;
    for (const qg_json *r = ids->child; r; r = r->next, row++, m = m ? m->next : NULL) {
        const qg_json *keep = m ? m->child : NULL;
        for (int k = 0; k < r->count; k++, i++, keep = keep ? keep->next : NULL)
            if (!keep || keep->number != 0)
                t.ids[at++] = (int32_t)flat[i];
        t.splits[row + 1] = at;
    }
    return t;
}

static inline qg_model *open_model_under(const char *dir, const qg_precision_spec *s)
{
    char hex[65];
    qg_model *m;
    qg_model_source src = {.dir = dir};
    qt_ok(qg_model_hash(hex, &src));
    qt_ok(qg_model_open_cached(&m, &src, hex, s, qt_tmp("cache")));
    return m;
}

static inline qg_model *open_model(const char *dir, const char *precision)
{
    assert_non_null(qg_precision_find(precision));
    qg_precision_spec s = qg_precision_plain(qg_precision_find(precision));
    return open_model_under(dir, &s);
}

/* Logits of t: of one batch, or one by one from the last text to the first. */
static inline float *run(qg_arena *a, qg_model *m, const texts *t, bool one_by_one)
{
    int K = qg_model_config(m)->classes;
    float *logits = qg_arena_alloc(a, (size_t)(t->n * K), sizeof *logits);
    qg_batch b = {t->n, t->ids, t->splits};
    if (!one_by_one) {
        qt_ok(qg_model_forward(logits, m, &b, NULL));
        return logits;
    }
    for (int i = t->n - 1; i >= 0; i--) {
        int32_t splits[] = {0, t->splits[i + 1] - t->splits[i]};
        qg_batch one = {1, t->ids + t->splits[i], splits};
        qt_ok(qg_model_forward(logits + i * K, m, &one, NULL));
    }
    return logits;
}

static inline int argmax(const double *v, int n)
{
    int best = 0;
    for (int k = 1; k < n; k++)
        best = v[k] > v[best] ? k : best;
    return best;
}

/* Whether the reference kernels are used: a trained model takes minutes with them. */
static inline bool slow_kernels(void)
{
    const char *why;
    const qg_kernels *k = qg_kernels_get(&why);
    assert_non_null(k);
    return strcmp(k->isa, "ref") == 0;
}

#endif
