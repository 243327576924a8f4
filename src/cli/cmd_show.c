/*
 * cmd_show.c - qgrid show: the table of a results file, or all numbers of one cell.
 */
#include "cli.h"

#include "qgrid/metrics.h"
#include "qgrid/reading.h"
#include "qgrid/report.h"

#include <math.h>
#include <string.h>

static const qg_cli_option options[] = {
    {0, NULL, NULL, NULL},
};
static const char examples[] = "  qgrid show results/full_matrix.h5\n"
                               "  qgrid show results/full_matrix.h5 finetuned_smsa/int8\n";

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
        return qg_show_matrix(r, group, "per_class", "true_class", "class_metric");
    }
    if (strcmp(c->kind, "latency") == 0) {
        qg_reading_group(group, sizeof group, c, "timing/latency");
        return qg_show_matrix(r, group, "summary", "batch_size", "statistic");
    }
    if (strcmp(c->kind, "train") == 0)
        return qg_show_training(r, c);
    if (strcmp(c->kind, "seeds") == 0)
        return qg_show_seeds(r, c);
    if (strcmp(c->kind, "explain") == 0)
        return qg_show_explanation(r, c);
    if (strcmp(c->kind, "explanations") == 0)
        return qg_show_explanations(r, c);
    if (strcmp(c->kind, "pair") == 0)
        return qg_show_pair(r, c);
    snprintf(group, sizeof group, "/comparisons/%s/%s/paired", c->model, c->dataset);
    QG_TRY(qg_show_matrix(r, group, "accuracy_difference", "precision_a", "precision_b"));
    QG_TRY(qg_show_matrix(r, group, "mcnemar_p", "precision_a", "precision_b"));
    return qg_show_matrix(r, group, "agreement", "precision_a", "precision_b");
}

static qg_code show(qg_arena *a, const char *path, const char *cell)
{
    qg_reading r;
    if (!cell)
        return qg_print_table(stdout, a, path);
    QG_TRY(qg_reading_open(&r, a, path));
    qg_reading_note(&r);
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
