/*
 * explain.c - which texts may be explained, and which are.
 */
#include "inputs.h"

#include "qgrid/checkpoint.h"
#include "qgrid/rng.h"

#include <string.h>

int64_t qg_plan_words(const qg_plan_tokens *t, int64_t row)
{
    int64_t words = 0;
    for (int64_t i = t->splits[row]; i < t->splits[row + 1]; i++)
        if (t->word[i] + 1 > words)
            words = t->word[i] + 1;
    return words;
}

int qg_plan_random_parts(const qg_plan *p, int experiment)
{
    return qg_drawn_parts(&p->models[p->job->experiments[experiment].model].config);
}

/* A class has at most as many slots as there are texts that can be of it. */
static void count_slots(qg_plan_explained *x, const qg_dataset *d, int K, const int64_t *of_class)
{
    for (int k = 0; k < K; k++) {
        int64_t n = 0, per_class = of_class[k];
        for (int64_t r = 0; r < d->n; r++)
            n += d->label[r] == k || d->label[r] < 0;
        x->class_slot[k + 1] = x->class_slot[k] + (n < per_class ? n : per_class);
    }
    x->slots = x->class_slot[K];
}

static qg_code find_ids(qg_plan_explained *x, const qg_plan *p, qg_arena *a, const qg_dataset *d)
{
    const qg_explain_options *o = &p->job->explain;
    int64_t *row;
    QG_NEW(row, a, d->n);
    for (int i = 0; i < o->n_ids; i++)
        for (int64_t r = 0; r < d->n; r++)
            if (strcmp(d->sample_id[r], o->ids[i]) == 0)
                row[x->slots++] = r;
    x->order = row;
    return x->slots > 0 ? QG_OK
                        : QG_FAIL(QG_EJOB, "no text of data set %s has one of these ids", d->name);
}

/* Rows in an order drawn by the seed. */
static qg_code draw_order(qg_plan_explained *x, const qg_plan *p, qg_arena *a, const qg_dataset *d)
{
    int64_t *order;
    QG_NEW(order, a, d->n);
    for (int64_t r = 0; r < d->n; r++)
        order[r] = r;
    qg_rng rng = qg_rng_make((uint64_t)p->job->explain.seed, "explain/texts", 0);
    qg_rng_shuffle(&rng, order, d->n);
    x->order = order;
    count_slots(x, d, p->job->K, p->job->explain.of_class);
    return QG_OK;
}

static qg_code make(qg_plan_explained *x, const qg_plan *p, qg_arena *a, int experiment)
{
    const qg_plan_tokens *t = p->tokens[experiment];
    const qg_dataset *d = &p->datasets[t->dataset].data;
    x->words = x->tokens = 1;
    for (int64_t r = 0; r < d->n; r++) {
        int64_t words = qg_plan_words(t, r), tokens = t->splits[r + 1] - t->splits[r];
        x->words = words > x->words ? words : x->words;
        x->tokens = tokens > x->tokens ? tokens : x->tokens;
    }
    return p->job->explain.n_ids > 0 ? find_ids(x, p, a, d) : draw_order(x, p, a, d);
}

/* An id that no explained data set has is a mistake. */
static bool is_id_of_any(const qg_plan *p, const char *id)
{
    for (int e = 0; e < p->job->n_experiments; e++) {
        const qg_dataset *d = &p->datasets[p->tokens[e]->dataset].data;
        for (int64_t r = 0; r < d->n; r++)
            if (strcmp(d->sample_id[r], id) == 0)
                return true;
    }
    return false;
}

static qg_code check_ids(const qg_plan *p)
{
    const qg_explain_options *o = &p->job->explain;
    for (int i = 0; i < o->n_ids; i++)
        if (!is_id_of_any(p, o->ids[i]))
            return QG_FAIL(QG_EJOB, "no text of the job's experiments has the id '%s'", o->ids[i]);
    return QG_OK;
}

