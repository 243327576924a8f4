/*
 * params.c - the parameters of a BERT classifier as one block: names, places, decay.
 *
 *   embeddings: word, position, type, LayerNorm
 *   a layer:    Wq Wk Wv | bq bk bv | attention output W, b, LayerNorm | intermediate W, b |
 *               output W, b, LayerNorm
 *   pooler W, b | classifier W, b
 *     or, for masked-language modelling: transform W, b, LayerNorm, bias of the decoder
 *
 * Each tensor begins on 64 bytes, but for those in a group of Linear layers, which follow each
 * other directly and are one matrix [3C, C] for the product.
 */
#include "qgrid/train.h"

#include <stdio.h>
#include <string.h>

enum { FLOATS_PER_LINE = 16 };

/* Not learned by masked-language modelling. */
static const char *const pooler[] = {"bert.pooler.dense.weight", "bert.pooler.dense.bias"};

typedef struct planner {
    qg_params *p;
    const char *prefix; /* of the names */
} planner;

static size_t aligned(size_t n)
{
    return (n + FLOATS_PER_LINE - 1) / FLOATS_PER_LINE * FLOATS_PER_LINE;
}

/* Adds a tensor where the block ends. */
static size_t add(planner *b, const char *name, const char *part, int rows, int columns)
{
    qg_param *t = &b->p->param[b->p->n++];
    *t = (qg_param){.rows = rows, .columns = columns, .offset = b->p->count, .decays = true};
    snprintf(t->name, sizeof t->name, "%s%s%s", b->prefix, name, part);
    b->p->count += (size_t)rows * (size_t)columns;
    return t->offset;
}

static void add_norm(planner *b, const char *name)
{
    static const char *const parts[] = {".weight", ".bias"};
    for (int i = 0; i < 2; i++) {
        add(b, name, parts[i], b->p->config.hidden, 1);
        b->p->count = aligned(b->p->count);
    }
}

/* `parts` Linear layers [n, k] each with a common input. */
static void add_linears(planner *b, const char *const *names, int parts, int n, int k)
{
    qg_linear *l = &b->p->site[b->p->sites++];
    *l = (qg_linear){.param = b->p->n, .n = parts * n, .k = k, .parts = parts};
    l->weight = b->p->count;
    for (int i = 0; i < parts; i++)
        add(b, names[i], ".weight", n, k);
    b->p->count = aligned(b->p->count);
    l->bias = b->p->count;
    for (int i = 0; i < parts; i++)
        add(b, names[i], ".bias", n, 1);
    b->p->count = aligned(b->p->count);
}

static void add_linear(planner *b, const char *name, int n, int k)
{
    add_linears(b, &name, 1, n, k);
}

static void add_layer(planner *b, int index)
{
    static const char *const qkv[] = {"attention.self.query", "attention.self.key",
                                      "attention.self.value"};
    int C = b->p->config.hidden, F = b->p->config.ffn;
    char prefix[64];
    snprintf(prefix, sizeof prefix, "bert.encoder.layer.%d.", index);
    b->prefix = prefix;
    add_linears(b, qkv, 3, C, C);
    add_linear(b, "attention.output.dense", C, C);
    add_norm(b, "attention.output.LayerNorm");
    add_linear(b, "intermediate.dense", F, C);
    add_linear(b, "output.dense", C, F);
    add_norm(b, "output.LayerNorm");
    b->prefix = "";
}

static void add_mlm_head(planner *b)
{
    add_linear(b, "cls.predictions.transform.dense", b->p->config.hidden, b->p->config.hidden);
    add_norm(b, "cls.predictions.transform.LayerNorm");
    add(b, "cls.predictions.bias", "", b->p->config.vocab, 1);
    b->p->count = aligned(b->p->count);
}

static qg_code plan(qg_params *out, qg_arena *a, const qg_bert_config *config,
                    qg_objective objective)
{
    static const char *const no_decay[] = {"bias", "LayerNorm.weight", NULL};
    planner b = {.p = out, .prefix = "bert.embeddings."};
    int C = config->hidden, L = config->layers;
    *out = (qg_params){.objective = objective, .config = *config, .dropout = {0.1, 0.1, 0.1}};
    QG_NEW(out->param, a, 5 + 16 * L + 7);
    QG_NEW(out->site, a, QG_SITES_PER_LAYER * L + 2);
    add(&b, "word_embeddings.weight", "", config->vocab, C);
    out->count = aligned(out->count);
    add(&b, "position_embeddings.weight", "", config->positions, C);
    out->count = aligned(out->count);
    add(&b, "token_type_embeddings.weight", "", config->types, C);
    out->count = aligned(out->count);
    add_norm(&b, "LayerNorm");
    for (int i = 0; i < L; i++)
        add_layer(&b, i);
    b.prefix = "";
    add_linear(&b, "bert.pooler.dense", C, C);
    if (objective == QG_OBJECTIVE_MLM)
        add_mlm_head(&b);
    else
        add_linear(&b, "classifier", config->classes, C);
    qg_params_exclude(out, no_decay);
    return QG_OK;
}

qg_code qg_params_plan(qg_params *out, qg_arena *a, const qg_bert_config *config)
{
    return plan(out, a, config, QG_OBJECTIVE_CLASSIFICATION);
}

qg_code qg_params_plan_mlm(qg_params *out, qg_arena *a, const qg_bert_config *config)
{
    QG_TRY(plan(out, a, config, QG_OBJECTIVE_MLM));
    for (int i = 0; i < 2; i++)
        out->param[qg_params_find(out, pooler[i])].decays = false;
    return QG_OK;
}

void qg_params_exclude(qg_params *p, const char *const *parts)
{
    for (int i = 0; i < p->n - p->scales; i++) {
        p->param[i].decays = true;
        for (const char *const *s = parts; *s; s++)
            if (strstr(p->param[i].name, *s))
                p->param[i].decays = false;
    }
}

int qg_params_find(const qg_params *p, const char *name)
{
    for (int i = 0; i < p->n; i++)
        if (strcmp(p->param[i].name, name) == 0)
            return i;
    return -1;
}
