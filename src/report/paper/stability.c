/*
 * stability.c - how explanations hold under every precision: by method, by family of methods, by
 * text; what differences so many texts can show.
 */
#include "family.h"
#include "paper.h"

#include "qgrid/drift.h"
#include "qgrid/statistics.h"

#include <stdlib.h>

#define DRIFT "/comparisons/{model}/{dataset}/{precision}/{method}"
#define TESTS "/comparisons/{model}/{dataset}/explanations"

static bool is_drift(const qg_read_cell *c)
{
    return qg_paper_is(c, "explain") && strcmp(c->precision, QG_REFERENCE) != 0;
}

static qg_code read_summary(qg_matrix *out, qg_reading *r, const qg_read_cell *c)
{
    return qg_paper_matrix(out, r, c, DRIFT "/summary", "subset", "measure", "summary_statistic");
}

/* ------------------------------------------------------------------------------------- by method
 */

/* Numbers of a test [method, precision, test] of a cell. */
static qg_code read_test(qg_value *out, qg_reading *r, const qg_read_cell *c, const char *pattern,
                         const char *const *number, int n)
{
    qg_matrix m;
    QG_TRY(qg_paper_matrix(&m, r, c, pattern, "method", "precision", "test"));
    for (int k = 0; k < n; k++)
        out[k].number = qg_matrix_at(&m, c->method, c->precision, number[k]);
    return QG_OK;
}

static qg_code add_stability(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const statistic[] = {"n", "mean", "sd", "ci_low", "ci_high"};
    static const char *const above[] = {"p_holm", "rank_biserial"};
    static const char *const from[] = {"difference", "p_holm"};
    qg_read_cell reference = *c;
    qg_matrix m, own;
    qg_value *v;
    if (!is_drift(c))
        return QG_OK;
    QG_TRY(read_summary(&m, r, c));
    if (!m.x)
        return QG_OK;
    reference.precision = QG_REFERENCE;
    QG_TRY(read_summary(&own, r, &reference));
    QG_TRY(qg_table_add_row(&v, t));
    qg_paper_variant(v, c, NULL);
    v += QG_VARIANT;
    v[0].text = c->method;
    QG_TRY(qg_method_family(&v[1].text, r, c));
    for (int k = 0; k < 5; k++)
        v[2 + k].number = qg_matrix_at(&m, "all", "spearman", statistic[k]);
    v[7].number = qg_matrix_at(&m, "all", "jaccard_5", "mean");
    v[8].number = qg_matrix_at(&m, "all", "jaccard_5", "ci_low");
    v[9].number = qg_matrix_at(&m, "all", "jaccard_5", "ci_high");
    v[10].number = qg_matrix_at(own.x ? &own : &m, "floor", "spearman", "mean");
    QG_TRY(read_test(v + 11, r, c, TESTS "/above_floor", above, 2));
    v[13].number = qg_matrix_at(own.x ? &own : &m, "repeat", "spearman", "mean");
    QG_TRY(read_test(v + 14, r, c, TESTS "/from_repeat", from, 2));
    v[3].significant = v[15].number < 0.05;
    return QG_OK;
}

qg_code qg_table_stability(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"method", NULL, QG_TEXT, 0},
        {"family", NULL, QG_TEXT, 0},
        {"n", NULL, QG_SIGNIFICANT, 9},
        {"mean rho", NULL, QG_FIXED, 3},
        {"sd", NULL, QG_FIXED, 3},
        {"ci_low", NULL, QG_FIXED, 3},
        {"ci_high", NULL, QG_FIXED, 3},
        {"Jaccard at 5", NULL, QG_FIXED, 3},
        {"ci_low", NULL, QG_FIXED, 3},
        {"ci_high", NULL, QG_FIXED, 3},
        {"floor", NULL, QG_FIXED, 3},
        {"above floor, p Holm", NULL, QG_SIGNIFICANT, 3},
        {"effect r", NULL, QG_FIXED, 3},
        {"repeat", NULL, QG_FIXED, 3},
        {"rho - repeat", NULL, QG_FIXED, 3},
        {"from repeat, p Holm", NULL, QG_SIGNIFICANT, 3},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    t->best = "        +   +";
    t->within = 1;
    return qg_paper_each(t, r, "explain", add_stability);
}