/* A class that has fewer texts than are asked for; once for each data set. */
static qg_code warn_about_few(qg_plan *p, qg_arena *a, int experiment)
{
    const qg_job *job = p->job;
    const qg_plan_explained *x = &p->explained[experiment];
    int dataset = job->experiments[experiment].dataset, least = 0;
    for (int e = 0; e < experiment; e++)
        if (job->experiments[e].dataset == dataset)
            return QG_OK;
#define SLOTS(k) (x->class_slot[(k) + 1] - x->class_slot[k])
    for (int k = 1; k < job->K; k++)
        if (SLOTS(k) < SLOTS(least))
            least = k;
    if (SLOTS(least) >= job->explain.per_class || job->explain.n_ids > 0)
        return QG_OK;
    return qg_plan_warn(
        p, a,
        qg_arena_printf(a,
                        "dataset %s has at most %lld texts of class %s to explain, \"per_class\" "
                        "asks for %lld of each",
                        job->datasets[dataset].name, (long long)SLOTS(least), job->labels[least],
                        (long long)job->explain.per_class));
#undef SLOTS
}

qg_code qg_plan_explained_make(qg_plan *p, qg_arena *a)
{
    if (p->job->explain.n_methods == 0)
        return QG_OK;
    QG_TRY(check_ids(p));
    QG_NEW(p->explained, a, p->job->n_experiments);
    for (int e = 0; e < p->job->n_experiments; e++) {
        QG_TRY(make(&p->explained[e], p, a, e));
        QG_TRY(warn_about_few(p, a, e));
    }
    return QG_OK;
}

/* The class whose slots a row may take, or -1. Rows without label go by their prediction. */
static int class_of(const qg_plan *p, const qg_dataset *d, int64_t row,
                    const qg_plan_choice *choice)
{
    int32_t predicted = choice->predicted[row];
    if (choice->diverges && !choice->diverges[row])
        return -1;
    if (d->label[row] < 0)
        return predicted;
    bool right = d->label[row] == predicted;
    return right || !p->job->explain.correct_only ? d->label[row] : -1;
}

void qg_plan_explained_rows(int64_t *row, const qg_plan *p, int experiment,
                            const qg_plan_choice *choice)
{
    const qg_plan_explained *x = &p->explained[experiment];
    const qg_dataset *d = &p->datasets[p->tokens[experiment]->dataset].data;
    int64_t next[QG_MAX_CLASSES];
    bool fixed = p->job->explain.n_ids > 0;
    for (int64_t i = 0; i < x->slots; i++)
        row[i] = fixed ? x->order[i] : -1;
    for (int k = 0; k < p->job->K; k++)
        next[k] = x->class_slot[k];
    for (int64_t i = 0; i < d->n && !fixed; i++) {
        int k = class_of(p, d, x->order[i], choice);
        if (k >= 0 && next[k] < x->class_slot[k + 1])
            row[next[k]++] = x->order[i];
    }
}

int qg_plan_most_choosing(const qg_plan *p)
{
    return 1 + p->job->n_precisions;
}

int qg_plan_choosing(int *cell, const qg_plan *p, int experiment)
{
    const qg_job *job = p->job;
    int root = qg_job_root(job, experiment), chooser = qg_job_chooser(job, experiment), n = 0;
    cell[n++] = qg_predict_cell(p, root, qg_job_reference(job));
    for (int i = 0; i < job->n_precisions; i++) {
        int c = qg_predict_cell(p, chooser, i);
        if (c != cell[0] && (job->explain.divergent || i == qg_job_reference(job)))
            cell[n++] = c;
    }
    return n;
}

int qg_plan_repeats(const qg_plan *p, const qg_cell *c)
{
    bool drawn = c->kind == QG_CELL_EXPLAIN && c->precision == qg_job_reference(p->job) &&
                 p->job->explain.methods[c->method].method->random;
    return drawn ? QG_REPEATS : 0;
}
