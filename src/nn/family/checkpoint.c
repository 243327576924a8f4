/*
 * checkpoint.c - finding and reading parameters.
 */
#include "qgrid/checkpoint.h"

#include "foreign.h"
#include "qgrid/log.h"
#include "qgrid/rng.h"

#include <math.h>
#include <string.h>

static const double HEAD_SD = 0.02; /* of a classifier, whatever the config says */

qg_code qg_checkpoint_open(qg_checkpoint *out, qg_arena *a, const qg_model_source *src,
                           const qg_config *config)
{
    *out = (qg_checkpoint){.dir = src->dir,
                           .config = config,
                           .random_head = src->random_head || src->random_weights,
                           .random_weights = src->random_weights,
                           .pooler_may_lack = src->random_head,
                           .head_seed = src->head_seed,
                           .class_order = src->class_order};
    if (out->random_weights)
        return QG_OK;
    QG_TRY(qg_weights_open(&out->weights, src->dir));
    qg_code rc = qg_foreign_refuse(out->weights, src->dir);
    out->used = qg_arena_alloc(a, (size_t)qg_weights_count(out->weights), sizeof *out->used);
    out->prefix = qg_foreign_prefix(a, out->weights, config->family);
    if (rc == QG_OK && (!out->used || !out->prefix))
        rc = QG_ENOMEM;
    if (rc != QG_OK)
        qg_checkpoint_close(out);
    return rc;
}

void qg_checkpoint_close(qg_checkpoint *c)
{
    if (c->weights)
        qg_weights_close(c->weights);
    c->weights = NULL;
}

/* A tensor by a parameter's name as checkpoints spell it: with or without what the family's names
 * begin with, after a wrapper's prefix, where PEFT keeps modules that it trains whole, and with
 * gamma and beta, which norms had at first. */
static const qg_tensor *look_for(const qg_checkpoint *c, const qg_parameter *p)
{
    static const char *const parts[][2] = {{"weight", "bias"}, {"gamma", "beta"}};
    const char *base = c->config->family->base, *name = p->module->name;
    size_t cut = strncmp(name, base, strlen(base)) == 0 ? strlen(base) : 0;
    char full[160];
    for (int old = 0; old <= (p->module->kind == QG_MODULE_NORM); old++)
        for (int bare = 0; bare <= (cut > 0); bare++)
            for (int saved = 0; saved < 2; saved++) {
                snprintf(full, sizeof full, "%s%s%s.%s", c->prefix, name + (bare ? cut : 0),
                         saved ? ".modules_to_save.default" : "", parts[old][p->bias]);
                const qg_tensor *t = qg_weights_find(c->weights, full);
                if (t)
                    return t;
            }
    return NULL;
}

static const qg_tensor *find(qg_checkpoint *c, const qg_parameter *p)
{
    const qg_tensor *t = look_for(c, p);
    for (int i = 0; t && i < qg_weights_count(c->weights); i++)
        if (qg_weights_at(c->weights, i) == t)
            c->used[i] = true;
    return t;
}

static const qg_module_row *row_of(const qg_family *f, qg_role role)
{
    const qg_module_row *row = f->modules;
    while (row->name && row->role != role)
        row++;
    return row;
}

bool qg_checkpoint_has_head(const qg_checkpoint *c, qg_objective objective)
{
    static const qg_role roles[] = {
        [QG_OBJECTIVE_CLASSIFICATION] = QG_ROLE_CLASSIFIER, [QG_OBJECTIVE_MLM] = QG_ROLE_MLM_DENSE};
    qg_module m = {.role = roles[objective], .kind = QG_MODULE_LINEAR};
    snprintf(m.name, sizeof m.name, "%s", row_of(c->config->family, m.role)->name);
    qg_parameter p = qg_module_weight(&m);
    return look_for(c, &p) != NULL;
}

static qg_code look_for_classifier(bool *out, qg_arena *a, const char *dir)
{
    const qg_model_source src = {.dir = dir};
    qg_config config;
    qg_checkpoint c;
    QG_TRY(qg_config_load(&config, a, dir));
    QG_TRY(qg_checkpoint_open(&c, a, &src, &config));
    *out = qg_checkpoint_has_head(&c, QG_OBJECTIVE_CLASSIFICATION);
    qg_checkpoint_close(&c);
    return QG_OK;
}

qg_code qg_dir_has_classifier(bool *out, const char *dir)
{
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_code rc = look_for_classifier(out, a, dir);
    qg_arena_destroy(a);
    return rc;
}

/* A classifier has a stream of its own. */
void qg_parameter_draw(float *out, const qg_config *c, const qg_parameter *p, int64_t seed)
{
    bool head = p->module->part == QG_PART_CLASSIFIER;
    size_t C = (size_t)p->columns, n = (size_t)p->rows * C;
    qg_rng r = qg_rng_make((uint64_t)seed, head ? "head" : p->name, 0);
    double sd = head ? HEAD_SD : c->initializer_range;
    float constant = p->bias ? 0.0f : 1.0f;
    for (size_t i = 0; i < n; i++)
        out[i] = p->dims > 1 ? (float)(sd * qg_rng_normal(&r)) : constant;
    if (p->module->role == QG_ROLE_WORD && c->pad_id < p->rows)
        memset(out + (size_t)c->pad_id * C, 0, C * sizeof *out);
}

