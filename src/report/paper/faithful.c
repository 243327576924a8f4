/*
 * faithful.c - faithfulness of explanations by k, in the mean and text by text; agreement of
 * methods.
 */
#include "paper.h"

#define GROUP "/faithfulness/{model}/{dataset}/{precision}/{method}"

/* ------------------------------------------------------------------------------------------ by k
 */

static qg_code add_by_k(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const measure[] = {"sufficiency", "comprehensiveness"};
    static const char *const number[] = {"mean", "sd", "ci_low", "ci_high"};
    qg_matrix m;
    QG_TRY(qg_paper_matrix(&m, r, c, GROUP "/summary_at_k", "faithful_measure_at_k", "k",
                           "summary_statistic"));
    for (int64_t k = 0; m.x && k < m.rows; k++) {
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        qg_paper_variant(v, c, NULL);
        v += QG_VARIANT;
        v[0].text = c->method;
        v[1] = qg_table_side("k", m.row[k]);
        v[2].number = qg_matrix_at(&m, measure[1], m.row[k], "n");
        for (int i = 0; i < 8; i++)
            v[3 + i].number = qg_matrix_at(&m, measure[i / 4], m.row[k], number[i % 4]);
    }
    return QG_OK;
}

qg_code qg_table_faithfulness_by_k(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"method", NULL, QG_TEXT, 0},
        {"k", NULL, QG_SIGNIFICANT, 9},
        {"n", NULL, QG_SIGNIFICANT, 9},
        {"sufficiency", NULL, QG_FIXED, 4},
        {"sd", NULL, QG_FIXED, 4},
        {"ci_low", NULL, QG_FIXED, 4},
        {"ci_high", NULL, QG_FIXED, 4},
        {"comprehensiveness", NULL, QG_FIXED, 4},
        {"sd", NULL, QG_FIXED, 4},
        {"ci_low", NULL, QG_FIXED, 4},
        {"ci_high", NULL, QG_FIXED, 4},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    return qg_paper_each(t, r, "explain", add_by_k);
}

/* --------------------------------------------------------------------------------------- by text
 */

/* The columns of measures: those that the file has. */
enum { FIRST = QG_VARIANT + 3 };

static qg_code add_measures(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    const char **name;
    char *path;
    int64_t n;
    QG_TRY(qg_reading_path(&path, r, GROUP "/faithful_measure_at_k", c));
    if (t->n_columns > FIRST || !qg_store_has(r->store, path))
        return QG_OK;
    QG_TRY(qg_names_read(&name, &n, r, path));
    for (int64_t i = 0; i < n; i++)
        QG_TRY(qg_table_add_columns(t, &(qg_column){name[i], NULL, QG_FIXED, 4}, 1));
    return QG_OK;
}

/* The measures at k of one cell, [explained, k] each, in the order of the columns. */
static qg_code read_at_k(qg_matrix **out, qg_reading *r, const qg_read_cell *c, const qg_table *t)
{
    QG_NEW(*out, r->arena, t->n_columns - FIRST);
    for (int i = 0; i < t->n_columns - FIRST; i++) {
        const char *pattern = qg_arena_printf(r->arena, GROUP "/%s", t->column[FIRST + i].head);
        if (!pattern)
            return QG_ENOMEM;
        QG_TRY(qg_paper_matrix(*out + i, r, c, pattern, NULL, "explained", "k"));
    }
    return QG_OK;
}

static qg_code add_text_at_k(qg_table *t, qg_reading *r, const qg_read_cell *c,
                             qg_paper_dataset *kept)
{
    qg_matrix *m;
    const qg_paper_rows *rows;
    const double *row;
    int64_t n;
    QG_TRY(add_measures(t, r, c));
    QG_TRY(qg_paper_dataset_of(&rows, kept, r, c));
    QG_TRY(qg_paper_explained(&row, &n, r, c, rows));
    QG_TRY(read_at_k(&m, r, c, t));
    for (int64_t i = 0; t->n_columns > FIRST && m[0].x && i < n && i < m[0].rows; i++) {
        for (int64_t k = 0; row[i] >= 0 && k < m[0].columns; k++) {
            qg_value *v;
            QG_TRY(qg_table_add_row(&v, t));
            qg_paper_variant(v, c, NULL);
            v += QG_VARIANT;
            v[0].text = c->method;
            v[1].text = rows->id[(int64_t)row[i]];
            v[2] = qg_table_side("k", m[0].column[k]);
            for (int f = 0; f < t->n_columns - FIRST; f++)
                v[3 + f].number = m[f].x ? m[f].x[i * m[f].columns + k] : (double)NAN;
        }
    }
    return QG_OK;
}

qg_code qg_table_faithfulness_per_text(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"method", NULL, QG_TEXT, 0},
        {"sample_id", NULL, QG_TEXT, 0},
        {"k", NULL, QG_SIGNIFICANT, 9},
    };
    qg_paper_dataset kept = {0};
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++)
        if (qg_paper_is(&r->cell[i], "explain"))
            QG_TRY(add_text_at_k(t, r, &r->cell[i], &kept));
    return QG_OK;
}

/* ------------------------------------------------------------------------------------ of methods
 */

static qg_code add_agreement(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix m;
    QG_TRY(qg_paper_matrix(&m, r, c, "/comparisons/{model}/{dataset}/explanations/agreement",
                           "precision", "method_a", "method_b"));
    bool first = t->n_columns == QG_VARIANT + 1;
    for (int64_t k = 0; m.x && first && k < m.columns; k++)
        QG_TRY(qg_table_add_columns(t, &(qg_column){m.column[k], NULL, QG_FIXED, 3}, 1));
    for (int64_t i = 0; m.x && i < m.blocks * m.rows; i++) {
        const char *precision = m.block[i / m.rows], *method = m.row[i % m.rows];
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        qg_paper_variant(v, c, precision);
        v += QG_VARIANT;
        v[0].text = method;
        for (int k = 1; k < t->n_columns - QG_VARIANT; k++)
            v[k].number = qg_matrix_at(&m, precision, method, t->column[QG_VARIANT + k].head);
    }
    return QG_OK;
}

qg_code qg_table_method_agreement(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {QG_VARIANT_COLUMNS, {"method", NULL, QG_TEXT, 0}};
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    return qg_paper_each(t, r, "explanations", add_agreement);
}
