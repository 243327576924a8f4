/*
 * finish.c - closing cells: metrics of finished predictions, paired comparisons, states, errors.
 *
 * Everything here is computed by rank 0 from what stands in the results file, so it comes out the
 * same whoever computed the predictions and however often the run was interrupted.
 */
#include "units/results_explain.h"

#include "qgrid/metrics.h"

#include <string.h>

typedef enum progress { WAITING, ALL_DONE, SOME_FAILED } progress;

static progress task_progress(const qg_results *r, int task)
{
    const qg_plan_task *t = &r->plan->tasks[task];
    progress p = ALL_DONE;
    for (int u = t->first_unit; u < t->first_unit + t->n_units; u++) {
        if (r->unit_state[u] == 0)
            return WAITING;
        if (r->unit_state[u] == 2)
            p = SOME_FAILED;
    }
    return p;
}

bool qg_results_task_done(const qg_results *r, int task)
{
    return task_progress(r, task) == ALL_DONE;
}

/* The first task that failed among those that a task needs; -1: none. */
static int failed_need(const qg_results *r, int task)
{
    const qg_task *t = &r->plan->sched_tasks[task];
    for (int i = 0; i < t->n_needs; i++) {
        int before = failed_need(r, t->needs[i]);
        if (before >= 0)
            return before;
        if (task_progress(r, t->needs[i]) == SOME_FAILED)
            return t->needs[i];
    }
    return -1;
}

static qg_code set_cell(qg_results *r, int cell, qg_cell_state state, const char *error)
{
    const qg_group_ref ref = {QG_GROUP_CELLS, -1, -1, -1};
    char text[QG_ERROR_SIZE] = {0};
    int64_t at = cell, one = 1;
    uint8_t value = (uint8_t)state;
    snprintf(text, sizeof text, "%s", error ? error : "");
    QG_TRY(qg_results_write(r, ref, "error", QG_STORE_STRING, &at, &one, text));
    r->cell_state[cell] = value;
    return qg_results_write(r, ref, "state", QG_STORE_U8, &at, &one, &value);
}

/* Error of the first failed unit of a task, by unit number: the same on any number of ranks. */
static const char *first_error(const qg_results *r, int task)
{
    const qg_plan_task *t = &r->plan->tasks[task];
    for (int u = t->first_unit; u < t->first_unit + t->n_units; u++)
        if (r->unit_state[u] == 2)
            return r->unit_error[u] ? r->unit_error[u] : "failed in an earlier run";
    return "failed";
}

typedef struct table {
    int64_t n;
    const int32_t *label;
    int32_t *predicted;
    double *probabilities;
} table;

static qg_code read_table(table *out, qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    const qg_dataset *d = &p->datasets[p->job->experiments[c->experiment].dataset].data;
    qg_group_ref g = qg_cell_group(p, c, QG_GROUP_PREDICTIONS);
    *out = (table){.n = d->n, .label = d->label};
    QG_NEW(out->predicted, r->scratch, d->n);
    QG_NEW(out->probabilities, r->scratch, d->n * p->job->K);
    QG_TRY(qg_results_read(r, g, "predicted", QG_STORE_I32, NULL, NULL, out->predicted));
    return qg_results_read(r, g, "probabilities", QG_STORE_F64, NULL, NULL, out->probabilities);
}

static qg_code write_scores(qg_results *r, qg_group_ref g, const qg_scores *s)
{
#define X(name, doc) QG_TRY(qg_results_write(r, g, #name, QG_STORE_F64, NULL, NULL, &s->name));
    QG_METRIC_LIST(X)
#undef X
    return QG_OK;
}

