/*
 * family.c - the registry of families, and a family's table spelled out for one model.
 */
#include "families.h"

#include <string.h>

const qg_family *const qg_families[] = {
#define QG_FAMILY(id) &qg_family_##id,
#include "families.def"
#undef QG_FAMILY
    NULL,
};

const qg_role_traits qg_roles[QG_ROLES] = {
    [QG_ROLE_WORD] = {QG_MODULE_TABLE, QG_PART_EMBEDDINGS, false, NULL},
    [QG_ROLE_POSITION] = {QG_MODULE_TABLE, QG_PART_EMBEDDINGS, false, NULL},
    [QG_ROLE_TYPE] = {QG_MODULE_TABLE, QG_PART_EMBEDDINGS, false, NULL},
    [QG_ROLE_EMBEDDING_NORM] = {QG_MODULE_NORM, QG_PART_EMBEDDINGS, false, NULL},
    [QG_ROLE_QUERY] = {QG_MODULE_LINEAR, QG_PART_LAYERS, false, "query"},
    [QG_ROLE_KEY] = {QG_MODULE_LINEAR, QG_PART_LAYERS, true, "key"},
    [QG_ROLE_VALUE] = {QG_MODULE_LINEAR, QG_PART_LAYERS, true, "value"},
    [QG_ROLE_ATTENTION_OUTPUT] = {QG_MODULE_LINEAR, QG_PART_LAYERS, false, "attention_output"},
    [QG_ROLE_ATTENTION_NORM] = {QG_MODULE_NORM, QG_PART_LAYERS, false, NULL},
    [QG_ROLE_INTERMEDIATE] = {QG_MODULE_LINEAR, QG_PART_LAYERS, false, "intermediate"},
    [QG_ROLE_OUTPUT] = {QG_MODULE_LINEAR, QG_PART_LAYERS, false, "output"},
    [QG_ROLE_OUTPUT_NORM] = {QG_MODULE_NORM, QG_PART_LAYERS, false, NULL},
    [QG_ROLE_POOLER] = {QG_MODULE_LINEAR, QG_PART_POOLER, false, "pooler"},
    [QG_ROLE_CLASSIFIER] = {QG_MODULE_LINEAR, QG_PART_CLASSIFIER, false, "classifier"},
    [QG_ROLE_MLM_DENSE] = {QG_MODULE_LINEAR, QG_PART_MLM, false, NULL},
    [QG_ROLE_MLM_NORM] = {QG_MODULE_NORM, QG_PART_MLM, false, NULL},
    [QG_ROLE_MLM_BIAS] = {QG_MODULE_BIAS, QG_PART_MLM, false, NULL},
};

const qg_family *qg_family_find(const char *name)
{
    for (const qg_family *const *f = qg_families; *f; f++)
        if (strcmp((*f)->name, name) == 0)
            return *f;
    return NULL;
}

int *qg_config_size_at(qg_config *c, const qg_config_size *size)
{
    return (int *)(void *)((char *)c + size->at);
}

/* --------------------------------------------------------------------------------- modules */

static int size_of_letter(const qg_config *c, char letter)
{
    static const char letters[] = "CFVPTK";
    const int size[] = {c->hidden, c->ffn,    c->vocab, c->positions + c->first_position,
                        c->types,  c->classes};
    const char *at = strchr(letters, letter);
    return size[at - letters];
}

static bool is_in(qg_part part, qg_objective objective)
{
    return part == QG_PART_CLASSIFIER ? objective == QG_OBJECTIVE_CLASSIFICATION
           : part == QG_PART_MLM      ? objective == QG_OBJECTIVE_MLM
                                      : true;
}

static qg_module spell(const qg_module_row *row, const qg_config *c, int layer)
{
    const qg_role_traits *t = &qg_roles[row->role];
    qg_module m = {.role = row->role, .kind = t->kind, .part = t->part, .layer = layer};
    const char *star = strchr(row->name, '*');
    m.rows = size_of_letter(c, row->shape[0]);
    m.columns = row->shape[1] ? size_of_letter(c, row->shape[1]) : 1;
    if (star)
        snprintf(m.name, sizeof m.name, "%.*s%d%s", (int)(star - row->name), row->name, layer,
                 star + 1);
    else
        snprintf(m.name, sizeof m.name, "%s", row->name);
    return m;
}

