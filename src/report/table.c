/*
 * table.c - the table of results.
 */
#include "qgrid/report.h"

#include "qgrid/reading.h"
#include "qgrid/str.h"

#include <math.h>
#include <string.h>

static char *number(char *out, size_t size, int digits, double v)
{
    if (isnan(v))
        snprintf(out, size, "-");
    else
        snprintf(out, size, "%.*f", digits, v);
    return out;
}

static double median_latency(qg_reading *r, const char *group)
{
    char path[1024];
    int64_t start[] = {0, 4}, count[] = {1, 1};
    double v = (double)NAN;
    snprintf(path, sizeof path, "%s/summary", group);
    if (qg_store_has(r->store, path) &&
        qg_store_read(r->store, path, QG_STORE_F64, start, count, &v) != QG_OK)
        qg_error_clear();
    return v;
}

static void print_row(FILE *to, qg_reading *r, const qg_read_cell *c, int width)
{
    char group[1024], accuracy[16], f1[16], ece[16], agree[16], size[32], ms[16];
    qg_reading_group(group, sizeof group, c, "metrics");
    number(accuracy, sizeof accuracy, 4, qg_reading_f64(r, group, "accuracy"));
    number(f1, sizeof f1, 4, qg_reading_f64(r, group, "macro_f1"));
    number(ece, sizeof ece, 4, qg_reading_f64(r, group, "ece"));
    number(agree, sizeof agree, 4, qg_reading_f64(r, group, "agreement_with_fp32"));
    snprintf(group, sizeof group, "/models/%s/%s", c->model, c->precision);
    int64_t bytes = qg_reading_i64(r, group, "size_bytes");
    if (bytes >= 0)
        qg_format_bytes(size, sizeof size, (double)bytes);
    else
        snprintf(size, sizeof size, "-");
    qg_reading_group(group, sizeof group, c, "timing/latency");
    number(ms, sizeof ms, 3, median_latency(r, group));
    fprintf(to, "%-*s  %-6s  %8s  %8s  %8s  %9s  %10s  %9s\n", width, c->name,
            qg_read_cell_state(c), accuracy, f1, ece, agree, size, ms);
}

qg_code qg_print_table(FILE *to, qg_arena *a, const char *path)
{
    qg_reading r;
    int width = 4;
    QG_TRY(qg_reading_open(&r, a, path));
    qg_reading_note(&r);
    for (int i = 0; i < r.n; i++)
        if (strcmp(r.cell[i].kind, "predict") == 0 && (int)strlen(r.cell[i].name) > width)
            width = (int)strlen(r.cell[i].name);
    fprintf(to, "%-*s  %-6s  %8s  %8s  %8s  %9s  %10s  %9s\n", width, "cell", "state", "accuracy",
            "macro-F1", "ECE", "as fp32", "size", "median ms");
    for (int i = 0; i < r.n; i++)
        if (strcmp(r.cell[i].kind, "predict") == 0 && r.cell[i].state <= QG_STATE_FAILED)
            print_row(to, &r, &r.cell[i], width);
    qg_code rc = qg_print_seeds(to, &r);
    if (rc == QG_OK)
        rc = qg_print_trainings(to, &r);
    if (rc == QG_OK)
        rc = qg_print_explanations(to, &r);
    qg_reading_close(&r);
    return rc;
}

qg_code qg_print_undone_cells(FILE *to, qg_arena *a, const char *path, bool open)
{
    qg_reading r;
    QG_TRY(qg_reading_open(&r, a, path));
    for (int i = 0; i < r.n; i++) {
        const qg_read_cell *c = &r.cell[i];
        if (c->state == QG_STATE_FAILED || c->state == QG_STATE_SKIPPED ||
            (open && c->state == QG_STATE_OPEN))
            fprintf(to, "%-7s %s%s%s\n", qg_read_cell_state(c), c->name, c->error[0] ? "  " : "",
                    c->error);
    }
    qg_reading_close(&r);
    return QG_OK;
}
