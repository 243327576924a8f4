/*
 * calibration.c - variants by their calibration; bins of confidence; confusions of classes.
 */
#include "paper.h"

#include <stdlib.h>

#define METRICS "/metrics/{model}/{dataset}/{precision}"

enum { RANK, ECE = QG_VARIANT + 1 };

static qg_code add_ece(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const names[] = {
        "ece",      "ece_quantile",   "mce",           "brier", "nll", "mean_confidence",
        "accuracy", "confidence_gap", "overconfidence"};
    qg_value *v;
    QG_TRY(qg_table_add_row(&v, t));
    qg_paper_variant(v + 1, c, NULL);
    for (int k = 0; k < 9; k++)
        v[ECE + k].number = qg_paper_metric(r, c, names[k]);
    return QG_OK;
}

/* By data set as they come in the file, then by error; what is not known is last. */
static int by_error(const void *pa, const void *pb)
{
    const qg_value *a = pa, *b = pb;
    int order = strcmp(a[3].text, b[3].text);
    double x = a[ECE].number, y = b[ECE].number;
    if (order != 0)
        return order;
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y);
    if (x != y)
        return x < y ? -1 : 1;
    order = strcmp(a[1].text, b[1].text);
    return order ? order : strcmp(a[4].text, b[4].text);
}

qg_code qg_table_ece_ranking(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        {"rank", NULL, QG_SIGNIFICANT, 9},    QG_VARIANT_COLUMNS,
        {"ECE", NULL, QG_FIXED, 4},           {"ECE of equal bins", NULL, QG_FIXED, 4},
        {"MCE", NULL, QG_FIXED, 4},           {"Brier", NULL, QG_FIXED, 4},
        {"NLL", NULL, QG_FIXED, 4},           {"mean confidence", NULL, QG_FIXED, 4},
        {"accuracy", NULL, QG_FIXED, 4},      {"confidence gap", NULL, QG_FIXED, 4},
        {"overconfident", NULL, QG_FIXED, 4},
    };
    int64_t rank = 0;
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    t->best = "      -----";
    QG_TRY(qg_paper_each(t, r, "predict", add_ece));
    if (t->n_rows > 0)
        qsort(t->value, (size_t)t->n_rows, (size_t)t->n_columns * sizeof *t->value, by_error);
    for (int64_t i = 0; i < t->n_rows; i++) {
        qg_value *v = t->value + i * t->n_columns;
        bool first = i == 0 || strcmp(v[3].text, v[3 - t->n_columns].text) != 0;
        v[RANK].number = (double)(rank = first ? 1 : rank + 1);
    }
    return QG_OK;
}

/* ------------------------------------------------------------------------------------------ bins
 */

static qg_code add_bins(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix count, accuracy, confidence;
    QG_TRY(qg_paper_list(&count, r, c, METRICS "/bin_count", "bin"));
    QG_TRY(qg_paper_list(&accuracy, r, c, METRICS "/bin_accuracy", "bin"));
    QG_TRY(qg_paper_list(&confidence, r, c, METRICS "/bin_confidence", "bin"));
    for (int64_t b = 0; count.x && accuracy.x && confidence.x && b < count.rows; b++) {
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        qg_paper_variant(v, c, NULL);
        v += QG_VARIANT;
        v[0].number = (double)b / (double)count.rows;
        v[1].number = (double)(b + 1) / (double)count.rows;
        v[2].number = count.x[b];
        v[3].number = accuracy.x[b];
        v[4].number = confidence.x[b];
        v[5].number = confidence.x[b] - accuracy.x[b];
    }
    return QG_OK;
}

qg_code qg_table_calibration_bins(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"above", NULL, QG_FIXED, 1},
        {"up to", NULL, QG_FIXED, 1},
        {"texts", NULL, QG_SIGNIFICANT, 9},
        {"accuracy", NULL, QG_FIXED, 4},
        {"confidence", NULL, QG_FIXED, 4},
        {"gap", NULL, QG_FIXED, 4},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    return qg_paper_each(t, r, "predict", add_bins);
}

static qg_code add_confusion(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    qg_matrix m;
    QG_TRY(qg_paper_matrix(&m, r, c, METRICS "/confusion", NULL, "true_class", "predicted_class"));
    for (int64_t i = 0; m.x && i < m.rows; i++) {
        double all = 0;
        for (int64_t k = 0; k < m.columns; k++)
            all += m.x[i * m.columns + k];
        for (int64_t k = 0; k < m.columns; k++) {
            qg_value *v;
            QG_TRY(qg_table_add_row(&v, t));
            qg_paper_variant(v, c, NULL);
            v += QG_VARIANT;
            v[0].text = m.row[i];
            v[1].text = m.column[k];
            v[2].number = m.x[i * m.columns + k];
            v[3].number = all > 0 ? v[2].number / all : (double)NAN;
        }
    }
    return QG_OK;
}

qg_code qg_table_confusions(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"true class", NULL, QG_TEXT, 0},
        {"predicted class", NULL, QG_TEXT, 0},
        {"texts", NULL, QG_SIGNIFICANT, 9},
        {"share", NULL, QG_FIXED, 4},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    return qg_paper_each(t, r, "predict", add_confusion);
}