/* ------------------------------------------------------------------------------------- by family
 */

/* Mean rho of each text over the methods of a family under one precision. */
typedef struct family_mean {
    int64_t n;
    double *sum; /* [n] */
    int *count;  /* [n] methods that have the text */
    int methods;
    bool straight_through;
} family_mean;

/* Whether gradients of an explanation passed straight through the rounding. */
static qg_code is_straight_through(bool *out, qg_reading *r, const qg_read_cell *c)
{
    char *group;
    const char *how;
    QG_TRY(qg_reading_path(&group, r, "/attributions/{model}/{dataset}/{precision}/{method}", c));
    QG_TRY(qg_table_word(&how, r, group, "gradients"));
    *out = strcmp(how, "ste") == 0;
    return QG_OK;
}

static qg_code add_method(family_mean *f, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix m;
    bool ste;
    QG_TRY(qg_paper_list(&m, r, c, DRIFT "/spearman", "explained"));
    if (!m.x)
        return QG_OK;
    if (!f->sum) {
        f->n = m.rows;
        QG_NEW(f->sum, r->arena, f->n);
        QG_NEW(f->count, r->arena, f->n);
    }
    for (int64_t i = 0; i < f->n && i < m.rows; i++) {
        if (isnan(m.x[i]))
            continue;
        f->sum[i] += m.x[i];
        f->count[i]++;
    }
    QG_TRY(is_straight_through(&ste, r, c));
    f->straight_through |= ste;
    f->methods++;
    return QG_OK;
}

/* The methods of a family in one experiment under one precision. */
static qg_code read_family(family_mean *f, qg_reading *r, const qg_read_cell *like,
                           const char *family)
{
    *f = (family_mean){0};
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        const char *own;
        if (!is_drift(c) || strcmp(c->experiment, like->experiment) != 0 ||
            strcmp(c->precision, like->precision) != 0)
            continue;
        QG_TRY(qg_method_family(&own, r, c));
        if (strcmp(own, family) == 0)
            QG_TRY(add_method(f, r, c));
    }
    return QG_OK;
}

static qg_code add_family(qg_table *t, qg_reading *r, const qg_read_cell *c, const char *family,
                          qg_resampler *resampler)
{
    double summary[QG_SUMMARIES], *mean;
    family_mean f;
    qg_value *v;
    QG_TRY(read_family(&f, r, c, family));
    if (f.methods == 0)
        return QG_OK;
    QG_NEW(mean, r->arena, f.n);
    for (int64_t i = 0; i < f.n; i++)
        mean[i] = f.count[i] ? f.sum[i] / f.count[i] : (double)NAN;
    QG_TRY(qg_summarize(summary, mean, f.n, 1, resampler, r->arena));
    QG_TRY(qg_table_add_row(&v, t));
    qg_paper_variant(v, c, NULL);
    v += QG_VARIANT;
    v[0].text = family;
    v[1].number = f.methods;
    v[2].number = summary[QG_SUMMARY_n];
    v[3].number = summary[QG_SUMMARY_mean];
    v[4].number = summary[QG_SUMMARY_sd];
    v[5].number = summary[QG_SUMMARY_ci_low];
    v[6].number = summary[QG_SUMMARY_ci_high];
    v[7].text = f.straight_through ? "straight-through gradients" : "";
    return QG_OK;
}

/* Whether an earlier cell has the same experiment and precision. */
static bool is_repeated(const qg_reading *r, const qg_read_cell *c)
{
    for (const qg_read_cell *k = r->cell; k < c; k++)
        if (is_drift(k) && strcmp(k->experiment, c->experiment) == 0 &&
            strcmp(k->precision, c->precision) == 0)
            return true;
    return false;
}

static qg_code make_resampler(qg_resampler *out, qg_reading *r)
{
    char *seed;
    QG_TRY(qg_store_attr_text(&seed, r->store, r->arena, "/", "seed"));
    *out = qg_resampler_make(QG_PAPER_RESAMPLES, seed ? strtoull(seed, NULL, 10) : 0, r->arena);
    return QG_OK;
}

