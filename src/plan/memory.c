/*
 * memory.c - the most memory that a rank will take, from what each kind of work allocates
 * (docs/performance.md, Memory).
 *
 * Every size is in bytes of binary32 numbers: W all parameters, L weights of Linear layers, E the
 * word table. What the C library, Open MPI and HDF5 take before the first unit is measured.
 */
#include "qgrid/plan.h"

#include "qgrid/precision.h"
#include "qgrid/training.h"

#include <string.h>

enum {
    START = 25 << 20,   /* an idle rank, measured with Open MPI 4.1 and HDF5 1.10 */
    AROUND = 1 << 16,   /* bytes that the kernel maps around a page that is touched */
    PASS_TOKENS = 1536, /* most in a pass of a training */
    SCORES = 4 << 20, /* perturbed texts, scores and results of a unit of explanations, measured */
    KEPT_STATES = 96 << 20,  /* at most, of what parts of a model share */
    BATCH_TOKENS = 256,      /* of a batch of predictions, and of explanations by gradients */
    PERTURBED_TOKENS = 2048, /* of a batch of perturbed texts */
    CHUNK_TOKENS = 256       /* of the working set of a layer */
};

typedef struct sizes {
    double all, linear, table; /* W, L, E */
    double hidden, ffn, layers;
} sizes;

static sizes sizes_of(const qg_config *c)
{
    double C = c->hidden, F = c->ffn;
    return (sizes){.all = 4.0 * (double)qg_parameter_count(c),
                   .linear = 4 * (c->layers * (4 * C * C + 2 * C * F) + C * C),
                   .table = 4.0 * c->vocab * C,
                   .hidden = C,
                   .ffn = F,
                   .layers = c->layers};
}

static double bits(qg_panel_format f)
{
    return f == QG_PANEL_F32                       ? 32
           : f == QG_PANEL_S8                      ? 8
           : f == QG_PANEL_S4 || f == QG_PANEL_NF4 ? 4
                                                   : 16;
}

static double stored_bytes(int embeddings)
{
    return embeddings == QG_EMBED_FP32 ? 4 : embeddings == QG_EMBED_INT8 ? 1 : 2;
}

/* Weights of a packed model that become resident: Linear layers whole, of the word table what lies
 * around the rows of the tokens that occur. */
static double mapped(const qg_plan *p, const qg_plan_task *t, const sizes *s)
{
    const qg_precision_spec *spec = &p->job->precisions[t->precision];
    int group = qg_precision_group(spec->scheme, (int)s->hidden);
    double scales = spec->scheme->levels.divisor > 0 || bits(spec->scheme->format) == 4
                        ? s->linear / (group > 0 ? group : s->hidden)
                        : 0;
    double row = s->hidden * stored_bytes(spec->embeddings), table = 0;
    const qg_plan_tokens *tokens = t->experiment >= 0 ? p->tokens[t->experiment] : NULL;
    unsigned char seen[1 << 13] = {0}; /* blocks of the table, a bit each: up to 4 GiB */
    for (int64_t i = 0; tokens && i < tokens->T; i++) {
        size_t block = (size_t)(tokens->ids[i] * row / AROUND) % (8 * sizeof seen);
        table += (seen[block / 8] >> block % 8 & 1) == 0;
        seen[block / 8] |= (unsigned char)(1u << block % 8);
    }
    table = table * AROUND < row * (s->table / 4 / s->hidden) ? table * AROUND
                                                              : row * (s->table / 4 / s->hidden);
    return s->linear * bits(spec->scheme->format) / 32 + scales + table;
}

/* Working memory of forward passes over batches of so many tokens. */
static double workspace(const sizes *s, double tokens)
{
    return 4 * (tokens * s->hidden + CHUNK_TOKENS * (6 * s->hidden + s->ffn));
}

/* Activations that are kept for the way back, and what the way back writes. */
static double activations(const sizes *s, double tokens)
{
    double C = s->hidden, F = s->ffn, wide = F > 3 * C ? F : 3 * C;
    return 4 * tokens * (s->layers * (8 * C + 2 * F) + 5 * C + 3 * wide);
}

static double explained(const qg_plan *p, const qg_plan_task *t, const sizes *s)
{
    const qg_cell *c = t->cell >= 0 ? &p->cells[t->cell] : NULL;
    bool gradients = c && c->method >= 0 &&
                     (p->job->explain.methods[c->method].method->needs & QG_NEEDS_GRADIENTS);
    if (!gradients)
        return SCORES + workspace(s, PERTURBED_TOKENS);
    double positions = p->models[t->model].config.positions;
    bool levels = !p->job->precisions[t->precision].scheme->is_reference; /* and codes of a table */
    return SCORES + s->all + (levels ? s->all + s->table / 4 : 0) + 2 * s->linear +
           activations(s, positions > BATCH_TOKENS ? positions : BATCH_TOKENS) +
           workspace(s, BATCH_TOKENS);
}

