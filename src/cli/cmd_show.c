/*
 * cmd_show.c - qgrid show: the table of a results file, or all numbers of one cell.
 */
#include "cli.h"

#include "qgrid/metrics.h"
#include "qgrid/reading.h"
#include "table.h"
#include "training_table.h"

#include <math.h>
#include <string.h>

static const qg_cli_option options[] = {
    {0, NULL, NULL, NULL},
};
static const char examples[] = "  qgrid show results/full_matrix.h5\n"
                               "  qgrid show results/full_matrix.h5 finetuned_smsa/int8\n";

enum { NAME = 160 };

static void line(const char *name, double v)
{
    if (isnan(v))
        printf("  %-22s -\n", name);
    else
        printf("  %-22s %.6g\n", name, v);
}

static void show_predict(qg_reading *r, const qg_read_cell *c)
{
    char group[1024];
    qg_reading_group(group, sizeof group, c, "metrics");
#define X(name, doc) line(#name, qg_reading_f64(r, group, #name));
    QG_METRIC_LIST(X)
#undef X
    line("agreement_with_fp32", qg_reading_f64(r, group, "agreement_with_fp32"));
    snprintf(group, sizeof group, "/models/%s/%s", c->model, c->precision);
    printf("  %-22s %lld\n", "size_bytes", (long long)qg_reading_i64(r, group, "size_bytes"));
}

/* The names along one side of a matrix: texts of a scale, whatever its type. */
static qg_code read_scale(char (**out)[NAME], int64_t *n, qg_reading *r, const char *group,
                          const char *name)
{
    char path[1100], *text;
    qg_store_info s;
    int64_t *number;
    snprintf(path, sizeof path, "%s/%s", group, name);
    QG_TRY(qg_store_describe(&s, r->store, path));
    bool strings = s.type == QG_STORE_STRING;
    if (s.ndim != 1 || (!strings && s.type != QG_STORE_I64))
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, path, "is not a list of names or numbers");
    *n = s.shape[0];
    QG_NEW(*out, r->arena, *n);
    QG_NEW(number, r->arena, *n);
    QG_NEW(text, r->arena, strings ? (size_t)*n * s.string_size : 1);
    QG_TRY(qg_store_read(r->store, path, s.type, NULL, NULL, strings ? (void *)text : number));
    for (int64_t i = 0; i < *n; i++)
        if (strings)
            snprintf((*out)[i], NAME, "%.*s", (int)s.string_size, text + (size_t)i * s.string_size);
        else
            snprintf((*out)[i], NAME, "%s %lld", name, (long long)number[i]);
    return QG_OK;
}

/* Prints a matrix [rows, columns] of doubles below names along both sides. */
static qg_code show_matrix(qg_reading *r, const char *group, const char *data, const char *rows,
                           const char *columns)
{
    char path[1100], (*down)[NAME], (*across)[NAME];
    qg_store_info v;
    int64_t n, m;
    double *x;
    QG_TRY(read_scale(&down, &n, r, group, rows));
    QG_TRY(read_scale(&across, &m, r, group, columns));
    snprintf(path, sizeof path, "%s/%s", group, data);
    QG_TRY(qg_store_describe(&v, r->store, path));
    if (v.ndim != 2 || v.shape[0] != n || v.shape[1] != m)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, path, "has another shape");
    QG_NEW(x, r->arena, (size_t)(n * m));
    QG_TRY(qg_store_read(r->store, path, QG_STORE_F64, NULL, NULL, x));
    printf("  %-22s", data);
    for (int64_t k = 0; k < m; k++)
        printf(" %12.12s", across[k]);
    printf("\n");
    for (int64_t i = 0; i < n; i++) {
        printf("  %-22.22s", down[i]);
        for (int64_t k = 0; k < m; k++)
            if (isnan(x[i * m + k]))
                printf(" %12s", "-");
            else
                printf(" %12.5g", x[i * m + k]);
        printf("\n");
    }
    return QG_OK;
}

static qg_code show_cell(qg_reading *r, const char *name)
{
    char group[1024];
    const qg_read_cell *c = NULL;
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->cell[i].name, name) == 0)
            c = &r->cell[i];
    if (!c)
        return QG_FAIL_AT(QG_EUSAGE, r->path, 0, 0, NULL,
                          "there is no cell '%s'; qgrid status lists what is open, qgrid show the "
                          "rest",
                          name);
    printf("%s: %s\n", c->name, qg_read_cell_state(c));
    if (c->error[0])
        printf("  %s\n", c->error);
    if (strcmp(c->kind, "predict") == 0) {
        show_predict(r, c);
        qg_reading_group(group, sizeof group, c, "metrics");
        return show_matrix(r, group, "per_class", "true_class", "class_metric");
    }
    if (strcmp(c->kind, "latency") == 0) {
        qg_reading_group(group, sizeof group, c, "timing/latency");
        return show_matrix(r, group, "summary", "batch_size", "statistic");
    }
    if (strcmp(c->kind, "train") == 0)
        return qg_show_training(r, c);
    if (strcmp(c->kind, "seeds") == 0)
        return qg_show_seeds(r, c);
    snprintf(group, sizeof group, "/comparisons/%s/%s/paired", c->model, c->dataset);
    QG_TRY(show_matrix(r, group, "accuracy_difference", "precision_a", "precision_b"));
    QG_TRY(show_matrix(r, group, "mcnemar_p", "precision_a", "precision_b"));
    return show_matrix(r, group, "agreement", "precision_a", "precision_b");
}

static qg_code show(qg_arena *a, const char *path, const char *cell)
{
    qg_reading r;
    if (!cell)
        return qg_print_table(stdout, a, path);
    QG_TRY(qg_reading_open(&r, a, path));
    qg_code rc = show_cell(&r, cell);
    qg_error kept = *qg_error_last();
    qg_reading_close(&r);
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}

int qg_cmd_show(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("show");
    int status = -1;
    while (status < 0 && qg_cli_next(argc, argv, cmd, options, examples, &status) != -1)
        ;
    if (status >= 0)
        return status;
    if (argc - optind < 1 || argc - optind > 2)
        return qg_cli_usage(cmd, "a results file, and a cell if you like, are expected");
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_EXIT_STOPPED;
    const char *cell = argc - optind == 2 ? argv[optind + 1] : NULL;
    status = show(a, argv[optind], cell) == QG_OK ? QG_EXIT_OK : qg_cli_fail();
    qg_arena_destroy(a);
    return qg_cli_flush(status);
}