static qg_code write_bins(qg_results *r, qg_group_ref g, const table *t, int K)
{
    qg_bin bin[QG_BINS];
    double ece, mce, accuracy[QG_BINS], confidence[QG_BINS];
    int64_t count[QG_BINS];
    qg_calibration(&ece, &mce, bin, QG_BINS, t->label, t->predicted, t->probabilities, t->n, K);
    for (int i = 0; i < QG_BINS; i++) {
        count[i] = bin[i].count;
        accuracy[i] = bin[i].accuracy;
        confidence[i] = bin[i].confidence;
    }
    QG_TRY(qg_results_write(r, g, "bin_count", QG_STORE_I64, NULL, NULL, count));
    QG_TRY(qg_results_write(r, g, "bin_accuracy", QG_STORE_F64, NULL, NULL, accuracy));
    return qg_results_write(r, g, "bin_confidence", QG_STORE_F64, NULL, NULL, confidence);
}

static bool any_label(const table *t)
{
    for (int64_t i = 0; i < t->n; i++)
        if (t->label[i] >= 0)
            return true;
    return false;
}

/* Share of predictions equal to those of fp32, for a cell whose predictions are all there. */
static qg_code write_agreement(qg_results *r, const qg_cell *c, const qg_cell *reference)
{
    table t, f;
    qg_mark m = qg_arena_mark(r->scratch);
    QG_TRY(read_table(&t, r, c));
    QG_TRY(read_table(&f, r, reference));
    double agreement = qg_agreement(t.predicted, f.predicted, t.n);
    qg_arena_release(r->scratch, m);
    return qg_results_write(r, qg_cell_group(r->plan, c, QG_GROUP_METRICS), "agreement_with_fp32",
                            QG_STORE_F64, NULL, NULL, &agreement);
}

/* Whichever comes last, a cell or its fp32 reference, completes the pair. */
static qg_code write_agreements(qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    int reference = qg_plan_reference(p->job);
    if (reference < 0)
        return QG_OK;
    const qg_cell *f = &p->cells[qg_predict_cell(p, c->experiment, reference)];
    if (!qg_results_task_done(r, f->task))
        return QG_OK;
    for (int i = 0; i < p->job->n_precisions; i++) {
        const qg_cell *other = &p->cells[qg_predict_cell(p, c->experiment, i)];
        if ((other == c || f == c) && qg_results_task_done(r, other->task))
            QG_TRY(write_agreement(r, other, f));
    }
    return QG_OK;
}

static qg_code write_metrics(qg_results *r, const qg_cell *c)
{
    int K = r->plan->job->K;
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_METRICS);
    table t;
    qg_scores s;
    qg_class_scores *per_class;
    double *rows;
    int64_t *confusion;
    QG_TRY(read_table(&t, r, c));
    QG_NEW(per_class, r->scratch, K);
    QG_NEW(rows, r->scratch, 4 * K);
    QG_NEW(confusion, r->scratch, K * K);
    QG_TRY(write_agreements(r, c));
    if (r->plan->explained && c->precision == qg_plan_reference(r->plan->job))
        QG_TRY(qg_results_put_explained(r, c->experiment));
    if (!any_label(&t)) /* predictions of unlabelled texts: metrics stay NaN */
        return QG_OK;
    QG_TRY(qg_score(&s, per_class, confusion, t.label, t.predicted, t.probabilities, t.n, K));
    for (int k = 0; k < K; k++) {
        double row[] = {per_class[k].precision, per_class[k].recall, per_class[k].f1,
                        (double)per_class[k].support};
        memcpy(rows + 4 * k, row, sizeof row);
    }
    QG_TRY(write_scores(r, g, &s));
    QG_TRY(qg_results_write(r, g, "confusion", QG_STORE_I64, NULL, NULL, confusion));
    QG_TRY(qg_results_write(r, g, "per_class", QG_STORE_F64, NULL, NULL, rows));
    return write_bins(r, g, &t, K);
}

typedef struct pairs {
    int P;
    int64_t *both_right, *only_a, *only_b, *both_wrong;
    double *p, *difference, *low, *high, *bootstrap_p, *agreement;
} pairs;