/* Explanations of a model of which a part is under the precision: with gradients its weights once
 * more, without them states of what it was asked in fp32, as far as they are kept. */
static double sensitive(const qg_plan *p, const qg_plan_task *t, const sizes *s)
{
    const qg_method_spec *m = &p->job->explain.methods[p->cells[t->cell].method];
    bool gradients = m->method->needs & QG_NEEDS_GRADIENTS;
    return explained(p, t, s) + (gradients ? s->all : KEPT_STATES + workspace(s, PERTURBED_TOKENS));
}

/* Values, gradient, moments and the best epoch's values (of the latter its share), weights packed
 * both ways, activations; under QAT the levels, and at the end the checkpoint that is packed. */
static double trained(const qg_plan *p, const qg_plan_task *t, const sizes *s, int gang)
{
    const qg_plan_training *tr = p->models[t->model].training;
    const qg_training_config *c = p->job->models[t->model].training->config;
    double mean = tr->texts > 0 ? (double)tr->tokens / (double)tr->texts : 0;
    double tokens = mean * (double)c->batch * 1.25 / gang; /* of the longest batches */
    double own = s->all * (2 + 3.0 / gang) + 2 * s->linear +
                 activations(s, tokens < PASS_TOKENS ? tokens : PASS_TOKENS);
    if (c->has_qat)
        own += 2 * s->all + s->table;
    return own + (c->distill.from ? s->all + 2 * s->linear : 0);
}

static qg_plan_memory of_task(const qg_plan *p, int task, int ranks)
{
    const qg_plan_task *t = &p->tasks[task];
    sizes s = sizes_of(&p->models[t->model].config);
    qg_plan_memory m = {.task = task};
    double own = START, shared = 0;
    if (t->kind->trains) {
        int most = t->kind->gang ? t->kind->gang(p, t) : 1;
        own += trained(p, t, &s, most < ranks ? most : ranks);
    } else if (strcmp(t->kind->name, "pack") == 0) {
        own += 1.5 * s.table; /* the largest tensor; half as much again is measured */
        shared = s.all;       /* the checkpoint, read through a map */
    } else if (t->cell >= 0 && (p->cells[t->cell].kind == QG_CELL_SENSITIVITY ||
                                p->cells[t->cell].kind == QG_CELL_EXPLAINED_SENSITIVITY)) {
        qg_plan_task in_fp32 = *t;
        in_fp32.precision = qg_job_reference(p->job);
        shared = mapped(p, t, &s) + mapped(p, &in_fp32, &s);
        own += p->cells[t->cell].kind == QG_CELL_SENSITIVITY
                   ? 2 * workspace(&s, BATCH_TOKENS) + 4 * (s.layers + 1) * BATCH_TOKENS * s.hidden
                   : sensitive(p, t, &s);
    } else {
        shared = mapped(p, t, &s);
        own += t->cell >= 0 && p->cells[t->cell].kind == QG_CELL_PREDICT
                   ? workspace(&s, BATCH_TOKENS)
                   : explained(p, t, &s);
    }
    m.own = (int64_t)own;
    m.shared = (int64_t)shared;
    return m;
}

/* Whether a model that is packed for a task is there already. */
static bool is_packed(const qg_plan *p, const qg_plan_task *t, const char *cache)
{
    const qg_plan_model *m = &p->models[t->model];
    return !m->training && (qg_is_packed(m->source.dir) ||
                            qg_model_is_cached(m->hash, &p->job->precisions[t->precision], cache));
}

qg_plan_memory qg_plan_memory_peak(const qg_plan *p, const uint8_t *state, int ranks,
                                   const char *cache)
{
    qg_plan_memory most = {.task = -1};
    int last = -1;
    for (int u = 0; u < p->n_units; u++) {
        int task = p->units[u].task;
        bool packs = strcmp(p->tasks[task].kind->name, "pack") == 0;
        if (state[u] != QG_UNIT_OPEN || task == last ||
            (packs && is_packed(p, &p->tasks[task], cache)))
            continue;
        last = task;
        qg_plan_memory m = of_task(p, task, ranks);
        if (most.task < 0 || m.own + m.shared > most.own + most.shared)
            most = m;
    }
    return most;
}
