/*
 * cmd_diff.c - qgrid diff: two results files, cell by cell.
 */
#include "cli.h"
#include "qgrid/report.h"

#include "qgrid/metrics.h"
#include "qgrid/reading.h"

#include <math.h>
#include <string.h>

static const qg_cli_option options[] = {
    {0, NULL, NULL, NULL},
};
static const char examples[] =
    "  qgrid diff results/monday.h5 results/tuesday.h5 && echo the same\n";

typedef struct difference {
    qg_reading a, b;
    int cells; /* that differ */
} difference;

static const qg_read_cell *find(const qg_reading *r, const char *name)
{
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->cell[i].name, name) == 0)
            return &r->cell[i];
    return NULL;
}

static bool same(double x, double y)
{
    return x == y || (isnan(x) && isnan(y));
}

static int diff_metric(difference *d, const qg_read_cell *c, const char *group, const char *metric)
{
    double x = qg_reading_f64(&d->a, group, metric), y = qg_reading_f64(&d->b, group, metric);
    if (same(x, y))
        return 0;
    printf("%s: %s %.10g -> %.10g\n", c->name, metric, x, y);
    return 1;
}

static int diff_metrics(difference *d, const qg_read_cell *c)
{
    char group[1024];
    int n = 0;
    qg_reading_group(group, sizeof group, c, "metrics");
#define X(metric, doc) n += diff_metric(d, c, group, #metric);
    QG_METRIC_LIST(X)
#undef X
    return n;
}

/* Logits and predictions of one file; *n rows of *K. */
static qg_code read_rows(qg_reading *r, const char *group, int64_t *n, int64_t *K, float **logits,
                         int32_t **predicted)
{
    char path[1100];
    qg_store_info info;
    snprintf(path, sizeof path, "%s/logits", group);
    QG_TRY(qg_store_describe(&info, r->store, path));
    if (info.ndim != 2)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, path, "has another shape");
    *n = info.shape[0];
    *K = info.shape[1];
    QG_NEW(*logits, r->arena, *n * *K);
    QG_NEW(*predicted, r->arena, *n);
    QG_TRY(qg_store_read(r->store, path, QG_STORE_F32, NULL, NULL, *logits));
    snprintf(path, sizeof path, "%s/predicted", group);
    return qg_store_read(r->store, path, QG_STORE_I32, NULL, NULL, *predicted);
}

/* NaN of an open row equals itself; 0 and -0 differ. */
static bool same_bits(float a, float b)
{
    uint32_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y;
}

static qg_code diff_rows(difference *d, const qg_read_cell *c, int *differs)
{
    char group[1024];
    int64_t n, K, m, L, flips = 0, first = -1;
    float *x, *y, worst = 0;
    int32_t *p, *q;
    qg_reading_group(group, sizeof group, c, "predictions");
    qg_mark mark = qg_arena_mark(d->a.arena);
    QG_TRY(read_rows(&d->a, group, &n, &K, &x, &p));
    QG_TRY(read_rows(&d->b, group, &m, &L, &y, &q));
    if (n != m || K != L) {
        printf("%s: %lld x %lld logits -> %lld x %lld\n", c->name, (long long)n, (long long)K,
               (long long)m, (long long)L);
        *differs = 1;
        return QG_OK;
    }
    for (int64_t i = 0; i < n * K; i++) {
        if (same_bits(x[i], y[i]))
            continue;
        first = first < 0 ? i : first;
        float gap = fabsf(x[i] - y[i]);
        worst = gap > worst ? gap : worst;
    }
    for (int64_t i = 0; i < n; i++)
        flips += p[i] != q[i];
    if (first >= 0 || flips) {
        printf("%s: %lld flipped predictions, logits differ by up to %.3g", c->name,
               (long long)flips, (double)worst);
        if (first >= 0)
            printf(", first at row %lld class %lld: %.9g -> %.9g", (long long)(first / K),
                   (long long)(first % K), (double)x[first], (double)y[first]);
        printf("\n");
        *differs = 1;
    }
    qg_arena_release(d->a.arena, mark);
    return QG_OK;
}

static qg_code diff_cell(difference *d, const qg_read_cell *c)
{
    const qg_read_cell *o = find(&d->b, c->name);
    int differs = 0;
    if (!o) {
        printf("%s: only in %s\n", c->name, d->a.path);
        d->cells++;
        return QG_OK;
    }
    if (c->state != o->state) {
        printf("%s: state %d -> %d%s%s\n", c->name, c->state, o->state, o->error[0] ? ": " : "",
               o->error);
        differs = 1;
    }
    if (strcmp(c->key, o->key) != 0) {
        printf("%s: made from other inputs or options\n", c->name);
        differs = 1;
    }
    if (strcmp(c->kind, "predict") == 0) {
        QG_TRY(diff_rows(d, c, &differs));
        differs |= diff_metrics(d, c) > 0;
    }
    if (strcmp(c->kind, "explain") == 0 && c->state != QG_STATE_SKIPPED)
        QG_TRY(qg_diff_explanation(&differs, &d->a, &d->b, c));
    if (strcmp(c->kind, "train") == 0)
        QG_TRY(qg_diff_training(&differs, &d->a, &d->b, c));
    d->cells += differs > 0;
    return QG_OK;
}

static qg_code diff_all(difference *d)
{
    for (int i = 0; i < d->a.n; i++)
        QG_TRY(diff_cell(d, &d->a.cell[i]));
    for (int i = 0; i < d->b.n; i++)
        if (!find(&d->a, d->b.cell[i].name)) {
            printf("%s: only in %s\n", d->b.cell[i].name, d->b.path);
            d->cells++;
        }
    return QG_OK;
}

static qg_code diff(qg_arena *arena, const char *a, const char *b, int *cells)
{
    difference d = {0};
    char x[65], y[65];
    QG_TRY(qg_reading_open(&d.a, arena, a));
    qg_code rc = qg_reading_open(&d.b, arena, b);
    if (rc == QG_OK) {
        qg_reading_note(&d.a);
        qg_reading_note(&d.b);
        rc = diff_all(&d);
    }
    if (rc == QG_OK)
        rc = qg_store_digest(x, d.a.store, QG_DIGEST_EXCEPT);
    if (rc == QG_OK)
        rc = qg_store_digest(y, d.b.store, QG_DIGEST_EXCEPT);
    qg_error kept = *qg_error_last();
    qg_reading_close(&d.a);
    qg_reading_close(&d.b);
    if (rc != QG_OK)
        return qg_error_restore(&kept);
    *cells = d.cells;
    if (strcmp(x, y) == 0)
        printf("the same results: digest %s\n", x);
    else if (d.cells == 0)
        printf("all cells agree; the files differ elsewhere (environment, job text, models)\n");
    else
        printf("%d cells differ\n", d.cells);
    return QG_OK;
}

int qg_cmd_diff(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("diff");
    int status = -1, cells = 0;
    while (status < 0 && qg_cli_next(argc, argv, cmd, options, examples, &status) != -1)
        ;
    if (status >= 0)
        return status;
    if (optind != argc - 2)
        return qg_cli_usage(cmd, "two results files are expected");
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_EXIT_STOPPED;
    if (diff(a, argv[optind], argv[optind + 1], &cells) == QG_OK)
        status = cells ? QG_EXIT_STOPPED : QG_EXIT_OK;
    else
        status = qg_cli_fail();
    qg_arena_destroy(a);
    return qg_cli_flush(status);
}
