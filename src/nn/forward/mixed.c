/*
 * mixed.c - parts of a model, and a model that takes a part of another one.
 */
#include "model_internal.h"
#include "qgrid/mixed.h"

#include <string.h>

const char *const qg_model_part_kinds[QG_MODEL_PART_KINDS + 1] = {
#define X(name, doc) #name,
    QG_MODEL_PART_LIST(X)
#undef X
        NULL};

/* -------------------------------------------------------------------------------------- parts */

/* What the parts of a model are made from. */
typedef struct listing {
    const qg_config *config;
    const qg_module *module;
    int n_modules;
    qg_arena *arena;
    qg_model_part *part;
    int n;
} listing;

/* Which modules a part takes. */
typedef bool rule(const qg_model_part *p, const qg_module *m);

static bool takes_none(const qg_model_part *p, const qg_module *m)
{
    (void)p;
    (void)m;
    return false;
}

static bool takes_all(const qg_model_part *p, const qg_module *m)
{
    (void)p;
    (void)m;
    return true;
}

static bool takes_embeddings(const qg_model_part *p, const qg_module *m)
{
    (void)p;
    return m->part == QG_PART_EMBEDDINGS;
}

static bool takes_layer(const qg_model_part *p, const qg_module *m)
{
    return m->part == QG_PART_LAYERS && m->layer == p->layer;
}

static bool takes_head(const qg_model_part *p, const qg_module *m)
{
    (void)p;
    return m->part == QG_PART_POOLER || m->part == QG_PART_CLASSIFIER;
}

static bool takes_role(const qg_model_part *p, const qg_module *m)
{
    return (int)m->role == p->role;
}

static bool takes_module(const qg_model_part *p, const qg_module *m)
{
    return (int)m->role == p->role && m->layer == p->layer;
}

static qg_code add_part(listing *l, qg_model_part part, rule *takes)
{
    bool *of;
    QG_NEW(of, l->arena, l->n_modules);
    part.first = l->config->layers;
    for (int i = 0; i < l->n_modules; i++) {
        const qg_module *m = &l->module[i];
        of[i] = takes(&part, m);
        if (of[i] && m->part == QG_PART_EMBEDDINGS)
            part.embeddings = true;
        if (of[i] && m->part == QG_PART_LAYERS && m->layer < part.first)
            part.first = m->layer;
    }
    if (part.embeddings)
        part.first = 0;
    part.takes = of;
    l->part[l->n++] = part;
    return QG_OK;
}

static qg_model_part named(const char *name, qg_model_part_kind kind)
{
    qg_model_part p = {.kind = kind, .layer = QG_OUTSIDE, .role = QG_ROLES};
    snprintf(p.name, sizeof p.name, "%s", name);
    return p;
}

static qg_code add_blocks(listing *l)
{
    QG_TRY(add_part(l, named("embeddings", QG_MODEL_PART_block), takes_embeddings));
    for (int i = 0; i < l->config->layers; i++) {
        qg_model_part p = named("", QG_MODEL_PART_block);
        snprintf(p.name, sizeof p.name, "layer %d", i);
        p.layer = i;
        QG_TRY(add_part(l, p, takes_layer));
    }
    return add_part(l, named("head", QG_MODEL_PART_block), takes_head);
}

/* Roles of the first layer and of what stands outside: the others have them again. */
static bool is_first_of_kind(const qg_module *m)
{
    return m->kind == QG_MODULE_LINEAR && m->layer <= 0;
}

static qg_code add_kinds(listing *l)
{
    for (int i = 0; i < l->n_modules; i++) {
        const qg_module *m = &l->module[i];
        if (!is_first_of_kind(m))
            continue;
        qg_model_part p = named(qg_roles[m->role].name, QG_MODEL_PART_kind);
        p.role = (int)m->role;
        QG_TRY(add_part(l, p, takes_role));
    }
    return QG_OK;
}

static qg_code add_linears(listing *l)
{
    for (int i = 0; i < l->n_modules; i++) {
        const qg_module *m = &l->module[i];
        if (m->kind != QG_MODULE_LINEAR)
            continue;
        qg_model_part p = named(m->name, QG_MODEL_PART_linear);
        p.role = (int)m->role;
        p.layer = m->layer;
        QG_TRY(add_part(l, p, takes_module));
    }
    return QG_OK;
}

