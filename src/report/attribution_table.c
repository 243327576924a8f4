/*
 * attribution_table.c - explanations of a results file, as text.
 */
#include "qgrid/report.h"

#include "qgrid/drift.h"
#include "qgrid/layout.h"

#include <math.h>
#include <string.h>

/* One number of a summary; NaN where there is none. */
static double summary_of(qg_reading *r, const qg_read_cell *c, const char *kind,
                         const int64_t *start)
{
    char path[1200], group[1024];
    const int64_t one[] = {1, 1, 1};
    double v = (double)NAN;
    snprintf(path, sizeof path, "%s/summary", qg_reading_group(group, sizeof group, c, kind));
    if (!qg_store_has(r->store, path) ||
        qg_store_read(r->store, path, QG_STORE_F64, start, one, &v) != QG_OK) {
        qg_error_clear();
        return (double)NAN;
    }
    return v;
}

static double mean_drift(qg_reading *r, const qg_read_cell *c, int subset)
{
    const int64_t start[] = {subset, QG_DRIFT_spearman, QG_SUMMARY_mean};
    return summary_of(r, c, "comparisons", start);
}

static double mean_faithful(qg_reading *r, const qg_read_cell *c, int measure)
{
    const int64_t start[] = {measure, QG_SUMMARY_mean};
    return summary_of(r, c, "faithfulness", start);
}

static void number(FILE *to, int width, double v)
{
    if (isnan(v))
        fprintf(to, " %*s", width, "-");
    else
        fprintf(to, " %*.3f", width, v);
}

static bool is_explain(const qg_read_cell *c)
{
    return strcmp(c->kind, "explain") == 0;
}

/* The precisions of explanations, in the order of the file; returns how many of at most `most`. */
static int precisions_of(const char **out, int most, const qg_reading *r)
{
    int n = 0;
    for (int i = 0; i < r->n; i++) {
        bool known = !is_explain(&r->cell[i]);
        for (int k = 0; k < n && !known; k++)
            known = strcmp(out[k], r->cell[i].precision) == 0;
        if (!known && n < most)
            out[n++] = r->cell[i].precision;
    }
    return n;
}

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

enum { MOST = 64 };

/* Whether any precision has the explanation. */
static bool is_there(const qg_reading *r, const qg_read_cell *c)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *k = &r->cell[i];
        if (is_explain(k) && k->state == QG_STATE_DONE &&
            strcmp(k->experiment, c->experiment) == 0 && strcmp(k->method, c->method) == 0)
            return true;
    }
    return false;
}

/* Floor and ceiling are those of fp32, so they stand beside any other precision. */
static void print_line(FILE *to, qg_reading *r, const qg_read_cell *c, const char *const *precision,
                       int n, int width)
{
    char name[2 * QG_NAME_SIZE];
    double floor = (double)NAN, ceiling = (double)NAN;
    snprintf(name, sizeof name, "%s/*/%s", c->experiment, c->method);
    fprintf(to, "%-*s", width, name);
    for (int i = 0; i < n; i++) {
        const qg_read_cell *k = find(r, c, precision[i]);
        if (strcmp(precision[i], "fp32") == 0)
            continue;
        number(to, 8, k ? mean_drift(r, k, QG_SUBSET_all) : (double)NAN);
        if (k && isnan(floor)) {
            floor = mean_drift(r, k, QG_SUBSET_floor);
            ceiling = mean_drift(r, k, QG_SUBSET_ceiling);
        }
    }
    number(to, 8, floor);
    number(to, 8, ceiling);
    const qg_read_cell *f = find(r, c, "fp32");
    f = f ? f : c;
    number(to, 8, mean_faithful(r, f, QG_FAITHFUL_aopc_comprehensiveness));
    number(to, 8, mean_faithful(r, f, QG_FAITHFUL_deletion_auc));
    number(to, 8, mean_faithful(r, f, QG_FAITHFUL_insertion_auc));
    fprintf(to, "\n");
}

qg_code qg_print_explanations(FILE *to, qg_reading *r)
{
    const char *precision[MOST];
    int n = precisions_of(precision, MOST, r), width = 24;
    if (n == 0)
        return QG_OK;
    for (int i = 0; i < r->n; i++) {
        int len = (int)(strlen(r->cell[i].experiment) + strlen(r->cell[i].method)) + 3;
        width = is_explain(&r->cell[i]) && len > width ? len : width;
    }
    fprintf(to, "\n%-*s", width, "Spearman's rho with fp32");
    for (int i = 0; i < n; i++)
        if (strcmp(precision[i], "fp32") != 0)
            fprintf(to, " %8.8s", precision[i]);
    fprintf(to, " %8s %8s %8s %8s %8s\n", "floor", "ceiling", "AOPC", "deletion", "insert.");
    for (int i = 0; i < r->n; i++)
        if (is_explain(&r->cell[i]) && strcmp(r->cell[i].precision, precision[0]) == 0 &&
            is_there(r, &r->cell[i]))
            print_line(to, r, &r->cell[i], precision, n, width);
    return QG_OK;
}

