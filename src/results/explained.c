/*
 * explained.c - which texts are explained, as their predictions in the results file decide it.
 */
#include "qgrid/explained.h"

qg_code qg_results_predicted(int32_t **out, qg_results *r, int experiment, int precision)
{
    const qg_plan *p = r->plan;
    const qg_cell *c = &p->cells[qg_predict_cell(p, experiment, precision)];
    int64_t n = p->datasets[p->tokens[experiment]->dataset].data.n;
    QG_NEW(*out, r->scratch, n);
    QG_TRY(qg_results_read(r, qg_cell_group(p, c, QG_GROUP_PREDICTIONS), "predicted", QG_STORE_I32,
                           NULL, NULL, *out));
    for (int64_t i = 0; i < n; i++)
        if ((*out)[i] < 0 || (*out)[i] >= p->job->K)
            return QG_FAIL(QG_ESTORE, "%s: prediction %lld is class %d", c->name, (long long)i,
                           (*out)[i]);
    return QG_OK;
}

static qg_code find_diverging(const uint8_t **out, qg_results *r, int chooser,
                              const int32_t *predicted)
{
    const qg_plan *p = r->plan;
    int64_t n = p->datasets[p->tokens[chooser]->dataset].data.n;
    uint8_t *diverges;
    QG_NEW(diverges, r->scratch, n);
    for (int i = 0; i < p->job->n_precisions; i++) {
        int32_t *other;
        QG_TRY(qg_results_predicted(&other, r, chooser, i));
        for (int64_t row = 0; row < n; row++)
            diverges[row] |= other[row] != predicted[row];
    }
    *out = diverges;
    return QG_OK;
}

/* `reference` is what the fp32 of the root predicts. */
static qg_code read_choice(qg_plan_choice *out, qg_results *r, int experiment,
                           const int32_t *reference)
{
    const qg_job *job = r->plan->job;
    int chooser = qg_job_chooser(job, experiment);
    int32_t *own;
    *out = (qg_plan_choice){.predicted = reference};
    if (job->explain.n_ids > 0)
        return QG_OK;
    if (chooser != qg_job_root(job, experiment)) {
        QG_TRY(qg_results_predicted(&own, r, chooser, qg_job_reference(job)));
        out->predicted = own;
    }
    if (!job->explain.divergent)
        return QG_OK;
    return find_diverging(&out->diverges, r, chooser, out->predicted);
}

qg_code qg_results_explained(qg_explained *out, qg_results *r, int experiment)
{
    const qg_plan *p = r->plan;
    const qg_plan_tokens *t = p->tokens[experiment];
    int32_t *reference;
    qg_plan_choice choice;
    int64_t n = p->explained[experiment].slots;
    *out = (qg_explained){.slots = n};
    QG_TRY(qg_results_predicted(&reference, r, qg_job_root(p->job, experiment),
                                qg_job_reference(p->job)));
    QG_NEW(out->row, r->scratch, n);
    QG_NEW(out->reference, r->scratch, n);
    QG_NEW(out->words, r->scratch, n);
    QG_NEW(out->tokens, r->scratch, n);
    QG_TRY(read_choice(&choice, r, experiment, reference));
    qg_plan_explained_rows(out->row, p, experiment, &choice);
    for (int64_t i = 0; i < n; i++) {
        int64_t row = out->row[i];
        out->reference[i] = row < 0 ? -1 : reference[row];
        out->words[i] = row < 0 ? -1 : (int32_t)qg_plan_words(t, row);
        out->tokens[i] = row < 0 ? -1 : (int32_t)(t->splits[row + 1] - t->splits[row]);
    }
    return QG_OK;
}

static qg_code put_explained(qg_results *r, int experiment)
{
    qg_explained x;
    const qg_experiment *e = &r->plan->job->experiments[experiment];
    qg_group_ref g = {QG_GROUP_EXPLAINED, e->model, e->dataset, -1, -1};
    QG_TRY(qg_results_explained(&x, r, experiment));
    QG_TRY(qg_results_write(r, g, "row", QG_STORE_I64, NULL, NULL, x.row));
    QG_TRY(qg_results_write(r, g, "reference", QG_STORE_I32, NULL, NULL, x.reference));
    QG_TRY(qg_results_write(r, g, "words", QG_STORE_I32, NULL, NULL, x.words));
    QG_TRY(qg_results_write(r, g, "tokens", QG_STORE_I32, NULL, NULL, x.tokens));
    return qg_results_seal(r, g);
}

static bool is_there(const qg_results *r, int cell)
{
    const qg_plan_task *t = &r->plan->tasks[r->plan->cells[cell].task];
    for (int u = t->first_unit; u < t->first_unit + t->n_units; u++)
        if (r->unit_state[u] != QG_STATE_DONE)
            return false;
    return true;
}

qg_code qg_results_put_explained(qg_results *r, const qg_cell *cell)
{
    const qg_plan *p = r->plan;
    int *choosing, of = (int)(cell - p->cells);
    QG_NEW(choosing, r->scratch, qg_plan_most_choosing(p));
    for (int e = 0; e < p->job->n_experiments; e++) {
        int n = qg_plan_choosing(choosing, p, e);
        bool has_say = false, all = true;
        for (int i = 0; i < n; i++) {
            has_say = has_say || choosing[i] == of;
            all = all && is_there(r, choosing[i]);
        }
        if (has_say && all)
            QG_TRY(put_explained(r, e));
    }
    return QG_OK;
}