static bool is_layered(const qg_module_row *row)
{
    return row->name && qg_roles[row->role].part == QG_PART_LAYERS;
}

/* The rows of the layers stand together in a table: they come again for every layer. */
qg_code qg_modules_of(qg_module **out, int *n, qg_arena *a, const qg_config *c,
                      qg_objective objective)
{
    const qg_module_row *row = c->family->modules;
    size_t all = 0;
    for (const qg_module_row *r = row; r->name; r++)
        all += is_layered(r) ? (size_t)c->layers : 1;
    QG_NEW(*out, a, all);
    *n = 0;
    while (row->name) {
        const qg_module_row *first = row;
        if (!is_layered(row)) {
            if (is_in(qg_roles[row->role].part, objective))
                (*out)[(*n)++] = spell(row, c, QG_OUTSIDE);
            row++;
            continue;
        }
        for (int layer = 0; layer < c->layers; layer++)
            for (row = first; is_layered(row); row++)
                (*out)[(*n)++] = spell(row, c, layer);
    }
    return QG_OK;
}

qg_parameter qg_module_weight(const qg_module *m)
{
    bool matrix = m->kind == QG_MODULE_TABLE || m->kind == QG_MODULE_LINEAR;
    qg_parameter p = {
        .module = m, .dims = matrix ? 2 : 1, .rows = m->rows, .columns = matrix ? m->columns : 1};
    snprintf(p.name, sizeof p.name, "%s.weight", m->name);
    return p;
}

qg_parameter qg_module_bias(const qg_module *m)
{
    qg_parameter p = {.module = m, .bias = true, .dims = 1, .rows = m->rows, .columns = 1};
    snprintf(p.name, sizeof p.name, "%s.bias", m->name);
    return p;
}

int qg_module_parameters(qg_parameter out[2], const qg_module *m)
{
    int n = 0;
    if (m->kind != QG_MODULE_BIAS)
        out[n++] = qg_module_weight(m);
    if (m->kind != QG_MODULE_TABLE)
        out[n++] = qg_module_bias(m);
    return n;
}

/* --------------------------------------------------------------------------------- counting */

/* A classifier's row, and how often it comes; 0: not at all. */
static int times(const qg_module_row *row, const qg_config *c)
{
    return is_layered(row)                                                ? c->layers
           : is_in(qg_roles[row->role].part, QG_OBJECTIVE_CLASSIFICATION) ? 1
                                                                          : 0;
}

static bool is_linear(const qg_module_row *row)
{
    return qg_roles[row->role].kind == QG_MODULE_LINEAR;
}

int qg_linear_count(const qg_config *c)
{
    int n = 0;
    for (const qg_module_row *row = c->family->modules; row->name; row++)
        n += is_linear(row) ? times(row, c) : 0;
    return n;
}

int64_t qg_parameter_count(const qg_config *c)
{
    int64_t n = 0;
    for (const qg_module_row *row = c->family->modules; row->name; row++) {
        qg_module m = spell(row, c, 0);
        qg_parameter p[2];
        for (int i = qg_module_parameters(p, &m) - 1; i >= 0; i--)
            n += (int64_t)p[i].rows * p[i].columns * times(row, c);
    }
    return n;
}

static double linear_flops(const qg_config *c, bool layers)
{
    double sum = 0;
    for (const qg_module_row *row = c->family->modules; row->name; row++) {
        qg_module m = spell(row, c, 0);
        if (is_linear(row) && is_layered(row) == layers)
            sum += 2.0 * m.rows * m.columns * times(row, c);
    }
    return sum;
}

double qg_encoder_flops(const qg_config *c, double tokens)
{
    return linear_flops(c, true) + 4.0 * tokens * c->hidden * c->layers;
}

double qg_head_flops(const qg_config *c)
{
    return linear_flops(c, false);
}
