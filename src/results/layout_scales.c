/*
 * layout_scales.c - lengths of dimensions, and what their scales hold.
 */
#include "layout_data.h"

#include "qgrid/drift.h"
#include "qgrid/metrics.h"
#include "qgrid/pair_scores.h"
#include "qgrid/pooled.h"

#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

#define X(name) #name,
static const char *const subset_names[] = {QG_SUBSET_LIST(X)};
static const char *const test_names[] = {QG_TEST_LIST(X)};
static const char *const difference_names[] = {QG_DIFFERENCE_LIST(X)};
static const char *const share_names[] = {QG_SHARE_LIST(X)};
static const char *const within_names[] = {QG_WITHIN_LIST(X)};
#undef X
static const char *const class_metrics[] = {"precision", "recall", "f1", "support"};
static const char *const statistics[] = {"mean", "sd", "min", "max", "median", "p95", "p99"};
static const char *const fragmentation_names[QG_FRAGMENTATIONS] = {
#define X(name) #name,
    QG_FRAGMENTATION_LIST(X)
#undef X
};
static const char *const seed_statistics[QG_SEED_STATISTICS] = {"mean", "sd", "median", "min",
                                                                "max"};

int64_t qg_dim_size(const qg_plan *p, qg_group_ref ref, qg_dim dim)
{
    const qg_job *job = p->job;
    switch (dim) {
#define QG_DIM(id, name, length, scale)                                                            \
    case QG_DIM_##id:                                                                              \
        return length;
#include "dimensions.def"
#undef QG_DIM
    }
    return 0;
}

static const char *label_text(const void *ctx, int64_t i)
{
    return ((const qg_job *)ctx)->labels[i];
}

static qg_code labels(qg_field *f, qg_arena *a, const qg_job *job)
{
    return qg_layout_names(f, a, QG_NAME_SIZE, label_text, job);
}

static const char *precision_text(const void *ctx, int64_t i)
{
    return ((const qg_job *)ctx)->precisions[i].name;
}

static qg_code precisions(qg_field *f, qg_arena *a, const qg_job *job)
{
    return qg_layout_names(f, a, QG_NAME_SIZE, precision_text, job);
}

static const char *method_text(const void *ctx, int64_t i)
{
    return ((const qg_job *)ctx)->explain.methods[i].name;
}

static qg_code methods(qg_field *f, qg_arena *a, const qg_job *job)
{
    return qg_layout_names(f, a, QG_NAME_SIZE, method_text, job);
}

/* Parts of a model that are drawn anew, from the top. */
static qg_code parts(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    const char **name;
    int layers = p->models[ref.model].config.layers;
    QG_NEW(name, a, layers + 3);
    name[0] = "classifier";
    name[1] = "pooler";
    for (int i = 0; i < layers; i++)
        if (!(name[2 + i] = qg_arena_printf(a, "layer %d", layers - 1 - i)))
            return QG_ENOMEM;
    name[layers + 2] = "embeddings";
    return qg_layout_names(f, a, 16, qg_layout_listed, name);
}

static const char *model_part_text(const void *ctx, int64_t i)
{
    return ((const qg_model_part *)ctx)[i].name;
}

static qg_code model_parts(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    return qg_layout_names(f, a, 16, model_part_text,
                           p->sensitivity[qg_layout_experiment(p, ref)].part);
}

/* All of them, and each. */
static qg_code phenomena(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref)
{
    const qg_minimal_pairs *x = p->datasets[ref.dataset].data.pairs;
    const char **name;
    QG_NEW(name, a, x->n_phenomena + 1);
    name[0] = "all";
    for (int i = 0; i < x->n_phenomena; i++)
        name[i + 1] = x->phenomenon[i];
    return qg_layout_names(f, a, 16, qg_layout_listed, name);
}

/* Names come with the packed model. */
static qg_code layers(qg_field *f)
{
    f->type = QG_STORE_STRING;
    f->string_size = QG_LAYER_NAME;
    return QG_OK;
}

static qg_code count(qg_field *f, qg_arena *a, int64_t from)
{
    int64_t *v;
    QG_NEW(v, a, f->shape[0]);
    for (int64_t i = 0; i < f->shape[0]; i++)
        v[i] = from + i;
    f->type = QG_STORE_I64;
    f->initial = v;
    return QG_OK;
}

static qg_code seeds(qg_field *f, qg_arena *a, const qg_job *job, int model)
{
    int64_t *v;
    QG_NEW(v, a, f->shape[0]);
    for (int64_t i = 0; i < f->shape[0]; i++)
        v[i] = job->models[model + i].seed;
    f->type = QG_STORE_I64;
    f->initial = v;
    return QG_OK;
}

static qg_code batch_sizes(qg_field *f, const qg_job *job)
{
    f->type = QG_STORE_I64;
    f->initial = job->latency.batch_size;
    return QG_OK;
}

static qg_code groups(qg_field *f, qg_arena *a, const qg_dataset *d)
{
    return qg_layout_names(f, a, 16, qg_layout_listed, d->group_name);
}

static qg_code levels(qg_field *f, const qg_job *job)
{
    f->type = QG_STORE_F64;
    f->initial = job->stress.level;
    return QG_OK;
}

static qg_code tops(qg_field *f, const qg_job *job)
{
    f->type = QG_STORE_F64;
    f->initial = job->explain.faithful.k;
    return QG_OK;
}

qg_code qg_layout_scale_data(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref,
                             qg_dim dim)
{
    const qg_job *job = p->job;
    switch (dim) {
#define FIXED(bytes, names) qg_layout_names(f, a, bytes, qg_layout_listed, names)
#define FROM(filled)        filled
#define QG_DIM(id, name, length, scale)                                                            \
    case QG_DIM_##id:                                                                              \
        return scale;
#include "dimensions.def"
#undef QG_DIM
#undef FROM
#undef FIXED
    }
    return QG_OK;
}

static void add_names(qg_sha256 *h, const char *const *names, int n)
{
    for (int i = 0; i < n && names[i]; i++)
        qg_sha256_add_text(h, names[i]);
}

void qg_dims_hash(qg_sha256 *h)
{
#define FIXED(bytes, names) add_names(h, names, LENGTH(names))
#define FROM(filled)        (void)0
#define QG_DIM(id, name, length, scale)                                                            \
    qg_sha256_add_text(h, name);                                                                   \
    scale;
#include "dimensions.def"
#undef QG_DIM
#undef FROM
#undef FIXED
}
