/*
 * quality.c - variants by their metrics: all of them, against the own fp32, PTQ against QAT.
 */
#include "paper.h"

#include "qgrid/pair_scores.h"

#define METRICS "/metrics/{model}/{dataset}/{precision}"

/* --------------------------------------------------------------------------------------- summary
 */

static qg_code read_classes(qg_matrix *out, qg_reading *r, const qg_read_cell *c)
{
    return qg_paper_matrix(out, r, c, METRICS "/per_class", NULL, "true_class", "class_metric");
}

/* Columns of F1 by class, those of the first cell; the job's classes are the same for all. */
static qg_code add_classes(qg_table *t, qg_reading *r)
{
    for (int i = 0; i < r->n; i++) {
        qg_matrix m;
        if (!qg_paper_is(&r->cell[i], "predict"))
            continue;
        QG_TRY(read_classes(&m, r, &r->cell[i]));
        for (int64_t k = 0; m.x && k < m.rows; k++) {
            const char *head = qg_arena_printf(r->arena, "F1 %s", m.row[k]);
            if (!head)
                return QG_ENOMEM;
            QG_TRY(qg_table_add_columns(t, &(qg_column){head, NULL, QG_FIXED, 4}, 1));
        }
        break;
    }
    return QG_OK;
}

static qg_code add_summary(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const names[] = {"macro_f1", "weighted_precision", "weighted_recall",
                                        "weighted_f1"};
    qg_matrix m;
    qg_value *v;
    double n = 0;
    QG_TRY(qg_table_add_row(&v, t));
    QG_TRY(read_classes(&m, r, c));
    qg_paper_variant(v, c, NULL);
    v += QG_VARIANT;
    for (int64_t k = 0; m.x && k < m.rows; k++) {
        n += qg_matrix_at(&m, NULL, m.row[k], "support");
        v[8 + k].number = qg_matrix_at(&m, NULL, m.row[k], "f1");
    }
    v[0].number = n;
    double accuracy = v[1].number = qg_paper_metric(r, c, "accuracy");
    if (n > 0 && !isnan(accuracy))
        qg_share_interval(&v[2].number, &v[3].number, llround(accuracy * n), llround(n));
    for (int k = 0; k < 4; k++)
        v[4 + k].number = qg_paper_metric(r, c, names[k]);
    v += 8 + (m.x ? m.rows : 0);
    v[0].number = qg_paper_metric(r, c, "ece");
    v[1].number = qg_paper_metric(r, c, "agreement_with_fp32");
    return qg_paper_cost(&v[2].number, &v[3].number, r, c);
}

qg_code qg_table_summary(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column first[] = {
        QG_VARIANT_COLUMNS,
        {"n", NULL, QG_SIGNIFICANT, 9},
        {"accuracy", NULL, QG_FIXED, 4},
        {"ci_low", NULL, QG_FIXED, 4},
        {"ci_high", NULL, QG_FIXED, 4},
        {"macro-F1", NULL, QG_FIXED, 4},
        {"weighted precision", NULL, QG_FIXED, 4},
        {"weighted recall", NULL, QG_FIXED, 4},
        {"weighted F1", NULL, QG_FIXED, 4},
    };
    static const qg_column last[] = {
        {"ECE", NULL, QG_FIXED, 4},
        {"agreement", NULL, QG_FIXED, 4},
        {"size", NULL, QG_BYTES, 0},
        {"median", "ms", QG_FIXED, 3},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(first)));
    int classes = t->n_columns;
    QG_TRY(add_classes(t, r));
    classes = t->n_columns - classes;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(last)));
    char *best = qg_arena_printf(r->arena, "      +  ++++%*s- --", classes, "");
    if (!best)
        return QG_ENOMEM;
    memset(best + 13, '+', (size_t)classes);
    t->best = best;
    t->within = 1;
    return qg_paper_each(t, r, "predict", add_summary);
}

/* ------------------------------------------------------------------------ PTQ against its own fp32
 */

/* A number of the paired comparison of fp32 with a precision. */
static qg_code paired(double *out, qg_reading *r, const qg_read_cell *c, const char *name)
{
    qg_matrix m;
    const char *pattern =
        qg_arena_printf(r->arena, "/comparisons/{model}/{dataset}/paired/%s", name);
    if (!pattern)
        return QG_ENOMEM;
    QG_TRY(qg_paper_matrix(&m, r, c, pattern, NULL, "precision_a", "precision_b"));
    *out = qg_matrix_at(&m, NULL, QG_REFERENCE, c->precision);
    return QG_OK;
}

/* A value and its change in percent of the reference's. */
static void put_change(qg_value *v, double value, double reference)
{
    v[0].number = value;
    v[1].number = reference != 0 ? 100 * (value - reference) / reference : (double)NAN;
}

