/*
 * unfit.c - where numbers stop being finite: a pass that failed is run again, text by text, and
 * what its modules give is looked at.
 *
 * A pass itself only notices that it failed: by its logits, or by scales of inputs, which are
 * computed anyway. What it finds again is the same, since the bits of a text do not depend on the
 * batch.
 */
#include "model_internal.h"

#include <math.h>

float qg_input_limit(qg_activations activations)
{
    /* From the middle between the largest bfloat16 and what would follow it on, numbers are rounded
     * to infinity. */
    return activations == QG_ACTIVATIONS_BF16 ? 0x1.ffp127f : INFINITY;
}

void qg_find_unfit(qg_finding *f, const float *x, int ld, int rows, int k, float limit,
                   const void *at, bool input)
{
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < k && !f->at; i++) {
            float value = x[(size_t)r * (size_t)ld + (size_t)i];
            if (!(fabsf(value) < limit))
                *f = (qg_finding){at, input, r, value};
        }
}

static qg_code name_of(const char **out, qg_arena *a, qg_model *m, const void *at)
{
    qg_module *module;
    int n;
    *out = "a layer";
    QG_TRY(qg_modules_of(&module, &n, a, &m->config, QG_OBJECTIVE_CLASSIFICATION));
    for (int i = 0; i < n; i++)
        if (qg_model_place(m, &module[i]) == at)
            *out = module[i].name;
    return QG_OK;
}

static qg_code describe(qg_model *m, long long text, const qg_finding *f)
{
    const char *name;
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_code rc = name_of(&name, a, m, f->at);
    if (rc == QG_OK)
        rc = QG_FAIL(QG_ENUMERIC, "text %lld, token %d: what %s %s is %s (%g)", text, f->token,
                     name, f->input ? "is given" : "gives",
                     isfinite(f->value) ? "beyond bfloat16" : "not finite",
                     isnan(f->value) ? (double)NAN : (double)f->value);
    qg_arena_destroy(a);
    return rc;
}

/* Text t of a batch as a batch of its own: its rows are its tokens. */
static qg_code find(qg_finding *f, float *logits, qg_model *m, const qg_batch *b, int t)
{
    int32_t first = b->splits[t], splits[] = {0, b->splits[t + 1] - first};
    qg_batch one = {.B = 1,
                    .ids = b->ids + first,
                    .splits = splits,
                    .positions = b->positions ? b->positions + first : NULL};
    *f = (qg_finding){0};
    m->finding = f;
    qg_code rc = qg_forward_pass(logits + (size_t)t * (size_t)m->config.classes, m, &one, NULL);
    m->finding = NULL;
    return rc;
}

/* A text fails by its logits, or, under a precision that quantizes inputs, before them. */
qg_code qg_forward_explain(float *logits, qg_model *m, const qg_batch *b)
{
    int K = m->config.classes;
    bool quantized = m->unfit;
    for (int t = 0; t < b->B; t++) {
        qg_finding f;
        bool failed = quantized;
        for (int k = 0; k < K; k++)
            failed |= !isfinite(logits[t * K + k]);
        if (!failed)
            continue;
        QG_TRY(find(&f, logits, m, b, t));
        if (f.at)
            return describe(m, b->number ? (long long)b->number[t] : t, &f);
    }
    return QG_FAIL(QG_EBUG, "a forward pass failed and did not when it was run again");
}