static bool is_drawn(const qg_checkpoint *c, const qg_parameter *p)
{
    qg_part part = p->module->part;
    return c->random_weights ||
           (c->random_head && (part == QG_PART_CLASSIFIER || part == QG_PART_MLM));
}

static bool is_float(qg_dtype t)
{
    return t == QG_F16 || t == QG_BF16 || t == QG_F32 || t == QG_F64;
}

static qg_code missing(const qg_checkpoint *c, const qg_parameter *p)
{
    if (p->module->part != QG_PART_CLASSIFIER && qg_weights_count(c->weights) > 0)
        return QG_FAIL_AT(QG_EMODEL, c->dir, 0, 0, p->name,
                          "the checkpoint lacks this tensor; it has %d, the first is %s",
                          qg_weights_count(c->weights), qg_weights_at(c->weights, 0)->name);
    return QG_FAIL_AT(QG_EMODEL, c->dir, 0, 0, p->name, "%s",
                      p->module->part == QG_PART_CLASSIFIER
                          ? "the checkpoint has no classifier; say \"head\": \"random\" "
                            "(--head random) to draw one, or use a fine-tuned model"
                          : "the checkpoint lacks this tensor");
}

/* A classifier's rows in the order of the classes. */
static void read_rows(float *out, const qg_checkpoint *c, const qg_parameter *p, const qg_tensor *t)
{
    bool ordered = c->class_order && p->module->role == QG_ROLE_CLASSIFIER;
    size_t row = (size_t)p->columns * qg_dtype_size(t->dtype);
    qg_tensor part = *t;
    part.shape[0] = ordered ? 1 : p->rows;
    part.bytes = ordered ? row : row * (size_t)p->rows;
    for (int k = 0; k < (ordered ? p->rows : 1); k++) {
        if (ordered)
            part.data = (const char *)t->data + row * c->class_order[k];
        qg_tensor_to_f32(out + (size_t)k * (size_t)p->columns, &part);
    }
}

qg_code qg_checkpoint_read(float *out, qg_checkpoint *c, const qg_parameter *p)
{
    size_t n = (size_t)p->rows * (size_t)p->columns;
    bool drawn = is_drawn(c, p);
    const qg_tensor *t = drawn ? NULL : find(c, p);
    if (drawn || (!t && c->pooler_may_lack && p->module->part == QG_PART_POOLER)) {
        qg_parameter_draw(out, c->config, p, c->head_seed);
        return QG_OK;
    }
    if (!t)
        return missing(c, p);
    if (!is_float(t->dtype))
        return QG_FAIL_AT(
            QG_EUNSUPPORTED, c->dir, 0, 0, p->name,
            "has elements of type %s: codes of a quantizer, or no parameters; use the "
            "weights that they were made from",
            qg_dtype_name(t->dtype));
    int64_t want[] = {p->rows, p->columns};
    if (t->ndim != p->dims || t->shape[0] != want[0] || (p->dims == 2 && t->shape[1] != want[1])) {
        char found[64], wanted[64];
        return QG_FAIL_AT(QG_EMODEL, c->dir, 0, 0, p->name, "has shape %s, config.json asks for %s",
                          qg_shape_text(found, sizeof found, t->shape, t->ndim),
                          qg_shape_text(wanted, sizeof wanted, want, p->dims));
    }
    read_rows(out, c, p, t);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(out[i]))
            return QG_FAIL_AT(QG_ENUMERIC, c->dir, 0, 0, p->name, "element %zu is %g", i,
                              (double)out[i]);
    return QG_OK;
}

/* Buffers and heads of other tasks, and a classifier in whose place one was drawn. */
static bool is_leftover(const qg_checkpoint *c, const char *name)
{
    const qg_family *f = c->config->family;
    const char *head = row_of(f, QG_ROLE_CLASSIFIER)->name;
    for (const char *const *part = f->leftovers; *part; part++)
        if (strstr(name, *part))
            return true;
    if (qg_foreign_is_leftover(name))
        return true;
    const char *at = c->random_head ? strstr(name, head) : NULL;
    return at && at[strlen(head)] == '.';
}

void qg_checkpoint_warn(const qg_checkpoint *c)
{
    const char *first = "";
    int n = 0;
    for (int i = 0; !c->random_weights && i < qg_weights_count(c->weights); i++) {
        const char *name = qg_weights_at(c->weights, i)->name;
        if (c->used[i] || is_leftover(c, name))
            continue;
        if (n++ == 0)
            first = name;
    }
    if (n > 0)
        qg_warn("%s: %d tensors of the checkpoint are not part of the model (%s, ...)", c->dir, n,
                first);
}
