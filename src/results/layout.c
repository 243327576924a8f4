/*
 * layout.c - from schema.def and the plan to the list of datasets and attributes.
 *
 * Each group instance gets the fields of its kind, and a scale for every dimension they use.
 */
#include "qgrid/layout.h"

#include "layout_data.h"
#include "qgrid/drift.h"
#include "qgrid/metrics.h"
#include "qgrid/pair_scores.h"
#include "qgrid/statistics.h"

#include <stdlib.h>
#include <string.h>

enum { STRING_NAME, STRING_TEXT, STRING_ERROR };

typedef struct schema_row {
    const char *name, *units, *doc;
    qg_group group;
    qg_store_type type;
    int string_kind;
    qg_dim dim[3];
    qg_filler *fill; /* NULL: filled later */
} schema_row;

/* TEXT and ERROR are strings whose size is not that of a name. */
enum {
    TYPE_I32 = QG_STORE_I32,
    TYPE_I64 = QG_STORE_I64,
    TYPE_U8 = QG_STORE_U8,
    TYPE_U64 = QG_STORE_U64,
    TYPE_F32 = QG_STORE_F32,
    TYPE_F64 = QG_STORE_F64,
    TYPE_STRING = QG_STORE_STRING,
    TYPE_TEXT = QG_STORE_STRING,
    TYPE_ERROR = QG_STORE_STRING,
    KIND_I32 = 0,
    KIND_I64 = 0,
    KIND_U8 = 0,
    KIND_U64 = 0,
    KIND_F32 = 0,
    KIND_F64 = 0,
    KIND_STRING = STRING_NAME,
    KIND_TEXT = STRING_TEXT,
    KIND_ERROR = STRING_ERROR
};

