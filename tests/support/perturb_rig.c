/*
 * perturb_rig.c - samples over the linear toy.
 */
#include "perturb_rig.h"

#include "qgrid/softmax.h"
#include "qt.h"

#include <string.h>

static const qg_specials specials = {.pad = 0, .unk = 1, .cls = 2, .sep = 3, .mask = 4};

void perturb_rig_start(perturb_rig *r, uint64_t seed, int budget)
{
    r->a = qg_arena_create(0);
    r->model = linear_toy_make(&r->toy, seed);
    qt_ok(qg_perturber_make(&r->p, r->a, &r->model, specials, budget));
}

void perturb_rig_end(perturb_rig *r)
{
    qg_arena_destroy(r->a);
}

qg_sample perturb_rig_sample(qg_arena *a, const char *letters, uint64_t key)
{
    int units = (int)strlen(letters);
    int32_t *ids = qg_arena_alloc(a, (size_t)units + 2, sizeof *ids);
    int32_t *unit = qg_arena_alloc(a, (size_t)units + 2, sizeof *unit);
    for (int u = 0; u < units; u++) {
        ids[u + 1] = letters[u] == '#' ? specials.mask : 5 + letters[u] - 'a';
        unit[u + 1] = u;
    }
    ids[0] = specials.cls;
    ids[units + 1] = specials.sep;
    unit[0] = unit[units + 1] = -1;
    return (qg_sample){.key = key, .n = units + 2, .ids = ids, .unit = unit, .units = units};
}

double perturb_rig_term(const perturb_rig *r, const qg_sample *s, int unit, int k, bool over_mask)
{
    double sum = 0;
    for (int i = 0; i < s->n; i++)
        if (s->unit[i] == unit)
            sum += linear_toy_term(&r->toy, s->ids[i], k) -
                   (over_mask ? linear_toy_term(&r->toy, specials.mask, k) : 0);
    return sum;
}

double perturb_rig_value(const perturb_rig *r, const qg_sample *s, uint32_t set, int k,
                         qg_explain_output output)
{
    float z[TOY_CLASSES];
    double p[TOY_CLASSES];
    for (int c = 0; c < TOY_CLASSES; c++) {
        double sum = (double)r->toy.bias[c];
        for (int i = 0; i < s->n; i++) {
            bool present = s->unit[i] < 0 || (set >> s->unit[i] & 1);
            sum += linear_toy_term(&r->toy, present ? s->ids[i] : specials.mask, c);
        }
        z[c] = (float)sum;
    }
    qg_softmax(p, z, TOY_CLASSES);
    return output == QG_EXPLAIN_LOGIT ? (double)z[k] : p[k];
}
