/*
 * params.c - the parameters of a model as one block: names, places, decay.
 *
 * They stand in the order of the family's table. Of Linear layers with a common input first the
 * weights follow each other, then the biases: for the product they are one matrix [3C, C] and one
 * vector, of queries, keys and values. Each tensor begins on 64 bytes, but for those in such a
 * group.
 */
#include "qgrid/train.h"

#include <stdio.h>
#include <string.h>

enum { FLOATS_PER_LINE = 16 };

static void align(qg_params *p)
{
    p->count = (p->count + FLOATS_PER_LINE - 1) / FLOATS_PER_LINE * FLOATS_PER_LINE;
}

static size_t place(const qg_params *p, qg_role role, int layer)
{
    int row = layer == QG_OUTSIDE ? p->config.layers : layer;
    return (size_t)row * QG_ROLES + (size_t)role;
}

int qg_params_at(const qg_params *p, qg_role role, int layer)
{
    return p->param_of[place(p, role, layer)];
}

int qg_params_site(const qg_params *p, qg_role role, int layer)
{
    return p->site_of[place(p, role, layer)];
}

/* Adds a tensor where the block ends. */
static void add(qg_params *p, const qg_parameter *x)
{
    const qg_module *m = x->module;
    int *at = &p->param_of[place(p, m->role, m->layer)];
    bool learned = m->part != QG_PART_POOLER || p->objective == QG_OBJECTIVE_CLASSIFICATION;
    if (*at < 0)
        *at = p->n;
    qg_param *t = &p->param[p->n++];
    *t = (qg_param){.kind = m->kind,
                    .rows = x->rows,
                    .columns = x->columns,
                    .offset = p->count,
                    .decays = x->dims == 2 && learned};
    _Static_assert(sizeof t->name == sizeof x->name, "a parameter's name");
    memcpy(t->name, x->name, sizeof t->name);
    p->count += (size_t)x->rows * (size_t)x->columns;
    if (m->part <= QG_PART_LAYERS)
        p->head = p->n;
}

/* `parts` Linear layers of one shape with a common input. */
static void add_linears(qg_params *p, const qg_module *m, int parts)
{
    qg_linear *l = &p->site[p->sites];
    *l = (qg_linear){
        .param = p->n, .n = parts * m->rows, .k = m->columns, .parts = parts, .weight = p->count};
    for (int i = 0; i < parts; i++) {
        qg_parameter weight = qg_module_weight(&m[i]);
        p->site_of[place(p, m[i].role, m[i].layer)] = p->sites;
        add(p, &weight);
    }
    align(p);
    l->bias = p->count;
    for (int i = 0; i < parts; i++) {
        qg_parameter bias = qg_module_bias(&m[i]);
        add(p, &bias);
    }
    align(p);
    p->sites++;
}

/* Adds module m[0], and those behind it that read its input; returns how many. */
static int add_module(qg_params *p, const qg_module *m, int left)
{
    qg_parameter part[2];
    int n = 1;
    if (m->kind == QG_MODULE_LINEAR) {
        while (n < left && qg_roles[m[n].role].joined)
            n++;
        add_linears(p, m, n);
        return n;
    }
    for (int i = 0, parts = qg_module_parameters(part, m); i < parts; i++) {
        add(p, &part[i]);
        align(p);
    }
    return 1;
}

static qg_code plan(qg_params *out, qg_arena *a, const qg_config *config, qg_objective objective)
{
    qg_module *m;
    int n;
    *out = (qg_params){.objective = objective, .config = *config, .dropout = config->dropout};
    QG_TRY(qg_modules_of(&m, &n, a, config, objective));
    size_t places = ((size_t)config->layers + 1) * QG_ROLES;
    QG_NEW(out->param, a, 2 * n);
    QG_NEW(out->site, a, n);
    QG_NEW(out->param_of, a, places);
    QG_NEW(out->site_of, a, places);
    for (size_t i = 0; i < places; i++)
        out->param_of[i] = out->site_of[i] = -1;
    for (int i = 0; i < n;)
        i += add_module(out, &m[i], n - i);
    return QG_OK;
}

qg_code qg_params_plan(qg_params *out, qg_arena *a, const qg_config *config)
{
    return plan(out, a, config, QG_OBJECTIVE_CLASSIFICATION);
}

qg_code qg_params_plan_mlm(qg_params *out, qg_arena *a, const qg_config *config)
{
    return plan(out, a, config, QG_OBJECTIVE_MLM);
}

int qg_params_find(const qg_params *p, const char *name)
{
    for (int i = 0; i < p->n; i++)
        if (strcmp(p->param[i].name, name) == 0)
            return i;
    return -1;
}