static const schema_row schema[] = {
#define QG_FIELD(group, name, type, units, d1, d2, d3, doc, filler)                                \
    {#name,                                                                                        \
     units,                                                                                        \
     doc,                                                                                          \
     QG_GROUP_##group,                                                                             \
     (qg_store_type)TYPE_##type,                                                                   \
     KIND_##type,                                                                                  \
     {QG_DIM_##d1, QG_DIM_##d2, QG_DIM_##d3},                                                      \
     qg_fill_##filler},
#include "schema.def"
#undef QG_FIELD
};
enum { N_SCHEMA = sizeof schema / sizeof schema[0] };

static const char *const dim_names[] = {
#define QG_DIM(id, name, length, scale) name,
#include "dimensions.def"
#undef QG_DIM
};
enum { N_DIMS = sizeof dim_names / sizeof dim_names[0] };

bool qg_schema_field_get(qg_schema_field *out, int i)
{
    if (i >= N_SCHEMA)
        return false;
    const schema_row *s = &schema[i];
    *out = (qg_schema_field){.group = qg_group_patterns[s->group],
                             .name = s->name,
                             .type = qg_store_type_name(s->type),
                             .doc = s->doc,
                             .units = s->units};
    for (int k = 0; k < 3 && s->dim[k] != QG_DIM_NONE; k++)
        out->axis[k] = dim_names[s->dim[k]];
    return true;
}

char *qg_schema_hash(char hex[65])
{
    qg_sha256 h;
    qg_sha256_init(&h);
    for (int i = 0; i < N_SCHEMA; i++) {
        const schema_row *s = &schema[i];
        qg_sha256_add_text(&h, qg_group_patterns[s->group]);
        qg_sha256_add_text(&h, s->name);
        qg_sha256_add_text(&h, qg_store_type_name(s->type));
        qg_sha256_add_text(&h, s->units ? s->units : "");
        for (int k = 0; k < 3; k++)
            qg_sha256_add_text(&h, dim_names[s->dim[k]]);
    }
    qg_dims_hash(&h);
    qg_sha256_final(&h, hex);
    return hex;
}

qg_group_ref qg_cell_group(const qg_plan *p, const qg_cell *c, qg_group group)
{
    int dataset = c->experiment >= 0 ? p->job->experiments[c->experiment].dataset : -1;
    return (qg_group_ref){group, c->model, dataset, c->precision, c->method};
}

/* Where the results of a kind of cells are. */
static const qg_group results_of[] = {
#define QG_CELL_KIND(id, name, work, key, sums_up, sides, nothing, finish, results, ...)           \
    QG_GROUP_##results,
#include "qgrid/cell_kinds.def"
#undef QG_CELL_KIND
};

/* Whether the rows of a cell's data set are in groups. */
static bool has_groups(const qg_plan *p, const qg_cell *c)
{
    return p->datasets[p->job->experiments[c->experiment].dataset].data.n_groups > 0;
}

/* Groups of an explanation besides its scores; returns how many. */
static int groups_beside_scores(qg_group_ref *r, const qg_plan *p, const qg_cell *c)
{
    const qg_explain_options *o = &p->job->explain;
    int n = 0;
    if (qg_plan_repeats(p, c))
        r[n++] = qg_cell_group(p, c, QG_GROUP_REPEAT);
    if (qg_method_pairs(&o->methods[c->method]) > 0)
        r[n++] = qg_cell_group(p, c, QG_GROUP_INTERACTIONS);
    if (p->datasets[p->job->experiments[c->experiment].dataset].data.pairs)
        r[n++] = qg_cell_group(p, c, QG_GROUP_CUES);
    if (o->faithful.n_k > 0)
        r[n++] = qg_cell_group(p, c, QG_GROUP_FAITHFULNESS);
    if (o->faithful.n_k > 0 && has_groups(p, c))
        r[n++] = qg_cell_group(p, c, QG_GROUP_FAITHFULNESS_BY_GROUP);
    if (c->precision != qg_job_reference(p->job))
        r[n++] = qg_cell_group(p, c, QG_GROUP_DRIFT);
    if (c->precision != qg_job_reference(p->job) && has_groups(p, c))
        r[n++] = qg_cell_group(p, c, QG_GROUP_DRIFT_BY_GROUP);
    if (p->job->experiments[c->experiment].reference >= 0)
        r[n++] = qg_cell_group(p, c, QG_GROUP_REFERENCE_DRIFT);
    return n;
}

/* Groups of a cell besides that of its results; returns how many. */
static int groups_beside(qg_group_ref *r, const qg_plan *p, const qg_cell *c)
{
    int n = 0;
    if (c->kind == QG_CELL_PREDICT)
        r[n++] = qg_cell_group(p, c, QG_GROUP_METRICS);
    if (c->kind == QG_CELL_PREDICT && has_groups(p, c))
        r[n++] = qg_cell_group(p, c, QG_GROUP_METRICS_BY_GROUP);
    if (c->kind == QG_CELL_EXPLAIN)
        n += groups_beside_scores(r, p, c);
    if (c->kind == QG_CELL_INTERNALS && c->precision != qg_job_reference(p->job))
        r[n++] = qg_cell_group(p, c, QG_GROUP_INTERNALS_DRIFT);
    if (c->kind == QG_CELL_REFERENCE && p->explained)
        r[n++] = qg_cell_group(p, c, QG_GROUP_REFERENCE_EXPLAINED);
    for (int i = 0; i < p->job->n_precisions && c->kind == QG_CELL_STRESS && p->explained; i++) {
        r[n] = qg_cell_group(p, c, QG_GROUP_STRESS_EXPLAINED);
        r[n++].precision = i;
    }
    for (int i = 0; i < p->job->n_precisions && c->kind == QG_CELL_SEEDS; i++) {
        r[n] = qg_cell_group(p, c, QG_GROUP_SEEDS);
        r[n++].precision = i;
    }
    return n;
}

int qg_layout_most_cell_groups(const qg_plan *p)
{
    return 9 + p->job->n_precisions;
}

int qg_layout_cell_groups(qg_group_ref *out, const qg_plan *p, const qg_cell *c)
{
    int n = 0;
    if (c->skip && qg_cell_work(c->kind))
        return 0;
    if (results_of[c->kind] != QG_GROUP_NONE)
        out[n++] = qg_cell_group(p, c, results_of[c->kind]);
    return n + groups_beside(out + n, p, c);
}

static int groups_of_cells(qg_group_ref *r, const qg_plan *p)
{
    int n = 0;
    for (int i = 0; i < p->n_cells; i++)
        n += qg_layout_cell_groups(r + n, p, &p->cells[i]);
    return n;
}

qg_group_ref *qg_layout_groups(qg_arena *a, const qg_plan *p, int *n)
{
    const qg_job *job = p->job;
    int P = job->n_precisions, E = job->n_experiments, count = 0;
    int most = 5 + 3 * job->n_datasets + job->n_models * P + E * (2 + P) + 9 * p->n_cells;
    most += E * job->stress.n_perturbations * P;
    qg_group_ref *r = qg_arena_alloc(a, (size_t)most, sizeof *r);
    if (!r)
        return NULL;
    r[count++] = qg_group_alone(QG_GROUP_CELLS);
    r[count++] = qg_group_alone(QG_GROUP_UNITS);
    r[count++] = qg_group_alone(QG_GROUP_TIMING_UNITS);
    r[count++] = qg_group_alone(QG_GROUP_TIMING_RUN);
    if (job->recommend.wanted)
        r[count++] = qg_group_alone(QG_GROUP_RECOMMENDATION);
    for (int d = 0; d < job->n_datasets; d++) {
        if (!p->datasets[d].word_splits) /* no experiment uses it */
            continue;
        r[count++] = (qg_group_ref){QG_GROUP_DATASET, -1, d, -1, -1};
        if (p->datasets[d].data.n_groups > 0)
            r[count++] = (qg_group_ref){QG_GROUP_GROUPS, -1, d, -1, -1};
        if (p->datasets[d].data.pairs)
            r[count++] = (qg_group_ref){QG_GROUP_PAIRS_OF_TEXTS, -1, d, -1, -1};
    }
    for (int t = 0; t < p->n_tasks; t++)
        if (p->tasks[t].cell < 0) /* it packs the model */
            r[count++] =
                (qg_group_ref){QG_GROUP_MODEL, p->tasks[t].model, -1, p->tasks[t].precision, -1};
    for (int e = 0; e < E; e++) {
        const qg_experiment *x = &job->experiments[e];
        r[count++] = (qg_group_ref){QG_GROUP_TOKENS, x->model, x->dataset, -1, -1};
        if (p->explained)
            r[count++] = (qg_group_ref){QG_GROUP_EXPLAINED, x->model, x->dataset, -1, -1};
    }
    *n = count + groups_of_cells(r + count, p);
    return r;
}

typedef struct builder {
    qg_arena *arena;
    const qg_plan *plan;
    qg_field *field;
    int n, cap;
} builder;

static qg_field *add_field(builder *b)
{
    if (b->n == b->cap) {
        int cap = b->cap ? 2 * b->cap : 256;
        b->field = qg_arena_grow(b->arena, b->field, (size_t)b->n, (size_t)cap, sizeof *b->field);
        if (!b->field)
            return NULL;
        b->cap = cap;
    }
    return &b->field[b->n++];
}

static const char *path_of(builder *b, qg_group_ref ref, const char *name)
{
    char path[1024];
    qg_group_path(path, sizeof path, b->plan->job, ref, name);
    return qg_arena_strdup(b->arena, path);
}

/* The scale of one dimension: integers 0, 1, 2 ... or names. */
static qg_code add_scale(builder *b, qg_group_ref ref, qg_dim dim, const char **path)
{
    qg_field *f = add_field(b);
    if (!f || !(*path = path_of(b, ref, dim_names[dim])))
        return QG_ENOMEM;
    *f = (qg_field){.path = *path, .ndim = 1, .scale = true, .dim = {*path}};
    f->shape[0] = qg_dim_size(b->plan, ref, dim);
    return qg_layout_scale_data(f, b->arena, b->plan, ref, dim);
}

static qg_code add_group(builder *b, qg_group_ref ref)
{
    const char *scale[N_DIMS] = {NULL};
    for (int i = 0; i < N_SCHEMA; i++)
        for (int k = 0; k < 3; k++) {
            qg_dim d = schema[i].dim[k];
            if (schema[i].group == ref.group && d != QG_DIM_NONE && !scale[d])
                QG_TRY(add_scale(b, ref, d, &scale[d]));
        }
    for (int i = 0; i < N_SCHEMA; i++) {
        const schema_row *s = &schema[i];
        if (s->group != ref.group)
            continue;
        qg_field *f = add_field(b);
        if (!f)
            return QG_ENOMEM;
        *f = (qg_field){.type = s->type, .units = s->units, .doc = s->doc};
        f->path = path_of(b, ref, s->name);
        if (!f->path)
            return QG_ENOMEM;
        for (int k = 0; k < 3 && s->dim[k] != QG_DIM_NONE; k++) {
            f->dim[k] = scale[s->dim[k]];
            f->shape[k] = qg_dim_size(b->plan, ref, s->dim[k]);
            f->ndim++;
        }
        f->string_size = s->string_kind == STRING_ERROR ? QG_ERROR_SIZE : QG_NAME_SIZE;
        if (s->type == QG_STORE_I32 || s->type == QG_STORE_I64) {
            f->fill = -1;
            f->fill_set = true;
        }
        if (s->fill)
            QG_TRY(s->fill(f, b->arena, b->plan, ref));
    }
    return QG_OK;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The checksums of all that is there by now. */
static qg_code add_checksums(builder *b)
{
    const char **path;
    int n = b->n;
    QG_NEW(path, b->arena, n);
    for (int i = 0; i < n; i++)
        path[i] = b->field[i].path;
    if (n > 1)
        qsort(path, (size_t)n, sizeof *path, by_path);
    QG_TRY(add_group(b, qg_group_alone(QG_GROUP_CHECKSUMS)));
    for (int i = n; i < b->n; i++)
        if (b->field[i].ndim > 0)
            b->field[i].shape[0] = n;
    return qg_layout_names(&b->field[n], b->arena, 1, qg_layout_listed, path);
}

qg_code qg_layout_make(qg_layout *out, qg_arena *a, const qg_plan *plan)
{
    builder b = {.arena = a, .plan = plan};
    int n;
    const qg_group_ref *groups = qg_layout_groups(a, plan, &n);
    if (!groups)
        return QG_ENOMEM;
    for (int i = 0; i < n; i++)
        QG_TRY(add_group(&b, groups[i]));
    QG_TRY(add_checksums(&b));
    *out = (qg_layout){.field = b.field, .n_fields = b.n};
    return qg_layout_attributes(out, a, plan, groups, n);
}