static qg_code make_pairs(pairs *x, qg_arena *a, int P)
{
    x->P = P;
    int64_t **counts[] = {&x->both_right, &x->only_a, &x->only_b, &x->both_wrong};
    double **values[] = {&x->p, &x->difference, &x->low, &x->high, &x->bootstrap_p, &x->agreement};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        QG_NEW(*counts[i], a, P * P);
        for (int k = 0; k < P * P; k++)
            (*counts[i])[k] = -1;
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        QG_TRY(qg_undefined_numbers(values[i], a, P * P));
    return QG_OK;
}

static qg_code compare(pairs *x, qg_results *r, int i, int j, const table *a, const table *b)
{
    int at = i * x->P + j;
    qg_mcnemar m;
    qg_bootstrap s;
    x->agreement[at] = qg_agreement(a->predicted, b->predicted, a->n);
    if (!any_label(a))
        return QG_OK;
    qg_mcnemar_test(&m, a->label, a->predicted, b->predicted, a->n);
    QG_TRY(qg_bootstrap_accuracy(&s, a->label, a->predicted, b->predicted, a->n,
                                 (int)r->plan->job->bootstrap, NULL, (uint64_t)r->plan->job->seed,
                                 r->scratch));
    x->both_right[at] = m.both_right;
    x->only_a[at] = m.only_a;
    x->only_b[at] = m.only_b;
    x->both_wrong[at] = m.both_wrong;
    x->p[at] = m.p_exact;
    x->difference[at] = s.difference;
    x->low[at] = s.low;
    x->high[at] = s.high;
    x->bootstrap_p[at] = s.p_two_sided;
    return QG_OK;
}

