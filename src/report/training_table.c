/*
 * training_table.c - trainings and statistics over seeds, as text.
 */
#include "qgrid/report.h"

#include "qgrid/layout.h"
#include "qgrid/metrics.h"

#include <math.h>
#include <string.h>

static const char *metric_name(int i)
{
    return i < QG_METRICS ? qg_metric_names[i] : "agreement_with_fp32";
}

/* Values of a 1-d dataset of doubles, *n of them; in the arena. */
static qg_code read_values(double **out, int64_t *n, qg_reading *r, const char *group,
                           const char *name)
{
    char path[1100];
    qg_store_info s;
    snprintf(path, sizeof path, "%s/%s", group, name);
    QG_TRY(qg_store_describe(&s, r->store, path));
    if (s.ndim != 1 || s.type != QG_STORE_F64)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, path, "is not a list of numbers");
    *n = s.shape[0];
    QG_NEW(*out, r->arena, *n);
    return qg_store_read(r->store, path, QG_STORE_F64, NULL, NULL, *out);
}

static qg_code read_text(char **out, qg_reading *r, const char *group, const char *name)
{
    char path[1100];
    qg_store_info s;
    snprintf(path, sizeof path, "%s/%s", group, name);
    QG_TRY(qg_store_describe(&s, r->store, path));
    if (s.ndim != 0 || s.type != QG_STORE_STRING)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, path, "is not a text");
    QG_NEW(*out, r->arena, s.string_size + 1);
    return qg_store_read(r->store, path, QG_STORE_STRING, NULL, NULL, *out);
}

static void number(FILE *to, int width, double v)
{
    if (isnan(v))
        fprintf(to, " %*s", width, "-");
    else
        fprintf(to, " %*.5g", width, v);
}

static char *group_of(char *out, size_t size, const qg_read_cell *c)
{
    snprintf(out, size, "/training/%s", c->model);
    return out;
}

/* Some columns of all epochs that were done. */
static qg_code show_epochs(qg_reading *r, const char *group, int64_t done)
{
    static const char *const columns[] = {"epoch_loss", "validation_nll", "validation_accuracy",
                                          "validation_macro_f1", "validation_weighted_f1"};
    enum { N = sizeof columns / sizeof columns[0] };
    double *v[N];
    int64_t n = 0;
    printf("  epoch ");
    for (int i = 0; i < N; i++) {
        QG_TRY(read_values(&v[i], &n, r, group, columns[i]));
        printf(" %22s", columns[i]);
        done = done < n ? done : n;
    }
    printf("\n");
    for (int64_t e = 0; e < done; e++) {
        printf("  %6lld", (long long)e + 1);
        for (int i = 0; i < N; i++)
            number(stdout, 22, v[i][e]);
        printf("\n");
    }
    return QG_OK;
}

qg_code qg_show_training(qg_reading *r, const qg_read_cell *c)
{
    char group[1024], *end, *hash;
    group_of(group, sizeof group, c);
    int64_t done = qg_reading_i64(r, group, "epochs_done");
    QG_TRY(read_text(&end, r, group, "end"));
    QG_TRY(read_text(&hash, r, group, "model_hash"));
    if (c->state != QG_STATE_DONE)
        return QG_OK;
    printf("  %-22s %lld\n", "steps_done", (long long)qg_reading_i64(r, group, "steps_done"));
    printf("  %-22s %lld\n", "epochs_done", (long long)done);
    printf("  %-22s %lld\n", "best_epoch", (long long)qg_reading_i64(r, group, "best_epoch"));
    printf("  %-22s %s\n", "end", end[0] ? end : "all epochs were done");
    printf("  %-22s %s\n", "model_hash", hash);
    return show_epochs(r, group, done);
}

/* Calls `each` with the group of every precision of a cell over seeds, and the precision's name. */
static qg_code each_precision(qg_reading *r, const qg_read_cell *c,
                              qg_code (*each)(void *ctx, qg_reading *r, const qg_read_cell *c,
                                              const char *group, const char *precision),
                              void *ctx)
{
    char group[1024];
    qg_store_info *list;
    int n;
    snprintf(group, sizeof group, "/seeds/%s/%s", c->model, c->dataset);
    QG_TRY(qg_store_list(&list, &n, r->store, r->arena, group));
    for (int i = 0; i < n; i++) {
        size_t len = strlen(list[i].path);
        if (len < 2 || strcmp(list[i].path + len - 2, "/n") != 0)
            continue;
        const char *own = qg_arena_strndup(r->arena, list[i].path, len - 2);
        if (!own)
            return QG_ENOMEM;
        QG_TRY(each(ctx, r, c, own, strrchr(own, '/') + 1));
    }
    return QG_OK;
}

static qg_code statistics(double out[QG_SEED_STATISTICS], qg_reading *r, const char *group,
                          const char *metric)
{
    double *v;
    int64_t n;
    QG_TRY(read_values(&v, &n, r, group, metric));
    if (n != QG_SEED_STATISTICS)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, group, "has %lld statistics, not %d",
                          (long long)n, QG_SEED_STATISTICS);
    memcpy(out, v, QG_SEED_STATISTICS * sizeof *out);
    return QG_OK;
}

