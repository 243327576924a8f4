/*
 * checkpoint.c - finding and reading parameters.
 */
#include "qgrid/checkpoint.h"

#include "qgrid/rng.h"

#include <math.h>
#include <string.h>

static const double HEAD_SD = 0.02; /* of a classifier, whatever the config says */

qg_code qg_checkpoint_open(qg_checkpoint *out, qg_arena *a, const qg_model_source *src,
                           const qg_bert_config *config)
{
    *out = (qg_checkpoint){.dir = src->dir,
                           .config = config,
                           .random_head = src->random_head || src->random_weights,
                           .random_weights = src->random_weights,
                           .pooler_may_lack = src->random_head,
                           .head_seed = src->head_seed};
    if (out->random_weights)
        return QG_OK;
    QG_TRY(qg_weights_open(&out->weights, src->dir));
    out->used = qg_arena_alloc(a, (size_t)qg_weights_count(out->weights), sizeof *out->used);
    if (!out->used) {
        qg_checkpoint_close(out);
        return QG_ENOMEM;
    }
    return QG_OK;
}

void qg_checkpoint_close(qg_checkpoint *c)
{
    if (c->weights)
        qg_weights_close(c->weights);
    c->weights = NULL;
}

/* "LayerNorm.weight" in the old spelling "LayerNorm.gamma"; false if the name is another. */
static bool old_spelling(char *out, size_t size, const char *name)
{
    static const char *const pairs[][2] = {{"LayerNorm.weight", "LayerNorm.gamma"},
                                           {"LayerNorm.bias", "LayerNorm.beta"}};
    size_t n = strlen(name);
    for (int i = 0; i < 2; i++) {
        size_t len = strlen(pairs[i][0]);
        if (n >= len && strcmp(name + n - len, pairs[i][0]) == 0) {
            snprintf(out, size, "%.*s%s", (int)(n - len), name, pairs[i][1]);
            return true;
        }
    }
    return false;
}

static const qg_tensor *find(qg_checkpoint *c, const char *name)
{
    static const char *const prefixes[] = {"", "module."};
    char old[256], full[320];
    bool has_old = old_spelling(old, sizeof old, name);
    for (int spelling = 0; spelling <= has_old; spelling++)
        for (int bare = 0; bare < 2; bare++)
            for (int p = 0; p < 2; p++) {
                const char *n = spelling ? old : name;
                if (bare && strncmp(n, "bert.", 5) != 0)
                    continue;
                snprintf(full, sizeof full, "%s%s", prefixes[p], bare ? n + 5 : n);
                const qg_tensor *t = qg_weights_find(c->weights, full);
                if (t) {
                    for (int i = 0; i < qg_weights_count(c->weights); i++)
                        if (qg_weights_at(c->weights, i) == t)
                            c->used[i] = true;
                    return t;
                }
            }
    return NULL;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* Vectors are biases, and the weight of LayerNorm. */
static void draw(float *out, const qg_checkpoint *c, const char *name, int rows, int columns)
{
    size_t n = (size_t)rows * (size_t)columns, pad = (size_t)c->config->pad_id * (size_t)columns;
    qg_rng r = qg_rng_make((uint64_t)c->head_seed, name, 0);
    double sd = c->config->initializer_range;
    float constant = ends_with(name, "LayerNorm.weight") ? 1.0f : 0.0f;
    for (size_t i = 0; i < n; i++)
        out[i] = columns > 1 ? (float)(sd * qg_rng_normal(&r)) : constant;
    if (ends_with(name, "word_embeddings.weight") && c->config->pad_id < rows)
        memset(out + pad, 0, (size_t)columns * sizeof *out);
}

static void draw_classifier(float *out, const qg_checkpoint *c, const char *name, size_t n)
{
    qg_rng r = qg_rng_make((uint64_t)c->head_seed, "head", 0);
    bool bias = strcmp(name, "classifier.bias") == 0;
    for (size_t i = 0; i < n; i++)
        out[i] = bias ? 0.0f : (float)(HEAD_SD * qg_rng_normal(&r));
}

static qg_code missing(const qg_checkpoint *c, const char *name)
{
    if (strncmp(name, "classifier.", 11) == 0)
        return QG_FAIL_AT(QG_EMODEL, c->dir, 0, 0, name,
                          "the checkpoint has no classifier; say \"head\": \"random\" "
                          "(--head random) to draw one, "
                          "or use a fine-tuned model");
    return QG_FAIL_AT(QG_EMODEL, c->dir, 0, 0, name, "the checkpoint lacks this tensor");
}

qg_code qg_checkpoint_read(float *out, qg_checkpoint *c, const char *name, int rows, int columns,
                           int file_rows)
{
    size_t n = (size_t)rows * (size_t)columns;
    if (c->random_head && strncmp(name, "classifier.", 11) == 0) {
        draw_classifier(out, c, name, n);
        return QG_OK;
    }
    bool drawn = c->random_weights || (c->random_head && strncmp(name, "cls.", 4) == 0);
    const qg_tensor *t = drawn ? NULL : find(c, name);
    if (drawn || (!t && c->pooler_may_lack && strncmp(name, "bert.pooler.", 12) == 0)) {
        draw(out, c, name, rows, columns);
        return QG_OK;
    }
    if (!t)
        return missing(c, name);
    int64_t want[] = {file_rows ? file_rows : rows, columns};
    int dims = columns > 1 || file_rows ? 2 : 1;
    if (t->ndim != dims || t->shape[0] != want[0] || (dims == 2 && t->shape[1] != want[1])) {
        char found[64], wanted[64];
        return QG_FAIL_AT(QG_EMODEL, c->dir, 0, 0, name, "has shape %s, config.json asks for %s",
                          qg_shape_text(found, sizeof found, t->shape, t->ndim),
                          qg_shape_text(wanted, sizeof wanted, want, dims));
    }
    qg_tensor part = *t;
    part.shape[0] = rows;
    part.bytes = n * qg_dtype_size(t->dtype);
    qg_tensor_to_f32(out, &part);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(out[i]))
            return QG_FAIL_AT(QG_ENUMERIC, c->dir, 0, 0, name, "element %zu is %g", i,
                              (double)out[i]);
    return QG_OK;
}

/* Buffers and heads of pre-training tasks are expected leftovers. */
static bool expected(const char *name)
{
    static const char *const known[] = {"position_ids", "cls.", "dropout", "qa_outputs."};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strstr(name, known[i]))
            return true;
    return false;
}

int qg_checkpoint_unused(const qg_checkpoint *c, const char **first)
{
    int n = 0;
    for (int i = 0; !c->random_weights && i < qg_weights_count(c->weights); i++) {
        const char *name = qg_weights_at(c->weights, i)->name;
        bool replaced_head = c->random_head && strstr(name, "classifier.");
        if (c->used[i] || expected(name) || replaced_head)
            continue;
        if (n++ == 0)
            *first = name;
    }
    return n;
}