static qg_code write_pairs(qg_results *r, qg_group_ref g, const pairs *x)
{
    const struct {
        const char *name;
        const int64_t *v;
    } counts[] = {{"both_right", x->both_right},
                  {"only_a", x->only_a},
                  {"only_b", x->only_b},
                  {"both_wrong", x->both_wrong}};
    const struct {
        const char *name;
        const double *v;
    } values[] = {
        {"mcnemar_p", x->p},  {"accuracy_difference", x->difference}, {"ci_low", x->low},
        {"ci_high", x->high}, {"bootstrap_p", x->bootstrap_p},        {"agreement", x->agreement}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        QG_TRY(qg_results_write(r, g, counts[i].name, QG_STORE_I64, NULL, NULL, counts[i].v));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        QG_TRY(qg_results_write(r, g, values[i].name, QG_STORE_F64, NULL, NULL, values[i].v));
    return QG_OK;
}

static qg_code write_comparison(qg_results *r, const qg_cell *c)
{
    int P = r->plan->job->n_precisions;
    pairs x;
    table *t;
    QG_TRY(make_pairs(&x, r->scratch, P));
    QG_NEW(t, r->scratch, P);
    for (int i = 0; i < P; i++) {
        int cell = qg_predict_cell(r->plan, c->experiment, i);
        if (r->cell_state[cell] == QG_CELL_DONE)
            QG_TRY(read_table(&t[i], r, &r->plan->cells[cell]));
    }
    for (int i = 0; i < P; i++)
        for (int j = 0; j < P; j++)
            if (t[i].predicted && t[j].predicted)
                QG_TRY(compare(&x, r, i, j, &t[i], &t[j]));
    return write_pairs(r, qg_cell_group(r->plan, c, QG_GROUP_PAIRED), &x);
}

/* A cell whose numbers cannot be computed fails alone; trouble with the file stops the run. */
static qg_code close_cell(qg_results *r, int cell, qg_code (*write)(qg_results *, const qg_cell *))
{
    char text[QG_ERROR_SIZE];
    qg_mark m = qg_arena_mark(r->scratch);
    qg_code rc = write ? write(r, &r->plan->cells[cell]) : QG_OK;
    qg_arena_release(r->scratch, m);
    if (rc == QG_OK)
        return set_cell(r, cell, QG_CELL_DONE, NULL);
    if (qg_code_scope(rc) == QG_SCOPE_GRID)
        return rc;
    qg_error_format(text, sizeof text, qg_error_last());
    return set_cell(r, cell, QG_CELL_FAILED, text);
}

/* A cell that cannot be computed since a task before it failed. */
static qg_code fail_for(qg_results *r, int cell, int broken)
{
    const qg_plan_task *t = &r->plan->tasks[broken];
    char text[QG_ERROR_SIZE];
    if (t->kind == QG_TASK_PREDICT)
        snprintf(text, sizeof text, "%s, which says what is explained, failed: %s",
                 r->plan->cells[t->cell].name, first_error(r, broken));
    else if (t->kind == QG_TASK_TRAIN)
        snprintf(text, sizeof text, "the training of model '%s' failed: %s",
                 r->plan->job->models[t->model].name, first_error(r, broken));
    else
        snprintf(text, sizeof text, "the model cannot be prepared: %s", first_error(r, broken));
    return set_cell(r, cell, QG_CELL_FAILED, text);
}

static qg_code finish_task_cell(qg_results *r, int cell)
{
    const qg_cell *c = &r->plan->cells[cell];
    int broken = failed_need(r, c->task);
    if (broken >= 0)
        return fail_for(r, cell, broken);
    progress p = task_progress(r, c->task);
    if (p == WAITING)
        return QG_OK;
    if (p == SOME_FAILED)
        return set_cell(r, cell, QG_CELL_FAILED, first_error(r, c->task));
    return close_cell(r, cell,
                      c->kind == QG_CELL_PREDICT   ? write_metrics
                      : c->kind == QG_CELL_EXPLAIN ? qg_results_close_explain
                                                   : NULL);
}

/* Cells that are computed from others: how, and what is said when too many of those failed. */
static const struct {
    qg_code (*write)(qg_results *r, const qg_cell *c);
    const char *nothing;
} sums[] = {
    [QG_CELL_COMPARE] = {write_comparison, "no precision has predictions to compare"},
    [QG_CELL_SEEDS] = {qg_results_write_seeds, "no seed has predictions"},
    [QG_CELL_EXPLANATIONS] = {qg_results_write_explanations, "there is no explanation"},
    [QG_CELL_PAIR] = {qg_results_write_pair, "one of the experiments has no explanation"},
};

static bool is_sum(const qg_cell *c)
{
    return (size_t)c->kind < sizeof sums / sizeof sums[0] && sums[c->kind].write;
}

/* When all cells that it sums up are closed. */
static qg_code finish_summary_cell(qg_results *r, int cell)
{
    const qg_plan *p = r->plan;
    const qg_cell *c = &p->cells[cell];
    int done = 0, others = 0; /* of its first experiment, and of others */
    for (int k = 0; k < p->n_cells; k++) {
        if (!qg_cell_sums_up(p, c, &p->cells[k]))
            continue;
        if (r->cell_state[k] == QG_CELL_OPEN)
            return QG_OK;
        if (r->cell_state[k] == QG_CELL_DONE)
            *(p->cells[k].experiment == c->experiment ? &done : &others) += 1;
    }
    bool enough = c->kind == QG_CELL_PAIR ? done && others : done || others;
    if (!enough)
        return set_cell(r, cell, QG_CELL_FAILED, sums[c->kind].nothing);
    return close_cell(r, cell, sums[c->kind].write);
}

qg_code qg_results_finish_cells(qg_results *r)
{
    /* Sums depend on other cells: two passes. */
    for (int pass = 0; pass < 2; pass++)
        for (int c = 0; c < r->plan->n_cells; c++) {
            const qg_cell *cell = &r->plan->cells[c];
            if (r->cell_state[c] != QG_CELL_OPEN || !cell->selected || is_sum(cell) != (pass == 1))
                continue;
            QG_TRY(is_sum(cell) ? finish_summary_cell(r, c) : finish_task_cell(r, c));
        }
    return qg_store_flush(r->store, false);
}
