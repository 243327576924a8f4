/*
 * layout_scales.c - lengths of dimensions, and what their scales hold.
 */
#include "layout_data.h"

#include "qgrid/drift.h"

#include <string.h>

int64_t qg_dim_size(const qg_plan *p, qg_group_ref ref, qg_dim dim)
{
    const qg_job *job = p->job;
    switch (dim) {
    case QG_DIM_NONE:
        return 1;
    case QG_DIM_CELL:
        return p->n_cells;
    case QG_DIM_UNIT:
        return p->n_units;
    case QG_DIM_ROW:
        return p->datasets[ref.dataset].data.n;
    case QG_DIM_ROW_SPLIT:
        return p->datasets[ref.dataset].data.n + 1;
    case QG_DIM_WORD:
        return p->datasets[ref.dataset].n_words;
    case QG_DIM_TOKEN:
        return p->tokens[qg_layout_experiment(p, ref)]->T;
    case QG_DIM_LAYER:
        return qg_linear_count(&p->models[ref.model].config);
    case QG_DIM_CLASS:
    case QG_DIM_TRUE_CLASS:
    case QG_DIM_PREDICTED_CLASS:
        return job->K;
    case QG_DIM_CLASS_METRIC:
        return 4;
    case QG_DIM_BIN:
        return QG_BINS;
    case QG_DIM_PRECISION_A:
    case QG_DIM_PRECISION_B:
        return job->n_precisions;
    case QG_DIM_BATCH_SIZE:
        return job->latency.n_batch_sizes;
    case QG_DIM_TEXT_SAMPLE:
        return qg_plan_latency_texts(p, qg_layout_experiment(p, ref));
    case QG_DIM_RUN:
        return job->latency.runs;
    case QG_DIM_STATISTIC:
        return 7;
    case QG_DIM_STEP:
        return p->models[ref.model].training->epochs * p->models[ref.model].training->batches;
    case QG_DIM_EPOCH:
        return p->models[ref.model].training->epochs;
    case QG_DIM_SEED:
        return job->models[ref.model].fan.n;
    case QG_DIM_SEED_STATISTIC:
        return QG_SEED_STATISTICS;
    case QG_DIM_EXPLAINED:
        return p->explained[qg_layout_experiment(p, ref)].slots;
    case QG_DIM_WORD_PLACE:
        return p->explained[qg_layout_experiment(p, ref)].words;
    case QG_DIM_TOKEN_PLACE:
        return p->explained[qg_layout_experiment(p, ref)].tokens;
    case QG_DIM_TOP:
        return job->explain.faithful.n_k;
    case QG_DIM_FAITHFUL:
        return QG_FAITHFULS;
    case QG_DIM_FAITHFUL_AT_K:
        return QG_FAITHFULS_AT_K;
    case QG_DIM_MEASURE:
        return QG_DRIFTS;
    case QG_DIM_SUBSET:
        return QG_SUBSETS;
    case QG_DIM_SUMMARY:
        return QG_SUMMARIES;
    case QG_DIM_METHOD:
    case QG_DIM_METHOD_A:
    case QG_DIM_METHOD_B:
        return job->explain.n_methods;
    case QG_DIM_PRECISION:
        return job->n_precisions;
    case QG_DIM_TEST:
        return QG_TESTS;
    }
    return 0;
}

static const char *label_text(const void *ctx, int64_t i)
{
    return ((const qg_job *)ctx)->labels[i];
}

static const char *precision_text(const void *ctx, int64_t i)
{
    return ((const qg_job *)ctx)->precisions[i].name;
}

static const char *method_text(const void *ctx, int64_t i)
{
    return ((const qg_job *)ctx)->explain.methods[i].name;
}

#define X(name) #name,
static const char *const subset_names[] = {QG_SUBSET_LIST(X)};
static const char *const test_names[] = {QG_TEST_LIST(X)};
#undef X
static const char *const class_metrics[] = {"precision", "recall", "f1", "support"};
static const char *const statistics[] = {"mean", "sd", "min", "max", "median", "p95", "p99"};
static const char *const seed_statistics[QG_SEED_STATISTICS] = {"mean", "sd", "min", "max"};

static qg_code numbers(qg_field *f, qg_arena *a, int64_t from, int64_t step)
{
    int64_t *v;
    QG_NEW(v, a, f->shape[0]);
    for (int64_t i = 0; i < f->shape[0]; i++)
        v[i] = from + i * step;
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

qg_code qg_layout_scale_data(qg_field *f, qg_arena *a, const qg_plan *p, qg_group_ref ref,
                             qg_dim dim)
{
    switch (dim) {
    case QG_DIM_CLASS:
    case QG_DIM_TRUE_CLASS:
    case QG_DIM_PREDICTED_CLASS:
        return qg_layout_strings(f, a, QG_NAME_SIZE, label_text, p->job);
    case QG_DIM_PRECISION:
    case QG_DIM_PRECISION_A:
    case QG_DIM_PRECISION_B:
        return qg_layout_strings(f, a, QG_NAME_SIZE, precision_text, p->job);
    case QG_DIM_METHOD:
    case QG_DIM_METHOD_A:
    case QG_DIM_METHOD_B:
        return qg_layout_strings(f, a, QG_NAME_SIZE, method_text, p->job);
    case QG_DIM_FAITHFUL:
        return qg_layout_strings(f, a, 32, qg_layout_listed, qg_faithful_names);
    case QG_DIM_FAITHFUL_AT_K:
        return qg_layout_strings(f, a, 32, qg_layout_listed, qg_faithful_at_k_names);
    case QG_DIM_MEASURE:
        return qg_layout_strings(f, a, 16, qg_layout_listed, qg_drift_names);
    case QG_DIM_SUBSET:
        return qg_layout_strings(f, a, 16, qg_layout_listed, subset_names);
    case QG_DIM_SUMMARY:
        return qg_layout_strings(f, a, 16, qg_layout_listed, qg_summary_names);
    case QG_DIM_TEST:
        return qg_layout_strings(f, a, 16, qg_layout_listed, test_names);
    case QG_DIM_TOP:
        f->type = QG_STORE_F64;
        f->initial = p->job->explain.faithful.k;
        return QG_OK;
    case QG_DIM_CLASS_METRIC:
        return qg_layout_strings(f, a, 16, qg_layout_listed, class_metrics);
    case QG_DIM_STATISTIC:
        return qg_layout_strings(f, a, 16, qg_layout_listed, statistics);
    case QG_DIM_SEED_STATISTIC:
        return qg_layout_strings(f, a, 16, qg_layout_listed, seed_statistics);
    case QG_DIM_SEED:
        return seeds(f, a, p->job, ref.model);
    case QG_DIM_EPOCH:
        return numbers(f, a, 1, 1);
    case QG_DIM_LAYER: /* names come with the packed model */
        f->type = QG_STORE_STRING;
        f->string_size = QG_LAYER_NAME;
        return QG_OK;
    case QG_DIM_BATCH_SIZE: {
        int64_t *v;
        QG_NEW(v, a, f->shape[0]);
        memcpy(v, p->job->latency.batch_size, (size_t)f->shape[0] * sizeof *v);
        f->type = QG_STORE_I64;
        f->initial = v;
        return QG_OK;
    }
    default:
        return numbers(f, a, 0, 1);
    }
}