qg_code qg_table_stability_by_family(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"family", NULL, QG_TEXT, 0},
        {"methods", NULL, QG_SIGNIFICANT, 9},
        {"n", NULL, QG_SIGNIFICANT, 9},
        {"mean rho", NULL, QG_FIXED, 3},
        {"sd", NULL, QG_FIXED, 3},
        {"ci_low", NULL, QG_FIXED, 3},
        {"ci_high", NULL, QG_FIXED, 3},
        {"note", NULL, QG_TEXT, 0},
    };
    qg_resampler resampler;
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    QG_TRY(make_resampler(&resampler, r));
    t->best = "        +";
    t->within = 1;
    for (int f = 0; qg_families_of_methods[f]; f++)
        for (int i = 0; i < r->n; i++)
            if (is_drift(&r->cell[i]) && !is_repeated(r, &r->cell[i]))
                QG_TRY(add_family(t, r, &r->cell[i], qg_families_of_methods[f], &resampler));
    return QG_OK;
}

/* --------------------------------------------------------------------------------------- by text
 */

static qg_code add_texts(qg_table *t, qg_reading *r, const qg_read_cell *c, qg_paper_dataset *kept)
{
    static const char *const measure[] = {
#define X(name, doc) #name,
        QG_DRIFT_LIST(X)
#undef X
            "flipped"};
    enum { MEASURES = QG_DRIFTS + 1 };
    const qg_paper_rows *rows;
    const double *row;
    int64_t n;
    qg_matrix m[MEASURES];
    QG_TRY(qg_paper_dataset_of(&rows, kept, r, c));
    QG_TRY(qg_paper_explained(&row, &n, r, c, rows));
    for (int k = 0; k < MEASURES; k++) {
        const char *pattern = qg_arena_printf(r->arena, DRIFT "/%s", measure[k]);
        if (!pattern)
            return QG_ENOMEM;
        QG_TRY(qg_paper_list(&m[k], r, c, pattern, "explained"));
    }
    for (int64_t i = 0; m[0].x && i < n && i < m[0].rows; i++) {
        qg_value *v;
        if (row[i] < 0)
            continue;
        QG_TRY(qg_table_add_row(&v, t));
        qg_paper_variant(v, c, NULL);
        v += QG_VARIANT;
        v[0].text = c->method;
        v[1].text = rows->id[(int64_t)row[i]];
        for (int k = 0; k < MEASURES; k++)
            v[2 + k].number = m[k].x ? m[k].x[i] : (double)NAN;
    }
    return QG_OK;
}

qg_code qg_table_stability_per_text(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"method", NULL, QG_TEXT, 0},
        {"sample_id", NULL, QG_TEXT, 0},
#define X(name, doc) {#name, NULL, QG_FIXED, 4},
        QG_DRIFT_LIST(X)
#undef X
            {"flipped", NULL, QG_FIXED, 0},
    };
    qg_paper_dataset kept = {0};
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++)
        if (is_drift(&r->cell[i]))
            QG_TRY(add_texts(t, r, &r->cell[i], &kept));
    return QG_OK;
}

/* ----------------------------------------------------------------------------------------- power
 */

static qg_code add_power(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const detectable[] = {"detectable"};
    qg_matrix m;
    qg_value *v;
    if (!is_drift(c))
        return QG_OK;
    QG_TRY(read_summary(&m, r, c));
    double n = qg_matrix_at(&m, "all", "spearman", "n");
    double sd = qg_matrix_at(&m, "all", "spearman", "sd");
    if (!(n >= 2))
        return QG_OK;
    QG_TRY(qg_table_add_row(&v, t));
    qg_paper_variant(v, c, NULL);
    v += QG_VARIANT;
    v[0].text = c->method;
    v[1].number = n;
    v[2].number = sd;
    v[3].number = qg_detectable_difference(sd, (int64_t)n);
    QG_TRY(read_test(v + 4, r, c, TESTS "/above_floor", detectable, 1));
    return read_test(v + 5, r, c, TESTS "/from_repeat", detectable, 1);
}

qg_code qg_table_power(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"method", NULL, QG_TEXT, 0},
        {"n", NULL, QG_SIGNIFICANT, 9},
        {"sd of rho", NULL, QG_SIGNIFICANT, 3},
        {"detectable", NULL, QG_SIGNIFICANT, 3},
        {"detectable from floor", NULL, QG_SIGNIFICANT, 3},
        {"detectable from repeat", NULL, QG_SIGNIFICANT, 3},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    return qg_paper_each(t, r, "explain", add_power);
}
