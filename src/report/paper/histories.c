/*
 * histories.c - trainings epoch by epoch.
 */
#include "paper.h"

#define GROUP "/training/{model}"

static qg_code add_epochs(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const list[] = {
        GROUP "/epoch_loss",          GROUP "/validation_nll",         GROUP "/validation_accuracy",
        GROUP "/validation_macro_f1", GROUP "/validation_weighted_f1", GROUP "/validation_ece"};
    enum { LISTS = 6 };
    qg_matrix m[LISTS];
    char *group;
    QG_TRY(qg_reading_path(&group, r, GROUP, c));
    double done = qg_table_count(r, group, "epochs_done");
    double best = qg_table_count(r, group, "best_epoch");
    for (int k = 0; k < LISTS; k++)
        QG_TRY(qg_paper_list(&m[k], r, c, list[k], "epoch"));
    for (int64_t i = 0; m[0].x && i < m[0].rows && (double)i < done; i++) {
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        v[0].text = c->model;
        v[1].number = (double)c->seed;
        v[2] = qg_table_side("epoch", m[0].row[i]);
        for (int k = 0; k < LISTS; k++)
            v[3 + k].number = m[k].x ? m[k].x[i] : (double)NAN;
        v[3 + LISTS].number = (double)i + 1 == best;
    }
    return QG_OK;
}

qg_code qg_table_training_history(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"model", NULL, QG_TEXT, 0},
        {"seed", NULL, QG_SIGNIFICANT, 17},
        {"epoch", NULL, QG_SIGNIFICANT, 9},
        {"loss", NULL, QG_FIXED, 4},
        {"validation loss", NULL, QG_FIXED, 4},
        {"accuracy", NULL, QG_FIXED, 4},
        {"macro-F1", NULL, QG_FIXED, 4},
        {"weighted F1", NULL, QG_FIXED, 4},
        {"ECE", NULL, QG_FIXED, 4},
        {"best", NULL, QG_FIXED, 0},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    t->best = "   --+++-";
    t->within = 1;
    return qg_paper_each(t, r, "train", add_epochs);
}
