/*
 * trainings.c - the trainings of a file, and how one went, epoch by epoch and step by step.
 */
#include "table.h"

#include "qgrid/metrics.h"

#include <math.h>
#include <string.h>

#define GROUP "/training/{model}"

/* A column [n] of a training; x NULL when the file has none of that name. */
static qg_code read_column(qg_matrix *out, qg_reading *r, const qg_read_cell *c, const char *name,
                           const char *scale)
{
    char *group, *path;
    QG_TRY(qg_reading_path(&group, r, GROUP, c));
    path = qg_arena_printf(r->arena, "%s/%s", group, name);
    return path ? qg_matrix_read(out, r, path, NULL, scale, NULL) : QG_ENOMEM;
}

/* A whole number of a training; NaN when it is not known. */
static qg_code read_count(double *out, qg_reading *r, const qg_read_cell *c, const char *name)
{
    char *group;
    QG_TRY(qg_reading_path(&group, r, GROUP, c));
    *out = qg_table_count(r, group, name);
    return QG_OK;
}

/* ------------------------------------------------------------------- all trainings of the file */

static qg_code add_training(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const at_best[] = {"epoch_loss", "validation_accuracy",
                                          "validation_macro_f1"};
    qg_value *v;
    QG_TRY(qg_table_add_row(&v, t));
    v[0].text = c->name;
    v[1].text = qg_read_cell_state(c);
    QG_TRY(read_count(&v[2].number, r, c, "steps_done"));
    QG_TRY(read_count(&v[3].number, r, c, "best_epoch"));
    double best = v[3].number;
    if (!(best >= 1))
        v[3].number = (double)NAN;
    for (int k = 0; k < 3; k++) {
        qg_matrix m;
        QG_TRY(read_column(&m, r, c, at_best[k], "epoch"));
        if (m.x && best >= 1 && best <= (double)m.rows)
            v[4 + k].number = m.x[(int64_t)best - 1];
    }
    return QG_OK;
}

qg_code qg_table_trainings(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"cell", NULL, QG_TEXT, 0},
        {"state", NULL, QG_TEXT, 0},
        {"steps", NULL, QG_SIGNIFICANT, 5},
        {"best epoch", NULL, QG_SIGNIFICANT, 5},
        {"its loss", NULL, QG_SIGNIFICANT, 5},
        {"accuracy", NULL, QG_SIGNIFICANT, 5},
        {"macro-F1", NULL, QG_SIGNIFICANT, 5},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->cell[i].kind, "train") == 0)
            QG_TRY(add_training(t, r, &r->cell[i]));
    return QG_OK;
}

/* --------------------------------------------------------------------------------- one of them */

qg_code qg_table_training(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const qg_column columns[] = {
        {"what", NULL, QG_TEXT, 0},
        {"value", NULL, QG_SIGNIFICANT, 6},
    };
    static const char *const count[] = {"steps_done", "epochs_done", "best_epoch"};
    const char *end, *hash;
    char *group;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    if (c->state != QG_STATE_DONE)
        return QG_OK;
    for (int i = 0; i < 3; i++) {
        qg_value v = {0};
        QG_TRY(read_count(&v.number, r, c, count[i]));
        QG_TRY(qg_table_add_pair(t, count[i], v));
    }
    QG_TRY(qg_reading_path(&group, r, GROUP, c));
    QG_TRY(qg_table_word(&end, r, group, "end"));
    QG_TRY(qg_table_word(&hash, r, group, "model_hash"));
    end = end[0] ? end : "all epochs were done";
    QG_TRY(qg_table_add_pair(t, "end", (qg_value){.text = end}));
    return qg_table_add_pair(t, "model_hash", (qg_value){.text = hash});
}

/* Adds columns of the training, those that the file has: at most `most` rows, named by the scale.
 */
static qg_code add_table(qg_table *t, qg_reading *r, const qg_read_cell *c, const char *scale,
                         const char *const *name, int n, double most)
{
    qg_matrix *m;
    qg_column column = {"", NULL, QG_TEXT, 0};
    int columns = 0;
    QG_NEW(m, r->arena, n);
    QG_TRY(qg_table_add_columns(t, &column, 1));
    for (int i = 0; i < n; i++) {
        QG_TRY(read_column(&m[columns], r, c, name[i], scale));
        column = (qg_column){name[i], NULL, QG_SIGNIFICANT, 5};
        if (m[columns].x) {
            QG_TRY(qg_table_add_columns(t, &column, 1));
            columns++;
        }
    }
    for (int64_t i = 0; columns && i < m[0].rows && (double)i < most; i++) {
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = m[0].row[i];
        for (int k = 0; k < columns; k++)
            v[1 + k].number = m[k].x[i];
    }
    return QG_OK;
}

qg_code qg_table_epochs(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const columns[] = {"epoch_loss", "validation_nll", "validation_accuracy",
                                          "validation_macro_f1", "validation_weighted_f1"};
    double done = 0;
    if (c->state == QG_STATE_DONE)
        QG_TRY(read_count(&done, r, c, "epochs_done"));
    return add_table(t, r, c, "epoch", QG_ARRAY_AND_SIZE(columns), done);
}

qg_code qg_table_all_of_epochs(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
#define X(name, doc) "validation_" #name, "validation_" QG_REFERENCE "_" #name,
    static const char *const columns[] = {"epoch_loss", QG_METRIC_LIST(X)};
#undef X
    return add_table(t, r, c, "epoch", QG_ARRAY_AND_SIZE(columns), INFINITY);
}

qg_code qg_table_all_of_steps(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const columns[] = {"loss", "learning_rate", "grad_norm", "tokens"};
    return add_table(t, r, c, "step", QG_ARRAY_AND_SIZE(columns), INFINITY);
}