qg_code qg_show_explanation(qg_reading *r, const qg_read_cell *c)
{
    char group[1024], path[1100];
    if (c->state == QG_STATE_SKIPPED)
        return QG_OK;
    qg_reading_group(group, sizeof group, c, "comparisons");
    snprintf(path, sizeof path, "%s/summary", group);
    if (qg_store_has(r->store, path))
        QG_TRY(qg_show_matrices(r, group, "summary", "subset", "measure", "summary_statistic"));
    qg_reading_group(group, sizeof group, c, "faithfulness");
    snprintf(path, sizeof path, "%s/summary", group);
    if (!qg_store_has(r->store, path))
        return QG_OK;
    QG_TRY(qg_show_matrix(r, group, "summary", "faithful_measure", "summary_statistic"));
    return qg_show_matrices(r, group, "summary_at_k", "faithful_measure_at_k", "k",
                            "summary_statistic");
}

qg_code qg_show_explanations(qg_reading *r, const qg_read_cell *c)
{
    char group[1024];
    if (c->state == QG_STATE_SKIPPED)
        return QG_OK;
    snprintf(group, sizeof group, "/comparisons/%s/%s/explanations", c->model, c->dataset);
    QG_TRY(qg_show_matrices(r, group, "agreement", "precision", "method_a", "method_b"));
    QG_TRY(qg_show_matrices(r, group, "drift_difference", "method", "precision_a", "precision_b"));
    QG_TRY(qg_show_matrices(r, group, "drift_p_holm", "method", "precision_a", "precision_b"));
    QG_TRY(qg_show_matrices(r, group, "above_floor", "method", "precision", "test"));
    return qg_show_matrices(r, group, "below_ceiling", "method", "precision", "test");
}

qg_code qg_show_pair(qg_reading *r, const qg_read_cell *c)
{
    char group[1024];
    const char *other = strstr(c->name, "/vs/");
    if (!other || c->state == QG_STATE_SKIPPED)
        return QG_OK;
    snprintf(group, sizeof group, "/pairs/%s/%s", c->experiment, other + strlen("/vs/"));
    QG_TRY(qg_show_matrices(r, group, "drift", "method", "precision", "test"));
    return qg_show_matrices(r, group, "aopc_comprehensiveness", "method", "precision", "test");
}

/* ------------------------------------------------------------------------------------ differences
 */

static qg_code read_words(double **out, qg_store_info *info, qg_reading *r, const qg_read_cell *c,
                          qg_arena *a)
{
    char path[1200], group[1024];
    snprintf(path, sizeof path, "%s/word_scores",
             qg_reading_group(group, sizeof group, c, "attributions"));
    QG_TRY(qg_store_describe(info, r->store, path));
    if (info->ndim != 2 || info->type != QG_STORE_F64)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, path, "has another shape");
    QG_NEW(*out, a, info->shape[0] * info->shape[1]);
    return qg_store_read(r->store, path, QG_STORE_F64, NULL, NULL, *out);
}

/* NaN of an open place equals itself; 0 and -0 differ. */
static bool same_bits(double a, double b)
{
    uint64_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y;
}

qg_code qg_diff_explanation(int *n, qg_reading *a, qg_reading *b, const qg_read_cell *c)
{
    double *x, *y, worst = 0;
    qg_store_info s, t;
    int64_t first = -1, count = 0;
    qg_mark mark = qg_arena_mark(a->arena);
    QG_TRY(read_words(&x, &s, a, c, a->arena));
    QG_TRY(read_words(&y, &t, b, c, a->arena));
    if (s.shape[0] != t.shape[0] || s.shape[1] != t.shape[1]) {
        printf("%s: %lld texts of at most %lld words -> %lld of %lld\n", c->name,
               (long long)s.shape[0], (long long)s.shape[1], (long long)t.shape[0],
               (long long)t.shape[1]);
        ++*n;
        return QG_OK;
    }
    for (int64_t i = 0; i < s.shape[0] * s.shape[1]; i++) {
        if (same_bits(x[i], y[i]))
            continue;
        count++;
        first = first < 0 ? i : first;
        worst = fmax(worst, fabs(x[i] - y[i]));
    }
    if (count > 0) {
        printf("%s: %lld word scores differ, by up to %.3g, first at text %lld word %lld: %.9g -> "
               "%.9g\n",
               c->name, (long long)count, worst, (long long)(first / s.shape[1]),
               (long long)(first % s.shape[1]), x[first], y[first]);
        ++*n;
    }
    qg_arena_release(a->arena, mark);
    return QG_OK;
}
