/*
 * explained_part.c - an explained model of which a part is quantized.
 */
#include "explained_model_internal.h"

#include <string.h>

/* Everything is quantized, as it is after creation. */
static qg_code begin(qg_explained_model *m)
{
    qg_explained_parts *x = &m->parts;
    const qg_params *p = &m->params;
    if (x->weights)
        return QG_OK;
    QG_TRY(qg_modules_of(&x->module, &x->n, m->arena, &p->config, QG_OBJECTIVE_CLASSIFICATION));
    QG_NEW(x->quantized, m->arena, x->n);
    QG_NEW(x->changed, m->arena, p->sites);
    QG_NEW(x->only, m->arena, p->sites);
    QG_NEW(x->weights, m->arena, p->count);
    memcpy(x->weights, qg_qat_weights(m->qat), p->count * sizeof *x->weights);
    memset(x->only, 0xff, (size_t)p->sites * sizeof *x->only);
    for (int i = 0; i < x->n; i++)
        x->quantized[i] = true;
    m->qat->only = x->only;
    qg_net_set_weights(m->net, x->weights);
    return QG_OK;
}

/* The parameters of a module as they were read, or quantized. */
static void take_module(qg_explained_model *m, int i, bool quantized)
{
    const qg_explained_parts *x = &m->parts;
    const qg_params *p = &m->params;
    const qg_module *module = &x->module[i];
    const float *from = quantized ? qg_qat_weights(m->qat) : m->values;
    qg_parameter part[2];
    for (int n = qg_module_parameters(part, module); n > 0; n--) {
        const qg_param *t = &p->param[qg_params_find(p, part[n - 1].name)];
        memcpy(x->weights + t->offset, from + t->offset,
               (size_t)t->rows * (size_t)t->columns * sizeof *from);
    }
    x->quantized[i] = quantized;
    if (module->kind != QG_MODULE_LINEAR)
        return;
    int site = qg_params_site(p, module->role, module->layer);
    int layer = qg_params_at(p, module->role, module->layer) - p->site[site].param;
    uint32_t bit = (uint32_t)1 << layer;
    x->only[site] = quantized ? x->only[site] | bit : x->only[site] & ~bit;
    x->changed[site] = true;
}

qg_code qg_explained_model_take_part(qg_explained_model *m, const qg_model_part *part)
{
    qg_explained_parts *x = &m->parts;
    if (!m->qat)
        return QG_OK;
    QG_TRY(begin(m));
    for (int i = 0; i < x->n; i++) {
        bool quantized = part ? part->takes[i] : true;
        if (quantized != x->quantized[i])
            take_module(m, i, quantized);
    }
    for (int s = 0; s < m->params.sites; s++) {
        if (x->changed[s])
            qg_net_pack_site(m->net, s);
        x->changed[s] = false;
    }
    return QG_OK;
}
