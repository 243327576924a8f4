/*
 * over_seeds.c - trainings that differ in their seed: how their explanations hold, how far they are
 * from each other, and what of a distance training makes, what quantization.
 */
#include "paper.h"

#include "qgrid/drift.h"

#include <stdlib.h>

#define SEEDS "/seeds/{model}/{dataset}/explanations"

/* ----------------------------------------------------------------------------- pooled over seeds
 */

static qg_code add_pooled(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const pooled[] = {"seeds", "n", "mean", "sd", "ci_low", "ci_high", "pooled"};
    qg_matrix m, between, test;
    QG_TRY(qg_paper_matrix(&m, r, c, SEEDS "/drift", "method", "precision", "pooled_statistic"));
    QG_TRY(qg_paper_matrix(&between, r, c, SEEDS "/between_seeds", NULL, "method",
                           "summary_statistic"));
    QG_TRY(qg_paper_matrix(&test, r, c, SEEDS "/drift_and_seeds", "method", "precision", "test"));
    for (int64_t i = 0; m.x && i < m.blocks * m.rows; i++) {
        const char *method = m.block[i / m.rows], *precision = m.row[i % m.rows];
        qg_value *v;
        if (isnan(qg_matrix_at(&m, method, precision, "mean")))
            continue;
        QG_TRY(qg_table_add_row(&v, t));
        qg_paper_variant(v, c, precision);
        v[4].text = method;
        for (int k = 0; k < 7; k++)
            v[5 + k].number = qg_matrix_at(&m, method, precision, pooled[k]);
        v[12].number = qg_matrix_at(&between, NULL, method, "mean");
        v[13].number = qg_matrix_at(&test, method, precision, "difference");
        v[14].number = qg_matrix_at(&test, method, precision, "p_holm");
        v[13].significant = v[14].number < 0.05;
    }
    return QG_OK;
}

qg_code qg_table_stability_over_seeds(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"experiment", NULL, QG_TEXT, 0},
        {"model", NULL, QG_TEXT, 0},
        {"dataset", NULL, QG_TEXT, 0},
        {"precision", NULL, QG_TEXT, 0},
        {"method", NULL, QG_TEXT, 0},
        {"seeds", NULL, QG_SIGNIFICANT, 9},
        {"n", NULL, QG_SIGNIFICANT, 9},
        {"mean rho", NULL, QG_FIXED, 3},
        {"sd", NULL, QG_FIXED, 3},
        {"ci_low", NULL, QG_FIXED, 3},
        {"ci_high", NULL, QG_FIXED, 3},
        {"pooled", NULL, QG_FIXED, 3},
        {"between seeds", NULL, QG_FIXED, 3},
        {"rho - between seeds", NULL, QG_FIXED, 3},
        {"p_holm", NULL, QG_SIGNIFICANT, 3},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    return qg_paper_each(t, r, "explained_seeds", add_pooled);
}

/* ---------------------------------------------------------------------------- from seed to seed
 */

/* What an experiment of one seed says about the texts under fp32 by one method. */
typedef struct explained {
    const qg_read_cell *cell;
    qg_matrix score, target;
} explained;

/* The fp32 explanations by one method of the experiments EXPERIMENT_s*, *n of them [r->n]. */
static qg_code read_seeds(explained **out, int *n, qg_reading *r, const qg_read_cell *c,
                          const char *method)
{
    size_t len = strlen(c->experiment);
    *n = 0;
    QG_NEW(*out, r->arena, r->n);
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *k = &r->cell[i];
        explained *x = *out + *n;
        char seed[32];
        snprintf(seed, sizeof seed, "_s%lld", (long long)k->seed);
        if (!qg_paper_is(k, "explain") || strcmp(k->method, method) != 0 ||
            strcmp(k->precision, QG_REFERENCE) != 0 ||
            strncmp(k->experiment, c->experiment, len) != 0 ||
            strcmp(k->experiment + len, seed) != 0)
            continue;
        x->cell = k;
        QG_TRY(qg_paper_matrix(&x->score, r, k,
                               "/attributions/{model}/{dataset}/{precision}/{method}/word_scores",
                               NULL, "explained", "word_place"));
        QG_TRY(qg_paper_list(&x->target, r, k,
                             "/attributions/{model}/{dataset}/{precision}/{method}/target",
                             "explained"));
        *n += x->score.x && x->target.x;
    }
    return QG_OK;
}

/* Spearman's rho of the texts of two seeds [rows]; NaN where they explain different classes. */
static qg_code compare(double **out, const explained *a, const explained *b, qg_arena *arena)
{
    int64_t n = a->score.rows < b->score.rows ? a->score.rows : b->score.rows;
    int64_t places = a->score.columns;
    QG_NEW(*out, arena, a->score.rows);
    for (int64_t i = 0; i < a->score.rows; i++) {
        double drift[QG_DRIFTS];
        (*out)[i] = (double)NAN;
        if (i >= n || places != b->score.columns || a->target.x[i] != b->target.x[i] ||
            a->target.x[i] < 0)
            continue;
        QG_TRY(qg_drift_of(drift, a->score.x + i * places, b->score.x + i * places, (int)places,
                           arena));
        (*out)[i] = drift[QG_DRIFT_spearman];
    }
    return QG_OK;
}