static qg_code add_ptq(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const names[] = {"accuracy", "macro_f1", "ece"};
    static const char *const tests[] = {"mcnemar_p_holm", "macro_f1_p_holm", "ece_p_holm"};
    qg_read_cell reference = *c;
    bool own = strcmp(c->precision, QG_REFERENCE) == 0;
    qg_value *v;
    double bytes, ms, reference_bytes, reference_ms;
    QG_TRY(qg_table_add_row(&v, t));
    qg_paper_variant(v, c, NULL);
    v += QG_VARIANT;
    reference.precision = QG_REFERENCE;
    for (int k = 0; k < 3; k++) {
        double p = (double)NAN;
        put_change(v + 2 * k, qg_paper_metric(r, c, names[k]),
                   own ? (double)NAN : qg_paper_metric(r, &reference, names[k]));
        if (!own)
            QG_TRY(paired(&p, r, c, tests[k]));
        v[2 * k + 1].significant = p < 0.05;
        if (k == 0)
            v[6].number = p;
    }
    v[7].number = qg_paper_metric(r, c, "agreement_with_fp32");
    QG_TRY(qg_paper_cost(&bytes, &ms, r, c));
    QG_TRY(qg_paper_cost(&reference_bytes, &reference_ms, r, &reference));
    put_change(v + 8, bytes, own ? (double)NAN : reference_bytes);
    put_change(v + 10, ms, own ? (double)NAN : reference_ms);
    return QG_OK;
}

qg_code qg_table_ptq(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"accuracy", NULL, QG_FIXED, 4},
        {"change", "%", QG_FIXED, 2},
        {"macro-F1", NULL, QG_FIXED, 4},
        {"change", "%", QG_FIXED, 2},
        {"ECE", NULL, QG_FIXED, 4},
        {"change", "%", QG_FIXED, 2},
        {"McNemar p, Holm", NULL, QG_SIGNIFICANT, 3},
        {"agreement", NULL, QG_FIXED, 4},
        {"size", NULL, QG_BYTES, 0},
        {"change", "%", QG_FIXED, 1},
        {"median", "ms", QG_FIXED, 3},
        {"change", "%", QG_FIXED, 1},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    t->best = "     + + -    - - ";
    t->within = 1;
    return qg_paper_each(t, r, "predict", add_ptq);
}

/* -------------------------------------------------------------------------------- PTQ against QAT
 */

/* The row of one precision: the variant, its reference's own model under the same precision. */
static qg_code add_qat_row(qg_table *t, qg_reading *r, const qg_read_cell *qat,
                           const qg_read_cell *ptq)
{
    static const char *const names[] = {"accuracy", "macro_f1", "ece"};
    qg_value *v;
    QG_TRY(qg_table_add_row(&v, t));
    qg_paper_variant(v, qat, NULL);
    v += QG_VARIANT;
    v[0].text = ptq->experiment;
    for (int k = 0; k < 3; k++) {
        double a = qg_paper_metric(r, ptq, names[k]), b = qg_paper_metric(r, qat, names[k]);
        v[1 + 3 * k].number = a;
        v[2 + 3 * k].number = b;
        v[3 + 3 * k].number = b - a;
    }
    return QG_OK;
}

static qg_code add_qat(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    const char *reference;
    QG_TRY(qg_paper_reference(&reference, r, c));
    const qg_read_cell *ptq =
        reference ? qg_paper_find(r, "predict", reference, c->precision, "") : NULL;
    return ptq ? add_qat_row(t, r, c, ptq) : QG_OK;
}

qg_code qg_table_ptq_qat(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"PTQ experiment", NULL, QG_TEXT, 0},
        {"PTQ accuracy", NULL, QG_FIXED, 4},
        {"accuracy", NULL, QG_FIXED, 4},
        {"accuracy difference", NULL, QG_FIXED, 4},
        {"PTQ macro-F1", NULL, QG_FIXED, 4},
        {"macro-F1", NULL, QG_FIXED, 4},
        {"macro-F1 difference", NULL, QG_FIXED, 4},
        {"PTQ ECE", NULL, QG_FIXED, 4},
        {"ECE", NULL, QG_FIXED, 4},
        {"ECE difference", NULL, QG_FIXED, 4},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    return qg_paper_each(t, r, "predict", add_qat);
}

/* A row for each method and precision of a cell that has a reference. */
static qg_code add_qat_drift(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const test[] = {"n", "difference", "ci_low", "ci_high", "p", "p_holm"};
    const char *reference;
    qg_matrix m;
    QG_TRY(qg_paper_matrix(&m, r, c,
                           "/comparisons/{model}/{dataset}/reference/explanations/than_ptq",
                           "method", "precision", "test"));
    if (!m.x)
        return QG_OK;
    QG_TRY(qg_paper_reference(&reference, r, c));
    for (int64_t i = 0; i < m.blocks * m.rows; i++) {
        const char *method = m.block[i / m.rows], *precision = m.row[i % m.rows];
        qg_value *v;
        if (isnan(qg_matrix_at(&m, method, precision, "difference")))
            continue;
        QG_TRY(qg_table_add_row(&v, t));
        qg_paper_variant(v, c, precision);
        v += QG_VARIANT;
        v[0].text = reference ? reference : "";
        v[1].text = method;
        for (int k = 0; k < 6; k++)
            v[2 + k].number = qg_matrix_at(&m, method, precision, test[k]);
        v[3].significant = v[7].number < 0.05;
    }
    return QG_OK;
}

qg_code qg_table_ptq_qat_drift(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"PTQ experiment", NULL, QG_TEXT, 0},
        {"method", NULL, QG_TEXT, 0},
        {"n", NULL, QG_SIGNIFICANT, 9},
        {"rho difference", NULL, QG_FIXED, 4},
        {"ci_low", NULL, QG_FIXED, 4},
        {"ci_high", NULL, QG_FIXED, 4},
        {"p", NULL, QG_SIGNIFICANT, 3},
        {"p_holm", NULL, QG_SIGNIFICANT, 3},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    return qg_paper_each(t, r, "reference", add_qat_drift);
}
