/*
 * draw_part.c - a part of a model's parameters in place of which new ones are drawn.
 */
#include "qgrid/checkpoint.h"
#include "qgrid/train.h"

static int part_of(const qg_config *c, const qg_module *m)
{
    switch (m->part) {
    case QG_PART_CLASSIFIER:
        return 0;
    case QG_PART_POOLER:
        return 1;
    case QG_PART_LAYERS:
        return 2 + c->layers - 1 - m->layer;
    case QG_PART_EMBEDDINGS:
        return 2 + c->layers;
    case QG_PART_MLM:
        break;
    }
    return -1;
}

/* A model's own seeds name other streams. */
static int64_t seed_of_draw(uint64_t seed)
{
    qg_rng r = qg_rng_make(seed, "randomisation", 0);
    return (int64_t)(qg_rng_u64(&r) >> 1);
}

static void draw_module(float *values, const qg_params *p, const qg_module *m, int64_t seed)
{
    qg_parameter x[2];
    int n = qg_module_parameters(x, m);
    for (int i = 0; i < n; i++) {
        int at = qg_params_find(p, x[i].name);
        if (at >= 0)
            qg_parameter_draw(values + p->param[at].offset, &p->config, &x[i], seed);
    }
}

qg_code qg_params_draw_part(float *values, const qg_params *p, int part, uint64_t seed,
                            qg_arena *scratch)
{
    qg_mark mark = qg_arena_mark(scratch);
    qg_module *m;
    int n;
    QG_ASSERT(part >= 0 && part < qg_drawn_parts(&p->config));
    QG_TRY(qg_modules_of(&m, &n, scratch, &p->config, QG_OBJECTIVE_CLASSIFICATION));
    for (int i = 0; i < n; i++)
        if (part_of(&p->config, &m[i]) == part)
            draw_module(values, p, &m[i], seed_of_draw(seed));
    qg_arena_release(scratch, mark);
    return QG_OK;
}