static qg_code show_precision(void *ctx, qg_reading *r, const qg_read_cell *c, const char *group,
                              const char *precision)
{
    double v[QG_SEED_STATISTICS];
    (void)ctx;
    (void)c;
    printf("  %s, %lld seeds  %*s %12s %12s %12s\n", precision,
           (long long)qg_reading_i64(r, group, "n"), (int)(22 - strlen(precision)), "mean", "sd",
           "min", "max");
    for (int i = 0; i <= QG_METRICS; i++) {
        QG_TRY(statistics(v, r, group, metric_name(i)));
        printf("    %-20s", metric_name(i));
        for (int k = 0; k < QG_SEED_STATISTICS; k++)
            number(stdout, 12, v[k]);
        printf("\n");
    }
    return QG_OK;
}

qg_code qg_show_seeds(qg_reading *r, const qg_read_cell *c)
{
    return each_precision(r, c, show_precision, NULL);
}

static int width_of(const qg_reading *r, const char *kind, int least)
{
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->cell[i].kind, kind) == 0 && (int)strlen(r->cell[i].name) > least)
            least = (int)strlen(r->cell[i].name);
    return least;
}

/* At the best epoch; NaN when there is none. */
static qg_code best_of(double *out, qg_reading *r, const char *group, const char *name)
{
    double *v;
    int64_t n, best = qg_reading_i64(r, group, "best_epoch");
    QG_TRY(read_values(&v, &n, r, group, name));
    *out = best >= 1 && best <= n ? v[best - 1] : (double)NAN;
    return QG_OK;
}

static qg_code print_training(FILE *to, qg_reading *r, const qg_read_cell *c, int width)
{
    char group[1024];
    double loss, accuracy, f1;
    group_of(group, sizeof group, c);
    QG_TRY(best_of(&loss, r, group, "epoch_loss"));
    QG_TRY(best_of(&accuracy, r, group, "validation_accuracy"));
    QG_TRY(best_of(&f1, r, group, "validation_macro_f1"));
    int64_t steps = qg_reading_i64(r, group, "steps_done");
    int64_t best = qg_reading_i64(r, group, "best_epoch");
    fprintf(to, "%-*s  %-6s", width, c->name, qg_read_cell_state(c));
    number(to, 7, steps >= 0 ? (double)steps : (double)NAN);
    number(to, 11, best >= 1 ? (double)best : (double)NAN);
    number(to, 9, loss);
    number(to, 10, accuracy);
    number(to, 9, f1);
    fprintf(to, "\n");
    return QG_OK;
}

qg_code qg_print_trainings(FILE *to, qg_reading *r)
{
    int width = width_of(r, "train", 8), n = 0;
    for (int i = 0; i < r->n; i++) {
        if (strcmp(r->cell[i].kind, "train") != 0)
            continue;
        if (n++ == 0)
            fprintf(to, "\n%-*s  %-6s %7s %11s %9s %10s %9s\n", width, "training", "state", "steps",
                    "best epoch", "its loss", "accuracy", "macro-F1");
        QG_TRY(print_training(to, r, &r->cell[i], width));
    }
    return QG_OK;
}

typedef struct seeds_table {
    FILE *to;
    int width, rows;
} seeds_table;

static qg_code print_precision(void *ctx, qg_reading *r, const qg_read_cell *c, const char *group,
                               const char *precision)
{
    seeds_table *t = ctx;
    char name[2 * QG_NAME_SIZE];
    double accuracy[QG_SEED_STATISTICS], f1[QG_SEED_STATISTICS];
    QG_TRY(statistics(accuracy, r, group, "accuracy"));
    QG_TRY(statistics(f1, r, group, "macro_f1"));
    if (t->rows++ == 0)
        fprintf(t->to, "\n%-*s  %5s %9s %9s %9s %9s\n", t->width, "over seeds", "n", "accuracy",
                "sd", "macro-F1", "sd");
    snprintf(name, sizeof name, "%s/%s", c->experiment, precision);
    fprintf(t->to, "%-*s ", t->width, name);
    int64_t n = qg_reading_i64(r, group, "n");
    number(t->to, 5, n >= 0 ? (double)n : (double)NAN);
    number(t->to, 9, accuracy[0]);
    number(t->to, 9, accuracy[1]);
    number(t->to, 9, f1[0]);
    number(t->to, 9, f1[1]);
    fprintf(t->to, "\n");
    return QG_OK;
}

qg_code qg_print_seeds(FILE *to, qg_reading *r)
{
    seeds_table t = {.to = to, .width = width_of(r, "predict", 10)};
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->cell[i].kind, "seeds") == 0)
            QG_TRY(each_precision(r, &r->cell[i], print_precision, &t));
    return QG_OK;
}

qg_code qg_diff_training(int *n, qg_reading *a, qg_reading *b, const qg_read_cell *c)
{
    char group[1024];
    qg_store_info *list;
    int fields;
    group_of(group, sizeof group, c);
    QG_TRY(qg_store_list(&list, &fields, a->store, a->arena, group));
    for (int i = 0; i < fields; i++) {
        const char *name = strrchr(list[i].path, '/') + 1;
        double *x, *y;
        int64_t have, other, at = 0;
        if (list[i].type != QG_STORE_F64 || list[i].ndim != 1)
            continue;
        QG_TRY(read_values(&x, &have, a, group, name));
        QG_TRY(read_values(&y, &other, b, group, name));
        while (at < have && at < other && (x[at] == y[at] || (isnan(x[at]) && isnan(y[at]))))
            at++;
        if (at == have && at == other)
            continue;
        (*n)++;
        if (at < have && at < other)
            printf("%s: %s differs, first at %lld: %.10g -> %.10g\n", c->name, name, (long long)at,
                   x[at], y[at]);
        else
            printf("%s: %s has %lld -> %lld values\n", c->name, name, (long long)have,
                   (long long)other);
    }
    return QG_OK;
}
