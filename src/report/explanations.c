/*
 * explanations.c - how explanations hold under every precision: one row an experiment and method.
 */
#include "table.h"

#include <math.h>
#include <string.h>

static bool is_explain(const qg_read_cell *c)
{
    return strcmp(c->kind, "explain") == 0;
}

static bool is_reference(const char *precision)
{
    return strcmp(precision, QG_REFERENCE) == 0;
}

/* The precisions of explanations, *n of them, in the order of the file; in the arena. */
static qg_code precisions_of(const char ***out, int *n, const qg_reading *r)
{
    *n = 0;
    QG_NEW(*out, r->arena, r->n);
    for (int i = 0; i < r->n; i++) {
        bool known = !is_explain(&r->cell[i]);
        for (int k = 0; k < *n && !known; k++)
            known = strcmp((*out)[k], r->cell[i].precision) == 0;
        if (!known)
            (*out)[(*n)++] = r->cell[i].precision;
    }
    return QG_OK;
}

/* The same explanation under another precision; NULL: there is none. */
static const qg_read_cell *find(const qg_reading *r, const qg_read_cell *like,
                                const char *precision)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        if (is_explain(c) && strcmp(c->experiment, like->experiment) == 0 &&
            strcmp(c->method, like->method) == 0 && strcmp(c->precision, precision) == 0)
            return c;
    }
    return NULL;
}

/* Whether any precision has the explanation. */
static bool is_there(const qg_reading *r, const qg_read_cell *c, const char *const *precision,
                     int n)
{
    for (int i = 0; i < n; i++) {
        const qg_read_cell *k = find(r, c, precision[i]);
        if (k && k->state == QG_STATE_DONE)
            return true;
    }
    return false;
}

/* Mean Spearman drift of a cell, its floor and its repeat. Those of the reference stand beside any
 * other precision. */
static qg_code read_drift(qg_value *drift, qg_value *floor, qg_value *repeat, qg_reading *r,
                          const qg_read_cell *c)
{
    qg_matrix m;
    char *path;
    QG_TRY(qg_reading_path(&path, r, "/comparisons/{model}/{dataset}/{precision}/{method}/summary",
                           c));
    QG_TRY(qg_matrix_read(&m, r, path, "subset", "measure", "summary_statistic"));
    drift->number = qg_matrix_at(&m, "all", "spearman", "mean");
    if (isnan(floor->number)) {
        floor->number = qg_matrix_at(&m, "floor", "spearman", "mean");
        repeat->number = qg_matrix_at(&m, "repeat", "spearman", "mean");
    }
    return QG_OK;
}

static qg_code read_faithfulness(qg_value out[3], qg_reading *r, const qg_read_cell *c)
{
    static const char *const measure[] = {"aopc_comprehensiveness", "deletion_auc",
                                          "insertion_auc"};
    qg_matrix m;
    char *path;
    QG_TRY(qg_reading_path(&path, r, "/faithfulness/{model}/{dataset}/{precision}/{method}/summary",
                           c));
    QG_TRY(qg_matrix_read(&m, r, path, NULL, "faithful_measure", "summary_statistic"));
    for (int i = 0; i < 3; i++)
        out[i].number = qg_matrix_at(&m, NULL, measure[i], "mean");
    return QG_OK;
}

static qg_code add_explanation(qg_table *t, qg_reading *r, const qg_read_cell *c,
                               const char *const *precision, int n)
{
    qg_value *v, *last;
    QG_TRY(qg_table_add_row(&v, t));
    v->text = qg_arena_printf(r->arena, "%s/*/%s", c->experiment, c->method);
    if (!v->text)
        return QG_ENOMEM;
    last = v + t->n_columns - 5;
    for (int i = 0; i < n; i++) {
        const qg_read_cell *k = find(r, c, precision[i]);
        if (is_reference(precision[i]))
            continue;
        v++;
        if (k)
            QG_TRY(read_drift(v, &last[0], &last[1], r, k));
    }
    const qg_read_cell *reference = find(r, c, QG_REFERENCE);
    return read_faithfulness(last + 2, r, reference ? reference : c);
}

/* "0.95-0.98"; "-" where it is not known. */
static qg_code read_interval(const char **out, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix m;
    char *path;
    *out = "-";
    QG_TRY(qg_reading_path(&path, r, "/comparisons/{model}/{dataset}/{precision}/{method}/summary",
                           c));
    QG_TRY(qg_matrix_read(&m, r, path, "subset", "measure", "summary_statistic"));
    double low = qg_matrix_at(&m, "all", "spearman", "ci_low");
    double high = qg_matrix_at(&m, "all", "spearman", "ci_high");
    if (isnan(low) || isnan(high))
        return QG_OK;
    *out = qg_arena_printf(r->arena, low < 0 || high < 0 ? "%.3f to %.3f" : "%.3f-%.3f", low, high);
    return *out ? QG_OK : QG_ENOMEM;
}

static qg_code add_intervals(qg_table *t, qg_reading *r, const qg_read_cell *c,
                             const char *const *precision, int n)
{
    qg_value *v;
    QG_TRY(qg_table_add_row(&v, t));
    v->text = qg_arena_printf(r->arena, "%s/*/%s", c->experiment, c->method);
    if (!v->text)
        return QG_ENOMEM;
    for (int i = 0; i < n; i++) {
        const qg_read_cell *k = find(r, c, precision[i]);
        if (is_reference(precision[i]))
            continue;
        (++v)->text = "-";
        if (k)
            QG_TRY(read_interval(&v->text, r, k));
    }
    return QG_OK;
}

/* A column of each precision but the reference. */
static qg_code add_precisions(qg_table *t, const char *const *precision, int n,
                              qg_number_format format)
{
    for (int i = 0; i < n; i++) {
        const qg_column c = {precision[i], NULL, format, 3};
        if (!is_reference(precision[i]))
            QG_TRY(qg_table_add_columns(t, &c, 1));
    }
    return QG_OK;
}

static const qg_column explanation_column = {"explanation", NULL, QG_TEXT, 0};

qg_code qg_table_drift_intervals(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    const char **precision;
    int n;
    (void)none;
    QG_TRY(precisions_of(&precision, &n, r));
    QG_TRY(qg_table_add_columns(t, &explanation_column, 1));
    QG_TRY(add_precisions(t, precision, n, QG_TEXT));
    for (int i = 0; i < r->n && t->n_columns > 1; i++) {
        const qg_read_cell *c = &r->cell[i];
        if (is_explain(c) && strcmp(c->precision, precision[0]) == 0 &&
            is_there(r, c, precision, n))
            QG_TRY(add_intervals(t, r, c, precision, n));
    }
    return QG_OK;
}

qg_code qg_table_explanations(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"floor", NULL, QG_FIXED, 3},     {"repeat", NULL, QG_FIXED, 3},
        {"AOPC", NULL, QG_FIXED, 3},      {"deletion", NULL, QG_FIXED, 3},
        {"insertion", NULL, QG_FIXED, 3},
    };
    const char **precision;
    int n;
    (void)none;
    QG_TRY(precisions_of(&precision, &n, r));
    QG_TRY(qg_table_add_columns(t, &explanation_column, 1));
    QG_TRY(add_precisions(t, precision, n, QG_FIXED));
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        if (is_explain(c) && strcmp(c->precision, precision[0]) == 0 &&
            is_there(r, c, precision, n))
            QG_TRY(add_explanation(t, r, c, precision, n));
    }
    return QG_OK;
}