int qg_model_part_count(const qg_config *c)
{
    int kinds = 0;
    for (const qg_module_row *r = c->family->modules; r->name; r++) {
        const qg_role_traits *t = &qg_roles[r->role];
        kinds += t->kind == QG_MODULE_LINEAR && t->part != QG_PART_MLM &&
                 (t->part != QG_PART_LAYERS || c->layers > 0);
    }
    return 2 + (c->layers + 2) + kinds + qg_linear_count(c);
}

qg_code qg_model_parts(qg_model_part **out, int *n, qg_arena *a, const qg_config *c)
{
    listing l = {.config = c, .arena = a};
    qg_module *module;
    int count = qg_model_part_count(c);
    QG_TRY(qg_modules_of(&module, &l.n_modules, a, c, QG_OBJECTIVE_CLASSIFICATION));
    l.module = module;
    QG_NEW(l.part, a, count);
    QG_TRY(add_part(&l, named("nothing", QG_MODEL_PART_whole), takes_none));
    QG_TRY(add_part(&l, named("all", QG_MODEL_PART_whole), takes_all));
    QG_TRY(add_blocks(&l));
    QG_TRY(add_kinds(&l));
    QG_TRY(add_linears(&l));
    QG_ASSERT(l.n == count);
    *out = l.part;
    *n = l.n;
    return QG_OK;
}

/* --------------------------------------------------------------------------------------- models */

struct qg_mixture {
    qg_model *base, *other;
    qg_module *module;
    int n;
};

static bool have_one_shape(const qg_config *a, const qg_config *b)
{
    return a->family == b->family && a->layers == b->layers && a->hidden == b->hidden &&
           a->heads == b->heads && a->ffn == b->ffn && a->vocab == b->vocab &&
           a->types == b->types && a->classes == b->classes && a->positions == b->positions &&
           a->first_position == b->first_position && a->activation == b->activation;
}

static size_t place_size(qg_module_kind kind)
{
    return kind == QG_MODULE_TABLE  ? sizeof(qg_table)
           : kind == QG_MODULE_NORM ? sizeof(qg_layer_norm)
                                    : sizeof(qg_dense);
}

static qg_code mix(qg_model *m, qg_model *base, qg_model *other)
{
    if (!have_one_shape(&base->config, &other->config))
        return QG_FAIL(QG_EBUG, "models of different shapes cannot be mixed");
    m->config = base->config;
    m->kernels = base->kernels;
    m->precision = other->precision; /* working memory is made for its inputs */
    m->precision_spec = other->precision_spec;
    m->parameters = base->parameters;
    QG_NEW(m->layers, m->arena, m->config.layers);
    QG_NEW(m->mixture, m->arena, 1);
    m->mixture->base = base;
    m->mixture->other = other;
    QG_TRY(qg_modules_of(&m->mixture->module, &m->mixture->n, m->arena, &m->config,
                         QG_OBJECTIVE_CLASSIFICATION));
    qg_model_take_part(m, NULL);
    return QG_OK;
}

qg_code qg_model_mix(qg_model **out, qg_model *base, qg_model *other)
{
    qg_arena *a = qg_arena_create(0);
    qg_model *m = a ? qg_arena_alloc(a, 1, sizeof *m) : NULL;
    if (!m) {
        qg_arena_destroy(a);
        return QG_FAIL(QG_ENOMEM, "no memory");
    }
    m->arena = a;
    qg_code rc = mix(m, base, other);
    if (rc != QG_OK) {
        qg_model_close(m);
        return rc;
    }
    *out = m;
    return QG_OK;
}

void qg_model_take_part(qg_model *m, const qg_model_part *part)
{
    const struct qg_mixture *x = m->mixture;
    for (int i = 0; i < x->n; i++) {
        qg_model *from = part && part->takes[i] ? x->other : x->base;
        const qg_module *module = &x->module[i];
        memcpy(qg_model_place(m, module), qg_model_place(from, module), place_size(module->kind));
    }
}
