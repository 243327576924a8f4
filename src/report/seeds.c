/*
 * seeds.c - statistics over the seeds of a model, of each precision.
 */
#include "table.h"

#include "qgrid/metrics.h"

#include <string.h>

/* Whether a list has a name. */
static bool has(const char *const *list, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

/* The precisions of a cell over seeds, *n of them, in the order of the job; in the arena. */
static qg_code precisions_of(const char ***out, int *n, qg_reading *r, const qg_read_cell *c)
{
    char *group;
    *n = 0;
    QG_TRY(qg_reading_path(&group, r, "/seeds/{model}/{dataset}", c));
    QG_NEW(*out, r->arena, r->n);
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *k = &r->cell[i];
        if (strcmp(k->kind, "predict") != 0 || has(*out, *n, k->precision))
            continue;
        char *path = qg_arena_printf(r->arena, "%s/%s/n", group, k->precision);
        if (!path)
            return QG_ENOMEM;
        if (qg_store_has(r->store, path))
            (*out)[(*n)++] = k->precision;
    }
    return QG_OK;
}

/* The statistics of a metric, [1, statistics], and seeds that they are over. */
static qg_code read_statistics(qg_matrix *out, double *seeds, qg_reading *r, const qg_read_cell *c,
                               const char *precision, const char *metric)
{
    char *group, *path;
    QG_TRY(qg_reading_path(&group, r, "/seeds/{model}/{dataset}", c));
    group = qg_arena_printf(r->arena, "%s/%s", group, precision);
    if (!group || !(path = qg_arena_printf(r->arena, "%s/%s", group, metric)))
        return QG_ENOMEM;
    *seeds = qg_table_count(r, group, "n");
    return qg_matrix_read(out, r, path, NULL, "statistic", NULL);
}

static qg_code add_seeds(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    const char **precision;
    int n;
    QG_TRY(precisions_of(&precision, &n, r, c));
    for (int i = 0; i < n; i++) {
        static const char *const metric[] = {"accuracy", "macro_f1"};
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = qg_arena_printf(r->arena, "%s/%s", c->experiment, precision[i]);
        if (!v[0].text)
            return QG_ENOMEM;
        for (int k = 0; k < 2; k++) {
            qg_matrix m;
            QG_TRY(read_statistics(&m, &v[1].number, r, c, precision[i], metric[k]));
            v[2 + 2 * k].number = qg_matrix_at(&m, NULL, "mean", NULL);
            v[3 + 2 * k].number = qg_matrix_at(&m, NULL, "sd", NULL);
        }
    }
    return QG_OK;
}

qg_code qg_table_seeds(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"precision", NULL, QG_TEXT, 0},       {"n", NULL, QG_SIGNIFICANT, 5},
        {"accuracy", NULL, QG_SIGNIFICANT, 5}, {"sd", NULL, QG_SIGNIFICANT, 5},
        {"macro-F1", NULL, QG_SIGNIFICANT, 5}, {"sd", NULL, QG_SIGNIFICANT, 5},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->cell[i].kind, "seeds") == 0)
            QG_TRY(add_seeds(t, r, &r->cell[i]));
    return QG_OK;
}

qg_code qg_table_over_seeds(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const statistic[] = {"mean", "sd", "median", "min", "max"};
    static const qg_column columns[] = {
        {"precision", NULL, QG_TEXT, 0},     {"metric", NULL, QG_TEXT, 0},
        {"mean", NULL, QG_SIGNIFICANT, 5},   {"sd", NULL, QG_SIGNIFICANT, 5},
        {"median", NULL, QG_SIGNIFICANT, 5}, {"min", NULL, QG_SIGNIFICANT, 5},
        {"max", NULL, QG_SIGNIFICANT, 5},
    };
    const char **precision;
    int n;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    t->blocks = true;
    QG_TRY(precisions_of(&precision, &n, r, c));
    for (int i = 0; i < n * (QG_METRICS + 1); i++) {
        const char *of = precision[i / (QG_METRICS + 1)];
        int metric = i % (QG_METRICS + 1);
        double seeds;
        qg_matrix m;
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        v[1].text = metric < QG_METRICS ? qg_metric_names[metric] : "agreement_with_fp32";
        QG_TRY(read_statistics(&m, &seeds, r, c, of, v[1].text));
        v[0].text = qg_arena_printf(r->arena, "%s, %.0f seeds", of, seeds);
        if (!v[0].text)
            return QG_ENOMEM;
        for (int k = 0; k < 5; k++)
            v[2 + k].number = qg_matrix_at(&m, NULL, statistic[k], NULL);
    }
    return QG_OK;
}