/* What is said of two seeds: a row of all texts, or one of each. */
typedef qg_code say_pair(qg_table *t, qg_reading *r, const qg_read_cell *of, const explained *a,
                         const explained *b, const double *rho);

static void put_pair(qg_value *v, const qg_read_cell *of, const explained *a, const explained *b)
{
    v[0].text = of->experiment;
    v[1].text = of->dataset;
    v[2].text = a->cell->method;
    v[3].number = (double)a->cell->seed;
    v[4].number = (double)b->cell->seed;
}

static qg_code say_mean(qg_table *t, qg_reading *r, const qg_read_cell *of, const explained *a,
                        const explained *b, const double *rho)
{
    double summary[QG_SUMMARIES];
    qg_resampler resampler;
    qg_value *v;
    char *seed;
    QG_TRY(qg_store_attr_text(&seed, r->store, r->arena, "/", "seed"));
    resampler =
        qg_resampler_make(QG_PAPER_RESAMPLES, seed ? strtoull(seed, NULL, 10) : 0, r->arena);
    QG_TRY(qg_summarize(summary, rho, a->score.rows, 1, &resampler, r->arena));
    QG_TRY(qg_table_add_row(&v, t));
    put_pair(v, of, a, b);
    v[5].number = summary[QG_SUMMARY_n];
    v[6].number = summary[QG_SUMMARY_mean];
    v[7].number = summary[QG_SUMMARY_sd];
    v[8].number = summary[QG_SUMMARY_ci_low];
    v[9].number = summary[QG_SUMMARY_ci_high];
    return QG_OK;
}

static qg_code say_texts(qg_table *t, qg_reading *r, const qg_read_cell *of, const explained *a,
                         const explained *b, const double *rho)
{
    qg_paper_dataset kept = {0};
    const qg_paper_rows *rows;
    const double *row;
    int64_t n;
    QG_TRY(qg_paper_dataset_of(&rows, &kept, r, a->cell));
    QG_TRY(qg_paper_explained(&row, &n, r, a->cell, rows));
    for (int64_t i = 0; i < n && i < a->score.rows; i++) {
        qg_value *v;
        if (row[i] < 0)
            continue;
        QG_TRY(qg_table_add_row(&v, t));
        put_pair(v, of, a, b);
        v[5].text = rows->id[(int64_t)row[i]];
        v[6].number = rho[i];
    }
    return QG_OK;
}

/* All pairs of seeds of an experiment, by each method. */
static qg_code say_pairs(qg_table *t, qg_reading *r, const qg_read_cell *c, say_pair *say)
{
    qg_matrix between;
    QG_TRY(qg_paper_matrix(&between, r, c, SEEDS "/between_seeds", NULL, "method",
                           "summary_statistic"));
    for (int64_t m = 0; between.x && m < between.rows; m++) {
        explained *x;
        int n;
        QG_TRY(read_seeds(&x, &n, r, c, between.row[m]));
        for (int a = 0; a < n; a++) {
            for (int b = a + 1; b < n; b++) {
                double *rho;
                QG_TRY(compare(&rho, &x[a], &x[b], r->arena));
                QG_TRY(say(t, r, c, &x[a], &x[b], rho));
            }
        }
    }
    return QG_OK;
}

static qg_code add_cross_seed(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    return say_pairs(t, r, c, say_mean);
}

static qg_code add_cross_seed_texts(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    return say_pairs(t, r, c, say_texts);
}

#define PAIR_COLUMNS                                                                               \
    {"experiment", NULL, QG_TEXT, 0}, {"dataset", NULL, QG_TEXT, 0}, {"method", NULL, QG_TEXT, 0}, \
        {"seed a", NULL, QG_SIGNIFICANT, 17},                                                      \
    {                                                                                              \
        "seed b", NULL, QG_SIGNIFICANT, 17                                                         \
    }

qg_code qg_table_cross_seed(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        PAIR_COLUMNS,
        {"n", NULL, QG_SIGNIFICANT, 9},
        {"mean rho", NULL, QG_FIXED, 3},
        {"sd", NULL, QG_FIXED, 3},
        {"ci_low", NULL, QG_FIXED, 3},
        {"ci_high", NULL, QG_FIXED, 3},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    return qg_paper_each(t, r, "explained_seeds", add_cross_seed);
}

qg_code qg_table_cross_seed_per_text(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        PAIR_COLUMNS,
        {"sample_id", NULL, QG_TEXT, 0},
        {"rho", NULL, QG_FIXED, 4},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    return qg_paper_each(t, r, "explained_seeds", add_cross_seed_texts);
}
