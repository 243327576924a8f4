/*
 * cost.c - what variants take: bytes of weights, errors of their quantization, time.
 */
#include "paper.h"

/* Mean and largest of a list; NaN where there is none. */
static void mean_and_largest(double *mean, double *largest, const qg_matrix *m)
{
    double sum = 0;
    *mean = *largest = (double)NAN;
    for (int64_t i = 0; m->x && i < m->rows; i++) {
        sum += m->x[i];
        *largest = i ? fmax(*largest, m->x[i]) : m->x[i];
    }
    if (m->x && m->rows > 0)
        *mean = sum / (double)m->rows;
}

/* Whether an earlier cell has the same model under the same precision. */
static bool is_repeated(const qg_reading *r, const qg_read_cell *c)
{
    for (const qg_read_cell *k = r->cell; k < c; k++)
        if (qg_paper_is(k, "predict") && strcmp(k->model, c->model) == 0 &&
            strcmp(k->precision, c->precision) == 0)
            return true;
    return false;
}

static qg_code add_size(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    qg_read_cell reference = *c;
    qg_matrix mse, cosine;
    double ms, own, ignored;
    char *group;
    qg_value *v;
    if (is_repeated(r, c))
        return QG_OK;
    reference.precision = QG_REFERENCE;
    QG_TRY(qg_table_add_row(&v, t));
    v[0].text = c->model;
    v[1].text = c->precision;
    v[2].number = (double)c->seed;
    QG_TRY(qg_paper_cost(&v[3].number, &ms, r, c));
    QG_TRY(qg_paper_cost(&own, &ms, r, &reference));
    v[4].number = v[3].number / own;
    QG_TRY(qg_reading_path(&group, r, "/models/{model}/{precision}", c));
    v[5].number = qg_table_count(r, group, "parameters");
    QG_TRY(qg_paper_list(&mse, r, c, "/models/{model}/{precision}/weight_mse", "layer"));
    QG_TRY(qg_paper_list(&cosine, r, c, "/models/{model}/{precision}/weight_cosine", "layer"));
    mean_and_largest(&v[6].number, &v[7].number, &mse);
    mean_and_largest(&v[8].number, &ignored, &cosine);
    return QG_OK;
}

qg_code qg_table_model_sizes(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"model", NULL, QG_TEXT, 0},
        {"precision", NULL, QG_TEXT, 0},
        {"seed", NULL, QG_SIGNIFICANT, 17},
        {"size", NULL, QG_BYTES, 0},
        {"of " QG_REFERENCE, NULL, QG_FIXED, 3},
        {"parameters", NULL, QG_SIGNIFICANT, 9},
        {"mean weight MSE", NULL, QG_SIGNIFICANT, 3},
        {"largest weight MSE", NULL, QG_SIGNIFICANT, 3},
        {"mean weight cosine", NULL, QG_FIXED, 6},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    t->best = "   -";
    t->within = 1;
    return qg_paper_each(t, r, "predict", add_size);
}

static qg_code add_latency(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const statistic[] = {"mean", "sd", "median", "min", "max", "p95", "p99"};
    qg_matrix m, texts, tokens;
    QG_TRY(qg_paper_matrix(&m, r, c, "/timing/latency/{model}/{dataset}/{precision}/summary", NULL,
                           "batch_size", "statistic"));
    QG_TRY(qg_paper_list(&texts, r, c,
                         "/timing/latency/{model}/{dataset}/{precision}/texts_per_second",
                         "batch_size"));
    QG_TRY(qg_paper_list(&tokens, r, c,
                         "/timing/latency/{model}/{dataset}/{precision}/tokens_per_second",
                         "batch_size"));
    for (int64_t b = 0; m.x && b < m.rows; b++) {
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        qg_paper_variant(v, c, NULL);
        v += QG_VARIANT;
        v[0] = qg_table_side("batch_size", m.row[b]);
        for (int k = 0; k < 7; k++)
            v[1 + k].number = qg_matrix_at(&m, NULL, m.row[b], statistic[k]);
        v[8].number = qg_matrix_at(&texts, NULL, m.row[b], NULL);
        v[9].number = qg_matrix_at(&tokens, NULL, m.row[b], NULL);
    }
    return QG_OK;
}

qg_code qg_table_latencies(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"batch", NULL, QG_SIGNIFICANT, 9},
        {"mean", "ms", QG_FIXED, 3},
        {"sd", "ms", QG_FIXED, 3},
        {"median", "ms", QG_FIXED, 3},
        {"min", "ms", QG_FIXED, 3},
        {"max", "ms", QG_FIXED, 3},
        {"p95", "ms", QG_FIXED, 3},
        {"p99", "ms", QG_FIXED, 3},
        {"texts", "1/s", QG_FIXED, 1},
        {"tokens", "1/s", QG_FIXED, 1},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    t->best = "      - -    ++";
    t->within = 1;
    return qg_paper_each(t, r, "latency", add_latency);
}
